// What the custody record of an earlier run says, once it is verified.

import Bytes
import Custody
import Platform
import Terms
import Warrants

extension EarlierRun {
  /// Reads the record at `path`. One that cannot be read, or does not hold to its end, ends the call with status 77.
  static func read(_ path: String, of warrant: String, _ configuration: Configuration) throws -> EarlierRun {
    func refusal(_ reason: String) -> CommandFailure {
      WarrantFile.refusal(warrant, "earlier: \(path): \(reason)")
    }
    let reading: CustodyReading
    do throws(SystemError) { reading = try CustodyChain.read(try InputFile(path: path)) } catch {
      throw refusal("\(error)")
    }
    let judgement = CustodyJudgement(
      reading, verifier: try SealPolicy.verifier(configuration), now: Clock.wall / 1_000_000_000)
    guard judgement.state <= .unsealed, let began = reading.items[0]["time"]?.string.flatMap({ Timestamp($0) }) else {
      throw refusal("found \(judgement.state.text): \(judgement.reason ?? ""); expected complete and sealed")
    }
    let entry = reading.first(.warrant)
    let digests = reading.all(.evidenceFinished).compactMap { item -> Digest? in
      guard item["changed"]?.boolean == false, let bytes = item["sha256"]?.string.flatMap(Hex.bytes) else { return nil }
      return Digest(.sha256, bytes)
    }
    return EarlierRun(
      began: began, warrant: entry?["id"]?.string ?? "", generation: entry?["generation"]?.integer ?? 0,
      digests: Set(digests),
      isSealed: judgement.state == .sealed, isTraining: entry?["training"]?.boolean != false)
  }
}
