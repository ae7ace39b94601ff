// swift-tools-version: 6.2
// What is fuzzed, and the driver that libFuzzer calls. A package of its own: its build is instrumented (see `Fuzz/run`).

import PackageDescription

let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "veilscope", path: "..")],
  targets: [
    .target(
      name: "FuzzTargets",
      dependencies: veilscope(
        "Bytes", "Terms", "JSON", "Cryptography", "CaptureFiles", "Packets", "Findings", "Warrants", "PluginKit",
        "Analysis", "ShippedPlugins"),
      swiftSettings: [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]),
    .executableTarget(name: "fuzz", dependencies: ["FuzzTargets"] + veilscope("Bytes")),
  ]
)

func veilscope(_ products: String...) -> [Target.Dependency] {
  products.map { .product(name: $0, package: "veilscope") }
}
