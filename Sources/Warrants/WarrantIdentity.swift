// What output says of the warrant it was made under.

import Bytes
import Cryptography
import Terms

/// The `warrant` object of the findings document, as text: every value comes from the warrant.
public struct WarrantIdentity: Hashable, Sendable {
  public let id: String
  public let generation: Int64
  public let reference: String
  /// SHA-256 of the document, lower-case hexadecimal.
  public let sha256: String
  public let liid: String?
  public let jurisdiction: String?
  public let executingAgency: String
  /// RFC 3339, UTC.
  public let authorityFrom: String
  public let authorityUntil: String
  /// The data window in force; nil where every packet time counts.
  public let dataFrom: String?
  public let dataUntil: String?
  public let covers: [String]
  /// In the order of `Category.allCases`.
  public let categories: [String]
  public let insideTunnels: Bool
  public let exhibits: [String]
  public let handlingMarking: String?
  public let training: Bool
  public let isAfterExpiry: Bool
  /// Nil for a training warrant whose signature was not verified.
  public let signature: VerifiedSignature?

  init(_ authorised: AuthorisedWarrant) {
    let warrant = authorised.warrant
    id = warrant.id
    generation = warrant.generation
    reference = warrant.reference
    sha256 = Hex.text(warrant.digest.bytes)
    liid = warrant.liid
    jurisdiction = warrant.jurisdiction
    executingAgency = warrant.executingAgency
    authorityFrom = warrant.authority.from?.text ?? ""
    authorityUntil = warrant.authority.until?.text ?? ""
    let window = authorised.scope.window
    dataFrom = window.from?.text
    dataUntil = window.until?.text
    covers = warrant.covers.map(\.rawValue)
    categories = warrant.categories.members.map(\.name)
    insideTunnels = warrant.insideTunnels
    exhibits = warrant.exhibits.map(\.id)
    handlingMarking = warrant.handling?.marking
    training = warrant.training
    isAfterExpiry = authorised.isAfterExpiry
    signature = authorised.authenticity.signature
  }
}
