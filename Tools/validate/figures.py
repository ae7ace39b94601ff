"""The figures: rows of the corpus found, and each row still missed with its reason."""

import collections
import fnmatch
import json
import os
from dataclasses import dataclass, field

from corpus import ends, in_words, normal, values

# Fields of fingerprints.jsonl that the program reads, with the share of comparable rows that is aimed at (None: no aim).
FIELDS = {
    "ja3": 0.995, "ja3s": 0.995, "ja4": 0.995, "sni": 0.99, "cert_sha1": 0.99, "cert_sha256": 0.99,
    "tls_version": None, "tls_cipher": None,
    "hassh": 0.995, "hassh_server": 0.995, "ssh_client": 0.995, "ssh_server": 0.995,
    "quic_version": 0.995, "quic_alpn": None,
}

COMPARABLE = "comparable"
UDP = "over UDP, not in QUIC"
INSIDE = "TLS inside SOCKS, CONNECT or RDP"
SUSPECT = "source known to be wrong"
DISPUTED = "disputed by another source"
OTHER = "flow begins with another protocol"
NO_STREAM = "no TCP stream has the row's ends"
CLASSES = [COMPARABLE, UDP, INSIDE, OTHER, NO_STREAM, DISPUTED, SUSPECT]
SSH_FIELDS = ("hassh", "hassh_server", "ssh_client", "ssh_server")

# What a TCP flow begins with, by the first bytes of either side. StartTLS: SMTP and FTP, IMAP, POP3, XMPP, EHLO.
STARTTLS_BYTES = (b"220", b"* OK", b"+OK", b"<?xml", b"<stream", b"EHLO", b"HELO", b"ehlo", b"helo")
POSTGRESQL_TLS_REQUEST = bytes.fromhex("0000000804d2162f")
INSIDE_BYTES = (b"\x05", b"\x04\x01", b"CONNECT ", b"\x03\x00")


def begins_with(first_bytes):
    """`tls`, `starttls`, `ssh`, `inside`, `other`, or None where nothing is known."""
    sides = [bytes.fromhex(text) for text in first_bytes if text]
    if not sides:
        return None
    if any(side[0] in range(0x14, 0x18) and side[1:2] == b"\x03" or side[0] & 0x80 and side[2:3] == b"\x01" for side in sides):
        return "tls"
    for side in sides:
        ldap = side[:1] == b"\x30"
        mysql = len(side) > 5 and side[3] == 0 and side[4] == 0x0A
        if side.startswith(STARTTLS_BYTES) or side.startswith(POSTGRESQL_TLS_REQUEST) or ldap or mysql:
            return "starttls"
    if any(side.startswith(b"SSH-") for side in sides):
        return "ssh"
    return "inside" if any(side.startswith(INSIDE_BYTES) for side in sides) else "other"


@dataclass
class Tally:
    found: int = 0
    total: int = 0

    def add(self, hit):
        self.total += 1
        self.found += bool(hit)

    @property
    def share(self):
        return self.found / self.total if self.total else None


@dataclass(frozen=True, order=True)
class Miss:
    what: str  # label or field
    capture: str
    flow: str
    text: str
    reason: str


@dataclass
class Figures:
    labels: dict = field(default_factory=lambda: collections.defaultdict(Tally))
    label_captures: dict = field(default_factory=lambda: collections.defaultdict(set))
    label_misses: list = field(default_factory=list)
    fingerprints: dict = field(default_factory=lambda: collections.defaultdict(Tally))  # (field, class)
    fingerprint_misses: list = field(default_factory=list)
    false_findings: list = field(default_factory=list)
    negatives: int = 0
    negatives_left: int = 0
    negative_flows: int = 0


class Reasons:
    """reasons.tsv: label or field, capture, flow or `*`, reason; the first three may hold `*`."""

    def __init__(self, path):
        self.rows = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    if line.strip() and not line.startswith("#"):
                        self.rows.append(line.rstrip("\n").split("\t"))

    def of(self, what, capture, flow):
        for row in self.rows:
            if len(row) == 4 and all(map(fnmatch.fnmatchcase, (what, capture, flow), row[:3])):
                return row[3]
        return None


class Records:
    """What the flow records say of themselves: where a row is missed, why it could not be told."""

    def __init__(self, path):
        self.reasons = collections.defaultdict(list)
        with open(path, encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                for reason in record.get("not_assessable", []):
                    flow = record["flow"]
                    row = {
                        "src": flow["initiator"]["address"], "sport": flow["initiator"].get("port", 0),
                        "dst": flow["responder"]["address"], "dport": flow["responder"].get("port", 0),
                    }
                    known = self.reasons[(record["evidence"]["name"], *ends(row))]
                    if reason not in known:
                        known.append(reason)

    def not_assessable(self, row, what):
        """What explains that `what` is missed, of that the records say."""
        if "src" not in row:
            return None
        found = [
            reason for reason in self.reasons.get((row["capture"], *ends(row)), []) if explains(reason, what)
        ]
        return f"not assessable: {', '.join(found)}" if found else None


def explains(reason, what):
    """One direction alone hides what the other says, not a client's hello; sizes hide no message."""
    if reason.startswith("segments above"):
        return False
    if reason.startswith("one direction only"):
        return what not in ("ja3", "ja4", "sni")
    if "certificate is encrypted" in reason:
        return what.startswith("cert_")
    return True


def classify(row, flows, begins):
    """The class of an expected fingerprint."""
    transports = {flow["proto"] for flow in flows}
    if row["source"].endswith("-suspect"):
        return SUSPECT
    if row.get("agree") is False:
        return DISPUTED
    if row.get("proto") == "udp" or (row.get("proto") != "tcp" and transports == {"udp"}):
        is_quic = row["field"].startswith("quic_") or any(flow.get("quic_version") for flow in flows)
        return COMPARABLE if is_quic else UDP
    if row["field"] in SSH_FIELDS and begins is None:
        return NO_STREAM
    return {"inside": INSIDE, "other": OTHER}.get(begins, COMPARABLE)


def fingerprints(corpus, flows, records, reasons, streams, figures):
    """`streams`: capture to a map from ends to the first bytes of the TCP stream."""
    seen = set()
    for row in corpus.fingerprints:
        name = row["field"]
        if name not in FIELDS or row["capture"] not in corpus.manifest:
            continue
        wanted = normal(name, row["value"])
        key = (row["capture"], name, wanted, row["source"], ends(row) if "src" in row else None)
        if key in seen:
            continue
        seen.add(key)
        matched = flows.matching(row) if "src" in row else flows.of_capture.get(row["capture"], [])
        have = set().union(*(values(name, flow.get(name)) for flow in matched)) if matched else set()
        begins = streams(row["capture"]).get(ends(row)) if "src" in row else []
        if "src" not in row:
            begins = [first for side in streams(row["capture"]).values() for first in side]
        kind = classify(row, matched, begins_with(begins or []))
        hit = wanted in have
        figures.fingerprints[(name, kind)].add(hit)
        if hit or kind in (SUSPECT, DISPUTED):
            continue
        words = in_words(row) if "src" in row else "(capture)"
        text = f"{row['source']} has {row['value']}, " + (f"found {', '.join(sorted(have)[:3])}" if have else "nothing found")
        reason = reasons.of(name, row["capture"], words) or (kind if kind != COMPARABLE else None)
        reason = reason or records.not_assessable(row, name) or "to be explained"
        figures.fingerprint_misses.append(Miss(name, row["capture"], words, text, reason))


def labels(corpus, flows, records, reasons, tools, figures):
    """`tools`: those that some rule can indicate; rows of others are counted and not listed."""
    for row in corpus.labels:
        if row["tier"] != "core" or row["capture"] not in corpus.manifest:
            continue
        label = row["label"]
        hit = any(label in flow["labels"] for flow in flows.matching(row))
        figures.labels[(label, row["kind"])].add(hit)
        figures.label_captures[label].add(row["capture"])
        if hit or label not in tools:
            continue
        words = in_words(row)
        reason = reasons.of(label, row["capture"], words) or records.not_assessable(row, label) or "to be explained"
        text = f"{row['kind']}, {row.get('label_source', '')}: {row.get('detail') or row.get('evidence', '')}"
        figures.label_misses.append(Miss(label, row["capture"], words, text, reason))


def negatives(corpus, strong_flows, struck, figures):
    """Captures in which nothing of the kind occurs: any strong or conclusive indication there is false."""
    figures.negatives = len(corpus.negatives)
    left = [capture for capture in corpus.negatives if capture not in struck]
    figures.negatives_left = len(left)
    for capture in left:
        for flow in strong_flows.of_capture.get(capture, []):
            figures.negative_flows += 1
            for label in flow["labels"]:
                figures.false_findings.append(Miss(label, capture, in_words(flow), "strong or conclusive", "false"))
