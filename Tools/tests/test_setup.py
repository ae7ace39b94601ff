"""Tools/setup names a missing or too old toolchain, and where to get one."""

import os
import stat
import subprocess
import tempfile
import unittest

SETUP = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "setup")


class Setup(unittest.TestCase):
    def call(self, swift):
        """With `swift` as the only toolchain on the path: its text, or None."""
        with tempfile.TemporaryDirectory() as folder:
            for name in ("bash", "sed", "head", "sort", "printf", "env"):
                os.symlink(next(f"{place}/{name}" for place in ("/bin", "/usr/bin") if os.path.exists(f"{place}/{name}")),
                           os.path.join(folder, name))
            if swift is not None:
                path = os.path.join(folder, "swift")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(f"#!/bin/bash\necho '{swift}'\n")
                os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
            return subprocess.run([SETUP], env={"PATH": folder}, capture_output=True, text=True, check=False)

    def test_missing_toolchain_is_named(self):
        done = self.call(None)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no `swift` was found", done.stderr)
        self.assertIn("https://www.swift.org/install/linux", done.stderr)

    def test_old_toolchain_is_named(self):
        done = self.call("Swift version 5.10.1 (swift-5.10.1-RELEASE)")
        self.assertEqual(done.returncode, 1)
        self.assertIn("`swift` on the path is 5.10", done.stderr)
        self.assertIn("https://www.swift.org/install/linux", done.stderr)

    def test_versions_are_compared_as_numbers(self):
        done = self.call("Swift version 6.10 (swift-6.10-RELEASE)")
        self.assertNotIn("needed; `swift` on the path", done.stderr)


if __name__ == "__main__":
    unittest.main()
