// The kinds of text that a warrant holds: what each accepts, what it says of other text, and its JSON Schema pattern.

import Bytes
import Terms

/// A kind of text.
enum TextFormat: Sendable {
  /// One line, 1 to 1,000 characters, no control characters.
  case line
  /// Several lines, 1 to 10,000 characters.
  case text
  case uuid, sha256, time, country, liid
  case address, prefix, mac

  static let lineLimit = 1000
  static let textLimit = 10_000

  /// What `text` should be instead; nil where it is right.
  func objection(to text: String) -> String? {
    let utf8 = Array(text.utf8)
    switch self {
    case .line: return TextFormat.isText(text, TextFormat.lineLimit, lines: false) ? nil : expectation
    case .text: return TextFormat.isText(text, TextFormat.textLimit, lines: true) ? nil : expectation
    case .uuid:
      let groups = utf8.split(separator: 0x2d, omittingEmptySubsequences: false)
      let holds = groups.map(\.count) == [8, 4, 4, 4, 12] && groups.joined().allSatisfy(TextFormat.isHexadecimal)
      return holds ? nil : expectation
    case .sha256: return utf8.count == 64 && utf8.allSatisfy(TextFormat.isHexadecimal) ? nil : expectation
    case .time: return Timestamp(text) == nil ? expectation : nil
    case .country: return utf8.count == 2 && utf8.allSatisfy { (0x41...0x5a).contains($0) } ? nil : expectation
    case .liid:
      let short = (1...25).contains(utf8.count) && utf8.allSatisfy { (0x21...0x7e).contains($0) }
      let long =
        (26...50).contains(utf8.count) && utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
      return short || long ? nil : expectation
    case .address: return TextFormat.objection(toAddress: text)
    case .prefix: return TextFormat.objection(toPrefix: text)
    case .mac: return LinkAddress(text) == nil ? expectation : nil
    }
  }

  var expectation: String {
    switch self {
    case .line: "one line of 1 to \(TextFormat.lineLimit) characters without control characters"
    case .text: "1 to \(TextFormat.textLimit) characters without control characters other than line ends and tabs"
    case .uuid: "a UUID, such as 0f8fad5b-d9cb-469f-a165-70867728950e (RFC 9562)"
    case .sha256: "a SHA-256 digest, 64 hexadecimal digits"
    case .time: "a time with a zone, such as 2026-03-01T08:00:00Z (RFC 3339), between 1678 and 2261"
    case .country: "a country code of two capital letters (ISO 3166-1)"
    case .liid: "1 to 25 printable ASCII characters, or 26 to 50 lower-case hexadecimal digits (ETSI TS 103 280)"
    case .address: "an IPv4 or IPv6 address"
    case .prefix: "an address, / and a length, such as 192.0.2.0/24"
    case .mac: "six octets with colons, such as 02:00:5e:10:00:00"
    }
  }

  /// ECMA-262 pattern of the text; what it cannot say, the program checks.
  var pattern: String? {
    switch self {
    case .line: #"^[^\u0000-\u001f\u007f-\u009f]+$"#
    case .text: #"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]+$"#
    case .uuid: "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"
    case .sha256: "^[0-9A-Fa-f]{64}$"
    case .time:
      "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
    case .country: "^[A-Z]{2}$"
    case .liid: "^([!-~]{1,25}|[0-9a-f]{26,50})$"
    case .address: "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)$"
    case .prefix: "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)/[0-9]{1,3}$"
    case .mac: "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$"
    }
  }

  var maximumLength: Int? {
    switch self {
    case .line: TextFormat.lineLimit
    case .text: TextFormat.textLimit
    default: nil
    }
  }

  // MARK: - Addresses

  private static func objection(toAddress text: String) -> String? {
    if text.utf8.contains(0x25) { return "an address without a zone id (%…): a zone means something on one host only" }
    if text.utf8.contains(0x2f) { return "an address without a length; a range is a \"prefix\"" }
    guard let address = Address(text) else { return TextFormat.address.expectation }
    if let inner = address.mapped {
      return
        "the IPv4 address \(inner.text) itself: an IPv4-mapped address stands in no packet (RFC 4291 section 2.5.5)"
    }
    guard text == address.text || text == address.longForm else {
      return "the same address written \(address.text) (RFC 5952) or \(address.longForm) (ETSI TS 103 280)"
    }
    return nil
  }

  private static func objection(toPrefix text: String) -> String? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let length = number(parts[1]) else { return TextFormat.prefix.expectation }
    if let objection = objection(toAddress: parts[0]) { return "a prefix of \(objection)" }
    guard let address = Address(parts[0]) else { return TextFormat.prefix.expectation }
    guard length > 0 else {
      return "a length of 1 or more: length 0 is every address (a training warrant can say \"everything\")"
    }
    guard length <= address.width else { return "a length of at most \(address.width)" }
    guard Prefix(address, length: length) != nil else {
      return "no bits set after the first \(length): \(address.masked(to: length).text)/\(length),"
        + " or the address alone as \"address\""
    }
    return nil
  }

  /// A decimal number of one to three digits without leading zeros.
  private static func number(_ text: String) -> Int? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      text == "0" || text.utf8.first != 0x30
    else { return nil }
    return Int(text)
  }

  static func prefix(_ text: String) -> Prefix? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let address = Address(parts[0]), let length = number(parts[1]) else { return nil }
    return Prefix(address, length: length)
  }

  private static func isText(_ text: String, _ limit: Int, lines: Bool) -> Bool {
    guard (1...limit).contains(text.unicodeScalars.count) else { return false }
    return text.unicodeScalars.allSatisfy {
      switch $0.value {
      case 0x09, 0x0a, 0x0d: lines
      case 0x00...0x1f, 0x7f...0x9f: false
      default: true
      }
    }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
  }
}

extension Address {
  /// The IPv4 address in an IPv4-mapped one (::ffff:0:0/96).
  var mapped: Address? {
    guard family == .v6, upper == 0, lower >> 32 == 0xffff else { return nil }
    return Address(v4: UInt32(truncatingIfNeeded: lower))
  }

  /// IPv6 as eight groups of four digits, the form of ETSI TS 103 280; IPv4 as ever.
  var longForm: String {
    guard family == .v6 else { return text }
    let digits = Array(Hex.text(bytes))
    return stride(from: 0, to: 32, by: 4).map { String(digits[$0..<($0 + 4)]) }.joined(separator: ":")
  }

  /// The address with all bits after the first `length` cleared.
  func masked(to length: Int) -> Address {
    let (low, _) = AddressRange.bounds(self, length: length)
    return low
  }
}
