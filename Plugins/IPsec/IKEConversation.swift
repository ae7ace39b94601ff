// Messages of IKE on one flow: which of them answers which, and what they add up to.

import Bytes
import PluginKit
import Terms

/// A message as it is remembered.
struct IKESeen: Sendable {
  let header: IKEHeader
  let side: Side
  let frames: [FrameReference]
  /// All that is captured of it agrees with its format.
  let isWellFormed: Bool
  /// Its length is that of what carries it and nothing contradicts, or payloads were read in it.
  let hasForm: Bool

  /// What two messages prove together.
  enum Agreement: Int, Comparable, Sendable {
    /// Both name the same two SPIs.
    case session
    /// One is the other's answer.
    case exchange

    static func < (left: Agreement, right: Agreement) -> Bool { left.rawValue < right.rawValue }
  }

  /// What this message and one of the other direction prove; nil where they have nothing to do with each other.
  func agreement(with other: IKESeen) -> Agreement? {
    guard side != other.side, header.version == other.header.version, isWellFormed, other.isWellFormed,
      header.initiatorSPI == other.header.initiatorSPI, header.initiatorSPI != 0
    else { return nil }
    let hasSameResponder = header.responderSPI == other.header.responderSPI && header.responderSPI != 0
    let sameExchange = header.exchange == other.header.exchange && header.messageID == other.header.messageID
    if sameExchange {
      if header.version == 2 {
        // RFC 7296 section 2.1 and 3.1: one request, one response; one of the two ends was the original initiator. A
        // first answer may have no SPI of its own yet (section 2.6).
        let (request, response) = header.isResponse ? (other, self) : (self, other)
        if request.header.isResponse != response.header.isResponse,
          request.header.isFromOriginalInitiator != response.header.isFromOriginalInitiator,
          hasSameResponder || request.header.responderSPI == 0
        {
          return .exchange
        }
      } else if header.exchange != IKEExchange.informational {
        // RFC 2408 section 3.1: the responder's cookie is zero in the first message only.
        let isFirstAnswer =
          header.responderSPI == 0 && other.header.responderSPI != 0
          || header.responderSPI != 0 && other.header.responderSPI == 0
        if hasSameResponder || isFirstAnswer { return .exchange }
      }
    }
    return hasSameResponder ? .session : nil
  }
}

/// What IKE has shown on a flow.
struct IKEConversation: Sendable {
  private(set) var messages: [IKESeen] = []
  /// The two messages that prove most so far.
  private(set) var proof: (first: IKESeen, second: IKESeen, agreement: IKESeen.Agreement)?
  /// SPIs of the initiators whose associations were told of.
  private var associations: [UInt64] = []
  /// What was said of the last of them.
  private var saidOffer = false
  private var saidAnswer = false
  private var saidFragments = false
  private var certificatesSaid: [String] = []
  private(set) var pieces: [IKESide] = [IKESide(), IKESide()]

  /// Messages that wait for an answer, and associations that are told of one flow.
  private static let mostMessages = 12
  private static let mostAssociations = 8

  var isEmpty: Bool { messages.isEmpty && proof == nil }

  /// Takes up a message; true where it proves more than was proven before.
  mutating func take(_ seen: IKESeen) -> Bool {
    if let proof, proof.agreement == .exchange { return false }
    var grown = false
    for earlier in messages {
      if let agreement = earlier.agreement(with: seen), proof.map({ $0.agreement < agreement }) ?? true {
        proof = (earlier, seen, agreement)
        grown = true
      }
    }
    if messages.count < Self.mostMessages { messages.append(seen) } else { messages[messages.count - 1] = seen }
    return grown
  }

  /// Whether the association is to be told of now: once each, up to a bound.
  mutating func isNew(_ header: IKEHeader) -> Bool {
    guard associations.count < Self.mostAssociations, !associations.contains(header.initiatorSPI) else { return false }
    associations.append(header.initiatorSPI)
    (saidOffer, saidAnswer, saidFragments) = (false, false, false)
    return true
  }

  /// Whether the message is the first offer of the association that was told of last.
  mutating func isNewOffer(_ message: IKEMessage) -> Bool {
    let isOffer =
      message.hasSA && !message.header.isResponse
      && (message.header.version == 2 || message.header.responderSPI == 0)
    guard isOffer, !saidOffer, associations.last == message.header.initiatorSPI else { return false }
    saidOffer = true
    return true
  }

  /// Whether it is the first answer of it, a choice or a refusal. Another group is asked for, or a cookie, before
  /// either.
  mutating func isNewAnswer(_ message: IKEMessage) -> Bool {
    let isAnswer = message.header.version == 2 ? message.header.isResponse : message.header.responderSPI != 0
    let decides = message.hasSA || message.refusal.map { $0 != IKERegistry.invalidKeyExchange } ?? false
    guard isAnswer, decides, !saidAnswer, associations.last == message.header.initiatorSPI else { return false }
    saidAnswer = true
    return true
  }

  /// Whether the message is the first fragment of the association that was told of last.
  mutating func areNewFragments(_ message: IKEMessage) -> Bool {
    guard message.piece != nil || message.fragment != nil, !saidFragments,
      associations.last == message.header.initiatorSPI
    else { return false }
    saidFragments = true
    return true
  }

  /// Whether the message has certificates that were not told of.
  mutating func hasNewCertificates(_ message: IKEMessage) -> Bool {
    guard let digest = message.certificates.first?.sha256, certificatesSaid.count < Self.mostAssociations,
      !certificatesSaid.contains(digest)
    else { return false }
    certificatesSaid.append(digest)
    return true
  }

  /// Takes up a piece of a version 1 message; the whole where it is the last one missing.
  mutating func take(_ piece: IKEPiece, from side: Side) -> [UInt8]? {
    pieces[Int(side.rawValue)].take(piece)
  }
}

/// Pieces of one direction's version 1 message.
struct IKESide: Sendable {
  private var identifier: UInt16?
  private var pieces: [UInt8: [UInt8]] = [:]
  private var last: UInt8?

  private static let mostPieces = 16
  private static let longest = 16_384

  mutating func take(_ piece: IKEPiece) -> [UInt8]? {
    if piece.identifier != identifier {
      identifier = piece.identifier
      pieces = [:]
      last = nil
    }
    let held = pieces.values.reduce(0) { $0 + $1.count }
    guard piece.number <= Self.mostPieces, held + piece.bytes.count <= Self.longest else { return nil }
    pieces[piece.number] = piece.bytes
    if piece.isLast { last = piece.number }
    guard let last, (1...last).allSatisfy({ pieces[$0] != nil }) else { return nil }
    let whole = (1...last).flatMap { pieces[$0] ?? [] }
    pieces = [:]
    self.last = nil
    return whole
  }
}
