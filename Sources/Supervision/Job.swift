// What a worker is told: the item's settings, and what it must keep off after faults.
//
//   version 1 byte · evidence count 2 · start: frame 8, offset 8 · end before 8 (0: none)
//   barred: count 4, each frame 8, plugin 2 · skipped frames: count 4, each 8 · disabled plugins: count 4, each 2
//   settings: length 4, bytes            (all little-endian)

import Bytes
import Platform

/// What is left out of an attempt, because it was fatal to an earlier one.
public struct Exclusions: Equatable, Sendable {
  /// This plugin is kept off the flow of this frame, from this frame on.
  public internal(set) var barred: [WorkerPlace] = []
  /// These frames are counted and not read.
  public internal(set) var skippedFrames: [UInt64] = []
  /// These plugins are not called at all. From 1, in the catalog's order.
  public internal(set) var disabledPlugins: [UInt16] = []
  /// The evidence is taken to end before this frame.
  public internal(set) var endBefore: UInt64?

  public init() {}
  public var isEmpty: Bool { self == Exclusions() }
}

/// A worker's job.
public struct Job: Equatable, Sendable {
  /// How many descriptors of evidence there are.
  public var evidenceCount: Int
  public var exclusions = Exclusions()
  /// Number of the first frame that is read, less one: 0 unless a stream is taken up again.
  public var framesBefore: UInt64 = 0
  /// Bytes of the stream that are not seen again, less the preamble: to be added to offsets. 0 unless taken up again.
  public var offsetBefore: Int64 = 0
  /// Scope, categories, limits and plugin list, as Analysis encodes them.
  public var settings: [UInt8]

  public init(evidenceCount: Int, settings: [UInt8]) {
    self.evidenceCount = evidenceCount
    self.settings = settings
  }

  private static let version: UInt8 = 1

  func encoded() -> [UInt8] {
    var out: [UInt8] = [Job.version]
    func put(_ value: some FixedWidthInteger) {
      for shift in stride(from: 0, to: value.bitWidth, by: 8) { out.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    put(UInt16(clamping: evidenceCount))
    put(framesBefore)
    put(UInt64(bitPattern: offsetBefore))
    put(exclusions.endBefore ?? 0)
    put(UInt32(clamping: exclusions.barred.count))
    for place in exclusions.barred {
      put(place.frame)
      put(place.plugin)
    }
    put(UInt32(clamping: exclusions.skippedFrames.count))
    for frame in exclusions.skippedFrames { put(frame) }
    put(UInt32(clamping: exclusions.disabledPlugins.count))
    for plugin in exclusions.disabledPlugins { put(plugin) }
    put(UInt32(clamping: settings.count))
    out += settings
    return out
  }

  /// The job in `bytes`; throws where they are none, which a build of another version would give.
  static func decoded(_ bytes: [UInt8]) throws(ReadError) -> Job {
    try bytes.withRawSpan { (span) throws(ReadError) in
      var reader = ByteReader(span)
      guard try reader.u8() == version else { throw reader.invalid() }
      var job = Job(evidenceCount: Int(try reader.u16le()), settings: [])
      job.framesBefore = try reader.u64le()
      job.offsetBefore = Int64(bitPattern: try reader.u64le())
      let endBefore = try reader.u64le()
      job.exclusions.endBefore = endBefore == 0 ? nil : endBefore
      for _ in 0..<(try reader.u32le()) {
        job.exclusions.barred.append(WorkerPlace(frame: try reader.u64le(), plugin: try reader.u16le()))
      }
      for _ in 0..<(try reader.u32le()) { job.exclusions.skippedFrames.append(try reader.u64le()) }
      for _ in 0..<(try reader.u32le()) { job.exclusions.disabledPlugins.append(try reader.u16le()) }
      let length = Int(try reader.u32le())
      job.settings = try reader.span(length).array
      guard reader.isAtEnd else { throw reader.invalid() }
      return job
    }
  }
}
