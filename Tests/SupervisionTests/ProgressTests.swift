// The progress line says bytes, percent, packets a second and the time left, in no more columns than there are.

import Testing

@testable import Supervision

struct ProgressTests {
  @Test func `the line`() {
    let progress = Progress(total: 4 << 30, start: 0, columns: 80)
    #expect(
      progress.text(1 << 30, 5_000_000, at: 2_000_000_000) == "1.00 GiB of 4.00 GiB  25 %  2.50 M packets/s  0:06 left")
    #expect(progress.text(0, 0, at: 0) == "0 B of 4.00 GiB  0 %  0 packets/s")
    #expect(progress.text(4 << 30, 10, at: 1_000_000_000) == "4.00 GiB of 4.00 GiB  100 %  10 packets/s")
    #expect(
      Progress(total: nil, start: 0, columns: 80).text(1536, 10, at: 1_000_000_000) == "1.50 KiB  10 packets/s")
    #expect(Progress(total: 4 << 30, start: 0, columns: 10).text(1 << 30, 5, at: 1) == "1.00 GiB ")
  }

  @Test func `sizes, counts and times`() {
    #expect(
      [0, 1023, 1024, 10_240, 125_000_000, .max].map(Progress.size) == [
        "0 B", "1023 B", "1.00 KiB", "10.0 KiB", "119 MiB", "15.9 EiB",
      ])
    #expect(
      [999, 1000, 12_500, 1_250_000, 2_000_000_000].map(Progress.count) == [
        "999", "1.00 k", "12.5 k", "1.25 M", "2.00 G",
      ])
    #expect([5, 720, 10_800].map(Progress.duration) == ["0:05", "12:00", "3:00:00"])
  }

  @Test func `no number makes it trap`() {
    for total in [0, 1, UInt64.max] {
      for bytes in [0, 1, UInt64.max] {
        for frames in [0, UInt64.max] {
          _ = Progress(total: total, start: 0, columns: 80).text(bytes, frames, at: .max)
          _ = Progress(total: total, start: .max, columns: 0).text(bytes, frames, at: 0)
        }
      }
    }
  }
}
