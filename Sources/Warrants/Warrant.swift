// The warrant's document as values. What its fields mean, and what they may hold, is declared in `WarrantFields.swift`.

import Bytes
import Terms

/// A warrant that was read and is well formed. It allows nothing yet: see `AuthorisedWarrant`.
public struct Warrant: Sendable {
  /// The exact bytes that were read: what a signature is over.
  public let document: [UInt8]
  /// SHA-256 of `document`.
  public let digest: Digest

  /// UUID, lower case.
  public var id = ""
  /// Counts changes from 1.
  public var generation: Int64 = 1
  /// SHA-256 of the document that this one replaces.
  public var supersedes: Digest?
  /// The authority's reference.
  public var reference = ""
  /// Lawful interception identifier (ETSI TS 103 280).
  public var liid: String?

  public var legalType: LegalType?
  public var legalBasis = LegalBasis(act: "", provision: "")
  public var offences: [Offence] = []
  public var jurisdiction: String?
  public var authorisingCountry: String?
  public var executingCountry: String?

  public var issued = Timestamp(nanoseconds: 0)
  public var issuedBy = Issuer(name: "", office: "", court: nil)
  public var approvals: [Approval] = []
  public var executingAgency = ""
  public var responsibleOfficer: String?
  public var applicant: String?
  public var instrument: Instrument?

  /// When the tool may be started on new evidence, and when live capture may run.
  public var authority = Interval.always
  /// Which packet times may be read; nil where the warrant does not say.
  public var data: Interval?
  /// In the order of `Purpose.allCases`.
  public var covers: [Purpose] = []
  public var targets: [Target] = []
  public var excluded: [Exclusion] = []
  public var exhibits: [Exhibit] = []
  /// Whether layers inside tunnels may be read.
  public var insideTunnels = false
  public var categories: Categories = []

  public var conditions: [String] = []
  public var reportDue: Timestamp?
  public var emergency = false
  public var handling: Handling?
  public var deviceType: String?
  public var retention: Retention?
  public var profile = Profile.none
  /// For exercises and tests: every output is stamped TRAINING.
  public var training = false

  init(document: [UInt8], digest: Digest) {
    self.document = document
    self.digest = digest
  }

  /// What evidence a warrant is for.
  public enum Purpose: String, CaseIterable, Sendable {
    case recorded, live
  }

  /// ETSI TS 103 120 AuthorisationLegalType, as this format names it.
  public enum LegalType: String, CaseIterable, Sendable {
    case surveillanceDeviceWarrant = "surveillance_device_warrant"
    case searchWarrant = "search_warrant"
    case productionOrder = "production_order"
    case preservationDirection = "preservation_direction"
    case customsPower = "customs_power"
    case consent
    case emergency
    case mutualAssistance = "mutual_assistance"
    case other
  }

  public struct LegalBasis: Hashable, Sendable {
    public let act: String
    public let provision: String
  }

  public struct Offence: Hashable, Sendable {
    public let provision: String
    public let description: String?
    public let maximumPenaltyYears: Int64?
  }

  public struct Issuer: Hashable, Sendable {
    public let name: String
    public let office: String
    public let court: String?
  }

  public struct Approval: Hashable, Sendable {
    public let name: String
    public let office: String
    public let at: Timestamp
  }

  /// The signed paper, of which the document is a transcription.
  public struct Instrument: Hashable, Sendable {
    public let name: String
    public let mediaType: String?
    public let digest: Digest
    public let transcribedBy: String?
  }

  /// What was seized, as it was seized.
  public struct Exhibit: Hashable, Sendable {
    public let id: String
    /// Nil in a training warrant only.
    public let digest: Digest?
    public let description: String?
    public let seizedAt: Timestamp?
    public let seizedBy: String?
    public let sourceClock: SourceClock?
  }

  /// The offset of the clock that stamped an exhibit's packets: what it showed minus the true time (RFC 2330 section
  /// 10.1), so that true time is packet time minus offset.
  public struct SourceClock: Hashable, Sendable {
    public let offsetNanoseconds: Int64
    /// How the offset was found.
    public let basis: String?
  }

  public struct Handling: Hashable, Sendable {
    public let marking: String?
    public let discloseTo: [String]
  }

  public struct Retention: Hashable, Sendable {
    public enum Rule: String, CaseIterable, Sendable {
      case untilProceedingsEnd = "until_proceedings_end"
      case fixed
      case asDirected = "as_directed"
    }
    public let rule: Rule
    public let until: Timestamp?
    public let plusYears: Int64?
  }

  /// National checks, as data.
  public enum Profile: String, CaseIterable, Sendable {
    case none
    case nzSurveillanceDeviceWarrant = "nz-sdw"
    case nzSearch = "nz-search"
  }
}
