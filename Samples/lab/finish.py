#!/usr/bin/env python3
"""Makes a sample of a raw capture: finish.py CASE RAW.pcapng FOLDER

Writes FOLDER/capture.pcapng, in which nothing names the machine that captured (the section header's hardware, kernel
and program options and the interface's operating system are left out), and FOLDER/warrant.json, a training warrant
whose data window covers the capture. Standard library only; raw captures are dumpcap's or mergecap's."""
import datetime
import json
import struct
import sys
import uuid

SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
KEPT = {SECTION: set(), INTERFACE: {2, 9}}  # options kept: if_name, if_tsresol


def blocks(data):
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, data[at + 8 : at + length - 4]
        at += length


def without_options(body, fixed, kept):
    out, at = body[:fixed], fixed
    while at + 4 <= len(body):
        code, length = struct.unpack_from("<HH", body, at)
        padded = (length + 3) & ~3
        if code in kept:
            out += body[at : at + 4 + padded]
        at += 4 + padded
    return out + b"\0\0\0\0" if len(out) > fixed else out


def clean(data):
    """The capture without what names the machine, and the first and last packet time in nanoseconds."""
    out, times = b"", []
    for kind, body in blocks(data):
        if kind == SECTION:
            body = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
        elif kind == INTERFACE:
            body = without_options(body, 8, KEPT[INTERFACE])
        elif kind == PACKET:
            high, low = struct.unpack_from("<II", body, 4)
            times.append(high << 32 | low)
        else:
            continue
        out += struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    return out, min(times), max(times)


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def warrant(case, first, last):
    day = moment(first)[:10]
    return {
        "warrant": 1,
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, "veilscope/Samples/" + case)),
        "generation": 1,
        "reference": "TRAINING-" + case.upper(),
        "legal_type": "other",
        "legal_basis": {"act": "Laboratory exercise", "provision": "No law: a capture of our own machines"},
        "issued": day + "T00:00:00Z",
        "issued_by": {"name": "Veilscope laboratory", "office": "Training"},
        "executing_agency": "Veilscope laboratory",
        "authority": {"from": day + "T00:00:00Z", "until": "2099-01-01T00:00:00Z"},
        "data": {"from": moment(first), "until": moment(last + 1)},
        "covers": ["recorded"],
        "delivery": "IRIOnly",
        "targets": [{"address": "198.18.0.2"}, {"address": "fd00:18::2"}],
        "categories": [
            "flow", "addresses_of_third_parties", "server_name", "certificate", "fingerprint", "protocol_metadata",
        ],
        "training": True,
    }


def main():
    case, raw, folder = sys.argv[1:]
    with open(raw, "rb") as file:
        data, first, last = clean(file.read())
    with open(folder + "/capture.pcapng", "wb") as file:
        file.write(data)
    resolution = 10**9  # dumpcap's on Linux; checked below
    seconds = first // resolution
    if not 1_600_000_000 < seconds < 4_000_000_000:
        sys.exit(f"finish.py: {raw}: times are not in nanoseconds")
    write_json(folder + "/warrant.json", warrant(case, seconds, last // resolution))


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
