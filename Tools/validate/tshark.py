"""What tshark says of a capture: frame offsets and times, TCP streams with their sizes and first bytes.

One call a capture, kept in the user's cache by the capture's digest and tshark's version, since starting tshark costs more
than reading.
"""

import functools
import gzip
import json
import os
import re
import subprocess
import threading

from corpus import address, pair

FIELDS = [
    "frame.number", "frame.file_off", "frame.time_epoch", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
    "tcp.stream", "tcp.srcport", "tcp.dstport", "tcp.len", "tcp.payload", "ip.flags.mf", "ip.frag_offset",
    "ipv6.fraghdr.offset", "ip.len", "ip.hdr_len", "tcp.hdr_len",
]
FORMAT = 5  # of the cache
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "veilscope", "tshark")
FIRST_BYTES = 16


def nanoseconds(text):
    """`1470104373.025824000` without the rounding of a floating number."""
    whole, _, part = text.partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole or 0) * 10**9 + sign * int((part + "0" * 9)[:9])


@functools.cache
def version():
    """tshark's version; empty where there is no tshark."""
    try:
        done = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    found = re.search(r"\d+\.\d+\.\d+", done.stdout)
    return found.group() if done.returncode == 0 and found else ""


def read(path, digest):
    """{"frames": [[offset, nanoseconds]…], "streams": […], "fragments": [[host, host]…]}, or {"error": text}."""
    kept = os.path.join(CACHE, f"{digest}-{version()}-{FORMAT}.json.gz")
    if os.path.exists(kept):
        with gzip.open(kept, "rt", encoding="utf-8") as file:
            return json.load(file)
    command = ["tshark", "-n", "-r", path, "-o", "frame.show_file_off:TRUE", "-T", "fields", "-E", "occurrence=l"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    said = gather(done.stdout)
    if done.returncode != 0 and not said["frames"]:
        said = {"error": done.stderr.strip().split("\n")[-1], "frames": [], "streams": [], "fragments": []}
    os.makedirs(CACHE, exist_ok=True)
    partial = f"{kept}.{os.getpid()}-{threading.get_ident()}"
    with gzip.open(partial, "wt", encoding="utf-8") as file:
        json.dump(said, file)
    os.replace(partial, kept)
    return said


def gather(output):
    frames, streams, fragments = [], {}, set()
    for line in output.split("\n"):
        values = line.split("\t")
        if len(values) != len(FIELDS):
            continue
        field = dict(zip(FIELDS, values))
        frames.append([int(field["frame.file_off"] or -1), nanoseconds(field["frame.time_epoch"] or "0")])
        layers = field["frame.protocols"].split(":")
        version6 = "ipv6" in layers and ("ip" not in layers or last(layers, "ipv6") > last(layers, "ip"))
        source, target = (field["ipv6.src"], field["ipv6.dst"]) if version6 else (field["ip.src"], field["ip.dst"])
        if field["ip.flags.mf"] in ("1", "True") or field["ip.frag_offset"] not in ("", "0") or field["ipv6.fraghdr.offset"]:
            fragments.add(pair(address(source), address(target)))
        # A TCP header that an ICMP error quotes is no packet of the stream.
        if not field["tcp.stream"] or "icmp" in layers or "icmpv6" in layers:
            continue
        count(streams, field, address(source), address(target), len(frames))
    return {
        "frames": frames,
        "streams": [streams[key] for key in sorted(streams)],
        "fragments": sorted(fragments),
    }


def declared(field):
    """Payload by the lengths of the headers: more than tshark gives where the frame is shorter than its IP packet."""
    lengths = [field[name] for name in ("ip.len", "ip.hdr_len", "tcp.hdr_len")]
    if field["ipv6.src"] or not all(lengths):
        return 0
    whole, *headers = map(int, lengths)
    return whole - sum(headers)


def last(layers, name):
    return len(layers) - layers[::-1].index(name)


def count(streams, field, source, target, number):
    sender, receiver = (source, int(field["tcp.srcport"])), (target, int(field["tcp.dstport"]))
    stream = streams.setdefault(
        int(field["tcp.stream"]),
        {
            "ends": pair(sender, receiver), "packets": 0, "payload": 0, "declared": 0, "first": number, "last": number,
            "begins": [],
        },
    )
    length = int(field["tcp.len"] or 0)
    stream["packets"] += 1
    stream["payload"] += length
    stream["declared"] += max(length, declared(field))
    stream["last"] = number
    # The first bytes of each direction: what the stream began with.
    if length > 0 and len(stream["begins"]) < 2 and sender not in [begin[0] for begin in stream["begins"]]:
        stream["begins"].append([sender, field["tcp.payload"][: 2 * FIRST_BYTES]])
