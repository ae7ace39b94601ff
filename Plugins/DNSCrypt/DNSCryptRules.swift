// What the plugin claims.

import Findings

enum DNSCryptRules {
  static let all = [certificates, avast, exchange]

  private static let specification: StaticString = "DNSCrypt version 2 protocol specification"
  private static let blind: StaticString = "What was asked and answered."

  static let certificates = Rule(
    "dnscrypt.certificates", .encryptedDNS, tool: "dnscrypt", highest: .conclusive,
    meaning:
      "A client asked a resolver for its DNSCrypt certificates over plain DNS. Conclusive where they were answered.",
    marks: ["a TXT query for 2.dnscrypt-cert and a provider's name", "certificates in the answer to it"],
    lookAlikes: [
      "Tests whether a resolver can be reached, and surveys of resolvers: no name need be asked afterwards."
    ],
    blindSpots: [blind, "Clients that keep certificates from an earlier session."], sources: [specification],
    attack: "T1071.004")

  static let avast = Rule(
    "dnscrypt.avast-certificates", .encryptedDNS, tool: "avast-securedns", highest: .conclusive,
    meaning: "Avast's DNS client asked its resolver for DNSCrypt certificates. Conclusive where they were answered.",
    marks: ["a TXT query for 2.securedns.avast.com", "certificates in the answer to it"],
    lookAlikes: ["The client is part of an antivirus product, and on without its user's doing."],
    blindSpots: [blind], sources: [specification], attack: "T1071.004")

  static let exchange = Rule(
    "dnscrypt.exchange", .encryptedDNS, tool: "dnscrypt", highest: .conclusive,
    meaning:
      "Answers of a DNSCrypt resolver. Conclusive where an answer repeats the nonce of a query in view, strong by their magic and lengths.",
    marks: [
      "answers that begin with r6fnvWj8", "lengths that fit the padding to 64 bytes",
      "the client's nonce of 96 bits in the answer",
    ],
    lookAlikes: ["Imitation of the magic; Avast's and Cisco's clients speak the same protocol."],
    blindSpots: [blind, "Queries whose answers are not in view: they begin with a magic of each resolver's own."],
    sources: [specification], attack: "T1071.004")
}
