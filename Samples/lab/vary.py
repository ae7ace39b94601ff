#!/usr/bin/env python3
"""Makes the plugins' cases out of the samples: vary.py

Each is a sample's flow that was captured badly: in one direction, with packets lost, cut by a snap length, with a wrong
clock. Writes capture.pcapng and warrant.json of each case below. Standard library only; Ethernet and IPv4 only."""
import os
import socket
import struct

from finish import PACKET, blocks, warrant, write_json

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CLIENT = socket.inet_aton("198.18.0.2")
ETHERNET, DAY = 14, 86_400 * 10**9


class Packet:
    def __init__(self, body):
        high, low, self.captured, self.length = struct.unpack_from("<IIII", body, 4)
        self.interface = body[:4]
        self.time = high << 32 | low
        self.bytes = body[20 : 20 + self.captured]

    @property
    def from_client(self):
        return self.bytes[ETHERNET + 12 : ETHERNET + 16] == CLIENT

    @property
    def ports(self):
        at = ETHERNET + (self.bytes[ETHERNET] & 15) * 4
        return set(struct.unpack_from(">HH", self.bytes, at))

    @property
    def is_ipv4(self):
        return self.bytes[12:14] == b"\x08\x00" and self.bytes[ETHERNET + 9] in (6, 17)

    def block(self):
        body = self.interface + struct.pack("<IIII", self.time >> 32, self.time & 0xFFFFFFFF, len(self.bytes), self.length)
        body += self.bytes + b"\0" * (-len(self.bytes) % 4)
        return struct.pack("<II", PACKET, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def make(case, sample, port, protocol, change):
    """A case of the sample's packets to `port` over `protocol` (6 or 17), as `change` leaves them."""
    with open(os.path.join(ROOT, "Samples", sample, "capture.pcapng"), "rb") as file:
        data = file.read()
    head, packets = b"", []
    for kind, body in blocks(data):
        if kind == PACKET:
            packet = Packet(body)
            if packet.is_ipv4 and packet.bytes[ETHERNET + 9] == protocol and port in packet.ports:
                packets.append(packet)
        else:
            head += struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    packets = change(packets)
    folder = os.path.join(ROOT, "Plugins", case)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "capture.pcapng"), "wb") as file:
        file.write(head + b"".join(packet.block() for packet in packets))
    times = [packet.time // 10**9 for packet in packets]
    write_json(os.path.join(folder, "warrant.json"), warrant(case.split("/")[-1], min(times), max(times)))


def one_direction(packets):
    return [packet for packet in packets if packet.from_client]


def lost(*places):
    return lambda packets: [packet for index, packet in enumerate(packets) if index not in places]


def snap_length(length):
    def cut(packets):
        for packet in packets:
            packet.bytes = packet.bytes[:length]
        return packets

    return cut


def clock(offset):
    def shift(packets):
        for packet in packets:
            packet.time += offset
        return packets

    return shift


UDP, TCP = 17, 6
make("WireGuard/Cases/one-direction", "wireguard-openvpn", 51820, UDP, one_direction)
make("WireGuard/Cases/answer-lost", "wireguard-openvpn", 51820, UDP, lambda packets: lost(1)(packets[:20]))
make("WireGuard/Cases/snap-length", "wireguard-openvpn", 51820, UDP, lambda packets: snap_length(64)(packets[:12]))
make("OpenVPN/Cases/one-direction", "openvpn-modes", 1195, UDP, one_direction)
make("OpenVPN/Cases/resets-lost", "openvpn-modes", 1195, UDP, lost(0, 1))
make("OpenVPN/Cases/snap-length", "openvpn-modes", 1194, UDP, snap_length(80))
make("OpenVPN/Cases/wrong-clock", "openvpn-modes", 1196, TCP, clock(-3 * DAY))
