import Bytes
import Findings
import PluginKit
import Terms
import Testing

@testable import Analysis

/// Says of each datagram that begins with SAY as much as its length.
private struct Talkative: DatagramPlugin {
  static let rule = Rule(
    "talk.said", .proxy, tool: "talk", highest: .strong, meaning: "Something was said.", marks: ["said"],
    lookAlikes: [], blindSpots: [], sources: [])
  static let manifest = Manifest(
    "talkative", title: "Talkative", transports: [.udp], constants: [Constant(text: "SAY")], bytes: 512, packets: 16,
    emits: [.protocolMetadata], rules: [rule], observations: [ObservationDeclaration(Sight.self)])

  func inspect(_ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    for number in 0..<datagram.length {
      recorder.observe(Sight(text: "\(number)"))
      recorder.find(Self.rule, at: .strong, marks: [Mark("said")])
    }
    recorder.innerStream(client: datagram.bytes.array, server: [])
    return .needMore
  }
}

/// Hears what others saw.
private struct Listener: ProtocolPlugin {
  static let manifest = Manifest("listener", title: "Listener", transports: [.udp])
  static let subscriptions = [Subscription.on(Sight.self, Self.hear)]

  func hear(
    _ fact: Sight, _ flow: FlowFacts, memory: inout NoMemory, recorder: inout Recorder
  ) -> Verdict { .needMore }
}

/// Each A carries what follows it.
private struct Onion: StreamPlugin {
  static let manifest = Manifest(
    "onion", title: "Onion", transports: [.tcp], constants: [Constant(text: "A")], bytes: 64)

  func inspect(_ stream: Conversation, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    .carries(client: 1, server: 0)
  }
}

/// Says two things that it cannot tell.
private struct Unsure: DatagramPlugin {
  static let manifest = Manifest(
    "unsure", title: "Unsure", transports: [.udp], constants: [Constant(text: "SAY")], bytes: 8)

  func inspect(_ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    recorder.notAssessable("whether it is so")
    recorder.notAssessable("whether it is otherwise")
    return .done
  }
}

/// Claims what `Hello` claims once the server has answered.
private struct HelloAtEnd: StreamPlugin {
  static let manifest = Manifest(
    "hello-at-end", title: "Hello at end", transports: [.tcp], constants: [Constant(text: "HELLO")], bytes: 4_096,
    rules: [Hello.rule])

  func inspect(_ stream: Conversation, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    var server = stream.server.reader
    _ = try server.span(6)
    recorder.find(Hello.rule, at: .conclusive, marks: [Mark("hello")])
    return .done
  }
}

/// Puts together a stream that is longer than one may be.
private struct Long: DatagramPlugin {
  static let manifest = Manifest(
    "long", title: "Long", transports: [.udp], constants: [Constant(text: "SAY")], bytes: 8)

  func inspect(_ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    recorder.innerStream(client: Array(repeating: 0x41, count: 40_000), server: [])
    return .done
  }
}

/// Wants forty thousand bytes of a stream that begins with A.
private struct Thirsty: StreamPlugin {
  static let manifest = Manifest(
    "thirsty", title: "Thirsty", transports: [.tcp], constants: [Constant(text: "A")], bytes: 65_536)

  func inspect(_ stream: Conversation, memory: inout NoMemory, recorder: inout Recorder) throws(ReadError) -> Verdict {
    var reader = stream.client.reader
    _ = try reader.span(40_000)
    return .done
  }
}

@Suite("No bound is silent: what it leaves out is counted and said")
struct LimitsReachedTests {
  /// Datagrams that begin with SAY, of that many bytes each, a flow each.
  private func said(_ lengths: [Int], in flows: Int = 1, every step: Int64 = 0) -> Evidence {
    var evidence = Evidence()
    for (place, length) in lengths.enumerated() {
      for flow in 0..<flows {
        let text = Array("SAY".utf8) + Array(repeating: 0x21, count: length - 3)
        evidence.add(IP.v4(17, IP.udp(text, from: 40_000 + flow)), at: Int64(place) * step)
      }
    }
    return evidence
  }

  @Test("Within its bounds nothing is said of them")
  func within() throws {
    let outcome = try said([32]).analyse {
      Talkative.self
      Listener.self
    }
    #expect(outcome.limits.isEmpty)
    #expect(outcome.flows.first?["sight"]?.array?.count == 32)
  }

  @Test("Findings, objects and facts of one flow")
  func ofOneFlow() throws {
    let outcome = try said([70]).analyse {
      Talkative.self
      Listener.self
    }
    #expect(outcome.limits["analysis.findings"] == 6)
    #expect(outcome.limits["analysis.objects"] == 38)
    #expect(outcome.limits["analysis.facts"] == 6)
    #expect(outcome.flows.first?["sight"]?.array?.count == 32)
  }

  @Test("Facts that nobody hears are not missed")
  func unheard() throws {
    #expect(try said([70]).analyse { Talkative.self }.limits["analysis.facts"] == nil)
  }

  @Test("Streams within streams, and the frames that one came in")
  func streams() throws {
    var evidence = Evidence()
    evidence.add(IP.v4(6, IP.tcp([], flags: 2, sequence: 99, acknowledgment: 0)))
    evidence.add(IP.v4(6, IP.tcp(Array("AAAAAAAAAA".utf8), flags: 0x18, sequence: 100, acknowledgment: 0)))
    #expect(try evidence.analyse { Onion.self }.limits == ["analysis.streams": 1])

    var settings = AnalysisSettings()
    settings.records.innerFrames = 2
    #expect(
      try said([3, 3, 3, 3]).analyse(settings: settings) { Talkative.self }.limits == ["analysis.inner-frames": 2])
  }

  @Test("A finding on a stream of very many segments, whose frames are not all told apart")
  func frames() throws {
    func outcome(segments: Int) throws -> Outcome {
      var evidence = Evidence()
      evidence.add(IP.v4(6, IP.tcp([], flags: 2, sequence: 99, acknowledgment: 0)))
      for place in 0..<segments {
        evidence.add(
          IP.v4(
            6, IP.tcp([Array("HELLO!!".utf8)[min(place, 6)]], flags: 0x18, sequence: 100 + place, acknowledgment: 500)))
      }
      evidence.add(
        IP.v4(
          6, IP.tcp(Array("HELLO!".utf8), flags: 0x18, sequence: 500, acknowledgment: 106, from: 9_000, to: 40_000),
          answers: true))
      return try evidence.analyse { HelloAtEnd.self }
    }
    #expect(try outcome(segments: 128).limits.isEmpty)
    #expect(try outcome(segments: 129).limits == ["analysis.frames": 1])
  }

  @Test("An inner stream that is cut at its bound is said to be: nothing of it is missing in the evidence")
  func innerBytes() throws {
    let outcome = try said([3]).analyse {
      Long.self
      Thirsty.self
    }
    #expect(outcome.flows.first?["not_assessable"]?.array?.contains(.string("thirsty: longer than the budget")) == true)
  }

  @Test("Flows whose indications their next parts inherit")
  func inherited() throws {
    var settings = AnalysisSettings()
    settings.active = 1
    settings.records.inherited = 1
    let evidence = said([3, 3], in: 3, every: 2_000_000_000)
    let outcome = try evidence.analyse(settings: settings) { Talkative.self }
    #expect(outcome.limits == ["analysis.inherited": 2])
    settings.records.inherited = 3
    #expect(try evidence.analyse(settings: settings) { Talkative.self }.limits.isEmpty)
  }

  @Test("Reasons of what cannot be told")
  func reasons() throws {
    var settings = AnalysisSettings()
    settings.records.reasons = 1
    let outcome = try said([3], in: 2).analyse(settings: settings) { Unsure.self }
    #expect(outcome.limits == ["analysis.reasons": 2])
    #expect(outcome.flows.first?["not_assessable"]?.array?.count == 3)
  }
}

@Suite("Third parties are told apart up to a bound")
struct ThirdPartiesTests {
  /// What the ends of flows between 192.0.2.1 to .N and 198.51.100.7 are called.
  private func names(_ hosts: ClosedRange<UInt8>, targets: String, limit: Int) throws -> (
    initiators: [String], limits: [String: Int64], text: String
  ) {
    var evidence = Evidence()
    for host in hosts {
      var packet = IP.v4(17, IP.udp([1]))
      packet[15] = host
      evidence.add(packet)
    }
    var settings = AnalysisSettings()
    settings.thirdParties = limit
    let outcome = try evidence.analyse(targets: targets, settings: settings, categories: ["flow"])
    let initiators = outcome.flows.map { $0["flow"]?["initiator"]?["address"]?.string ?? "" }
    return (initiators, outcome.limits, "\(outcome.flows) \(outcome.report)")
  }

  @Test("Beyond the bound they share a name, and the report says so; no address comes out")
  func bounded() throws {
    let (initiators, limits, text) = try names(1...4, targets: #"{"address":"198.51.100.7"}"#, limit: 2)
    #expect(initiators == ["third-party-1", "third-party-2", "third-party-other", "third-party-other"])
    #expect(limits == ["analysis.third-parties": 2])
    #expect(!text.contains("192.0.2."))
  }

  @Test("Within it each has a number of its own")
  func within() throws {
    let (initiators, limits, _) = try names(1...2, targets: #"{"address":"198.51.100.7"}"#, limit: 2)
    #expect(initiators == ["third-party-1", "third-party-2"])
    #expect(limits.isEmpty)
  }

  @Test("A target's addresses are those that the scope compares: of an address in a prefix, that address alone")
  func targets() throws {
    let (initiators, _, _) = try names(
      1...3, targets: #"{"address":"192.0.2.2","prefix":"192.0.2.0/24"},{"address":"198.51.100.7"}"#, limit: 9)
    #expect(initiators == ["third-party-1", "192.0.2.2", "third-party-2"])
  }
}
