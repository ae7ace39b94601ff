// Frames of the benchmark captures: headers with right checksums, and the pcap file they go into.
#include "frames.h"

#include <stdlib.h>
#include <string.h>

// PCG (M. O'Neill, 2014), the 32-bit form.
uint32_t random32(Random *random) {
  uint64_t old = random->state;
  random->state = old * 6364136223846793005u + 1442695040888963407u;
  uint32_t mixed = (uint32_t)(((old >> 18) ^ old) >> 27);
  uint32_t turn = (uint32_t)(old >> 59);
  return mixed >> turn | mixed << (-turn & 31);
}

uint32_t random_below(Random *random, uint32_t bound) { return (uint32_t)((uint64_t)random32(random) * bound >> 32); }

const uint8_t *noise(uint32_t seed) {
  static uint8_t pool[2 * POOL];
  static bool made = false;
  if (!made) {
    Random random = {.state = 20260131};
    for (size_t at = 0; at < sizeof pool; at += 4) put32(pool + at, random32(&random));
    made = true;
  }
  return pool + (seed & (POOL - 1));
}

void capture_open(Capture *capture, const char *path) {
  memset(capture, 0, sizeof *capture);
  capture->file = fopen(path, "wb");
  if (!capture->file) {
    perror(path);
    exit(1);
  }
  setvbuf(capture->file, NULL, _IOFBF, 1 << 20);
  const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1};  // version 2.4, Ethernet
  fwrite(header, sizeof header, 1, capture->file);
  capture->bytes = sizeof header;
}

void capture_write(Capture *capture, uint64_t microseconds, const uint8_t *frame, uint32_t length) {
  const uint32_t header[4] = {(uint32_t)(microseconds / 1000000), (uint32_t)(microseconds % 1000000), length, length};
  fwrite(header, sizeof header, 1, capture->file);
  fwrite(frame, length, 1, capture->file);
  capture->bytes += sizeof header + length;
  capture->frames += 1;
}

void capture_close(Capture *capture) {
  if (ferror(capture->file) || fclose(capture->file) != 0) {
    perror("captures");
    exit(1);
  }
}

static uint32_t sum16(const uint8_t *bytes, uint32_t length) {
  uint32_t sum = 0;
  for (uint32_t at = 0; at + 1 < length; at += 2) sum += get16(bytes + at);
  return length & 1 ? sum + ((uint32_t)bytes[length - 1] << 8) : sum;
}

static uint16_t fold(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

// 2001:db8::(number)
static void put_address6(uint8_t *to, uint32_t number) {
  memset(to, 0, 16);
  put32(to, 0x20010db8);
  put32(to + 12, number);
}

enum { ETHERNET = 14, LONGEST_FRAME = 2048 };

// Writes one frame: `segment` is the transport header and payload, whose checksum stands at `checksum`.
static void write_frame(
    Capture *capture, uint64_t at, const Ends *ends, bool from_client, int protocol, uint8_t *frame, uint32_t header,
    uint32_t segment_length, uint32_t checksum) {
  uint32_t source = from_client ? ends->client : ends->server;
  uint32_t target = from_client ? ends->server : ends->client;
  memcpy(frame, from_client ? "\2\0\0\0\0\2\2\0\0\0\0\1" : "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
  uint8_t *ip = frame + ETHERNET;
  uint8_t *segment = ip + header;
  uint32_t pseudo = (uint32_t)protocol + segment_length;
  if (ends->ipv6) {
    put16(frame + 12, 0x86dd);
    memset(ip, 0, 40);
    ip[0] = 0x60;
    put16(ip + 4, segment_length);
    ip[6] = (uint8_t)protocol;
    ip[7] = 64;
    put_address6(ip + 8, source);
    put_address6(ip + 24, target);
    pseudo += sum16(ip + 8, 32);
  } else {
    put16(frame + 12, 0x0800);
    memset(ip, 0, 20);
    ip[0] = 0x45;
    put16(ip + 2, 20 + segment_length);
    put16(ip + 4, (uint32_t)capture->frames);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = (uint8_t)protocol;
    put32(ip + 12, source);
    put32(ip + 16, target);
    put16(ip + 10, fold(sum16(ip, 20)));
    pseudo += sum16(ip + 12, 8);
  }
  put16(segment + checksum, 0);
  put16(segment + checksum, fold(pseudo + sum16(segment, segment_length)));
  uint32_t length = ETHERNET + header + segment_length;
  if (length < 60) {
    memset(frame + length, 0, 60 - length);
    length = 60;
  }
  capture_write(capture, at, frame, length);
}

void write_udp(
    Capture *capture, uint64_t at, const Ends *ends, bool from_client, const uint8_t *payload, uint32_t length) {
  uint8_t frame[LONGEST_FRAME];
  uint32_t header = ends->ipv6 ? 40 : 20;
  uint8_t *udp = frame + ETHERNET + header;
  put16(udp, from_client ? ends->client_port : ends->server_port);
  put16(udp + 2, from_client ? ends->server_port : ends->client_port);
  put16(udp + 4, 8 + length);
  memcpy(udp + 8, payload, length);
  write_frame(capture, at, ends, from_client, 17, frame, header, 8 + length, 6);
}

void write_tcp(
    Capture *capture, uint64_t at, Ends *ends, bool from_client, int flags, const uint8_t *payload, uint32_t length) {
  uint8_t frame[LONGEST_FRAME];
  uint32_t header = ends->ipv6 ? 40 : 20;
  uint8_t *tcp = frame + ETHERNET + header;
  memset(tcp, 0, 20);
  put16(tcp, from_client ? ends->client_port : ends->server_port);
  put16(tcp + 2, from_client ? ends->server_port : ends->client_port);
  put32(tcp + 4, ends->sequence[from_client ? 0 : 1]);
  if (flags & ACK) put32(tcp + 8, ends->sequence[from_client ? 1 : 0]);
  tcp[12] = 0x50;
  tcp[13] = (uint8_t)flags;
  put16(tcp + 14, 64240);
  if (length > 0) memcpy(tcp + 20, payload, length);
  ends->sequence[from_client ? 0 : 1] += length + (flags & (SYN | FIN) ? 1 : 0);
  write_frame(capture, at, ends, from_client, 6, frame, header, 20 + length, 16);
}
