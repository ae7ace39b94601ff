// From a frame to its packets: the loop over the headers, and the little that it keeps between two packets of a frame.
// Each header's layout and reading stands in a file of its own under Link/, Network/, Transport/ and Tunnel/.

import Bytes
import Terms

/// Decodes a frame layer by layer, and reads no layer before it is asked for.
///
/// A plain value without memory between frames: it keeps offsets, never bytes. The caller lends the same bytes at each
/// call, and decides after each packet whether to ask for what is inside:
///
///     decoder.begin(linkType: link, fcsLength: 0, originalLength: length, bytes: bytes)
///     while true {
///       let step = decoder.next(bytes, into: &packet)
///       guard step == .packet else { break }   // .end, or why nothing more is read
///       if !mayLookInside(packet) { decoder.skipInside() }
///     }
///
/// A step other than `.packet` and `.end` says why a layer was not read; then `next` gives `.end`, except in an
/// IEEE 802.11 A-MSDU, whose further subframes follow (as packets of depth 0).
@frozen
public struct LayerDecoder: Sendable, BitwiseCopyable {
  /// Packets inside one another that a frame may give.
  public static let maximumDepth: UInt8 = 8

  /// Headers that may stand before one addressed layer; no real stack of tags comes near.
  static let maximumHeaders = 64

  /// What header is read next, and where it stands (see `offset`).
  @usableFromInline var header: Header = .none
  /// Packets given so far that this one is inside of.
  @usableFromInline var depth: UInt8 = 0
  /// The tunnel that the next packet comes in; `tunnelID` is 0 where it has none.
  @usableFromInline var carrier: Carrier = .none
  @usableFromInline var hasTunnelID = false
  @usableFromInline var tunnelID: UInt64 = 0
  // Offsets, unsigned so that no check of a lower bound is left on the packet path; none exceeds `longest` by much.
  @usableFromInline var headerStart: UInt32 = 0
  @usableFromInline var capturedEnd: UInt32 = 0
  @usableFromInline var statedEnd: UInt32 = 0
  @usableFromInline var frameEnd: UInt32 = 0
  /// The next subframe of an A-MSDU and the aggregate's end; 0 where there is none.
  @usableFromInline var aggregateNext = 0
  @usableFromInline var aggregateEnd = 0
  /// What a reassembled datagram's payload belongs to.
  @usableFromInline var datagram = Packet.blank

  public init() {}

  /// Lengths beyond this are cut to it: offsets in a packet are 32 bits wide.
  @usableFromInline static let longest = 0x3fff_ffff

  /// Starts on a frame.
  ///
  /// - Parameters:
  ///   - fcsLength: bytes of frame check sequence at the frame's end, as far as the capture says so.
  ///   - originalLength: the frame's length on the wire, by the capture.
  ///   - bytes: the captured bytes; passed again at each call of `next`.
  @inlinable
  public mutating func begin(linkType: LinkType, fcsLength: UInt8, originalLength: Int, bytes: RawSpan) {
    offset = 0
    aggregateNext = 0
    end = min(bytes.byteCount, Self.longest)
    let onWire = min(max(originalLength, end), Self.longest)
    wireEnd = onWire &- min(Int(fcsLength), onWire)
    end = min(end, wireEnd)
    limit = Self.longest
    depth = 0
    carrier = .none
    hasTunnelID = false
    tunnelID = 0
    header = linkType.number == LinkTypes.ethernet ? .ethernet : LinkTypes.header(linkType.number)
  }

  /// Starts on a reassembled datagram: as if `packet` (its offsets ignored) had held the whole payload.
  ///
  /// The first call of `next` gives that packet with its transport header; offsets count from the start of `bytes`,
  /// which are the payload alone.
  public mutating func begin(reassembled packet: Packet, bytes: RawSpan) {
    offset = 0
    aggregateNext = 0
    end = min(bytes.byteCount, Self.longest)
    limit = end
    wireEnd = end
    depth = packet.depth
    carrier = packet.carrier
    hasTunnelID = packet.hasTunnelID
    tunnelID = packet.tunnelID
    datagram = packet
    header = .reassembled
  }

  /// Whether the frame can give nothing more. False is no promise: what stands inside may turn out not to be read.
  @inlinable
  public var isAtEnd: Bool { header == .none && aggregateNext == 0 }

  /// Leaves what the last packet carries unread. The next call of `next` gives what stands beside it, if anything.
  @inlinable
  public mutating func skipInside() { header = .none }

  /// Reads the next addressed layer into `packet`, all of whose fields are written when the answer is `.packet`.
  public mutating func next(_ bytes: RawSpan, into packet: inout Packet) -> LayerStep {
    if header == .none {
      guard aggregateNext != 0 else { return .end }
      depth = 0
      carrier = .none
      hasTunnelID = false
      tunnelID = 0
      enterSubframe()
    }
    packet = .blank
    // By far the commonest headers, without the way through the switch.
    if header == .ethernet, let step = readEthernet(bytes, &packet) {
      header = .none
      return step
    }
    if header == .ipv4 {
      let step = readIPv4(bytes, &packet)
      if step != .packet { header = .none }
      return step
    }
    for _ in 0..<Self.maximumHeaders {
      if let step = read(bytes, &packet) {
        if step != .packet { header = .none }
        return step
      }
    }
    header = .none
    return .malformed
  }

  /// Which tunnel the last packet is, or `none`; asked when the packet's flow is to be called a tunnel.
  ///
  /// A UDP tunnel counts only where its port, its whole header and a valid inner IP header agree, so this looks at the
  /// headers inside (and keeps nothing of them): ask only where the packet itself is covered.
  @inlinable
  public func pendingCarrier(_ bytes: RawSpan) -> Carrier {
    header == .none ? .none : carrierInside(bytes)
  }

  @usableFromInline
  func carrierInside(_ bytes: RawSpan) -> Carrier {
    if depth == 0 { return .none }
    switch header {
    case .gre:
      var trial = self
      var scratch = Packet.blank
      return trial.readGRE(bytes, &scratch) == nil ? trial.carrier : .gre
    case .teredo, .vxlan, .geneve, .gtpu, .capwap, .tzsp, .ayiya:
      var trial = self
      var scratch = Packet.blank
      return trial.openDatagramTunnel(bytes, &scratch) == nil ? trial.carrier : .none
    default:
      return carrier
    }
  }

  /// Reads one header. Nil: go on with the header that now stands at `offset`.
  @inline(__always)
  private mutating func read(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    switch header {
    case .ethernet: readEthernet(bytes, &packet)
    case .ipv4: readIPv4(bytes, &packet)
    case .ipv6: readIPv6(bytes, &packet)
    case .reassembled: readReassembled(bytes, &packet)
    case .teredo, .vxlan, .geneve, .gtpu, .capwap, .tzsp, .ayiya: openDatagramTunnel(bytes, &packet)
    default: readCarrying(bytes, &packet)
    }
  }

  /// Reads a header that only leads to another: a link's, a tag's or a tunnel's.
  mutating func readCarrying(_ bytes: RawSpan, _ packet: inout Packet) -> LayerStep? {
    switch header {
    case .none: .end
    case .ethernet: readEthernet(bytes, &packet)
    case .llc: readLLC(bytes, &packet)
    case .linuxCooked: readLinuxCooked(bytes, &packet)
    case .linuxCooked2: readLinuxCooked2(bytes, &packet)
    case .rawIP: enterIP(bytes)
    case .null: readNull(bytes)
    case .loop: readLoop(bytes)
    case .ppp: readPPP(bytes)
    case .pppoe: readPPPoE(bytes)
    case .ciscoHDLC: readCiscoHDLC(bytes, &packet)
    case .frameRelay: readFrameRelay(bytes, &packet)
    case .nflog: readNFLOG(bytes)
    case .ppi: readPPI(bytes)
    case .pktap: readPKTAP(bytes)
    case .pktapUser2: readUser2(bytes)
    case .ieee80211: readIEEE80211(bytes, &packet, padded: false)
    case .ieee80211Padded: readIEEE80211(bytes, &packet, padded: true)
    case .ieee80211Swapped: readSwappedIEEE80211(bytes, &packet)
    case .subframe: readSubframe(bytes, &packet)
    case .radiotap: readRadiotap(bytes)
    case .prism: readPrism(bytes)
    case .avs: readAVS(bytes)
    case .ipOverInfiniBand: readIPoverInfiniBand(bytes, &packet)
    case .unreadLink: .unreadLinkType
    case .mpls: readMPLS(bytes, &packet)
    case .gre: readGRE(bytes, &packet)
    case .erspan1, .erspan2, .erspan3: readERSPAN(bytes)
    case .enhancedGRE: readEnhancedGRE(bytes)
    case .ipv4, .ipv6, .reassembled, .teredo, .vxlan, .geneve, .gtpu, .capwap, .tzsp, .ayiya: .malformed
    }
  }
}

// MARK: - What every header's reading uses

extension LayerDecoder {
  /// Where the next header stands.
  @inlinable
  var offset: Int {
    @inline(__always) get { Int(headerStart) }
    @inline(__always) set { headerStart = UInt32(truncatingIfNeeded: newValue) }
  }

  /// Where the layer's captured bytes end; never beyond `limit`.
  @inlinable
  var end: Int {
    @inline(__always) get { Int(capturedEnd) }
    @inline(__always) set { capturedEnd = UInt32(truncatingIfNeeded: newValue) }
  }

  /// Where the layer ends by the headers around it.
  @inlinable
  var limit: Int {
    @inline(__always) get { Int(statedEnd) }
    @inline(__always) set { statedEnd = UInt32(truncatingIfNeeded: newValue) }
  }

  /// Where the frame ended on the wire.
  @inlinable
  var wireEnd: Int {
    @inline(__always) get { Int(frameEnd) }
    @inline(__always) set { frameEnd = UInt32(truncatingIfNeeded: newValue) }
  }

  /// The next `count` bytes, where the layer and the capture hold them.
  @inline(__always)
  @_lifetime(copy bytes)
  func head(_ bytes: RawSpan, _ count: Int) -> Window? {
    count <= end &- offset ? bytes.window(offset, count) : nil
  }

  /// The byte `ahead` of the offset, where the layer and the capture hold it.
  @inline(__always)
  func peek(_ bytes: RawSpan, _ ahead: Int = 0) -> UInt8? {
    offset &+ ahead < end ? bytes.u8IfPresent(offset &+ ahead) : nil
  }

  /// Why `count` bytes are not there: the layer itself is too short, or the capture cut it.
  func shortage(_ count: Int) -> LayerStep {
    offset &+ count > min(limit, wireEnd) ? .malformed : .truncated
  }

  /// Moves on to the header `count` bytes further on.
  @inline(__always)
  mutating func advance(_ count: Int, to next: Header) -> LayerStep? {
    offset &+= count
    header = next
    return nil
  }

  /// The layer ends `count` bytes from here, by a length field; a longer one than the layer around has no effect.
  mutating func bound(_ count: Int) {
    limit = min(limit, offset &+ count)
    end = min(end, limit)
  }

  /// Moves on to IPv4 or IPv6 by the version number at the offset.
  mutating func enterIP(_ bytes: RawSpan) -> LayerStep? {
    guard let first = peek(bytes) else { return shortage(1) }
    switch first >> 4 {
    case 4: header = .ipv4
    case 6: header = .ipv6
    default: return .notIP
    }
    return nil
  }

  /// Reads on until an addressed layer is reached; false where none is.
  mutating func reachNetwork(_ bytes: RawSpan, _ packet: inout Packet) -> Bool {
    for _ in 0..<Self.maximumHeaders {
      if header == .ipv4 || header == .ipv6 { return true }
      if readCarrying(bytes, &packet) != nil { return false }
    }
    return false
  }
}
