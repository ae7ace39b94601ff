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

  init(_ message: borrowing DNSMessage, _ scene: DNSScene) {
    identifier = message.header.identifier
    side = scene.side
    name = message.nameText
    type = message.type
    recordClass = message.recordClass
    questions = message.header.questions
    opcode = message.header.opcode
    variant = scene.variant
  }

  func isAnswered(by message: borrowing DNSMessage, _ scene: DNSScene) -> Bool {
    identifier == message.header.identifier && side != scene.side && type == message.type
      && message.asks(name)
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

  mutating func take(_ message: borrowing DNSMessage, _ scene: DNSScene, _ recorder: inout Recorder) {
    isDNS = true
    if scene.variant == .mdns {
      // Everybody asks and answers everybody: nothing belongs together.
      show(
        DNSQuery(message, scene).transaction(message.header.isResponse ? answer(message, isUnasked: false) : nil),
        scene, &recorder)
    } else if message.header.isResponse {
      takeAnswer(message, scene, &recorder)
    } else {
      takeQuery(message, scene, &recorder)
    }
  }

  private mutating func takeQuery(_ message: borrowing DNSMessage, _ scene: DNSScene, _ recorder: inout Recorder) {
    // A query that is sent again.
    if let waiting, isRepeated(waiting, message, scene) { return }
    for query in alsoWaiting where isRepeated(query, message, scene) { return }
    if waiting == nil {
      waiting = DNSQuery(message, scene)
    } else if alsoWaiting.count < Self.mostWaiting {
      alsoWaiting.append(DNSQuery(message, scene))
    } else {
      // The oldest is given up.
      if let oldest = waiting { show(oldest.transaction(nil), scene, &recorder) }
      waiting = alsoWaiting.removeFirst()
      alsoWaiting.append(DNSQuery(message, scene))
    }
  }

  private func isRepeated(_ query: DNSQuery, _ message: borrowing DNSMessage, _ scene: DNSScene) -> Bool {
    query.identifier == message.header.identifier && query.side == scene.side && query.type == message.type
      && message.asks(query.name)
  }

  private mutating func takeAnswer(_ message: borrowing DNSMessage, _ scene: DNSScene, _ recorder: inout Recorder) {
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
    show(query.transaction(answer(message, isUnasked: isUnasked)), scene, &recorder)
    note(query.name, message, scene, &recorder)
    if DNSCryptCertificates.isAsked(query.name, type: query.type) {
      recorder.observe(DNSCryptCertificates(message, name: query.name), at: scene.place)
    }
  }

  private func answer(_ message: borrowing DNSMessage, isUnasked: Bool) -> DNSTransaction.Answer {
    DNSTransaction.Answer(message.header, message.sections, isUnasked: isUnasked, isCut: message.isCut)
  }

  private mutating func show(
    _ transaction: DNSTransaction, _ scene: DNSScene, _ recorder: inout Recorder
  ) {
    guard shown < Self.mostShown else {
      further += 1
      return
    }
    shown += 1
    recorder.observe(transaction, at: scene.place)
  }

  /// Says what is left at the flow's end.
  mutating func finish(_ recorder: inout Recorder) {
    for query in [waiting].compactMap({ $0 }) + alsoWaiting {
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
    if further > 0 { recorder.observe(DNSFurther(messages: further)) }
  }

  // MARK: - Names of later flows

  /// Notes what the client was answered: the addresses of the name that it asked for, and their times.
  private func note(_ name: DNSName, _ message: borrowing DNSMessage, _ scene: DNSScene, _ recorder: inout Recorder) {
    let sections = message.sections
    guard message.header.opcode == 0, message.header.code == 0,
      !sections.addresses.isEmpty || !sections.services.isEmpty,
      let time = scene.time, let frame = scene.frame, !name.text.isEmpty, name.text.count <= 255
    else { return }
    let registrable = name.registrable
    func note(_ address: Address, _ timeToLive: UInt32) {
      let key = NameNote.key(
        client: scene.receiver.address, reaches: address, realm: scene.realm,
        evidence: frame.evidence)
      let seconds = Int64(min(timeToLive, sections.aliasTimeToLive)) &+ Self.grace
      recorder.note(
        NameNote.topic, key,
        NameNote.note(
          name.text, registrable: registrable, frame: frame, since: time,
          until: time.advanced(by: seconds &* 1_000_000_000), known: recorder.noted(NameNote.topic, key, at: time)))
    }
    for answered in sections.addresses { note(answered.value, answered.timeToLive) }
    for service in sections.services where service.value.target == .root {
      for address in service.value.addresses { note(address, service.timeToLive) }
    }
  }
}
