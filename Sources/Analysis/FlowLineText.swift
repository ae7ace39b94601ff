// The constant text of a flow record's core, between its values: put together once, of the declared names.

import Bytes
import Findings

/// Pieces of `{"id":1,"flow":{"transport":"tcp","initiator":{"address":"…","port":1},"responder":{…}},…`.
struct FlowLineText: ~Copyable {
  /// Before the ordinal.
  let ordinal = TextChunk(["{\"", FlowFields.ordinal.name, "\":"])

  /// Before the initiator's address, with the transport.
  let tcp = Self.transport("tcp")
  let udp = Self.transport("udp")
  /// Before and behind the name of another transport.
  let transport = TextChunk(["\"", FlowIdentity.field.name, "\":{\"", FlowIdentity.transportField.name, "\":\""])
  let initiator = Self.end("\",", FlowIdentity.initiatorField.name)

  /// Before a port, behind an address.
  let port = TextChunk(["\",\"", ShownEndpoint.portField.name, "\":"])
  let responder = Self.end("},", FlowIdentity.responderField.name)

  let communityID = TextChunk([",\"", FlowFields.communityID.name, "\":\""])
  let first = TextChunk([",\"", FlowFields.first.name, "\":\""])
  let last = TextChunk([",\"", FlowFields.last.name, "\":\""])

  /// Before the number of a frame.
  let firstFrame = TextChunk([",\"", ShownFrame.first.name, "\":{\"", ShownFrame.numberField.name, "\":"])
  let lastFrame = TextChunk([",\"", ShownFrame.last.name, "\":{\"", ShownFrame.numberField.name, "\":"])
  let offset = TextChunk([",\"", ShownFrame.offsetField.name, "\":"])
  let evidence = TextChunk([",\"", ShownFrame.evidenceField.name, "\":"])

  /// Before the packets of a direction.
  let fromInitiator = Self.counts(DirectionCounts.fromInitiator.name)
  let fromResponder = Self.counts(DirectionCounts.fromResponder.name)
  let bytes = TextChunk([",\"", DirectionCounts.bytesField.name, "\":"])
  let payload = TextChunk([",\"", DirectionCounts.payloadField.name, "\":"])

  let directions = TextChunk([",\"", FlowFields.directionsSeen.name, "\":\""])
  let end = TextChunk(["\",\"", FlowFields.endReason.name, "\":\""])

  private static func transport(_ name: StaticString) -> TextChunk {
    TextChunk([
      "\"", FlowIdentity.field.name, "\":{\"", FlowIdentity.transportField.name, "\":\"", name, "\",\"",
      FlowIdentity.initiatorField.name, "\":{\"", ShownEndpoint.addressField.name, "\":\"",
    ])
  }

  private static func end(_ before: StaticString, _ name: StaticString) -> TextChunk {
    TextChunk([before, "\"", name, "\":{\"", ShownEndpoint.addressField.name, "\":\""])
  }

  private static func counts(_ name: StaticString) -> TextChunk {
    TextChunk([",\"", name, "\":{\"", DirectionCounts.packetsField.name, "\":"])
  }
}
