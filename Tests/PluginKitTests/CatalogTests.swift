import Bytes
import Findings
import PluginKit
import Terms
import Testing

private struct Second: ProtocolPlugin {
  static let manifest = Manifest("second", title: "", transports: [.udp])
}

private struct First: DatagramPlugin {
  static let manifest = Manifest("first", title: "", transports: [.udp], shape: 99)
  func inspect(
    _ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder
  ) throws(ReadError) -> Verdict { .done }
}

/// One constant more than a transport can hold.
private struct Greedy: DatagramPlugin {
  static let manifest = Manifest(
    "greedy", title: "", transports: [.udp, .tcp],
    constants: (0...PluginCatalog.most).map { Constant(value: UInt64($0), mask: .max, on: $0 == 0 ? .tcp : .udp) }
      + [Constant("00")])
  func inspect(
    _ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder
  ) throws(ReadError) -> Verdict { .done }
}

@Suite("The catalog")
struct CatalogTests {
  @Test("Plugins are sorted by identifier, in whatever order they are listed; a catalog may hold another")
  func sorted() {
    let inner = PluginCatalog { Second.self }
    let names = PluginCatalog {
      inner
      First.self
    }.entries.map { $0.manifest.identifier.description }
    #expect(names == ["first", "second"])
    #expect(inner.entries.map(\.readsDatagrams) == [false])
  }

  @Test("A manifest's shape is bounded")
  func shape() { #expect(First.manifest.shape == 32) }

  @Test("More constants on one transport than are looked for are refused at once, not dropped")
  func tooManyConstants() async {
    #expect(Greedy.manifest.constants(on: .tcp).count == 2)
    #expect(Greedy.manifest.constants(on: .udp).count == PluginCatalog.most + 1)
    #expect(Greedy.manifest.constants(on: .sctp).isEmpty)
    await #expect(processExitsWith: .failure) { _ = PluginCatalog { Greedy.self } }
  }

  @Test("A constant in text has its bytes first")
  func constants() {
    let constant = Constant(text: "SSH-")
    #expect(constant.value == 0x5353_482d_0000_0000)
    #expect(constant.mask == 0xffff_ffff_0000_0000)
    #expect(Constant("16 ** 01").mask == 0xff00_ff00_0000_0000)
  }
}
