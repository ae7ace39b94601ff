// Runs a timeline over its evidence: the one way in for the worker, the plugin test kit and tests.

import Bytes
import CaptureFiles
import Findings
import Packets
import Platform
import PluginKit
import Terms
import Warrants

/// Evidence that cannot be analysed at all.
public enum AnalysisRefusal: Error, Sendable {
  /// No capture, or one that cannot be read.
  case capture(CaptureError)
  /// The warrant asks for what this evidence cannot tell.
  case undecidable([WarrantProblem])
  /// Records could not be handed over.
  case sink(SinkError)
}

public enum Analysis {
  /// Analyses one evidence item from an open descriptor.
  public static func analyse(
    _ descriptor: Descriptor, job: AnalysisJob, catalog: PluginCatalog, page: PlaceNotes? = nil,
    sink: any RecordSink, spill: (any SpillStorage)? = nil
  ) throws(AnalysisRefusal) {
    var reader: CaptureReader
    do { reader = try CaptureReader(descriptor) } catch { throw .capture(error) }
    try analyse(&reader, job: job, catalog: catalog, page: page, sink: sink, spill: spill)
  }

  /// Analyses one evidence item from memory.
  public static func analyse(
    bytes: [UInt8], job: AnalysisJob, catalog: PluginCatalog, sink: any RecordSink
  ) throws(AnalysisRefusal) {
    var reader: CaptureReader
    do { reader = try CaptureReader(bytes: bytes) } catch { throw .capture(error) }
    try analyse(&reader, job: job, catalog: catalog, page: nil, sink: sink, spill: nil)
  }

  /// How many frames pass between two notes of progress.
  private static let progressFrames: UInt64 = 4_096

  private static func analyse(
    _ reader: inout CaptureReader, job: AnalysisJob, catalog: PluginCatalog, page: PlaceNotes?,
    sink: any RecordSink, spill: (any SpillStorage)?
  ) throws(AnalysisRefusal) {
    var timeline = Timeline(job: job, catalog: catalog, page: page, sink: sink, spill: spill)
    var known = 0
    var untilProgress = progressFrames
    do {
      while reader.advance() {
        if let end = job.endBefore, reader.header.reference.number >= end { break }
        if Int(reader.header.interface) >= known {
          known = try learn(&timeline, reader.facts.interfaces, 0)
        }
        try timeline.take(reader.header, reader.bytes)
        untilProgress &-= 1
        if untilProgress == 0 {
          untilProgress = progressFrames
          page?.progress(offset: reader.bytesTaken, frames: timeline.framesTaken)
        }
      }
      try timeline.close(facts: [reader.facts])
    } catch let error as SinkError {
      throw .sink(error)
    } catch let error as AnalysisRefusal {
      throw error
    } catch {
      throw .sink(SinkError(message: "\(error)"))
    }
  }

  /// Makes interfaces known to the scope; refuses evidence that cannot decide a target.
  private static func learn(
    _ timeline: inout Timeline, _ interfaces: [CaptureInterface], _ item: Int
  ) throws(AnalysisRefusal) -> Int {
    let problems = timeline.learn(
      interfaces.map { EvidenceFacts.Interface(name: $0.name, linkType: $0.linkType) }, item)
    guard problems.isEmpty else { throw .undecidable(problems) }
    return interfaces.count
  }
}
