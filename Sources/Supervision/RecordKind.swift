// What a record on the channel is. All payloads are UTF-8 text.

/// The kinds of records, in no order: they come as the analysis makes them.
public enum RecordKind: UInt8, CaseIterable, Sendable {
  /// Flow records: JSON objects, a line each, line feeds included. They go to the flows' output as they are.
  case flow = 1
  /// Findings: JSON objects, a line each.
  case finding = 2
  /// What else the analysis gives: evidence, scope, notices, limits, sums; one JSON object.
  case summary = 3
  /// The evidence cannot be analysed at all (no capture, …): one JSON object. Ends the item; no other attempt is made.
  case refusal = 4
  /// Of evidence that cannot be read twice: what a reader must be given before the rest of it, in hexadecimal;
  /// of a compressed stream, its unpacked headers behind the compression's name and a space.
  case preamble = 5
  /// The protections that are on, as the number of a `Sandbox`.
  case protections = 6
  /// The item is done; nothing follows.
  case end = 7
  /// Of evidence that cannot be read twice: how many flows, those of earlier workers included, have been handed on whole,
  /// line and findings; a decimal number. What stands before it stays when the worker dies.
  case mark = 8
  /// Flow records, as `flow`, that stand in a slot of the shared memory: the slot's number, a space, and their length.
  case flowSlot = 9

  static let range: ClosedRange<UInt8> = 1...9
}
