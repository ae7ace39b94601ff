// The name by which a flow was probably reached: looked up when it begins, in what DNS answers noted.

import Bytes
import Findings
import Flows
import Packets
import PluginKit
import Terms

extension Timeline {
  /// Tells hosts of equal addresses apart: a flow in a tunnel is of that tunnel's inner network.
  mutating func realm(_ flow: FlowIndex) -> UInt64 {
    let carrier = flows[flow].carrier
    guard carrier != .none || job.settings.separateVLANs, flows[flow].hasAnnex else { return 0 }
    let annex = flows.annex(of: flow)
    var realm: UInt64 = 0
    if job.settings.separateVLANs {
      for vlan in annex.vlans.array { realm = (realm ^ UInt64(vlan) &+ 1).folded(Self.mixing) }
    }
    guard carrier != .none else { return realm }
    realm = (realm ^ UInt64(carrier.rawValue)).folded(Self.mixing)
    if let id = annex.tunnelID { realm = (realm ^ id &+ 1).folded(Self.mixing) }
    // A network of these two has its number, and many outer flows; of the others a tunnel's outer flow is the network.
    // Where it is not to be named, nothing tells two networks apart: each flow is alone.
    if carrier != .vxlan, carrier != .geneve {
      realm = (realm ^ (annex.carrierOrdinal ?? ~flows[flow].ordinal) &+ 1).folded(Self.mixing)
    }
    return realm
  }

  private static var mixing: UInt64 { 0x3c6e_f372_fe94_f82b }

  /// A flow begins: whether its initiator was answered a name for the responder's address. A later part of a flow has
  /// its earlier one's.
  mutating func inferName(_ accounting: Accounting, _ header: FrameHeader, from table: Int) {
    let flow = accounting.flow
    let number = Int(flow.number)
    if number < nameOf.count {
      nameOf[number] = 0
    } else {
      nameOf.append(0)
    }
    if let earlier = accounting.continues {
      let known = nameOf[Int(earlier.number)]
      if known != 0 { nameOf[number] = names.insert(names[known &- 1]) &+ 1 }
      return
    }
    guard header.hasTime else { return }
    let key = NameNote.key(
      client: flows[flow].initiator.address, reaches: flows[flow].responder.address, realm: realm(flow),
      evidence: header.reference.evidence)
    guard let note = dispatch.core.noted(inTable: table, key, at: header.time), let name = NameNote(note) else {
      return
    }
    nameOf[number] = names.insert(name) &+ 1
  }

  /// Takes the name of a flow that ends.
  mutating func takeName(_ flow: FlowIndex) -> NameNote? {
    let number = Int(flow.number)
    guard number < nameOf.count, nameOf[number] != 0 else { return nil }
    let place = nameOf[number] &- 1
    nameOf[number] = 0
    let name = names[place]
    names.release(place)
    return name
  }
}
