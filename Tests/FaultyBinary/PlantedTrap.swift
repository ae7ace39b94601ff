// A trap that looks as if the engine's own code had trapped: the shared page then names the frame and no plugin.

import Platform
import Supervision
import Synchronization

enum PlantedTrap {
  private static let notes = Mutex<PlaceNotes?>(nil)

  /// Takes up the page while this process still can: before the worker shuts itself in. It is a worker's third descriptor.
  static func prepare() {
    guard WorkerSide.isAsked(CommandLine.arguments) else { return }
    let page = try? SharedPage.notes(mapping: Child.firstDescriptor + 2)
    notes.withLock { $0 = page }
  }

  /// Says that no plugin is at work, as the engine does when it takes up a frame.
  static func leavePlugins(frame: UInt64) { notes.withLock { $0?.takeUp(frame: frame) } }
}
