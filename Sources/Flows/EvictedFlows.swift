// Flows that were closed for want of room, so that what comes of them later is known for a further part.

/// The last flow that a slot's hash had. A newer one takes the slot: bounded, and the same on every run.
struct EvictedFlows: ~Copyable {
  struct Flow: BitwiseCopyable {
    var key: FlowKey
    var ordinal: UInt64
    var part: UInt32
    var initiatorIsHigh: Bool
    /// Time of its last packet.
    var last: Int64
  }

  private var slots: [Flow?] = []
  private let capacity: Int

  init(capacity: Int) { self.capacity = max(capacity, 0) }

  var isEmpty: Bool { slots.isEmpty }

  mutating func remember(_ flow: Flow, hash: UInt32) {
    guard capacity > 0 else { return }
    if slots.isEmpty { slots = Array(repeating: nil, count: capacity) }
    slots[Int(hash) % capacity] = flow
  }

  /// The flow of this key, which is then forgotten.
  mutating func take(_ key: FlowKey, hash: UInt32) -> Flow? {
    guard !slots.isEmpty else { return nil }
    let place = Int(hash) % capacity
    guard let flow = slots[place], flow.key == key else { return nil }
    slots[place] = nil
    return flow
  }
}
