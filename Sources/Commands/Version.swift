// What this binary is.

import Platform
import PluginKit

enum Version {
  static let number = "0.1.0"

  /// The commit it was built from: `Generated` is written by the build; empty where it is not known.
  static let commit = BuildCommit.text

  static var text: String { commit.isEmpty ? number : "\(number) (commit \(commit))" }
}
