// What an X.509 certificate says (RFC 5280), read by OpenSSL. The bytes may come from anywhere: whatever they hold, the
// call ends with values or nil, and frees all that libcrypto made.

import Bytes
import CVeilCrypto

/// The parts of a certificate that a finding may show. Every text and list is bounded.
public struct X509Certificate: Hashable, Sendable {
  /// The distinguished name of RFC 4514, most specific part first: `CN=a.example,O=Example,C=DE`. UTF-8, control
  /// characters escaped. Empty for an empty name; ends in `…` where it is cut.
  public let subject: String
  public let issuer: String
  /// Lower-case hexadecimal digits, two a byte, with a leading `-` where the number is negative.
  public let serialNumber: String
  /// RFC 3339, UTC; nil where the certificate's time is none.
  public let notBefore: String?
  public let notAfter: String?
  /// Names of type `dNSName` and addresses of type `iPAddress`, in the certificate's order.
  public let subjectAlternativeNames: [SubjectAlternativeName]
  /// How many more of these two types there were than `limits.alternativeNames`.
  public let alternativeNamesLeftOut: Int

  /// What is read of one certificate at most.
  public enum Limits {
    /// Bytes of one text. Names in use have a few hundred.
    public static let text = 1024
    /// Alternative names. Public authorities allow some hundred.
    public static let alternativeNames = 200
    /// Bytes of a serial number: RFC 5280 section 4.1.2.2 allows 20.
    public static let serialNumber = 64
    /// Bytes of a certificate.
    public static let encoding = 0x20000
  }

  /// Reads the certificate that `der` holds. Nil where OpenSSL finds none; bytes after it are not looked at.
  public init?(der: RawSpan) {
    // Sound: an OpaquePointer is only passed on here.
    guard der.byteCount > 0, der.byteCount <= Limits.encoding, let certificate = unsafe X509Certificate.decode(der)
    else {
      return nil
    }
    // Sound here and below: `certificate` is valid until it is freed, once, on the only way out; what the `get0` calls
    // give belongs to it and is used before.
    defer { unsafe X509_free(certificate) }
    subject = unsafe X509Certificate.text(of: X509_get_subject_name(certificate))
    issuer = unsafe X509Certificate.text(of: X509_get_issuer_name(certificate))
    serialNumber = unsafe X509Certificate.digits(of: X509_get0_serialNumber(certificate))
    notBefore = unsafe X509Certificate.time(X509_get0_notBefore(certificate))
    notAfter = unsafe X509Certificate.time(X509_get0_notAfter(certificate))
    (subjectAlternativeNames, alternativeNamesLeftOut) = unsafe X509Certificate.alternativeNames(of: certificate)
    // Parts that cannot be decoded leave errors in the thread's queue.
    ERR_clear_error()
  }

  /// A context of libcrypto without algorithms. Reading a certificate would decode its public key too, which takes twelve
  /// times as long as all the rest, and which nobody asks for; without decoders the key stays bytes. Nil, which stands
  /// for the default context, where it cannot be made.
  // Sound: made once, never freed, and libcrypto locks what it changes in it.
  nonisolated(unsafe) private static let withoutAlgorithms: OpaquePointer? = {
    // Sound: as above; a context whose provider fails to load is freed at once and not used.
    guard let context = unsafe OSSL_LIB_CTX_new() else { return nil }
    guard unsafe OSSL_PROVIDER_load(context, "null") != nil else {
      unsafe OSSL_LIB_CTX_free(context)
      return nil
    }
    return unsafe context
  }()

  private static func decode(_ der: RawSpan) -> OpaquePointer? {
    // Sound: the bytes are lent for the call; ASN1_item_d2i_ex reads `count` bytes from `start`, copies what it keeps,
    // and gives what the item describes: an X509.
    let certificate = unsafe der.withUnsafeBytes { buffer -> OpaquePointer? in
      var start = unsafe buffer.bindMemory(to: UInt8.self).baseAddress
      return unsafe ASN1_item_d2i_ex(nil, &start, buffer.count, X509_it(), withoutAlgorithms, nil)
    }
    if unsafe certificate == nil { ERR_clear_error() }
    return unsafe certificate
  }

  // MARK: - Names

  /// RFC 4514 order, separators and escapes, UTF-8 left as it is; unknown types as numbers with a hexadecimal value.
  private static let nameFlags: UInt = {
    let escapes = ASN1_STRFLGS_ESC_2253 | ASN1_STRFLGS_ESC_CTRL
    let values = UInt(ASN1_STRFLGS_UTF8_CONVERT | ASN1_STRFLGS_DUMP_UNKNOWN | ASN1_STRFLGS_DUMP_DER)
    let form = UInt(XN_FLAG_SEP_COMMA_PLUS) | UInt(XN_FLAG_DN_REV) | UInt(XN_FLAG_FN_SN)
    return UInt(escapes) | values | form | UInt(XN_FLAG_DUMP_UNKNOWN_FIELDS)
  }()

  private static func text(of name: OpaquePointer?) -> String {
    // Sound: the caller's certificate owns the name; a new BIO is ours.
    guard let name = unsafe name, let output = unsafe BIO_new(BIO_s_mem()) else { return "" }
    // Sound: the BIO is ours and freed once; its memory is read before.
    defer { unsafe BIO_free(output) }
    guard unsafe X509_NAME_print_ex(output, name, 0, nameFlags) >= 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: Limits.text + 1)
    // Sound: BIO_read writes at most `buffer.count` bytes into the array's own buffer.
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe BIO_read(output, buffer.baseAddress, Int32(buffer.count))
    }
    return bounded(bytes.prefix(max(0, Int(count))))
  }

  /// Text of at most `Limits.text` bytes; repaired where it is no UTF-8.
  private static func bounded(_ bytes: ArraySlice<UInt8>) -> String {
    guard bytes.count > Limits.text else { return String(decoding: bytes, as: UTF8.self) }
    var end = bytes.startIndex + Limits.text
    // Not within a character.
    while end > bytes.startIndex, bytes[end] & 0xc0 == 0x80 { end -= 1 }
    return String(decoding: bytes[..<end], as: UTF8.self) + "…"
  }

  // MARK: - Serial number and times

  private static func digits(of serial: UnsafePointer<ASN1_INTEGER>?) -> String {
    // Sound: the caller's certificate owns the number.
    guard let serial = unsafe serial else { return "" }
    let sign = unsafe ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER ? "-" : ""
    return unsafe sign + Hex.text(bytes(of: serial, atMost: Limits.serialNumber))
  }

  /// The content of a string that libcrypto holds.
  private static func bytes(of string: UnsafePointer<ASN1_STRING>, atMost limit: Int) -> [UInt8] {
    // Sound: libcrypto's string has `length` bytes from `start` on, and lives through this call.
    let count = unsafe min(Int(ASN1_STRING_length(string)), limit)
    guard let start = unsafe ASN1_STRING_get0_data(string), count > 0 else { return [] }
    return unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
  }

  /// RFC 3339, UTC.
  static func time(_ time: UnsafePointer<ASN1_TIME>?) -> String? {
    var parts = unsafe tm()
    // Sound: `parts` is ours; ASN1_TIME_to_tm fails on what is no time, and takes nil for the present, hence the guard.
    guard let time = unsafe time, unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
    let year = unsafe Int(parts.tm_year) + 1900
    guard (0...9999).contains(year) else { return nil }
    let date = unsafe padded(year, 4) + "-" + padded(Int(parts.tm_mon) + 1, 2) + "-" + padded(Int(parts.tm_mday), 2)
    let clock = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }
    return date + "T" + clock.joined(separator: ":") + "Z"
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  // MARK: - Alternative names

  private static func alternativeNames(of certificate: OpaquePointer) -> ([SubjectAlternativeName], Int) {
    // Sound: the stack is ours and freed once with all it holds; its names are copied before.
    guard let found = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return ([], 0) }
    let stack = OpaquePointer(found)
    defer { unsafe GENERAL_NAMES_free(stack) }
    var names: [SubjectAlternativeName] = []
    var leftOut = 0
    for index in unsafe 0..<max(0, OPENSSL_sk_num(stack)) {
      guard let entry = unsafe OPENSSL_sk_value(stack, index),
        let name = unsafe alternativeName(entry.assumingMemoryBound(to: GENERAL_NAME.self))
      else { continue }
      if names.count < Limits.alternativeNames { names.append(name) } else { leftOut += 1 }
    }
    return (names, leftOut)
  }

  private static func alternativeName(_ name: UnsafeMutablePointer<GENERAL_NAME>) -> SubjectAlternativeName? {
    var type: Int32 = 0
    // Sound: for these two types libcrypto gives a string of its own (GENERAL_NAME_get0_value(3)).
    guard let value = unsafe GENERAL_NAME_get0_value(name, &type), type == GEN_DNS || type == GEN_IPADD else {
      return nil
    }
    let content = unsafe bytes(of: value.assumingMemoryBound(to: ASN1_STRING.self), atMost: Limits.text + 1)
    return type == GEN_DNS ? .dns(bounded(content[...])) : .address(content)
  }
}

/// A name that a certificate holds for besides its subject (RFC 5280 section 4.2.1.6).
public enum SubjectAlternativeName: Hashable, Sendable {
  case dns(String)
  /// 4 or 16 bytes by the standard; hostile certificates have others.
  case address([UInt8])
}
