// Handshakes as the plugin tells them: RFC 8448's traces, TLS 1.2, resumption, HelloRetryRequest, either side first.

import Bytes
import PluginKit
import Testing

@testable import TLSPlugin
import Wire

@Suite struct TLSTests {
  // MARK: - What is sent

  private func list8(_ content: [UInt8]) -> [UInt8] { [UInt8(content.count)] + content }
  private func list16(_ content: [UInt8]) -> [UInt8] {
    [UInt8(content.count >> 8), UInt8(content.count & 0xff)] + content
  }
  private func message(_ type: UInt8, _ body: [UInt8] = []) -> [UInt8] { [type, 0] + list16(body) }
  private func record(_ content: [UInt8], type: UInt8 = 22) -> [UInt8] { [type, 3, 3] + list16(content) }

  private func hello(session: [UInt8] = [], extensions: [UInt8] = [0, 43, 0, 3, 2, 3, 4]) -> [UInt8] {
    let start: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32) + list8(session)
    return message(1, start + [0, 4, 0x13, 0x01, 0xc0, 0x2f, 1, 0] + list16(extensions))
  }
  private func answer(session: [UInt8] = [], suite: [UInt8] = [0xc0, 0x2f], extensions: [UInt8] = []) -> [UInt8] {
    let start: [UInt8] = [3, 3] + [UInt8](repeating: 9, count: 32) + list8(session)
    return message(2, start + suite + [0] + list16(extensions))
  }
  private let retryRandom = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
  private var retry: [UInt8] {
    message(2, [3, 3] + (Hex.bytes(retryRandom) ?? []) + [0, 0x13, 0x01, 0] + list16([0, 43, 0, 2, 3, 4]))
  }
  private let selects13: [UInt8] = [0, 43, 0, 2, 3, 4]
  /// Two certificates that are none.
  private var chain: [UInt8] { message(11, [0, 0, 10, 0, 0, 2, 0x30, 0, 0, 0, 2, 0x30, 1]) }
  private let changeCipherSpec: [UInt8] = [20, 3, 3, 0, 1, 1]

  /// The keys of each observation, the first two words of a reason, the verdict.
  private func outline(_ said: [String]) -> [String] {
    said.map { line in
      for (key, name) in [
        ("\"offered_versions\"", "hello"), ("\"hello_retry_request\"", "retry"), ("\"version\"", "answer"),
      ]
      where line.contains(key) { return name }
      return line
    }
  }

  /// The same in whole messages and in single bytes.
  private func outline(_ play: StreamPlay, _ source: SourceLocation = #_sourceLocation) -> [String] {
    let whole = play.run(TLS())
    #expect(play.inBytes.run(TLS()) == whole, sourceLocation: source)
    return outline(whole)
  }

  private let concealed = [
    #"{"certificate_visibility":"encrypted"}"#, "?TLS: the server's certificate is encrypted (TLS 1.3)",
  ]

  // MARK: - Handshakes

  private var tls13: StreamPlay {
    var play = StreamPlay()
    play.client(record(hello()))
    play.server(
      record(answer(suite: [0x13, 0x01], extensions: selects13)) + changeCipherSpec + record([1, 2], type: 23))
    return play
  }

  private var tls12: StreamPlay {
    var play = StreamPlay()
    play.client(record(hello(extensions: [])))
    play.server(record(answer() + chain) + record(message(12, [1, 2, 3]) + message(14)))
    play.client(record(message(16, [1])) + changeCipherSpec)
    return play
  }

  @Test func underTLS13TheCertificateIsSaidToBeConcealed() {
    #expect(outline(tls13) == ["hello", "answer"] + concealed + ["=done"])
  }

  @Test func underTLS12ItIsRead() {
    let said = outline(tls12)
    #expect(said.count == 4)
    #expect(said[2].hasPrefix(#"{"certificate_visibility":"clear","certificates":[{"sha1":""#))
    #expect(said.last == "=done")
  }

  @Test func aClientThatIsAskedShowsItsCertificate() {
    var play = StreamPlay()
    play.client(record(hello(extensions: [])))
    play.server(record(answer() + chain + message(13, [1, 1, 0, 0]) + message(14)))
    play.client(record(chain + message(16, [1])) + changeCipherSpec)
    let said = outline(play)
    #expect(said.count == 5)
    #expect(said[3].hasPrefix(#"{"client_certificates":[{"sha1":""#))
    // One that has none says so, before TLS by silence, since by an empty list.
    play.steps[2].bytes = record(message(11, [0, 0, 0]))
    #expect(outline(play)[3] == #"{"client_certificates":[]}"#)
    play.steps[2].bytes = record(message(16, [1]))
    #expect(outline(play).count == 4)
  }

  @Test func aSessionThatGoesOnSendsNoCertificate() {
    var play = StreamPlay()
    play.client(record(hello(session: [1, 2, 3], extensions: [])))
    play.server(record(answer(session: [1, 2, 3])) + changeCipherSpec + record([9, 9, 9, 9]))
    let said = play.run(TLS())
    #expect(said[1].contains(#""resumed":true"#))
    #expect(outline(play) == ["hello", "answer", #"{"certificate_visibility":"resumed"}"#, "=done"])
  }

  @Test func helloRetryRequestGivesTwoHellosInOrder() {
    var play = StreamPlay()
    play.client(record(hello()))
    play.server(record(retry) + changeCipherSpec)
    play.client(changeCipherSpec + record(hello()))
    play.server(record(answer(suite: [0x13, 0x01], extensions: selects13)) + record([1], type: 23))
    #expect(outline(play) == ["hello", "retry", "hello", "answer"] + concealed + ["=done"])
  }

  @Test func aSecondHelloWithoutTheAnswerInView() {
    var play = StreamPlay()
    play.client(record(hello()))
    play.client(changeCipherSpec + record(hello()))
    #expect(outline(play) == ["hello", "hello", "?TLS: one direction only, the server's answer is not in view"])
  }

  @Test func aSecondHelloThatNobodyAskedFor() {
    var play = tls13
    play.steps[0].bytes += record(hello())
    #expect(outline(play) == ["hello", "answer", "hello"] + concealed + ["=done"])
  }

  @Test func rejectedEarlyDataStandsBetweenTheHellos() {
    var play = StreamPlay()
    play.client(record(hello()) + changeCipherSpec + record([5, 5, 5], type: 23))
    play.server(record(retry) + changeCipherSpec)
    play.client(record(hello()))
    play.server(record(answer(suite: [0x13, 0x01], extensions: selects13)))
    #expect(outline(play) == ["hello", "retry", "hello", "answer"] + concealed + ["=done"])
  }

  @Test func theServerOfTheConnectionMayBeTheClientOfTLS() {
    var play = tls13
    play.steps = play.steps.map { ($0.side.other, $0.bytes) }
    #expect(outline(play) == ["hello", "answer"] + concealed + ["=done"])
  }

  @Test func aRefusalEndsIt() {
    var play = StreamPlay()
    play.client(record(hello()))
    play.server(record([2, 40], type: 21))
    #expect(outline(play) == ["hello", "=done"])
    // A warning does not.
    play.steps[1].bytes = record([1, 112], type: 21) + tls13.steps[1].bytes
    #expect(outline(play) == ["hello", "answer"] + concealed + ["=done"])
  }

  @Test func anAnswerThatIsNoTLSLeavesTheHello() {
    var play = StreamPlay()
    play.client(record(hello()))
    play.server("HTTP/1.1 400 Bad Request\r\n\r\n")
    #expect(outline(play) == ["hello", "=done"])
  }

  // MARK: - What cannot be told

  @Test func encryptedHelloAndName() {
    var play = tls13
    play.steps[0].bytes = record(hello(extensions: [0xfe, 0x0d, 0, 0, 0xff, 0xce, 0, 0]))
    let said = outline(play)
    #expect(
      said[1...2] == [
        "?TLS: an encrypted ClientHello is offered, the name in view may not be the one asked for",
        "?TLS: the server's name is encrypted (ESNI)",
      ])
  }

  @Test func aConnectionThatBeganBeforeTheCapture() {
    var play = StreamPlay(beginsMidStream: true)
    play.client(record([1, 2, 3], type: 23))
    #expect(
      play.run(TLS()) == ["?TLS: the connection began before the capture, its hellos are not in view", "=done"])
    // With its start in view it is something else that looks like it.
    play.beginsMidStream = false
    #expect(play.run(TLS()) == ["=notMine"])
  }

  @Test func oneDirectionOnly() {
    var play = StreamPlay()
    play.client(record(hello()))
    #expect(outline(play) == ["hello", "?TLS: one direction only, the server's answer is not in view"])
    var answers = StreamPlay()
    answers.server(tls13.steps[1].bytes)
    #expect(
      outline(answers) == ["answer"] + concealed + ["?TLS: one direction only, the client's hello is not in view"])
  }

  @Test func whatOnlyBeginsLikeAHelloIsLeftAlone() {
    var play = StreamPlay()
    play.client(record(message(1, [UInt8](repeating: 9, count: 60))))
    #expect(play.run(TLS()) == ["=invalid"])
  }

  @Test func noCutAndNoFlippedBitTraps() {
    for play in [tls13, tls12] {
      for count in 0..<play.byteCount { _ = play.prefix(count).run(TLS()) }
      for bit in 0..<(play.byteCount * 8) { _ = play.flipping(bit).run(TLS()) }
    }
  }
}
