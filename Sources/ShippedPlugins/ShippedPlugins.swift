// The plugins that ship.

import OpenVPNPlugin
import PluginKit
import SSHPlugin
import StartTLSPlugin
import TLSPlugin
import WireGuardPlugin

/// Every plugin that ships with Veilscope.
public let shippedPlugins = PluginCatalog {
  OpenVPN.self
  SSH.self
  StartTLS.self
  TLS.self
  WireGuard.self
}
