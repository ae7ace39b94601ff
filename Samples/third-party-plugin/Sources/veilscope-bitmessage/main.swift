// Veilscope with the plugins that ship and ours.

import BitmessagePlugin
import Commands
import PluginKit
import ShippedPlugins

Commands.run(
  plugins: PluginCatalog {
    shippedPlugins
    Bitmessage.self
    BitmessageDiscovery.self
  })
