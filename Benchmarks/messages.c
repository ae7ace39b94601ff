// Messages of TLS, WireGuard, OpenVPN, DNS and HTTP, as far as a reader of metadata looks at them.
#include "messages.h"

#include <string.h>

#include "Generated/certificate.h"

// A buffer that grows, and lengths that are filled in once what they count is written.
typedef struct {
  uint8_t *bytes;
  uint32_t length;
} Buffer;

static void add8(Buffer *to, uint32_t value) { to->bytes[to->length++] = (uint8_t)value; }

static void add16(Buffer *to, uint32_t value) {
  put16(to->bytes + to->length, value);
  to->length += 2;
}

static void add32(Buffer *to, uint32_t value) {
  add16(to, value >> 16);
  add16(to, value & 0xffff);
}

static void add(Buffer *to, const void *bytes, uint32_t length) {
  memcpy(to->bytes + to->length, bytes, length);
  to->length += length;
}

static void add_noise(Buffer *to, uint32_t seed, uint32_t length) { add(to, noise(seed), length); }

static uint32_t open_block(Buffer *to, uint32_t width) {
  to->length += width;
  return to->length;
}

static void close_block(Buffer *to, uint32_t start, uint32_t width) {
  uint32_t length = to->length - start;
  if (width == 1) to->bytes[start - 1] = (uint8_t)length;
  if (width == 2) put16(to->bytes + start - 2, length);
  if (width == 3) put24(to->bytes + start - 3, length);
}

// A host name of its own for each seed, some thousands in all.
static uint32_t name(uint8_t *to, uint32_t seed) {
  return (uint32_t)sprintf((char *)to, "host-%u.zone%u.example", seed % 7919, seed % 31);
}

// MARK: TLS

static uint32_t open_record(Buffer *to, int type) {
  add8(to, (uint32_t)type);
  add16(to, 0x0303);
  return open_block(to, 2);
}

static uint32_t open_handshake(Buffer *to, int type) {
  add8(to, (uint32_t)type);
  return open_block(to, 3);
}

static uint32_t open_extension(Buffer *to, int type) {
  add16(to, (uint32_t)type);
  return open_block(to, 2);
}

static void add_list16(Buffer *to, int type, const uint16_t *values, uint32_t count) {
  uint32_t extension = open_extension(to, type);
  add16(to, 2 * count);
  for (uint32_t index = 0; index < count; index += 1) add16(to, values[index]);
  close_block(to, extension, 2);
}

uint32_t tls_client_hello(uint8_t *bytes, uint32_t seed) {
  static const uint16_t suites[] = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
                                    0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035, 0x000a};
  static const uint16_t groups[] = {29, 23, 24, 25, 256};
  static const uint16_t algorithms[] = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601};
  // Five builds of clients, each with suites and algorithms in orders of its own: 160 offers, as many as in real mixtures.
  const uint32_t make = seed % 5, order = seed / 5 % 32;
  Buffer to = {bytes, 0};
  uint32_t record = open_record(&to, 22), hello = open_handshake(&to, 1);
  add16(&to, 0x0303);
  add_noise(&to, seed, 32);
  add8(&to, 32);
  add_noise(&to, seed + 32, 32);
  uint32_t list = open_block(&to, 2);
  if (make & 1) add16(&to, 0x0a0a | (seed % 16) << 12 | (seed % 16) << 4);  // GREASE, RFC 8701
  for (uint32_t index = 0; index < 16 - make; index += 1) add16(&to, suites[(index + order) % 16]);
  close_block(&to, list, 2);
  add16(&to, 0x0100);  // no compression
  uint32_t extensions = open_block(&to, 2);
  uint32_t extension = open_extension(&to, 0);
  uint32_t names = open_block(&to, 2);
  add8(&to, 0);
  uint32_t host = open_block(&to, 2);
  to.length += name(to.bytes + to.length, seed);
  close_block(&to, host, 2);
  close_block(&to, names, 2);
  close_block(&to, extension, 2);
  close_block(&to, open_extension(&to, 23), 2);
  add_list16(&to, 10, groups, 3 + make % 3);
  extension = open_extension(&to, 11);
  add16(&to, 0x0100);
  close_block(&to, extension, 2);
  if (make != 2) {
    extension = open_extension(&to, 16);
    add(&to, "\0\x0c\2h2\10http/1.1", 14);
    close_block(&to, extension, 2);
  }
  add_list16(&to, 13, algorithms + order / 16, 8 - make - order / 16);
  extension = open_extension(&to, 51);
  uint32_t shares = open_block(&to, 2);
  if (make == 3) {  // X25519MLKEM768: a hello of two segments
    add16(&to, 0x11ec);
    add16(&to, 1216);
    add_noise(&to, seed + 64, 1216);
  }
  add16(&to, 29);
  add16(&to, 32);
  add_noise(&to, seed + 96, 32);
  close_block(&to, shares, 2);
  close_block(&to, extension, 2);
  extension = open_extension(&to, 45);
  add16(&to, 0x0101);
  close_block(&to, extension, 2);
  extension = open_extension(&to, 43);
  add(&to, "\4\3\4\3\3", 5);
  close_block(&to, extension, 2);
  close_block(&to, extensions, 2);
  close_block(&to, hello, 3);
  close_block(&to, record, 2);
  return to.length;
}

static void add_server_hello(Buffer *to, uint32_t seed, bool tls13) {
  uint32_t hello = open_handshake(to, 2);
  add16(to, 0x0303);
  add_noise(to, seed + 200, 32);
  add8(to, 32);
  add_noise(to, seed + 32, 32);
  add16(to, tls13 ? 0x1301 : 0xc02f);
  add8(to, 0);
  uint32_t extensions = open_block(to, 2);
  if (tls13) {
    uint32_t extension = open_extension(to, 51);
    add16(to, 29);
    add16(to, 32);
    add_noise(to, seed + 300, 32);
    close_block(to, extension, 2);
    extension = open_extension(to, 43);
    add16(to, 0x0304);
    close_block(to, extension, 2);
  } else {
    uint32_t extension = open_extension(to, 0xff01);
    add8(to, 0);
    close_block(to, extension, 2);
  }
  close_block(to, extensions, 2);
  close_block(to, hello, 3);
}

uint32_t tls13_server_flight(uint8_t *bytes, uint32_t seed, uint32_t more) {
  Buffer to = {bytes, 0};
  uint32_t record = open_record(&to, 22);
  add_server_hello(&to, seed, true);
  close_block(&to, record, 2);
  add(&to, "\x14\3\3\0\1\1", 6);
  record = open_record(&to, 23);
  add_noise(&to, seed + 400, more);
  close_block(&to, record, 2);
  return to.length;
}

uint32_t tls12_server_flight(uint8_t *bytes, uint32_t seed) {
  Buffer to = {bytes, 0};
  uint32_t record = open_record(&to, 22);
  add_server_hello(&to, seed, false);
  close_block(&to, record, 2);
  record = open_record(&to, 22);
  uint32_t message = open_handshake(&to, 11), list = open_block(&to, 3);
  for (uint32_t index = 0; index < 2; index += 1) {
    uint32_t entry = open_block(&to, 3), start = to.length;
    add(&to, certificate, sizeof certificate);
    put32(to.bytes + start + SERIAL_AT + 4, seed % 199 * 2 + index);  // some hundred servers
    close_block(&to, entry, 3);
  }
  close_block(&to, list, 3);
  close_block(&to, message, 3);
  close_block(&to, record, 2);
  record = open_record(&to, 22);
  message = open_handshake(&to, 12);
  add(&to, "\3\0\x1d\x20", 4);  // ECDHE over x25519 (RFC 8422 section 5.4), signed with RSA-PSS
  add_noise(&to, seed + 500, 32);
  add(&to, "\x08\x04\x01\x00", 4);
  add_noise(&to, seed + 532, 256);
  close_block(&to, message, 3);
  close_block(&to, open_handshake(&to, 14), 3);
  close_block(&to, record, 2);
  return to.length;
}

uint32_t tls_client_finish(uint8_t *bytes, uint32_t seed) {
  Buffer to = {bytes, 0};
  add(&to, "\x14\3\3\0\1\1", 6);
  uint32_t record = open_record(&to, 23);
  add_noise(&to, seed + 600, 53);
  close_block(&to, record, 2);
  return to.length;
}

uint32_t tls_application_record(uint8_t *bytes, uint32_t seed, uint32_t length) {
  Buffer to = {bytes, 0};
  uint32_t record = open_record(&to, 23);
  add_noise(&to, seed, length);
  close_block(&to, record, 2);
  return to.length;
}

// MARK: WireGuard (the paper, section 5.4)

static void add_little32(Buffer *to, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) add8(to, value >> shift);
}

uint32_t wireguard_initiation(uint8_t *bytes, uint32_t seed) {
  Buffer to = {bytes, 0};
  add(&to, "\1\0\0\0", 4);
  add_little32(&to, seed | 1);
  add_noise(&to, seed, 124);
  add(&to, (uint8_t[16]){0}, 16);  // mac2 without a cookie
  return to.length;
}

uint32_t wireguard_response(uint8_t *bytes, uint32_t seed) {
  Buffer to = {bytes, 0};
  add(&to, "\2\0\0\0", 4);
  add_little32(&to, ~seed);
  add_little32(&to, seed | 1);
  add_noise(&to, seed + 7, 64);
  add(&to, (uint8_t[16]){0}, 16);
  return to.length;
}

uint32_t wireguard_data(uint8_t *bytes, uint32_t seed, bool from_client, uint64_t counter, uint32_t length) {
  Buffer to = {bytes, 0};
  add(&to, "\4\0\0\0", 4);
  add_little32(&to, from_client ? ~seed : seed | 1);
  add_little32(&to, (uint32_t)counter);
  add_little32(&to, (uint32_t)(counter >> 32));
  add_noise(&to, seed + (uint32_t)counter * 16, 16 + (length + 15) / 16 * 16);
  return to.length;
}

// MARK: OpenVPN (its protocol.h; the reliability layer of ssl_pkt.h)

static void add_session(Buffer *to, uint32_t seed, bool client) { add_noise(to, seed * 2 + (client ? 0 : 4096), 8); }

uint32_t openvpn_control(
    uint8_t *bytes, uint32_t seed, bool from_client, int opcode, int acknowledged, uint32_t packet, uint32_t tls) {
  Buffer to = {bytes, 0};
  add8(&to, (uint32_t)opcode);
  add_session(&to, seed, from_client);
  add8(&to, acknowledged >= 0 ? 1 : 0);
  if (acknowledged >= 0) {
    add32(&to, (uint32_t)acknowledged);
    add_session(&to, seed, !from_client);
  }
  if (opcode != ACK_V1) add32(&to, packet);
  if (tls > 0 && from_client) {
    to.length += tls_client_hello(to.bytes + to.length, seed / 5 * 5);
  } else if (tls > 0) {
    to.length += tls13_server_flight(to.bytes + to.length, seed, tls);
  }
  return to.length;
}

uint32_t openvpn_data(uint8_t *bytes, uint32_t seed, uint32_t packet, uint32_t length) {
  Buffer to = {bytes, 0};
  add8(&to, DATA_V2);
  to.length += 3;
  put24(to.bytes + 1, seed & 0xff);
  add32(&to, packet);
  add_noise(&to, seed + packet * 24, 16 + length);
  return to.length;
}

// MARK: DNS (RFC 1035 section 4) and HTTP (RFC 9112)

static void add_question(Buffer *to, uint32_t seed, int flags, int answers) {
  uint8_t text[64];
  uint32_t length = name(text, seed), start = 0;
  add16(to, seed & 0xffff);
  add16(to, (uint32_t)flags);
  add16(to, 1);
  add16(to, (uint32_t)answers);
  add32(to, 0);
  for (uint32_t at = 0; at <= length; at += 1) {
    if (at < length && text[at] != '.') continue;
    add8(to, at - start);
    add(to, text + start, at - start);
    start = at + 1;
  }
  add8(to, 0);
  add16(to, 1);
  add16(to, 1);
}

uint32_t dns_query(uint8_t *bytes, uint32_t seed) {
  Buffer to = {bytes, 0};
  add_question(&to, seed, 0x0100, 0);
  return to.length;
}

uint32_t dns_answer(uint8_t *bytes, uint32_t seed) {
  Buffer to = {bytes, 0};
  uint32_t answers = 1 + seed % 3;
  add_question(&to, seed, 0x8180, (int)answers);
  for (uint32_t index = 0; index < answers; index += 1) {
    add(&to, "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4", 12);
    add32(&to, 0xc6336400 + (seed + index) % 256);  // 198.51.100.0/24, RFC 5737
  }
  return to.length;
}

uint32_t http_request(uint8_t *bytes, uint32_t seed) {
  uint8_t text[64];
  text[name(text, seed)] = 0;
  return (uint32_t)sprintf((char *)bytes, "GET /page/%u HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n\r\n", seed % 1000, text);
}

uint32_t http_answer(uint8_t *bytes, uint32_t seed) {
  uint32_t length = seed % 900;
  uint32_t head = (uint32_t)sprintf(
      (char *)bytes, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %u\r\n\r\n", length);
  memset(bytes + head, 'a' + (int)(seed % 26), length);
  return head + length;
}
