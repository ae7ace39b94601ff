// Reads one capture, whatever its format and compression, frame by frame.

import Platform
import Terms

/// The frames of one pcap or pcapng capture, plain or compressed by gzip or zstd.
///
/// The format is found by the first bytes, never by a name. Reading waits only while no byte is there: from a pipe whose
/// writer still runs the frames come as they are written.
///
/// Damage (a cut file, a wrong length, a broken compressed stream) ends the frames, or passes over one record where the
/// file's own framing still holds; it becomes a notice of kind `damage`, and never an error.
// Safe: the one pointer is into the owned buffer, and is set anew before whatever moves it can be seen.
@safe public struct CaptureReader: ~Copyable, FrameSource {
  /// The current frame's header; valid after `advance` returned true.
  public internal(set) var header: FrameHeader
  /// The current frame's bytes, in the buffer. Inlined into the caller's loop: a call would cost a copy of this struct.
  @usableFromInline var frameStart: UnsafeRawPointer
  @usableFromInline var frameLength = 0
  /// The frame that `scout` came to, its number, and where the record after it begins in the stream.
  @usableFromInline var scoutStart: UnsafeRawPointer
  @usableFromInline var scoutLength = 0
  var scoutNumber: UInt64 = 0
  var scoutOffset = 0
  var buffer: BlockBuffer
  var next: NextRecord
  /// Number of the last record that has one.
  var number: UInt64 = 0
  /// Longest record of a pcap file whose records are of the commonest form; -1 in all other files, and at the end.
  var longestPlain = -1
  /// Whether a little-endian section of a pcapng file is being read.
  var isPlainSection = false
  var pcap = PcapLayout()
  var pcapng = PcapngState()
  /// Numbered records that were not given out.
  var passedOver: UInt64 = 0
  var isWhole = false
  /// The headers that reading the packets behind them takes: the file header, or the section's and its interfaces'
  /// blocks. Empty where they are longer than is kept.
  public internal(set) var preamble: [UInt8] = []
  static let longestPreamble = 1 << 20
  var notices: NoticeList

  let evidence: UInt32
  let limits: CaptureLimits
  let compression: Compression
  let isPcapng: Bool

  /// What `advance` reads.
  enum NextRecord { case pcap, pcapng, none }

  /// Reads from an open descriptor, from its current position on, which it moves.
  ///
  /// Reads the first bytes at once, and throws where they are no capture.
  /// - Parameter evidence: the index that frames and notices name.
  public init(
    _ descriptor: Descriptor, evidence: UInt32 = 0, limits: CaptureLimits = CaptureLimits()
  ) throws(CaptureError) {
    try self.init(DescriptorSource(descriptor), evidence: evidence, limits: limits)
  }

  /// Reads a capture that is in memory.
  public init(
    bytes: [UInt8], evidence: UInt32 = 0, limits: CaptureLimits = CaptureLimits()
  ) throws(CaptureError) {
    try self.init(MemorySource(bytes), evidence: evidence, limits: limits)
  }

  init(_ source: any ByteSource, evidence: UInt32 = 0, limits: CaptureLimits) throws(CaptureError) {
    let opening = try Opening(source, limits: limits)
    self.evidence = evidence
    self.limits = limits
    notices = NoticeList(evidence: evidence)
    compression = opening.compression
    isPcapng = opening.isPcapng
    next = opening.isPcapng ? .pcapng : .pcap
    buffer = opening.buffer
    // Sound: with a length of 0 it is never read from.
    unsafe frameStart = buffer.address
    unsafe scoutStart = buffer.address
    header = FrameHeader(
      reference: FrameReference(number: 0, offset: 0, evidence: evidence), time: Timestamp(nanoseconds: 0),
      hasTime: false, linkType: LinkType(0), capturedLength: 0, originalLength: 0)
    if !isPcapng { readPcapHeader() }
  }

  public mutating func advance() -> Bool {
    if advancePlainPcap() { return true }
    return advanceElse()
  }

  /// All that is not the commonest record of a pcap file; apart, so that it costs that one nothing.
  @inline(never)
  private mutating func advanceElse() -> Bool {
    if advancePlainPacketBlock() { return true }
    return switch next {
    case .pcap: advancePcap()
    case .pcapng: advancePcapng()
    case .none: false
    }
  }

  /// The current frame's bytes, valid until the next `advance`.
  @inlinable
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: `advance` checked that these bytes are in the buffer, and nothing moves there before the next `advance`,
      // which cannot be called while the span borrows self.
      let span = unsafe RawSpan(_unsafeStart: frameStart, byteCount: frameLength)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// What is known of the capture so far.
  public var facts: CaptureFacts {
    CaptureFacts(
      format: isPcapng ? .pcapng : pcap.format, compression: compression,
      interfaces: isPcapng ? pcapng.described : pcap.described,
      interfaceCount: isPcapng ? pcapng.interfaceCount : UInt64(pcap.described.count), frames: number,
      packets: number &- passedOver, bytes: UInt64(clamping: buffer.offset), bytesRead: buffer.bytesRead,
      isWhole: isWhole, notices: notices.all)
  }

  /// Makes `count` bytes from `start` behind the cursor the current frame's.
  @inline(__always)
  mutating func setFrame(from start: Int, count: Int) {
    precondition(start >= 0 && count >= 0 && start &+ count <= buffer.available)
    unsafe frameStart = buffer.address + start
    frameLength = count
  }

  /// Offset of the end of the current record in the unpacked stream.
  public var endOfRecord: UInt64 { UInt64(clamping: buffer.offset) }

  /// Whether a later reader can go on in the middle of the stream, given `preamble` first.
  public var canBeTakenUp: Bool { compression == .none && !preamble.isEmpty }

  /// Bytes read from the source so far: how far the file has been taken up. `facts.bytesRead`, without the rest.
  public var bytesTaken: UInt64 { buffer.bytesRead }

  /// Gives the buffer back; the reader is at its end.
  mutating func release() {
    next = .none
    longestPlain = -1
    isPlainSection = false
    frameLength = 0
    scoutLength = 0
    buffer.release()
    unsafe frameStart = buffer.address
    unsafe scoutStart = buffer.address
  }
}

// MARK: - Ends

extension CaptureReader {
  /// Ends with a notice of damage at the cursor.
  mutating func end(_ code: String, _ message: String, at offset: Int, kind: Notice.Kind = .damage) {
    notices.add(kind, code, message, offset: offset)
    finish()
  }

  /// The stream ended while `wanted` bytes were needed for a record that begins at `offset`: its end where nothing of
  /// the record is there, damage otherwise or where the source failed.
  mutating func endOfStream(in part: String, wanted: Int, found: Int, at offset: Int) {
    if let failure = buffer.failure {
      end(failure.code, "\(failure.reason); what came before was read", at: offset)
    } else if found > 0 {
      end(
        "capture.cut", "the file ends inside a \(part): \(wanted) bytes expected, \(found) there; it was cut short",
        at: offset)
    } else {
      isWhole = true
      finish()
    }
  }

  private mutating func finish() {
    next = .none
    longestPlain = -1
    isPlainSection = false
    frameLength = 0
    if number == passedOver { notices.add(.information, "capture.no-frames", "the file holds no packet") }
  }
}
