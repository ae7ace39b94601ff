// SVCB and HTTPS records: how a service is reached (RFC 9460), and with which encrypted hello (RFC 9848).
//
//   0  priority; 0 names another record      2  target, a name without pointers
//   then parameters in rising order: key (2 bytes), length (2 bytes), value

import Bytes
import Findings
import Terms

public struct DNSService: Sendable, Hashable {
  public let priority: UInt16
  /// The root stands for the record's owner.
  public let target: DNSName
  public private(set) var protocols: [String] = []
  public private(set) var omitsDefaultProtocol = false
  public private(set) var port: UInt16?
  /// Whether keys for an encrypted ClientHello are given.
  public private(set) var offersECH = false
  public private(set) var addresses: [Address] = []

  /// Parameters by key (RFC 9460 section 14.3.2, RFC 9848).
  private enum Key {
    static let (alpn, noDefault, port, v4, ech, v6): (UInt16, UInt16, UInt16, UInt16, UInt16, UInt16) = (
      1, 2, 3, 4, 5, 6
    )
  }
  /// ALPN protocols and address hints kept of a record.
  private static let most = 16

  /// - Parameter data: the record's data, whose length the record declared.
  public init(_ data: RawSpan) throws(ReadError) {
    var view = ByteReader(data)
    var reader = try view.block(data.byteCount)
    priority = try reader.u16()
    target = try DNSService.target(&reader)
    var before: UInt16?
    while !reader.isAtEnd {
      let key = try reader.u16()
      if let before, key <= before { throw reader.invalid() }
      before = key
      var value = try reader.block(Int(try reader.u16()))
      switch key {
      case Key.alpn: try readProtocols(&value)
      case Key.noDefault: omitsDefaultProtocol = true
      case Key.port: port = try value.u16()
      case Key.ech: offersECH = value.remaining > 0
      case Key.v4:
        while !value.isAtEnd, addresses.count < Self.most { addresses.append(Address(v4: try value.u32())) }
      case Key.v6:
        while !value.isAtEnd, addresses.count < Self.most {
          addresses.append(Address(v6: try value.u64(), try value.u64()))
        }
      default: break
      }
    }
  }

  private static func target(_ reader: inout ByteReader) throws(ReadError) -> DNSName {
    let before = reader.position
    let place = try DNSNamePlace(&reader)
    // A pointer would lead out of the data (RFC 9460 section 2.2 forbids it).
    guard reader.position &- before == place.length &+ 1 else { throw reader.invalid() }
    return place.name(in: reader.whole)
  }

  private mutating func readProtocols(_ value: inout ByteReader) throws(ReadError) {
    while !value.isAtEnd {
      let length = Int(try value.u8())
      guard length > 0 else { throw value.invalid() }
      let bytes = try value.span(length)
      if protocols.count < Self.most { protocols.append(String(utf8: bytes) ?? "0x" + Hex.text(bytes)) }
    }
  }
}

extension DNSService: FieldObject {
  private static let priorityField = Field<ProtocolNumber>(
    "priority", "its priority; 0: `target` has the service's own records")
  private static let targetField = Field<DomainName>(
    "target", "registrable domain of the target", when: "it is another name than the record's")
  private static let protocolsField = ListField<ProtocolText>(
    "alpn", "ALPN protocols, in the record's order, 16 at most", when: "it names any")
  private static let noDefaultField = Field<ProtocolFlag>(
    "no_default_alpn", "true: the service's usual protocol is not offered", when: "true")
  private static let portField = Field<ProtocolNumber>("port", "port of the service", when: "it names one")
  private static let echField = Field<ProtocolFlag>(
    "ech", "true: keys for an encrypted ClientHello are given, so that the server's name can be hidden", when: "true")
  private static let hintsField = ListField<AnsweredAddress>(
    "address_hints", "addresses that it gives beforehand, 16 at most", when: "it gives any")

  public static var fields: [FieldDeclaration] {
    [
      priorityField.declaration, targetField.declaration, protocolsField.declaration, noDefaultField.declaration,
      portField.declaration, echField.declaration, hintsField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.priorityField, ProtocolNumber(priority))
    record.put(Self.targetField, target == .root ? nil : DomainName(target.text, from: target.registrable))
    record.put(Self.protocolsField, protocols.isEmpty ? nil : protocols.map { ProtocolText($0) })
    record.put(Self.noDefaultField, ProtocolFlag(ifTrue: omitsDefaultProtocol))
    record.put(Self.portField, port.map { ProtocolNumber($0) })
    record.put(Self.echField, ProtocolFlag(ifTrue: offersECH))
    record.put(Self.hintsField, addresses.isEmpty ? nil : addresses.map { AnsweredAddress($0) })
  }
}
