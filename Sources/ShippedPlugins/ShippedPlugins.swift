// The plugins that ship.

import OpenVPNPlugin
import PluginKit
import WireGuardPlugin

/// Every plugin that ships with Veilscope.
public let shippedPlugins = PluginCatalog {
  OpenVPN.self
  WireGuard.self
}
