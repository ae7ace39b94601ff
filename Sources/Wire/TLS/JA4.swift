// JA4, the fingerprint of TLS clients: https://github.com/FoxIO-LLC/ja4, technical_details/JA4.md (BSD licence). The
// document is the rule; the reference programs differ from it in the two characters of unusual ALPN values.

import Bytes
import Cryptography

/// `t13d1516h2_8daaf6152771_e5627efa2ab1`: what carries it, version, server name or not, counts, ALPN; then digests of
/// the sorted suites, and of the sorted extensions with the signature algorithms. GREASE is left out everywhere.
public enum JA4 {
  /// The fingerprint: 36 characters; nil where libcrypto offers no SHA-256.
  public static func client(_ hello: TLSClientOffer) -> String? {
    var text: [UInt8] = []
    text.reserveCapacity(36)
    appendPrefix(hello, to: &text)
    var part: [UInt8] = []
    part.reserveCapacity(256)
    appendSorted(hello.cipherSuites, to: &part)
    guard appendAbbreviatedDigest(part, to: &text) else { return nil }
    part.removeAll(keepingCapacity: true)
    appendExtensions(hello, to: &part)
    guard appendAbbreviatedDigest(part, to: &text) else { return nil }
    return String(decoding: text, as: UTF8.self)
  }

  /// The first ten characters.
  private static func appendPrefix(_ hello: TLSClientOffer, to text: inout [UInt8]) {
    let alpn = abbreviation(ofProtocol: hello.firstProtocol)
    text.append(hello.carrier.rawValue)
    text += version(hello)
    text.append(hello.extensions.contains(.serverName) ? 0x64 : 0x69)
    appendCount(hello.cipherSuites, to: &text)
    appendCount(hello.extensions, to: &text)
    text.append(alpn.first)
    text.append(alpn.last)
  }

  /// The version: the highest value of the versions extension, else that of the hello.
  private static func version(_ hello: TLSClientOffer) -> [UInt8] {
    var highest: UInt16?
    for version in hello.supportedVersions ?? [hello.legacyVersion] where !version.isGREASE {
      // DTLS counts its versions down: the highest version has the lowest value.
      let isHigher = highest.map { (version.rawValue > $0) != (hello.carrier == .datagram) } ?? true
      if isHigher { highest = version.rawValue }
    }
    return switch highest {
    case 0x0304: [0x31, 0x33]
    case 0x0303: [0x31, 0x32]
    case 0x0302: [0x31, 0x31]
    case 0x0301: [0x31, 0x30]
    // s3, s2
    case 0x0300: [0x73, 0x33]
    case 0x0002: [0x73, 0x32]
    // d1, d2, d3
    case 0xfeff: [0x64, 0x31]
    case 0xfefd: [0x64, 0x32]
    case 0xfefc: [0x64, 0x33]
    default: [0x30, 0x30]
    }
  }

  /// Two digits, 99 at most.
  private static func appendCount(_ codes: [some TLSCode], to text: inout [UInt8]) {
    var count = 0
    for code in codes where !code.isGREASE { count &+= 1 }
    let shown = UInt8(min(count, 99))
    text.append(0x30 &+ shown / 10)
    text.append(0x30 &+ shown % 10)
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

  /// Extensions but for server name and ALPN, sorted, then the signature algorithms as they stand; empty without
  /// extensions.
  private static func appendExtensions(_ hello: TLSClientOffer, to text: inout [UInt8]) {
    appendSorted(hello.extensions, except: [.serverName, .applicationProtocols], to: &text)
    // The document sets the part to zeros for want of extensions; signature algorithms cannot stand without their own.
    var separator = underscore
    for scheme in hello.signatureSchemes where !scheme.isGREASE {
      text.append(separator)
      append(scheme.rawValue, to: &text)
      separator = comma
    }
  }

  /// Four digits a value, sorted, joined by commas.
  private static func appendSorted<Code: TLSCode>(_ codes: [Code], except left: [Code] = [], to text: inout [UInt8]) {
    var values: [UInt16] = []
    values.reserveCapacity(codes.count)
    for code in codes where !code.isGREASE && !left.contains(code) { values.append(code.rawValue) }
    values.sort()
    for value in values {
      if !text.isEmpty { text.append(comma) }
      append(value, to: &text)
    }
  }

  private static func append(_ value: UInt16, to text: inout [UInt8]) {
    text.append(Hex.digit(UInt8(value >> 12)))
    text.append(Hex.digit(UInt8(value >> 8 & 0xf)))
    text.append(Hex.digit(UInt8(value >> 4 & 0xf)))
    text.append(Hex.digit(UInt8(value & 0xf)))
  }

  /// Appends an underscore and the first twelve digits of the SHA-256; zeros for an empty part. False where there is no
  /// SHA-256.
  private static func appendAbbreviatedDigest(_ part: [UInt8], to text: inout [UInt8]) -> Bool {
    text.append(underscore)
    if part.isEmpty {
      text += [UInt8](repeating: 0x30, count: 12)
      return true
    }
    guard let digest = part.withRawSpan({ DigestAlgorithm.sha256.text(of: $0) }) else { return false }
    text += digest.utf8.prefix(12)
    return true
  }

  private static let comma: UInt8 = 0x2c
  private static let underscore: UInt8 = 0x5f
}
