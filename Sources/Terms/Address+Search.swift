// Whether an address stands in a text that came out of evidence: a certificate's name, a host name that is none.

extension Address {
  /// Whether an IPv4 or IPv6 address stands in the text, in any form that can be read as one. Says yes rather once too
  /// often: a version of four small numbers looks like an address.
  public static func stands(in text: String) -> Bool {
    var isWord = false
    var word = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x46, 0x61...0x66, 0x2e, 0x3a:
        word.unicodeScalars.append(Unicode.Scalar(byte))
        isWord = true
      default:
        if isWord, isOne(word) { return true }
        isWord = false
        word.removeAll(keepingCapacity: true)
      }
    }
    return isWord && isOne(word)
  }

  private static func isOne(_ word: String) -> Bool {
    guard word.utf8.count >= 2 else { return false }
    // A sentence may end behind it, a port may follow, a colon may stand before.
    let points = word.split(separator: ".").joined(separator: ".")
    if Address(word) != nil || Address(points) != nil { return true }
    return word.split(separator: ":").contains {
      $0.utf8.contains(0x2e) && Address($0.split(separator: ".").joined(separator: ".")) != nil
    }
  }
}
