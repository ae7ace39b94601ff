// Sessions of the eight protocols up to TLS's first byte, from the examples of their specifications.

import Bytes
import PluginKit
import StartTLSPlugin
import Testing

@Suite struct StartTLSTests {
  private let hello: [UInt8] = [0x16, 3, 1, 0, 1, 1]
  private let answer: [UInt8] = [0x16, 3, 3, 0, 1, 2]

  /// Ends a session with TLS, plays it whole and byte by byte, and expects TLS where it begins.
  private func expect(
    _ play: StreamPlay, carries name: String, _ source: SourceLocation = #_sourceLocation
  ) {
    var whole = play
    whole.client(hello)
    whole.server(answer)
    let count = { (side: Side) in play.steps.filter { $0.side == side }.reduce(0) { $0 + $1.bytes.count } }
    let expected = ["{\"protocol\":\"\(name)\"}", "=carries(client: \(count(.client)), server: \(count(.server)))"]
    #expect(whole.run(StartTLS()) == expected, sourceLocation: source)
    #expect(whole.inBytes.run(StartTLS()) == expected, sourceLocation: source)
    for count in 0..<whole.byteCount { _ = whole.prefix(count).run(StartTLS()) }
    for bit in 0..<(whole.byteCount * 8) { _ = whole.flipping(bit).run(StartTLS()) }
  }

  private var smtp: StreamPlay {
    var play = StreamPlay()
    play.server("220 mail.imc.org SMTP service ready\r\n")
    play.client("EHLO mail.example.com\r\n")
    play.server("250-mail.imc.org offers a warm hug of welcome\r\n250-8BITMIME\r\n250 STARTTLS\r\n")
    play.client("STARTTLS\r\n")
    play.server("220 Go ahead\r\n")
    return play
  }

  @Test func smtp_RFC3207() { expect(smtp, carries: "smtp") }

  @Test func smtpAfterARefusal() {
    var play = StreamPlay()
    play.server("220-two lines\r\n220 ready\r\n")
    play.client("EHLO a.example\r\nstarttls \r\n")
    play.server("250 STARTTLS\r\n454 TLS not available due to temporary reason\r\n")
    play.client("STARTTLS\n")
    play.server("220 now\r\n")
    expect(play, carries: "smtp")
  }

  @Test func smtpWithTheHelloBeforeTheAgreementInTheCapture() {
    var play = smtp
    let agreement = play.steps.removeLast()
    play.client(hello)
    #expect(play.run(StartTLS()).isEmpty)
    play.steps.append(agreement)
    #expect(play.run(StartTLS()).last == "=carries(client: 33, server: 126)")
  }

  @Test func smtpInOneDirection() {
    var play = smtp
    play.steps.removeAll { $0.side == .server }
    play.client(hello)
    #expect(play.run(StartTLS()).last == "=carries(client: 33, server: 0)")
  }

  @Test func mailInClearIsLeftAlone() {
    var play = StreamPlay()
    play.server("220 ready\r\n")
    play.client("HELO a.example\r\nMAIL FROM:<a@a.example>\r\n")
    #expect(play.run(StartTLS()) == ["=notMine"])
  }

  @Test func imap_RFC9051() {
    var play = StreamPlay()
    play.server("* OK [CAPABILITY IMAP4rev2 STARTTLS LOGINDISABLED] ready\r\n")
    play.client("a001 CAPABILITY\r\n")
    play.server("* CAPABILITY IMAP4rev2 STARTTLS LOGINDISABLED\r\na001 OK CAPABILITY completed\r\n")
    play.client("a002 STARTTLS\r\n")
    play.server("a002 OK Begin TLS negotiation now\r\n")
    expect(play, carries: "imap")
  }

  @Test func pop3_RFC2595() {
    var play = StreamPlay()
    play.server("+OK POP3 ready\r\n")
    // Without an argument it asks which mechanisms there are, and logs nobody in.
    play.client("AUTH\r\n")
    play.server("-ERR Unrecognized command\r\n")
    play.client("CAPA\r\n")
    play.server("+OK\r\nSTLS\r\n.\r\n")
    play.client("STLS\r\n")
    play.server("+OK Begin TLS negotiation\r\n")
    expect(play, carries: "pop3")
  }

  @Test func ftp_RFC4217() {
    var play = StreamPlay()
    play.server("220 ready\r\n")
    play.client("AUTH TLS\r\n")
    play.server("234 AUTH TLS successful\r\n")
    expect(play, carries: "ftp")
  }

  @Test func ldap_RFC4511() {
    let name = Array("1.3.6.1.4.1.1466.20037".utf8)
    var play = StreamPlay()
    play.client([0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16] + name)
    play.server([0x30, 0x0c, 0x02, 0x01, 0x01, 0x78, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00])
    expect(play, carries: "ldap")
    // With lengths in four bytes, as Windows writes them, and a search before it.
    var windows = StreamPlay()
    windows.client([0x30, 0x84, 0, 0, 0, 5, 0x02, 0x01, 0x07, 0x63, 0x00])
    windows.server([0x30, 0x84, 0, 0, 0, 5, 0x02, 0x01, 0x07, 0x65, 0x00])
    windows.client([0x30, 0x84, 0, 0, 0, 0x1d, 0x02, 0x01, 0x08, 0x77, 0x18, 0x80, 0x16] + name)
    windows.server([0x30, 0x0c, 0x02, 0x01, 0x08, 0x78, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00])
    expect(windows, carries: "ldap")
    // Refused: protocolError.
    play.steps[1].bytes[9] = 2
    #expect(play.run(StartTLS()) == ["=notMine"])
  }

  @Test func xmpp_RFC6120() {
    var play = StreamPlay()
    play.client("<?xml version='1.0'?><stream:stream to='im.example.com' version='1.0'>")
    play.server(
      "<?xml version='1.0'?><stream:stream from='im.example.com'><stream:features>"
        + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>")
    play.client("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    play.server("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    expect(play, carries: "xmpp")
    play.steps[2].bytes = Array("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'></starttls>".utf8)
    expect(play, carries: "xmpp")
  }

  @Test func postgreSQL() {
    var play = StreamPlay()
    play.client([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
    play.server("S")
    expect(play, carries: "postgresql")
    var refused = play
    refused.steps[1].bytes = Array("N".utf8)
    #expect(refused.run(StartTLS()) == ["=notMine"])
    // GSSAPI asked for first.
    play.steps.insert((.client, [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30]), at: 0)
    play.steps.insert((.server, Array("N".utf8)), at: 1)
    expect(play, carries: "postgresql")
  }

  @Test func mySQL() {
    var play = StreamPlay()
    let greeting: [UInt8] = [10] + Array("8.0.36".utf8) + [0] + [UInt8](repeating: 1, count: 60)
    play.server([UInt8(greeting.count), 0, 0, 0] + greeting)
    play.client([32, 0, 0, 1, 0x85, 0xae, 0, 0] + [UInt8](repeating: 0, count: 28))
    expect(play, carries: "mysql")
    // A login in clear is longer and lacks the flag.
    play.steps[1].bytes = [33, 0, 0, 1, 0x85, 0xa6, 0, 0] + [UInt8](repeating: 0, count: 29)
    #expect(play.run(StartTLS()) == ["=notMine"])
  }
}
