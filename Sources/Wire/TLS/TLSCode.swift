// Numbers that TLS registers: a value of a field is the registered name, or the number where there is none.

import Bytes
import Findings
import JSON
import Terms

/// A 16-bit number with a registered name.
public protocol TLSCode: FieldType, Hashable, BitwiseCopyable, CustomStringConvertible {
  var rawValue: UInt16 { get }
  init(_ rawValue: UInt16)
  /// The name of the registry, or nil.
  var name: StaticString? { get }
}

extension TLSCode {
  public static var category: Category { .protocolMetadata }
  public static var shape: Shape { .text() }

  /// The registered name, else `0x` and four hexadecimal digits.
  public var description: String { name.map(\.description) ?? number }

  private var number: String { "0x" + Hex.text([UInt8(rawValue >> 8), UInt8(rawValue & 0xff)]) }

  public func write(to json: inout JSONWriter) {
    if let name { json.plain(name) } else { json.string(number) }
  }

  /// One of the sixteen values that mean nothing and keep peers tolerant (RFC 8701 section 2).
  public var isGREASE: Bool { rawValue & 0x0f0f == 0x0a0a && rawValue >> 8 == rawValue & 0xff }
}

extension Array where Element: TLSCode {
  /// The values that mean something.
  public var withoutGREASE: [Element] { filter { !$0.isGREASE } }
}

/// A cipher suite. Names are IANA's.
public struct TLSCipherSuite: TLSCode {
  public let rawValue: UInt16
  public init(_ rawValue: UInt16) { self.rawValue = rawValue }
  public var name: StaticString? { Self.registeredName(rawValue) }
}

/// A protocol version as hellos carry it.
public struct TLSVersion: TLSCode {
  public let rawValue: UInt16
  public init(_ rawValue: UInt16) { self.rawValue = rawValue }

  public static let ssl2 = TLSVersion(0x0002)
  public static let ssl3 = TLSVersion(0x0300)
  public static let tls10 = TLSVersion(0x0301)
  public static let tls11 = TLSVersion(0x0302)
  public static let tls12 = TLSVersion(0x0303)
  public static let tls13 = TLSVersion(0x0304)
  /// Draft 26 as Facebook's servers deployed it.
  static let facebookDraft26 = TLSVersion(0xfb1a)

  /// The number of the TLS 1.3 draft, where this is one (RFC 8446 section 4.2.1 in its drafts: 0x7f00 and the number).
  public var draft: Int? { rawValue >> 8 == 0x7f ? Int(rawValue & 0xff) : self == .facebookDraft26 ? 26 : nil }

  /// TLS 1.3, one of its drafts, or one of the experiments that Google ran with it (0x7e01 and following).
  public var isTLS13: Bool { self == .tls13 || draft != nil || rawValue >> 8 == 0x7e }

  public var name: StaticString? {
    switch rawValue {
    case 0x0002: "SSL 2.0"
    case 0x0300: "SSL 3.0"
    case 0x0301: "TLS 1.0"
    case 0x0302: "TLS 1.1"
    case 0x0303: "TLS 1.2"
    case 0x0304: "TLS 1.3"
    case 0xfeff: "DTLS 1.0"
    case 0xfefd: "DTLS 1.2"
    case 0xfefc: "DTLS 1.3"
    case 0x7f00...0x7f1c: Self.drafts[Int(rawValue & 0xff)]
    case Self.facebookDraft26.rawValue: Self.drafts[26]
    default: nil
    }
  }
}

extension TLSVersion {
  /// By number. The last draft was 28.
  private static let drafts: [StaticString] = [
    "TLS 1.3 draft 0", "TLS 1.3 draft 1", "TLS 1.3 draft 2", "TLS 1.3 draft 3", "TLS 1.3 draft 4", "TLS 1.3 draft 5",
    "TLS 1.3 draft 6", "TLS 1.3 draft 7", "TLS 1.3 draft 8", "TLS 1.3 draft 9", "TLS 1.3 draft 10",
    "TLS 1.3 draft 11", "TLS 1.3 draft 12", "TLS 1.3 draft 13", "TLS 1.3 draft 14", "TLS 1.3 draft 15",
    "TLS 1.3 draft 16", "TLS 1.3 draft 17", "TLS 1.3 draft 18", "TLS 1.3 draft 19", "TLS 1.3 draft 20",
    "TLS 1.3 draft 21", "TLS 1.3 draft 22", "TLS 1.3 draft 23", "TLS 1.3 draft 24", "TLS 1.3 draft 25",
    "TLS 1.3 draft 26", "TLS 1.3 draft 27", "TLS 1.3 draft 28",
  ]
}

/// A group for key exchange: an elliptic curve, a finite field, or a key encapsulation.
/// Names: https://www.iana.org/assignments/tls-parameters (TLS Supported Groups).
public struct TLSNamedGroup: TLSCode {
  public let rawValue: UInt16
  public init(_ rawValue: UInt16) { self.rawValue = rawValue }

  public var name: StaticString? {
    switch rawValue {
    case 1...14: Self.binaryCurves[Int(rawValue) - 1]
    case 15: "secp160k1"
    case 16: "secp160r1"
    case 17: "secp160r2"
    case 18: "secp192k1"
    case 19: "secp192r1"
    case 20: "secp224k1"
    case 21: "secp224r1"
    case 22: "secp256k1"
    case 23: "secp256r1"
    case 24: "secp384r1"
    case 25: "secp521r1"
    case 26: "brainpoolP256r1"
    case 27: "brainpoolP384r1"
    case 28: "brainpoolP512r1"
    case 29: "x25519"
    case 30: "x448"
    case 31: "brainpoolP256r1tls13"
    case 32: "brainpoolP384r1tls13"
    case 33: "brainpoolP512r1tls13"
    case 34: "GC256A"
    case 35: "GC256B"
    case 36: "GC256C"
    case 37: "GC256D"
    case 38: "GC512A"
    case 39: "GC512B"
    case 40: "GC512C"
    case 41: "curveSM2"
    case 256: "ffdhe2048"
    case 257: "ffdhe3072"
    case 258: "ffdhe4096"
    case 259: "ffdhe6144"
    case 260: "ffdhe8192"
    case 512: "MLKEM512"
    case 513: "MLKEM768"
    case 514: "MLKEM1024"
    case 4587: "SecP256r1MLKEM768"
    case 4588: "X25519MLKEM768"
    case 4589: "SecP384r1MLKEM1024"
    case 25497: "X25519Kyber768Draft00"
    case 25498: "SecP256r1Kyber768Draft00"
    case 65281: "arbitrary_explicit_prime_curves"
    case 65282: "arbitrary_explicit_char2_curves"
    default: nil
    }
  }

  private static let binaryCurves: [StaticString] = [
    "sect163k1", "sect163r1", "sect163r2", "sect193r1", "sect193r2", "sect233k1", "sect233r1", "sect239k1",
    "sect283k1", "sect283r1", "sect409k1", "sect409r1", "sect571k1", "sect571r1",
  ]
}

/// A signature algorithm. Names: RFC 8446 section 4.2.3 and https://www.iana.org/assignments/tls-parameters (TLS
/// SignatureScheme); pairs of TLS 1.2 that have no name there are numbers.
public struct TLSSignatureScheme: TLSCode {
  public let rawValue: UInt16
  public init(_ rawValue: UInt16) { self.rawValue = rawValue }

  public var name: StaticString? {
    switch rawValue {
    case 0x0201: "rsa_pkcs1_sha1"
    case 0x0203: "ecdsa_sha1"
    case 0x0401: "rsa_pkcs1_sha256"
    case 0x0403: "ecdsa_secp256r1_sha256"
    case 0x0420: "rsa_pkcs1_sha256_legacy"
    case 0x0501: "rsa_pkcs1_sha384"
    case 0x0503: "ecdsa_secp384r1_sha384"
    case 0x0520: "rsa_pkcs1_sha384_legacy"
    case 0x0601: "rsa_pkcs1_sha512"
    case 0x0603: "ecdsa_secp521r1_sha512"
    case 0x0620: "rsa_pkcs1_sha512_legacy"
    case 0x0708: "sm2sig_sm3"
    case 0x0804: "rsa_pss_rsae_sha256"
    case 0x0805: "rsa_pss_rsae_sha384"
    case 0x0806: "rsa_pss_rsae_sha512"
    case 0x0807: "ed25519"
    case 0x0808: "ed448"
    case 0x0809: "rsa_pss_pss_sha256"
    case 0x080a: "rsa_pss_pss_sha384"
    case 0x080b: "rsa_pss_pss_sha512"
    case 0x081a: "ecdsa_brainpoolP256r1tls13_sha256"
    case 0x081b: "ecdsa_brainpoolP384r1tls13_sha384"
    case 0x081c: "ecdsa_brainpoolP512r1tls13_sha512"
    case 0x0904: "mldsa44"
    case 0x0905: "mldsa65"
    case 0x0906: "mldsa87"
    default: nil
    }
  }
}

/// The type of a hello's extension, of those that are read here.
/// Numbers: https://www.iana.org/assignments/tls-extensiontype-values.
public struct TLSExtensionType: TLSCode {
  public let rawValue: UInt16
  public init(_ rawValue: UInt16) { self.rawValue = rawValue }
  public var name: StaticString? { nil }

  public static let serverName = TLSExtensionType(0)
  public static let supportedGroups = TLSExtensionType(10)
  public static let pointFormats = TLSExtensionType(11)
  public static let signatureAlgorithms = TLSExtensionType(13)
  public static let applicationProtocols = TLSExtensionType(16)
  public static let sessionTicket = TLSExtensionType(35)
  public static let preSharedKey = TLSExtensionType(41)
  public static let earlyData = TLSExtensionType(42)
  public static let supportedVersions = TLSExtensionType(43)
  public static let certificateSignatureAlgorithms = TLSExtensionType(50)
  public static let keyShare = TLSExtensionType(51)
  public static let quicTransportParameters = TLSExtensionType(57)
  /// Key shares before draft 23 of TLS 1.3.
  static let draftKeyShare = TLSExtensionType(40)
  /// QUIC's parameters before RFC 9001 (draft-ietf-quic-tls-27 section 8.2).
  static let draftQUICTransportParameters = TLSExtensionType(0xffa5)
  /// An encrypted ClientHello (RFC 9849 section 5).
  public static let encryptedClientHello = TLSExtensionType(0xfe0d)
  /// Its forerunner (draft-ietf-tls-esni-02 section 4).
  public static let encryptedServerName = TLSExtensionType(0xffce)
}
