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

  init(scope: Scope, categories: CategorySet) {
    showsAll = categories.allows(.addressesOfThirdParties)
    targets = scope.targets
  }

  var isShowingAll: Bool { showsAll }

  /// The name of an address; the first call for a third party's gives it its ordinal.
  mutating func name(_ address: Address) -> ShownAddress {
    if showsAll { return .address(address) }
    if let ordinal = ordinals[address] { return .thirdParty(ordinal) }
    if isTarget(address) { return .address(address) }
    let ordinal = UInt32(clamping: ordinals.count + 1)
    ordinals[address] = ordinal
    return .thirdParty(ordinal)
  }

  private func isTarget(_ address: Address) -> Bool {
    targets.contains { $0.address == address || $0.prefix?.contains(address) ?? false }
  }
}
