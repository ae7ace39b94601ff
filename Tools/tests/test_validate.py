"""What `make validate` counts, on rows made for the purpose."""

import json
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "validate"))

import agreement  # noqa: E402
import corpus  # noqa: E402
import figures  # noqa: E402
import rates  # noqa: E402
import tshark  # noqa: E402

FLOW = {"capture": "a.pcap", "proto": "tcp", "src": "192.0.2.1", "sport": 40000, "dst": "192.0.2.2", "dport": 443}


def flows(*rows):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", delete=False) as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
    try:
        return corpus.Flows(file.name)
    finally:
        os.remove(file.name)


class Matching(unittest.TestCase):
    def test_direction_does_not_matter(self):
        turned = dict(FLOW, src=FLOW["dst"], sport=443, dst=FLOW["src"], dport=40000)
        self.assertEqual(len(flows(FLOW).matching(turned)), 1)

    def test_port_zero_matches_any_port_of_the_same_hosts(self):
        self.assertEqual(len(flows(FLOW).matching(dict(FLOW, sport=0, dport=0))), 1)
        self.assertEqual(len(flows(FLOW).matching(dict(FLOW, sport=0, dport=80))), 0)

    def test_another_transport_does_not_match(self):
        self.assertEqual(len(flows(FLOW).matching(dict(FLOW, proto="udp"))), 0)
        self.assertEqual(len(flows(FLOW).matching(dict(FLOW, proto="any"))), 1)

    def test_addresses_are_compared_in_one_form(self):
        long = dict(FLOW, src="2001:0db8:0000::0001", dst="2001:db8::2")
        self.assertEqual(len(flows(long).matching(dict(FLOW, src="2001:db8::1", dst="2001:db8:0::2"))), 1)


class Beginnings(unittest.TestCase):
    def test_first_bytes(self):
        for expected, sides in [
            ("tls", ["160301020001"]), ("tls", ["802b0103"]), ("starttls", [b"220 mail".hex(), b"EHLO".hex()]),
            ("starttls", ["0000000804d2162f"]), ("inside", ["050100", "0500"]), ("inside", [b"CONNECT a:443".hex()]),
            ("other", [b"GET / HTTP/1.1".hex()]), (None, []),
            ("ssh", ["", b"SSH-2.0-a".hex()]),
        ]:
            self.assertEqual(figures.begins_with(sides), expected, sides)

    def test_classes_of_rows(self):
        row = dict(FLOW, source="ndpi", field="ja3", value="x")
        self.assertEqual(figures.classify(dict(row, source="ndpi-suspect"), [{"proto": "tcp"}], "tls"), figures.SUSPECT)
        self.assertEqual(figures.classify(dict(row, agree=False), [{"proto": "tcp"}], "tls"), figures.DISPUTED)
        self.assertEqual(figures.classify(dict(row, proto="any"), [{"proto": "udp"}], None), figures.UDP)
        self.assertEqual(figures.classify(row, [{"proto": "tcp"}], "inside"), figures.INSIDE)
        self.assertEqual(figures.classify(row, [{"proto": "tcp"}], "tls"), figures.COMPARABLE)
        self.assertEqual(figures.classify(dict(row, field="hassh"), [{"proto": "tcp"}], "ssh"), figures.COMPARABLE)
        self.assertEqual(figures.classify(dict(row, field="hassh"), [], None), figures.NO_STREAM)


class Bounds(unittest.TestCase):
    def test_no_error_in_n(self):
        # Closed form for no error: 1 - 0.05^(1/n).
        for trials in (1, 59, 6570):
            self.assertAlmostEqual(rates.upper_bound(0, trials), 1 - 0.05 ** (1 / trials), places=9)

    def test_some_errors(self):
        # The bound is where at most that many errors have probability 0.05: summed here term by term.
        bound = rates.upper_bound(2, 100)
        total = (1 - bound) ** 100 + 100 * bound * (1 - bound) ** 99 + 4950 * bound**2 * (1 - bound) ** 98
        self.assertAlmostEqual(total, 0.05, places=9)

    def test_nothing_measured_bounds_nothing(self):
        self.assertEqual(rates.upper_bound(0, 0), 1.0)


class Readings(unittest.TestCase):
    def line(self, **values):
        return "\t".join(values.get(field.replace(".", "_"), "") for field in tshark.FIELDS)

    def frame(self, number, offset, source, target, ports, length, payload=""):
        return self.line(
            frame_number=str(number), frame_file_off=str(offset), frame_time_epoch="1.000000001",
            frame_protocols="eth:ethertype:ip:tcp", ip_src=source, ip_dst=target, tcp_stream="0", tcp_srcport=ports[0],
            tcp_dstport=ports[1], tcp_len=str(length), tcp_payload=payload,
        )

    def reading(self):
        return tshark.gather("\n".join([
            self.frame(1, 24, "192.0.2.1", "192.0.2.2", ("40000", "443"), 3, "160301"),
            self.frame(2, 100, "192.0.2.2", "192.0.2.1", ("443", "40000"), 2, "1603"),
        ]))

    def record(self, **changes):
        return {
            "flow": {
                "transport": "tcp", "initiator": {"address": "192.0.2.1", "port": 40000},
                "responder": {"address": "192.0.2.2", "port": 443},
            },
            "first_frame": {"number": 1, "offset": 24}, "last_frame": {"number": 2, "offset": 100},
            "from_initiator": {"packets": 1, "payload": 3}, "from_responder": {"packets": 1, "payload": 2}, **changes,
        }

    def differences(self, *records, frames=2):
        found = agreement.Agreement()
        document = {"evidence": [{"frames": frames}]}
        agreement.compare("a.pcap", self.reading(), list(records), document, figures.Reasons(""), found)
        return [kind for kind, _, _, _ in found.differences]

    def test_agreement(self):
        self.assertEqual(self.differences(self.record()), [])

    def test_each_difference_is_seen(self):
        self.assertEqual(self.differences(self.record(), frames=3), ["frames"])
        self.assertEqual(self.differences(self.record(last_frame={"number": 2, "offset": 101})), ["offset"])
        self.assertEqual(self.differences(self.record(last_frame={"number": 9, "offset": 100})), ["frame number"])
        self.assertEqual(self.differences(self.record(from_initiator={"packets": 2, "payload": 3})), ["stream packets"])
        self.assertEqual(self.differences(self.record(from_initiator={"packets": 1, "payload": 4})), ["stream bytes"])
        self.assertEqual(self.differences(), ["stream not seen"])
        half = {"from_initiator": {"packets": 1, "payload": 3}, "from_responder": {"packets": 0, "payload": 0}}
        rest = {"from_initiator": {"packets": 0, "payload": 0}, "from_responder": {"packets": 1, "payload": 2}}
        self.assertEqual(self.differences(self.record(**half), self.record(**rest)), ["stream count"])

    def test_first_bytes_of_both_sides_are_kept(self):
        begins = self.reading()["streams"][0]["begins"]
        self.assertEqual([payload for _, payload in begins], ["160301", "1603"])

    def test_times_are_exact(self):
        self.assertEqual(tshark.nanoseconds("1470104373.025824001"), 1470104373025824001)
        self.assertEqual(tshark.nanoseconds("-1.5"), -1500000000)


if __name__ == "__main__":
    unittest.main()
