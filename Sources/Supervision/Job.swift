// What a worker is told: the item's settings, and what it must keep off after faults.
//
//   version 1 byte · evidence count 2 · start: frame 8, offset 8, flows 8, lost flows 8, third parties 8,
//   compression: length 1, text
//   end before 8 (0: none) · barred, then skipped frames: count 4, each frame 8, plugin 2, flow 8, cause 1 and 4
//   disabled plugins: count 4, each 2 · settings: length 4, bytes            (all little-endian)

import Bytes
import Platform

/// A place that was fatal to an earlier attempt, and what happened there.
public struct Exclusion: Equatable, Sendable {
  public let place: WorkerPlace
  public let cause: FaultCause
}

/// What is left out of an attempt, because it was fatal to an earlier one.
public struct Exclusions: Equatable, Sendable {
  /// This plugin is kept off the flow of this frame, from this frame on; or, where the place names a flow that was being
  /// ended, off that flow's end.
  public internal(set) var barred: [Exclusion] = []
  /// These frames are counted and not read.
  public internal(set) var skippedFrames: [Exclusion] = []
  /// These plugins are not called at all. From 1, in the catalog's order.
  public internal(set) var disabledPlugins: [UInt16] = []
  /// The evidence is taken to end before this frame.
  public internal(set) var endBefore: UInt64?

  public init() {}
  public var isEmpty: Bool { self == Exclusions() }
  func bars(_ place: WorkerPlace) -> Bool { barred.contains { $0.place == place } }
  func skips(_ frame: UInt64) -> Bool { skippedFrames.contains { $0.place.frame == frame } }
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
  /// The last flow id and the last third party's ordinal that earlier workers gave: this one counts on.
  public var flowsBefore: UInt64 = 0
  public var thirdPartiesBefore: UInt64 = 0
  /// Flows of earlier workers of which there is no record.
  public var lostFlows: UInt64 = 0
  /// How the stream is compressed of which this worker gets the headers only, unpacked.
  public var compression: String?
  /// Scope, categories, limits and plugin list, as Analysis encodes them.
  public var settings: [UInt8]

  public init(evidenceCount: Int, settings: [UInt8]) {
    self.evidenceCount = evidenceCount
    self.settings = settings
  }

  private static let version: UInt8 = 2

  func encoded() -> [UInt8] {
    var out: [UInt8] = [Job.version]
    func put(_ value: some FixedWidthInteger) {
      for shift in stride(from: 0, to: value.bitWidth, by: 8) { out.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    put(UInt16(clamping: evidenceCount))
    put(framesBefore)
    put(UInt64(bitPattern: offsetBefore))
    put(flowsBefore)
    put(lostFlows)
    put(thirdPartiesBefore)
    let name = Array((compression ?? "").utf8.prefix(255))
    put(UInt8(name.count))
    out += name
    put(exclusions.endBefore ?? 0)
    for list in [exclusions.barred, exclusions.skippedFrames] {
      put(UInt32(clamping: list.count))
      for exclusion in list {
        put(exclusion.place.frame)
        put(exclusion.place.plugin)
        put(exclusion.place.flow)
        put(exclusion.cause.code.kind)
        put(exclusion.cause.code.detail)
      }
    }
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
      job.flowsBefore = try reader.u64le()
      job.lostFlows = try reader.u64le()
      job.thirdPartiesBefore = try reader.u64le()
      let name = try reader.span(Int(try reader.u8())).array
      job.compression = name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
      let endBefore = try reader.u64le()
      job.exclusions.endBefore = endBefore == 0 ? nil : endBefore
      for _ in 0..<(try reader.u32le()) { job.exclusions.barred.append(try Exclusion(&reader)) }
      for _ in 0..<(try reader.u32le()) { job.exclusions.skippedFrames.append(try Exclusion(&reader)) }
      for _ in 0..<(try reader.u32le()) { job.exclusions.disabledPlugins.append(try reader.u16le()) }
      let length = Int(try reader.u32le())
      job.settings = try reader.span(length).array
      guard reader.isAtEnd else { throw reader.invalid() }
      return job
    }
  }
}

extension Exclusion {
  fileprivate init(_ reader: inout ByteReader) throws(ReadError) {
    let frame = try reader.u64le()
    let plugin = try reader.u16le()
    let flow = try reader.u64le()
    let kind = try reader.u8()
    guard let cause = FaultCause(kind: kind, detail: try reader.u32le()) else {
      throw reader.invalid()
    }
    self.init(place: WorkerPlace(frame: frame, plugin: plugin, flow: flow), cause: cause)
  }
}

extension FaultCause {
  /// As a worker is told, so that it can name the cause of what it leaves out.
  fileprivate var code: (kind: UInt8, detail: UInt32) {
    switch self {
    case .signal(let number): (1, UInt32(bitPattern: number))
    case .stalled: (2, 0)
    case .status(let code): (3, UInt32(bitPattern: code))
    case .badRecord(.unknownKind(let kind)): (4, UInt32(kind))
    case .badRecord(.tooLong(let length)): (5, UInt32(clamping: length))
    case .badRecord(.notUTF8(let kind)): (6, UInt32(kind))
    case .badRecord(.cut): (7, 0)
    case .badRecord(.noSuchSlot): (8, 0)
    }
  }

  fileprivate init?(kind: UInt8, detail: UInt32) {
    switch kind {
    case 1: self = .signal(Int32(bitPattern: detail))
    case 2: self = .stalled
    case 3: self = .status(Int32(bitPattern: detail))
    case 4: self = .badRecord(.unknownKind(UInt8(truncatingIfNeeded: detail)))
    case 5: self = .badRecord(.tooLong(Int(detail)))
    case 6: self = .badRecord(.notUTF8(kind: UInt8(truncatingIfNeeded: detail)))
    case 7: self = .badRecord(.cut)
    case 8: self = .badRecord(.noSuchSlot)
    default: return nil
    }
  }
}
