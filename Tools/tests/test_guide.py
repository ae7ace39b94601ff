"""The guide to plugins shows the files of Samples/third-party-plugin as they are, and the small plugin is small."""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGE = "Samples/third-party-plugin"
GUIDE = os.path.join(ROOT, "Documentation", "guides", "write-a-plugin.md")
BLOCK = re.compile(r"^`(?P<path>[^`\n]+)`:\n\n```swift\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Guide(unittest.TestCase):
    def setUp(self):
        self.blocks = {found["path"]: found["code"] for found in BLOCK.finditer(read(GUIDE))}

    def test_blocks_are_the_files(self):
        for path, code in self.blocks.items():
            self.assertEqual(code, read(os.path.join(ROOT, path)), f"the guide's block of {path} is not the file")

    def test_every_file_and_nothing_else_is_shown(self):
        files = []
        for folder, folders, names in os.walk(os.path.join(ROOT, PACKAGE)):
            folders[:] = [name for name in folders if not name.startswith(".")]
            files += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names if name.endswith(".swift")]
        self.assertEqual(sorted(self.blocks), sorted(files))
        self.assertEqual(read(GUIDE).count("```swift"), len(files), "a block of code without the name of its file")

    def test_a_small_plugin_has_thirty_lines_or_fewer(self):
        lines = self.blocks[f"{PACKAGE}/Sources/BitmessagePlugin/BitmessageDiscovery.swift"].count("\n")
        self.assertLessEqual(lines, 30)


if __name__ == "__main__":
    unittest.main()
