"""A validation corpus: captures, labels, expected fingerprints, negatives, and how flows are matched to their rows.

Layout: `pcap/`, MANIFEST.tsv, NEGATIVES.tsv, labels.jsonl, fingerprints.jsonl, adapt.py, score.py. Matching ignores
direction; a row whose port is 0 matches any port between the same two addresses.
"""

import collections
import csv
import hashlib
import ipaddress
import json
import os

# Transports that are compared; a row or a flow with another name matches any.
TRANSPORTS = {"tcp", "udp", "icmp", "icmpv6", "esp", "ah", "gre", "sctp"}
# Labels of encapsulations: the label's own protocol number is not that of the flow that carries it.
ANY_TRANSPORT = {"gre", "esp", "ah", "ip-in-ip"}


def lines(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def address(text):
    try:
        return str(ipaddress.ip_address(str(text).strip("[]").split("%")[0]))
    except ValueError:
        return str(text)


def pair(one, other):
    return (one, other) if one <= other else (other, one)


def ends(row):
    """The two ends of a row, in an order of their own."""
    return pair(
        (address(row["src"]), int(row.get("sport") or 0)), (address(row["dst"]), int(row.get("dport") or 0))
    )


def in_words(row):
    """A row's flow as a reader would write it."""
    one = f"{row['src']}:{row['sport']}" if row.get("sport") else row["src"]
    other = f"{row['dst']}:{row['dport']}" if row.get("dport") else row["dst"]
    return f"{row.get('proto', 'any')} {one} {other}"


def normal(field, value):
    """Values are compared without regard to case, digests without colons; banners as they are."""
    value = str(value).strip()
    if field.startswith("cert_"):
        return value.replace(":", "").lower()
    return value if field in ("ssh_client", "ssh_server") else value.lower()


def values(field, value):
    each = value if isinstance(value, list) else [value]
    return {normal(field, item) for item in each if item not in (None, "")}


class Corpus:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        with open(os.path.join(self.folder, "MANIFEST.tsv"), encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            self.manifest = {row["capture"]: row for row in rows}
        with open(os.path.join(self.folder, "MANIFEST.tsv"), "rb") as file:
            self.digest = hashlib.sha256(file.read()).hexdigest()
        with open(os.path.join(self.folder, "NEGATIVES.tsv"), encoding="utf-8") as file:
            self.negatives = sorted({line.split("\t")[0].strip() for line in file if line.strip()})
        self.labels = list(lines(os.path.join(self.folder, "labels.jsonl")))
        self.fingerprints = list(lines(os.path.join(self.folder, "fingerprints.jsonl")))

    @property
    def captures(self):
        return sorted(self.manifest)

    def path(self, capture):
        return os.path.join(self.folder, "pcap", capture)

    def script(self, name):
        return os.path.join(self.folder, name)

    def is_normal(self, capture):
        return self.manifest[capture]["class"] == "normal"


class Flows:
    """Flow records in the corpus's neutral form, several of one pair of ends merged."""

    def __init__(self, neutral):
        self.by_ends = {}
        self.by_hosts = collections.defaultdict(list)
        self.of_capture = collections.defaultdict(list)
        for row in lines(neutral):
            capture = os.path.basename(row["capture"])
            self.of_capture[capture].append(row)
            if not row.get("src") or not row.get("dst"):
                continue
            both = ends(row)
            key = (capture, *both)
            if key not in self.by_ends:
                self.by_ends[key] = []
                self.by_hosts[(capture, *sorted((both[0][0], both[1][0])))].append(key)
            self.by_ends[key].append(row)

    def matching(self, expected):
        """The flows that an expected row names."""
        one, other = ends(expected)
        key = (expected["capture"], one, other)
        keys = [key] if key in self.by_ends else []
        if 0 in (one[1], other[1]):
            for near in self.by_hosts.get((expected["capture"], *sorted((one[0], other[0]))), ()):
                if near != key and fits(one, other, near[1], near[2]):
                    keys.append(near)
        transport = str(expected.get("proto", "any")).lower()
        found = [row for near in keys for row in self.by_ends[near]]
        if transport in TRANSPORTS and expected.get("label") not in ANY_TRANSPORT:
            found = [row for row in found if row["proto"] == transport or row["proto"] not in TRANSPORTS]
        return found


def fits(one, other, first, second):
    for near, far in ((one, other), (other, one)):
        if near[0] == first[0] and far[0] == second[0] and near[1] in (0, first[1]) and far[1] in (0, second[1]):
            return True
    return False
