// How long a captured record of a link type can be.

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
