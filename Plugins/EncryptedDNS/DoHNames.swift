// Names of public resolvers that answer DNS over HTTPS, most of them over TLS too: data, of the date below.
// What is on it: hosts that the operators give out as resolvers' endpoints and that serve little else. Left out are
// resolvers of single people, and sites that serve pages first.
// Sources: the operators' own pages; the public lists dibdot/DoH-IP-blocklists and crypt0rr/public-doh-servers. Operators
// that have given up since are kept: evidence is older than lists.

enum DoHNames {
  /// When the list was last gone through.
  static let date: StaticString = "2025-11-24"

  /// Whether the name, in any case, is on the list.
  static func holds(_ name: String) -> Bool { all.contains(name.lowercased()) }

  static let all: Set<String> = [
    "1dot1dot1dot1.cloudflare-dns.com", "8888.google", "a.family.ns.dnslify.com", "a.ns.dnslify.com",
    "a.safe.ns.dnslify.com", "adblock.dns.mullvad.net", "adblock.doh.mullvad.net", "adfree.usableprivacy.net",
    "adult-filter-dns.cleanbrowsing.org", "all.dns.mullvad.net", "anycast.censurfridns.dk", "anycast.dns.nextdns.io",
    "anycast.uncensoreddns.org", "b.family.ns.dnslify.com", "b.ns.dnslify.com", "b.safe.ns.dnslify.com",
    "base.dns.mullvad.net", "basic.bravedns.com", "basic.rethinkdns.com", "child-noads.joindns4.eu",
    "child.joindns4.eu", "chrome.cloudflare-dns.com", "chromium.dns.nextdns.io", "clean.dnsforge.de",
    "cloudflare-dns.com", "common.dot.dns.yandex.net", "d.adguard-dns.com", "dns-doh.dnsforfamily.com",
    "dns-dot.dnsforfamily.com", "dns-family.adguard.com", "dns-nosec.quad9.net", "dns-unfiltered.adguard.com",
    "dns.aa.net.uk", "dns.adguard-dns.com", "dns.adguard.com", "dns.alidns.com", "dns.artikel10.org", "dns.belnet.be",
    "dns.circl.lu", "dns.cloudflare.com", "dns.comss.one", "dns.controld.com", "dns.decloudus.com",
    "dns.digitale-gesellschaft.ch", "dns.dnshome.de", "dns.dnswarden.com", "dns.east.comss.one", "dns.google",
    "dns.google.com", "dns.hinet.net", "dns.hostux.net", "dns.mullvad.net", "dns.nextdns.io", "dns.njal.la",
    "dns.opendns.com", "dns.oszx.co", "dns.pub", "dns.quad9.net", "dns.rubyfish.cn", "dns.sb", "dns.shecan.ir",
    "dns.surfsharkdns.com", "dns.switch.ch", "dns.telekom.de", "dns.tuna.tsinghua.edu.cn", "dns.twnic.tw",
    "dns.umbrella.com", "dns.yandex.ru", "dns0.eu", "dns1.digitale-gesellschaft.ch", "dns1.dnscrypt.ca",
    "dns1.nextdns.io", "dns10.quad9.net", "dns11.quad9.net", "dns12.quad9.net", "dns13.quad9.net",
    "dns2.digitale-gesellschaft.ch", "dns2.dnscrypt.ca", "dns2.nextdns.io", "dns64.cloudflare-dns.com",
    "dns64.dns.google", "dns9.quad9.net", "dnses.alekberg.net", "dnsforge.de", "dnsnl.alekberg.net",
    "dnsotls.lab.nic.cl", "dnsovertls.sinodun.com", "dnsovertls1.sinodun.com", "dnsovertls2.sinodun.com",
    "dnsovertls3.sinodun.com", "dnspub.restena.lu", "dnsse.alekberg.net", "doh-01.spectrum.com",
    "doh-02.spectrum.com", "doh-2.seby.io", "doh-de.blahdns.com", "doh-fi.blahdns.com", "doh-ipv6.crypto.sx",
    "doh-jp.blahdns.com", "doh-sg.blahdns.com", "doh.360.cn", "doh.42l.fr", "doh.applied-privacy.net",
    "doh.appliedprivacy.net", "doh.asia.dnswarden.com", "doh.bortzmeyer.fr", "doh.bt.com", "doh.captnemo.in",
    "doh.centraleu.pi-dns.com", "doh.cleanbrowsing.org", "doh.cox.net", "doh.crypto.sx", "doh.disconnect.app",
    "doh.dns.apple.com", "doh.dns.apple.com.v.aaplimg.com", "doh.dns.sb", "doh.dns4all.eu", "doh.dnscrypt.uk",
    "doh.dnslify.com", "doh.dnswarden.com", "doh.eastas.pi-dns.com", "doh.eastau.pi-dns.com", "doh.eastus.pi-dns.com",
    "doh.eu.dnswarden.com", "doh.familyshield.opendns.com", "doh.ffmuc.net", "doh.flashstart.com",
    "doh.ibr.cs.tu-bs.de", "doh.kidzonet.io", "doh.la.ahadns.net", "doh.lacontrevoie.fr", "doh.libredns.gr",
    "doh.mullvad.net", "doh.nl.ahadns.net", "doh.northeu.pi-dns.com", "doh.onedns.net", "doh.opendns.com",
    "doh.powerdns.org", "doh.pub", "doh.quickline.ch", "doh.safesurfer.io", "doh.sandbox.opendns.com", "doh.sb",
    "doh.seby.io", "doh.securedns.eu", "doh.sidnlabs.nl", "doh.tiar.app", "doh.tiarap.org", "doh.umbrella.com",
    "doh.us.dnswarden.com", "doh.westus.pi-dns.com", "doh.xfinity.com", "dohtrial.att.net", "dooh.cloudflare-dns.com",
    "dot-de.blahdns.com", "dot-sg.blahdns.com", "dot.360.cn", "dot.cox.net", "dot.ffmuc.net", "dot.la.ahadns.net",
    "dot.libredns.gr", "dot.nl.ahadns.net", "dot.pub", "dot.quickline.ch", "dot.seby.io", "dot.tiar.app",
    "dot.xfinity.com", "dot1.applied-privacy.net", "dot1.appliedprivacy.net", "extended.dns.mullvad.net",
    "family-filter-dns.cleanbrowsing.org", "family.adguard-dns.com", "family.canadianshield.cira.ca",
    "family.cloudflare-dns.com", "family.dns.mullvad.net", "family.dot.dns.yandex.net", "family.freedns.controld.com",
    "fi.doh.dns.snopyta.org", "firefox.dns.nextdns.io", "freedns.controld.com", "jp.tiar.app", "jp.tiarap.org",
    "mozilla.cloudflare-dns.com", "noads.joindns4.eu", "odvr.nic.cz", "one.one.one.one",
    "private.canadianshield.cira.ca", "protected.canadianshield.cira.ca", "protective.joindns4.eu",
    "public.dns.iij.jp", "rdns.faelix.net", "resolver-eu.lelux.fi", "safe.dot.dns.yandex.net",
    "security-filter-dns.cleanbrowsing.org", "security.cloudflare-dns.com", "steering.nextdns.io",
    "unfiltered.adguard-dns.com", "unfiltered.joindns4.eu",
  ]
}
