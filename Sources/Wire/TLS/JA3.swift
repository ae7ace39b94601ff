// JA3 and JA3S: https://github.com/salesforce/ja3 (README and the reference programs, BSD licence).

import Bytes
import Cryptography
import Synchronization

/// MD5 over what a hello offers, as decimal numbers: fields joined by commas, values by dashes, GREASE left out.
public enum JA3 {
  /// `version,suites,extensions,groups,point formats`, digested: 32 digits; nil where libcrypto offers no MD5.
  public static func client(_ hello: TLSClientOffer) -> String? { digits(clientText(hello)) }

  /// `version,suite,extensions`, digested: 32 digits; nil without a cipher suite, or where libcrypto offers no MD5.
  public static func server(_ hello: TLSServerHello) -> String? {
    guard let text = serverText(hello) else { return nil }
    return text.withRawSpan { text in
      if let known = known.withLock({ $0.value(of: text) }) { return known }
      let new = DigestAlgorithm.md5.text(of: text)
      known.withLock { $0.keep(new, of: text) }
      return new
    }
  }

  /// Servers answer in few ways. 1 MiB at most.
  private static let known = Mutex(ByteMemo<String?>(places: 128, longestKey: 256))

  private static func digits(_ text: [UInt8]) -> String? {
    text.withRawSpan { DigestAlgorithm.md5.text(of: $0) }
  }

  /// What `client` digests, in ASCII.
  public static func clientText(_ hello: TLSClientOffer) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(512)
    append(hello.legacyVersion.rawValue, to: &text)
    append(hello.cipherSuites, to: &text)
    append(hello.extensions, to: &text)
    append(hello.supportedGroups, to: &text)
    text.append(comma)
    for (index, format) in hello.pointFormats.enumerated() {
      if index > 0 { text.append(dash) }
      append(UInt16(format), to: &text)
    }
    return text
  }

  /// What `server` digests, in ASCII.
  public static func serverText(_ hello: TLSServerHello) -> [UInt8]? {
    guard let suite = hello.cipherSuite else { return nil }
    var text: [UInt8] = []
    text.reserveCapacity(64)
    append(hello.legacyVersion.rawValue, to: &text)
    text.append(comma)
    append(suite.rawValue, to: &text)
    append(hello.extensions, to: &text)
    return text
  }

  private static let comma: UInt8 = 0x2c
  private static let dash: UInt8 = 0x2d

  private static func append(_ codes: [some TLSCode], to text: inout [UInt8]) {
    text.append(comma)
    var isFirst = true
    for code in codes where !code.isGREASE {
      if !isFirst { text.append(dash) }
      isFirst = false
      append(code.rawValue, to: &text)
    }
  }

  private static func append(_ number: UInt16, to text: inout [UInt8]) {
    var divisor: UInt16 = 10_000
    while divisor > 1, number < divisor { divisor /= 10 }
    while divisor > 0 {
      text.append(0x30 &+ UInt8(truncatingIfNeeded: number / divisor % 10))
      divisor /= 10
    }
  }
}
