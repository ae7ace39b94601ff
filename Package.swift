// swift-tools-version: 6.2
// The table of who knows whom. `make lint` holds every import against it.

import Foundation
import PackageDescription

/// The protocol plugins that ship: folder Plugins/NAME, target NAMEPlugin.
let plugins = [
  "DNS", "DNSCrypt", "EncryptedDNS", "IPsec", "OpenVPN", "QUIC", "SSH", "StartTLS", "TLS", "WireGuard",
]

/// What every plugin may import.
let forPlugins = ["PluginKit", "Wire", "Bytes", "Terms", "Packets", "Findings"]

/// Rooms in their order: each imports only rooms before it.
let rooms: [Target] = [
  library("CVeilCrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
  library("CVeilZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
  library("CVeilZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
  library("CVeilPsl", pkgConfig: "libpsl", apt: "libpsl-dev"),
  .target(
    name: "CVeilPlatform", path: "Sources/CLibraries/CVeilPlatform",
    cSettings: [.define("VEIL_COMMIT", to: "\"\(commit())\"")]),

  .systemLibrary(name: "CVeilMemory", path: "Sources/CLibraries/CVeilMemory"),

  room("Bytes", "CVeilMemory"),

  room("Terms", "Bytes"),
  room("JSON", "Bytes"),
  room("Cryptography", "Bytes", "CVeilCrypto"),
  room("Platform", "Bytes", "CVeilPlatform"),
  room("Names", "Bytes", "CVeilPsl"),

  room("CaptureFiles", "Bytes", "Terms", "Platform", "CVeilZlib", "CVeilZstd"),
  room("Packets", "Bytes", "Terms"),
  room("Wire", "Bytes", "Terms", "JSON", "Cryptography", "Names", "Findings"),
  room("Findings", "Bytes", "Terms", "JSON"),

  room("Flows", "Bytes", "Terms", "Cryptography", "Packets"),
  room("Warrants", "Bytes", "Terms", "JSON", "Cryptography", "Packets")
    .embedding("Profiles/nz-sdw.json", "Profiles/nz-search.json"),
  room("Custody", "Bytes", "Terms", "JSON", "Cryptography", "Platform"),
  room("PluginKit", "Bytes", "Terms", "JSON", "Packets", "Findings"),
]

/// What another package may build on: plugins of its own, and a binary that holds them.
let forOthers = forPlugins + ["PluginTestKit", "Commands", "ShippedPlugins"]

/// What only the package Fuzz builds on beside that.
let forFuzzing = ["JSON", "Cryptography", "CaptureFiles", "Warrants", "Analysis"]

let package = Package(
  name: "veilscope",
  products: [.executable(name: "veilscope", targets: ["veilscope"])]
    + (forOthers + forFuzzing).map { .library(name: $0, targets: [$0]) },
  dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")],
  targets: completed(
    rooms + plugins.map(plugin) + [
      room(
        "Analysis", "Bytes", "Terms", "JSON", "Cryptography", "Platform", "CaptureFiles", "Packets", "Findings",
        "Flows", "Warrants", "PluginKit", "Wire"),
      room(
        "PluginTestKit", "Bytes", "Terms", "JSON", "Platform", "Findings", "Warrants", "PluginKit", "Analysis"),
      room("Supervision", "Bytes", "Terms", "Cryptography", "Platform"),
      // Its code knows the layout of the plugins' memories, and so of what these hold: it is built again with that too.
      room("ShippedPlugins", forPlugins + plugins.map { "\($0)Plugin" }),
      room(
        "Commands",
        [
          "Bytes", "Terms", "JSON", "Cryptography", "Platform", "Names", "CaptureFiles", "Findings", "Warrants",
          "PluginKit", "Custody", "Analysis", "Supervision",
        ], [.product(name: "ArgumentParser", package: "swift-argument-parser")]),
      .executableTarget(
        name: "veilscope", dependencies: ["Commands", "ShippedPlugins"], path: "Sources/veilscope",
        exclude: ["README.md"], swiftSettings: settings()),
      // The shipped plugins and some that fail on purpose: what the tests of faults run.
      .executableTarget(
        name: "veilscope-faulty",
        dependencies: [
          "Commands", "ShippedPlugins", "PluginKit", "Findings", "Bytes", "Terms", "Platform", "Supervision",
        ],
        path: "Tests/FaultyBinary", swiftSettings: settings()),
      // What tests of several rooms work with.
      .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings()),
      // A certificate authority made with `openssl`, for the tests of signatures.
      .target(name: "SigningAuthority", path: "Tests/SigningAuthority", swiftSettings: settings()),
      .testTarget(
        name: "EndToEndTests", dependencies: ["veilscope", "veilscope-faulty", "SigningAuthority", "TestSupport"],
        path: "Tests/EndToEndTests", swiftSettings: settings()),
    ]
      + [
        "Bytes", "Terms", "JSON", "Cryptography", "Platform", "Names", "CaptureFiles", "Packets", "Wire", "Findings",
        "Flows", "Warrants", "Custody", "PluginKit",
        "Analysis", "PluginTestKit", "Supervision", "Commands",
      ].map(tests) + [pluginTests()]
  )
)

// MARK: - How a target is built

func settings() -> [SwiftSetting] {
  [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")] + warnings()
}

/// Warnings are errors where the continuous integration asks for it; a newer compiler's must not stop a user's build.
func warnings() -> [SwiftSetting] {
  Context.environment["VEILSCOPE_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]
}

/// The commit that `make` was called on. SwiftPM's own answer comes from its cache, and may be that of an older one.
func commit() -> String { (Context.environment["VEILSCOPE_COMMIT"] ?? "").filter { $0.isHexDigit || $0 == "+" } }

func room(_ name: String, _ imports: String...) -> Target { room(name, imports) }

func room(_ name: String, _ imports: [String], _ products: [Target.Dependency] = []) -> Target {
  .target(
    name: name, dependencies: imports.map { .init(stringLiteral: $0) } + products, path: "Sources/\(name)",
    exclude: ["README.md"], swiftSettings: settings())
}

extension Target {
  /// Data files that become constants of the program: it reads none of its own at run time.
  func embedding(_ files: String...) -> Target {
    resources = files.map { .embedInCode($0) }
    return self
  }
}

func library(_ name: String, pkgConfig: String, apt package: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/CLibraries/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

/// A plugin's target. Unsafe code there is an error; its tests are in `PluginsTests`.
func plugin(_ name: String) -> Target {
  .target(
    name: "\(name)Plugin", dependencies: forPlugins.map { .init(stringLiteral: $0) }, path: "Plugins/\(name)",
    exclude: ["README.md", "Tests", "Cases"],
    swiftSettings: [.strictMemorySafety(), .treatWarning("StrictMemorySafety", as: .error)] + warnings())
}

/// A room's tests: may see every room before it, those that write files a folder to do so in, and those that sign something
/// a certificate authority.
func tests(_ name: String) -> Target {
  let authority: [Target.Dependency] =
    ["Cryptography", "Warrants", "Custody", "Commands"].contains(name) ? ["SigningAuthority"] : []
  let support: [Target.Dependency] =
    ["Platform", "Custody", "Supervision", "Commands"].contains(name) ? ["TestSupport"] : []
  return .testTarget(
    name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + authority + support, path: "Tests/\(name)Tests",
    swiftSettings: settings())
}

/// The tests of all plugins, each beside its plugin: `Plugins/NAME/Tests`.
func pluginTests() -> Target {
  let folder = "\((#filePath as NSString).deletingLastPathComponent)/Plugins"
  let entries = { (path: String) in (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }
  let tested = plugins.filter { !entries("\(folder)/\($0)/Tests").isEmpty }
  let others =
    entries(folder).filter { !tested.contains($0) }
    + tested.flatMap { plugin in entries("\(folder)/\(plugin)").filter { $0 != "Tests" }.map { "\(plugin)/\($0)" } }
  return .testTarget(
    name: "PluginsTests",
    dependencies: (forPlugins + ["JSON", "PluginTestKit"] + plugins.map { "\($0)Plugin" })
      .map { .init(stringLiteral: $0) },
    path: "Plugins", exclude: others, sources: tested.map { "\($0)/Tests" }, swiftSettings: settings())
}

/// Gives each room's tests what the room imports, and leaves out what a folder does not have (`Cases`, say).
func completed(_ targets: [Target]) -> [Target] {
  let root = (#filePath as NSString).deletingLastPathComponent
  for target in targets {
    if target.type == .test, let tested = targets.first(where: { "\($0.name)Tests" == target.name }) {
      target.dependencies += tested.dependencies
    }
    target.exclude = target.exclude.filter {
      FileManager.default.fileExists(atPath: "\(root)/\(target.path ?? "")/\($0)")
    }
  }
  return targets
}
