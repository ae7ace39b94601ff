// Which libraries unpack compressed captures, for the custody record.

import CVeilZlib
import CVeilZstd

public enum CompressionLibraries {
  // Sound, both: texts that the libraries keep for ever.
  public static var zlib: String { unsafe zlibVersion().map { unsafe String(cString: $0) } ?? "" }
  public static var zstd: String { unsafe ZSTD_versionString().map { unsafe String(cString: $0) } ?? "" }
}
