// What this binary is.

import Platform
import PluginKit

enum Version {
  static let number = "0.1.0"

  /// The commit it was built from; empty where it is not known.
  static let commit = Build.commit

  static var text: String { commit.isEmpty ? number : "\(number) (commit \(commit))" }
}
