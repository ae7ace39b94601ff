"""swift-format, strict, over all Swift. Its exit status counts, not its output."""

import re
import subprocess

from .model import Violation

LINE = re.compile(r"^(?P<path>.+?\.swift):(?P<line>\d+):\d+: (?:warning|error): (?P<text>.*)$")


def check(house):
    names = house.swift_files()
    if not names:
        return []
    done = subprocess.run(
        ["swift", "format", "lint", "--strict", "--parallel", *names],
        cwd=house.root, capture_output=True, text=True, check=False,
    )
    if done.returncode == 0:
        return []
    found = []
    for line in (done.stdout + done.stderr).split("\n"):
        match = LINE.match(line)
        if match:
            path = match["path"].removeprefix(house.root + "/")
            found.append(Violation(path, int(match["line"]), "format", match["text"]))
    return found or [Violation("Package.swift", 1, "format", f"swift-format ended with {done.returncode}: {done.stderr[:500]}")]
