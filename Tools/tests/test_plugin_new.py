"""`make plugin NAME=`: what is laid out, and the three lines, in a small house made for the test."""

import contextlib
import importlib.machinery
import importlib.util
import os
import shutil
import struct
import sys
import tempfile
import unittest

TOOLS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

PACKAGE = 'let plugins = ["OpenVPN", "TLS"]\nlet other = 1\n'
SHIPPED = """// The list.

import OpenVPNPlugin
import PluginKit
import TLSPlugin

public let shipped = PluginCatalog {
  OpenVPN.self
  TLS.self
}
"""


class PluginNew(unittest.TestCase):
    def setUp(self):
        loader = importlib.machinery.SourceFileLoader("plugin_new", os.path.join(TOOLS, "plugin-new"))
        spec = importlib.util.spec_from_loader("plugin_new", loader)
        self.script = importlib.util.module_from_spec(spec)
        loader.exec_module(self.script)
        self.root = tempfile.mkdtemp(prefix="veilscope-plugin-")
        self.script.ROOT = self.root
        self.write("Package.swift", PACKAGE)
        self.write("Sources/ShippedPlugins/ShippedPlugins.swift", SHIPPED)
        self.write("Documentation/labels.md", "| `proxy` | `socks` |\n| `p2p` | `ares` |\n")

    def tearDown(self):
        shutil.rmtree(self.root)

    def write(self, name, text):
        self.script.write(os.path.join(self.root, name), text)

    def read(self, name):
        return self.script.read(os.path.join(self.root, name))

    def make(self, *arguments):
        before = sys.argv
        sys.argv = ["plugin-new", *arguments]
        try:
            with open(os.devnull, "w", encoding="utf-8") as sys.stdout, contextlib.redirect_stderr(sys.stdout):
                self.script.main()
        finally:
            sys.argv, sys.stdout = before, sys.__stdout__

    def test_three_lines(self):
        self.make("Gopher")
        self.assertIn('let plugins = ["Gopher", "OpenVPN", "TLS"]\nlet other', self.read("Package.swift"))
        shipped = self.read("Sources/ShippedPlugins/ShippedPlugins.swift")
        self.assertIn("\nimport GopherPlugin\nimport OpenVPNPlugin\nimport PluginKit\nimport TLSPlugin\n\npublic", shipped)
        self.assertIn("PluginCatalog {\n  Gopher.self\n  OpenVPN.self\n  TLS.self\n}", shipped)
        self.assertIn("| `proxy` | `socks` `gopher` |", self.read("Documentation/labels.md"))

    def test_no_placeholder_is_left(self):
        for kind in ("datagram", "stream"):
            with self.subTest(kind):
                self.make_without_placeholders(kind)
                shutil.rmtree(os.path.join(self.root, "Plugins"))

    def make_without_placeholders(self, kind):
        self.make("Gopher", "p2p", "--kind", kind)
        names = []
        for folder, _, files in os.walk(os.path.join(self.root, "Plugins")):
            for file in files:
                names.append(os.path.relpath(os.path.join(folder, file), self.root))
                if not file.endswith(".pcap"):
                    text = self.read(names[-1])
                    for placeholder in ("NAME", "IDENT", "FAMILY", "MAGIC", "CONSTANT", "UUID"):
                        self.assertNotIn(placeholder, text, names[-1])
        self.assertEqual(sorted(names), [
            "Plugins/Gopher/Cases/greeting/README.md", "Plugins/Gopher/Cases/greeting/capture.pcap",
            "Plugins/Gopher/Cases/greeting/warrant.json", "Plugins/Gopher/Gopher.swift", "Plugins/Gopher/README.md",
            "Plugins/Gopher/Tests/GopherTests.swift",
        ])

    def test_a_stream_plugin_reads_tcp(self):
        self.make("Gopher", "--kind", "stream")
        source = self.read("Plugins/Gopher/Gopher.swift")
        self.assertIn("struct Gopher: StreamPlugin", source)
        self.assertIn("transports: [.tcp]", source)
        self.assertIn("Exchange.tcp", self.read("Plugins/Gopher/Tests/GopherTests.swift"))

    def test_the_captures_are_whole(self):
        """Every checksum is right, and a connection acknowledges what was sent."""
        for make, protocol, count in ((self.script.datagrams, 17, 2), (self.script.connection, 6, 8)):
            data = make([b"greeting", b"answer!"])
            at, packets = 24, []
            while at < len(data):
                length = struct.unpack_from("<I", data, at + 8)[0]
                packets.append(data[at + 16 + 14 : at + 16 + length])
                at += 16 + length
            self.assertEqual(len(packets), count)
            for packet in packets:
                total = struct.unpack_from(">H", packet, 2)[0]
                self.assertEqual(packet[9], protocol)
                self.assertEqual(self.script.checksum(packet[:20]), b"\0\0")
                if protocol == 6:
                    pseudo = packet[12:20] + struct.pack(">BBH", 0, 6, total - 20)
                    self.assertEqual(self.script.checksum(pseudo + packet[20:total]), b"\0\0")
        client = [packet for packet in packets if packet[15] == 1]
        server = [packet for packet in packets if packet[15] == 2]
        # The last packet acknowledges all that the server sent, SYN and FIN included.
        self.assertEqual(struct.unpack_from(">I", client[-1], 28)[0], 5000 + 1 + len(b"answer!") + 1)
        self.assertEqual(struct.unpack_from(">I", server[-1], 28)[0], 1000 + 1 + len(b"greeting") + 1)

    def test_refusals(self):
        self.make("Gopher")
        for arguments in (
            ("gopher",), ("Gopher-Two",), ("Gopher",), ("Other", "nonsense"), ("Other", "--kind", "carrier-pigeon"), (),
        ):
            with self.assertRaises(SystemExit):
                self.make(*arguments)


if __name__ == "__main__":
    unittest.main()
