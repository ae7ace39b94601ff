// Addresses in records: as they are, or as third-party ordinals where the warrant does not allow them.

import Bytes
import JSON
import Terms

/// How an address goes out: itself, or `third-party-N`, N being its order of first appearance within the timeline, or
/// `third-party-other`, the name that all share for which there was no room.
public enum ShownAddress: Hashable, Sendable, BitwiseCopyable {
  case address(Address)
  case thirdParty(UInt32)
  case otherThirdParty

  public static let textOfOthers: StaticString = "third-party-other"

  @inlinable
  public func append(to out: inout [UInt8]) {
    switch self {
    case .address(let address): address.append(to: &out)
    case .thirdParty(let ordinal):
      out.append("third-party-")
      out.append(contentsOf: Array("\(ordinal)".utf8))
    case .otherThirdParty: out.append(ShownAddress.textOfOthers)
    }
  }

  /// Appends the text to a span with room for `Address.longestText`.
  @inline(__always)
  @_lifetime(out: copy out)
  public func append(to out: inout OutputSpan<UInt8>) {
    switch self {
    case .address(let address): address.append(to: &out)
    case .thirdParty(let ordinal):
      out.append("third-party-")
      out.append(decimal: UInt64(ordinal))
    case .otherThirdParty: out.append(ShownAddress.textOfOthers)
    }
  }

  public var text: String {
    var out: [UInt8] = []
    append(to: &out)
    return String(decoding: out, as: UTF8.self)
  }
}

extension ShownAddress: FieldType {
  public static let category = Category.flow
  @inlinable public static var isAlwaysAllowed: Bool { true }
  public static let shape = Shape.text()
  @inlinable
  public func write(to json: inout JSONWriter) { json.string { append(to: &$0) } }
}

/// An address and, where the transport has ports, a port.
public struct ShownEndpoint: FieldObject, Sendable {
  public let address: ShownAddress
  public let port: UInt16?

  @inlinable
  public init(_ address: ShownAddress, port: UInt16?) {
    self.address = address
    self.port = port
  }

  public static let addressField = Field<ShownAddress>(
    "address",
    """
    IPv4 or IPv6 address (RFC 5952), or where the warrant does not allow it `third-party-N`, beyond a limit \
    `third-party-other`
    """)
  public static let portField = Field<Count>(
    "port", "transport port", when: "the transport has ports")
  public static var fields: [FieldDeclaration] { [addressField.declaration, portField.declaration] }

  @inlinable
  public func write(to record: inout FieldWriter) {
    record.put(Self.addressField, address)
    record.put(Self.portField, port.map { Count($0) })
  }
}
