// The plugins that ship.

import DNSCryptPlugin
import DNSPlugin
import EncryptedDNSPlugin
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
  DNS.self
  DNSCrypt.self
  EncryptedDNS.self
  IPsec.self
  OpenVPN.self
  QUIC.self
  SSH.self
  StartTLS.self
  TLS.self
  WireGuard.self
}
