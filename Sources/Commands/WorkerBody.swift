// The worker's work: the job understood, the timeline run, the records sent.

import Analysis
import Bytes
import CaptureFiles
import Cryptography
import JSON
import Platform
import PluginKit
import Supervision
import Warrants

enum WorkerBody {
  /// Runs the worker and ends the process.
  static func run(_ plugins: PluginCatalog) -> Never {
    // libcrypto reads its configuration when first used: before paths are closed to the process.
    let code = WorkerSide.run(prepare: { _ = try? DigestContext(.sha1) }) { context in
      work(context, plugins)
    }
    Say.end(code: code)
  }

  private static func work(_ context: WorkerContext, _ plugins: PluginCatalog) {
    let sink = ChannelSink(context.records)
    do {
      var job = try AnalysisJob(decoding: context.job.settings)
      let exclusions = context.job.exclusions
      // The channel counts plugins from 1: 0 is no plugin.
      job.barred = exclusions.barred.map {
        AnalysisJob.Barred(
          frame: $0.place.frame, plugin: Int($0.place.plugin) - 1, flow: $0.place.flow, cause: "\($0.cause)")
      }
      job.skipped = exclusions.skippedFrames.map { AnalysisJob.Skipped(frame: $0.place.frame, cause: "\($0.cause)") }
      job.disabled = exclusions.disabledPlugins.map { Int($0) - 1 }
      job.endBefore = exclusions.endBefore
      job.framesBefore = context.job.framesBefore
      job.offsetBefore = context.job.offsetBefore
      job.flowsBefore = context.job.flowsBefore
      job.thirdPartiesBefore = context.job.thirdPartiesBefore
      job.lostFlows = context.job.lostFlows
      job.compression = context.job.compression
      try Analysis.analyse(
        context.evidence.map { Descriptor($0) }, job: job, catalog: plugins, page: context.notes, sink: sink,
        spill: WorkerSpill(context.spill))
    } catch let error as AnalysisRefusal {
      context.records.send(.refusal, refusal(error))
    } catch {
      context.records.send(.refusal, object(.usage, "job.not-understood", "\(error)"))
    }
  }

  /// What the supervisor is told of evidence that cannot be analysed: status, code, message.
  private static func refusal(_ error: AnalysisRefusal) -> [UInt8] {
    switch error {
    case .capture(.unreadable(let reason)): object(.cannotOpen, "capture.unreadable", reason.description)
    case .capture(let error): object(.notACapture, error.code, error.message)
    case .undecidable(let problems):
      object(.notAllowed, "scope.undecidable", problems.map(\.description).joined(separator: "; "))
    case .sink(let error): object(.outputFailed, "records.not-kept", error.message)
    }
  }

  private static func object(_ status: ExitStatus, _ code: String, _ message: String) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("status")
    json.integer(status.rawValue)
    json.key("code")
    json.string(code)
    json.key("message")
    json.string(message)
    json.endObject()
    return json.bytes
  }
}

/// Sends a timeline's records over the channel.
private final class ChannelSink: RecordSink {
  private let records: WorkerRecords
  init(_ records: WorkerRecords) { self.records = records }

  func take(_ kind: TimelineRecord, _ payload: RawSpan) throws(SinkError) {
    switch kind {
    case .flows: records.send(.flow, payload)
    case .findings: records.send(.finding, payload)
    case .report: records.send(.summary, payload)
    case .preamble:
      records.send(.preamble, payload)
      // It must be there when this process no longer is.
      records.flush()
    case .mark:
      records.send(.mark, payload)
      records.flush()
    // The worker's side says the end itself.
    case .end: break
    }
  }
}

private final class WorkerSpill: SpillStorage {
  private let file: SpillFile
  init(_ file: SpillFile) { self.file = file }

  func append(_ bytes: RawSpan) throws(SpillError) -> Int64 {
    do { return try file.append(bytes) } catch { throw SpillError(message: error.description) }
  }

  func read(at offset: Int64, count: Int, into out: inout [UInt8]) throws(SpillError) {
    do { try file.read(at: offset, count: count, into: &out) } catch { throw SpillError(message: error.description) }
  }
}
