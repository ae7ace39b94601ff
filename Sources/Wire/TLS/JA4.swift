// JA4, the fingerprint of TLS clients: https://github.com/FoxIO-LLC/ja4, technical_details/JA4.md (BSD licence). The
// document is the rule; the reference programs differ from it in the two characters of unusual ALPN values.

import Bytes
import Cryptography

/// `t13d1516h2_8daaf6152771_e5627efa2ab1`: what carries it, version, server name or not, counts, ALPN; then digests of
/// the sorted suites, and of the sorted extensions with the signature algorithms. GREASE is left out everywhere.
public enum JA4 {
  /// The fingerprint: 36 characters; nil where libcrypto offers no SHA-256.
  public static func client(_ hello: TLSClientHello) -> String? {
    var text = prefix(hello)
    for part in [list(sorted(hello.cipherSuites)), extensionText(hello)] {
      guard let digits = abbreviatedDigest(part) else { return nil }
      text.append(underscore)
      text += digits
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The first ten characters.
  static func prefix(_ hello: TLSClientHello) -> [UInt8] {
    let serverName: UInt8 = hello.extensions.contains(.serverName) ? 0x64 : 0x69
    let alpn = abbreviation(ofProtocol: hello.firstProtocol)
    return [hello.carrier.rawValue] + version(hello) + [serverName] + count(hello.cipherSuites)
      + count(hello.extensions) + [alpn.first, alpn.last]
  }

  /// Extensions but for server name and ALPN, sorted, then the signature algorithms as they stand; empty without
  /// extensions.
  static func extensionText(_ hello: TLSClientHello) -> [UInt8] {
    var text = list(sorted(hello.extensions.filter { $0 != .serverName && $0 != .applicationProtocols }))
    let schemes = list(hello.signatureSchemes.withoutGREASE.map(\.rawValue))
    // The document sets the part to zeros for want of extensions; signature algorithms cannot stand without their own.
    if !schemes.isEmpty {
      text.append(underscore)
      text += schemes
    }
    return text
  }

  /// The version: the highest value of the versions extension, else that of the hello.
  private static func version(_ hello: TLSClientHello) -> [UInt8] {
    let offered = (hello.supportedVersions?.withoutGREASE ?? [hello.legacyVersion]).map(\.rawValue)
    // DTLS counts its versions down: the highest version has the lowest value.
    let highest = hello.carrier == .datagram ? offered.min() : offered.max()
    let name: StaticString =
      switch highest {
      case 0x0304: "13"
      case 0x0303: "12"
      case 0x0302: "11"
      case 0x0301: "10"
      case 0x0300: "s3"
      case 0x0002: "s2"
      case 0xfeff: "d1"
      case 0xfefd: "d2"
      case 0xfefc: "d3"
      default: "00"
      }
    return Array(name.description.utf8)
  }

  /// Two digits, 99 at most.
  private static func count(_ codes: [some TLSCode]) -> [UInt8] {
    var count = 0
    for code in codes where !code.isGREASE { count &+= 1 }
    let shown = UInt8(min(count, 99))
    return [0x30 &+ shown / 10, 0x30 &+ shown % 10]
  }

  /// First and last character of the first ALPN value; where either is not alphanumeric, of its hexadecimal form; zeros
  /// where there is none.
  static func abbreviation(ofProtocol name: [UInt8]) -> (first: UInt8, last: UInt8) {
    guard let first = name.first, let last = name.last else { return (0x30, 0x30) }
    guard isAlphanumeric(first), isAlphanumeric(last) else { return (Hex.digit(first >> 4), Hex.digit(last)) }
    return (first, last)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }

  private static func sorted(_ codes: [some TLSCode]) -> [UInt16] {
    codes.withoutGREASE.map(\.rawValue).sorted()
  }

  /// Four digits a value, joined by commas.
  private static func list(_ values: [UInt16]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(values.count * 5)
    for value in values {
      if !text.isEmpty { text.append(0x2c) }
      text.append(Hex.digit(UInt8(value >> 12)))
      text.append(Hex.digit(UInt8(value >> 8 & 0xf)))
      text.append(Hex.digit(UInt8(value >> 4 & 0xf)))
      text.append(Hex.digit(UInt8(value & 0xf)))
    }
    return text
  }

  /// The first twelve digits of the SHA-256; zeros for an empty text.
  private static func abbreviatedDigest(_ text: [UInt8]) -> [UInt8]? {
    guard !text.isEmpty else { return [UInt8](repeating: 0x30, count: 12) }
    let digest = text.withRawSpan { try? DigestAlgorithm.sha256.digest(of: $0) }
    return digest?.prefix(6).flatMap { [Hex.digit($0 >> 4), Hex.digit($0)] }
  }

  private static let underscore: UInt8 = 0x5f
}
