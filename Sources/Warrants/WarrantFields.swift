// Every field of the warrant's document: its key, what it may hold, what it means. Names in parentheses are those of
// ETSI TS 103 120 and TS 103 280.

import Terms

enum WarrantFields {
  /// The document.
  static let document = FieldShape.object(identity + authorisation + scope + handling, [])

  /// The shape at a path of keys; nil where there is none.
  static func shape(at path: [String]) -> FieldShape? {
    var shape = document
    for key in path {
      while case .list(let element, _) = shape { shape = element }
      guard case .object(let fields, _) = shape, let field = fields.first(where: { $0.name == key }) else { return nil }
      shape = field.shape
    }
    while case .list(let element, _) = shape { shape = element }
    return shape
  }

  private static let identity: [FieldDeclaration] = [
    .required("warrant", .integer(1...1), "Format version."),
    .required("id", .text(.uuid), "Identifies the warrant."),
    .optional("generation", .integer(1...1_000_000), "Counts changes from 1. Left out: 1."),
    .optional("supersedes", .text(.sha256), "SHA-256 of the document that this one replaces."),
    .required("reference", .text(.line), "The authority's reference (AuthorisationReference)."),
    .optional("liid", .text(.liid), "Lawful interception identifier (LIID)."),
  ]

  private static let authorisation: [FieldDeclaration] = [
    .optional(
      "legal_type", .word(Warrant.LegalType.allCases.map(\.rawValue)), "Kind of warrant (AuthorisationLegalType)."),
    .required(
      "legal_basis",
      .object(
        [
          .required("act", .text(.line), "The act."),
          .required("provision", .text(.line), "Its section or article."),
        ], []), "The law the warrant was issued under."),
    .optional(
      "offences",
      .list(
        .object(
          [
            .required("provision", .text(.line), "The provision that makes it an offence."),
            .optional("description", .text(.line), "In words."),
            .optional("maximum_penalty_years", .integer(0...1000), "Longest imprisonment, in years."),
          ], []), distinct: true), "What is investigated."),
    .optional("jurisdiction", .text(.line), "Whose law governs the warrant."),
    .optional("authorising_country", .text(.country), "Where it was issued."),
    .optional(
      "executing_country", .text(.country), "Where it is carried out: not the same when agencies work across borders."),
    .required("issued", .text(.time), "When it was issued."),
    .required(
      "issued_by",
      .object(
        [
          .required("name", .text(.line), "Who issued it."),
          .required("office", .text(.line), "In which office."),
          .optional("court", .text(.line), "At which court."),
        ], []), "Who issued it."),
    .optional(
      "approvals",
      .list(
        .object(
          [
            .required("name", .text(.line), "Who approved it."),
            .required("office", .text(.line), "In which office."),
            .required("at", .text(.time), "When."),
          ], []), distinct: true), "Approvals beside the issuing (ApprovalDetails)."),
    .required("executing_agency", .text(.line), "The agency that carries it out."),
    .optional("responsible_officer", .text(.line), "The officer who answers for it."),
    .optional("applicant", .text(.line), "Who applied for it."),
    .optional(
      "instrument",
      .object(
        [
          .required("name", .text(.line), "File name or shelf mark."),
          .optional("media_type", .text(.line), "Media type of the file."),
          .required("sha256", .text(.sha256), "SHA-256 of the file."),
          .optional("transcribed_by", .text(.line), "Who transcribed it into this document."),
        ], []), "The signed paper, of which this document is a transcription."),
  ]

  private static let scope: [FieldDeclaration] = [
    .required(
      "authority", interval,
      "When the tool may be started on new evidence, and when live capture may run (AuthorisationTimespan)."),
    .optional(
      "data", interval,
      "Which packet times may be read (RequestDetails StartTime, EndTime). Live: that of `authority`, unless given."),
    .required(
      "covers", .list(.word(Warrant.Purpose.allCases.map(\.rawValue)), distinct: true), "What evidence it is for."),
    .optional(
      "delivery", .word(["IRIOnly"]), "Metadata only: a warrant for content does not widen what this program reads."),
    .required(
      "targets", .list(target, distinct: true),
      "What is covered: the entries are alternatives, the fields inside one must all hold."),
    .optional(
      "excluded", .list(exclusion, distinct: true),
      "What is never read. Exclusion beats inclusion, at both ends, outside and inside tunnels."),
    .optional("exhibits", .list(exhibit, distinct: true), "The evidence. What is not listed is refused."),
    .optional("inside_tunnels", .boolean, "Whether layers inside tunnels may be read. Left out: false."),
    .required(
      "categories", .list(.word(Category.allCases.map(\.name)), distinct: true), "Kinds of values that may be put out."),
  ]

  private static let handling: [FieldDeclaration] = [
    .optional(
      "conditions", .list(.object([.required("text", .text(.text), "The condition.")], []), distinct: true),
      "Conditions in words."),
    .optional("report_due", .text(.time), "When the issuer must have a report."),
    .optional("emergency", .boolean, "Issued in an emergency, to be confirmed. Left out: false."),
    .optional(
      "handling",
      .object(
        [
          .optional("marking", .text(.line), "Protective marking of the output."),
          .optional("disclose_to", .list(.text(.line), distinct: true), "Who may see the output."),
        ], []), "How the output is handled."),
    .optional("device_type", .text(.line), "Kind of device, where the law asks for it."),
    .optional(
      "retention",
      .object(
        [
          .required("rule", .word(Warrant.Retention.Rule.allCases.map(\.rawValue)), "How its end is found."),
          .optional("until", .text(.time), "Latest time; required by the rule `fixed`."),
          .optional("plus_years", .integer(0...1000), "Years after the end that the rule names."),
        ], []), "How long the output may be kept."),
    .optional(
      "profile", .word(Warrant.Profile.allCases.map(\.rawValue)), "National checks to apply. Left out: `none`."),
    .optional(
      "training", .boolean,
      "For exercises and tests: may be unsigned, and every output is stamped TRAINING. Left out: false."),
  ]

  private static let interval = FieldShape.object(
    [
      .required("from", .text(.time), "First instant inside."),
      .required("until", .text(.time), "First instant after."),
    ], [])

  // MARK: - Entries

  private static let target = FieldShape.object(
    [
      .optional("address", .text(.address), "An end's address."),
      .optional("prefix", .text(.prefix), "A range that holds an end's address."),
      .optional("mac", .text(.mac), "An end's link address."),
      .optional("interface", .text(.line), "Name of the capture interface."),
      .optional("vlan", .integer(1...4094), "One of the frame's VLAN ids (IEEE 802.1Q)."),
      .optional(
        "tunnel_id",
        .object(
          [
            .required("kind", .word(Target.TunnelID.Kind.allCases.map(\.rawValue)), "Kind of tunnel."),
            .required("value", .integer(0...0xffff_ffff), "VNI, key, TEID or tunnel id."),
          ], []), "The tunnel a packet came in."),
      .optional(
        "ports",
        .object(
          [
            .required("protocol", .word(Target.Ports.Transport.allCases.map(\.rawValue)), "The transport."),
            .required("from", .integer(0...65_535), "First port."),
            .required("to", .integer(0...65_535), "Last port."),
          ], []), "Ports of the end that `address`, `prefix` or `mac` name; of either end where none does."),
      .optional("from", .text(.time), "First instant at which this entry holds."),
      .optional("until", .text(.time), "First instant at which it no longer does."),
      .optional("everything", .yes, "All of the listed exhibits."),
      .optional("justification", .text(.text), "Why everything is covered."),
    ],
    [
      .anyOf(
        ["address", "prefix", "mac", "tunnel_id", "interface", "everything"],
        why: "ports and vlan only narrow one of these; alone they would make a general warrant"),
      .needs(key: "everything", other: "justification"),
      .needs(key: "justification", other: "everything"),
      .excludes(
        key: "everything",
        others: ["address", "prefix", "mac", "interface", "vlan", "tunnel_id", "ports", "from", "until"],
        why: "nothing narrows everything"),
    ])

  private static let exclusion = FieldShape.object(
    [
      .optional("address", .text(.address), "An end's address."),
      .optional("prefix", .text(.prefix), "A range that holds an end's address."),
      .optional("mac", .text(.mac), "An end's link address."),
      .required("reason", .text(.line), "Why it is never read."),
    ], [.oneOf(["address", "prefix", "mac"])])

  private static let exhibit = FieldShape.object(
    [
      .required("id", .text(.line), "The exhibit's number."),
      .optional(
        "sha256", .text(.sha256),
        "SHA-256 as seized (of a compressed file, compressed). Only training may leave it out."),
      .optional("description", .text(.line), "What it is."),
      .optional("seized_at", .text(.time), "When it was seized."),
      .optional("seized_by", .text(.line), "Who seized it."),
      .optional(
        "source_clock",
        .object(
          [
            .required(
              "offset_ns", .integer(-(1 << 53)...(1 << 53)),
              "What the clock that stamped the packets showed, minus the true time, in nanoseconds (RFC 2330)."),
            .optional("basis", .text(.line), "How that was found."),
          ], []), "Corrects packet times for the test of time windows, and for nothing else."),
    ], [])
}
