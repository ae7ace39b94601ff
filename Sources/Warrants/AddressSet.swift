// A set of addresses, made once and asked at each packet: sorted ranges that do not touch, one list a family.

import Terms

/// Consecutive addresses of one family, both ends included.
struct AddressRange: Hashable, Sendable, BitwiseCopyable {
  let low: Address
  let high: Address

  init(_ address: Address) {
    low = address
    high = address
  }

  init(_ prefix: Prefix) {
    (low, high) = AddressRange.bounds(prefix.address, length: prefix.length)
  }

  func contains(_ address: Address) -> Bool {
    address.family == low.family && !(address < low) && !(high < address)
  }

  /// The first and last address that share the first `length` bits with `address`.
  static func bounds(_ address: Address, length: Int) -> (low: Address, high: Address) {
    if address.family == .v4 {
      let host: UInt32 = length >= 32 ? 0 : .max >> UInt32(max(length, 0))
      let value = UInt32(truncatingIfNeeded: address.lower)
      return (Address(v4: value & ~host), Address(v4: value | host))
    }
    let upperHost: UInt64 = length >= 64 ? 0 : .max >> UInt64(max(length, 0))
    let lowerHost: UInt64 = length >= 128 ? 0 : length <= 64 ? .max : .max >> UInt64(length - 64)
    return (
      Address(v6: address.upper & ~upperHost, address.lower & ~lowerHost),
      Address(v6: address.upper | upperHost, address.lower | lowerHost)
    )
  }
}

/// A set of addresses.
struct AddressSet: Sendable {
  private struct Range4: BitwiseCopyable {
    let low: UInt32
    let high: UInt32
  }

  private struct Range6: BitwiseCopyable {
    let low: UInt128
    let high: UInt128
  }

  private var four: [Range4] = []
  private var six: [Range6] = []
  let isEmpty: Bool

  /// Up to this many ranges are tried one after the other: cheaper than halving.
  private static let fewRanges = 8

  init(_ ranges: some Sequence<AddressRange>) {
    var merged: [AddressRange] = []
    for range in ranges.sorted(by: { $0.low < $1.low }) {
      if let last = merged.last, last.low.family == range.low.family, !(last.high < range.low) {
        if last.high < range.high { merged[merged.count - 1] = AddressRange(low: last.low, high: range.high) }
      } else {
        merged.append(range)
      }
    }
    for range in merged {
      if range.low.family == .v4 {
        four.append(
          Range4(low: UInt32(truncatingIfNeeded: range.low.lower), high: UInt32(truncatingIfNeeded: range.high.lower)))
      } else {
        six.append(Range6(low: AddressSet.value(range.low), high: AddressSet.value(range.high)))
      }
    }
    isEmpty = merged.isEmpty
  }

  func contains(_ address: Address) -> Bool {
    address.family == .v4
      ? contains(four: UInt32(truncatingIfNeeded: address.lower)) : contains(six: AddressSet.value(address))
  }

  /// The place of the only range that can hold the value is the last whose low end is not above it.
  private func contains(four value: UInt32) -> Bool {
    if four.count <= AddressSet.fewRanges {
      for index in four.indices where value >= four[index].low && value <= four[index].high { return true }
      return false
    }
    var start = 0
    var end = four.count
    while start < end {
      let middle = (start &+ end) >> 1
      if four[middle].low <= value { start = middle &+ 1 } else { end = middle }
    }
    return start > 0 && value <= four[start &- 1].high
  }

  private func contains(six value: UInt128) -> Bool {
    if six.count <= AddressSet.fewRanges {
      for index in six.indices where value >= six[index].low && value <= six[index].high { return true }
      return false
    }
    var start = 0
    var end = six.count
    while start < end {
      let middle = (start &+ end) >> 1
      if six[middle].low <= value { start = middle &+ 1 } else { end = middle }
    }
    return start > 0 && value <= six[start &- 1].high
  }

  private static func value(_ address: Address) -> UInt128 { UInt128(address.upper) << 64 | UInt128(address.lower) }
}

extension AddressRange {
  fileprivate init(low: Address, high: Address) {
    self.low = low
    self.high = high
  }
}
