"""The repository speaks of the product only: no unfinished work, no path of somebody's machine."""

import re

from .model import Violation

# Each pattern is written so that it does not find itself.
PATTERNS = [
    (re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b"), "unfinished work: finish it, or say in the text what is not done"),
    (re.compile(r"(?<![\w.~$-])/(?:wor[k]|far[m]|Use[r]s|hom[e]/\w+|roo[t])\b"), "a path of somebody's machine"),
    (re.compile(r"(?<![\w.-])/tm[p]/(?:w[t]|ben[c]h|bri[e]f|bas[h])"), "a path of somebody's machine"),
    (re.compile(r"\b(?:su[b]agent|wor[k]tree|this (?:ses[s]ion|con[v]ersation))\b", re.IGNORECASE), "not of the product"),
    (re.compile(r"(?<![\w/#])(?:see |in |for |of )?iss[u]e #?\d+\b", re.IGNORECASE), "say what holds, not which request asked for it"),
]

BINARY = (".pcap", ".pcapng", ".cap", ".gz", ".zst", ".png", ".der", ".p7s", ".bin")

# Documents of others, kept as they are.
EXEMPT = ("LICENSE",)


def check(house):
    found = []
    for name in house.files:
        if name.endswith(BINARY) or name in EXEMPT or "\0" in house.text(name)[:4096]:
            continue
        for number, line in enumerate(house.text(name).split("\n"), 1):
            for pattern, reason in PATTERNS:
                hit = pattern.search(line)
                if hit:
                    found.append(Violation(name, number, "words", f"`{hit.group().strip()}`: {reason}"))
    return found
