// The kinds of values that a warrant lets out.

import Bytes
import Terms

/// The categories of an authorised warrant. Made from one and from nothing else.
public struct CategorySet: Hashable, Sendable {
  public let categories: Categories

  init(_ authorised: AuthorisedWarrant) { categories = authorised.warrant.categories }

  @inlinable public func allows(_ category: Category) -> Bool { categories.holds(category) }

  // MARK: - To the worker
  // The worker cannot see the warrant: the trusted side, which made this set from it, hands the bytes over on a
  // descriptor of its own. Whoever could change them there could as well change the worker.

  private static let layoutVersion: UInt8 = 1

  public func encoded() -> [UInt8] {
    let bits = categories.rawValue
    return [CategorySet.layoutVersion, UInt8(truncatingIfNeeded: bits >> 8), UInt8(truncatingIfNeeded: bits)]
  }

  /// For the worker only.
  public init(decoding bytes: [UInt8]) throws(ReadError) {
    categories = try bytes.withRawSpan { span throws(ReadError) in
      var reader = ByteReader(span)
      guard try reader.u8() == CategorySet.layoutVersion else { throw reader.invalid() }
      let bits = Categories(rawValue: try reader.u16())
      guard reader.isAtEnd, Categories.all.isSuperset(of: bits) else { throw reader.invalid() }
      return bits
    }
  }
}
