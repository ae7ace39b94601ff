// Checkpoints, and the last line of a run: lines without freedom. Whoever reads one can write it from what stands before
// it, so that not a byte of it can be another; the time of a signed one stands in its signature.

import Bytes
import Cryptography
import JSON

/// A statement over all entries before it.
public struct Checkpoint: Equatable, Sendable {
  /// The record's id.
  public let log: String
  /// How many entries it is over.
  public let entries: UInt64
  /// The digest of the last of them.
  public let head: String
  /// A detached CMS signature over `statement` in DER; nil where nobody signs.
  public let signature: [UInt8]?

  /// The bytes that are signed: `{"log":"…","entries":…,"head":"…"}`.
  public var statement: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("log")
    json.string(log)
    json.key("entries")
    json.integer(entries)
    json.key("head")
    json.string(head)
    json.endObject()
    return json.bytes
  }

  var line: [UInt8] {
    var json = CustodyLine.begin(entries, head, .checkpoint)
    json.key("statement")
    json.fragment(statement)
    if let signature {
      json.key("signature")
      json.string(Base64.text(signature))
    }
    return CustodyLine.end(&json)
  }

  /// The last line of a run.
  static func closing(_ number: UInt64, _ previous: String) -> [UInt8] {
    var json = CustodyLine.begin(number, previous, .closed)
    return CustodyLine.end(&json)
  }
}
