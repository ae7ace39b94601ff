"""Runs the release binary on every capture of a corpus, each in a process of its own, and keeps what came of it."""

import csv
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

# Seconds a capture may take. The largest of the corpus has a few thousand packets: what needs longer hangs.
TIMEOUT = 60
# What is no crash: done, done with something reported, not a capture.
STATUSES = (0, 3, 65)

WARRANT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "warrant.json")


class Results:
    """A folder with `flows/`, `findings/` and `status.tsv`: for each capture its status and what stood on standard error."""

    def __init__(self, folder):
        self.folder = folder
        self.statuses = {}
        self.complaints = {}
        for name in ("flows", "findings"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)

    def flows(self, capture):
        return os.path.join(self.folder, "flows", f"{capture}.jsonl")

    def findings(self, capture):
        return os.path.join(self.folder, "findings", f"{capture}.json")

    def record(self, capture):
        """The custody record, which the program writes beside the findings."""
        return os.path.join(self.folder, "findings", f"{capture}.custody.jsonl")

    @property
    def all_flows(self):
        return os.path.join(self.folder, "flows.jsonl")

    @property
    def crashed(self):
        return [capture for capture, status in sorted(self.statuses.items()) if status not in STATUSES and status != "hung"]

    @property
    def hung(self):
        return [capture for capture, status in sorted(self.statuses.items()) if status == "hung"]

    def load(self):
        with open(os.path.join(self.folder, "status.tsv"), encoding="utf-8", newline="") as file:
            for capture, status, complaint in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                self.statuses[capture] = status if status == "hung" else int(status)
                self.complaints[capture] = complaint

    def save(self):
        with open(os.path.join(self.folder, "status.tsv"), "w", encoding="utf-8") as file:
            for capture in sorted(self.statuses):
                file.write(f"{capture}\t{self.statuses[capture]}\t{self.complaints[capture]}\n")


def run(binary, corpus, folder, jobs):
    results = Results(folder)
    started = time.monotonic()
    binary = os.path.abspath(binary)

    def one(capture):
        for path in (results.flows(capture), results.findings(capture), results.record(capture)):
            if os.path.exists(path):
                os.remove(path)
        command = [
            binary, "analyze", corpus.path(capture), "--warrant", WARRANT, "--quiet",
            "--output", results.findings(capture), "--flows", results.flows(capture),
        ]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            return capture, "hung", ""
        complaint = done.stderr.decode(errors="replace").strip().split("\n")[0].replace("\t", " ")
        return capture, done.returncode, complaint

    with ThreadPoolExecutor(jobs) as pool:
        for capture, status, complaint in pool.map(one, corpus.captures):
            results.statuses[capture] = status
            results.complaints[capture] = complaint
    results.save()
    with open(results.all_flows, "wb") as whole:
        for capture in corpus.captures:
            if os.path.exists(results.flows(capture)):
                with open(results.flows(capture), "rb") as part:
                    whole.write(part.read())
    print(f"analysed {len(results.statuses)} captures in {time.monotonic() - started:.0f} s", flush=True)
    return results
