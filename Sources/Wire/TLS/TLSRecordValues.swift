// Values of the flow record's object `tls` that no other record has.

import Bytes
import Cryptography
import Findings
import JSON
import Terms

/// A way to resume a session.
struct ResumptionText: FieldType {
  static let category = Category.protocolMetadata
  static let shape = Shape.text(values: TLSResumption.allCases.map(\.rawValue))
  let resumption: TLSResumption
  init(_ resumption: TLSResumption) { self.resumption = resumption }
  func write(to json: inout JSONWriter) { json.string(resumption.rawValue) }
}

/// Whether a server's certificates can be seen.
struct VisibilityText: FieldType {
  static let category = Category.protocolMetadata
  static let shape = Shape.text(values: TLSServerCertificates.Visibility.allCases.map(\.rawValue))
  let visibility: TLSServerCertificates.Visibility
  init(_ visibility: TLSServerCertificates.Visibility) { self.visibility = visibility }
  func write(to json: inout JSONWriter) { json.string(visibility.rawValue) }
}

/// A count of certificates or of names in one.
struct CertificateCount: FieldType {
  static let category = Category.certificate
  static let shape = Shape.integer(minimum: 0)
  let count: Int
  init(_ count: Int) { self.count = count }
  func write(to json: inout JSONWriter) { json.integer(Int64(count)) }
}

/// A time that stands in a certificate, whose years may lie outside what a `Timestamp` can hold.
struct CertificateDate: FieldType {
  static let category = Category.certificate
  static let shape = Shape.time
  /// RFC 3339, UTC.
  let text: String
  init(_ text: String) { self.text = text }
  func write(to json: inout JSONWriter) { json.string(text) }
}

/// A certificate in a record.
public struct ShownCertificate: FieldObject {
  let certificate: TLSCertificate
  public init(_ certificate: TLSCertificate) { self.certificate = certificate }

  private static let sha1 = Field<CertificateText>("sha1", "SHA-1 of the certificate as sent")
  private static let sha256 = Field<CertificateText>("sha256", "SHA-256 of the certificate as sent")
  private static let subject = Field<CertificateText>(
    "subject", "subject, in RFC 4514's form", when: "the certificate can be read")
  private static let issuer = Field<CertificateText>(
    "issuer", "issuer, in RFC 4514's form", when: "the certificate can be read")
  private static let serial = Field<CertificateText>(
    "serial", "serial number in hexadecimal digits", when: "the certificate can be read")
  private static let notBefore = Field<CertificateDate>(
    "not_before", "first instant of its validity", when: "the certificate can be read and gives a time")
  private static let notAfter = Field<CertificateDate>(
    "not_after", "last instant of its validity", when: "the certificate can be read and gives a time")
  private static let names = ListField<CertificateText>(
    "subject_alternative_names", "DNS names and IP addresses it holds for, in its order; 200 at most",
    when: "the certificate can be read and has any")
  private static let namesLeftOut = Field<CertificateCount>(
    "subject_alternative_names_left_out", "how many more names it holds", when: "there are more than 200")

  public static var fields: [FieldDeclaration] {
    [
      sha1.declaration, sha256.declaration, subject.declaration, issuer.declaration, serial.declaration,
      notBefore.declaration, notAfter.declaration, names.declaration, namesLeftOut.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    if Self.areOfOneCategory, record.allowed.holds(.certificate), record.allowed.holds(.addressesOfThirdParties) {
      record.json.fragment(certificate.members)
    } else {
      Self.write(sha1: certificate.sha1, sha256: certificate.sha256, certificate.content, to: &record)
    }
  }

  /// Whether one category decides whether the members are put out: then they are written once, whoever sends them.
  private static let areOfOneCategory = fields.allSatisfy { $0.category == .certificate }

  /// The members as they stand in a record that holds them all.
  static func members(sha1: String?, sha256: String?, _ content: X509Certificate?) -> [UInt8] {
    var record = FieldWriter(JSONWriter(reserving: 1_024), allowing: .all)
    write(sha1: sha1, sha256: sha256, content, to: &record)
    return record.json.bytes
  }

  private static func write(
    sha1: String?, sha256: String?, _ content: X509Certificate?, to record: inout FieldWriter
  ) {
    record.put(Self.sha1, sha1.map { CertificateText($0) })
    record.put(Self.sha256, sha256.map { CertificateText($0) })
    guard let content else { return }
    record.put(subject, CertificateText(content.subject))
    record.put(issuer, CertificateText(content.issuer))
    record.put(serial, CertificateText(content.serialNumber))
    record.put(notBefore, content.notBefore.map { CertificateDate($0) })
    record.put(notAfter, content.notAfter.map { CertificateDate($0) })
    let shown = content.subjectAlternativeNames.map { CertificateText(text($0)) }
    record.put(names, shown.isEmpty ? nil : shown)
    let leftOut = content.alternativeNamesLeftOut
    record.put(namesLeftOut, leftOut > 0 ? CertificateCount(leftOut) : nil)
  }

  /// A DNS name as it is; an address as such, or its bytes in hexadecimal where their number is wrong.
  private static func text(_ name: SubjectAlternativeName) -> String {
    switch name {
    case .dns(let text): text
    case .address(let bytes): Address(bytes: bytes)?.text ?? Hex.text(bytes)
    }
  }
}

extension Address {
  /// The address of 4 or 16 bytes; nil for any other number.
  fileprivate init?(bytes: [UInt8]) {
    let words = bytes.withRawSpan { span in (span.u32IfPresent(0), span.u64IfPresent(0), span.u64IfPresent(8)) }
    switch (bytes.count, words.0, words.1, words.2) {
    case (4, let word?, _, _): self.init(v4: word)
    case (16, _, let upper?, let lower?): self.init(v6: upper, lower)
    default: return nil
    }
  }
}

extension RawSpan {
  fileprivate func u64IfPresent(_ offset: Int) -> UInt64? {
    guard let upper = u32IfPresent(offset), let lower = u32IfPresent(offset &+ 4) else { return nil }
    return UInt64(upper) << 32 | UInt64(lower)
  }
}
