"""Where unsafe code may stand, and that it says why it is sound; no room logs, none ends the process on a whim."""

import re

from .model import Violation

ROOMS = ("Bytes", "Platform", "Cryptography", "CaptureFiles", "LiveCapture", "Names")
UNSAFE = re.compile(r"\bunsafe\b")

# How far above an unsafe expression its reason may stand: one reason may speak for a whole function or type. Below, it may
# stand on the first lines of a closure.
ABOVE, BELOW = 50, 2


# What a user must know is a Notice: a line printed could leak what the warrant withholds.
LOGGING = re.compile(r"(?<![\w.])(?<!case )(?<!func )(?:print|debugPrint|dump|NSLog|os_log)\(")
ENDING = re.compile(r"(?<![\w.])(?<!case )(?<!func )(?:fatalError|preconditionFailure|abort|exit)\(")
SPEAKING_ROOMS = ("Sources/Commands/", "Sources/veilscope/", "Sources/PluginTestKit/")


def check(house):
    return unsafe_code(house) + silence(house)


def silence(house):
    found = []
    for name in house.swift_files("Sources", "Plugins"):
        if name.startswith(SPEAKING_ROOMS) or "/Tests/" in name:
            continue
        for index, line in enumerate(house.code(name).split("\n")):
            if LOGGING.search(line):
                found.append(Violation(name, index + 1, "silence", "no room logs: what a user must know is a Notice"))
            if ENDING.search(line) and not name.startswith("Sources/Platform/"):
                found.append(Violation(name, index + 1, "silence", "no room ends the process: throw, or leave it out"))
    return found


def unsafe_code(house):
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
