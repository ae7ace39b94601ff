// One pass over both directions of a handshake, in the order of the protocol, whatever the order of the packets.

import Bytes
import PluginKit
import Terms
import Wire

/// Reads a handshake from its start and says what was not said before.
struct TLSReading {
  enum Outcome {
    case finished
    case short(ReadError)
  }

  private(set) var progress: TLSProgress
  /// Something was said in this pass.
  private(set) var spoke = false
  private let client: Side

  init(_ progress: TLSProgress, client: Side) {
    self.progress = progress
    self.client = client
  }

  /// - Parameters:
  ///   - client: the direction of TLS's client.
  ///   - server: the other direction.
  ///   - isAlone: the evidence holds no packet of the other direction.
  mutating func read(
    from client: borrowing StreamSide, to server: borrowing StreamSide, isAlone: Bool, _ recorder: inout Recorder
  ) -> Outcome {
    var up = TLSRecords(client.bytes, source: TLSReading.source(client))
    var down = TLSRecords(server.bytes, source: TLSReading.source(server))
    do throws(ReadError) {
      var missing = try tryHello(1, &up, client.end, &recorder)
      // A second hello says that the answer, which is not in view, asked for it.
      if isAlone { _ = try tryHello(2, &up, client.end, &recorder) }
      guard try readAnswer(1, &down, &recorder) else { return .finished }
      if progress.isRetry(answer: 1) {
        missing = try tryHello(2, &up, client.end, &recorder) ?? missing
        guard try readAnswer(2, &down, &recorder) else { return .finished }
      } else if isAnotherHelloNext(up) {
        // One that nobody asked for.
        _ = try tryHello(2, &up, client.end, &recorder)
      }
      try readCertificates(&down, &up, &recorder)
      if let missing { throw missing }
      return .finished
    } catch {
      return .short(error)
    }
  }

  private func isAnotherHelloNext(_ records: borrowing TLSRecords) -> Bool {
    var ahead = copy records
    return (try? ahead.next()) == .message(.clientHello)
  }

  private static func source(_ side: borrowing StreamSide) -> ReadSource {
    side.side == .client ? .client : .server
  }

  private func place(_ range: Range<Int>, ofClient isClient: Bool) -> Place {
    (client == .client) == isClient ? .client(range) : .server(range)
  }

  // MARK: - Hellos

  /// Reads the next ClientHello, and says it where it is number `number` and was not said.
  ///
  /// - Returns: why it is not there, where the answer may be read all the same: its bytes are missing for good, or did
  ///   not come yet.
  private mutating func tryHello(
    _ number: UInt8, _ up: inout TLSRecords, _ end: ViewEnd, _ recorder: inout Recorder
  ) throws(ReadError) -> ReadError? {
    do throws(ReadError) {
      while let element = try up.next() {
        switch element {
        case .message(.clientHello), .ssl2ClientHello:
          if progress.hellos < number { try sayHello(&up, number, element, &recorder) }
          return nil
        case .message:
          // A handshake whose hello the capture does not hold.
          return nil
        case .changeCipherSpec, .alert, .encrypted:
          // Before a second hello, early data and the record that pleases middleboxes (RFC 8446 appendix D.4).
          if number == 1 { return nil }
        }
      }
      throw ReadError(.ranOut, source: up.source, offset: up.position, wanted: 1)
    } catch {
      guard error.kind == .ranOut else { throw error }
      guard end != .growing else { return error }
      if error.found > 0 { recorder.notAssessable("TLS: the ClientHello is cut, by the snap length or a gap") }
      return nil
    }
  }

  private mutating func sayHello(
    _ up: inout TLSRecords, _ number: UInt8, _ element: TLSElement, _ recorder: inout Recorder
  ) throws(ReadError) {
    let source = up.source
    let hello = try up.withBody { (body: RawSpan) throws(ReadError) in
      element == .ssl2ClientHello
        ? try TLSClientHello(ssl2: body, source: source) : try TLSClientHello(body, source: source)
    }
    recorder.observe(hello, at: place(up.range, ofClient: true))
    if hello.offersEncryptedClientHello {
      recorder.notAssessable("TLS: an encrypted ClientHello is offered, the name in view may not be the one asked for")
    }
    if hello.offersEncryptedServerName {
      recorder.notAssessable("TLS: the server's name is encrypted (ESNI)")
    }
    progress.hellos = number
    progress.sessionID = hello.sessionID
    spoke = true
  }

  /// Reads the next ServerHello or HelloRetryRequest, and says it where it is number `number` and was not said.
  ///
  /// - Returns: false where the server refuses.
  private mutating func readAnswer(
    _ number: UInt8, _ down: inout TLSRecords, _ recorder: inout Recorder
  ) throws(ReadError) -> Bool {
    while let element = try down.next() {
      switch element {
      case .message(.serverHello), .message(.helloRetryRequest):
        if progress.answers < number { try sayAnswer(&down, number, element, &recorder) }
        return true
      case .alert(let level, _):
        if level == TLSReading.fatal { return false }
      case .changeCipherSpec where number == 2:
        continue
      case .message, .ssl2ClientHello, .changeCipherSpec, .encrypted:
        return false
      }
    }
    throw ReadError(.ranOut, source: down.source, offset: down.position, wanted: 1)
  }

  private mutating func sayAnswer(
    _ down: inout TLSRecords, _ number: UInt8, _ element: TLSElement, _ recorder: inout Recorder
  ) throws(ReadError) {
    let source = down.source
    var hello = try down.withBody { (body: RawSpan) throws(ReadError) in
      element == .message(.serverHello)
        ? try TLSServerHello(body, source: source) : try TLSServerHello(draftRetryRequest: body, source: source)
    }
    if progress.hellos > 0 { hello.note(sessionIDOfClient: progress.sessionID) }
    recorder.observe(hello, at: place(down.range, ofClient: false))
    progress.note(answer: number, hello)
    spoke = true
  }

  private static let fatal: UInt8 = 2

  // MARK: - Certificates

  private mutating func readCertificates(
    _ down: inout TLSRecords, _ up: inout TLSRecords, _ recorder: inout Recorder
  ) throws(ReadError) {
    guard !progress.answerIsTLS13 else {
      say(progress.answerResumes ? .resumed : .encrypted, nil, at: down.range, &recorder)
      return
    }
    var isClientAsked = false
    var isComplete = false
    reading: while let element = try down.next() {
      switch element {
      case .message(.certificate):
        guard !progress.hasSaidCertificates else { continue }
        let source = down.source
        let chain = try down.withBody { (body: RawSpan) throws(ReadError) in
          try TLSCertificateChain(body, source: source)
        }
        say(.clear, chain, at: down.range, &recorder)
      case .message(.certificateRequest):
        isClientAsked = true
      case .message(.serverHelloDone), .encrypted, .alert(level: TLSReading.fatal, _):
        say(.notSent, nil, at: down.range, &recorder)
        isComplete = true
        break reading
      case .changeCipherSpec:
        // The server's Finished follows at once: the session of an earlier connection goes on (RFC 5246 section 7.3).
        say(.resumed, nil, at: down.range, &recorder)
        isComplete = true
        break reading
      case .message, .alert, .ssl2ClientHello:
        continue
      }
    }
    guard isComplete else {
      throw ReadError(.ranOut, source: down.source, offset: down.position, wanted: 1)
    }
    if isClientAsked { try readClientCertificates(&up, &recorder) }
  }

  private mutating func say(
    _ visibility: TLSServerCertificates.Visibility, _ chain: TLSCertificateChain?, at range: Range<Int>,
    _ recorder: inout Recorder
  ) {
    guard !progress.hasSaidCertificates else { return }
    recorder.observe(TLSServerCertificates(visibility, chain), at: place(range, ofClient: false))
    if visibility == .encrypted {
      recorder.notAssessable("TLS: the server's certificate is encrypted (TLS 1.3)")
    }
    progress.hasSaidCertificates = true
    spoke = true
  }

  private mutating func readClientCertificates(
    _ up: inout TLSRecords, _ recorder: inout Recorder
  ) throws(ReadError) {
    while let element = try up.next() {
      switch element {
      case .message(.certificate):
        guard !progress.hasSaidClientCertificates else { return }
        let source = up.source
        let chain = try up.withBody { (body: RawSpan) throws(ReadError) in
          try TLSCertificateChain(body, source: source)
        }
        recorder.observe(TLSClientCertificates(chain), at: place(up.range, ofClient: true))
        progress.hasSaidClientCertificates = true
        spoke = true
        return
      case .message(.clientKeyExchange), .changeCipherSpec, .encrypted, .alert(level: TLSReading.fatal, _):
        return
      case .message, .alert, .ssl2ClientHello:
        continue
      }
    }
    throw ReadError(.ranOut, source: up.source, offset: up.position, wanted: 1)
  }
}
