// A warrant's document: what is read, and what is said of one that is wrong.

import Bytes
import JSON
import Terms
import Testing

@testable import Warrants

@Suite struct WarrantParseTests {
  @Test func readsTheSmallestDocument() throws {
    let warrant = try SampleWarrant.parse(SampleWarrant.minimal)
    #expect(warrant.reference == "TRAINING 1")
    #expect(warrant.generation == 1)
    #expect(warrant.training)
    #expect(warrant.data == nil)
    #expect(!warrant.insideTunnels)
    #expect(warrant.profile == .none)
    #expect(warrant.categories == Categories(.flow))
  }

  @Test func digestIsThatOfTheExactBytes() throws {
    // sha256sum of the two bytes and of the document cannot be checked by eye: one changed space must change it.
    let first = try SampleWarrant.parse(SampleWarrant.minimal)
    let second = try SampleWarrant.parse(SampleWarrant.minimal + "\n")
    #expect(first.digest.bytes.count == 32)
    #expect(first.digest != second.digest)
  }

  @Test func readsEveryField() throws {
    let warrant = try SampleWarrant.parse(SampleWarrant.full)
    #expect(warrant.id == "7d1f1e9a-54a0-4f0e-9f3e-0c6a3f0b2c11")
    #expect(warrant.generation == 2)
    #expect(warrant.supersedes?.bytes == [UInt8](repeating: 0xab, count: 32))
    #expect(warrant.liid == "LI-17")
    #expect(warrant.legalType == .surveillanceDeviceWarrant)
    #expect(warrant.legalBasis == .init(act: "Search and Surveillance Act 2012", provision: "s 53"))
    #expect(warrant.offences.first?.maximumPenaltyYears == 7)
    #expect(warrant.authorisingCountry == "NZ")
    #expect(warrant.issued == SampleWarrant.time("2025-12-31T21:00:00Z"))
    #expect(warrant.issuedBy.court == "Wellington")
    #expect(warrant.approvals.first?.at == SampleWarrant.time("2025-12-30T00:00:00Z"))
    #expect(warrant.instrument?.transcribedBy == "E. Officer")
    #expect(warrant.data?.until?.nanoseconds == SampleWarrant.time("2026-01-20T00:00:00Z").nanoseconds + 1)
    #expect(warrant.covers == [.recorded, .live])
    #expect(warrant.targets.count == 6)
    #expect(warrant.targets[2].mac?.text == "02:00:5e:10:00:0a")
    #expect(warrant.targets[2].vlan == 7)
    #expect(warrant.targets[4].tunnelID == .init(kind: .vxlan, value: 77))
    #expect(warrant.targets[5].ports == .init(transport: .tcp, from: 1024, to: 2047))
    #expect(warrant.excluded.map(\.reason) == ["counsel", "counsel", "counsel"])
    #expect(warrant.exhibits.first?.sourceClock?.offsetNanoseconds == -1_500_000_000)
    #expect(warrant.insideTunnels)
    #expect(warrant.categories.members == [.flow, .serverName])
    #expect(warrant.conditions == ["No privileged\ncommunication."])
    #expect(warrant.handling?.discloseTo == ["Crown"])
    #expect(warrant.retention?.rule == .fixed)
    #expect(warrant.profile == .nzSurveillanceDeviceWarrant)
    #expect(warrant.document == Array(SampleWarrant.full.utf8))
  }

  @Test func trainingDocumentsAreValid() throws {
    #expect(try Warrant.parse(TrainingWarrant.everything()).categories == .all)
    let address = Address(v4: 0xc000_0201)
    #expect(try Warrant.parse(TrainingWarrant.addresses([address])).targets.map(\.address) == [address])
  }
}
