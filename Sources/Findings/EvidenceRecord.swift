// What the findings document says of an evidence item, as far as the analysis knows it.

import JSON
import Terms

/// An interface of a capture file.
public struct InterfaceRecord: FieldObject {
  public let name: String?
  public let linkType: UInt16
  public let snapLength: UInt64
  public let frames: UInt64
  public let dropped: UInt64?

  public init(name: String?, linkType: UInt16, snapLength: UInt64, frames: UInt64, dropped: UInt64?) {
    self.name = name
    self.linkType = linkType
    self.snapLength = snapLength
    self.frames = frames
    self.dropped = dropped
  }

  static let nameField = Field<Label>("name", "name of the interface", when: "the file gives one")
  static let linkTypeField = Field<Count>("link_type", "link type (LINKTYPE_ number)")
  static let snapLengthField = Field<Count>("snap_length", "longest frame kept, bytes; 0 means no limit")
  static let framesField = Field<Count>("frames", "frames of this interface")
  static let droppedField = Field<Count>(
    "dropped", "packets that the capture lost, by its own count", when: "the file counts them")
  public static var fields: [FieldDeclaration] {
    [
      nameField.declaration, linkTypeField.declaration, snapLengthField.declaration, framesField.declaration,
      droppedField.declaration,
    ]
  }
  public func write(to record: inout FieldWriter) {
    record.put(Self.nameField, name.map { Label($0) })
    record.put(Self.linkTypeField, Count(linkType))
    record.put(Self.snapLengthField, Count(snapLength))
    record.put(Self.framesField, Count(frames))
    record.put(Self.droppedField, dropped.map { Count($0) })
  }
}

/// Frames of a link type that is not read.
public struct UnreadLinkType: FieldObject {
  public let linkType: UInt16
  public let frames: UInt64
  public init(linkType: UInt16, frames: UInt64) {
    self.linkType = linkType
    self.frames = frames
  }
  static let linkTypeField = Field<Count>("link_type", "link type (LINKTYPE_ number)")
  static let framesField = Field<Count>("frames", "frames of that link type, none of which was read")
  public static var fields: [FieldDeclaration] { [linkTypeField.declaration, framesField.declaration] }
  public func write(to record: inout FieldWriter) {
    record.put(Self.linkTypeField, Count(linkType))
    record.put(Self.framesField, Count(frames))
  }
}

/// The facts of one evidence item.
public struct EvidenceRecord: FieldObject {
  public var format = ""
  public var compression: String?
  public var interfaces: [InterfaceRecord] = []
  public var first: Timestamp?
  public var last: Timestamp?
  /// Bytes of the (unpacked) stream that were read.
  public var bytesRead: UInt64 = 0
  public var frames: UInt64 = 0
  public var notIP: UInt64 = 0
  public var malformed: UInt64 = 0
  public var cutHeaders: UInt64 = 0
  public var protectedFrames: UInt64 = 0
  public var tooDeep: UInt64 = 0
  public var unreadLinkTypes: [UnreadLinkType] = []
  public var timeRegressions: UInt64 = 0
  /// Of packets that the warrant covers.
  public var badNetworkChecksums: UInt64 = 0
  public var badTransportChecksums: UInt64 = 0
  public var damage: [Notice] = []
  /// Of evidence that could not be read twice, where a fault cost what was known.
  public var uncountedFrames: UInt64?
  public var lostFlows: UInt64?
  /// Why it is no capture, in a set whose other files are.
  public var problem: String?

  public init() {}

  static let formatField = Field<Label>("format", "`pcap`, `pcapng` or a variant", when: "it was read")
  static let compressionField = Field<Label>("compression", "`gzip` or `zstd`", when: "the file is compressed")
  static let interfacesField = ObjectListField<InterfaceRecord>("interfaces", "the interfaces it was captured on")
  static let firstField = Field<PacketTime>("first_packet", "time of the earliest frame", when: "frames have times")
  static let lastField = Field<PacketTime>("last_packet", "time of the latest frame", when: "frames have times")
  static let bytesField = Field<Count>("bytes_read", "bytes read, unpacked")
  static let framesField = Field<Count>("frames", "frames read")
  static let notIPField = Field<Count>(
    "frames_not_ip", "frames without an IP packet: ARP, link management and the like")
  static let malformedField = Field<Count>("frames_malformed", "frames with a header that contradicts its format")
  static let cutField = Field<Count>("frames_cut", "frames whose headers the snap length cut")
  static let protectedField = Field<Count>(
    "frames_protected", "IEEE 802.11 frames with an encrypted body: not assessable")
  static let deepField = Field<Count>("frames_too_deep", "frames with more than eight packets inside one another")
  static let unreadField = ObjectListField<UnreadLinkType>(
    "unread_link_types", "frames of link types that are not read")
  static let regressionsField = Field<Count>("time_regressions", "frames whose time lies before an earlier frame's")
  static let badChecksumsField = Field<Count>(
    "bad_checksums", "covered packets whose IPv4 header checksum was filled in and does not hold")
  static let badTransportChecksumsField = Field<Count>(
    "bad_transport_checksums",
    """
    covered packets whose TCP, UDP, ICMP or ICMPv6 checksum does not hold, of those whose payload was still read for \
    findings (the start of each flow) and which are no fragments, were captured whole and have no IP options or extension \
    headers. A host that leaves checksums to its network card shows wrong ones \
    on all that it sends: zero and the pseudo header's sum alone are known as that and do not count, but another filling, \
    or segments that the host joined, do, and say nothing of the wire
    """)
  static let uncountedField = Field<Count>(
    "uncounted_frames",
    """
    frames before the last fault: they are in `frames` and in no other count of this item, of `scope` and of \
    `not_assessable`; `first_packet` is that of the frames behind them
    """,
    when: "standard input was taken up again behind a fault")
  static let lostField = Field<Count>(
    "lost_flows", "flows begun before a fault of which there is neither record nor finding",
    when: "standard input was taken up again behind a fault")
  static let damageField = ObjectListField<NoticeRecord>("damage", "what could not be read, with offsets")

  public static var fields: [FieldDeclaration] {
    [
      formatField.declaration, compressionField.declaration, interfacesField.declaration, firstField.declaration,
      lastField.declaration, bytesField.declaration, framesField.declaration, notIPField.declaration,
      malformedField.declaration, cutField.declaration, protectedField.declaration, deepField.declaration,
      unreadField.declaration, regressionsField.declaration, badChecksumsField.declaration,
      badTransportChecksumsField.declaration, uncountedField.declaration, lostField.declaration,
      damageField.declaration,
    ]
  }

  public func write(to record: inout FieldWriter) {
    record.put(SourceFields.problem, problem.map { Label($0) })
    record.put(Self.formatField, format.isEmpty ? nil : Label(format))
    record.put(Self.compressionField, compression.map { Label($0) })
    record.put(Self.interfacesField, interfaces)
    record.put(Self.firstField, first.map { PacketTime($0) })
    record.put(Self.lastField, last.map { PacketTime($0) })
    record.put(Self.bytesField, Count(bytesRead))
    record.put(Self.framesField, Count(frames))
    record.put(Self.notIPField, Count(notIP))
    record.put(Self.malformedField, Count(malformed))
    record.put(Self.cutField, Count(cutHeaders))
    record.put(Self.protectedField, Count(protectedFrames))
    record.put(Self.deepField, Count(tooDeep))
    record.put(Self.unreadField, unreadLinkTypes)
    record.put(Self.regressionsField, Count(timeRegressions))
    record.put(Self.badChecksumsField, Count(badNetworkChecksums))
    record.put(Self.badTransportChecksumsField, Count(badTransportChecksums))
    record.put(Self.uncountedField, uncountedFrames.map { Count($0) })
    record.put(Self.lostField, lostFlows.map { Count($0) })
    record.put(Self.damageField, damage.map { NoticeRecord($0) })
  }
}

/// A notice as it is written.
public struct NoticeRecord: FieldObject {
  public let notice: Notice
  public init(_ notice: Notice) { self.notice = notice }

  static let kindField = Field<Label>("kind", "`damage`, `limit`, `gap`, `fault` or `information`")
  static let codeField = Field<Label>("code", "stable identifier; `notices.md` explains each")
  static let messageField = Field<Label>("message", "what was wrong, what was expected, what to do")
  static let evidenceField = Field<Count>(
    "evidence", "index into the document's `evidence`, from 0", when: "it concerns one item")
  static let frameField = Field<Count>("frame", "frame number", when: "it concerns one frame")
  static let offsetField = Field<Count>("offset", "byte offset", when: "it concerns one place")
  static let countField = Field<Count>("count", "how often")
  public static var fields: [FieldDeclaration] {
    [
      kindField.declaration, codeField.declaration, messageField.declaration, evidenceField.declaration,
      frameField.declaration, offsetField.declaration, countField.declaration,
    ]
  }
  public func write(to record: inout FieldWriter) {
    record.put(Self.kindField, Label(notice.kind.rawValue))
    record.put(Self.codeField, Label(notice.code))
    record.put(Self.messageField, Label(notice.message))
    record.put(Self.evidenceField, notice.evidence.map { Count($0) })
    record.put(Self.frameField, notice.frame.map { Count($0) })
    record.put(Self.offsetField, notice.offset.flatMap { $0 < 0 ? nil : Count($0) })
    record.put(Self.countField, Count(notice.count))
  }
}
