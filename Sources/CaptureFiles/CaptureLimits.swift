// The bounds of this room, with their reasons.

/// What reading one capture may take.
public struct CaptureLimits: Sendable {
  /// Bytes asked of the source at a time. 256 KiB fits a core's second-level cache; larger blocks were slower.
  public var blockSize = 256 * 1024
  /// Bytes kept free before a block, for the start of a record that the block before cut: most records fit.
  public var headRoom = 64 * 1024
  /// Size of the first read. Small, so that a set of thousands of files, each waiting with its first frame, fits.
  public var firstBlockSize = 16 * 1024
  /// Longest record or pcapng block held in memory. What is longer is counted, named and passed over; only a few link
  /// types that carry no network packets allow it (`LinkType.maximumCapturedLength`).
  public var longestRecord = 16 * 1024 * 1024
  /// Interfaces of one pcapng section; their descriptions are kept while the section lasts.
  public var interfacesPerSection = 65_536
  /// Interfaces of one file that `CaptureFacts` describes.
  public var describedInterfaces = 4_096
  /// Longest interface name kept, in bytes.
  public var interfaceName = 256
  /// Largest zstd window, as a power of two: 128 MiB, what zstd itself opens without `--long`.
  public var zstdWindowLog = 27
  /// Time between captures of one timeline above which a gap is reported, in nanoseconds: one hour. Capturing programs
  /// that rotate their files begin the next within seconds, on a quiet link with its next packet.
  public var longestGap: Int64 = 3_600_000_000_000

  public init() {}
}
