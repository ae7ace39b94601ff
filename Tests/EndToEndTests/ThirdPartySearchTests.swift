import Foundation
import SigningAuthority
import Testing

@Suite("Third parties' addresses that are withheld are nowhere")
struct ThirdPartySearchTests {
  /// An address as it could slip through: as text, in hexadecimal, as an integer of either byte order, in base64.
  private func forms(_ address: String) throws -> [String] {
    var bytes = [UInt8](repeating: 0, count: 16)
    // Sound: inet_pton writes at most 16 bytes.
    let isFour = unsafe inet_pton(AF_INET, address, &bytes) == 1
    if !isFour { try #require(unsafe inet_pton(AF_INET6, address, &bytes) == 1) }
    bytes = Array(bytes.prefix(isFour ? 4 : 16))
    let hex = bytes.map { String(format: "%02x", $0) }
    let groups = stride(from: 0, to: hex.count, by: 2).map { hex[$0] + hex[$0 + 1] }
    var forms = [
      address, hex.joined(), hex.joined(separator: ":"), hex.joined(separator: " "), groups.joined(separator: ":"),
    ]
    if isFour {
      let number = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      forms += ["\(number)", "\(number.byteSwapped)"]
    }
    // Base64 at each of the three places within a group, without the characters that its neighbours decide too.
    for lead in 0..<3 {
      let text = Data([UInt8](repeating: 0, count: lead) + bytes).base64EncodedString().filter { $0 != "=" }
      let whole = text.dropFirst(lead == 0 ? 0 : lead + 1).dropLast((lead + bytes.count) % 3 == 0 ? 0 : 1)
      // Shorter ones are met by chance.
      if whole.count >= 5 { forms.append(String(whole)) }
    }
    return forms
  }

  @Test("In findings, flow records, custody record and what is printed, of every sample")
  func nowhere() throws {
    let samples = try FileManager.default.contentsOfDirectory(
      at: Program.root.appendingPathComponent("Samples"), includingPropertiesForKeys: nil
    ).map { $0.appendingPathComponent("capture.pcapng").path }.filter { FileManager.default.fileExists(atPath: $0) }
    let targets = ["198.18.0.2", "fd00:18::2"]
    let all = [
      "flow", "addresses_of_third_parties", "server_name", "certificate", "fingerprint", "protocol_metadata",
      "software_version",
    ]
    var searched = 0
    for capture in samples {
      let run = try CustodyRun()
      func analyze(_ name: String, _ categories: [String]) throws -> [String] {
        try run.scratch.write(
          "\(name).warrant.json",
          try Sample.warrant {
            $0["targets"] = targets.map { ["address": $0] }
            $0["data"] = ["from": "2000-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"]
            $0["categories"] = categories
          })
        let outcome = try Program.run(
          [
            "analyze", capture, "--warrant", "\(name).warrant.json", "--output", "\(name).json", "--flows",
            "\(name).jsonl",
          ] + (try run.sealing()), in: run.scratch.url)
        #expect(outcome.status == 0 || outcome.status == 3, "\(outcome.error)")
        let shown = try Program.run(["custody", "show", "\(name).custody.jsonl"], in: run.scratch.url)
        let verified = try Program.run(["verify", "\(name).json", "--again"] + run.trust, in: run.scratch.url)
        #expect(verified.status == 0, "\(verified.output)")
        return try [".json", ".jsonl", ".custody.jsonl"].map {
          String(decoding: try run.scratch.read(name + $0), as: UTF8.self)
        } + [outcome.output, outcome.error, shown.output, verified.output, verified.error]
      }
      let open = try analyze("open", all)
      var third = Set<String>()
      for line in open[1].split(separator: "\n") {
        let flow = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        for side in ["initiator", "responder"] {
          let end = (flow["flow"] as? [String: Any])?[side] as? [String: Any]
          if let address = end?["address"] as? String, !targets.contains(address) { third.insert(address) }
        }
      }
      #expect(!third.isEmpty, "\(capture)")
      let withheld = try analyze("withheld", all.filter { $0 != "addresses_of_third_parties" })
      #expect(withheld[1].contains("third-party-1"))
      for address in third.sorted() {
        for form in try forms(address) {
          searched += 1
          for (index, text) in withheld.enumerated() {
            #expect(
              !text.contains(form) && !text.contains(form.uppercased()),
              "\(address) as \(form) in part \(index) of \(capture)")
          }
        }
      }
    }
    #expect(searched > 20)
  }
}
