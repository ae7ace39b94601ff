// Which addresses go out as they are, and which as ordinals.

import Findings
import Terms
import Warrants

/// Names addresses for output. Where the warrant does not allow third parties' addresses, those of no target become
/// `third-party-1`, `-2` and so on in order of first appearance within the timeline, so that nothing can be inverted.
struct ThirdParties {
  private let showsAll: Bool
  private let targets: [Target]
  private var ordinals: [Address: UInt32] = [:]
  /// The last ordinal given.
  private(set) var named: UInt64

  /// - Parameter named: ordinals that an earlier worker gave in this timeline: its addresses died with it, so that one of
  ///   them may get a second ordinal, but no ordinal ever names two addresses.
  init(scope: Scope, categories: CategorySet, named: UInt64 = 0) {
    self.named = named
    showsAll = categories.allows(.addressesOfThirdParties)
    targets = scope.targets
  }

  var isShowingAll: Bool { showsAll }

  /// The name of an address; the first call for a third party's gives it its ordinal.
  mutating func name(_ address: Address) -> ShownAddress {
    if showsAll { return .address(address) }
    if let ordinal = ordinals[address] { return .thirdParty(ordinal) }
    if isTarget(address) { return .address(address) }
    named += 1
    let ordinal = UInt32(clamping: named)
    ordinals[address] = ordinal
    return .thirdParty(ordinal)
  }

  private func isTarget(_ address: Address) -> Bool {
    targets.contains { $0.address == address || $0.prefix?.contains(address) ?? false }
  }
}
