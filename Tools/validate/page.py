"""Documentation/validation.md: the figures reached, and each row still missed with its reason. No time, no machine."""

import collections

import figures as rows

HEAD = """# Validation

Made by `make validate CORPUS=…` (Tools/validate) from a corpus of captures that other projects published, with what those
projects say is in them. The corpus is no part of this repository, and nothing is tuned to a single capture's name, address
or port. A row is what one source expects of one flow; most labels rest on one or two captures, so a share says something
only where there are several, and the rows missed are listed one by one.
"""


def percent(tally):
    return "–" if tally.share is None else f"{100 * tally.share:.2f} %"


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def table(head, body):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in body]
    return "\n".join(lines) + "\n"


def write(path, corpus, results, figures, agreement, tools, struck, rates, tshark_version):
    parts = [HEAD, runs(corpus, results), fingerprints(figures), labels(figures, tools), negatives(figures, struck)]
    if agreement is not None:
        parts.append(tshark(agreement, tshark_version))
    parts.append(errors(rates))
    parts.append(missed(figures))
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts))


def runs(corpus, results):
    counts = collections.Counter(str(status) for status in results.statuses.values())
    meaning = {"0": "done", "3": "done, with damage or a limit reported", "65": "not a capture", "hung": "did not end in time"}
    normal = sum(corpus.is_normal(capture) for capture in corpus.captures)
    body = [(status, meaning.get(status, "a crash"), count) for status, count in sorted(counts.items())]
    text = f"""
## Captures

{len(corpus.captures)} captures, {normal} of them normal, the others malformed (manifest SHA-256 `{corpus.digest}`).

{table(("status", "meaning", "captures"), body)}"""
    bad = results.crashed + results.hung
    if bad:
        text += "\n" + table(
            ("capture", "status", "said"), [(name, results.statuses[name], results.complaints[name].split(name + ": ", 1)[-1]) for name in bad]
        )
    else:
        text += "\nNo crash and no hang.\n"
    odd = [name for name in corpus.captures if corpus.is_normal(name) and results.statuses[name] == 65]
    if odd:
        text += "\nNormal captures that were not read:\n\n" + table(
            ("capture", "said"), [(name, results.complaints[name].split(name + ": ", 1)[-1]) for name in odd]
        )
    return text


def fingerprints(figures):
    body = []
    for name, aim in rows.FIELDS.items():
        tally = figures.fingerprints[(name, rows.COMPARABLE)]
        reached = "" if aim is None or tally.share is None else ("reached" if tally.share >= aim else "not reached")
        body.append((name, tally.total, tally.found, percent(tally), "" if aim is None else f"{100 * aim:.1f} %", reached))
    apart = [
        (name, kind, figures.fingerprints[(name, kind)].total, figures.fingerprints[(name, kind)].found)
        for name in rows.FIELDS
        for kind in rows.CLASSES[1:]
        if (name, kind) in figures.fingerprints
    ]
    return f"""
## Fingerprints, names, certificates

Comparable rows: TCP flows that begin with TLS, with a protocol that turns to it (STARTTLS) or with SSH, by the first bytes
that tshark gives for the stream.

{table(("field", "rows", "equal", "share", "aim", ""), body)}
Apart from them:

{table(("field", "class", "rows", "equal"), apart)}"""


def labels(figures, tools):
    by_label = collections.defaultdict(dict)
    for (label, kind), tally in figures.labels.items():
        by_label[label][kind] = tally
    body, others = [], collections.Counter()
    for label, kinds in sorted(by_label.items()):
        total = sum(tally.total for tally in kinds.values())
        if label not in tools:
            others[label] += total
            continue
        found = sum(tally.found for tally in kinds.values())
        split = ", ".join(f"{kind} {tally.found} of {tally.total}" for kind, tally in sorted(kinds.items()))
        body.append((label, total, found, len(figures.label_captures[label]), split))
    rest = ", ".join(f"{label} {count}" for label, count in sorted(others.items()))
    return f"""
## Tools

Core rows of the labels that a rule can indicate.

{table(("label", "rows", "found", "captures", "by kind"), body)}
Rows of labels that no rule indicates yet: {rest or "none"}.
"""


def negatives(figures, struck):
    text = f"""
## Negatives

{figures.negatives} captures in which none of the tools occurs, {figures.negatives_left} after {len(struck)} struck (a reader showed
them to hold a tool), with {figures.negative_flows} flows. Strong or conclusive indications there, all of them false:
{len(figures.false_findings)}.
"""
    if struck:
        text += "\n" + table(("struck", "evidence"), sorted(struck.items()))
    if figures.false_findings:
        text += "\n" + table(
            ("tool", "capture", "flow"), [(miss.what, miss.capture, miss.flow) for miss in sorted(figures.false_findings)]
        )
    return text


def tshark(agreement, version):
    by_class = collections.defaultdict(list)
    for kind, capture, text, reason in agreement.differences:
        by_class[kind].append((capture, text, reason))
    body = [
        (kind, len(found), sum(bool(reason) for _, _, reason in found), len({capture for capture, _, _ in found}))
        for kind, found in sorted(by_class.items())
    ]
    text = f"""
## Agreement with tshark

tshark {version}, {agreement.captures} normal captures: {agreement.frames} frames counted, {agreement.offsets} frame
numbers and offsets of flow records, {agreement.streams} TCP streams with their packets and payload bytes.
{len(agreement.differences)} differences, {len(agreement.unexplained)} of them without a reason.
"""
    if body:
        text += "\n" + table(("difference", "number", "explained", "captures"), body)
    reasons = collections.Counter((kind, reason) for kind, _, _, reason in agreement.differences if reason)
    if reasons:
        text += "\n" + table(
            ("difference", "reason", "number"), [(kind, reason, count) for (kind, reason), count in sorted(reasons.items())]
        )
    if agreement.unexplained:
        text += "\nTo be explained:\n\n" + table(("difference", "capture", "what"), [row[:3] for row in agreement.unexplained])
    if agreement.unreadable:
        text += "\nNot read by tshark: " + ", ".join(capture for capture, _ in agreement.unreadable) + ".\n"
    return text


def errors(rates):
    body = [
        (
            rule, row["tool"], f"{row['found']} of {row['labelled']}", f"{row['false_findings']} of {row['negatives']}",
            f"{row['false_rate_bound_ppm']} ppm",
        )
        for rule, row in sorted(rates["rules"].items())
    ]
    return f"""
## Error figures of the rules

How often a version of a rule found a labelled flow of its tool, and on how many flows of the negatives it gave a finding,
however certain, with the upper bound of that rate (one-sided 95 %, Clopper and Pearson). They say how the rule did on these
captures. They say nothing of how common a tool is, and so not how probable it is that one given finding is right.

{table(("rule / version", "tool", "found", "false", "bound"), body)}"""


def missed(figures):
    """Rows that a class sets apart are counted by capture, the others listed one by one."""
    listed = sorted(figures.label_misses) + sorted(figures.fingerprint_misses)
    if not listed:
        return "\n## Rows still missed\n\nNone.\n"
    by_reason = collections.Counter(miss.reason for miss in listed)
    text = "\n## Rows still missed\n\n" + table(
        ("reason", "rows"), sorted(by_reason.items(), key=lambda item: (-item[1], item[0]))
    )
    single = [miss for miss in listed if miss.reason not in rows.CLASSES]
    if single:
        text += "\n" + table(
            ("label or field", "capture", "flow", "expected", "reason"),
            [(miss.what, miss.capture, miss.flow, miss.text, miss.reason) for miss in single],
        )
    apart = collections.defaultdict(collections.Counter)
    for miss in listed:
        if miss.reason in rows.CLASSES:
            apart[(miss.reason, miss.what)][miss.capture] += 1
    if apart:
        text += "\nSet apart, by class:\n\n" + table(
            ("class", "field", "captures (rows)"),
            [
                (kind, what, ", ".join(f"{capture} ({count})" for capture, count in sorted(captures.items())))
                for (kind, what), captures in sorted(apart.items())
            ],
        )
    return text
