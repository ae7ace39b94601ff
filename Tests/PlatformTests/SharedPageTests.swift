// What one process notes, another reads; a page of the wrong size is refused.

import Foundation
import TestSupport
import Testing

@testable import Platform

struct SharedPageTests {
  @Test func `notes made through the descriptor are seen`() throws {
    let page = try SharedPage()
    let notes = try SharedPage.notes(mapping: page.descriptor)
    #expect(page.place == WorkerPlace(frame: 0, plugin: 0))
    notes.takeUp(frame: 1 << 47)
    #expect(page.place == WorkerPlace(frame: 1 << 47, plugin: 0))
    notes.call(plugin: 65_535, frame: 12)
    #expect(page.place == WorkerPlace(frame: 12, plugin: 65_535))
    notes.progress(offset: 4096, frames: 11)
    #expect(page.offset == 4096)
    #expect(page.framesDone == 11)
    notes.end(flow: 1 << 60)
    #expect(page.place == WorkerPlace(frame: 12, plugin: 65_535, flow: 1 << 60))
    notes.counted(flows: 7, thirdParties: 3)
    #expect(page.flowsBegun == 7 && page.thirdPartiesNamed == 3)
    // Many flows may end by one frame: that is no standing still.
    let pulse = page.pulse
    notes.end(flow: 4)
    #expect(page.pulse != pulse)
    page.clear()
    #expect(page.pulse == SIMD4(repeating: 0))
    #expect(page.place == WorkerPlace(frame: 0, plugin: 0))
  }

  @Test func `cannot be shrunk by the worker`() throws {
    let page = try SharedPage()
    #expect(ftruncate(page.descriptor, 0) == -1)
  }

  @Test func `a descriptor that is no page is refused`() throws {
    let folder = try TemporaryFolder()
    let file = try InputFile(path: folder.write("in", "short"))
    #expect(throws: SystemError.self) { try SharedPage.notes(mapping: file.descriptor) }
    #expect(throws: SystemError.self) { try SharedPage.notes(mapping: 999) }
  }
}
