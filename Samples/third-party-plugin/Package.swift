// swift-tools-version: 6.2
// Veilscope with a plugin of our own: the plugin, a binary that holds it beside those that ship, and its tests.

import PackageDescription

let package = Package(
  name: "third-party-plugin",
  // From elsewhere: .package(url: "https://…/veilscope.git", from: "1.0.0")
  dependencies: [.package(name: "veilscope", path: "../..")],
  targets: [
    .target(
      name: "BitmessagePlugin", dependencies: veilscope("PluginKit", "Bytes", "Terms", "Findings"),
      swiftSettings: [.strictMemorySafety()]),
    .executableTarget(
      name: "veilscope-bitmessage",
      dependencies: ["BitmessagePlugin"] + veilscope("PluginKit", "Commands", "ShippedPlugins")),
    .testTarget(
      name: "BitmessagePluginTests", dependencies: ["BitmessagePlugin"] + veilscope("PluginKit", "PluginTestKit")),
  ]
)

func veilscope(_ products: String...) -> [Target.Dependency] {
  products.map { .product(name: $0, package: "veilscope") }
}
