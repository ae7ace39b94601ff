// QUIC on any port: versions, connection ids and hellos, as far as their keys are public; and what later flows go on with.

import Bytes
import Findings
import PluginKit
import Terms
import Wire

public struct QUIC: DatagramPlugin {
  public static let manifest = Manifest(
    "quic", title: "QUIC",
    references: ["RFC 8999", "RFC 9000", "RFC 9001", "RFC 9287", "RFC 9368", "RFC 9369"],
    transports: [.udp], ports: [80, 443, 784, 853, 4433, 8443],
    constants: [
      // Long headers, by version: 1, 2, the drafts, Facebook's, Google's, reserved ones (RFC 9000 section 15), and Version
      // Negotiation, whose first byte may be any.
      Constant(value: 0xc000_0000_0100_0000, mask: 0xc0ff_ffff_ff00_0000),
      Constant(value: 0xc06b_3343_cf00_0000, mask: 0xc0ff_ffff_ff00_0000),
      Constant(value: 0xc0ff_0000_0000_0000, mask: 0xc0ff_ffff_0000_0000),
      Constant(value: 0xc0fa_ceb0_0000_0000, mask: 0xc0ff_ffff_0000_0000),
      Constant(value: 0xc051_3034_0000_0000, mask: 0xc0ff_ffff_0000_0000),
      Constant(value: 0xc051_3035_0000_0000, mask: 0xc0ff_ffff_0000_0000),
      Constant(value: 0xc054_3035_0000_0000, mask: 0xc0ff_ffff_0000_0000),
      Constant(value: 0xc00a_0a0a_0a00_0000, mask: 0xc00f_0f0f_0f00_0000, lengths: 1_200...65_535),
      Constant(value: 0x8000_0000_0000_0000, mask: 0x80ff_ffff_ff00_0000, lengths: 11...1_500),
      // Google's public header: flags, a connection id, then `Q0` and two digits.
      Constant(value: 0x5130_3030_0000_0000, mask: 0xffff_f0f0_0000_0000, at: 9),
      // Short headers: the fixed bit, and the shortest packet that can be sampled, with an id of four bytes.
      Constant(value: 0x4000_0000_0000_0000, mask: 0xc000_0000_0000_0000, lengths: 25...65_535),
    ],
    packets: 32, emits: [.serverName, .fingerprint, .protocolMetadata, .softwareVersion, .flow],
    observations: [ObservationDeclaration(QUICConnection.self)], notes: [QUICNotes.topic])

  public init() {}

  public func inspect(
    _ datagram: Datagram, memory: inout QUICSession, recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    guard let first = datagram.bytes.u8IfPresent(0) else { return memory.isNew ? .notMine : .needMore }
    let isLong = first & 0x80 != 0
    if isLong, QUICVersion(datagram.bytes.u32IfPresent(1) ?? 0).form != .googleLong {
      return try readLong(datagram, &memory, &recorder)
    }
    if memory.hasLong { return .needMore }
    if !isLong, first & 0x40 != 0, !memory.isGoogles {
      return QUICShortReading.read(datagram, &memory, &recorder)
    }
    return try readGoogles(datagram, &memory, &recorder)
  }

  public func conclude(_ flow: FlowFacts, memory: QUICSession, recorder: inout Recorder) {
    guard memory.isQUIC, !memory.isSaid else { return }
    recorder.observe(memory.connection)
    if let reason = memory.whatIsMissing(flow, mayOpen: QUICReading.mayOpen(recorder)) {
      recorder.notAssessable(reason)
    }
  }

  /// Reads the packets of a datagram that begins with a long header.
  private func readLong(
    _ datagram: borrowing Datagram, _ memory: inout QUICSession, _ recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    var reading = QUICReading(datagram)
    var at = 0
    // A datagram may hold several packets (RFC 9000 section 12.2).
    while let first = datagram.bytes.u8IfPresent(at), first & 0x80 != 0 {
      do throws(ReadError) {
        let packet = try QUICLongPacket(datagram.bytes, at: at, length: datagram.length)
        guard reading.take(&memory, packet, datagram.bytes, &recorder) else { break }
        at = packet.end
      } catch {
        // Behind a packet that was read, or on a flow that is known, other bytes change nothing.
        guard at == 0, memory.isNew else { break }
        throw error
      }
    }
    guard memory.hasLong else { return .notMine }
    return reading.isComplete ? .done : .needMore
  }

  /// Reads a client's packet of Google's versions without protection.
  private func readGoogles(
    _ datagram: borrowing Datagram, _ memory: inout QUICSession, _ recorder: inout Recorder
  ) throws(ReadError) -> Verdict {
    let packet: GoogleQUICPacket
    do throws(ReadError) {
      packet = try GoogleQUICPacket(datagram.bytes)
    } catch {
      guard memory.isNew else { return .needMore }
      throw error
    }
    memory.connection.version = memory.connection.version ?? packet.version
    memory.connection.server = memory.connection.server ?? packet.connection
    memory.begin(.googles)
    guard QUICReading.mayOpen(recorder), let hello = packet.hello(in: datagram.bytes),
      hello.serverName != nil || hello.userAgent != nil
    else { return .needMore }
    memory.connection.googleHello = hello
    recorder.observe(memory.connection)
    return .done
  }
}
