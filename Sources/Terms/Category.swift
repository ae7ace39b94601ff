// Data categories: what a warrant allows to be put out.

/// The kind of a value, by which a warrant allows or withholds it (`data_category` in output).
public enum Category: UInt8, CaseIterable, Hashable, Sendable {
  /// Counts, times, sizes.
  case flow
  case addressesOfThirdParties
  case serverName
  case certificate
  case fingerprint
  case protocolMetadata
  case dnsName
  case dnsNameFull
  case httpHost
  case softwareVersion
  case contentIdentifier

  /// The name in warrants and output.
  public var name: String {
    switch self {
    case .flow: "flow"
    case .addressesOfThirdParties: "addresses_of_third_parties"
    case .serverName: "server_name"
    case .certificate: "certificate"
    case .fingerprint: "fingerprint"
    case .protocolMetadata: "protocol_metadata"
    case .dnsName: "dns_name"
    case .dnsNameFull: "dns_name_full"
    case .httpHost: "http_host"
    case .softwareVersion: "software_version"
    case .contentIdentifier: "content_identifier"
    }
  }

  public init?(name: String) {
    guard let match = Category.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}

/// A set of categories.
public struct Categories: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public let rawValue: UInt16
  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
  @inlinable public init(_ category: Category) { rawValue = 1 << UInt16(category.rawValue) }
  public init(_ categories: some Sequence<Category>) {
    rawValue = categories.reduce(0) { $0 | 1 << UInt16($1.rawValue) }
  }

  @inlinable public func holds(_ category: Category) -> Bool { contains(Categories(category)) }

  /// In the order of `Category.allCases`.
  public var members: [Category] { Category.allCases.filter { holds($0) } }

  public static let all = Categories(Category.allCases)
}
