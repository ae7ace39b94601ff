// Which addresses go out as they are, and which as ordinals.

import Findings
import Terms
import Warrants

/// Names addresses for output. Where the warrant does not allow third parties' addresses, those of no target become
/// `third-party-1`, `-2` and so on in order of first appearance within the timeline, so that nothing can be inverted.
/// Those that come when as many are told apart as may be become `third-party-other`.
struct ThirdParties {
  private let showsAll: Bool
  private let targets: AddressSet
  private let limit: Int
  private var ordinals: [Address: UInt32] = [:]
  /// The last ordinal given.
  private(set) var named: UInt64
  /// Ends of flows that got no ordinal for want of room.
  private(set) var leftOut: UInt64 = 0

  /// - Parameters:
  ///   - limit: addresses that are told apart.
  ///   - named: ordinals that an earlier worker gave in this timeline: its addresses died with it, so that one of them may
  ///     get a second ordinal, but no ordinal ever names two addresses.
  init(scope: Scope, categories: CategorySet, limit: Int, named: UInt64 = 0) {
    self.limit = limit
    self.named = named
    showsAll = categories.allows(.addressesOfThirdParties)
    targets = scope.targetAddresses
  }

  var isShowingAll: Bool { showsAll }

  /// An end of a flow that begins: a third party's address gets its ordinal now.
  mutating func meet(_ address: Address) {
    if showsAll || ordinals[address] != nil || targets.contains(address) { return }
    guard ordinals.count < limit, let ordinal = UInt32(exactly: named &+ 1) else {
      leftOut &+= 1
      return
    }
    named &+= 1
    ordinals[address] = ordinal
  }

  /// The name of an address: a third party's that was not met, or had no room, is never shown itself.
  func name(_ address: Address) -> ShownAddress {
    if showsAll || targets.contains(address) { return .address(address) }
    return ordinals[address].map { .thirdParty($0) } ?? .otherThirdParty
  }
}
