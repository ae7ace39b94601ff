// The progress line on a terminal: bytes, percent, packets a second, time left.

import Platform
import Synchronization

/// How far the items of a run are, gathered from the workers' pages.
final class RunMeter: Sendable {
  private struct State {
    var pages: [Int: SharedPage] = [:]
    var bytes: UInt64 = 0
    var frames: UInt64 = 0
  }
  private let state = Mutex(State())

  func begin(_ item: Int, _ page: SharedPage) { state.withLock { $0.pages[item] = page } }

  func end(_ item: Int) {
    state.withLock { state in
      guard let page = state.pages.removeValue(forKey: item) else { return }
      state.bytes &+= page.offset
      state.frames &+= page.framesDone
    }
  }

  var now: (bytes: UInt64, frames: UInt64) {
    state.withLock { state in
      state.pages.values.reduce((state.bytes, state.frames)) { ($0.0 &+ $1.offset, $0.1 &+ $1.framesDone) }
    }
  }
}

/// One line on standard error, drawn over itself. Only where a person can see it.
public struct Progress: Sendable {
  /// Bytes of all evidence together; nil where a stream is among it.
  let total: UInt64?
  private let start: Int64
  private let columns: Int

  /// How often the line is drawn, milliseconds.
  static let interval = 250
  /// Back to the first column, and clear to the line's end (ECMA-48 EL).
  private static let clear = "\r\u{1b}[K"

  /// Nil where standard error is no terminal.
  public init?(total: UInt64?) {
    guard Terminal.error.isTerminal else { return nil }
    self.init(total: total, start: Clock.monotonic, columns: Terminal.error.columns ?? 80)
  }

  init(total: UInt64?, start: Int64, columns: Int) {
    self.total = total
    self.start = start
    self.columns = columns
  }

  func draw(_ bytes: UInt64, _ frames: UInt64) {
    _ = try? Terminal.error.write(Progress.clear + text(bytes, frames, at: Clock.monotonic))
  }

  /// Takes the line away.
  func erase() { _ = try? Terminal.error.write(Progress.clear) }

  /// The line's text, cut to the terminal's width.
  func text(_ bytes: UInt64, _ frames: UInt64, at now: Int64) -> String {
    let milliseconds = UInt64(max((now - start) / 1_000_000, 1))
    var parts: [String] = []
    if let total, total > 0 {
      let shown = min(bytes, total)
      parts.append("\(Progress.size(shown)) of \(Progress.size(total))")
      parts.append("\(shown.multipliedFullWidth(by: 100).high == 0 ? shown * 100 / total : 0) %")
    } else {
      parts.append(Progress.size(bytes))
    }
    parts.append(
      "\(Progress.count(frames.multipliedReportingOverflow(by: 1000).partialValue / milliseconds)) packets/s")
    if let total, bytes > 0, bytes < total {
      // Tenths keep the product far below 64 bits for any file.
      let seconds = (total - bytes) / max(bytes / milliseconds, 1) / 1000
      parts.append("\(Progress.duration(seconds)) left")
    }
    return String(parts.joined(separator: "  ").prefix(max(columns - 1, 0)))
  }

  /// Bytes in binary units with three digits at least: `512 B`, `1.25 GiB`.
  static func size(_ bytes: UInt64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var unit = 0
    while unit < 6, bytes >> UInt64(10 * (unit + 1)) > 0 { unit += 1 }
    guard unit > 0 else { return "\(bytes) B" }
    let hundredths = (bytes >> UInt64(10 * (unit - 1))) * 100 / 1024
    return "\(decimal(hundredths)) \(units[unit])"
  }

  /// A count in thousands, millions, …: `950`, `1.25 M`.
  static func count(_ value: UInt64) -> String {
    switch value {
    case ..<1000: "\(value)"
    case ..<1_000_000: "\(decimal(value / 10)) k"
    case ..<1_000_000_000: "\(decimal(value / 10_000)) M"
    default: "\(decimal(value / 10_000_000)) G"
    }
  }

  /// Hundredths as a decimal of three digits: `1.25`, `12.5`, `125`.
  private static func decimal(_ hundredths: UInt64) -> String {
    func two(_ value: UInt64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    switch hundredths {
    case ..<1000: return "\(hundredths / 100).\(two(hundredths % 100))"
    case ..<10_000: return "\(hundredths / 100).\(hundredths / 10 % 10)"
    default: return "\(hundredths / 100)"
    }
  }

  /// Seconds as `0:05`, `12:00`, `3:00:00`.
  static func duration(_ seconds: UInt64) -> String {
    func two(_ value: UInt64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (minutes, hours) = (seconds / 60, seconds / 3600)
    return hours > 0
      ? "\(hours):\(two(minutes % 60)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
  }
}
