// Fingerprints of hellos as they were seen before: programs are few, and each offers the same every time.

import Bytes
import Cryptography
import Synchronization

/// JA3, JA4 and JA3S, computed once for all hellos that do not differ in what these are made of.
enum TLSFingerprints {
  struct Client {
    let ja3: String?
    let ja4: String?
  }

  // 1 MiB each at most.
  private static let clients = Mutex(ByteMemo<Client>(places: 512, longestKey: 768))
  private static let servers = Mutex(ByteMemo<String?>(places: 512, longestKey: 768))

  static func client(_ hello: TLSClientHello) -> Client {
    key(hello).withRawSpan { key in
      if let known = clients.withLock({ $0.value(of: key) }) { return known }
      let new = Client(ja3: JA3.client(hello), ja4: JA4.client(hello))
      clients.withLock { $0.keep(new, of: key) }
      return new
    }
  }

  static func server(_ hello: TLSServerHello) -> String? {
    guard let text = JA3.serverText(hello) else { return nil }
    return text.withRawSpan { text in
      if let known = servers.withLock({ $0.value(of: text) }) { return known }
      let new = DigestAlgorithm.md5.text(of: text)
      servers.withLock { $0.keep(new, of: text) }
      return new
    }
  }

  /// All that JA3 and JA4 are made of, each list under its length.
  private static func key(_ hello: TLSClientHello) -> [UInt8] {
    var key: [UInt8] = []
    key.reserveCapacity(384)
    key.append(hello.carrier.rawValue)
    append([hello.legacyVersion], to: &key)
    append(hello.cipherSuites, to: &key)
    append(hello.extensions, to: &key)
    append(hello.supportedGroups, to: &key)
    append(hello.signatureSchemes, to: &key)
    key.append(hello.supportedVersions == nil ? 0 : 1)
    append(hello.supportedVersions ?? [], to: &key)
    key.append(UInt8(truncatingIfNeeded: hello.pointFormats.count))
    key.append(contentsOf: hello.pointFormats)
    key.append(contentsOf: hello.firstProtocol)
    return key
  }

  private static func append(_ codes: [some TLSCode], to key: inout [UInt8]) {
    key.append(addingCapacity: 2 &+ 2 &* codes.count) { (out: inout OutputSpan<UInt8>) in
      out.append(UInt8(truncatingIfNeeded: codes.count >> 8))
      out.append(UInt8(truncatingIfNeeded: codes.count))
      for code in codes {
        out.append(UInt8(code.rawValue >> 8))
        out.append(UInt8(truncatingIfNeeded: code.rawValue))
      }
    }
  }
}
