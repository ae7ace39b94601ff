// Key exchange of protocol 1.5: "The SSH (Secure Shell) Remote Login Protocol" (Ylonen, November 1995),
// "SSH_SMSG_PUBLIC_KEY" and "SSH_CMSG_SESSION_KEY".

import Bytes

// Layout of the server's message: type 2 (1), cookie (8), server key: bits (4), exponent, modulus; host key: bits (4),
// exponent, modulus; flags (4), ciphers (4, a bit each), authentications (4, a bit each). An integer is its length in bits
// (2), then its bytes. The client's: type 3 (1), cipher (1), cookie (8), ...

/// What a server of protocol 1.5 offers.
public struct SSHVersion1Offer: Hashable, Sendable {
  public let serverKeyBits: UInt32
  public let hostKeyBits: UInt32
  public let ciphers: UInt32
  public let authentications: UInt32

  /// Reads a packet, from its type on.
  public init(_ packet: ByteReader) throws(ReadError) {
    var reader = packet
    guard try reader.u8() == 2 else { throw reader.invalid() }
    try reader.skip(8)
    serverKeyBits = try reader.u32()
    try Self.skipInteger(&reader)
    try Self.skipInteger(&reader)
    hostKeyBits = try reader.u32()
    try Self.skipInteger(&reader)
    try Self.skipInteger(&reader)
    try reader.skip(4)
    ciphers = try reader.u32()
    authentications = try reader.u32()
  }

  private static func skipInteger(_ reader: inout ByteReader) throws(ReadError) {
    let bits = Int(try reader.u16())
    try reader.skip((bits &+ 7) / 8)
  }

  /// Names of bits in `ciphers`, in the specification's order.
  public var cipherNames: [String] { Self.names(ciphers, Self.cipherNames) }
  public var authenticationNames: [String] { Self.names(authentications, Self.authenticationNames) }

  public static let cipherNames = ["none", "idea", "des", "3des", "tss", "rc4", "blowfish"]
  public static let authenticationNames = [
    "", "rhosts", "rsa", "password", "rhosts-rsa", "tis", "kerberos", "kerberos-tgt",
  ]

  private static func names(_ mask: UInt32, _ names: [String]) -> [String] {
    names.indices.filter { mask >> UInt32($0) & 1 == 1 && !names[$0].isEmpty }.map { names[$0] }
  }
}

/// The cipher that a client of protocol 1.5 chose.
public enum SSHVersion1Choice {
  /// The cipher's name or number, of a packet from its type on.
  public static func cipher(_ packet: ByteReader) throws(ReadError) -> String {
    var reader = packet
    guard try reader.u8() == 3 else { throw reader.invalid() }
    let number = Int(try reader.u8())
    let names = SSHVersion1Offer.cipherNames
    return number < names.count ? names[number] : "\(number)"
  }
}
