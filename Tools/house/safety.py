"""Where unsafe code may stand, and that it says why it is sound."""

import re

from .model import Violation

ROOMS = ("Bytes", "Platform", "Cryptography", "CaptureFiles", "LiveCapture")
UNSAFE = re.compile(r"\bunsafe\b")

# How far above an unsafe expression its reason may stand: one reason may speak for a whole function or type. Below, it may
# stand on the first lines of a closure.
ABOVE, BELOW = 50, 2


def check(house):
    found = []
    allowed = tuple(f"Sources/{room}/" for room in ROOMS)
    for name in house.swift_files("Sources", "Plugins"):
        lines = house.code(name).split("\n")
        source = None
        for index, line in enumerate(lines):
            if not UNSAFE.search(line):
                continue
            if not name.startswith(allowed):
                found.append(Violation(name, index + 1, "unsafe", f"unsafe code stands in {', '.join(ROOMS)} only"))
                continue
            source = source or house.text(name).split("\n")
            if not reasoned(source, index):
                text = f"say in a comment within {ABOVE} lines above why it is sound (`// Sound: …`)"
                found.append(Violation(name, index + 1, "unsafe", text))
    return found


def reasoned(source, index):
    near = source[max(0, index - ABOVE) : index + 1 + BELOW]
    return any("//" in line and "sound" in line.split("//", 1)[1].lower() for line in near)
