"""Frames, offsets, counts and TCP streams against tshark's, on every normal capture; differences by class."""

import collections
import json
import os
from dataclasses import dataclass, field

from corpus import address, pair

# Ends of a record after which later packets of the same ends make a record of their own. tshark never ends a stream by
# time, and begins a new one only at a SYN.
SPLITTING_ENDS = {"idle-timeout", "active-timeout", "table-full", "port-reuse", "fin", "rst"}


@dataclass
class Agreement:
    captures: int = 0
    frames: int = 0
    offsets: int = 0
    streams: int = 0
    unreadable: list = field(default_factory=list)  # captures that tshark does not read
    differences: list = field(default_factory=list)  # (class, capture, text, reason or "")

    def report(self, kind, capture, text, reason=""):
        self.differences.append((kind, capture, text, reason))

    @property
    def unexplained(self):
        return [difference for difference in self.differences if not difference[3]]


def both_ends(flow):
    return pair(*((address(flow[end]["address"]), flow[end].get("port", 0)) for end in ("initiator", "responder")))


def records(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def compare(capture, said, flows, findings, reasons, agreement):
    """`said` is tshark's reading; `flows` the flow records; `findings` the findings document."""
    if said.get("error"):
        agreement.unreadable.append((capture, said["error"]))
        return
    agreement.captures += 1

    def report(kind, text, reason=""):
        agreement.report(kind, capture, text, reason or reasons.of(kind, capture, "*") or "")

    evidence = (findings.get("evidence") or [{}])[0]
    counted = frame_count(evidence)
    agreement.frames += len(said["frames"])
    if counted is not None and counted != len(said["frames"]):
        report("frames", f"{counted} frames, tshark {len(said['frames'])}")
    frames(said, flows, report, agreement)
    streams(said, flows, report, agreement)


def frame_count(evidence):
    counts = evidence.get("counts") or evidence
    for name in ("frames", "records", "packets"):
        if isinstance(counts.get(name), int):
            return counts[name]
    return None


def frames(said, flows, report, agreement):
    """Each frame that a flow record names, its offset and its time."""
    wrong = collections.Counter()
    example = {}
    for record in flows:
        for end in ("first", "last"):
            frame = record.get(f"{end}_frame")
            if not frame:
                continue
            number, offset = frame["number"], frame.get("offset")
            agreement.offsets += 1
            if not 1 <= number <= len(said["frames"]):
                kind, text = "frame number", f"frame {number} of {len(said['frames'])}"
            elif offset is not None and offset != said["frames"][number - 1][0]:
                kind, text = "offset", f"frame {number} at {offset}, tshark {said['frames'][number - 1][0]}"
            else:
                continue
            wrong[kind] += 1
            example.setdefault(kind, text)
    for kind, count in sorted(wrong.items()):
        report(kind, f"{count} of {2 * len(flows)}, the first: {example[kind]}")


def streams(said, flows, report, agreement):
    theirs, ours = collections.defaultdict(list), collections.defaultdict(list)
    for stream in said["streams"]:
        theirs[pair(*((host, port) for host, port in stream["ends"]))].append(stream)
    for record in flows:
        if record["flow"]["transport"] == "tcp":
            ours[both_ends(record["flow"])].append(record)
    fragmented = {tuple(hosts) for hosts in said["fragments"]}
    agreement.streams += len(said["streams"])
    for ends in sorted(set(theirs) | set(ours)):
        name = " ".join(f"{host}:{port}" for host, port in ends)
        reason = "IP fragments: tshark counts a datagram at its last fragment" if hosts(ends) in fragmented else ""
        if ends not in ours:
            count = sum(stream["packets"] for stream in theirs[ends])
            report("stream not seen", f"{name}, {count} packets in tshark", reason)
        elif ends not in theirs:
            report("stream not in tshark", f"{name}, {sum(map(packets, ours[ends]))} packets", reason)
        else:
            sizes(name, theirs[ends], ours[ends], report, reason)


def hosts(ends):
    return tuple(sorted(host for host, _ in ends))


def packets(record):
    return sum((record.get(side) or {}).get("packets", 0) for side in ("from_initiator", "from_responder"))


def payload(record):
    return sum((record.get(side) or {}).get("payload", 0) for side in ("from_initiator", "from_responder"))


def sizes(name, theirs, ours, report, reason):
    duplicates = sum(record.get("duplicates", 0) for record in ours)
    count, expected = sum(map(packets, ours)), sum(stream["packets"] for stream in theirs)
    if count + duplicates != expected:
        report("stream packets", f"{name}: {count} packets and {duplicates} duplicates, tshark {expected}", reason)
    size, expected = sum(map(payload, ours)), sum(stream["payload"] for stream in theirs)
    if size != expected:
        why = reason
        if size == sum(stream["declared"] for stream in theirs):
            why = "frames shorter than their IP packet: the header's length counts"
        elif duplicates and size < expected:
            why = why or "duplicates from two tap points are not counted"
        report("stream bytes", f"{name}: {size} bytes of payload, tshark {expected}", why)
    if len(ours) != len(theirs):
        tunnels = {record.get("carrier") for record in ours}
        ends = {record.get("end") for record in ours[:-1]} & SPLITTING_ENDS
        why = reason
        if len(ours) > len(theirs) and ends:
            why = f"records that ended before ({', '.join(sorted(ends))})"
        elif len(tunnels) == len(ours):
            why = "the same ends inside a tunnel and outside are two flows"
        report("stream count", f"{name}: {len(ours)} records, tshark {len(theirs)} streams", why)
