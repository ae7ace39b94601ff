// Flows whose handshake is not in view: packets with short headers (RFC 9000 section 17.3), of which nothing but a fixed bit
// and the receiver's connection id is in clear. Whether they are QUIC's can be told by an id that another flow showed, and
// guessed by an id that stays under a first byte that changes; never by the fixed bit alone.

import Bytes
import PluginKit
import Terms
import Wire

/// The short headers of one direction.
struct QUICShortHeaders: Sendable {
  /// Bytes behind the first one: an id, or its beginning.
  private var id: UInt64 = 0
  /// Which values the first byte's protected bits had.
  private var values: UInt32 = 0
  private(set) var count = 0
  private(set) var differs = false

  /// Packets under one id, and different values of the five bits that are encrypted or spin (RFC 9000 section 17.3.1):
  /// eight equal values of eight bytes are no chance, and protocols with a header of their own have a first byte that
  /// hardly changes. Five different values of 32 are had by eight random ones in 95 of 100 cases, and by no counter that
  /// stays in the upper bits.
  private static let packets = 8
  private static let differentValues = 5

  var looksLikeQUIC: Bool { !differs && count >= Self.packets && values.nonzeroBitCount >= Self.differentValues }

  mutating func take(_ datagram: RawSpan) {
    guard !differs, datagram.byteCount > 8 else {
      differs = true
      return
    }
    let id = datagram.u64(1)
    if count == 0 { self.id = id }
    // An id of zeros or of one byte again and again is none.
    differs = id != self.id || id == 0 || id == 0x0101_0101_0101_0101 &* (id & 0xff)
    values |= 1 << UInt32(datagram.u8(0) & 0x1f)
    count &+= 1
  }
}

enum QUICShortReading {
  /// A flow that shows nothing after so many datagrams is left alone.
  private static let patience = 4

  static func read(
    _ datagram: borrowing Datagram, _ memory: inout QUICSession, _ recorder: inout Recorder
  ) -> Verdict {
    let isClient = datagram.side == .client
    let isFirst = (isClient ? memory.fromInitiator : memory.fromResponder).count == 0
    if isFirst, let earlier = QUICNotes.earlier(datagram, recorder) {
      var connection = QUICConnection()
      connection.earlier = earlier
      recorder.observe(connection)
      return .done
    }
    memory.begin(.short)
    if isClient { memory.fromInitiator.take(datagram.bytes) } else { memory.fromResponder.take(datagram.bytes) }
    if memory.fromInitiator.looksLikeQUIC || memory.fromResponder.looksLikeQUIC {
      recorder.notAssessable("QUIC: packets have the form of a connection that began before the capture")
      return .done
    }
    return isHopeless(memory, datagram.index) ? .notMine : .needMore
  }

  private static func isHopeless(_ memory: QUICSession, _ index: Int) -> Bool {
    let (up, down) = (memory.fromInitiator, memory.fromResponder)
    if up.differs, down.differs { return true }
    return (up.differs && down.count == 0 || down.differs && up.count == 0) && index >= patience
  }
}

/// What connections leave for flows that come later: the server's ids, under its address.
enum QUICNotes {
  /// Some 200 bytes each.
  static let topic = NoteTopic("quic-connections", most: 65_536)

  /// Shorter ids are met by chance.
  private static let shortest = 4
  private static let prefix = 8
  /// A connection is looked for no longer than a day.
  private static let nanoseconds: Int64 = 86_400_000_000_000

  /// Of a short header only the id's beginning can be looked up, as its length is not told: up to eight bytes.
  private static func key(_ start: RawSpan, _ server: Endpoint, _ realm: UInt64) -> NoteKey {
    NoteKey(
      server.address, Address(v6: start.u64OrZeros(0), realm),
      number: UInt64(server.port) << 8 | UInt64(start.byteCount))
  }

  /// Notes an id that a server chose.
  static func note(
    _ id: QUICConnectionID, of server: Endpoint, _ flow: FlowFacts, _ frame: FrameReference, _ recorder: inout Recorder
  ) {
    guard id.length >= shortest, let since = flow.last else { return }
    let bytes = id.bytes
    let place = bytes.withRawSpan { key($0.slice(0, id.length >= prefix ? prefix : shortest), server, flow.realm) }
    let until = since.advanced(by: nanoseconds)
    recorder.note(topic, place, Note(text: bytes, number: flow.id, frame: frame, since: since, until: until))
  }

  /// The flow that a packet's connection was seen in.
  static func earlier(
    _ datagram: borrowing Datagram, _ recorder: borrowing Recorder
  ) -> (flow: UInt64, connection: QUICConnectionID)? {
    guard let time = datagram.time else { return nil }
    let flow = datagram.flow
    let server = datagram.side == .client ? flow.responder : flow.initiator
    let behind = datagram.bytes.slice(1, QUICConnectionID.longest)
    for length in [prefix, shortest] where behind.byteCount >= length {
      let place = key(behind.slice(0, length), server, flow.realm)
      guard let note = recorder.noted(topic, place, at: time), note.number != flow.id,
        behind.slice(0, note.text.count).holds(note.text)
      else { continue }
      return (note.number, note.text.withRawSpan { QUICConnectionID($0) })
    }
    return nil
  }
}
