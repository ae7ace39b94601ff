"""Tools/setup: a toolchain that is missing or too old is named; packages are installed once, with sudo only when needed."""

import os
import shutil
import subprocess
import tempfile
import unittest

SETUP = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "setup")
SHELL = ("bash", "sed", "head", "sort", "env", "grep", "paste", "cat")
NEW = "Swift version 6.3.1 (swift-6.3.1-RELEASE)"


class Setup(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="veilscope-setup-")
        for name in SHELL:
            os.symlink(shutil.which(name), os.path.join(self.folder, name))

    def tearDown(self):
        shutil.rmtree(self.folder)

    def program(self, name, script):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!{shutil.which('bash')}\n{script}\n")
        os.chmod(path, 0o755)

    def debian(self, installed, user="0", fails=""):
        """A machine with `installed`, where installing `fails` ends badly."""
        self.program("swift", f"echo '{NEW}'")
        self.program("id", f"echo {user}")
        self.program("dpkg-query", f'for last; do :; done; case " {installed} " in *" $last "*) echo installed ;; *) exit 1 ;; esac')
        failing = f'case "$*" in *{fails}*) exit 100 ;; esac' if fails else ":"
        self.program("apt-get", f'echo "apt-get $*" >>{self.folder}/calls\n{failing}')
        self.program("sudo", f'echo sudo >>{self.folder}/calls\nexec "$@"')

    def call(self, what="run"):
        done = subprocess.run([SETUP, what], env={"PATH": self.folder}, capture_output=True, text=True, check=False)
        calls = os.path.join(self.folder, "calls")
        if not os.path.exists(calls):
            return done, []
        with open(calls, encoding="utf-8") as file:
            return done, file.read().splitlines()

    def test_missing_toolchain_is_named(self):
        done, _ = self.call()
        self.assertEqual(done.returncode, 1)
        self.assertIn("no `swift` was found", done.stderr)
        self.assertIn("https://www.swift.org/install/linux", done.stderr)

    def test_old_toolchain_is_named(self):
        self.program("swift", "echo 'Swift version 5.10.1 (swift-5.10.1-RELEASE)'")
        done, _ = self.call()
        self.assertEqual(done.returncode, 1)
        self.assertIn("`swift` on the path is 5.10", done.stderr)
        self.assertIn("https://www.swift.org/install/linux", done.stderr)

    def test_versions_are_compared_as_numbers(self):
        self.debian("git pkg-config libpcap-dev libssl-dev zlib1g-dev libzstd-dev libpsl-dev")
        self.program("swift", "echo 'Swift version 6.10 (swift-6.10-RELEASE)'")
        self.assertEqual(self.call()[0].returncode, 0)

    def test_nothing_is_installed_twice(self):
        self.debian("git pkg-config libpcap-dev libssl-dev zlib1g-dev libzstd-dev libpsl-dev")
        done, calls = self.call()
        self.assertEqual((done.returncode, calls), (0, []))

    def test_only_what_is_missing_without_sudo_for_root(self):
        self.debian("git pkg-config libpcap-dev zlib1g-dev libzstd-dev libpsl-dev")
        done, calls = self.call()
        self.assertEqual(done.returncode, 0)
        self.assertEqual(calls, ["apt-get update -q", "apt-get install -q -y --no-install-recommends libssl-dev"])

    def test_sudo_for_others(self):
        self.debian("git pkg-config libpcap-dev zlib1g-dev libzstd-dev libpsl-dev", user="1000")
        self.assertEqual(self.call()[1][0], "sudo")

    def test_needed_packages_that_cannot_be_had(self):
        self.debian("git pkg-config libpcap-dev zlib1g-dev libzstd-dev libpsl-dev", fails="install")
        done, _ = self.call()
        self.assertEqual(done.returncode, 1)
        self.assertIn("still missing, and needed to build: libssl-dev", done.stderr)

    def test_without_the_tests_extras_it_goes_on(self):
        self.debian("git pkg-config libpcap-dev libssl-dev zlib1g-dev libzstd-dev libpsl-dev python3", fails="install")
        done, _ = self.call("test")
        self.assertEqual(done.returncode, 0)
        self.assertIn("still missing: openssl tshark python3-jsonschema", done.stderr)


if __name__ == "__main__":
    unittest.main()
