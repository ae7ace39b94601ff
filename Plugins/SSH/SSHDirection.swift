// One direction of a connection, read from its start to where its encryption begins.

import Bytes
import Wire

struct SSHDirection {
  private(set) var identification: SSHIdentification?
  private(set) var offer: SSHKeyExchangeInit?
  private(set) var isMalformed = false
  private(set) var hostKey: SSHHostKey?
  private(set) var groupBits: Int?
  private(set) var version1Offer: SSHVersion1Offer?
  private(set) var version1Cipher: String?
  /// What is missing where it is not whole.
  private(set) var shortage: ReadError?
  /// Where messages begin.
  private var begin = 0

  /// Messages in clear that are looked at; a key exchange has five at most.
  private static let mostMessages = 32

  /// Reads the identification. A direction without one is not SSH's.
  init(_ start: ByteReader) {
    var reader = start
    do throws(ReadError) {
      identification = try SSHIdentification(&reader)
      begin = reader.position
    } catch {
      if error.kind == .ranOut { shortage = error }
    }
  }

  /// Reads on behind the identification.
  mutating func readMessages(_ start: ByteReader, isVersion1: Bool) {
    var reader = start
    do throws(ReadError) {
      try reader.skip(begin)
      if isVersion1 {
        readVersion1(try SSHPackets.nextOfVersion1(&reader))
      } else {
        for _ in 0..<Self.mostMessages where try !take(SSHPackets.next(&reader)) { return }
      }
    } catch {
      if error.kind == .ranOut { shortage = error }
    }
  }

  /// Takes up a message; false where nothing in clear follows it.
  private mutating func take(_ payload: ByteReader) throws(ReadError) -> Bool {
    let message = payload.peek() ?? 0
    switch message {
    case SSHMessage.keyExchangeInit:
      guard offer == nil, !isMalformed else { return true }
      offer = try? SSHKeyExchangeInit(payload)
      isMalformed = offer == nil
    case SSHMessage.newKeys, SSHMessage.disconnect:
      return false
    case 30, 31, 33:
      // Answers of all methods are laid out alike; a group is none (RFC 4419), nor is a client's share.
      if groupBits == nil, hostKey == nil { groupBits = SSHHostKey.groupBits(payload) }
      if hostKey == nil { hostKey = try? SSHHostKey(answer: payload) }
    default:
      break
    }
    return true
  }

  private mutating func readVersion1(_ packet: ByteReader) {
    switch packet.peek() {
    case 2: version1Offer = try? SSHVersion1Offer(packet)
    case 3: version1Cipher = try? SSHVersion1Choice.cipher(packet)
    default: break
    }
  }
}
