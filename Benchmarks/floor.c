// The floor: the least that any analyser of flows must do. Reads a pcap file block by block, decodes Ethernet, VLAN, IPv4,
// IPv6, TCP and UDP, and counts each packet into an open-addressing flow table. `floor FILE` prints what it counted.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A flow's key, the lesser end first, so that both directions give the same one.
typedef struct {
  uint64_t address[2][2];
  uint16_t port[2];
  uint32_t protocol;
} Key;

typedef struct {
  Key key;
  uint64_t first, last, packets[2], bytes[2];
  uint32_t flags;
  bool used;
} Flow;

// Flows stand in the table itself, at the place of their hash or the next free one.
static Flow *table;
static uint64_t mask = (1 << 16) - 1, used = 0;
static uint64_t packets, bytes, others;

static inline uint32_t get16(const uint8_t *from) { return (uint32_t)from[0] << 8 | from[1]; }

static inline uint64_t mix(uint64_t value) {
  value ^= value >> 32;
  value *= 0xd6e8feb86659fd93;
  return value ^ value >> 32;
}

static inline uint64_t hash(const Key *key) {
  uint64_t ports = (uint64_t)key->port[0] << 48 | (uint64_t)key->port[1] << 32 | key->protocol;
  uint64_t low = key->address[0][0] * 0x9e3779b97f4a7c15 ^ key->address[1][0];
  uint64_t high = key->address[0][1] * 0xc2b2ae3d27d4eb4f ^ key->address[1][1];
  return mix(mix(low + ports) ^ high);
}

static inline bool same(const Key *one, const Key *other) { return memcmp(one, other, sizeof *one) == 0; }

static Flow *place(const Key *key) {
  uint64_t at = hash(key) & mask;
  while (table[at].used && !same(&table[at].key, key)) at = (at + 1) & mask;
  return &table[at];
}

static void grow(void) {
  Flow *before = table;
  uint64_t count = mask + 1;
  mask = 2 * mask + 1;
  table = calloc(mask + 1, sizeof *table);
  for (uint64_t at = 0; at < count; at += 1) {
    if (before[at].used) *place(&before[at].key) = before[at];
  }
  free(before);
}

static inline Flow *find(const Key *key, uint64_t now) {
  Flow *flow = place(key);
  if (flow->used) return flow;
  if (used * 10 > mask * 7) {
    grow();
    flow = place(key);
  }
  used += 1;
  *flow = (Flow){.key = *key, .first = now, .used = true};
  return flow;
}

static inline void packet(const uint8_t *frame, uint32_t length, uint32_t on_wire, uint64_t now) {
  packets += 1;
  bytes += on_wire;
  if (length < 14) {
    others += 1;
    return;
  }
  uint32_t at = 14, type = get16(frame + 12);
  while ((type == 0x8100 || type == 0x88a8) && at + 4 <= length) {
    type = get16(frame + at + 2);
    at += 4;
  }
  uint64_t address[2][2] = {{0, 0}, {0, 0}};
  uint32_t protocol, transport;
  bool fragment = false;
  if (type == 0x0800 && at + 20 <= length && frame[at] >> 4 == 4) {
    uint32_t source, target;
    memcpy(&source, frame + at + 12, 4);
    memcpy(&target, frame + at + 16, 4);
    address[0][0] = source;
    address[1][0] = target;
    protocol = frame[at + 9];
    transport = at + (frame[at] & 15) * 4u;
    fragment = (get16(frame + at + 6) & 0x1fff) != 0;
  } else if (type == 0x86dd && at + 40 <= length) {
    memcpy(address, frame + at + 8, 32);
    protocol = frame[at + 6];
    transport = at + 40;
    while ((protocol == 0 || protocol == 43 || protocol == 60) && transport + 8 <= length) {
      protocol = frame[transport];
      transport += 8 * (frame[transport + 1] + 1u);
    }
  } else {
    others += 1;
    return;
  }
  uint16_t port[2] = {0, 0};
  uint32_t flags = 0;
  if (!fragment && (protocol == 6 || protocol == 17) && transport + 4 <= length) {
    port[0] = (uint16_t)get16(frame + transport);
    port[1] = (uint16_t)get16(frame + transport + 2);
    if (protocol == 6 && transport + 14 <= length) flags = frame[transport + 13];
  }
  bool turned = address[0][0] != address[1][0]   ? address[0][0] > address[1][0]
                : address[0][1] != address[1][1] ? address[0][1] > address[1][1]
                                                 : port[0] > port[1];
  Key key = {
      {{address[turned][0], address[turned][1]}, {address[!turned][0], address[!turned][1]}},
      {port[turned], port[!turned]},
      protocol,
  };
  Flow *flow = find(&key, now);
  flow->last = now;
  flow->packets[turned] += 1;
  flow->bytes[turned] += on_wire;
  flow->flags |= flags;
}

enum { BLOCK = 1 << 20, FILE_HEADER = 24, RECORD_HEADER = 16 };

int main(int count, char **arguments) {
  int file = count == 2 ? open(arguments[1], O_RDONLY) : -1;
  if (file < 0) {
    fprintf(stderr, "floor FILE\n");
    return 64;
  }
  table = calloc(mask + 1, sizeof *table);
  uint8_t *block = malloc(2 * BLOCK);
  lseek(file, FILE_HEADER, SEEK_SET);
  size_t have = 0;
  ssize_t got;
  while ((got = read(file, block + have, BLOCK)) > 0) {
    const uint8_t *record = block, *end = block + have + got;
    while (end - record >= RECORD_HEADER) {
      uint32_t header[4];
      memcpy(header, record, sizeof header);
      if (header[2] > (size_t)(end - record - RECORD_HEADER)) break;
      packet(record + RECORD_HEADER, header[2], header[3], header[0] * 1000000ull + header[1]);
      record += RECORD_HEADER + header[2];
    }
    have = (size_t)(end - record);
    if (have > BLOCK) return 65;
    memmove(block, record, have);
  }
  printf("packets %llu bytes %llu others %llu flows %llu\n", (unsigned long long)packets, (unsigned long long)bytes,
         (unsigned long long)others, (unsigned long long)used);
  return 0;
}
