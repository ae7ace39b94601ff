"""Every reader of whole inputs has a fuzz target, or a reason why not (Fuzz/readers.tsv)."""

import glob
import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Functions that take an input whole, by the names that this code gives them.
READER = re.compile(
    r"(?:static func (?:parse|read|decode\w*)|init\??|mutating func add)\(\s*(?:_ )?\w+(?: \w+)?: (?:\[UInt8\]|RawSpan)"
)
TYPE = re.compile(
    r"^(?:public |@\w+ |final |indirect |fileprivate |private )*(?:struct|enum|class|extension|actor) (\w+)", re.M
)


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def readers():
    """Room and type of each reader in Sources."""
    found = set()
    for path in glob.glob(os.path.join(ROOT, "Sources", "**", "*.swift"), recursive=True):
        code = text(path)
        for reader in READER.finditer(code):
            types = TYPE.findall(code[: reader.start()])
            found.add(f"{os.path.relpath(path, ROOT).split(os.sep)[1]}/{types[-1]}")
    return found


def rows():
    lines = text(os.path.join(ROOT, "Fuzz", "readers.tsv")).splitlines()
    return {line.split("\t")[0]: line.split("\t")[1:] for line in lines if not line.startswith("#")}


def targets():
    """Names of the targets, as far as they can be told without a build."""
    code = "".join(text(path) for path in glob.glob(os.path.join(ROOT, "Fuzz", "Sources", "FuzzTargets", "*.swift")))
    names = set(re.findall(r'FuzzTarget\("([a-z-]+)"', code)) | {"link-1"}
    for path in glob.glob(os.path.join(ROOT, "Plugins", "*", "*.swift")):
        for identifier in re.findall(r'Manifest\(\s*"([\w-]+)"', text(path)):
            names |= {f"plugin-{identifier}-datagrams", f"plugin-{identifier}-stream"}
    return names


class Readers(unittest.TestCase):
    def test_each_has_a_row(self):
        self.assertEqual(readers(), set(rows()), "Fuzz/readers.tsv names each reader and no other")

    def test_each_row_names_a_target_or_a_reason(self):
        known = targets()
        for reader, columns in rows().items():
            with self.subTest(reader):
                if columns[0] == "-":
                    self.assertGreater(len(columns[1]), 10)
                else:
                    self.assertLessEqual(set(columns[0].split()), known)


if __name__ == "__main__":
    unittest.main()
