// The digest of an output, made from the bytes on their way to the system. What came by another way (appended inside the
// kernel), or after something was taken back, is read again at the end.

import Bytes
import Cryptography
import Platform
import Terms

public final class OutputDigest: WriteObserver {
  private unowned let file: OutputFile
  private var context: DigestContext
  private var digested: UInt64 = 0

  /// Watches `file` from now on; nothing may have been written yet.
  public init(of file: OutputFile) throws(CryptographyError) {
    context = try DigestContext(.sha256)
    self.file = file
    file.observer = self
  }

  public func wrote(_ bytes: RawSpan, at offset: UInt64) {
    guard offset == digested else { return }
    context.update(bytes)
    digested &+= UInt64(bytes.byteCount)
  }

  public func cut(to size: UInt64) {
    guard size < digested else { return }
    context.finish()
    digested = 0
  }

  /// The SHA-256 of all that stands in the file, once it is finished.
  public func finish() throws(OutputError) -> Digest {
    var piece: [UInt8] = digested < file.size ? .init(repeating: 0, count: OutputDigest.pieceSize) : []
    while digested < file.size {
      let count = try file.read(at: digested, into: &piece)
      guard count > 0 else { break }
      piece.withRawSpan { context.update($0.extracting(0..<count)) }
      digested &+= UInt64(count)
    }
    digested = 0
    return Digest(.sha256, context.finished())
  }

  private static let pieceSize = 256 * 1024
}
