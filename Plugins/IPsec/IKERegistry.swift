// Registered names: https://www.iana.org/assignments/ipsec-registry and ikev2-parameters (November 2025). A number
// without a name is shown as such.

enum IKERegistry {
  // MARK: - Version 1: RFC 2409 appendix A

  static func version1Encryption(_ number: UInt16) -> String {
    let names = ["DES-CBC", "IDEA-CBC", "Blowfish-CBC", "RC5-CBC", "3DES-CBC", "CAST-CBC", "AES-CBC", "Camellia-CBC"]
    return name(names, number, from: 1, else: "encryption")
  }

  static func version1Hash(_ number: UInt16) -> String {
    name(["MD5", "SHA1", "Tiger", "SHA2-256", "SHA2-384", "SHA2-512"], number, from: 1, else: "hash")
  }

  static func version1Authentication(_ number: UInt16) -> String {
    switch number {
    case 1: "pre-shared-key"
    case 2: "DSS-signature"
    case 3: "RSA-signature"
    case 4: "RSA-encryption"
    case 5: "RSA-encryption-revised"
    case 9: "ECDSA-P256"
    case 10: "ECDSA-P384"
    case 11: "ECDSA-P521"
    // draft-ietf-ipsec-isakmp-hybrid-auth, draft-ietf-ipsec-isakmp-xauth.
    case 64_221: "hybrid-RSA"
    case 65_001: "XAUTH-pre-shared-key"
    case 65_005: "XAUTH-RSA-signature"
    default: "authentication-\(number)"
    }
  }

  static func identity(_ number: UInt8) -> String {
    switch number {
    case 1: "IPv4-address"
    case 2: "FQDN"
    case 3: "user-FQDN"
    case 4: "IPv4-subnet"
    case 5: "IPv6-address"
    case 6: "IPv6-subnet"
    case 9: "distinguished-name"
    case 10: "general-name"
    case 11: "key-id"
    default: "\(number)"
    }
  }

  // MARK: - Both

  /// Groups for key exchange: one registry for both versions, but for names.
  static func group(_ number: UInt16) -> String {
    switch number {
    case 0: "none"
    case 1: "MODP-768"
    case 2: "MODP-1024"
    case 5: "MODP-1536"
    case 14: "MODP-2048"
    case 15: "MODP-3072"
    case 16: "MODP-4096"
    case 17: "MODP-6144"
    case 18: "MODP-8192"
    case 19: "ECP-256"
    case 20: "ECP-384"
    case 21: "ECP-521"
    case 22: "MODP-1024-160"
    case 23: "MODP-2048-224"
    case 24: "MODP-2048-256"
    case 25: "ECP-192"
    case 26: "ECP-224"
    case 27: "brainpool-224"
    case 28: "brainpool-256"
    case 29: "brainpool-384"
    case 30: "brainpool-512"
    case 31: "Curve25519"
    case 32: "Curve448"
    case 35: "ML-KEM-512"
    case 36: "ML-KEM-768"
    case 37: "ML-KEM-1024"
    default: "group-\(number)"
    }
  }

  /// ML-KEM: draft-ietf-ipsecme-ikev2-mlkem.
  static func isPostQuantum(group: UInt16) -> Bool { (35...37).contains(group) }

  // MARK: - Version 2: RFC 7296 section 3.3.2

  /// Type 4, and the additional key exchanges (RFC 9370: 6 to 12).
  static func isKeyExchange(_ type: UInt8) -> Bool { type == 4 || (6...12).contains(type) }

  static func transform(_ type: UInt8, _ number: UInt16) -> String {
    switch type {
    case 1: return encryption(number)
    case 2:
      let names = [
        "PRF-HMAC-MD5", "PRF-HMAC-SHA1", "PRF-HMAC-Tiger", "PRF-AES128-XCBC", "PRF-HMAC-SHA2-256", "PRF-HMAC-SHA2-384",
        "PRF-HMAC-SHA2-512", "PRF-AES128-CMAC",
      ]
      return name(names, number, from: 1, else: "PRF")
    case 3:
      let names = [
        "none", "HMAC-MD5-96", "HMAC-SHA1-96", "DES-MAC", "KPDK-MD5", "AES-XCBC-96", "HMAC-MD5-128", "HMAC-SHA1-160",
        "AES-CMAC-96", "AES-128-GMAC", "AES-192-GMAC", "AES-256-GMAC", "HMAC-SHA2-256-128", "HMAC-SHA2-384-192",
        "HMAC-SHA2-512-256",
      ]
      return name(names, number, from: 0, else: "integrity")
    case 4: return group(number)
    case 5: return number == 0 ? "no-ESN" : number == 1 ? "ESN" : "ESN-\(number)"
    case 6...12: return "additional-\(group(number))"
    default: return "type\(type)-\(number)"
    }
  }

  private static func encryption(_ number: UInt16) -> String {
    switch number {
    case 1: "DES-IV64"
    case 2: "DES"
    case 3: "3DES"
    case 4: "RC5"
    case 5: "IDEA"
    case 6: "CAST"
    case 7: "Blowfish"
    case 11: "NULL"
    case 12: "AES-CBC"
    case 13: "AES-CTR"
    case 14: "AES-CCM-8"
    case 15: "AES-CCM-12"
    case 16: "AES-CCM-16"
    case 18: "AES-GCM-8"
    case 19: "AES-GCM-12"
    case 20: "AES-GCM-16"
    case 23: "Camellia-CBC"
    case 24: "Camellia-CTR"
    case 28: "ChaCha20-Poly1305"
    default: "encryption-\(number)"
    }
  }

  private static func name(_ names: [String], _ number: UInt16, from first: Int, else other: String) -> String {
    let index = Int(number) - first
    return names.indices.contains(index) ? names[index] : "\(other)-\(number)"
  }

  // MARK: - Notifications

  static let natDetectionSource: UInt16 = 16_388
  static let natDetectionDestination: UInt16 = 16_389
  static let cookie: UInt16 = 16_390
  static let invalidKeyExchange: UInt16 = 17
  static let fragmentationSupported: UInt16 = 16_430

  /// RFC 7296 section 3.10.1 and the registry.
  static func notification(_ number: UInt16, version: Int) -> String {
    guard version == 2 else { return version1Notification(number) }
    return switch number {
    case 1: "UNSUPPORTED_CRITICAL_PAYLOAD"
    case 4: "INVALID_IKE_SPI"
    case 5: "INVALID_MAJOR_VERSION"
    case 7: "INVALID_SYNTAX"
    case 9: "INVALID_MESSAGE_ID"
    case 14: "NO_PROPOSAL_CHOSEN"
    case invalidKeyExchange: "INVALID_KE_PAYLOAD"
    case 24: "AUTHENTICATION_FAILED"
    case 16_384: "INITIAL_CONTACT"
    case natDetectionSource: "NAT_DETECTION_SOURCE_IP"
    case natDetectionDestination: "NAT_DETECTION_DESTINATION_IP"
    case cookie: "COOKIE"
    case 16_391: "USE_TRANSPORT_MODE"
    case 16_396: "MOBIKE_SUPPORTED"
    case 16_404: "MULTIPLE_AUTH_SUPPORTED"
    case 16_406: "REDIRECT_SUPPORTED"
    case 16_407: "REDIRECT"
    case 16_418: "CHILDLESS_IKEV2_SUPPORTED"
    case 16_420: "IKEV2_MESSAGE_ID_SYNC_SUPPORTED"
    case fragmentationSupported: "IKEV2_FRAGMENTATION_SUPPORTED"
    case 16_431: "SIGNATURE_HASH_ALGORITHMS"
    case 16_435: "USE_PPK"
    case 16_438: "INTERMEDIATE_EXCHANGE_SUPPORTED"
    case 16_441: "ADDITIONAL_KEY_EXCHANGE"
    default: "\(number)"
    }
  }

  /// RFC 2408 section 3.14.1.
  private static func version1Notification(_ number: UInt16) -> String {
    switch number {
    case 1: "INVALID-PAYLOAD-TYPE"
    case 4: "INVALID-COOKIE"
    case 5: "INVALID-MAJOR-VERSION"
    case 7: "INVALID-EXCHANGE-TYPE"
    case 14: "NO-PROPOSAL-CHOSEN"
    case 16: "PAYLOAD-MALFORMED"
    case 18: "INVALID-ID-INFORMATION"
    case 23: "INVALID-HASH-INFORMATION"
    case 24: "AUTHENTICATION-FAILED"
    case 24_578: "INITIAL-CONTACT"
    // RFC 3706.
    case 36_136: "R-U-THERE"
    case 36_137: "R-U-THERE-ACK"
    default: "\(number)"
    }
  }
}
