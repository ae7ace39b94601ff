// Makes the benchmark captures, the same bytes each time.
//
//   captures mixed PATH BYTES [SEED [SAMPLE.pcap…]]   conversations of many kinds, some thousands at a time; the packets
//                                                     of the samples (classic pcap, Ethernet) among them, hosts shifted
//   captures elephant PATH BYTES                      eight conversations of full-size frames
//   captures tiny PATH BYTES                          conversations of one to three packets, each with ports of its own
//
// A conversation is a small machine that writes one packet a call. Those under way wait in a heap ordered by the time of
// their next packet; when one ends, the next begins in its place.
#include <stdlib.h>
#include <string.h>

#include "frames.h"
#include "messages.h"

enum { SEGMENT = 1460, DATAGRAM = 1400 };

typedef enum { TLS13, TLS12, WIREGUARD, OPENVPN, DNS, HTTP, BULK, DATAGRAMS, PROBE, REFUSED, SAMPLE } Kind;

typedef struct {
  uint64_t at;  // microseconds: when its next packet is due
  uint32_t seed, step, remaining, sent;
  Kind kind;
  Ends ends;
} Conversation;

static Random dice = {.state = 1};
static Capture capture;

// MARK: Samples

typedef struct {
  uint64_t delay;
  uint32_t length;
  uint8_t *bytes;
} SamplePacket;

static SamplePacket *sample;
static uint32_t sample_packets;

static void load_sample(const char *path) {
  FILE *file = fopen(path, "rb");
  uint32_t header[6], record[4];
  if (!file || fread(header, sizeof header, 1, file) != 1 || header[0] != 0xa1b2c3d4 || header[5] != 1) {
    fprintf(stderr, "captures: %s is left out (no classic pcap with Ethernet)\n", path);
    if (file) fclose(file);
    return;
  }
  uint64_t before = 0;
  while (fread(record, sizeof record, 1, file) == 1 && record[2] > 0 && record[2] < 2048) {
    sample = realloc(sample, (sample_packets + 1) * sizeof *sample);
    uint64_t now = record[0] * 1000000ull + record[1];
    uint64_t delay = before && now > before ? now - before : 1;
    before = now;
    sample[sample_packets] = (SamplePacket){delay < 100000 ? delay : 100000, record[2], malloc(record[2])};
    if (fread(sample[sample_packets].bytes, record[2], 1, file) != 1) break;
    sample_packets += 1;
  }
  fclose(file);
}

// Shifts one IPv4 address of a copied frame, and the checksums with it (RFC 1624).
static void shift(uint8_t *address, uint32_t by, uint8_t *const sums[2]) {
  uint32_t old = get32(address), new = (old & 0xff000000) | ((old + by * 257) & 0xffffff);
  put32(address, new);
  for (int index = 0; index < 2; index += 1) {
    if (!sums[index] || get16(sums[index]) == 0) continue;
    uint32_t sum = (~get16(sums[index]) & 0xffff) + (~(old >> 16) & 0xffff) + (~old & 0xffff) + (new >> 16) + (new & 0xffff);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    put16(sums[index], ~sum & 0xffff);
  }
}

static bool play_sample(Conversation *it) {
  const SamplePacket *packet = &sample[it->step];
  uint8_t frame[2048];
  memcpy(frame, packet->bytes, packet->length);
  if (packet->length >= 42 && get16(frame + 12) == 0x0800) {
    uint32_t transport = 14 + (frame[14] & 15) * 4u;
    uint32_t place = frame[23] == 6 ? transport + 16 : frame[23] == 17 ? transport + 6 : 0;
    uint8_t *const sums[2] = {frame + 24, place && place + 2 <= packet->length ? frame + place : NULL};
    shift(frame + 26, it->seed, sums);
    shift(frame + 30, it->seed, sums);
  }
  capture_write(&capture, it->at, frame, packet->length);
  it->step += 1;
  return it->step < sample_packets;
}

// MARK: Conversations. Each call writes one packet and says whether more will come.

static uint8_t message[LONGEST_MESSAGE];

// Writes the next segment of a flight of `length` bytes in `message`; true while some of it is left.
static bool flight(Conversation *it, bool from_client, uint32_t length) {
  uint32_t rest = length - it->sent, part = rest < SEGMENT ? rest : SEGMENT;
  write_tcp(&capture, it->at, &it->ends, from_client, part == rest ? PSH | ACK : ACK, message + it->sent, part);
  it->sent = part == rest ? 0 : it->sent + part;
  return part < rest;
}

// SYN, SYN and ACK, ACK. True while it lasts.
static bool opening(Conversation *it) {
  if (it->step > 2) return false;
  write_tcp(&capture, it->at, &it->ends, it->step != 1, it->step == 0 ? SYN : it->step == 1 ? SYN | ACK : ACK, NULL, 0);
  it->step += 1;
  return true;
}

// Full segments from the server with an acknowledgement after every second one, then FIN both ways.
static bool transfer(Conversation *it, uint32_t first, bool records) {
  uint32_t step = it->step - first;
  if (it->remaining > 0) {
    if (step % 3 == 2) {
      write_tcp(&capture, it->at, &it->ends, true, ACK, NULL, 0);
    } else {
      uint32_t length = it->remaining < SEGMENT - 5 ? it->remaining : SEGMENT - 5;
      if (records) {
        length = tls_application_record(message, it->seed + step * 64, length);
        write_tcp(&capture, it->at, &it->ends, false, ACK, message, length);
      } else {
        write_tcp(&capture, it->at, &it->ends, false, ACK, noise(it->seed + step * 64), length);
      }
      it->remaining -= length < it->remaining ? length : it->remaining;
    }
    it->step += 1;
    return true;
  }
  it->sent += 1;
  write_tcp(&capture, it->at, &it->ends, it->sent != 2, it->sent < 3 ? FIN | ACK : ACK, NULL, 0);
  return it->sent < 3;
}

static bool play_tls(Conversation *it) {
  if (opening(it)) return true;
  uint32_t length;
  switch (it->step) {
    case 3:
      length = tls_client_hello(message, it->seed);
      if (!flight(it, true, length)) it->step = 4;
      return true;
    case 4:
      length = it->kind == TLS13 ? tls13_server_flight(message, it->seed, 900 + it->seed % 3000)
                                 : tls12_server_flight(message, it->seed);
      if (!flight(it, false, length)) it->step = 5;
      return true;
    case 5:
      length = tls_client_finish(message, it->seed);
      if (!flight(it, true, length)) it->step = 6;
      return true;
    case 6:
      length = tls_application_record(message, it->seed + 9, 120 + it->seed % 700);
      if (!flight(it, true, length)) it->step = 7;
      return true;
    default:
      return transfer(it, 7, true);
  }
}

static bool play_http(Conversation *it) {
  if (opening(it)) return true;
  if (it->step == 3 || it->step == 4) {
    uint32_t length = it->step == 3 ? http_request(message, it->seed) : http_answer(message, it->seed);
    if (!flight(it, it->step == 3, length)) it->step += 1;
    return true;
  }
  it->remaining = 0;
  return transfer(it, 5, false);
}

static bool play_bulk(Conversation *it) { return opening(it) || transfer(it, 3, false); }

static bool datagram(Conversation *it, bool from_client, uint32_t length) {
  write_udp(&capture, it->at, &it->ends, from_client, message, length);
  it->step += 1;
  uint32_t told = length < it->remaining ? length : it->remaining;
  it->remaining -= told;
  return it->remaining > 0;
}

// Downwards mostly: one packet in four goes up, and is short.
static bool upward(const Conversation *it) { return it->step % 4 == 3; }

static bool play_wireguard(Conversation *it) {
  uint32_t length;
  if (it->step < 2) {
    length = it->step == 0 ? wireguard_initiation(message, it->seed) : wireguard_response(message, it->seed);
    return datagram(it, it->step == 0, length) || true;
  }
  bool up = upward(it) || it->step == 2;
  length = wireguard_data(message, it->seed, up, it->step / 2, it->step == 2 ? 0 : up ? 64 : DATAGRAM - 16);
  return datagram(it, up, length);
}

static bool play_openvpn(Conversation *it) {
  uint32_t length;
  switch (it->step) {
    case 0: length = openvpn_control(message, it->seed, true, CLIENT_RESET_V2, -1, 0, 0); break;
    case 1: length = openvpn_control(message, it->seed, false, SERVER_RESET_V2, 0, 0, 0); break;
    case 2: length = openvpn_control(message, it->seed, true, ACK_V1, 0, 0, 0); break;
    case 3: length = openvpn_control(message, it->seed, true, CONTROL_V1, -1, 1, 1); break;
    case 4: length = openvpn_control(message, it->seed, false, CONTROL_V1, 1, 1, 700); break;
    case 5: length = openvpn_control(message, it->seed, true, ACK_V1, 1, 0, 0); break;
    default: length = openvpn_data(message, it->seed, it->step, upward(it) ? 60 : DATAGRAM - 60);
  }
  bool up = it->step < 6 ? it->step != 1 && it->step != 4 : upward(it);
  return datagram(it, up, length) || it->step < 6;
}

static bool play_dns(Conversation *it) {
  uint32_t length = it->step == 0 ? dns_query(message, it->seed) : dns_answer(message, it->seed);
  datagram(it, it->step == 0, length);
  return it->step < 2;
}

static bool play_datagrams(Conversation *it) {
  uint32_t length = upward(it) ? 90 : it->remaining < DATAGRAM ? it->remaining : DATAGRAM;
  memcpy(message, noise(it->seed + it->step * 48), length);
  return datagram(it, it->step == 0 || upward(it), length);
}

static bool play_probe(Conversation *it) {
  int answers = it->kind == REFUSED ? 3 : 1;
  static const int flags[3] = {SYN, SYN | ACK, RST};
  write_tcp(&capture, it->at, &it->ends, it->step != 1, flags[it->step], NULL, 0);
  it->step += 1;
  return (int)it->step < answers;
}

static bool play(Conversation *it) {
  switch (it->kind) {
    case TLS13:
    case TLS12: return play_tls(it);
    case WIREGUARD: return play_wireguard(it);
    case OPENVPN: return play_openvpn(it);
    case DNS: return play_dns(it);
    case HTTP: return play_http(it);
    case BULK: return play_bulk(it);
    case DATAGRAMS: return play_datagrams(it);
    case PROBE:
    case REFUSED: return play_probe(it);
    case SAMPLE: return play_sample(it);
  }
  return false;
}

// MARK: Who talks

static const uint16_t ports[] = {[TLS13] = 443, [TLS12] = 443, [WIREGUARD] = 51820, [OPENVPN] = 1194, [DNS] = 53,
                                 [HTTP] = 80,   [BULK] = 5201, [DATAGRAMS] = 4500,  [PROBE] = 443,    [REFUSED] = 22,
                                 [SAMPLE] = 0};

static void begin(Conversation *it, Kind kind, uint32_t number, uint64_t at, uint32_t length) {
  memset(it, 0, sizeof *it);
  it->at = at;
  it->kind = kind;
  it->seed = random32(&dice);
  it->remaining = length;
  it->ends.client = 0x0a000000 + number % 60000 + 1;              // 10.0.0.0/8
  it->ends.server = 0xc6120000 + random_below(&dice, 1u << 17);  // 198.18.0.0/15, RFC 2544
  it->ends.client_port = (uint16_t)(1024 + number / 60000 * 97 % 60000 + it->seed % 97);
  it->ends.server_port = ports[kind];
  it->ends.ipv6 = it->seed % 8 == 0;
  it->ends.sequence[0] = it->seed;
  it->ends.sequence[1] = ~it->seed * 3;
}

// Most conversations are short, a few are long: doubled with even odds.
static uint32_t length_of(uint32_t least, int doublings) {
  uint32_t length = least + random_below(&dice, least);
  while (doublings-- > 0 && random32(&dice) & 1) length *= 2;
  return length;
}

// What a thousand conversations are. In a mixture of some hundreds of real captures 9 % of the flows speak TLS (29 % of the
// packets), half have no payload or one direction, a quarter are datagrams; some hundred certificates and hellos come again
// and again. Here a little more is TLS and less is idle, so that the figure is none for the lucky: what is read of a
// handshake costs a hundred times a packet that is only counted, and its share decides the ratio.
static const struct {
  uint32_t among_1000;
  Kind kind;
  uint32_t least;  // bytes, doubled `doublings` times at most
  int doublings;
} mixture[] = {
    {400, DNS, 0, 0},   {150, DATAGRAMS, 100, 10}, {100, HTTP, 0, 0},         {80, BULK, 1000, 10},
    {76, PROBE, 0, 0},  {70, REFUSED, 0, 0},       {70, TLS13, 300, 10},      {48, TLS12, 300, 10},
    {2, SAMPLE, 0, 0},  {2, WIREGUARD, 2000, 8},   {2, OPENVPN, 2000, 8},
};

static void begin_mixed(Conversation *it, uint32_t number, uint64_t at) {
  uint32_t face = random_below(&dice, 1000), index = 0;
  while (face >= mixture[index].among_1000) face -= mixture[index++].among_1000;
  Kind kind = mixture[index].kind == SAMPLE && sample_packets == 0 ? PROBE : mixture[index].kind;
  begin(it, kind, number, at, mixture[index].least ? length_of(mixture[index].least, mixture[index].doublings) : 0);
}

static void begin_elephant(Conversation *it, uint32_t number, uint64_t at) {
  static const Kind kinds[8] = {TLS13, TLS13, TLS13, TLS12, BULK, WIREGUARD, OPENVPN, DATAGRAMS};
  begin(it, kinds[number % 8], number, at, UINT32_MAX);
}

static void begin_tiny(Conversation *it, uint32_t number, uint64_t at) {
  static const Kind kinds[5] = {DNS, DNS, PROBE, REFUSED, DATAGRAMS};
  begin(it, kinds[random_below(&dice, 5)], number, at, 64);
}

// MARK: The heap of those under way

static Conversation *heap;
static uint32_t heap_count;

static bool sooner(const Conversation *one, const Conversation *other) {
  return one->at != other->at ? one->at < other->at : one->seed < other->seed;
}

static void sink(uint32_t at) {
  Conversation moved = heap[at];
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= heap_count) break;
    if (child + 1 < heap_count && sooner(&heap[child + 1], &heap[child])) child += 1;
    if (!sooner(&heap[child], &moved)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = moved;
}

static void run(uint64_t bytes, uint32_t together, uint32_t pace, void (*start)(Conversation *, uint32_t, uint64_t)) {
  const uint64_t epoch = 1767225600000000;  // 2026-01-01T00:00:00Z
  heap = calloc(together, sizeof *heap);
  uint32_t number = 0;
  while (heap_count < together) {
    start(&heap[heap_count], number++, epoch + random_below(&dice, pace * 8));
    heap_count += 1;
  }
  for (uint32_t at = together; at-- > 0;) sink(at);
  while (capture.bytes < bytes) {
    Conversation *next = &heap[0];
    uint64_t now = next->at;
    if (play(next)) {
      next->at = now + 1 + (next->kind == SAMPLE ? sample[next->step].delay : random_below(&dice, pace));
    } else {
      start(next, number++, now + 1 + random_below(&dice, pace));
    }
    sink(0);
  }
  fprintf(stderr, "captures: %llu bytes, %llu frames, %u conversations\n", (unsigned long long)capture.bytes,
          (unsigned long long)capture.frames, number);
}

int main(int count, char **arguments) {
  if (count < 4) {
    fprintf(stderr, "captures mixed|elephant|tiny PATH BYTES [SEED [SAMPLE.pcap...]]\n");
    return 64;
  }
  const char *what = arguments[1];
  uint64_t bytes = strtoull(arguments[3], NULL, 10);
  dice.state = count > 4 ? strtoull(arguments[4], NULL, 10) : 1;
  for (int index = 5; index < count; index += 1) load_sample(arguments[index]);
  capture_open(&capture, arguments[2]);
  if (strcmp(what, "mixed") == 0) run(bytes, 4000, 40000, begin_mixed);
  else if (strcmp(what, "elephant") == 0) run(bytes, 8, 100, begin_elephant);
  else if (strcmp(what, "tiny") == 0) run(bytes, 3000, 20000, begin_tiny);
  else return 64;
  capture_close(&capture);
  return 0;
}
