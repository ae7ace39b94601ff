// A scope on its way to the worker comes out as it went in, and damage is an error.

import Bytes
import Terms
import Testing

@testable import Warrants

@Suite struct ScopeBytesTests {
  @Test(arguments: [SampleWarrant.full, SampleWarrant.minimal])
  func comesOutAsItWentIn(document: String) throws {
    let scope = try AuthorisedWarrant.authorise(SampleWarrant.parse(document), now: SampleWarrant.now).scope
    #expect(try Scope(decoding: scope.encoded()) == scope)
  }

  @Test func damageIsAnErrorAndNeverATrap() throws {
    let scope = try AuthorisedWarrant.authorise(SampleWarrant.parse(SampleWarrant.full), now: SampleWarrant.now).scope
    let bytes = scope.encoded()
    for end in bytes.indices {
      #expect(throws: ReadError.self) { try Scope(decoding: Array(bytes[..<end])) }
    }
    #expect(throws: ReadError.self) { try Scope(decoding: bytes + [0]) }
    for index in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[index] ^= 1 << UInt8(bit)
        _ = try? Scope(decoding: changed)
      }
    }
  }
}
