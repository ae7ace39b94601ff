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
    job.exclusions.barred = [WorkerPlace(frame: 5, plugin: 2), WorkerPlace(frame: 1 << 47, plugin: 65_535)]
    job.exclusions.skippedFrames = [7, 9]
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
    #expect(throws: ReadError.self) { try Job.decoded([2] + bytes.dropFirst()) }
  }
}
