// What the caller found out about a packet's bytes, kept with its flow.

extension FlowTable {
  /// Counts a packet of the flow whose transport checksum does not hold.
  public mutating func noteBadTransportChecksum(_ flow: FlowIndex) {
    annexes[annexIndex(of: flow.number)].badTransportChecksums.increment()
  }
}
