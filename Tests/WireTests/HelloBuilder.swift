// Makes hellos, messages and records out of numbers, for tests.

import Bytes
import Testing

@testable import Wire

func hex(_ text: String) -> [UInt8] { Hex.bytes(text) ?? [] }

func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }

func list16(_ content: [UInt8]) -> [UInt8] { bytes(UInt16(content.count)) + content }

func list8(_ content: [UInt8]) -> [UInt8] { [UInt8(content.count)] + content }

/// A ClientHello to be.
struct HelloBuilder {
  var version: UInt16 = 0x0303
  var sessionID: [UInt8] = []
  var suites: [UInt16] = [0x1301]
  var extensions: [(type: UInt16, content: [UInt8])] = []

  /// Adds an extension whose content is of no interest.
  mutating func add(_ types: UInt16...) { extensions += types.map { ($0, []) } }
  mutating func add(_ type: UInt16, _ content: [UInt8]) { extensions.append((type, content)) }
  mutating func addServerName(_ name: String) {
    add(0, list16([0] + list16(Array(name.utf8))))
  }
  mutating func addProtocols(_ names: [UInt8]...) {
    add(16, list16(names.flatMap { list8($0) }))
  }
  mutating func addSignatures(_ schemes: [UInt16]) {
    add(13, list16(schemes.flatMap(bytes)))
  }
  mutating func addVersions(_ versions: [UInt16]) {
    add(43, list8(versions.flatMap(bytes)))
  }

  /// The message's body.
  var body: [UInt8] {
    let fixed = bytes(version) + [UInt8](repeating: 0x5a, count: 32) + list8(sessionID)
    let offered = list16(suites.flatMap(bytes)) + [1, 0]
    if extensions.isEmpty { return fixed + offered }
    return fixed + offered + list16(extensions.flatMap { bytes($0.type) + list16($0.content) })
  }

  func read(_ carrier: TLSCarrier = .stream) throws(ReadError) -> TLSClientHello {
    try body.withRawSpan { (span: RawSpan) throws(ReadError) in try TLSClientHello(span, carrier: carrier) }
  }
}

/// A handshake message.
func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
  [type, UInt8(body.count >> 16), UInt8(body.count >> 8 & 0xff), UInt8(body.count & 0xff)] + body
}

/// One record for every `size` bytes of `content`.
func records(_ content: [UInt8], of size: Int = 0x4000, type: UInt8 = 22, version: UInt16 = 0x0301) -> [UInt8] {
  stride(from: 0, to: content.count, by: size).flatMap { start in
    [type] + bytes(version) + list16(Array(content[start..<min(start + size, content.count)]))
  }
}

/// What `TLSRecords` gives of a direction, with the bodies of messages, up to the end or the error.
struct Walk {
  var elements: [TLSElement] = []
  var bodies: [[UInt8]] = []
  var error: ReadError?

  init(_ direction: [UInt8]) {
    direction.withRawSpan { span in
      var reader = TLSRecords(span)
      do throws(ReadError) {
        while let element = try reader.next() {
          elements.append(element)
          bodies.append(reader.withBody { $0.array })
        }
      } catch {
        self.error = error
      }
    }
  }
}
