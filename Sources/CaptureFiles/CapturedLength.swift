// How long a captured record of a link type can be, and which announced length is absurd.

import Terms

/// What libpcap and Wireshark accept for all other link types.
private let commonMaximum: UInt32 = 262_144

extension LinkType {
  /// Longest captured length that a record of this link type can have; a longer one is damage. The exceptions are those
  /// that libpcap and Wireshark make, none of which carries network packets in its long records.
  var maximumCapturedLength: UInt32 {
    switch number {
    case 220: 128 << 20  // LINKTYPE_USB_LINUX_MMAPPED
    case 231: 128 << 20  // LINKTYPE_DBUS
    case 249: 128 << 20  // LINKTYPE_USBPCAP
    case 279: 8 << 20  // LINKTYPE_EBHSCR
    default: commonMaximum
    }
  }
}

/// No link type allows more.
private let longestOfAll: UInt32 = 128 << 20
/// What some programs write for no limit.
private let noLimit: [UInt32] = [0, 0x7fff_ffff, 0xffff_ffff]

extension CaptureReader {
  /// Reports a snap length that no program sets on purpose: the header that holds it was damaged or made up. Reading
  /// goes on, since nothing here relies on it.
  mutating func checkSnapLength(_ length: UInt32, at offset: Int) {
    guard length > longestOfAll, !noLimit.contains(length) else { return }
    notices.add(
      .damage, "capture.snap-length",
      "a snap length of \(length) bytes is announced, more than the \(longestOfAll) that any link type allows; it was"
        + " not heeded", offset: offset)
  }
}
