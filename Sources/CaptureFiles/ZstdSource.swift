// Unpacks zstd (RFC 8878), any number of frames one after the other, skippable ones too, through libzstd.

import CVeilZstd

/// Bytes of compressed input read at a time.
private let inputSize = 256 * 1024

// Safe: context and allocation are owned, given back in deinit, and handed to zstd for the length of a call.
@safe final class ZstdSource: ByteSource {
  private let upstream: any ByteSource
  private let windowLog: Int
  // Both are allocated here and given back in deinit.
  private let context: OpaquePointer?
  private let input: UnsafeMutableRawBufferPointer
  private var inputCount: Int
  private var inputPosition = 0
  /// Whether a frame has begun and not ended.
  private var isInFrame = false
  /// Whether a frame has ended: what contradicts the format behind it is no zstd at all.
  private var hasEndedFrame = false
  /// Whether the last output filled its buffer: the context may hold more without further input.
  private var mayHoldMore = false
  private var isAtEnd = false
  /// An error that came with bytes: it is thrown once these are given.
  private var pending: SourceFailure?

  var bytesRead: UInt64 { upstream.bytesRead }

  /// - Parameters:
  ///   - begun: compressed bytes that were read from `upstream` already.
  ///   - windowLog: the largest window, as a power of two; a frame that needs more is refused before memory is taken.
  init(_ upstream: any ByteSource, begun: [UInt8], windowLog: Int) {
    self.upstream = upstream
    self.windowLog = windowLog
    // Sound: `input` is at least as large as `begun`, and owned from here on.
    unsafe input = .allocate(byteCount: max(inputSize, begun.count), alignment: 64)
    unsafe input.copyBytes(from: begun)
    inputCount = begun.count
    // Sound: a context of our own; nil (no memory) is met in `read`.
    unsafe context = ZSTD_createDCtx()
    unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(clamping: windowLog))
  }

  deinit {
    unsafe ZSTD_freeDCtx(context)
    unsafe input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceFailure) -> Int {
    while !isAtEnd {
      if inputPosition == inputCount, !mayHoldMore {
        guard try readInput() else { break }
      }
      // Sound: both structures describe memory that outlives the call, with its true sizes.
      var from = unsafe ZSTD_inBuffer(src: input.baseAddress, size: inputCount, pos: inputPosition)
      var to = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
      let result = unsafe ZSTD_decompressStream(context, &to, &from)
      let written = unsafe to.pos
      inputPosition = unsafe from.pos
      mayHoldMore = written == buffer.count
      if ZSTD_isError(result) != 0 {
        pending = failure(result)
        isAtEnd = true
      } else {
        isInFrame = result != 0
        hasEndedFrame = hasEndedFrame || result == 0
      }
      if written > 0 { return written }
    }
    isAtEnd = true
    if let failure = pending {
      pending = nil
      throw failure
    }
    return 0
  }

  private func readInput() throws(SourceFailure) -> Bool {
    do throws(SourceFailure) {
      inputCount = unsafe try upstream.read(into: input)
    } catch {
      isAtEnd = true
      throw error
    }
    inputPosition = 0
    if inputCount == 0, isInFrame {
      isAtEnd = true
      throw .cut(.zstd)
    }
    return inputCount > 0
  }

  private func failure(_ result: Int) -> SourceFailure {
    switch ZSTD_getErrorCode(result) {
    case ZSTD_error_prefix_unknown where hasEndedFrame && !isInFrame: .trailing(.zstd)
    case ZSTD_error_frameParameter_windowTooLarge:
      .damaged(.zstd, "it needs a window above \(1 << max(windowLog - 20, 0)) MiB (made with --long or --ultra)")
    default:
      // Sound: a constant text of the library, copied at once.
      unsafe .damaged(.zstd, ZSTD_getErrorName(result).map { unsafe String(cString: $0) } ?? "error \(result)")
    }
  }
}
