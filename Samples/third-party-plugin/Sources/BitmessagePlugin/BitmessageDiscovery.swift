// Bitmessage on a local network: peers announce themselves by broadcast.

import Bytes
import Findings
import PluginKit

public struct BitmessageDiscovery: DatagramPlugin {
  static let announcement = Rule(
    "bitmessage-discovery.announcement", .peerToPeer, tool: "bitmessage", highest: .strong,
    meaning: "A Bitmessage peer announced itself on its network.", marks: ["an announcement of the length it declares"],
    lookAlikes: ["imitation"], blindSpots: ["peers that stay silent"], sources: ["Bitmessage protocol specification"])

  public static let manifest = Manifest(
    "bitmessage-discovery", title: "Bitmessage, local discovery", transports: [.udp], ports: [8444],
    constants: [Constant("e9 be b4 d9 61 64 64 72")], rules: [announcement])

  public init() {}

  public func inspect(
    _ datagram: Datagram, memory: inout NoMemory, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    var reader = datagram.reader
    try reader.skip(8)
    guard try reader.u64() == 0, Int(try reader.u32()) == datagram.length - 24 else { return .notMine }
    recorder.find(Self.announcement, at: .strong, marks: [Mark("announcement")])
    return .done
  }
}
