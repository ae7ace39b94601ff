// An address that stands in a text is seen, whatever stands around it.

import Terms
import Testing

struct AddressSearchTests {
  @Test(arguments: [
    "192.0.2.1", "CN=192.0.2.1", "CN=192.0.2.1,O=Example", "at 192.0.2.1.", "192.0.2.1:443", "[2001:db8::1]:443",
    "2001:db8::1", "CN=2001:DB8:0:0:0:0:0:1", "::ffff:192.0.2.1", "x 198.51.100.255 y",
  ])
  func seen(text: String) { #expect(Address.stands(in: text)) }

  @Test(arguments: [
    "", "example.org", "t13d1516h2_8daaf6152771_e5627efa2ab1", "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "OpenSSL 3.0.17",
    "256.1.1.1", "1.2.3", "00:16:3e:00:00:01 ", "de", "10:20", "server-1.example.net",
  ])
  func notSeen(text: String) { #expect(!Address.stands(in: text)) }
}
