// The names that clients asked for, by the addresses they were answered: what later flows are named by.

import Bytes
import Findings
import Terms

/// A name that an address was reached by, as a client was answered it.
public struct NameNote: Sendable {
  /// `names`: per client and address, in one evidence item. Some 200 bytes each.
  public static let topic = NoteTopic("names", most: 65_536)

  /// The whole name: lower case, without the last point.
  public let name: [UInt8]
  /// Where its registrable domain begins in it.
  public let registrable: Int
  /// Other names that this client was answered the same address for, while they held; 255 stands for all beyond.
  public let others: Int
  public let frame: FrameReference

  public init?(_ note: Note) {
    guard Int(note.number & 0xff) <= note.text.count else { return nil }
    name = note.text
    registrable = Int(note.number & 0xff)
    others = Int(note.number >> 8 & 0xff)
    frame = note.frame
  }

  /// - Parameters:
  ///   - client: the host that asked.
  ///   - realm: of the flow in which it did.
  public static func key(
    client: Address, reaches address: Address, realm: UInt64, evidence: UInt32
  ) -> NoteKey {
    NoteKey(client, address, number: realm.folded(0xbb67_ae85_84ca_a73b) ^ UInt64(evidence))
  }

  /// The note that a name was answered; `known` is what was noted before.
  public static func note(
    _ name: [UInt8], registrable: Int, frame: FrameReference, since: Timestamp, until: Timestamp, known: Note?
  ) -> Note {
    var others: UInt64 = 0
    if let known { others = min(255, (known.number >> 8 & 0xff) &+ (known.text == name ? 0 : 1)) }
    return Note(
      text: name, number: UInt64(truncatingIfNeeded: registrable) & 0xff | others << 8, frame: frame, since: since,
      until: until)
  }
}
