// What a worker is told: everything but the evidence itself. Handed over as JSON.

import Bytes
import JSON
import Terms
import Warrants

/// One timeline's work.
public struct AnalysisJob: Sendable {
  /// An evidence item of the timeline.
  public struct Item: Sendable, Equatable {
    /// Base name of the file.
    public var name: String
    /// Only where another file of the run has the same base name.
    public var sha256: String?
    public var place: Int?
    /// What the clock that stamped its packets showed, minus true time, in nanoseconds.
    public var clockOffset: Int64

    public init(name: String, sha256: String? = nil, place: Int? = nil, clockOffset: Int64 = 0) {
      self.name = name
      self.sha256 = sha256
      self.place = place
      self.clockOffset = clockOffset
    }
  }

  /// A plugin to be kept off the flow of a frame, from that frame on.
  public struct Barred: Sendable, Equatable {
    /// As the shared page counts: the frame number, or in a set of files the place in the timeline, from 1.
    public var frame: UInt64
    /// Place in the catalog, from 0.
    public var plugin: Int
    /// The flow, by its id, that was being ended then: only its end is concerned. 0: the frame's own flow.
    public var flow: UInt64
    /// What happened there, as a clause: `trapped (SIGILL)`.
    public var cause: String

    public init(frame: UInt64, plugin: Int, flow: UInt64 = 0, cause: String = "failed") {
      self.frame = frame
      self.plugin = plugin
      self.flow = flow
      self.cause = cause
    }
  }

  /// A frame to be passed over.
  public struct Skipped: Sendable, Equatable {
    public var frame: UInt64
    /// As in `Barred`.
    public var cause: String

    public init(frame: UInt64, cause: String = "failed") {
      self.frame = frame
      self.cause = cause
    }
  }

  public var items: [Item]
  public var scope: Scope
  public var categories: CategorySet
  /// Id of the warrant, which findings name.
  public var warrant: String
  public var settings = AnalysisSettings()
  /// Whether flow records are wanted.
  public var writesFlows = false
  /// The evidence cannot be read twice: another worker may have to go on in its middle.
  public var isStream = false
  // What follows is not part of the encoded job: the supervisor says it at each attempt.
  public var barred: [Barred] = []
  /// Frames to be passed over, since the analysis itself failed on them; counted as in `Barred`.
  public var skipped: [Skipped] = []
  /// The evidence is taken to end before this frame.
  public var endBefore: UInt64?
  /// Frames and bytes of a stream that an earlier worker read and this one does not see again.
  public var framesBefore: UInt64 = 0
  public var offsetBefore: Int64 = 0
  /// The last flow id and third party's ordinal that earlier workers gave, and how many of those flows have no record.
  public var flowsBefore: UInt64 = 0
  public var thirdPartiesBefore: UInt64 = 0
  public var lostFlows: UInt64 = 0
  /// How the stream is compressed of which an earlier worker read all there is: this one gets its headers only, unpacked.
  public var compression: String?
  /// Plugins that are not to run, by their place in the catalog.
  public var disabled: [Int] = []

  public init(items: [Item], scope: Scope, categories: CategorySet, warrant: String) {
    self.items = items
    self.scope = scope
    self.categories = categories
    self.warrant = warrant
  }
}

/// A job that cannot be understood.
public struct JobError: Error, Equatable, Sendable {
  public let message: String
}

extension AnalysisJob {
  private static let limits = JSONLimits(bytes: 64 << 20, depth: 8, integer: .max)

  public func encoded() -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("items")
    json.beginArray()
    for item in items {
      json.beginObject()
      json.key("name")
      json.string(item.name)
      if let sha256 = item.sha256 {
        json.key("sha256")
        json.string(sha256)
      }
      if let place = item.place {
        json.key("place")
        json.integer(place)
      }
      json.key("clock_offset")
      json.integer(item.clockOffset)
      json.endObject()
    }
    json.endArray()
    json.key("scope")
    json.string(Hex.text(scope.encoded()))
    json.key("categories")
    json.string(Hex.text(categories.encoded()))
    json.key("warrant")
    json.string(warrant)
    json.key("settings")
    json.beginObject()
    for entry in AnalysisSettings.entries {
      json.key(entry.name)
      json.integer(entry.value(settings))
    }
    json.endObject()
    json.key("separate_vlans")
    json.boolean(settings.separateVLANs)
    json.key("writes_flows")
    json.boolean(writesFlows)
    json.key("is_stream")
    json.boolean(isStream)
    json.endObject()
    return json.bytes
  }

  /// Reads what `encoded` wrote.
  public init(decoding bytes: [UInt8]) throws(JobError) {
    let value: JSONValue
    let scope: Scope
    let categories: CategorySet
    do {
      value = try JSONReader.read(bytes, limits: AnalysisJob.limits)
      scope = try Scope(decoding: Hex.bytes(value["scope"]?.string ?? "") ?? [])
      categories = try CategorySet(decoding: Hex.bytes(value["categories"]?.string ?? "") ?? [])
    } catch {
      throw JobError(message: "the job is not understood: \(error)")
    }
    let items = (value["items"]?.array ?? []).map { item in
      Item(
        name: item["name"]?.string ?? "", sha256: item["sha256"]?.string,
        place: item["place"]?.integer.map { Int($0) }, clockOffset: item["clock_offset"]?.integer ?? 0)
    }
    self.init(items: items, scope: scope, categories: categories, warrant: value["warrant"]?.string ?? "")
    for entry in AnalysisSettings.entries {
      if let number = value["settings"]?[entry.name]?.integer { entry.set(&settings, Int(number)) }
    }
    settings.separateVLANs = value["separate_vlans"]?.boolean ?? false
    writesFlows = value["writes_flows"]?.boolean ?? false
    isStream = value["is_stream"]?.boolean ?? false
  }
}
