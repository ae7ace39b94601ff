// What a plugin says of itself: what it reads, when it is asked, what it emits and what it may claim.

import Findings
import Terms

/// The transports that a plugin reads.
public enum PluginTransport: Hashable, Sendable {
  case tcp, udp, sctp, icmp
  /// Another IP protocol, by its number.
  case ip(UInt8)
}

/// A constant that a protocol's first bytes hold: what makes the engine ask a plugin.
///
/// For streams the first eight bytes of a direction count, for datagrams eight of each datagram looked at: the first ones,
/// unless the constant stands further on.
public struct Constant: Sendable {
  /// Value and mask of eight bytes, the first byte highest.
  public let value: UInt64
  public let mask: UInt64
  /// Where these bytes begin; other than 0 for datagrams only. A few such constants can be had, not many: each is compared
  /// by itself.
  public let offset: Int
  /// Where not nil, the constant is looked for only in datagrams of a flow of which an end has this port: for what has no
  /// form of its own and would else be looked for everywhere. It says nothing of what the flow is.
  public let port: UInt16?
  /// The side that sends it; nil for either.
  public let side: Side?
  /// Payload lengths on the wire (datagrams only); nil for any.
  public let lengths: ClosedRange<Int>?
  /// The transport on which it is looked for; nil for each that the plugin reads.
  public let transport: PluginTransport?

  /// A constant in hexadecimal; `**` is any byte, spaces are skipped: `"16 03 ** ** ** 01"`. At most eight bytes.
  /// A text that is no such pattern matches nothing; a test of the catalog refuses it.
  public init(
    _ pattern: StaticString, side: Side? = nil, lengths: ClosedRange<Int>? = nil,
    on transport: PluginTransport? = nil
  ) {
    let digits = Array(pattern.description.utf8.filter { $0 != 0x20 })
    var value: UInt64 = 0
    var mask: UInt64 = 0
    var shift: UInt64 = 56
    var isSound = !digits.isEmpty && digits.count % 2 == 0 && digits.count <= 16
    var at = 0
    while isSound, at < digits.count {
      if digits[at] != 0x2a || digits[at + 1] != 0x2a {
        if let byte = UInt8(String(decoding: digits[at...(at + 1)], as: UTF8.self), radix: 16) {
          value |= UInt64(byte) << shift
          mask |= 0xff << shift
        } else {
          isSound = false
        }
      }
      shift &-= 8
      at += 2
    }
    self.init(value: isSound ? value : 0, mask: isSound ? mask : 0, side: side, lengths: lengths, on: transport)
  }

  /// A constant in text, at most eight characters of ASCII.
  public init(
    text: StaticString, side: Side? = nil, lengths: ClosedRange<Int>? = nil,
    on transport: PluginTransport? = nil
  ) {
    var value: UInt64 = 0
    var mask: UInt64 = 0
    var shift: UInt64 = 56
    for byte in text.description.utf8.prefix(8) {
      value |= UInt64(byte) << shift
      mask |= 0xff << shift
      shift &-= 8
    }
    self.init(value: value, mask: mask, side: side, lengths: lengths, on: transport)
  }

  /// A constant by value and mask of eight bytes from `offset` on, the first byte highest.
  public init(
    value: UInt64, mask: UInt64, at offset: Int = 0, port: UInt16? = nil, side: Side? = nil,
    lengths: ClosedRange<Int>? = nil, on transport: PluginTransport? = nil
  ) {
    self.value = value & mask
    self.mask = mask
    self.offset = max(0, min(offset, 65_535))
    self.port = port
    self.side = side
    self.lengths = lengths
    self.transport = transport
  }
}

/// A plugin's static description.
public struct Manifest: Sendable {
  /// Lower case, stable: `tls`.
  public let identifier: StaticString
  /// Counts up whenever what the plugin emits can change.
  public let version: Int
  public let title: StaticString
  public let references: [StaticString]
  public let transports: [PluginTransport]
  /// Ports where the protocol is usual: a hint for people, never evidence.
  public let ports: [UInt16]
  /// What makes the engine ask. A plugin without constants is first asked when a flow's `packets`th datagram has come, or
  /// a direction of its stream has `bytes` bytes; where the flow ends before, at its end: with the last datagram, or with
  /// the stream as far as it got.
  public let constants: [Constant]
  /// Stream bytes wanted of each direction, at most.
  public let bytes: Int
  /// Datagrams looked at, at most, both directions together.
  public let packets: Int
  /// Steps of the flow's shape wanted by `conclude`; 0 for none, at most 32.
  public let shape: Int
  /// Categories of the values it emits.
  public let emits: Categories
  /// Categories without which it is not started.
  public let needs: Categories
  public let rules: [Rule]
  public let observations: [ObservationDeclaration]
  /// The topics of notes that it writes or asks for.
  public let notes: [NoteTopic]

  public init(
    _ identifier: StaticString, version: Int = 1, title: StaticString, references: [StaticString] = [],
    transports: [PluginTransport], ports: [UInt16] = [], constants: [Constant] = [], bytes: Int = 16_384,
    packets: Int = 16, shape: Int = 0, emits: [Category] = [], needs: [Category] = [], rules: [Rule] = [],
    observations: [ObservationDeclaration] = [], notes: [NoteTopic] = []
  ) {
    self.identifier = identifier
    self.version = version
    self.title = title
    self.references = references
    self.transports = transports
    self.ports = ports
    self.constants = constants
    self.bytes = bytes
    self.packets = packets
    self.shape = max(0, min(32, shape))
    self.emits = Categories(emits)
    self.needs = Categories(needs)
    self.rules = rules
    self.observations = observations
    self.notes = notes
  }

  /// The constants that count on a transport.
  public func constants(on transport: PluginTransport) -> [Constant] {
    transports.contains(transport) ? constants.filter { $0.transport == nil || $0.transport == transport } : []
  }
}
