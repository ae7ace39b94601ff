// A scope on its way to the worker.
//
// Only an authorised warrant makes a scope. The worker never sees the warrant: the trusted side, which made the scope,
// hands it over as these bytes on a descriptor of the worker's own. Reading it back makes no new authority: whoever
// could put other bytes there is the trusted side itself.
//
// Layout, big-endian: version u8 | flags u8 | [from i64] [until i64] | targets u32, each … | exclusions u32, each …
// Each optional part follows where its bit in the flags before it says so, in the order of the bits.

import Bytes
import Terms

extension Scope {
  private static let layoutVersion: UInt8 = 1

  private struct Flags: OptionSet {
    let rawValue: UInt8
    static let from = Flags(rawValue: 1)
    static let until = Flags(rawValue: 2)
    static let insideTunnels = Flags(rawValue: 4)
    static let all = Flags(rawValue: 7)
  }

  public func encoded() -> [UInt8] {
    var out = ScopeBytes()
    out.integer(Scope.layoutVersion)
    var flags = Flags()
    if window.from != nil { flags.insert(.from) }
    if window.until != nil { flags.insert(.until) }
    if insideTunnels { flags.insert(.insideTunnels) }
    out.integer(flags.rawValue)
    out.interval(window)
    out.integer(UInt32(truncatingIfNeeded: targets.count))
    for target in targets { target.append(to: &out) }
    out.integer(UInt32(truncatingIfNeeded: excluded.count))
    for exclusion in excluded { exclusion.append(to: &out) }
    return out.bytes
  }

  /// For the worker only.
  public init(decoding bytes: [UInt8]) throws(ReadError) {
    self = try bytes.withRawSpan { span throws(ReadError) in
      var reader = ByteReader(span)
      guard try reader.u8() == Scope.layoutVersion else { throw reader.invalid() }
      let flags = Flags(rawValue: try reader.u8())
      guard Flags.all.isSuperset(of: flags) else { throw reader.invalid() }
      let window = try reader.interval(from: flags.contains(.from), until: flags.contains(.until))
      var targets: [Target] = []
      for _ in 0..<(try reader.u32()) { targets.append(try Target(reading: &reader)) }
      var excluded: [Exclusion] = []
      for _ in 0..<(try reader.u32()) { excluded.append(try Exclusion(reading: &reader)) }
      guard reader.isAtEnd else { throw reader.invalid() }
      return Scope(
        window: window, insideTunnels: flags.contains(.insideTunnels), targets: targets, excluded: excluded)
    }
  }
}

extension Target {
  private struct Flags: OptionSet {
    let rawValue: UInt16
    static let address = Flags(rawValue: 1)
    static let prefix = Flags(rawValue: 2)
    static let mac = Flags(rawValue: 4)
    static let interface = Flags(rawValue: 8)
    static let vlan = Flags(rawValue: 16)
    static let tunnelID = Flags(rawValue: 32)
    static let ports = Flags(rawValue: 64)
    static let from = Flags(rawValue: 128)
    static let until = Flags(rawValue: 256)
    static let everything = Flags(rawValue: 512)
    static let all = Flags(rawValue: 1023)
  }

  fileprivate func append(to out: inout ScopeBytes) {
    var flags = Flags()
    if address != nil { flags.insert(.address) }
    if prefix != nil { flags.insert(.prefix) }
    if mac != nil { flags.insert(.mac) }
    if interface != nil { flags.insert(.interface) }
    if vlan != nil { flags.insert(.vlan) }
    if tunnelID != nil { flags.insert(.tunnelID) }
    if ports != nil { flags.insert(.ports) }
    if window.from != nil { flags.insert(.from) }
    if window.until != nil { flags.insert(.until) }
    if everything != nil { flags.insert(.everything) }
    out.integer(flags.rawValue)
    if let address { out.address(address) }
    if let prefix { out.prefix(prefix) }
    if let mac { out.integer(mac.value) }
    if let interface { out.text(interface) }
    if let vlan { out.integer(vlan) }
    if let tunnelID {
      out.ordinal(of: tunnelID.kind)
      out.integer(tunnelID.value)
    }
    if let ports {
      out.ordinal(of: ports.transport)
      out.integer(ports.from)
      out.integer(ports.to)
    }
    out.interval(window)
    if let everything { out.text(everything) }
  }

  fileprivate init(reading reader: inout ByteReader) throws(ReadError) {
    self.init()
    let flags = Flags(rawValue: try reader.u16())
    guard Flags.all.isSuperset(of: flags) else { throw reader.invalid() }
    if flags.contains(.address) { address = try reader.address() }
    if flags.contains(.prefix) { prefix = try reader.prefix() }
    if flags.contains(.mac) { mac = LinkAddress(try reader.u64()) }
    if flags.contains(.interface) { interface = try reader.text() }
    if flags.contains(.vlan) { vlan = try reader.u16() }
    if flags.contains(.tunnelID) {
      let kind = try reader.member(of: TunnelID.Kind.self)
      tunnelID = TunnelID(kind: kind, value: try reader.u32())
    }
    if flags.contains(.ports) {
      let transport = try reader.member(of: Ports.Transport.self)
      let from = try reader.u16()
      ports = Ports(transport: transport, from: from, to: try reader.u16())
    }
    window = try reader.interval(from: flags.contains(.from), until: flags.contains(.until))
    if flags.contains(.everything) { everything = try reader.text() }
  }
}

extension Exclusion {
  /// Which of the three is set.
  private enum Kind: UInt8 {
    case address = 1
    case prefix, mac
  }

  fileprivate func append(to out: inout ScopeBytes) {
    if let address {
      out.integer(Kind.address.rawValue)
      out.address(address)
    } else if let prefix {
      out.integer(Kind.prefix.rawValue)
      out.prefix(prefix)
    } else {
      out.integer(Kind.mac.rawValue)
      out.integer(mac?.value ?? 0)
    }
    out.text(reason)
  }

  fileprivate init(reading reader: inout ByteReader) throws(ReadError) {
    self.init(reason: "")
    switch Kind(rawValue: try reader.u8()) {
    case .address: address = try reader.address()
    case .prefix: prefix = try reader.prefix()
    case .mac: mac = LinkAddress(try reader.u64())
    case nil: throw reader.invalid()
    }
    reason = try reader.text()
  }
}

// MARK: - Parts

private struct ScopeBytes {
  var bytes: [UInt8] = []

  mutating func integer(_ value: some FixedWidthInteger) {
    for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func address(_ address: Address) {
    bytes.append(address.family.rawValue)
    bytes.append(contentsOf: address.bytes)
  }

  mutating func prefix(_ prefix: Prefix) {
    address(prefix.address)
    bytes.append(UInt8(truncatingIfNeeded: prefix.length))
  }

  mutating func text(_ text: String) {
    integer(UInt32(truncatingIfNeeded: text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  mutating func interval(_ interval: Interval) {
    if let from = interval.from { integer(from.nanoseconds) }
    if let until = interval.until { integer(until.nanoseconds) }
  }

  mutating func ordinal<Member: CaseIterable & Equatable>(of member: Member) {
    let place = Array(Member.allCases).firstIndex(of: member) ?? 0
    bytes.append(UInt8(truncatingIfNeeded: place))
  }
}

extension ByteReader {
  @_lifetime(self: copy self)
  fileprivate mutating func address() throws(ReadError) -> Address {
    switch AddressFamily(rawValue: try u8()) {
    case .v4: return Address(v4: try u32())
    case .v6:
      let upper = try u64()
      return Address(v6: upper, try u64())
    case nil: throw invalid()
    }
  }

  @_lifetime(self: copy self)
  fileprivate mutating func prefix() throws(ReadError) -> Prefix {
    let address = try address()
    guard let prefix = Prefix(address, length: Int(try u8())) else { throw invalid() }
    return prefix
  }

  @_lifetime(self: copy self)
  fileprivate mutating func text() throws(ReadError) -> String {
    let bytes = try span(Int(try u32())).array
    guard let text = String(validating: bytes, as: UTF8.self) else { throw invalid() }
    return text
  }

  @_lifetime(self: copy self)
  fileprivate mutating func interval(from: Bool, until: Bool) throws(ReadError) -> Interval {
    let start = from ? Timestamp(nanoseconds: Int64(bitPattern: try u64())) : nil
    let end = until ? Timestamp(nanoseconds: Int64(bitPattern: try u64())) : nil
    return Interval(from: start, until: end)
  }

  @_lifetime(self: copy self)
  fileprivate mutating func member<Member: CaseIterable>(of type: Member.Type) throws(ReadError) -> Member {
    let place = Int(try u8())
    let all = Array(Member.allCases)
    guard place < all.count else { throw invalid() }
    return all[place]
  }
}
