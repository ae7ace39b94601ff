// What this build was made from.

import CVeilPlatform

public enum Build {
  /// The commit, with `+` behind it where files had been changed; empty where the sources were built by hand or are no
  /// checkout.
  public static var commit: String {
    // Sound: a C string literal, which lives as long as the process.
    unsafe String(cString: veil_commit())
  }
}
