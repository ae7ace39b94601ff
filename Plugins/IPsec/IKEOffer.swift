// The proposals of an SA payload, in words: RFC 2408 sections 3.4 to 3.6 and RFC 2409 appendix A; RFC 7296 section
// 3.3.

import Bytes

struct IKEOffer: Sendable {
  /// Version 1: `AES-CBC-256/SHA1/MODP-1024/pre-shared-key`. Version 2: transforms of one type joined by `+`, types by
  /// `/`, in the order in which they were sent.
  private(set) var proposals: [String] = []
  private(set) var isPostQuantum = false

  /// Texts that are kept, and steps that are taken.
  private static let most = 32
  private static let mostTransforms = 256

  // MARK: - Version 1

  // Layout: DOI (4), situation (4, for IPsec), proposals: next (1), reserved (1), length (2), number (1), protocol
  // (1), length of the SPI (1), number of transforms (1), SPI, transforms: next (1), reserved (1), length (2), number
  // (1), id (1), reserved (2), attributes: type with the highest bit for a value in place (2), value (2) or its length
  // (2) and value.
  init(version1 reader: inout ByteReader) throws(ReadError) {
    guard try reader.u32() <= 2 else { throw reader.invalid() }
    try reader.skip(4)
    var steps = 0
    while !reader.isAtEnd {
      try reader.skip(2)
      let length = Int(try reader.u16())
      var proposal = try reader.block(length &- 4)
      try proposal.skip(2)
      let spiLength = Int(try proposal.u8())
      try proposal.skip(1 &+ spiLength)
      while !proposal.isAtEnd {
        guard steps < Self.mostTransforms else { return }
        steps += 1
        try proposal.skip(2)
        let length = Int(try proposal.u16())
        var transform = try proposal.block(length &- 4)
        try transform.skip(4)
        let text = try Self.attributes(&transform)
        if proposals.count < Self.most { proposals.append(text) }
      }
    }
  }

  private static func attributes(_ reader: inout ByteReader) throws(ReadError) -> String {
    var encryption: String?
    var keyLength: UInt16?
    var others: [String] = []
    while !reader.isAtEnd {
      let type = try reader.u16()
      let value = try reader.u16()
      guard type & 0x8000 != 0 else {
        try reader.skip(Int(value))
        continue
      }
      switch type & 0x7fff {
      case 1: encryption = IKERegistry.version1Encryption(value)
      case 2: others.append(IKERegistry.version1Hash(value))
      case 3: others.append(IKERegistry.version1Authentication(value))
      case 4: others.append(IKERegistry.group(value))
      case 14: keyLength = value
      default: break
      }
    }
    let cipher = encryption.map { name in keyLength.map { "\(name)-\($0)" } ?? name }
    return ((cipher.map { [$0] } ?? []) + others).joined(separator: "/")
  }

  // MARK: - Version 2

  // Layout of a proposal: 2 or, for the last, 0 (1), reserved (1), length (2), number (1), protocol (1), length of the
  // SPI (1), number of transforms (1), SPI, transforms: 3 or 0 (1), reserved (1), length (2), type (1), reserved (1),
  // id (2), attributes as above; the only one is 14, the key's length in bits.
  init(version2 reader: inout ByteReader) throws(ReadError) {
    var steps = 0
    while !reader.isAtEnd {
      let more = try reader.u8()
      guard more == 0 || more == 2 else { throw reader.invalid() }
      try reader.skip(1)
      let length = Int(try reader.u16())
      var proposal = try reader.block(length &- 4)
      try proposal.skip(2)
      let spiLength = Int(try proposal.u8())
      try proposal.skip(1 &+ spiLength)
      var text = ""
      var last: UInt8?
      while !proposal.isAtEnd {
        guard steps < Self.mostTransforms else { return }
        steps += 1
        try proposal.skip(2)
        let length = Int(try proposal.u16())
        var transform = try proposal.block(length &- 4)
        let type = try transform.u8()
        try transform.skip(1)
        let number = try transform.u16()
        var name = IKERegistry.transform(type, number)
        if transform.remaining >= 4, try transform.u16() == 0x800e { name += "-\(try transform.u16())" }
        if IKERegistry.isKeyExchange(type), IKERegistry.isPostQuantum(group: number) { isPostQuantum = true }
        if let last { text += last == type ? "+" : "/" }
        text += name
        last = type
      }
      if proposals.count < Self.most { proposals.append(text) }
    }
  }
}
