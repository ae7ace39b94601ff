// The words for what a capture holds.

/// A link type as capture files number it (LINKTYPE_ values, https://www.tcpdump.org/linktypes.html).
public struct LinkType: Hashable, Sendable, BitwiseCopyable {
  public let number: UInt16
  /// LINKTYPE_ETHERNET.
  public static let ethernet = LinkType(1)

  @inlinable public init(_ number: UInt16) { self.number = number }
}

/// One record of one evidence item.
public struct FrameReference: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// 1-based, as Wireshark counts: every record of the file that it shows as a frame.
  public let number: UInt64
  /// Byte offset of the record in the (unpacked) stream; -1 for a live frame, which has none.
  public let offset: Int64
  /// Index of the evidence item within its timeline: 0 unless several files are one timeline.
  public let evidence: UInt32

  @inlinable
  public init(number: UInt64, offset: Int64 = -1, evidence: UInt32 = 0) {
    self.number = number
    self.offset = offset
    self.evidence = evidence
  }

  @inlinable
  public static func < (left: FrameReference, right: FrameReference) -> Bool {
    left.evidence != right.evidence ? left.evidence < right.evidence : left.number < right.number
  }
}

/// A digest of evidence or of a certificate, with its algorithm's name.
public struct Digest: Hashable, Sendable {
  public enum Algorithm: String, Sendable { case sha1, sha256 }
  public let algorithm: Algorithm
  public let bytes: [UInt8]
  public init(_ algorithm: Algorithm, _ bytes: [UInt8]) {
    self.algorithm = algorithm
    self.bytes = bytes
  }
}

/// What a capture says of one frame, beside its bytes.
public struct FrameHeader: Sendable, BitwiseCopyable {
  public var reference: FrameReference
  /// Packet time; meaningless where `hasTime` is false.
  public var time: Timestamp
  /// False for a record without a time (a pcapng Simple Packet Block, a zero time).
  public var hasTime: Bool
  public var linkType: LinkType
  /// Bytes that the capture holds of the frame.
  public var capturedLength: UInt32
  /// Bytes that the frame had on the wire.
  public var originalLength: UInt32
  /// Index of the interface within its evidence item (pcapng: over all sections, in order of their blocks; pcap: 0).
  public var interface: UInt32
  /// Bytes of frame check sequence at the end of the frame, as far as the capture says so.
  public var fcsLength: UInt8

  @inlinable
  public init(
    reference: FrameReference, time: Timestamp, hasTime: Bool = true, linkType: LinkType, capturedLength: UInt32,
    originalLength: UInt32, interface: UInt32 = 0, fcsLength: UInt8 = 0
  ) {
    self.reference = reference
    self.time = time
    self.hasTime = hasTime
    self.linkType = linkType
    self.capturedLength = capturedLength
    self.originalLength = originalLength
    self.interface = interface
    self.fcsLength = fcsLength
  }
}
