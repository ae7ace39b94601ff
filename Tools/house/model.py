"""What the rules look at: the tracked files of a checkout and its package description."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from functools import cached_property

from . import swift_text

# What a check-out may hold beside its tracked files: build products and outputs.
UNTRACKED = {".build", ".git", "out", "__pycache__"}


@dataclass(frozen=True, order=True)
class Violation:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.text}"


@dataclass
class Target:
    name: str
    kind: str  # regular, executable, test, system
    path: str
    dependencies: list  # names of targets and products
    sources: list = field(default_factory=list)  # sub-folders, where the target names them


class House:
    """A checkout: its files, read once, and the targets that Package.swift declares."""

    def __init__(self, root, description=None):
        self.root = os.path.abspath(root)
        self._description = description

    @cached_property
    def description(self):
        if self._description is not None:
            return self._description
        done = subprocess.run(
            ["swift", "package", "--package-path", self.root, "dump-package"], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise SystemExit(f"lint: Package.swift cannot be read:\n{done.stderr}")
        return json.loads(done.stdout)

    @cached_property
    def files(self):
        """Every file of the checkout that git tracks or would track, as paths from its root, sorted."""
        listed = subprocess.run(
            ["git", "-C", self.root, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            capture_output=True, text=True, check=False,
        )
        if listed.returncode == 0:
            found = [name for name in listed.stdout.split("\0") if name]
        else:
            found = []
            for folder, below, names in os.walk(self.root):
                below[:] = [name for name in below if name not in UNTRACKED]
                found += [os.path.relpath(os.path.join(folder, name), self.root) for name in names]
        return sorted(name for name in set(found) if os.path.isfile(os.path.join(self.root, name)))

    def swift_files(self, *folders):
        return [
            name for name in self.files
            if name.endswith(".swift") and (not folders or name.startswith(tuple(f"{folder}/" for folder in folders)))
        ]

    def text(self, name):
        with open(os.path.join(self.root, name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def code(self, name):
        """A Swift file with comments and the text of strings blanked: lines stay where they were."""
        return swift_text.code(self.text(name))

    @cached_property
    def targets(self):
        made = []
        for entry in self.description["targets"]:
            names = []
            for dependency in entry["dependencies"]:
                for kind in ("byName", "target", "product"):
                    if kind in dependency:
                        names.append(dependency[kind][0])
            made.append(
                Target(
                    entry["name"], entry["type"], entry.get("path") or default_path(entry), names, entry.get("sources") or []
                )
            )
        return made

    def target_files(self, target):
        folders = [os.path.join(target.path, name) for name in target.sources] or [target.path]
        inside = []
        for name in self.swift_files():
            if any(name == folder or name.startswith(folder.rstrip("/") + "/") for folder in folders):
                inside.append(name)
        excluded = self._excluded.get(target.name, [])
        return [name for name in inside if not any(name.startswith(f"{folder}/") for folder in excluded)]

    @cached_property
    def _excluded(self):
        """Folders that a target leaves out, a plugin's tests for one."""
        return {
            entry["name"]: [
                os.path.join(entry.get("path") or default_path(entry), name) for name in entry.get("exclude") or []
            ]
            for entry in self.description["targets"]
        }


def default_path(entry):
    return f"{'Tests' if entry['type'] == 'test' else 'Sources'}/{entry['name']}"
