// Documents that come from outside: JSON, warrants, certificates, signatures, time stamps, lists.

import Bytes
import Cryptography
import JSON
import Warrants

extension FuzzTarget {
  static var documents: [FuzzTarget] {
    [
      FuzzTarget("json") { input in
        let limits = JSONLimits(bytes: 1 << 20, depth: 64)
        guard (try? JSONReader.read(input.array, limits: limits)) != nil else { return 0 }
        return 1
      },
      FuzzTarget("warrant") { input in
        guard let warrant = try? Warrant.parse(input.array) else { return 0 }
        return UInt64(warrant.id.utf8.count)
      },
      FuzzTarget("certificate") { input in
        guard let certificate = X509Certificate(der: input) else { return 0 }
        return UInt64(certificate.subject.utf8.count &+ certificate.subjectAlternativeNames.count)
      },
      FuzzTarget("anchors") { input in
        var anchors = TrustAnchors()
        do { try anchors.add(input.array) } catch { return UInt64("\(error)".utf8.count) }
        return UInt64(anchors.subjects.count)
      },
      FuzzTarget("revocation-list") { input in
        var lists = RevocationLists()
        do { try lists.add(input.array) } catch { return UInt64("\(error)".utf8.count) }
        return 1
      },
      // The first two bytes are the length of the signature; a time stamp follows it.
      FuzzTarget("signature") { input in
        let length = min(Int(input.u16IfPresent(0) ?? 0), max(0, input.byteCount &- 2))
        let stamp = input.slice(2 &+ length, max(0, input.byteCount &- 2 &- length)).array
        let signature = DetachedSignature(
          input.slice(2, length).array, timestamp: stamp.isEmpty ? nil : stamp)
        do {
          _ = try Authority.verifier.verify(signature, over: Array("content".utf8), now: 1_800_000_000)
          preconditionFailure("nobody signed this")
        } catch { return UInt64("\(error)".utf8.count) }
      },
    ]
  }
}

/// An authority whose key nobody has: what is held against it gets as far as the signature's own bytes let it.
private enum Authority {
  static let verifier: SignatureVerifier = {
    var verifier = SignatureVerifier()
    do {
      try verifier.anchors.add(Array(certificate.utf8))
      try verifier.timestampAnchors.add(Array(certificate.utf8))
    } catch { preconditionFailure("the certificate below can be read: \(error)") }
    return verifier
  }()

  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBkDCCATWgAwIBAgIUK6GHhQdcLWMrX31zHYglPXZpIeQwCgYIKoZIzj0EAwIw
    HDEaMBgGA1UEAwwRVmVpbHNjb3BlIGZ1enppbmcwIBcNMjYxMTI1MDQzMjUwWhgP
    MjEyNjExMDEwNDMyNTBaMBwxGjAYBgNVBAMMEVZlaWxzY29wZSBmdXp6aW5nMFkw
    EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEb4hLjbrhBbD59XiJ67dd8hJNBY4kj0lW
    MqnbY0q40AHG84SXv2Hd5Tyq53EQjmyYZgbOxbAlHs/9uGnGUk0nyKNTMFEwHQYD
    VR0OBBYEFHmeg2AJQf98i3JCosYxYUA/bgMwMB8GA1UdIwQYMBaAFHmeg2AJQf98
    i3JCosYxYUA/bgMwMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIh
    AL1AY50Uq1mUb8ZstUXUqQZhKRJExVE9v5J+GPmFDUc6AiEAtD2rmR8pulU91PxN
    TX0KSLvI2UsojEGyJH70MljBrJ8=
    -----END CERTIFICATE-----

    """
}
