"""Pages name files that exist: relative links, and paths in code marks."""

import glob
import os
import re

from .model import Violation

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`((?:Sources|Plugins|Tests|Tools|Documentation|Samples|Benchmarks|Fuzz)/[^`\s]*)`")

# Examples that the pages write for a plugin, a case or a room of the reader's.
EXAMPLE = re.compile(r"Gopher|NAME|[…<{]")


def check(house):
    found = []
    for name in house.files:
        if not name.endswith(".md"):
            continue
        for number, line in enumerate(house.text(name).split("\n"), 1):
            for link in LINK.findall(line):
                found += missing(house, name, number, os.path.join(os.path.dirname(name), link))
            for path in PATH.findall(line):
                found += missing(house, name, number, path)
    return found


def missing(house, page, line, path):
    if EXAMPLE.search(path) or page.startswith("Tools/plugin-template/"):
        return []
    if glob.glob(os.path.join(house.root, path)):
        return []
    return [Violation(page, line, "links", f"{path} does not exist")]
