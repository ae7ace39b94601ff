// Messages of the protocols that the benchmark captures hold, made from their specifications.
#ifndef VEILSCOPE_BENCHMARKS_MESSAGES_H
#define VEILSCOPE_BENCHMARKS_MESSAGES_H

#include "frames.h"

enum { LONGEST_MESSAGE = 6000 };

// Each writes its message to `to` (LONGEST_MESSAGE bytes) and gives its length.
uint32_t tls_client_hello(uint8_t *to, uint32_t seed);                    // RFC 8446 section 4.1.2
uint32_t tls13_server_flight(uint8_t *to, uint32_t seed, uint32_t more);  // ServerHello, then `more` encrypted bytes
uint32_t tls12_server_flight(uint8_t *to, uint32_t seed);                 // ServerHello, Certificate, ServerHelloDone
uint32_t tls_client_finish(uint8_t *to, uint32_t seed);
uint32_t tls_application_record(uint8_t *to, uint32_t seed, uint32_t length);

uint32_t wireguard_initiation(uint8_t *to, uint32_t seed);
uint32_t wireguard_response(uint8_t *to, uint32_t seed);
uint32_t wireguard_data(uint8_t *to, uint32_t seed, bool from_client, uint64_t counter, uint32_t length);

// Opcodes of OpenVPN's first byte, shifted as on the wire, with key id 0.
enum { CLIENT_RESET_V2 = 7 << 3, SERVER_RESET_V2 = 8 << 3, CONTROL_V1 = 4 << 3, ACK_V1 = 5 << 3, DATA_V2 = 9 << 3 };
uint32_t openvpn_control(
    uint8_t *to, uint32_t seed, bool from_client, int opcode, int acknowledged, uint32_t packet, uint32_t tls);
uint32_t openvpn_data(uint8_t *to, uint32_t seed, uint32_t packet, uint32_t length);

uint32_t dns_query(uint8_t *to, uint32_t seed);
uint32_t dns_answer(uint8_t *to, uint32_t seed);

uint32_t http_request(uint8_t *to, uint32_t seed);
uint32_t http_answer(uint8_t *to, uint32_t seed);

#endif
