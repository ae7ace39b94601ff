// Frames of the benchmark captures: Ethernet, IPv4 or IPv6, TCP or UDP, written as a classic pcap file.
#ifndef VEILSCOPE_BENCHMARKS_FRAMES_H
#define VEILSCOPE_BENCHMARKS_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// A deterministic source of numbers: the same seed gives the same captures on every machine.
typedef struct {
  uint64_t state;
} Random;

uint32_t random32(Random *random);
uint32_t random_below(Random *random, uint32_t bound);  // bound > 0

// `count` bytes that look encrypted, a different place of one pool for each `seed`; at most POOL bytes.
enum { POOL = 1 << 16 };
const uint8_t *noise(uint32_t seed);

typedef struct {
  FILE *file;
  uint64_t bytes, frames;
} Capture;

void capture_open(Capture *capture, const char *path);
void capture_write(Capture *capture, uint64_t microseconds, const uint8_t *frame, uint32_t length);
void capture_close(Capture *capture);

// The two ends of a conversation. IPv6 addresses are made from the same numbers under 2001:db8::/32 (RFC 3849).
typedef struct {
  uint32_t client, server;
  uint16_t client_port, server_port;
  bool ipv6;
  uint32_t sequence[2];  // of client and server
} Ends;

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

void write_udp(Capture *, uint64_t at, const Ends *, bool from_client, const uint8_t *payload, uint32_t length);
void write_tcp(Capture *, uint64_t at, Ends *, bool from_client, int flags, const uint8_t *payload, uint32_t length);

static inline void put16(uint8_t *to, uint32_t value) {
  to[0] = (uint8_t)(value >> 8);
  to[1] = (uint8_t)value;
}

static inline void put24(uint8_t *to, uint32_t value) {
  to[0] = (uint8_t)(value >> 16);
  put16(to + 1, value);
}

static inline void put32(uint8_t *to, uint32_t value) {
  put16(to, value >> 16);
  put16(to + 2, value);
}

static inline uint32_t get16(const uint8_t *from) { return (uint32_t)from[0] << 8 | from[1]; }
static inline uint32_t get32(const uint8_t *from) { return get16(from) << 16 | get16(from + 2); }

#endif
