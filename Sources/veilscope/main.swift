import Commands
import ShippedPlugins

Commands.run(plugins: shippedPlugins)
