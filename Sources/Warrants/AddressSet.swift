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

/// A set of addresses; `Scope.targetAddresses` is one.
public struct AddressSet: Sendable {
  /// Consecutive values: `span` more than `low`. A value is inside when its distance from `low`, wrapped, is not above.
  private struct Run<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>: Sendable, BitwiseCopyable
  {
    let low: Value
    let span: Value

    @inline(__always)
    func holds(_ value: Value) -> Bool { value &- low <= span }
  }

  private var four: [Run<UInt32>] = []
  private var six: [Run<UInt128>] = []
  public let isEmpty: Bool

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
        let low = UInt32(truncatingIfNeeded: range.low.lower)
        four.append(Run(low: low, span: UInt32(truncatingIfNeeded: range.high.lower) &- low))
      } else {
        let low = AddressSet.value(range.low)
        six.append(Run(low: low, span: AddressSet.value(range.high) &- low))
      }
    }
    isEmpty = merged.isEmpty
  }

  /// Whether one of the two is in the set.
  @inline(__always)
  func containsEither(_ first: Address, _ second: Address) -> Bool {
    if isEmpty { return false }
    if first.family == .v4, second.family == .v4 {
      return holdsEither(UInt32(truncatingIfNeeded: first.lower), UInt32(truncatingIfNeeded: second.lower))
    }
    return holds(first) || holds(second)
  }

  private func holdsEither(_ first: UInt32, _ second: UInt32) -> Bool {
    if four.count <= AddressSet.fewRanges {
      var index = 0
      while index < four.count {
        let run = four[index]
        if run.holds(first) || run.holds(second) { return true }
        index &+= 1
      }
      return false
    }
    return AddressSet.holds(four, first) || AddressSet.holds(four, second)
  }

  /// Whether the address is in the set.
  public func contains(_ address: Address) -> Bool { !isEmpty && holds(address) }

  private func holds(_ address: Address) -> Bool {
    address.family == .v4
      ? AddressSet.holds(four, UInt32(truncatingIfNeeded: address.lower))
      : AddressSet.holds(six, AddressSet.value(address))
  }

  /// Only the last run that begins at or below the value can hold it.
  private static func holds<Value>(_ runs: [Run<Value>], _ value: Value) -> Bool {
    var start = 0
    var end = runs.count
    while start < end {
      let middle = (start &+ end) >> 1
      if runs[middle].low <= value { start = middle &+ 1 } else { end = middle }
    }
    return start > 0 && runs[start &- 1].holds(value)
  }

  @inline(__always)
  private static func value(_ address: Address) -> UInt128 { UInt128(address.upper) << 64 | UInt128(address.lower) }
}

extension AddressRange {
  fileprivate init(low: Address, high: Address) {
    self.low = low
    self.high = high
  }
}
