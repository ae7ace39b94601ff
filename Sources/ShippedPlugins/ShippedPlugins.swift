// The plugins that ship.

import IPsecPlugin
import OpenVPNPlugin
import PluginKit
import QUICPlugin
import SSHPlugin
import StartTLSPlugin
import TLSPlugin
import WireGuardPlugin

/// Every plugin that ships with Veilscope.
public let shippedPlugins = PluginCatalog {
  IPsec.self
  OpenVPN.self
  QUIC.self
  SSH.self
  StartTLS.self
  TLS.self
  WireGuard.self
}
