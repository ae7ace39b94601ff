// IEEE 802.11 data frames (IEEE 802.11-2020 sections 9.2.4 and 9.3.2): LINKTYPE_IEEE802_11, inside radiotap, PPI, CAPWAP.
//
//     0  frame control  2    version 2 bits, type 2, subtype 4; flags
//     2  duration       2
//     4  address 1  6 · 10 address 2  6 · 16 address 3  6
//    22  sequence control  2    fragment number 4 bits, sequence 12
//    24  address 4      6    when both to and from the distribution system
//     .  QoS control    2    in QoS frames
//     .  HT control     4    in QoS frames with the order flag
//     .  LLC; or A-MSDU subframes: destination 6, source 6, length 2, LLC, padded to 4 (section 9.3.2.2.2)

import Bytes

extension LayerDecoder {
  private enum FrameControl {
    static let toDS: UInt8 = 0x01
    static let fromDS: UInt8 = 0x02
    static let protected: UInt8 = 0x40
    static let order: UInt8 = 0x80
    static let qos: UInt8 = 0x80
    static let noData: UInt8 = 0x40
  }

  private static let subframeLength = 14

  /// - Parameter padded: the capturing driver padded the header to a multiple of four.
  mutating func readIEEE80211(_ bytes: RawSpan, _ packet: inout Packet, padded: Bool) -> LayerStep? {
    guard let control = head(bytes, 2) else { return shortage(2) }
    return readIEEE80211(bytes, &packet, kind: control.u8(0), flags: control.u8(1), padded: padded)
  }

  /// A header whose 16-bit fields are in network order, as some access points write it in CAPWAP.
  mutating func readSwappedIEEE80211(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    guard let control = head(bytes, 2) else { return shortage(2) }
    return readIEEE80211(bytes, &packet, kind: control.u8(1), flags: control.u8(0), padded: false, swapped: true)
  }

  private mutating func readIEEE80211(
    _ bytes: RawSpan, _ packet: inout Packet, kind: UInt8, flags: UInt8, padded: Bool, swapped: Bool = false
  ) -> LayerStep? {
    // Version 0 and type 2, data.
    guard kind & 0x0f == 0x08, kind & FrameControl.noData == 0 else { return .notIP }
    guard let head = head(bytes, 24) else { return shortage(24) }
    if flags & FrameControl.protected != 0 { return .protected }
    // A fragment but the first begins in the middle of its frame.
    guard head.u8(swapped ? 23 : 22) & 0x0f == 0 else { return .notIP }

    let address1 = head.u64(4) >> 16
    let address2 = head.u64(10) >> 16
    let address3 = head.u64(16) >> 16
    var length = 24
    packet.linkDestination = flags & FrameControl.toDS != 0 ? address3 : address1
    packet.linkSource = flags & FrameControl.fromDS != 0 ? address3 : address2
    if flags & FrameControl.toDS != 0, flags & FrameControl.fromDS != 0 {
      guard let four = self.head(bytes, 32) else { return shortage(32) }
      packet.linkSource = four.u64(24) >> 16
      length = 30
    }
    packet.hasLinkAddresses = true

    var isAggregate = false
    if kind & FrameControl.qos != 0 {
      guard let quality = peek(bytes, swapped ? length &+ 1 : length) else { return shortage(length &+ 2) }
      isAggregate = quality & 0x80 != 0
      length &+= 2
      if flags & FrameControl.order != 0 { length &+= 4 }
    }
    if padded { length = (length &+ 3) & ~3 }
    offset &+= length
    if isAggregate {
      aggregateEnd = end
      header = .subframe
    } else {
      header = .llc
    }
    return nil
  }

  /// One subframe of an A-MSDU. Those of a frame that came in a tunnel are read up to the first only.
  mutating func readSubframe(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    aggregateNext = 0
    guard let head = head(bytes, Self.subframeLength) else { return shortage(Self.subframeLength) }
    packet.linkDestination = head.u64(0) >> 16
    packet.linkSource = head.u64(6) >> 16
    packet.hasLinkAddresses = true
    let length = Int(head.u16(12))
    let following = offset &+ ((Self.subframeLength &+ length &+ 3) & ~3)
    // What is left may be a frame check sequence.
    if depth == 0, following &+ Self.subframeLength <= aggregateEnd { aggregateNext = following }
    offset &+= Self.subframeLength
    bound(length)
    header = .llc
    return nil
  }

  /// Moves to the next subframe of the aggregate.
  mutating func enterSubframe() {
    offset = aggregateNext
    end = aggregateEnd
    limit = Self.longest
    header = .subframe
  }
}
