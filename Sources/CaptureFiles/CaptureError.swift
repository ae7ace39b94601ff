// Why a source gives no capture at all. Damage behind a readable beginning is a notice instead.

import Bytes
import Platform
import Terms

/// A source that cannot be read as a capture.
public enum CaptureError: Error, Equatable, Sendable {
  /// Not one byte, or a compressed stream of none.
  case empty(Compression)
  /// Neither pcap nor pcapng: the first bytes found (at most 8), after unpacking where it was compressed.
  case notACapture(firstBytes: [UInt8], compression: Compression)
  /// Compressed, but damaged before the first four bytes came out; the first bytes of the compressed stream.
  case cannotUnpack(firstBytes: [UInt8], compression: Compression, reason: String)
  /// The system refused to read.
  case unreadable(SystemError)

  /// The stable identifier in output.
  public var code: String {
    switch self {
    case .empty: "capture.empty"
    case .notACapture: "capture.not-a-capture"
    case .cannotUnpack: "capture.cannot-unpack"
    case .unreadable: "capture.unreadable"
    }
  }

  /// One sentence: what was found, what was expected.
  public var message: String {
    switch self {
    case .empty(.none): "the file is empty (0 bytes), expected a pcap or pcapng capture"
    case .empty(let compression): "the \(compression) stream holds no byte, expected a pcap or pcapng capture"
    case .notACapture(let bytes, let compression):
      "not a capture: begins with \(CaptureError.spaced(bytes))\(CaptureError.guess(bytes))"
        + (compression == .none ? "" : " inside \(compression)")
        + ", expected pcap or pcapng, plain or compressed by gzip or zstd"
    case .cannotUnpack(let bytes, let compression, let reason):
      "not a capture: begins with \(CaptureError.spaced(bytes)) like a \(compression) file, but \(reason)"
    case .unreadable(let error): "cannot be read: \(error.reason)"
    }
  }

  /// The error as a notice, for a run that goes on with other captures. An empty file in a set is a gap in it; whatever
  /// else is no capture was lost.
  public func notice(evidence: UInt32) -> Notice {
    var kind = Notice.Kind.damage
    if case .empty = self { kind = .gap }
    return Notice(kind, code, message, evidence: evidence)
  }

  private static func spaced(_ bytes: [UInt8]) -> String { bytes.map { Hex.text([$0]) }.joined(separator: " ") }

  /// What such first bytes usually are, so that the user sees which file was given by mistake.
  private static func guess(_ bytes: [UInt8]) -> String {
    let known: [(start: [UInt8], name: String)] = [
      ([0x50, 0x4b, 0x03, 0x04], "a ZIP archive"),
      (Array("snoop".utf8), "a snoop capture"),
      ([0x42, 0x5a, 0x68], "bzip2"),
      ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"),
      ([0x04, 0x22, 0x4d, 0x18], "LZ4"),
      ([0x37, 0x7a, 0xbc, 0xaf], "a 7z archive"),
      ([0x1f, 0x8b], "gzip"),
      ([0x28, 0xb5, 0x2f, 0xfd], "zstd"),
      ([0x7f, 0x45, 0x4c, 0x46], "a program"),
      ([0x25, 0x50, 0x44, 0x46], "a PDF document"),
      ([0x52, 0x54, 0x53, 0x53], "an Endace or NetXRay capture"),
      (Array("{".utf8), "JSON text"),
      (Array("<?xml".utf8), "XML text"),
    ]
    return known.first { bytes.starts(with: $0.start) }.map { " (\($0.name)?)" } ?? ""
  }
}
