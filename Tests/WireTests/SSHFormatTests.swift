// SSH's formats: RFC 4253 sections 4.2, 6, 7.1; HASSH by its document.

import Bytes
import Testing

@testable import Wire

@Suite struct SSHFormatTests {
  private func identification(_ text: String) throws -> (SSHIdentification, rest: Int) {
    try Array(text.utf8).withRawSpan { span throws(ReadError) in
      var reader = ByteReader(span)
      let read = try SSHIdentification(&reader)
      return (read, reader.remaining)
    }
  }

  private func offer(_ lists: [String], _ end: [UInt8] = [0, 0, 0, 0, 0]) throws -> SSHKeyExchangeInit {
    var bytes: [UInt8] = [20] + [UInt8](repeating: 9, count: 16)
    for list in lists { bytes += [0, 0, 0, UInt8(list.utf8.count)] + Array(list.utf8) }
    return try (bytes + end).withRawSpan { span throws(ReadError) in try SSHKeyExchangeInit(ByteReader(span)) }
  }

  @Test func anIdentificationEndsAtItsLine() throws {
    // The example of RFC 4253 section 4.2 is "SSH-2.0-billsSSH_3.6.3q3<CR><LF>" (RFC 4253 section 5.1 and erratum).
    let (line, rest) = try identification("SSH-2.0-billsSSH_3.6.3q3\r\nabc")
    #expect(line.text == "SSH-2.0-billsSSH_3.6.3q3" && line.protocolVersion == "2.0" && rest == 3)
    #expect(line.speaksVersion2 && !line.speaksVersion1 && !line.hasOddEnd && line.linesBefore == 0)
  }

  @Test func aServerOfBothVersionsSays199() throws {
    let (line, _) = try identification("SSH-1.99-x\n")
    #expect(line.speaksVersion2 && line.speaksVersion1 && line.hasOddEnd)
    #expect(try !identification("SSH-1.5-x\n").0.speaksVersion2)
  }

  @Test func hyphensBelongToTheSoftware() throws {
    #expect(try identification("SSH-2.0-a-b-c d e\r\n").0.text == "SSH-2.0-a-b-c d e")
  }

  @Test func aLineThatIsNotWholeRanOut() {
    for text in ["", "SSH", "SSH-2.0-abc", "SSH-2.0-abc\r", "hello\n", "hello\nSSH-2.0-"] {
      #expect { try identification(text) } throws: { ($0 as? ReadError)?.kind == .ranOut }
    }
  }

  /// The four lists of one side's own direction, joined by semicolons, as sent.
  @Test func hasshTakesTheListsOfItsDirection() throws {
    let offer = try offer(["k1,k2", "h", "c1", "c2", "m1", "m2,m3", "z1", "", "", ""])
    #expect(String(decoding: HASSH.clientText(offer), as: UTF8.self) == "k1,k2;c1;m1;z1")
    #expect(String(decoding: HASSH.serverText(offer), as: UTF8.self) == "k1,k2;c2;m2,m3;")
    // printf 'k1,k2;c1;m1;z1' | md5sum
    #expect(HASSH.client(offer) == "88e9d550e5e095b0cfc34a6d2a2fab1e")
    #expect(offer.hasDifferentDirections)
  }

  @Test func whatFollowsTheListsMayBeMissing() throws {
    let lists = ["k", "h", "c", "c", "m", "m", "z", "z"]
    #expect(try offer(lists, []).hasOddEnd)
    #expect(try !offer(lists + ["", ""]).hasOddEnd)
    #expect(try offer(lists + ["", ""], [1, 0, 0, 0, 0]).guesses)
    #expect(throws: ReadError.self) { try offer(["k", "h"]) }
  }

  @Test func theFirstOfTheClientsThatTheServerHasIsTaken() throws {
    let client = try offer(["ext-info-c,b,a", "h2,h1", "x", "y", "m", "m", "none", "none", "", ""])
    let server = try offer(["ext-info-c,a,b", "h1,h2", "x", "y", "n", "m", "none", "none", "", ""])
    let agreed = SSHNegotiation(client: client, server: server)
    #expect(agreed.keyExchange == "b" && agreed.hostKey == "h2" && agreed.cipherToClient == "y")
    #expect(agreed.macToServer == nil && agreed.macToClient == "m" && agreed.isFailure)
    #expect(client.isOfClient == true)
  }

  @Test(arguments: [
    ("mlkem768x25519-sha256", true), ("sntrup761x25519-sha512@openssh.com", true),
    ("x25519-kyber-512r3-sha256-d00@amazon.com", true), ("curve25519-sha256", false),
    ("diffie-hellman-group-exchange-sha256", false), ("kex-strict-c-v00@openssh.com", false),
  ])
  func postQuantumMethodsAreKnown(method: String, isPostQuantum: Bool) {
    #expect(SSHNegotiation.isPostQuantum(method) == isPostQuantum)
  }
}
