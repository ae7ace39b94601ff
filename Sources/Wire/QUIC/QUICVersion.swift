// QUIC's versions: https://www.iana.org/assignments/quic, the drafts of RFC 9000, Facebook's and Google's own. What differs
// between them before keys are agreed: the salt and labels of Initial keys, and the numbers of packet and frame types.

import Findings
import JSON
import Terms

public struct QUICVersion: FieldType, Hashable, BitwiseCopyable, CustomStringConvertible {
  public let rawValue: UInt32
  public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  /// The number of a Version Negotiation packet (RFC 8999 section 6).
  public static let negotiation = QUICVersion(0)
  /// RFC 9000.
  public static let v1 = QUICVersion(1)
  /// RFC 9369.
  public static let v2 = QUICVersion(0x6b33_43cf)

  /// The drafts whose packets are read.
  private static let drafts = 22...34
  /// Facebook's first, made from draft 22; the later ones are made from draft 27.
  private static let firstOfFacebook = QUICVersion(0xface_b001)
  private static let draftOfFacebook = 27

  /// What a version's packets are like.
  public enum Form: Sendable {
    /// RFC 9000 and its drafts: QUIC's long headers, TLS in CRYPTO frames.
    case ietf
    /// Google's Q050, T050 and T051: long headers and protection of the drafts, Google's frames.
    case googleProtected
    /// Google's Q044 to Q049: long headers of early drafts, no protection of the first packets.
    case googleLong
    /// Google's Q024 to Q043: a public header.
    case googlePublic
    /// One that means nothing, under which clients send a first packet to hear which versions the server has.
    case reserved
    /// One that is not known: only what all versions share can be read (RFC 8999).
    case unknown
  }

  public var form: Form {
    if self == .v1 || self == .v2 || draft != nil || isFacebooks { return .ietf }
    guard let number = googleNumber else { return isReserved ? .reserved : .unknown }
    if rawValue >> 24 == 0x54 { return (50...51).contains(number) ? .googleProtected : .unknown }
    switch number {
    case 24...43: return .googlePublic
    case 44...49: return .googleLong
    case 50: return .googleProtected
    default: return .unknown
    }
  }

  /// The number of the IETF's draft.
  public var draft: Int? {
    let number = Int(rawValue & 0xff)
    return rawValue >> 8 == 0xff_0000 && Self.drafts.contains(number) ? number : nil
  }

  private var isFacebooks: Bool { rawValue >> 8 == 0xfa_ceb0 }

  /// 43 of `Q043`: three digits behind a `Q`, or a `T` where TLS makes the handshake.
  private var googleNumber: Int? {
    guard rawValue >> 24 == 0x51 || rawValue >> 24 == 0x54, rawValue >> 16 & 0xff == 0x30 else { return nil }
    let digits = (rawValue >> 8 & 0xff, rawValue & 0xff)
    guard (0x30...0x39).contains(digits.0), (0x30...0x39).contains(digits.1) else { return nil }
    return Int(digits.0 - 0x30) * 10 + Int(digits.1 - 0x30)
  }

  /// Whether the handshake is Google's own, and not TLS.
  public var hasGoogleHandshake: Bool {
    switch form {
    case .googleProtected, .googleLong, .googlePublic: rawValue >> 24 == 0x51
    case .ietf, .reserved, .unknown: false
    }
  }

  /// Versions that mean nothing and make servers name theirs (RFC 9000 section 15).
  public var isReserved: Bool { rawValue & 0x0f0f_0f0f == 0x0a0a_0a0a }

  // MARK: - Initial packets

  /// The versions by whose salts this one's first packets may be opened: a reserved one has none of its own, and its
  /// clients take that of a version they speak.
  public var saltsToTry: [QUICVersion] {
    form == .reserved ? [.v1, QUICVersion(0xff00_001d), QUICVersion(0xff00_001b)] : [self]
  }

  /// The salt of Initial keys (RFC 9001 section 5.2 and its drafts, RFC 9369 section 3.3.1; Google's and Facebook's in the
  /// sources of quiche and mvfst); nil where the version protects no first packets, or is not known.
  var salt: [UInt8]? {
    switch self {
    case .v1: Salts.v1
    case .v2: Salts.v2
    case QUICVersion(0x5130_3530): Salts.q050
    case QUICVersion(0x5430_3530): Salts.t050
    case QUICVersion(0x5430_3531): Salts.t051
    default:
      switch draft ?? (self == Self.firstOfFacebook ? 22 : isFacebooks ? Self.draftOfFacebook : 0) {
      case 22: Salts.draft22
      case 23...28: Salts.draft23
      case 29...32: Salts.draft29
      case 33...34: Salts.v1
      default: nil
      }
    }
  }

  private enum Salts {
    static let draft22: [UInt8] = [
      0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64,
      0x4a,
    ]
    static let draft23: [UInt8] = [
      0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5,
      0x02,
    ]
    static let draft29: [UInt8] = [
      0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8,
      0x99,
    ]
    static let v1: [UInt8] = [
      0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f,
      0x0a,
    ]
    static let v2: [UInt8] = [
      0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e,
      0xd9,
    ]
    static let q050: [UInt8] = [
      0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94, 0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b,
      0x45,
    ]
    static let t050: [UInt8] = [
      0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83,
      0x10,
    ]
    static let t051: [UInt8] = [
      0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03,
      0x3d,
    ]
  }

  /// Labels of key, nonce and header protection (RFC 9001 section 5.1, RFC 9369 section 3.3.2).
  var labels: (key: StaticString, nonce: StaticString, header: StaticString) {
    self == .v2 ? ("quicv2 key", "quicv2 iv", "quicv2 hp") : ("quic key", "quic iv", "quic hp")
  }

  // MARK: - Output

  public static let category = Category.protocolMetadata
  public static let shape = Shape.text()

  /// `1`, `quicv2`, `draft-29`, `mvfst (faceb002)`, `Q043`; else `unknown-` and eight hexadecimal digits.
  public var description: String {
    if self == .v1 { return "1" }
    if self == .v2 { return "quicv2" }
    if let draft { return "draft-\(draft)" }
    if isFacebooks { return "mvfst (\(digits))" }
    guard form != .unknown, form != .reserved else { return "unknown-\(digits)" }
    return String(decoding: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: rawValue >> $0) }, as: UTF8.self)
  }

  private var digits: String {
    let text = String(rawValue, radix: 16)
    return String(repeating: "0", count: 8 - text.utf8.count) + text
  }

  public func write(to json: inout JSONWriter) { json.string(description) }
}
