"""Samples for the generator of captures: pcapng turned into the classic pcap that it reads."""

import os
import struct

SECTION, INTERFACE, ENHANCED_PACKET = 0x0A0D0D0A, 1, 6  # draft-ietf-opsawg-pcapng, block types
BYTE_ORDER = 0x1A2B3C4D
IF_TSRESOL = 9
ETHERNET = 1


def classic(path, folder):
    """The path of a classic pcap with the same Ethernet packets, or None where `path` is no pcapng in this byte order."""
    with open(path, "rb") as file:
        data = file.read()
    if struct.unpack_from("<I", data)[0] != SECTION or struct.unpack_from("<I", data, 8)[0] != BYTE_ORDER:
        return None
    made = os.path.join(folder, os.path.basename(os.path.dirname(path)) + ".pcap")
    with open(made, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, ETHERNET))
        for microseconds, packet, length in packets(data):
            out.write(struct.pack("<IIII", *divmod(microseconds, 1_000_000), len(packet), length))
            out.write(packet)
    return made


def packets(data):
    interfaces, at = [], 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == SECTION:
            interfaces = []
        elif kind == INTERFACE:
            interfaces.append((struct.unpack_from("<H", data, at + 8)[0], resolution(data[at + 16 : at + size - 4])))
        elif kind == ENHANCED_PACKET:
            interface, high, low, captured, length = struct.unpack_from("<IIIII", data, at + 8)
            link, ticks = interfaces[interface]
            if link == ETHERNET:
                yield (high << 32 | low) * 1_000_000 // ticks, data[at + 28 : at + 28 + captured], length
        at += size


def resolution(options):
    """Ticks a second (if_tsresol, microseconds unless given)."""
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from("<HH", options, at)
        if code == IF_TSRESOL:
            value = options[at + 4]
            return 2 ** (value & 0x7F) if value & 0x80 else 10**value
        at += 4 + (length + 3) // 4 * 4
    return 1_000_000
