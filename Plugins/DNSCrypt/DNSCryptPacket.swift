// Encrypted queries and answers of DNSCrypt (version 2 protocol specification, "Client queries over UDP", "Resolver
// responses"; version 1 has the same form).
//
//   query   0  the client's magic, of the certificate (8)     answer  0  "r6fnvWj8"
//           8  the client's key (32)                                   8  the client's half of the nonce (12)
//          40  the client's half of the nonce (12)                    20  the resolver's half (12)
//          52  box: tag (16) and padded text                          32  box: tag (16) and padded text

import Bytes
import PluginKit
import Terms

/// The client's half of a nonce.
struct DNSCryptNonce: Equatable, Sendable, BitwiseCopyable {
  let high: UInt64
  let low: UInt32

  init(_ reader: inout ByteReader) throws(ReadError) {
    high = try reader.u64()
    low = try reader.u32()
  }
}

enum DNSCryptPacket {
  case query(DNSCryptNonce)
  case answer(DNSCryptNonce, isPadded: Bool)

  static let answerMagic: UInt64 = 0x7236_666e_7657_6a38
  /// Two half nonces and the tag stand around the text, which is padded to a multiple of 64 bytes.
  static let shortestAnswer = 32 + 16 + 64

  init(_ view: consuming ByteReader, length: Int) throws(ReadError) {
    var reader = view
    if try reader.u64() == Self.answerMagic {
      let text = length - 32 - 16
      self = .answer(try DNSCryptNonce(&reader), isPadded: text > 0 && text % 64 == 0)
      return
    }
    try reader.skip(32)
    self = .query(try DNSCryptNonce(&reader))
  }
}

struct DNSCryptPair: Sendable {
  let query: [FrameReference]
  let answer: [FrameReference]
}

public struct DNSCryptProgress: FlowMemory {
  private struct Query: Sendable {
    let nonce: DNSCryptNonce
    let side: Side
    let frames: [FrameReference]
  }

  private var queries: [Query] = []
  private(set) var answers = 0
  private(set) var isPadded = true
  private(set) var answerFrames: [FrameReference] = []
  /// A query and the answer that repeats its nonce.
  private(set) var pair: DNSCryptPair?

  public init() {}

  mutating func take(_ packet: DNSCryptPacket, _ side: Side, _ frames: [FrameReference]) {
    switch packet {
    case .query(let nonce):
      if queries.count == 8 { queries.removeFirst() }
      queries.append(Query(nonce: nonce, side: side, frames: frames))
    case .answer(let nonce, let isPadded):
      answers += 1
      if !isPadded { self.isPadded = false }
      if answerFrames.count < 4 { answerFrames += frames }
      if let query = queries.first(where: { $0.nonce == nonce && $0.side != side }) {
        pair = DNSCryptPair(query: query.frames, answer: frames)
      }
    }
  }
}
