// Registrable domains, by rules of the public suffix list that have stood for years.

import Bytes
import Testing

@testable import Names

@Suite struct PublicSuffixesTests {
  static func cut(_ name: String) -> String {
    name.withRawSpan { span in String(name.dropFirst(PublicSuffixes.registrable(in: span))) }
  }

  // Cases of the list's own test data, by rule: a plain one, a wildcard, an exception, none.
  @Test(arguments: [
    ("example.com", "example.com"), ("www.example.com", "example.com"), ("a.b.c.example.com", "example.com"),
    ("www.test.co.uk", "test.co.uk"), ("test.co.uk", "test.co.uk"),
    ("a.b.c.kobe.jp", "b.c.kobe.jp"), ("www.city.kobe.jp", "city.kobe.jp"),
    ("www.xn--85x722f.com.cn", "xn--85x722f.com.cn"), ("4.3.2.192.in-addr.arpa", "192.in-addr.arpa"),
    ("_ipp._tcp.local", "_tcp.local"),
  ])
  func theRegistrableDomainIsFound(_ name: String, _ expected: String) {
    #expect(Self.cut(name) == expected)
    // The second time it is remembered.
    #expect(Self.cut(name) == expected)
  }

  @Test(arguments: ["com", "co.uk", "wpad", "", "c.kobe.jp"])
  func whatStandsAboveIsWhole(_ name: String) {
    #expect(Self.cut(name) == name)
  }

  @Test func oddBytesAreTaken() {
    #expect(Self.cut("\\000\\255.x.example.org") == "example.org")
    #expect(Self.cut(String(repeating: "a.", count: 500) + "example.org") == "example.org")
    #expect(Self.cut("..example..org") == Self.cut("..example..org"))
  }

  @Test func theListIsNamed() {
    #expect(PublicSuffixes.version.contains(", list "))
  }
}
