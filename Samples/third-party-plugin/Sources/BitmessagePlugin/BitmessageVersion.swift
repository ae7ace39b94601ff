// The message with which a Bitmessage peer introduces itself (protocol specification, "version" and "Message structure").

import Bytes
import Findings
import PluginKit

/// What stands before every message: magic (4), command (12, padded with zeros), length (4), checksum (4).
struct BitmessageHeader {
  enum Command { case version, verack, other }

  static let magic: UInt32 = 0xe9be_b4d9
  let command: Command
  let length: Int

  init(_ reader: inout ByteReader) throws(ReadError) {
    guard try reader.u32() == Self.magic else { throw reader.invalid() }
    command =
      switch (try reader.u64(), try reader.u32()) {
      case (0x7665_7273_696f_6e00, 0): .version
      case (0x7665_7261_636b_0000, 0): .verack
      default: .other
      }
    length = Int(try reader.u32())
    try reader.skip(4)
  }
}

/// What a peer says of itself.
public struct BitmessageVersion: Observation {
  public let side: Side
  public let version: UInt32
  public let userAgent: String

  /// Version (4), services (8), time (8), two addresses (26 each), nonce (8), user agent with its length before it.
  init(_ reader: inout ByteReader, from side: Side) throws(ReadError) {
    self.side = side
    version = try reader.u32()
    try reader.skip(8 + 8 + 26 + 26 + 8)
    let short = Int(try reader.u8())
    // 0xfd announces a length in two bytes; the longer forms are for texts that no peer sends.
    let length = short == 0xfd ? Int(try reader.u16()) : short
    guard short <= 0xfd else { throw reader.invalid() }
    userAgent = String(decoding: try reader.span(length).array, as: UTF8.self)
  }

  static let sideField = Field<ProtocolText>("from", "`client` or `server` of the flow")
  static let versionField = Field<ProtocolNumber>("version", "version of the protocol")
  static let agentField = Field<SoftwareVersion>("user_agent", "the program, as it names itself")

  public static let record: StaticString = "bitmessage"
  public static var fields: [FieldDeclaration] {
    [sideField.declaration, versionField.declaration, agentField.declaration]
  }
  public func write(to record: inout FieldWriter) {
    record.put(Self.sideField, ProtocolText("\(side)"))
    record.put(Self.versionField, ProtocolNumber(version))
    record.put(Self.agentField, SoftwareVersion(userAgent))
  }
}
