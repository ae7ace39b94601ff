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
  /// Analyses one timeline from open descriptors, one for each of the job's items.
  public static func analyse(
    _ descriptors: [Descriptor], job: AnalysisJob, catalog: PluginCatalog, page: PlaceNotes? = nil,
    sink: any RecordSink, spill: (any SpillStorage)? = nil
  ) throws(AnalysisRefusal) {
    if descriptors.count == 1, let descriptor = descriptors.first {
      var reader: CaptureReader
      do { reader = try CaptureReader(descriptor) } catch { throw .capture(error) }
      try analyse(&reader, job: job, catalog: catalog, page: page, sink: sink, spill: spill)
    } else {
      try analyseSet(descriptors, job: job, catalog: catalog, page: page, sink: sink, spill: spill)
    }
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
        if let end = job.endBefore, reader.header.reference.number &+ job.framesBefore >= end { break }
        if Int(reader.header.interface) >= known {
          // Beyond what is described no further interface becomes known.
          known = max(try learn(&timeline, reader.facts.interfaces, 0), Int(reader.header.interface) &+ 1)
          if job.isStream, !reader.preamble.isEmpty {
            try send(reader.preamble, of: reader.canBeTakenUp ? nil : reader.facts.compression, to: sink)
          }
        }
        if job.isStream {
          // Behind this frame another worker would go on.
          page?.progress(offset: reader.endOfRecord, frames: timeline.framesTaken)
        }
        if reader.header.linkType == .ethernet {
          while reader.scout() { timeline.foresee(reader.scouted) }
        }
        try timeline.take(reader.header.moved(by: job), reader.bytes)
        untilProgress &-= 1
        if untilProgress == 0 {
          untilProgress = progressFrames
          if !job.isStream { page?.progress(offset: reader.bytesTaken, frames: timeline.framesTaken) }
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

  private static func send(
    _ preamble: [UInt8], of compression: Compression?, to sink: any RecordSink
  ) throws(SinkError) {
    let name = compression.map { "\($0.rawValue) " } ?? ""
    try Array((name + Hex.text(preamble)).utf8).withRawSpan { (span) throws(SinkError) in
      try sink.take(.preamble, span)
    }
  }

  /// Analyses several captures as one timeline. One that is no capture is named in its evidence record; where none is,
  /// the set is refused for the reason of the first.
  private static func analyseSet(
    _ descriptors: [Descriptor], job: AnalysisJob, catalog: PluginCatalog, page: PlaceNotes?, sink: any RecordSink,
    spill: (any SpillStorage)?
  ) throws(AnalysisRefusal) {
    var timeline = Timeline(job: job, catalog: catalog, page: page, sink: sink, spill: spill)
    var set = CaptureSet()
    var places: [Int: Int] = [:]
    var first: CaptureError?
    for (item, descriptor) in descriptors.enumerated() {
      do {
        set.add(try CaptureReader(descriptor, evidence: UInt32(item)))
        places[item] = set.count - 1
      } catch {
        if first == nil { first = error }
        timeline.refuse(item, error)
      }
    }
    if places.isEmpty, let first { throw .capture(first) }
    var known = descriptors.map { _ in 0 }
    var untilProgress = progressFrames
    do {
      while set.advance() {
        let item = Int(set.header.reference.evidence)
        if let end = job.endBefore, timeline.framesTaken &+ 1 >= end { break }
        if Int(set.header.interface) >= known[item], let place = places[item] {
          known[item] = max(
            try learn(&timeline, set.facts(place).interfaces, item), Int(set.header.interface) &+ 1)
        }
        try timeline.take(set.header, set.bytes)
        untilProgress &-= 1
        if untilProgress == 0 {
          untilProgress = progressFrames
          var offset: UInt64 = 0
          for place in places.values { offset &+= set.facts(place).bytesRead }
          page?.progress(offset: offset, frames: timeline.framesTaken)
        }
      }
      for notice in set.notices { timeline.output.note(notice) }
      var facts: [CaptureFacts?] = []
      for item in descriptors.indices { facts.append(places[item].map { set.facts($0) }) }
      try timeline.close(facts: facts)
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

extension FrameHeader {
  /// The header of a frame of a stream that an earlier worker began to read.
  fileprivate func moved(by job: AnalysisJob) -> FrameHeader {
    guard job.framesBefore > 0 || job.offsetBefore != 0 else { return self }
    var header = self
    header.reference = FrameReference(
      number: reference.number &+ job.framesBefore, offset: reference.offset &+ job.offsetBefore,
      evidence: reference.evidence)
    return header
  }
}
