// RFC 4291 section 2.2: the forms of an address in text.

import Terms
import Testing

struct AddressTextTests {
  @Test(arguments: [
    ("::", UInt64(0), UInt64(0)), ("::1", 0, 1), ("1::", 0x0001_0000_0000_0000, 0),
    ("2001:db8::8:800:200c:417a", 0x2001_0db8_0000_0000, 0x0008_0800_200c_417a),
    ("2001:DB8:0:0:8:800:200C:417A", 0x2001_0db8_0000_0000, 0x0008_0800_200c_417a),
    ("::13.1.68.3", 0, 0x0d01_4403), ("::ffff:129.144.52.38", 0, 0xffff_8190_3426),
  ])
  func sixes(text: String, upper: UInt64, lower: UInt64) { #expect(Address(text) == Address(v6: upper, lower)) }

  @Test(arguments: [
    "", ":", "1:", ":1", "2001:db8:", ":2001:db8::1", "2001:db8::1:", ":::", "1::2::3", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::9", "12345::", "g::", "::1.2.3", "1.2.3.4::", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1",
    "1.2.3.4 ",
  ])
  func none(text: String) { #expect(Address(text) == nil) }
}
