// The layout of a line: ten lines of shell must be able to verify a chain, so what they need stands first.
//
//   {"entry":NUMBER,"previous":"SHA-256 of the line before, its line feed included","type":"…","time":"…",
//    "monotonic_ns":…, members of the entry}                                                          and a line feed
//
// Of the first line `previous` is 64 zeros. Checkpoints and the last line of a run have no time: see `Checkpoint`.

import Bytes
import Cryptography
import JSON
import Platform
import Terms

enum CustodyLine {
  static let format = "veilscope-custody-1"
  static let beforeFirst = String(repeating: "0", count: 64)
  /// Bytes of a line, at most: a setting may be a list of some thousand paths.
  static let longest = 1 << 22

  /// The digest that the next line names.
  static func digest(_ line: [UInt8]) -> String { line.withRawSpan { DigestAlgorithm.sha256.text(of: $0) } ?? "" }

  static func begin(_ number: UInt64, _ previous: String, _ kind: CustodyEntry.Kind) -> JSONWriter {
    var json = JSONWriter(reserving: 512)
    json.beginObject()
    json.key("entry")
    json.integer(number)
    json.key("previous")
    json.string(previous)
    json.key("type")
    json.string(kind.rawValue)
    return json
  }

  static func end(_ json: inout JSONWriter) -> [UInt8] {
    json.endObject()
    json.endLine()
    return json.bytes
  }

  /// The bytes of an entry with the time as it is now.
  static func bytes(_ entry: CustodyEntry, number: UInt64, previous: String) -> [UInt8] {
    var json = begin(number, previous, entry.kind)
    json.key("time")
    json.string(Timestamp(nanoseconds: Clock.wall).text(fractionDigits: 9))
    json.key("monotonic_ns")
    json.integer(Clock.monotonic)
    for member in entry.members {
      json.key(member.key)
      json.value(member.value)
    }
    return end(&json)
  }
}

/// A line that was read.
public struct CustodyItem: Sendable {
  public let number: UInt64
  public let kind: CustodyEntry.Kind
  public let value: JSONValue
  /// SHA-256 of the line, its line feed included, lower-case hexadecimal digits.
  public let digest: String

  public subscript(_ key: String) -> JSONValue? { value[key] }
}
