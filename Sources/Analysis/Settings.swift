// The bounds of an analysis and where they come from, as one declared list: flags, configuration and the worker's job all
// use it.

import Flows
import Terms

/// Every bound that a user may set. Counted in bytes, packets, flows and packet time; never in time of the machine.
public struct AnalysisSettings: Sendable, Equatable {
  /// Flows kept at once. Two million take some 700 MiB at most; at the bound the longest idle one is ended.
  public var flows = 2_097_152
  /// Seconds of packet time without a packet after which a flow has ended.
  public var tcpIdle = 300
  public var udpIdle = 180
  public var otherIdle = 60
  /// Seconds of packet time after which a flow's record is cut and goes on in a new part; 0: never.
  public var active = 0
  /// Datagrams that wait for fragments at once, the bytes they may hold, and how long they wait (packet time).
  public var fragmentedDatagrams = 4_096
  public var fragmentBytes = 16 * 1024 * 1024
  public var fragmentSeconds = 30
  /// Bytes of all stream prefixes together: plugins see no more streams than fit.
  public var prefixBytes = 256 * 1024 * 1024
  /// Bytes of finished records that may wait in memory for the flows before them.
  public var waitingBytes = 64 * 1024 * 1024
  /// Third parties that are told apart where their addresses are withheld, as many as flows: some 60 bytes each. Those
  /// beyond share one name.
  public var thirdParties = 2_097_152
  /// Bounds on what is said of one flow. They guard memory against evidence made to fill it and are not for users to set:
  /// a worker has the ones given here.
  public var records = RecordLimits()
  /// VLAN ids and MPLS labels are part of a flow's key.
  public var separateVLANs = false

  public init() {}

  /// The bounds of the Flows room.
  var flowLimits: FlowLimits {
    var limits = FlowLimits()
    limits.tableSize = flows
    limits.tcpIdleTimeout = FlowLimits.seconds(Int64(tcpIdle))
    limits.udpIdleTimeout = FlowLimits.seconds(Int64(udpIdle))
    limits.otherIdleTimeout = FlowLimits.seconds(Int64(otherIdle))
    limits.activeTimeout = active == 0 ? nil : FlowLimits.seconds(Int64(active))
    limits.separatesVLANs = separateVLANs
    limits.fragmentedDatagrams = fragmentedDatagrams
    limits.fragmentBytes = fragmentBytes
    limits.fragmentTimeout = FlowLimits.seconds(Int64(fragmentSeconds))
    limits.prefixBytes = prefixBytes
    return limits
  }

  /// A bound by its name.
  public struct Entry: Sendable {
    public let name: String
    public let note: String
    public let range: ClosedRange<Int>
    let path: WritableKeyPath<AnalysisSettings, Int> & Sendable

    public func value(_ settings: AnalysisSettings) -> Int { settings[keyPath: path] }
    public func set(_ settings: inout AnalysisSettings, _ value: Int) { settings[keyPath: path] = value }
  }

  /// Every bound, in the order of documentation.
  public static let entries: [Entry] = [
    Entry(name: "flows", note: "flows kept at once", range: 16...100_000_000, path: \.flows),
    Entry(name: "tcp-idle", note: "idle timeout of TCP flows, seconds", range: 1...86_400, path: \.tcpIdle),
    Entry(name: "udp-idle", note: "idle timeout of UDP flows, seconds", range: 1...86_400, path: \.udpIdle),
    Entry(name: "other-idle", note: "idle timeout of other flows, seconds", range: 1...86_400, path: \.otherIdle),
    Entry(
      name: "active", note: "seconds after which a flow's record is cut into parts; 0 never", range: 0...31_536_000,
      path: \.active),
    Entry(
      name: "fragmented-datagrams", note: "datagrams that wait for fragments at once", range: 1...1_000_000,
      path: \.fragmentedDatagrams),
    Entry(
      name: "fragment-bytes", note: "bytes that waiting fragments may hold", range: 65_536...4_294_967_296,
      path: \.fragmentBytes),
    Entry(
      name: "fragment-seconds", note: "how long fragments wait, seconds", range: 1...600, path: \.fragmentSeconds),
    Entry(
      name: "prefix-bytes", note: "bytes of stream prefixes kept for plugins", range: 65_536...68_719_476_736,
      path: \.prefixBytes),
    Entry(
      name: "waiting-bytes", note: "bytes of finished records that wait in memory", range: 65_536...68_719_476_736,
      path: \.waitingBytes),
    Entry(
      name: "third-parties", note: "third parties told apart where their addresses are withheld",
      range: 1...100_000_000,
      path: \.thirdParties),
  ]
}
