// The notices of one capture: those of one code are counted together, so that no input makes the list long.

import Terms

struct NoticeList: Sendable {
  private(set) var all: [Notice] = []
  let evidence: UInt32

  init(evidence: UInt32) { self.evidence = evidence }

  /// Adds a notice, or one more to the count of that code; place and message are those of the first.
  mutating func add(
    _ kind: Notice.Kind, _ code: String, _ message: @autoclosure () -> String, frame: UInt64? = nil,
    offset: Int? = nil
  ) {
    if let index = all.firstIndex(where: { $0.code == code }) {
      all[index].count &+= 1
    } else {
      all.append(Notice(kind, code, message(), evidence: evidence, frame: frame, offset: offset.map(Int64.init)))
    }
  }
}
