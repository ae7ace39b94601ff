// What an authorised warrant covers. `EvidenceScope` is the form that judges packets.

import Terms

/// The scope of an authorised warrant. Made from one and from nothing else; `Scope+Bytes.swift` hands it to the worker.
public struct Scope: Hashable, Sendable {
  /// Which packet times may be read; `.always` where the warrant sets none.
  public let window: Interval
  public let insideTunnels: Bool
  public let targets: [Target]
  public let excluded: [Exclusion]

  init(_ authorised: AuthorisedWarrant) {
    let warrant = authorised.warrant
    window = warrant.data ?? (authorised.purpose == .live ? warrant.authority : .always)
    insideTunnels = warrant.insideTunnels
    targets = warrant.targets
    excluded = warrant.excluded
  }

  /// The parts, read back by the worker.
  init(window: Interval, insideTunnels: Bool, targets: [Target], excluded: [Exclusion]) {
    self.window = window
    self.insideTunnels = insideTunnels
    self.targets = targets
    self.excluded = excluded
  }

  /// Whether every packet of the evidence is covered, its time and exclusions aside.
  public var coversEverything: Bool { targets.contains { $0.everything != nil } }

  /// The addresses that targets name, whatever else they ask for: no others are a target's own. Made anew at each call.
  public var targetAddresses: AddressSet { AddressSet(targets.compactMap(\.range)) }
}

/// What the scope must know of an evidence item.
public struct EvidenceFacts: Hashable, Sendable {
  public struct Interface: Hashable, Sendable {
    /// The name the capture gives it, or that of the live interface; nil where there is none (classic pcap).
    public let name: String?
    public let linkType: LinkType

    public init(name: String?, linkType: LinkType) {
      self.name = name
      self.linkType = linkType
    }
  }

  /// By index, as `FrameHeader.interface` counts them.
  public var interfaces: [Interface]
  /// `AuthorisedWarrant.Admission.clockOffsetNanoseconds`.
  public var clockOffsetNanoseconds: Int64

  public init(interfaces: [Interface] = [], clockOffsetNanoseconds: Int64 = 0) {
    self.interfaces = interfaces
    self.clockOffsetNanoseconds = clockOffsetNanoseconds
  }
}

extension Scope {
  /// What the warrant asks for and this evidence cannot tell. Not empty means that the evidence is refused: a target
  /// that cannot be decided must not be ignored.
  public func undecidable(for facts: EvidenceFacts) -> [WarrantProblem] {
    var problems: [WarrantProblem] = []
    for (index, target) in targets.enumerated() {
      let path = "targets[\(index)]"
      if let name = target.interface {
        problems += facts.interfaces.enumerated().filter { $0.element.name == nil }.map {
          WarrantProblem(
            "\(path).interface",
            found: "\"\(name.shortened)\", while interface \($0.offset) of this evidence has no name",
            expected: "evidence that names its interfaces, such as pcapng, or a target without \"interface\"")
        }
      }
      if target.mac != nil { problems += withoutLinkAddresses(facts, "\(path).mac") }
      if target.tunnelID?.kind == .l2tp {
        problems.append(
          WarrantProblem(
            "\(path).tunnel_id.kind", found: "\"l2tp\"",
            expected: "a kind that this version reads inside of: vxlan,"
              + " geneve, gre_key, gtp_teid"))
      }
    }
    for (index, exclusion) in excluded.enumerated() where exclusion.mac != nil {
      problems += withoutLinkAddresses(facts, "excluded[\(index)].mac")
    }
    return problems
  }

  private func withoutLinkAddresses(_ facts: EvidenceFacts, _ path: String) -> [WarrantProblem] {
    facts.interfaces.enumerated().filter { !$0.element.linkType.carriesLinkAddresses }.map {
      WarrantProblem(
        path, found: "interface \($0.offset) of this evidence, of link type \($0.element.linkType.number)",
        expected: "a link whose frames name both ends' link addresses, such as Ethernet")
    }
  }
}

extension LinkType {
  /// Whether frames of this type name the link addresses of both ends (https://www.tcpdump.org/linktypes.html).
  /// Linux SLL names the sender only. PPI and PKTAP carry another link type, so that each frame tells.
  var carriesLinkAddresses: Bool {
    switch number {
    case 1: true  // Ethernet
    case 105, 119, 127, 163: true  // IEEE 802.11, alone and with Prism, radiotap and AVS headers
    case 192, 258: true  // PPI, PKTAP
    default: false
    }
  }
}
