// QUIC's headers, keys and frames against RFC 9000, RFC 9001 and RFC 9369.

import Bytes
import Testing
import Wire

@Suite struct QUICPacketTests {
  private func bytes(_ hex: String) throws -> [UInt8] { try #require(Hex.bytes(hex.filter { !$0.isWhitespace })) }

  private func packet(_ bytes: [UInt8], at start: Int = 0, length: Int? = nil) throws(ReadError) -> QUICLongPacket {
    try bytes.withRawSpan { (span) throws(ReadError) in
      try QUICLongPacket(span, at: start, length: length ?? span.byteCount)
    }
  }

  private func id(_ hex: String) throws -> QUICConnectionID { try bytes(hex).withRawSpan { QUICConnectionID($0) } }

  // RFC 9001 appendix A.3.
  private static let server = """
    cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf7
    3c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f
    58891850abbdca3d20398c276456cbc42158407dd074ee
    """
  private static let frames = """
    02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a12001301000
    02e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304
    """

  @Test("Version 1: RFC 9001 appendix A.3")
  func opens() throws {
    let datagram = try bytes(Self.server)
    let packet = try packet(datagram)
    #expect(packet.kind == .initial)
    #expect(packet.version == .v1)
    #expect(packet.destination.isEmpty)
    #expect(try packet.source == id("f067a5502a4262b5"))
    #expect(packet.end == datagram.count)
    let keys = try #require(QUICInitialKeys(.v1, destination: id("8394c8f03e515708"), of: .server))
    let opened = datagram.withRawSpan { keys.open(packet, of: $0) }
    #expect(try opened == bytes(Self.frames))
    let others = try #require(QUICInitialKeys(.v1, destination: id("8394c8f03e515708"), of: .client))
    #expect(datagram.withRawSpan { others.open(packet, of: $0) } == nil)
    #expect(datagram.withRawSpan { keys.open(packet, of: $0.slice(0, 100)) } == nil)
  }

  @Test("Only a client's first packet of a known version has keys")
  func versions() throws {
    for known: UInt32 in [
      1, 0x6b33_43cf, 0xff00_0016, 0xff00_0022, 0xface_b001, 0xface_b002, 0x5130_3530, 0x5430_3530, 0x5430_3531,
    ] {
      #expect(QUICInitialKeys(QUICVersion(known), destination: QUICConnectionID(), of: .client) != nil)
      #expect(QUICVersion(known).form != .unknown)
    }
    for other: UInt32 in [0, 2, 0xff00_0015, 0xff00_0023, 0x5130_3433, 0x5430_3532, 0x1a2a_3a4a] {
      #expect(QUICInitialKeys(QUICVersion(other), destination: QUICConnectionID(), of: .client) == nil)
    }
    let names: [(UInt32, String)] = [
      (1, "1"), (0x6b33_43cf, "quicv2"), (0xff00_001d, "draft-29"), (0xface_b002, "mvfst (faceb002)"),
      (0x5130_3433, "Q043"), (0x5430_3531, "T051"), (0x1a2a_3a4a, "unknown-1a2a3a4a"),
      (0x0000_0002, "unknown-00000002"),
      (0x5130_3939, "unknown-51303939"),
    ]
    for (number, name) in names { #expect(QUICVersion(number).description == name) }
    #expect(QUICVersion(0x1a2a_3a4a).isReserved)
    #expect(!QUICVersion.v1.isReserved)
  }

  @Test("Types of packets, by version: RFC 9000 section 17.2, RFC 9369 section 3.2")
  func kinds() throws {
    let rest = "00 00 00 4020" + String(repeating: "00", count: 32)
    let others = "00 00 4020" + String(repeating: "00", count: 32)
    #expect(try packet(bytes("c0 00000001" + rest)).kind == .initial)
    #expect(try packet(bytes("d0 00000001" + others)).kind == .zeroRTT)
    #expect(try packet(bytes("e0 00000001" + others)).kind == .handshake)
    #expect(try packet(bytes("f0 00000001" + others)).kind == .retry)
    #expect(try packet(bytes("d0 6b3343cf" + rest)).kind == .initial)
    #expect(try packet(bytes("e0 6b3343cf" + others)).kind == .zeroRTT)
    #expect(try packet(bytes("f0 6b3343cf" + others)).kind == .handshake)
    #expect(try packet(bytes("c0 6b3343cf" + others)).kind == .retry)
    #expect(try packet(bytes("c0 12345678" + others)).kind == .other)
    let negotiation = try bytes("80 00000000 00 00 00000001 6b3343cf")
    let read = try packet(negotiation)
    #expect(read.kind == .versionNegotiation)
    #expect(negotiation.withRawSpan { read.versions(in: $0) } == [.v1, .v2])
  }

  @Test("What contradicts itself is invalid, what is cut ran out")
  func refused() throws {
    let refused = [
      "40 00000001 00 00 00 4020",
      // An id of 21 bytes, a length beyond the datagram, a packet too short to be sampled, half a version.
      "c0 00000001 15" + String(repeating: "00", count: 60),
      "c0 00000001 00 00 00 4021" + String(repeating: "00", count: 32),
      "c0 00000001 00 00 00 13" + String(repeating: "00", count: 32), "80 00000000 00 00 0000",
    ]
    for hex in refused {
      let bytes = try bytes(hex)
      #expect { try packet(bytes) } throws: { ($0 as? ReadError)?.kind == .invalid }
    }
    let whole = try bytes(Self.server)
    for count in 0..<18 {
      #expect { try packet(Array(whole.prefix(count)), length: whole.count) } throws: {
        ($0 as? ReadError)?.kind == .ranOut
      }
    }
    #expect(try packet(Array(whole.prefix(18)), length: whole.count).end == whole.count)
  }

  // MARK: - Frames

  private func crypto(_ offset: UInt8, _ data: [UInt8]) -> [UInt8] { [6, offset, UInt8(data.count)] + data }

  @Test("Frames in any order, over several packets, with others between")
  func streams() throws {
    let hello: [UInt8] = [1, 0, 0, 6, 10, 11, 12, 13, 14, 15]
    var stream = QUICCryptoStream()
    #expect(try stream.take([0, 0, 1] + crypto(6, Array(hello[6...])), .v1) == nil)
    #expect(stream.isWithinMessage)
    // The same again, then an acknowledgement with a range, then the start; then a frame that is not known.
    #expect(try stream.take(crypto(6, Array(hello[6...])), .v1) == nil)
    let last: [UInt8] =
      [2, 5, 0, 1, 0, 0, 0] + crypto(2, Array(hello[2..<8])) + crypto(0, Array(hello[0..<3])) + [0x1c, 1]
    #expect(try stream.take(last, .v1) == hello)
    #expect(!stream.isWithinMessage)
    // What comes behind is the next message.
    #expect(try stream.take(crypto(10, [2, 0, 0, 1, 9]), .v1) == [2, 0, 0, 1, 9])
    #expect(try stream.take(crypto(0, hello), .v1) == nil)
  }

  @Test("What is no handshake, and what has no end, is given up")
  func givenUp() throws {
    var stream = QUICCryptoStream()
    #expect(throws: ReadError.self) { try stream.take(crypto(0, [11, 0, 0, 1, 9]), .v1) }
    // One byte after the other, and never the first.
    var endless = QUICCryptoStream()
    #expect(throws: ReadError.self) {
      for offset in 1..<2_000 {
        _ = try endless.take([6, 0x40 | UInt8(offset >> 8), UInt8(offset & 0xff), 1, 7], .v1)
      }
    }
  }
}
