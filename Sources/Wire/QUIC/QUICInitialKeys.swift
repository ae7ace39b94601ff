// Keys of Initial packets, which anyone can derive who saw a connection's first packet: RFC 9001 section 5.2 to 5.4, RFC
// 9369 section 3.3. They keep old middleboxes from meddling and keep nothing secret.

import Bytes
import Cryptography
import Synchronization

/// The keys by which one side protects its Initial packets.
public struct QUICInitialKeys: Hashable, Sendable {
  public enum Sender: Sendable { case client, server }

  let key: [UInt8]
  let nonce: [UInt8]
  let header: [UInt8]

  /// The keys that follow from the Destination Connection ID of the client's first packet.
  ///
  /// Nil for a version without such keys, or where libcrypto lacks an algorithm.
  public init?(_ version: QUICVersion, destination: QUICConnectionID, of sender: Sender) {
    guard let salt = version.salt else { return nil }
    let labels = version.labels
    let made = InitialProtection.shared.withLock { protection -> QUICInitialKeys? in
      protection?.keys(salt, destination.bytes, sender == .client ? "client in" : "server in", labels)
    }
    guard let made else { return nil }
    self = made
  }

  fileprivate init(key: [UInt8], nonce: [UInt8], header: [UInt8]) {
    self.key = key
    self.nonce = nonce
    self.header = header
  }

  /// The frames of an Initial packet; nil where these are not its keys, or the capture does not hold it whole.
  public func open(_ packet: QUICLongPacket, of datagram: RawSpan) -> [UInt8]? {
    InitialProtection.shared.withLock { $0?.open(packet, datagram, self) }
  }
}

/// libcrypto's objects, one of each for all packets.
private struct InitialProtection: ~Copyable {
  static let shared = Mutex(try? InitialProtection())

  private var derivation: KeyDerivation
  private var block: AES128Block
  private var cipher: AES128GCM
  private var header: [UInt8] = []
  private var nonce: [UInt8] = []

  init() throws(CryptographyError) {
    let derivation = try KeyDerivation()
    let block = try AES128Block()
    let cipher = try AES128GCM()
    self.derivation = derivation
    self.block = block
    self.cipher = cipher
  }

  mutating func keys(
    _ salt: [UInt8], _ destination: [UInt8], _ sender: StaticString,
    _ labels: (key: StaticString, nonce: StaticString, header: StaticString)
  ) -> QUICInitialKeys {
    let common = salt.withRawSpan { salt in
      destination.withRawSpan { derivation.extract(salt: salt, secret: $0) }
    }
    let secret = derivation.expand(common, label: sender, count: KeyDerivation.length)
    return QUICInitialKeys(
      key: derivation.expand(secret, label: labels.key, count: AES128GCM.keyLength),
      nonce: derivation.expand(secret, label: labels.nonce, count: AES128GCM.nonceLength),
      header: derivation.expand(secret, label: labels.header, count: AES128Block.length))
  }

  mutating func open(_ packet: QUICLongPacket, _ datagram: RawSpan, _ keys: QUICInitialKeys) -> [UInt8]? {
    guard packet.kind == .initial, packet.end <= datagram.byteCount else { return nil }
    let sample = datagram.slice(packet.body &+ QUICLongPacket.sample, QUICLongPacket.sampleLength)
    guard let mask = keys.header.withRawSpan({ block.encrypt(sample, key: $0) }) else { return nil }
    // Of the first byte of a long header four bits are masked, then the packet number (RFC 9001 section 5.4.1).
    let first = datagram.u8(packet.start) ^ UInt8(mask >> 56) & 0x0f
    let numberLength = Int(first & 3) &+ 1
    let payload = packet.body &+ numberLength
    header.removeAll(keepingCapacity: true)
    header.append(datagram.slice(packet.start, payload &- packet.start))
    header[0] = first
    // The first packets' numbers are small: nothing of them is left out. The nonce's last bytes are those of the number
    // (RFC 9001 section 5.3).
    nonce.removeAll(keepingCapacity: true)
    nonce.append(contentsOf: keys.nonce)
    for index in 0..<numberLength {
      let at = header.count &- numberLength &+ index
      header[at] ^= UInt8(truncatingIfNeeded: mask >> UInt64(48 &- 8 &* index))
      nonce[nonce.count &- numberLength &+ index] ^= header[at]
    }
    let sealed = datagram.slice(payload, packet.end &- payload)
    return keys.key.withRawSpan { key in
      nonce.withRawSpan { nonce in
        header.withRawSpan { cipher.open(sealed, key: key, nonce: nonce, header: $0) }
      }
    }
  }
}
