// MPLS label stack (RFC 3032 section 2.1), and what is guessed to stand under it (RFC 4928 section 3).
//
//     0  label 20 bits, class 3, bottom of stack 1, time to live 8    for each label

import Bytes

extension LayerDecoder {
  mutating func readMPLS(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    while true {
      guard let entry = head(bytes, 4)?.u32(0) else { return shortage(4) }
      packet.tags.add(mpls: entry >> 12)
      offset &+= 4
      if entry & 0x100 != 0 { break }
    }
    guard let first = peek(bytes) else { return shortage(1) }
    // No field names what follows. IP's version number does, where the whole header agrees; otherwise it may be an
    // Ethernet pseudowire (RFC 4448 section 4.6), with a control word, whose first four bits are zero, or without.
    if first >> 4 == 4 || first >> 4 == 6 {
      header = first >> 4 == 4 ? .ipv4 : .ipv6
      if networkHeaderHolds(bytes) { return nil }
    }
    if first >> 4 == 0, leadsToIP(bytes, ethernetAfter: 4) { return advance(4, to: .ethernet) }
    return leadsToIP(bytes, ethernetAfter: 0) ? advance(0, to: .ethernet) : .notIP
  }

  /// Whether an Ethernet frame `count` bytes on holds a valid IP header.
  private func leadsToIP(_ bytes: RawSpan, ethernetAfter count: Int) -> Bool {
    var trial = self
    var scratch = Packet.blank
    trial.offset &+= count
    trial.header = .ethernet
    guard trial.readEthernet(bytes, &scratch) == nil else { return false }
    return (trial.header == .ipv4 || trial.header == .ipv6) && trial.networkHeaderHolds(bytes)
  }
}
