// Plays an exchange or a capture: a capture is made of it and goes the way of real evidence.

import Analysis
import JSON
import PluginKit
import Terms
import Warrants

extension Exchange {
  /// Plays the exchange to these plugins and gives what came out.
  ///
  /// - Parameter categories: the data categories that the warrant allows.
  /// - Throws: `ScriptError` for a script that cannot be played.
  public func play(
    categories: Categories = .all, @PluginCatalogBuilder _ plugins: () -> [PluginEntry]
  ) throws -> Played {
    try play(PluginCatalog(plugins), categories: categories)
  }

  /// Plays the exchange to a catalog's plugins.
  public func play(_ plugins: PluginCatalog, categories: Categories = .all) throws -> Played {
    try capture().play(plugins, categories: categories)
  }

  /// The capture that is played: a pcap file of Ethernet frames, from 2026-01-01 on.
  public func capture() throws(ScriptError) -> Capture {
    try Capture(of: [(milliseconds: 0, exchange: self)])
  }

  /// 2026-01-01T00:00:00Z, in nanoseconds.
  static let begin: Int64 = 1_767_225_600_000_000_000

  /// The last 24 bits of the client's address.
  var clientNumber: Int { Int(clientEnd.address.lower & 0xff_ffff) }

  var parts: [Part] {
    messages.enumerated().map { index, message in
      Part(
        message: index, side: message.side, bytes: message.bytes, pause: message.pause, captured: snapLength)
    }
  }
}

extension Capture {
  /// One capture of several exchanges, each beginning so many milliseconds after 2026-01-01: for what is known across
  /// flows. Packets stand in the order of the list, exchange by exchange.
  public init(of exchanges: [(milliseconds: Int, exchange: Exchange)]) throws(ScriptError) {
    var bytes = PacketRecords.fileHeader
    for (milliseconds, exchange) in exchanges {
      if let mistake = exchange.mistake { throw mistake }
      PacketRecords(exchange, Segmenter.segments(exchange, exchange.parts, closes: exchange.hasClosing))
        .append(to: &bytes, client: exchange.clientNumber, at: Exchange.begin + Int64(milliseconds) * 1_000_000)
    }
    self.init(bytes: bytes)
  }

  /// Plays the capture to these plugins and gives what came out.
  public func play(
    categories: Categories = .all, @PluginCatalogBuilder _ plugins: () -> [PluginEntry]
  ) throws -> Played {
    try play(PluginCatalog(plugins), categories: categories)
  }

  /// Plays the capture to a catalog's plugins.
  public func play(_ plugins: PluginCatalog, categories: Categories = .all) throws -> Played {
    let sink = MemorySink()
    try analyse(plugins, categories, sink, writesFlows: true)
    return try Played(flows: sink.flows, findings: sink.findings, report: sink.report)
  }

  func analyse(
    _ plugins: PluginCatalog, _ categories: Categories, _ sink: MemorySink, writesFlows: Bool
  ) throws {
    let warrant = try AuthorisedWarrant.authorise(
      try Warrant.parse(TrainingWarrant.everything(categories)), now: Timestamp(nanoseconds: Exchange.begin))
    var job = AnalysisJob(
      items: [AnalysisJob.Item(name: "exchange.pcap")], scope: warrant.scope, categories: warrant.categories,
      warrant: warrant.warrant.id)
    job.writesFlows = writesFlows
    try Analysis.analyse(bytes: bytes, job: job, catalog: plugins, sink: sink)
  }
}
