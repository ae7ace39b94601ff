// What is remembered of one end of a flow.

import Bytes
import Terms

/// The replay counter of one end's control packets, with tls-auth and tls-crypt.
struct ReplayCount: Sendable {
  private(set) var beginsAtOne = false
  /// Numbers that followed the highest before, the first included.
  private(set) var inOrder = 0
  /// Each time field lay within a day of its packet's time, and no number jumped.
  private(set) var holds = true
  private(set) var latestTime: UInt32?
  private var base: UInt32 = 0
  private var highest: UInt32 = 0
  private var packets = 0

  private static let day: Int64 = 86_400
  private static let longestStep: UInt32 = 64

  mutating func take(_ replay: UInt32, time: UInt32, at packetTime: Timestamp?) {
    let number = replay & 0xffff
    if packets == 0 {
      base = replay & 0xffff_0000
      beginsAtOne = number == 1
      highest = number
      inOrder = 1
    } else if replay & 0xffff_0000 != base || number > highest &+ Self.longestStep {
      holds = false
    } else if number > highest {
      if number == highest &+ 1 { inOrder += 1 }
      highest = number
    }
    packets += 1
    latestTime = time
    let seconds = packetTime.map { $0.nanoseconds / 1_000_000_000 }
    if seconds.map({ abs($0 - Int64(time)) > Self.day }) ?? true { holds = false }
  }

  /// Counts from 1, three packets at least, at times that fit.
  var isProven: Bool { holds && beginsAtOne && inOrder >= 3 }

  /// Whether the other end's clock says about the same.
  func agrees(with other: ReplayCount) -> Bool {
    guard let mine = latestTime, let theirs = other.latestTime else { return false }
    return abs(Int64(mine) - Int64(theirs)) <= Self.day
  }
}

/// The TLS bytes of one end's control messages, in order of message id.
struct ControlStream: Sendable {
  private(set) var bytes: [UInt8] = []
  /// The message that comes next; 0 is the reset.
  private var next: UInt32 = 1
  private var waiting: [(message: UInt32, bytes: [UInt8])] = []

  static let mostBytes = 32_768
  private static let mostWaiting = 16

  /// True where the stream has grown.
  mutating func take(_ message: UInt32, _ payload: RawSpan) -> Bool {
    guard message >= next, bytes.count + payload.byteCount <= Self.mostBytes else { return false }
    if message > next {
      if waiting.count < Self.mostWaiting, !waiting.contains(where: { $0.message == message }) {
        waiting.append((message, payload.array))
      }
      return false
    }
    bytes.append(payload)
    next &+= 1
    while let index = waiting.firstIndex(where: { $0.message == next }),
      bytes.count + waiting[index].bytes.count <= Self.mostBytes
    {
      bytes += waiting.remove(at: index).bytes
      next &+= 1
    }
    return true
  }
}

/// The data packets of one end: the head that stays, and the packet id that counts.
struct DataCount: Sendable {
  private(set) var head: UInt32 = 0
  private(set) var rises = 0
  private(set) var packets = 0
  private(set) var first: FrameReference?
  private(set) var latest: FrameReference?
  private var last: UInt32 = 0
  private var newHeads = 0

  /// The largest step between two packet ids that loss explains.
  private static let longestStep: UInt32 = 1024

  mutating func take(head: UInt32, packet: UInt32, _ frame: FrameReference?) {
    if packets == 0 || head != self.head {
      self.head = head
      newHeads += 1
      rises = 0
      packets = 0
      first = frame
    } else if packet > last, packet &- last <= Self.longestStep {
      rises += 1
    }
    last = packet
    packets += 1
    latest = frame
  }

  var peer: UInt32 { head & 0xff_ffff }

  /// Three packets with one head, each numbered higher than the one before.
  var isChannel: Bool { rises >= 2 && rises * 4 >= (packets - 1) * 3 }

  /// More heads than renegotiated keys explain.
  var isDisproved: Bool { newHeads > 4 }

  var frames: [FrameReference] { [first, latest].compactMap { $0 } }
}

/// One end.
struct Peer: Sendable {
  /// Zero until a control packet was seen.
  var session: UInt64 = 0
  /// The session id changed without a reset.
  var changed = false
  var reset: Opcode?
  var resetFrames: [FrameReference] = []
  /// The session that this end acknowledged, and whether its reset (message 0) was among what was acknowledged.
  var acknowledges: UInt64 = 0
  var acknowledgesReset = false
  var acknowledgingFrames: [FrameReference] = []
  var replay = ReplayCount()
  var control = ControlStream()
  var data = DataCount()
  var sentData = false
  /// Stream bytes of this direction that were taken up.
  var offset = 0

  /// Notes what a control packet says in clear.
  mutating func note(_ packet: ControlPacket, at time: Timestamp?, _ frames: () -> [FrameReference]) {
    let opcode = packet.header.opcode
    if let number = packet.replay, let seconds = packet.time { replay.take(number, time: seconds, at: time) }
    if opcode.isClientReset || opcode == .serverReset, reset == nil {
      reset = opcode
      resetFrames = frames()
    }
    guard let remote = packet.remoteSession, let acknowledged = packet.acknowledged else { return }
    if acknowledges != remote || (acknowledged.contains(0) && !acknowledgesReset) {
      acknowledges = remote
      acknowledgesReset = acknowledged.lowerBound == 0
      acknowledgingFrames = frames()
    }
  }
}
