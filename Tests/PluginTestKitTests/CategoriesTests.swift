// A plugin knows what may go out of what it could read.

import Bytes
import Findings
import PluginKit
import PluginTestKit
import Terms
import Testing

@Suite struct CategoriesTests {
  /// Declares fingerprints and no server names.
  struct Asking: DatagramPlugin {
    static let manifest = Manifest("asking", title: "Asking", transports: [.udp], emits: [.fingerprint])

    init() {}

    func inspect(_ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
      if recorder.allows(.fingerprint), !recorder.allows(.serverName) {
        recorder.notAssessable("Asking: fingerprints may be read")
      }
      return .done
    }
  }

  @Test func whatWarrantAndManifestAllow() throws {
    let capture = try Exchange.udp.client("00").capture()
    func mayRead(_ categories: Categories) throws -> Bool {
      try capture.play(categories: categories) { Asking.self }.notAssessable
        .contains("Asking: fingerprints may be read")
    }
    #expect(try mayRead(.all))
    #expect(!(try mayRead([.init(.flow)])))
    #expect(!(try mayRead([.init(.serverName)])))
  }
}
