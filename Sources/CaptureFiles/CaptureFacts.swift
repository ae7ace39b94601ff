// What is known of a capture beside its frames.

import Terms

/// How the stream that holds the capture was compressed.
public enum Compression: String, Sendable, CustomStringConvertible {
  case none, gzip, zstd
  public var description: String { rawValue }
}

/// The file format, as output names it.
public enum CaptureFormat: String, Sendable {
  case pcap
  /// pcap whose times are in nanoseconds.
  case pcapNanoseconds = "pcap-ns"
  /// pcap with the longer record header of Alexey Kuznetzov's patched libpcap.
  case pcapModified = "pcap-modified"
  case pcapng
}

/// An interface that a capture names; a pcap file has one, without a name.
public struct CaptureInterface: Equatable, Sendable {
  /// `if_name`; nil where the file gives none. Text of the evidence: invalid UTF-8 is replaced, length bounded.
  public var name: String?
  public var linkType: LinkType
  /// Longest captured length that the file announces; 0 where it sets no limit. Never relied on.
  public var snapLength: UInt32
  /// Bytes of frame check sequence on each frame, as far as the file says.
  public var fcsLength: UInt8
  /// Packets lost before this file was written, by its own count; nil where it does not say.
  public var dropped: Drops
}

/// Packets that the capturing system lost, by the capture's own counters.
public struct Drops: Equatable, Sendable {
  /// Sum of what packet records say (`epb_dropcount`, the drops field of the obsolete packet block).
  public var byRecords: UInt64?
  /// `isb_ifdrop` of the last Interface Statistics Block: lost by the interface for want of resources.
  public var byInterface: UInt64?
  /// `isb_osdrop` of the last Interface Statistics Block: lost by the operating system.
  public var bySystem: UInt64?

  public init() {}
}

/// Everything known of a capture so far; complete once `advance` has returned false.
public struct CaptureFacts: Sendable {
  public let format: CaptureFormat
  public let compression: Compression
  /// In the order in which the file describes them; at most `CaptureLimits.describedInterfaces`.
  public let interfaces: [CaptureInterface]
  /// All interfaces, described here or not.
  public let interfaceCount: UInt64
  /// Records that have a frame number: as many frames as Wireshark shows.
  public let frames: UInt64
  /// Those of them that hold a packet and were given out.
  public let packets: UInt64
  /// Bytes of the unpacked stream up to the end of the last record read.
  public let bytes: UInt64
  /// Bytes read from the source (compressed ones where it is compressed): how far the file has been taken up.
  public let bytesRead: UInt64
  /// Whether reading ended at the end of the stream, without damage.
  public let isWhole: Bool
  public let notices: [Notice]
}
