// The program: the shipped plugins, given to the command line.

import Commands
import ShippedPlugins

Commands.run(plugins: shippedPlugins)
