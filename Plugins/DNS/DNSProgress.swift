// What is kept of a flow that speaks DNS: the queries that wait for their answers, and how much was said.

import Bytes
import Findings
import PluginKit
import Terms
import Wire

/// A query that no answer has come to yet.
struct DNSQuery: Sendable {
  let identifier: UInt16
  let side: Side
  let name: DNSName
  let type: UInt16
  let recordClass: UInt16
  let questions: UInt16
  let opcode: UInt8
  let variant: DNSTransaction.Variant
  private let print: UInt64

  init(_ message: borrowing DNSMessage, _ scene: DNSScene) {
    identifier = message.header.identifier
    side = scene.side
    name = message.nameText
    type = message.type
    recordClass = message.recordClass
    questions = message.header.questions
    opcode = message.header.opcode
    variant = scene.variant
    print = message.print
  }

  func isAnswered(by message: borrowing DNSMessage, _ scene: DNSScene) -> Bool {
    side != scene.side && asksTheSame(as: message)
  }

  func isRepeated(by message: borrowing DNSMessage, _ scene: DNSScene) -> Bool {
    side == scene.side && asksTheSame(as: message)
  }

  /// The question comes back as it was sent, but for some servers that change its letters' case.
  private func asksTheSame(as message: borrowing DNSMessage) -> Bool {
    identifier == message.header.identifier && type == message.type
      && (print != 0 && print == message.print || message.asks(name))
  }

  func transaction(_ answer: DNSTransaction.Answer?) -> DNSTransaction {
    DNSTransaction(
      variant, name: name, type: type, recordClass: recordClass, questions: questions, opcode: opcode, answer: answer)
  }
}

public struct DNSProgress: FlowMemory {
  /// Transactions of a flow that are shown one by one, and queries that may wait for their answers at once.
  static let mostShown = 16
  static let mostWaiting = 16
  /// Seconds that a name is given to later flows beyond the answer's time to live: clients keep connections' addresses.
  static let grace: Int64 = 300
  /// The bits of operation and response code: all zero in the answer to a query that went well.
  private static let plainAnswer: UInt16 = 0x780f

  private(set) var isDNS = false
  private var shown = 0
  /// Messages that are not shown.
  var further: UInt64 = 0
  /// The usual flow has one query at a time.
  private var waiting: DNSQuery?
  private var alsoWaiting: [DNSQuery] = []
  /// Bytes of each direction of a stream that were read.
  private var clientOffset = 0
  private var serverOffset = 0

  public init() {}

  func offset(_ side: Side) -> Int { side == .client ? clientOffset : serverOffset }

  mutating func advance(_ side: Side, to offset: Int) {
    if side == .client { clientOffset = offset } else { serverOffset = offset }
  }

  // MARK: - Messages

  /// - Parameter isCut: the capture holds a part of the message.
  mutating func take(
    _ message: borrowing DNSMessage, _ scene: DNSScene, isCut: Bool, _ recorder: inout Recorder
  ) {
    isDNS = true
    let isResponse = message.header.isResponse
    let isMulticast = scene.variant == .mdns
    if shown == Self.mostShown {
      further += 1
      if isResponse, !isMulticast, message.header.flags & Self.plainAnswer == 0 {
        let sections = message.sections
        if sections.namesAddresses { note(message.nameText, sections, message.header, scene, &recorder) }
      }
    } else if isMulticast {
      // Everybody asks and answers everybody: nothing belongs together.
      let answer = isResponse ? Self.answer(message, message.sections, isUnasked: false, isCut: isCut) : nil
      show(DNSQuery(message, scene).transaction(answer), scene, &recorder)
    } else if isResponse {
      takeAnswer(message, scene, isCut: isCut, &recorder)
    } else {
      takeQuery(message, scene, &recorder)
    }
  }

  private mutating func takeQuery(_ message: borrowing DNSMessage, _ scene: DNSScene, _ recorder: inout Recorder) {
    guard let oldest = waiting else {
      waiting = DNSQuery(message, scene)
      return
    }
    // A query that is sent again.
    if oldest.isRepeated(by: message, scene) { return }
    for query in alsoWaiting where query.isRepeated(by: message, scene) { return }
    if alsoWaiting.count == Self.mostWaiting {
      // The oldest is given up.
      show(oldest.transaction(nil), scene, &recorder)
      waiting = alsoWaiting.removeFirst()
    }
    alsoWaiting.append(DNSQuery(message, scene))
  }

  private mutating func takeAnswer(
    _ message: borrowing DNSMessage, _ scene: DNSScene, isCut: Bool, _ recorder: inout Recorder
  ) {
    let query: DNSQuery
    let isUnasked: Bool
    if let asked = waiting, asked.isAnswered(by: message, scene) {
      query = asked
      isUnasked = false
      waiting = alsoWaiting.isEmpty ? nil : alsoWaiting.removeFirst()
    } else if let at = alsoWaiting.firstIndex(where: { $0.isAnswered(by: message, scene) }) {
      query = alsoWaiting.remove(at: at)
      isUnasked = false
    } else {
      query = DNSQuery(message, scene)
      isUnasked = true
    }
    let sections = message.sections
    note(query.name, sections, message.header, scene, &recorder)
    show(
      query.transaction(Self.answer(message, sections, isUnasked: isUnasked, isCut: isCut)), scene, &recorder)
    if DNSCryptCertificates.isAsked(query.name, type: query.type) {
      recorder.observe(DNSCryptCertificates(message, name: query.name), at: scene.place)
    }
  }

  private static func answer(
    _ message: borrowing DNSMessage, _ sections: DNSSections, isUnasked: Bool, isCut: Bool
  ) -> DNSTransaction.Answer {
    DNSTransaction.Answer(
      message.header, sections, isUnasked: isUnasked, isCut: isCut && sections.error?.kind == .ranOut)
  }

  private mutating func show(
    _ transaction: DNSTransaction, _ scene: DNSScene, _ recorder: inout Recorder
  ) {
    shown += 1
    recorder.observe(transaction, at: scene.place)
  }

  /// Says what is left at the flow's end.
  mutating func finish(_ recorder: inout Recorder) {
    if let waiting { sayUnanswered(waiting, &recorder) }
    for query in alsoWaiting { sayUnanswered(query, &recorder) }
    if further > 0 { recorder.observe(DNSFurther(messages: further)) }
  }

  private mutating func sayUnanswered(_ query: DNSQuery, _ recorder: inout Recorder) {
    if DNSCryptCertificates.isAsked(query.name, type: query.type) {
      recorder.observe(DNSCryptCertificates(unanswered: query.name))
    }
    if shown < Self.mostShown {
      shown += 1
      recorder.observe(query.transaction(nil))
    } else {
      further += 1
    }
  }

  // MARK: - Names of later flows

  /// Notes what the client was answered: the addresses of the name that it asked for, and their times.
  private func note(
    _ name: DNSName, _ sections: DNSSections, _ header: DNSHeader, _ scene: DNSScene, _ recorder: inout Recorder
  ) {
    guard header.flags & Self.plainAnswer == 0, sections.namesAddresses,
      let time = scene.time, let frame = scene.frame, !name.text.isEmpty, name.text.count <= 255
    else { return }
    func note(_ address: Address, _ timeToLive: UInt32) {
      let key = NameNote.key(
        client: scene.receiver.address, reaches: address, realm: scene.realm,
        evidence: frame.evidence)
      let seconds = Int64(min(timeToLive, sections.aliasTimeToLive)) &+ Self.grace
      recorder.note(
        NameNote.topic, key,
        NameNote.note(
          name.text, registrable: name.registrable, frame: frame, since: time,
          until: time.advanced(by: seconds &* 1_000_000_000), known: recorder.noted(NameNote.topic, key, at: time)))
    }
    for answered in sections.addresses { note(answered.value, answered.timeToLive) }
    for service in sections.services where service.value.target == .root {
      for address in service.value.addresses { note(address, service.timeToLive) }
    }
  }
}
