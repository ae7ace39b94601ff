// A plugin's named claim.

import Terms

/// The families of tools.
public enum ToolFamily: String, CaseIterable, Sendable {
  case tor, circumvention
  case vpnProtocol = "vpn-protocol"
  case vpnProvider = "vpn-provider"
  case proxy
  case ipTunnel = "ip-tunnel"
  case covertTunnel = "covert-tunnel"
  case encryptedDNS = "encrypted-dns"
  case peerToPeer = "p2p"
  case endpoint
}

/// A claim that a plugin can make: what it indicates, at most how certain, what else looks like it, and on what it rests.
///
/// Its texts are constants: values of the evidence leave only through marks, which carry a category.
public struct Rule: Sendable {
  /// Stable identifier, `plugin.claim`.
  public let identifier: StaticString
  /// Counts up whenever the conditions change; error rates belong to one version.
  public let version: Int
  public let family: ToolFamily
  /// The tool's identifier, as `Documentation/labels.md` lists them.
  public let tool: StaticString
  /// The highest certainty the rule ever gives.
  public let highest: Certainty
  /// One or two sentences: what a finding of this rule says, and no more.
  public let meaning: StaticString
  /// The marks it weighs, in words.
  public let marks: [StaticString]
  /// What else looks like this.
  public let lookAlikes: [StaticString]
  /// Identifiers of tools whose conclusive finding on the same stream withdraws an indicative one of this rule.
  public let withdrawnBy: [StaticString]
  /// What the rule cannot see.
  public let blindSpots: [StaticString]
  /// Specifications and papers.
  public let sources: [StaticString]
  /// MITRE ATT&CK technique, e.g. `T1090.003`; empty where none fits.
  public let attack: StaticString

  public init(
    _ identifier: StaticString, version: Int = 1, _ family: ToolFamily, tool: StaticString, highest: Certainty,
    meaning: StaticString, marks: [StaticString], lookAlikes: [StaticString], withdrawnBy: [StaticString] = [],
    blindSpots: [StaticString], sources: [StaticString], attack: StaticString = ""
  ) {
    self.identifier = identifier
    self.version = version
    self.family = family
    self.tool = tool
    self.highest = highest
    self.meaning = meaning
    self.marks = marks
    self.lookAlikes = lookAlikes
    self.withdrawnBy = withdrawnBy
    self.blindSpots = blindSpots
    self.sources = sources
    self.attack = attack
  }
}

/// An observed value that counts for a rule, with the frames it was seen on.
public struct Mark: Sendable {
  /// What was observed, in the words of the protocol: `handshake initiation`, `tls.server_name`.
  public let name: StaticString
  /// The value as JSON, where there is one.
  public let value: [UInt8]?
  /// The category of the value.
  public let category: Category
  /// The frames; empty means those of the datagram or observation at hand.
  public var frames: [FrameReference]

  /// A mark that is there or not.
  public init(_ name: StaticString, frames: [FrameReference] = []) {
    self.name = name
    value = nil
    category = .protocolMetadata
    self.frames = frames
  }

  /// A mark with its value.
  public init<Value: FieldType>(_ name: StaticString, _ value: Value, frames: [FrameReference] = []) {
    self.name = name
    self.value = value.json
    category = Value.category
    self.frames = frames
  }

  /// A mark with a number read from a message.
  public init(_ name: StaticString, number: some FixedWidthInteger, frames: [FrameReference] = []) {
    self.init(name, ProtocolNumber(number), frames: frames)
  }
}
