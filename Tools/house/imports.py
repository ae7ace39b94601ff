"""Who imports whom: every import is declared, every declaration keeps the order of the rooms."""

import re

from .model import Violation

IMPORT = re.compile(
    r"^[ \t]*(?P<attributes>(?:@\w+(?:\([^)]*\))?\s+)*)(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(?P<module>\w+)",
    re.MULTILINE,
)

# The rooms in their order: each imports those of earlier rows only, never one of its own row. JSON stands in a row of
# its own kind with its neighbours: they are apart. Wire comes after Findings, whose field declarations it uses.
ROWS = [
    ["CVeilCrypto", "CVeilPcap", "CVeilZlib", "CVeilZstd", "CVeilPlatform", "CVeilMemory", "CVeilPsl", "CVeilIdn"],
    ["Bytes"],
    ["Terms", "JSON", "Cryptography", "Platform", "Names"],
    ["CaptureFiles", "Packets", "Findings"],
    ["Wire", "Flows", "Warrants", "Watchlists", "Custody", "LiveCapture", "PluginKit"],
    ["plugins"],
    ["Analysis"],
    ["Supervision", "PluginTestKit"],
    ["Commands", "ShippedPlugins"],
    ["veilscope"],
]
ROW_OF = {name: index for index, row in enumerate(ROWS) for name in row}

# What a plugin may import, and what one plugin may besides.
FOR_PLUGINS = {"PluginKit", "Wire", "Bytes", "Terms", "Packets", "Findings"}
FOR_ONE_PLUGIN = {"WatchlistPlugin": {"Watchlists"}}

# Rooms that only some may see.
SEEN_BY = {
    "Custody": {"Supervision", "Commands"},
    "LiveCapture": {"Supervision", "Commands"},
    "CVeilCrypto": {"Cryptography"},
    "CVeilZlib": {"CaptureFiles"},
    "CVeilZstd": {"CaptureFiles"},
    "CVeilPlatform": {"Platform"},
    "CVeilMemory": {"Bytes"},
    "CVeilPcap": {"LiveCapture"},
    "CVeilPsl": {"Names"},
}

# Modules that come with the toolchain, and the targets that may import them ("test" stands for every test target).
TOOLCHAIN = {
    "Swift": {"*"},
    "Synchronization": {"*", "!plugins"},
    "Foundation": {"Commands", "SigningAuthority", "TestSupport", "test"},
    "Glibc": {"Platform", "test"},
    "Musl": {"Platform"},
    "Dispatch": {"Platform", "test"},
    "Testing": {"test", "PluginTestKit"},
    "XCTest": set(),
}
TOOLCHAIN["FoundationEssentials"] = TOOLCHAIN["Foundation"]


def is_plugin(target):
    return target.path.startswith("Plugins/") and target.kind != "test"


def row(target):
    return ROW_OF["plugins"] if is_plugin(target) else ROW_OF.get(target.name)


def imports(house, name):
    """The modules a file imports: (line, module, whether it is exported again)."""
    text = house.code(name)
    for found in IMPORT.finditer(text):
        line = text.count("\n", 0, found.start("module")) + 1
        yield line, found.group("module"), "@_exported" in found.group("attributes")


def check(house):
    by_name = {target.name: target for target in house.targets}
    found = declarations(house, by_name)
    exported = {}
    for target in house.targets:
        for name in house.target_files(target):
            for line, module, again in imports(house, name):
                if again:
                    exported.setdefault(target.name, set()).add(module)
                reason = refused(target, module, by_name)
                if reason:
                    found.append(Violation(name, line, "import", f"`import {module}` in {target.name}: {reason}"))
    found += closures(house, by_name, exported)
    return found


def refused(target, module, by_name):
    """Why `target` may not import `module`, or None."""
    if module == target.name:
        return "a module does not import itself"
    if module in TOOLCHAIN:
        allowed = TOOLCHAIN[module]
        kind = "test" if target.kind == "test" else target.name
        if kind in allowed or ("*" in allowed and not ("!plugins" in allowed and is_plugin(target))):
            return None
        return f"allowed in {', '.join(sorted(allowed - {'*', '!plugins'})) or 'no target'} only"
    if module not in target.dependencies:
        known = "declare it in Package.swift" if module in by_name else "no target or product of that name is declared"
        return f"not among the declared dependencies ({known})"
    return None


def declarations(house, by_name):
    """Holds what Package.swift declares against the order of the rooms."""
    found = []

    def report(text):
        found.append(Violation("Package.swift", 1, "order", text))

    for target in house.targets:
        if target.kind == "test" or target.path.startswith(("Tests/", "Samples/")):
            continue
        own = row(target)
        if own is None:
            report(f"{target.name} is in no row of Tools/house/imports.py: say where it stands")
            continue
        for name in target.dependencies:
            other = by_name.get(name)
            if other is None:
                continue
            if is_plugin(target):
                allowed = FOR_PLUGINS | FOR_ONE_PLUGIN.get(target.name, set())
                if name not in allowed:
                    report(f"{target.name} declares {name}: plugins know {', '.join(sorted(FOR_PLUGINS))} only")
            elif row(other) is not None and row(other) >= own:
                report(f"{target.name} declares {name}, which does not come before it")
            if name in SEEN_BY and target.name not in SEEN_BY[name]:
                report(f"{target.name} declares {name}, which {', '.join(sorted(SEEN_BY[name]))} alone may see")
    return found


def closures(house, by_name, exported):
    """A module that is reached through another's `@_exported import` goes stale in incremental builds: declare it."""
    found = []
    for target in house.targets:
        for name in target.dependencies:
            for module in sorted(exported.get(name, ())):
                if module in by_name and module not in target.dependencies:
                    text = f"{target.name} sees {module} through {name}, which exports it again: declare {module}"
                    found.append(Violation("Package.swift", 1, "closure", text))
    return found


def unused(house):
    """Declared and not imported anywhere: no violation (plugins have one list for all), but worth a look."""
    found = []
    for target in house.targets:
        if is_plugin(target):
            continue
        used = {module for name in house.target_files(target) for _, module, _ in imports(house, name)}
        for name in target.dependencies:
            if name not in used and target.kind != "test":
                found.append(Violation("Package.swift", 1, "unused", f"{target.name} declares {name} and imports it nowhere"))
    return found
