"""Inputs to begin with, made of captures: whole small files for the containers, frames by link type, packets, and flows as
rows of messages for the plugins (the layout is told in FuzzTargets/PluginCalls.swift and FuzzTargets/Captures.swift)."""

import collections
import glob
import hashlib
import os
import struct

LARGEST_CAPTURE = 2_000_000
LARGEST_WHOLE = 65_536
# Of one capture, to keep the number of inputs in hand.
FRAMES, FLOWS, MESSAGES, MESSAGE = 16, 6, 12, 1_500
PCAP = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\x3c\x4d": ">"}
NAMES = ("*.pcap", "*.pcapng", "*.cap", "*.pcap.gz", "*.pcapng.gz", "*.pcap.zst")


def make(targets, folders, out):
    """Writes inputs of all captures below `folders` for `targets`, each once."""
    plugins = [name for name in targets if name.startswith("plugin-")]
    for name in targets:
        os.makedirs(os.path.join(out, name), exist_ok=True)
    for path in captures(folders):
        with open(path, "rb") as file:
            bytes_ = file.read(LARGEST_CAPTURE)
        if len(bytes_) <= LARGEST_WHOLE:
            whole(bytes_, targets, out)
        frames = list(read(bytes_))
        for link, frame in frames[:FRAMES]:
            put(out, targets, f"link-{link}", frame)
        packets = [packet for link, frame in frames for packet in [network(link, frame)] if packet]
        put(out, targets, "packets", b"".join(struct.pack("<H", len(p) & 0x7FF) + p[:0x7FF] for p in packets[:FRAMES]))
        for packet in packets[:FRAMES]:
            for name in targets:
                if name.startswith("tunnel-"):
                    put(out, targets, name, packet)
        for transport, messages in flows(packets):
            kind = "stream" if transport == 6 else "datagrams"
            row = b"".join(struct.pack("<BH", side, len(m)) + m for side, m in messages)
            for name in plugins:
                if name.endswith(kind):
                    put(out, targets, name, row)
    documents(targets, out, folders[0])


def captures(folders):
    found = set()
    for folder in folders:
        for name in NAMES:
            found.update(glob.glob(os.path.join(folder, "**", name), recursive=True))
    return sorted(found)


def put(out, targets, name, bytes_):
    if name not in targets or not bytes_:
        return
    path = os.path.join(out, name, "seed-" + hashlib.sha1(bytes_).hexdigest()[:16])
    if not os.path.exists(path):
        with open(path, "wb") as file:
            file.write(bytes_)


def whole(bytes_, targets, out):
    if bytes_[:4] in PCAP:
        put(out, targets, "capture-pcap", bytes_)
    elif bytes_[:4] == b"\x0a\x0d\x0d\x0a":
        put(out, targets, "capture-pcapng", bytes_[28:])
    elif bytes_[:2] == b"\x1f\x8b":
        put(out, targets, "capture-gzip", bytes_[2:])
    elif bytes_[:4] == b"\x28\xb5\x2f\xfd":
        put(out, targets, "capture-zstd", bytes_[4:])


def read(bytes_):
    """Link type and bytes of each frame; of pcapng only what the commonest blocks hold."""
    order = PCAP.get(bytes_[:4])
    if order and len(bytes_) >= 24:
        link = struct.unpack_from(order + "I", bytes_, 20)[0] & 0xFFFF
        at = 24
        while at + 16 <= len(bytes_):
            size = struct.unpack_from(order + "I", bytes_, at + 8)[0]
            frame = bytes_[at + 16 : at + 16 + size]
            if len(frame) < size:
                return
            yield link, frame
            at += 16 + size
    elif bytes_[:4] == b"\x0a\x0d\x0d\x0a" and bytes_[8:12] == b"\x4d\x3c\x2b\x1a":
        links = []
        at = 0
        while at + 12 <= len(bytes_):
            kind, size = struct.unpack_from("<II", bytes_, at)
            if size < 12 or at + size > len(bytes_):
                return
            if kind == 1:
                links.append(struct.unpack_from("<H", bytes_, at + 8)[0])
            elif kind == 6 and size >= 32:
                interface, _, _, captured = struct.unpack_from("<IIII", bytes_, at + 8)
                if interface < len(links):
                    yield links[interface], bytes_[at + 28 : at + 28 + captured]
            at += size


def network(link, frame):
    """The IP packet of a frame, where that is plain."""
    if link == 1:
        at = 14
        kind = frame[12:14]
        while kind in (b"\x81\x00", b"\x88\xa8"):
            kind = frame[at + 2 : at + 4]
            at += 4
        return frame[at:] if kind in (b"\x08\x00", b"\x86\xdd") else None
    if link in (12, 101, 228, 229):
        return frame
    if link == 113:
        return frame[16:] if frame[14:16] in (b"\x08\x00", b"\x86\xdd") else None
    return None


def flows(packets):
    """The first flows with payload, as transport and rows of (side, message); streams as their segments came."""
    found = collections.OrderedDict()
    for packet in packets:
        if not packet:
            continue
        if packet[0] >> 4 == 4 and len(packet) >= 20:
            header, number, ends = (packet[0] & 15) * 4, packet[9], (packet[12:16], packet[16:20])
            packet = packet[: struct.unpack_from(">H", packet, 2)[0] or len(packet)]
        elif packet[0] >> 4 == 6 and len(packet) >= 40:
            header, number, ends = 40, packet[6], (packet[8:24], packet[24:40])
        else:
            continue
        if number == 17 and len(packet) >= header + 8:
            ports, payload = packet[header : header + 4], packet[header + 8 :]
        elif number == 6 and len(packet) >= header + 20:
            ports, payload = packet[header : header + 4], packet[header + (packet[header + 12] >> 4) * 4 :]
        else:
            ports, payload = b"\0\0\0\0", packet[header:]
        if not payload:
            continue
        source, target = ends[0] + ports[:2], ends[1] + ports[2:]
        key = (number, *sorted((source, target)))
        if key not in found:
            if len(found) == FLOWS:
                continue
            found[key] = (source, [])
        first, messages = found[key]
        if len(messages) < MESSAGES:
            messages.append((0 if source == first else 1, payload[:MESSAGE]))
    return [(key[0], messages) for key, (_, messages) in found.items()]


def documents(targets, out, root):
    for path in sorted(glob.glob(os.path.join(root, "Samples", "*", "*.json")))[:20]:
        with open(path, "rb") as file:
            bytes_ = file.read(8_192)
        put(out, targets, "json", bytes_)
        if os.path.basename(path) == "warrant.json":
            put(out, targets, "warrant", bytes_)
