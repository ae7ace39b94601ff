// The certificates by which a DNSCrypt resolver gives its keys, in TXT records of plain DNS (DNSCrypt version 2 protocol
// specification, "Certificates").
//
//   0  "DNSC"              72  resolver's short-term key (32)
//   4  version (2)        104  magic that clients begin their queries with (8)
//   6  minor version (2)  112  serial (4)
//   8  signature (64)     116  valid from, 120 until (seconds since 1970)

import Bytes
import Findings
import Terms

/// A query for certificates, `2.dnscrypt-cert.` and a provider's name, with what was answered.
public struct DNSCryptCertificates: Observation {
  static let magic: StaticString = "DNSC"
  static let length = 124
  static let prefix: StaticString = "2."

  /// Of the certificates answered, 16 at most: 1 with XSalsa20-Poly1305, 2 with XChaCha20-Poly1305.
  public private(set) var versions: [UInt16] = []
  public let isAnswered: Bool
  /// The name that was asked for.
  public let name: DNSName

  /// Whether the name is one that certificates are asked by: a provider's own name stands for `dnscrypt-cert` too.
  public static func isAsked(_ name: DNSName, type: UInt16) -> Bool { type == 16 && name.hasPrefix(prefix) }

  /// Whether the name is the one of the specification.
  public var hasUsualName: Bool { name.hasPrefix("2.dnscrypt-cert.") }

  /// A query that no answer is in view of.
  public init(unanswered name: DNSName) {
    isAnswered = false
    self.name = name
  }

  public init(_ message: borrowing DNSMessage, name: DNSName) {
    isAnswered = true
    self.name = name
    do throws(ReadError) {
      var reader = ByteReader(message.bytes)
      let header = try DNSHeader(&reader)
      for _ in 0..<header.questions { _ = try DNSQuestion(&reader) }
      for _ in 0..<header.answers {
        let record = try DNSRecord(&reader)
        if record.type == 16, versions.count < 16 {
          take(message.bytes.slice(record.data.lowerBound, record.data.count))
        }
      }
    } catch {
      // What was read before stands.
    }
  }

  /// A TXT record: texts of up to 255 bytes, each behind its length, together a certificate.
  private mutating func take(_ data: RawSpan) {
    var at = 0
    var certificate: [UInt8] = []
    while at < data.byteCount, certificate.count < Self.length {
      let length = Int(data.u8(at))
      certificate.append(data.slice(at &+ 1, length))
      at &+= 1 &+ length
    }
    guard certificate.count >= Self.length else { return }
    certificate.withRawSpan { span in
      if span.holds(Self.magic) { versions.append(span.u16(4)) }
    }
  }

  public static let record: StaticString = "dnscrypt"
  private static let versionsField = ListField<ProtocolNumber>(
    "certificate_versions",
    "versions of the certificates that the resolver gave: 1 (XSalsa20-Poly1305) or 2 (XChaCha20-Poly1305)",
    when: "it gave any")
  private static let unansweredField = Field<ProtocolFlag>(
    "certificates_unanswered", "true: certificates were asked for, and no answer is in view", when: "true")
  public static var fields: [FieldDeclaration] { [versionsField.declaration, unansweredField.declaration] }

  public func write(to record: inout FieldWriter) {
    record.put(Self.versionsField, versions.isEmpty ? nil : versions.map { ProtocolNumber($0) })
    record.put(Self.unansweredField, ProtocolFlag(ifTrue: !isAnswered))
  }
}
