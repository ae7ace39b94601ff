// Record layer: RFC 8446 section 5.1, RFC 5246 section 6.2.1.

import Bytes
import Testing

@testable import Wire

@Suite struct TLSRecordsTests {
  private let hello = message(1, HelloBuilder().body)

  @Test func aMessageInOneRecord() {
    let walk = Walk(records(hello))
    #expect(walk.elements == [.message(.clientHello)])
    #expect(walk.bodies == [Array(hello.dropFirst(4))])
    #expect(walk.error == nil)
  }

  @Test func aMessageOverRecordsOfAnySize() {
    for size in 1...hello.count {
      let walk = Walk(records(hello, of: size))
      #expect(walk.elements == [.message(.clientHello)])
      #expect(walk.bodies == [Array(hello.dropFirst(4))])
      #expect(walk.error == nil)
    }
  }

  @Test func severalMessagesInRecordsThatCutThem() {
    let flight = message(2, [1, 2, 3]) + message(11, [UInt8](repeating: 7, count: 300)) + message(14, [])
    for size in [1, 2, 3, 5, 7, 64, 100, 310, 400] {
      let walk = Walk(records(flight, of: size))
      #expect(walk.elements == [.message(.serverHello), .message(.certificate), .message(.serverHelloDone)])
      #expect(walk.bodies == [[1, 2, 3], [UInt8](repeating: 7, count: 300), []])
    }
  }

  @Test func otherRecordsBetweenMessages() {
    let alert = records([1, 90], type: 21)
    let flight =
      records(hello) + alert + records([1], type: 20) + records(hello) + records([9, 9, 9], type: 23)
    #expect(
      Walk(flight).elements == [
        .message(.clientHello), .alert(level: 1, description: 90), .changeCipherSpec, .message(.clientHello),
        .encrypted,
      ])
  }

  @Test func anAlertWithinAMessageIsPassedOver() {
    let parts = records(Array(hello.prefix(20))) + records([1, 90], type: 21) + records(Array(hello.dropFirst(20)))
    #expect(Walk(parts).bodies == [Array(hello.dropFirst(4))])
  }

  @Test func applicationDataWithinAMessageIsInvalid() {
    let parts = records(Array(hello.prefix(20))) + records([9, 9], type: 23) + records(Array(hello.dropFirst(20)))
    #expect(Walk(parts).error?.kind == .invalid)
  }

  @Test func recordsWithoutContentArePassedOver() {
    let empty: [UInt8] = [22, 3, 1, 0, 0]
    #expect(Walk(empty + records(hello, of: 10) + empty).bodies == [Array(hello.dropFirst(4))])
  }

  @Test func whatIsThereOfACutRecordIsRead() {
    // Two messages in one record, of which the capture holds the first and half of the second.
    let flight = records(message(2, [1, 2, 3]) + message(11, [UInt8](repeating: 7, count: 300)))
    let walk = Walk(Array(flight.prefix(100)))
    #expect(walk.elements == [.message(.serverHello)])
    #expect(walk.error?.kind == .ranOut)
    #expect(walk.error?.missing == flight.count - 100)
  }

  @Test func aCutSaysHowManyBytesAreMissing() {
    let whole = records(hello)
    for count in 1..<whole.count {
      let error = Walk(Array(whole.prefix(count))).error
      #expect(error?.kind == .ranOut)
      // Before the message's own length is there, only the header is known to be missing.
      #expect(count + (error?.missing ?? 0) <= whole.count)
      if count >= 9 { #expect(count + (error?.missing ?? 0) == whole.count) }
    }
  }

  @Test func fewLooksAreNeededForManySmallRecords() {
    let long = message(1, [UInt8](repeating: 0, count: 16_000))
    let whole = records(long, of: 1)
    var seen = 1
    var looks = 0
    while let error = Walk(Array(whole.prefix(seen))).error, error.kind == .ranOut {
      seen += error.missing
      looks += 1
    }
    #expect(seen == whole.count)
    #expect(looks < 100)
  }

  @Test(arguments: [
    "47455420", "13030100", "16020100", "1603050001", "160301ffff", "19030100", "5353482d322e30", "81000000",
  ])
  func whatIsNoRecordIsInvalid(_ start: String) {
    #expect(Walk(hex(start)).error?.kind == .invalid)
  }

  @Test func aMessageOfAbsurdLengthIsInvalid() {
    #expect(Walk([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff]).error?.kind == .invalid)
    #expect(Walk(records([1, 0xff, 0xff, 0xff], of: 1)).error?.kind == .invalid)
  }

  @Test func noCutAndNoFlippedBitTraps() {
    let flight = records(hello, of: 50) + records([1, 90], type: 21) + records(message(11, [0, 0, 0]))
    for count in 0..<flight.count { _ = Walk(Array(flight.prefix(count))) }
    for bit in 0..<(flight.count * 8) {
      var altered = flight
      altered[bit / 8] ^= 1 << UInt8(bit % 8)
      _ = Walk(altered)
    }
  }
}
