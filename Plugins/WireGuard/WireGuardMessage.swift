// The clear part of a WireGuard message: type, session indices, counter. Everything else is ciphertext.
// WireGuard: Next Generation Kernel Network Tunnel (Donenfeld, NDSS 2017), sections 5.4.2 to 5.4.7.

import Bytes

// Layout, integers little-endian. Types 1 to 4 are followed by three reserved zero bytes.
//
//   initiation    0 type 1   4 sender     8 ephemeral (32)   40 static (48)   88 timestamp (28)   116 MACs (32)
//   response      0 type 2   4 sender     8 receiver        12 ephemeral (32) 44 empty (16)        60 MACs (32)
//   cookie reply  0 type 3   4 receiver   8 nonce (24)      32 cookie (32)
//   data          0 type 4   4 receiver   8 counter (8)     16 packet, at least a tag of 16
private let initiationLength = 148
private let responseLength = 92
private let cookieReplyLength = 64
private let shortestData = 32

struct WireGuardMessage: Equatable, Sendable {
  enum Kind: UInt8, Sendable {
    case initiation = 1
    case response, cookieReply, data
  }

  let kind: Kind
  /// The index that the sender chose for its end of the session: initiation and response.
  var sender: UInt32 = 0
  /// The index that the other end chose: response, cookie reply and data.
  var receiver: UInt32 = 0
  /// Messages sent under this key before this one: data.
  var counter: UInt64 = 0
  /// Whether the length is the one that the protocol fixes. Data has a shortest length only.
  var hasExactLength = true

  /// Reads the clear part of a datagram that had `length` bytes on the wire.
  ///
  /// Throws `invalid` for anything that is no WireGuard message by form, or whose ciphertext does not look like one.
  init(_ reader: inout ByteReader, length: Int) throws(ReadError) {
    let word = try reader.u32le()
    guard word >> 8 == 0, let kind = Kind(rawValue: UInt8(truncatingIfNeeded: word)) else { throw reader.invalid() }
    self.kind = kind
    switch kind {
    case .initiation:
      sender = try reader.u32le()
      hasExactLength = length == initiationLength
      try Self.expectCiphertext(&reader, 32, enough: length >= initiationLength && sender != 0)
    case .response:
      sender = try reader.u32le()
      receiver = try reader.u32le()
      hasExactLength = length == responseLength
      try Self.expectCiphertext(&reader, 32, enough: length >= responseLength && sender != 0 && receiver != 0)
    case .cookieReply:
      receiver = try reader.u32le()
      try Self.expectCiphertext(&reader, 24, enough: length == cookieReplyLength && receiver != 0)
    case .data:
      receiver = try reader.u32le()
      counter = try reader.u64le()
      try Self.expectCiphertext(&reader, 16, enough: length >= shortestData && receiver != 0)
    }
  }

  /// Indices are drawn at random: one this small comes once in 65,000 sessions, and in most formats with small integers
  /// (a DNS query with the right transaction id reads as index 256).
  var hasLikelyIndices: Bool {
    (sender == 0 || sender >= 1 << 16) && (receiver == 0 || receiver >= 1 << 16)
  }

  /// The next `count` bytes, as far as captured, are a key, a nonce or ciphertext: as good as random. More than an
  /// eighth of them and one being zero happens less than once in two million times; structured formats fail here.
  private static func expectCiphertext(_ reader: inout ByteReader, _ count: Int, enough: Bool) throws(ReadError) {
    guard enough else { throw reader.invalid() }
    let captured = min(count, reader.remaining)
    var zeros = 0
    for _ in 0..<captured where try reader.u8() == 0 { zeros += 1 }
    guard zeros <= captured / 8 + 1 else { throw reader.invalid() }
  }
}
