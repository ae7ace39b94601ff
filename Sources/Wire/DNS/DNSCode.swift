// Numbers that DNS registers: record types, classes, operations and response codes (IANA, Domain Name System Parameters,
// read on 2025-06-01). What has no name here stands as RFC 3597 section 5 writes it: TYPE65534.

import Findings
import JSON
import Terms

/// A number with a registered name, or a word and the number.
public struct DNSCode: FieldType, CustomStringConvertible {
  public static let category = Category.protocolMetadata
  public static let shape = Shape.text()

  let name: StaticString
  /// Stands behind the name; nil where the name is registered.
  let number: UInt16?

  public var description: String { name.description + (number.map { "\($0)" } ?? "") }

  public func write(to json: inout JSONWriter) {
    if number == nil { json.plain(name) } else { json.string(description) }
  }

  private init(_ name: StaticString?, _ word: StaticString, _ number: UInt16) {
    self.name = name ?? word
    self.number = name == nil ? number : nil
  }

  /// A record's type, or that of a question.
  public init(type: UInt16) {
    let name: StaticString? =
      switch type {
      case 1: "A"
      case 2: "NS"
      case 5: "CNAME"
      case 6: "SOA"
      case 10: "NULL"
      case 11: "WKS"
      case 12: "PTR"
      case 13: "HINFO"
      case 15: "MX"
      case 16: "TXT"
      case 17: "RP"
      case 18: "AFSDB"
      case 24: "SIG"
      case 25: "KEY"
      case 28: "AAAA"
      case 29: "LOC"
      case 33: "SRV"
      case 35: "NAPTR"
      case 37: "CERT"
      case 39: "DNAME"
      case 41: "OPT"
      case 42: "APL"
      case 43: "DS"
      case 44: "SSHFP"
      case 45: "IPSECKEY"
      case 46: "RRSIG"
      case 47: "NSEC"
      case 48: "DNSKEY"
      case 49: "DHCID"
      case 50: "NSEC3"
      case 51: "NSEC3PARAM"
      case 52: "TLSA"
      case 53: "SMIMEA"
      case 55: "HIP"
      case 59: "CDS"
      case 60: "CDNSKEY"
      case 61: "OPENPGPKEY"
      case 62: "CSYNC"
      case 63: "ZONEMD"
      case 64: "SVCB"
      case 65: "HTTPS"
      case 99: "SPF"
      case 249: "TKEY"
      case 250: "TSIG"
      case 251: "IXFR"
      case 252: "AXFR"
      case 255: "ANY"
      case 256: "URI"
      case 257: "CAA"
      default: nil
      }
    self.init(name, "TYPE", type)
  }

  public init(recordClass: UInt16) {
    let name: StaticString? =
      switch recordClass {
      case 1: "IN"
      case 3: "CH"
      case 4: "HS"
      case 254: "NONE"
      case 255: "ANY"
      default: nil
      }
    self.init(name, "CLASS", recordClass)
  }

  public init(opcode: UInt8) {
    let name: StaticString? =
      switch opcode {
      case 0: "QUERY"
      case 1: "IQUERY"
      case 2: "STATUS"
      case 4: "NOTIFY"
      case 5: "UPDATE"
      case 6: "DSO"
      default: nil
      }
    self.init(name, "OPCODE", UInt16(opcode))
  }

  public init(responseCode: UInt16) {
    let name: StaticString? =
      switch responseCode {
      case 0: "NOERROR"
      case 1: "FORMERR"
      case 2: "SERVFAIL"
      case 3: "NXDOMAIN"
      case 4: "NOTIMP"
      case 5: "REFUSED"
      case 6: "YXDOMAIN"
      case 7: "YXRRSET"
      case 8: "NXRRSET"
      case 9: "NOTAUTH"
      case 10: "NOTZONE"
      case 11: "DSOTYPENI"
      case 16: "BADVERS"
      case 17: "BADKEY"
      case 18: "BADTIME"
      case 19: "BADMODE"
      case 20: "BADNAME"
      case 21: "BADALG"
      case 22: "BADTRUNC"
      case 23: "BADCOOKIE"
      default: nil
      }
    self.init(name, "RCODE", responseCode)
  }

  /// An option of EDNS.
  public init(option: UInt16) {
    let name: StaticString? =
      switch option {
      case 1: "LLQ"
      case 2: "UPDATE-LEASE"
      case 3: "NSID"
      case 5: "DAU"
      case 6: "DHU"
      case 7: "N3U"
      case 8: "CLIENT-SUBNET"
      case 9: "EXPIRE"
      case 10: "COOKIE"
      case 11: "TCP-KEEPALIVE"
      case 12: "PADDING"
      case 13: "CHAIN"
      case 14: "KEY-TAG"
      case 15: "EXTENDED-ERROR"
      default: nil
      }
    self.init(name, "OPTION", option)
  }
}
