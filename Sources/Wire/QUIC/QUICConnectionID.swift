// A connection id: how a side of a QUIC connection is addressed, whatever its IP address (RFC 9000 section 5.1).

import Bytes
import Findings
import JSON
import Terms

/// Up to 20 bytes.
public struct QUICConnectionID: FieldType, Hashable, BitwiseCopyable {
  /// RFC 9000 section 17.2.
  public static let longest = 20

  public private(set) var length: UInt8 = 0
  private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

  public init() {}

  /// The first 20 bytes of `bytes`.
  public init(_ bytes: RawSpan) {
    length = UInt8(min(bytes.byteCount, QUICConnectionID.longest))
    words = (bytes.u64OrZeros(0), bytes.u64OrZeros(8), bytes.u64OrZeros(16))
    words.2 &= 0xffff_ffff_0000_0000
  }

  public var isEmpty: Bool { length == 0 }

  public var bytes: [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(Int(length))
    for index in 0..<Int(length) {
      let word = index < 8 ? words.0 : index < 16 ? words.1 : words.2
      out.append(UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index % 8))))
    }
    return out
  }

  public static func == (left: QUICConnectionID, right: QUICConnectionID) -> Bool {
    left.length == right.length && left.words == right.words
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(length)
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
  }

  public static let category = Category.protocolMetadata
  public static let shape = Shape.text(pattern: "^([0-9a-f]{2})*$")
  public func write(to json: inout JSONWriter) { json.string(Hex.text(bytes)) }
}
