// What the findings document says of the warrant it was made under, and of the signature over it.

import Terms

/// The warrant that a document was made under. All texts are the warrant's own.
public struct WarrantRecord: FieldObject {
  public var id = ""
  public var generation: Int64 = 1
  public var reference = ""
  public var sha256 = ""
  public var liid: String?
  public var jurisdiction: String?
  public var executingAgency = ""
  public var authorityFrom = ""
  public var authorityUntil = ""
  public var dataFrom: String?
  public var dataUntil: String?
  public var covers: [String] = []
  public var categories: [String] = []
  public var insideTunnels = false
  public var exhibits: [String] = []
  public var marking: String?
  public var isTraining = false
  public var isAfterExpiry = false
  public var signature: SignatureRecord?
  /// Plugins that were not started, since the warrant does not allow what they need.
  public var pluginsNotStarted: [String] = []

  public init() {}

  static let idField = Field<Label>("id", "UUID of the warrant")
  static let generationField = Field<Count>("generation", "its generation, from 1")
  static let referenceField = Field<Label>("reference", "the authority's reference")
  static let sha256Field = Field<Label>("sha256", "SHA-256 of the warrant's file")
  static let liidField = Field<Label>("liid", "lawful interception identifier", when: "the warrant has one")
  static let jurisdictionField = Field<Label>("jurisdiction", "jurisdiction", when: "the warrant names one")
  static let agencyField = Field<Label>("executing_agency", "the agency that executes it")
  static let authorityFromField = Field<Label>("authority_from", "first instant of the authority, RFC 3339, UTC")
  static let authorityUntilField = Field<Label>("authority_until", "first instant after it")
  static let dataFromField = Field<Label>(
    "data_from", "first packet time that may be read", when: "the warrant sets one")
  static let dataUntilField = Field<Label>("data_until", "first packet time after it", when: "the warrant sets one")
  static let coversField = ListField<Label>("covers", "`recorded`, `live`")
  static let categoriesField = ListField<Label>("categories", "data categories that it allows")
  static let insideField = Field<FlowFlag>("inside_tunnels", "whether packets inside tunnels may be read")
  static let exhibitsField = ListField<Label>("exhibits", "ids of the exhibits listed")
  static let markingField = Field<Label>("marking", "handling marking", when: "the warrant has one")
  static let trainingField = Field<Label>(
    "training", "`TRAINING`: made under a warrant for exercises, which need not be signed", when: "it is one")
  static let expiryField = Field<Label>("after_expiry", "`re-run after expiry`", when: "the authority had ended")
  static let signatureField = ObjectField<SignatureRecord>(
    "signature", "the signature over the warrant's file, which holds",
    when: "it was verified; only training may lack it")
  static let notStartedField = ListField<Label>(
    "plugins_not_started", "plugins that need a category the warrant does not allow")

  public static var fields: [FieldDeclaration] {
    [
      trainingField.declaration, idField.declaration, generationField.declaration, referenceField.declaration,
      sha256Field.declaration, liidField.declaration, jurisdictionField.declaration, agencyField.declaration,
      authorityFromField.declaration, authorityUntilField.declaration, dataFromField.declaration,
      dataUntilField.declaration, coversField.declaration, categoriesField.declaration, insideField.declaration,
      exhibitsField.declaration, markingField.declaration, expiryField.declaration, signatureField.declaration,
      notStartedField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.trainingField, isTraining ? Label("TRAINING") : nil)
    record.put(Self.idField, Label(id))
    record.put(Self.generationField, Count(generation))
    record.put(Self.referenceField, Label(reference))
    record.put(Self.sha256Field, Label(sha256))
    record.put(Self.liidField, liid.map { Label($0) })
    record.put(Self.jurisdictionField, jurisdiction.map { Label($0) })
    record.put(Self.agencyField, Label(executingAgency))
    record.put(Self.authorityFromField, Label(authorityFrom))
    record.put(Self.authorityUntilField, Label(authorityUntil))
    record.put(Self.dataFromField, dataFrom.map { Label($0) })
    record.put(Self.dataUntilField, dataUntil.map { Label($0) })
    record.put(Self.coversField, covers.map { Label($0) })
    record.put(Self.categoriesField, categories.map { Label($0) })
    record.put(Self.insideField, FlowFlag(insideTunnels))
    record.put(Self.exhibitsField, exhibits.map { Label($0) })
    record.put(Self.markingField, marking.map { Label($0) })
    record.put(Self.expiryField, isAfterExpiry ? Label("re-run after expiry") : nil)
    record.put(Self.signatureField, signature)
    record.put(Self.notStartedField, pluginsNotStarted.map { Label($0) })
  }
}

/// A signature over a warrant's file. Nothing of it depends on when the program ran.
public struct SignatureRecord: FieldObject {
  public var signers: [SignerRecord] = []
  /// RFC 3339, UTC; nil where there is no time stamp.
  public var time: String?
  public var timestampAuthority: String?
  public var revocation = ""
  public var revocationNotes: [String] = []

  public init() {}

  static let signersField = ObjectListField<SignerRecord>("signers", "who signed, in the order of the file")
  static let timeField = Field<Label>(
    "time", "when it was signed at the latest, by its time stamp (RFC 3161), RFC 3339, UTC", when: "it has a time stamp"
  )
  static let authorityField = Field<Label>(
    "timestamp_authority", "subject of the certificate that signed the time stamp, RFC 4514",
    when: "it has a time stamp")
  static let sourceField = Field<Label>(
    "time_source", "as of when the certificates had to hold: `timestamp`, or `present`: when the program ran")
  static let revocationField = Field<Label>(
    "revocation", "`good`, `not_checked`, or `revoked_later`: after the signature, not because a key was compromised")
  static let notesField = ListField<Label>(
    "revocation_notes", "what was not checked and why, what was revoked and when")

  public static var fields: [FieldDeclaration] {
    [
      signersField.declaration, sourceField.declaration, timeField.declaration, authorityField.declaration,
      revocationField.declaration, notesField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.signersField, signers)
    record.put(Self.sourceField, Label(time == nil ? "present" : "timestamp"))
    record.put(Self.timeField, time.map { Label($0) })
    record.put(Self.authorityField, timestampAuthority.map { Label($0) })
    record.put(Self.revocationField, Label(revocation))
    record.put(Self.notesField, revocationNotes.map { Label($0) })
  }
}

/// A signer by his certificate.
public struct SignerRecord: FieldObject {
  public var subject = ""
  public var issuer = ""
  public var serialNumber = ""
  public var sha256 = ""
  public var claimedTime = ""

  public init() {}

  static let subjectField = Field<Label>("subject", "subject of the certificate, RFC 4514")
  static let issuerField = Field<Label>("issuer", "its issuer, RFC 4514")
  static let serialField = Field<Label>("serial_number", "its serial number, hexadecimal")
  static let sha256Field = Field<Label>("certificate_sha256", "SHA-256 of the certificate")
  static let timeField = Field<Label>(
    "claimed_time", "when the signer says it signed, RFC 3339, UTC: a claim, which proves nothing")

  public static var fields: [FieldDeclaration] {
    [
      subjectField.declaration, issuerField.declaration, serialField.declaration, sha256Field.declaration,
      timeField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(Self.subjectField, Label(subject))
    record.put(Self.issuerField, Label(issuer))
    record.put(Self.serialField, Label(serialNumber))
    record.put(Self.sha256Field, Label(sha256))
    record.put(Self.timeField, Label(claimedTime))
  }
}
