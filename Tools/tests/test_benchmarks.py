"""The generator of captures gives the same bytes each time, and the floor counts what it wrote."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import unittest

BENCHMARKS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "Benchmarks")


@unittest.skipUnless(shutil.which("cc") or shutil.which("clang"), "no C compiler")
class Captures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="veilscope-bench-")
        compiler = shutil.which("cc") or shutil.which("clang")
        for name, sources in (("captures", ("captures.c", "frames.c", "messages.c")), ("floor", ("floor.c",))):
            paths = [os.path.join(BENCHMARKS, source) for source in sources]
            command = [compiler, "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-o", os.path.join(cls.folder, name)]
            subprocess.run(command + paths, check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def make(self, kind, name):
        path = os.path.join(self.folder, name)
        command = [os.path.join(self.folder, "captures"), kind, path, "1000000"]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest(), int(re.search(r"(\d+) frames", said)[1]), path

    def test_same_bytes(self):
        for kind in ("mixed", "elephant", "tiny"):
            self.assertEqual(self.make(kind, "one")[0], self.make(kind, "other")[0], kind)

    def test_floor_counts_every_frame(self):
        for kind in ("mixed", "elephant", "tiny"):
            _, frames, path = self.make(kind, "counted")
            said = subprocess.run([os.path.join(self.folder, "floor"), path], check=True, capture_output=True, text=True).stdout
            self.assertIn(f"packets {frames} ", said)
            self.assertIn("others 0 ", said)


if __name__ == "__main__":
    unittest.main()
