// When a well-formed warrant allows work to begin, and on which evidence.

import Bytes
import Terms
import Testing

@testable import Warrants

private let exhibits =
  "[{\"id\":\"E1\",\"sha256\":\"\(String(repeating: "0f", count: 32))\",\"source_clock\":{\"offset_ns\":-5}},"
  + "{\"id\":\"E2\",\"sha256\":\"\(String(repeating: "1f", count: 32))\"}]"

private func refusal(
  _ changes: [(String, String?)], now: String, _ purpose: Warrant.Purpose = .recorded
) -> WarrantRefusal? {
  do {
    let warrant = try SampleWarrant.parse(SampleWarrant.with(changes))
    _ = try AuthorisedWarrant.authorise(warrant, now: SampleWarrant.time(now), purpose: purpose)
    return nil
  } catch {
    return error as? WarrantRefusal
  }
}

@Suite struct AuthorisedWarrantTests {
  @Test func onlyTrainingNeedsNoSignature() throws {
    let refused = try #require(
      refusal([("training", nil), ("exhibits", exhibits)], now: "2026-06-01T00:00:00Z"))
    #expect(refused.reasons == [.notSigned])
    #expect(
      refused.description == "signature: found none; expected the authority's signature over this file, beside it as"
        + " FILE.p7s (only \"training\": true needs none)")
  }

  /// Half-open: the first instant is in, the last is out.
  @Test(arguments: [
    ("2025-12-31T23:59:59.999999999Z", false), ("2026-01-01T00:00:00Z", true),
    ("2026-12-31T23:59:59.999999999Z", true), ("2027-01-01T00:00:00Z", false),
  ])
  func authorityIsHalfOpen(now: String, allowed: Bool) {
    #expect((refusal([], now: now) == nil) == allowed)
  }

  @Test func refusalsNameFieldValueAndExpectation() {
    #expect(
      refusal([], now: "2025-01-01T00:00:00Z")?.description
        == "authority.from: found 2026-01-01T00:00:00Z; expected a time not after now, 2025-01-01T00:00:00Z")
    #expect(
      refusal([], now: "2028-01-01T00:00:00Z")?.description
        == "authority.until: found 2027-01-01T00:00:00Z; expected a time after now, 2028-01-01T00:00:00Z")
    let targets: (String, String?) = ("targets", "[{\"address\":\"192.0.2.1\"}]")
    #expect(
      refusal([targets, ("covers", "[\"live\"]")], now: "2026-02-01T00:00:00Z")?.description
        == "covers: found live; expected \"recorded\" among it")
    #expect(refusal([], now: "2026-02-01T00:00:00Z", .live)?.reasons == [.notCovering(.live, covers: [.recorded])])
  }

  @Test func listsEveryReason() {
    let refused = refusal([("training", nil), ("exhibits", exhibits)], now: "2020-01-01T00:00:00Z", .live)
    #expect(refused?.reasons.count == 3)
  }

  @Test func expiryStopsNewEvidenceButNoListedExhibit() throws {
    let warrant = try SampleWarrant.parse(SampleWarrant.with([("exhibits", exhibits)]))
    let late = try AuthorisedWarrant.authorise(warrant, now: SampleWarrant.time("2030-01-01T00:00:00Z"))
    #expect(late.isAfterExpiry)
    #expect(late.identity.isAfterExpiry)
    #expect(throws: WarrantRefusal.self) { try late.admit(Digest(.sha256, [])) }
    #expect(try late.admit(Digest(.sha256, [UInt8](repeating: 0x1f, count: 32))).exhibit?.id == "E2")
    let early = try AuthorisedWarrant.authorise(warrant, now: SampleWarrant.now)
    #expect(!early.isAfterExpiry)
  }

  @Test func expiryStopsNoEvidenceOfARunBegunInTime() throws {
    let warrant = try SampleWarrant.parse(SampleWarrant.with([("generation", "2")]))
    let known = Digest(.sha256, [UInt8](repeating: 7, count: 32))
    func run(
      began: String = "2026-02-01T00:00:00Z", id: String? = nil, generation: Int64 = 2, sealed: Bool = true
    ) -> EarlierRun {
      EarlierRun(
        began: SampleWarrant.time(began), warrant: id ?? warrant.id, generation: generation, digests: [known],
        isSealed: sealed, isTraining: true)
    }
    func authorise(_ earlier: EarlierRun, now: String = "2030-01-01T00:00:00Z") throws(WarrantRefusal)
      -> AuthorisedWarrant
    {
      try AuthorisedWarrant.authorise(warrant, now: SampleWarrant.time(now), earlier: earlier)
    }
    let late = try authorise(run())
    #expect(late.isAfterExpiry && late.requiresDigest)
    #expect(try late.admit(known).exhibit == nil)
    #expect(throws: WarrantRefusal.self) { try late.admit(Digest(.sha256, [])) }
    #expect(throws: WarrantRefusal.self) { try late.admit(nil) }
    // The last instant is out.
    #expect(throws: Never.self) { try authorise(run(began: "2026-12-31T23:59:59.999999999Z")) }
    #expect(throws: WarrantRefusal.self) { try authorise(run(began: "2027-01-01T00:00:00Z")) }
    #expect(throws: WarrantRefusal.self) { try authorise(run(id: "00000000-0000-4000-8000-000000000000")) }
    #expect(throws: WarrantRefusal(reasons: [.olderThanEarlier(found: 2, earlier: 3)])) {
      try authorise(run(generation: 3), now: "2026-02-01T00:00:00Z")
    }
    // An exercise may do without a seal, nothing else.
    #expect(throws: Never.self) { try authorise(run(sealed: false)) }
    // In time it admits nothing more.
    #expect(!(try authorise(run(), now: "2026-02-01T00:00:00Z").isAfterExpiry))
  }

  @Test func aTrainingRunIsNoEarlierRunOfASignedWarrant() throws {
    func objection(_ change: [(String, String?)], training: Bool, sealed: Bool = true) throws
      -> WarrantRefusal.Reason?
    {
      let warrant = try SampleWarrant.parse(SampleWarrant.with(change))
      let run = EarlierRun(
        began: SampleWarrant.time("2026-02-01T00:00:00Z"), warrant: warrant.id, generation: 1, digests: [],
        isSealed: sealed, isTraining: training)
      return run.objection(under: warrant)
    }
    let signed: [(String, String?)] = [
      ("training", "false"), ("targets", "[{\"address\":\"192.0.2.1\"}]"),
      ("data", "{\"from\":\"2026-01-10T00:00:00Z\",\"until\":\"2026-01-11T00:00:00Z\"}"),
    ]
    #expect(try objection(signed, training: true) == .earlierTraining)
    #expect(try objection(signed, training: true, sealed: false) == .earlierUnsealed)
    #expect(try objection(signed, training: false, sealed: false) == .earlierUnsealed)
    #expect(try objection(signed, training: false) == nil)
    // What is stamped TRAINING may rest on either.
    #expect(try objection([], training: true) == nil)
    #expect(try objection([], training: false) == nil)
    #expect(WarrantRefusal.Reason.earlierTraining.problem.found.contains("training"))
  }

  @Test func evidenceThatIsNotListedIsRefused() throws {
    let warrant = try SampleWarrant.parse(SampleWarrant.with([("exhibits", exhibits)]))
    let authorised = try AuthorisedWarrant.authorise(warrant, now: SampleWarrant.now)
    #expect(authorised.requiresDigest)
    let admission = try authorised.admit(Digest(.sha256, [UInt8](repeating: 0x0f, count: 32)))
    #expect(admission.exhibit?.id == "E1")
    #expect(admission.clockOffsetNanoseconds == -5)
    #expect(try authorised.admit(Digest(.sha256, [UInt8](repeating: 0x1f, count: 32))).clockOffsetNanoseconds == 0)
    let stranger = Digest(.sha256, [UInt8](repeating: 0x2f, count: 32))
    #expect(throws: WarrantRefusal(reasons: [.notAnExhibit(stranger)])) { try authorised.admit(stranger) }
    #expect(throws: WarrantRefusal(reasons: [.notAnExhibit(nil)])) { try authorised.admit(nil) }
    #expect(WarrantRefusal.Reason.notAnExhibit(stranger).problem.path == "exhibits")
    #expect(WarrantRefusal.Reason.notAnExhibit(stranger).problem.expected.hasSuffix("2f2f"))
  }

  @Test func withoutExhibitsAnyEvidenceIsAdmitted() throws {
    let authorised = try AuthorisedWarrant.authorise(
      SampleWarrant.parse(SampleWarrant.minimal), now: SampleWarrant.now)
    #expect(!authorised.requiresDigest)
    #expect(try authorised.admit(nil).exhibit == nil)
  }

  @Test func dataWindowOfLiveCaptureIsThatOfAuthorityUnlessGiven() throws {
    let live: [(String, String?)] = [("covers", "[\"live\"]"), ("targets", "[{\"address\":\"192.0.2.1\"}]")]
    let open = try AuthorisedWarrant.authorise(
      SampleWarrant.parse(SampleWarrant.with(live)), now: SampleWarrant.now, purpose: .live)
    #expect(open.scope.window == open.warrant.authority)
    let data = "{\"from\":\"2026-01-10T00:00:00Z\",\"until\":\"2026-01-11T00:00:00Z\"}"
    let narrow = try AuthorisedWarrant.authorise(
      SampleWarrant.parse(SampleWarrant.with(live + [("data", data)])), now: SampleWarrant.now, purpose: .live)
    #expect(narrow.scope.window == narrow.warrant.data)
    #expect(try SampleWarrant.scope([]).window == .always)
  }

  @Test func identityHoldsWhatOutputSays() throws {
    let authorised = try AuthorisedWarrant.authorise(
      SampleWarrant.parse(SampleWarrant.full), now: SampleWarrant.now)
    let identity = authorised.identity
    #expect(identity.id == "7d1f1e9a-54a0-4f0e-9f3e-0c6a3f0b2c11")
    #expect(identity.reference == "SDW 2026/17")
    #expect(identity.sha256 == Hex.text(authorised.warrant.digest.bytes))
    #expect(identity.authorityFrom == "2026-01-01T00:00:00Z")
    #expect(identity.dataUntil == "2026-01-20T00:00:00.000000001Z")
    #expect(identity.categories == ["flow", "server_name"])
    #expect(identity.exhibits == ["E1"])
    #expect(identity.training)
  }

  @Test func categoriesAreThoseOfTheWarrant() throws {
    let authorised = try AuthorisedWarrant.authorise(
      SampleWarrant.parse(SampleWarrant.full), now: SampleWarrant.now)
    let set = authorised.categories
    #expect(set.allows(.serverName))
    #expect(!set.allows(.dnsName))
    #expect(try CategorySet(decoding: set.encoded()) == set)
    for bytes in [[], [1], [1, 0], [2, 0, 1], [1, 0xff, 0xff], [1, 0, 1, 0]] as [[UInt8]] {
      #expect(throws: ReadError.self) { try CategorySet(decoding: bytes) }
    }
  }
}
