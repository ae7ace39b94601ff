// A job passes as it was, and what is no job is refused.

import Bytes
import Platform
import Testing

@testable import Supervision

struct JobTests {
  private var job: Job {
    var job = Job(evidenceCount: 3, settings: Array("settings".utf8))
    job.framesBefore = 1 << 40
    job.offsetBefore = -24
    job.flowsBefore = 1 << 47
    job.thirdPartiesBefore = 77
    job.lostFlows = 3
    job.compression = "gzip"
    job.exclusions.barred = [
      Exclusion(place: WorkerPlace(frame: 5, plugin: 2, flow: 9), cause: .signal(4)),
      Exclusion(place: WorkerPlace(frame: 1 << 47, plugin: 65_535), cause: .stalled),
      Exclusion(place: WorkerPlace(frame: 6, plugin: 1), cause: .badRecord(.notUTF8(kind: 2))),
    ]
    job.exclusions.skippedFrames = [
      Exclusion(place: WorkerPlace(frame: 7, plugin: 0), cause: .status(3)),
      Exclusion(place: WorkerPlace(frame: 9, plugin: 0), cause: .badRecord(.tooLong(1 << 30))),
    ]
    job.exclusions.disabledPlugins = [1]
    job.exclusions.endBefore = 100
    return job
  }

  @Test func `passes as it was`() throws {
    #expect(try Job.decoded(job.encoded()) == job)
    #expect(try Job.decoded(Job(evidenceCount: 0, settings: []).encoded()) == Job(evidenceCount: 0, settings: []))
  }

  @Test func `cut anywhere, longer, or of another version, it is refused`() {
    let bytes = job.encoded()
    for length in bytes.indices { #expect(throws: ReadError.self) { try Job.decoded(Array(bytes.prefix(length))) } }
    #expect(throws: ReadError.self) { try Job.decoded(bytes + [0]) }
    #expect(throws: ReadError.self) { try Job.decoded([1] + bytes.dropFirst()) }
  }
}
