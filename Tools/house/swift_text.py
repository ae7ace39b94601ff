"""Swift source without its comments and strings, so that rules on words see code only.

Line numbers are kept. Code inside an interpolation `\\(…)` stays, since it is code.
"""

import re

# Where something other than plain code may begin: a comment, or a string with any number of number signs.
OPENING = re.compile(r'//|/\*|(#*)("""|")')
IN_COMMENT = re.compile(r"/\*|\*/")


def code(text):
    out = []
    _code(text, 0, out, in_interpolation=False)
    return "".join(out)


def _blank(text, start, end):
    return "\n" * text.count("\n", start, end)


def _code(text, at, out, in_interpolation):
    """Copies code from `at` on; in an interpolation, to its closing parenthesis. Gives where it stopped."""
    depth = 0
    while at < len(text):
        opening = OPENING.search(text, at)
        end = opening.start() if opening else len(text)
        if in_interpolation:
            for index in range(at, end):
                if text[index] == "(":
                    depth += 1
                elif text[index] == ")":
                    if depth == 0:
                        out.append(text[at:index])
                        return index
                    depth -= 1
        out.append(text[at:end])
        if opening is None:
            return end
        at = _skip(text, opening, out)
    return at


def _skip(text, opening, out):
    start = opening.start()
    if opening.group() == "//":
        end = text.find("\n", start)
        return len(text) if end < 0 else end
    if opening.group() == "/*":
        return _comment(text, start, out)
    return _string(text, opening, out)


def _comment(text, start, out):
    """Block comments nest in Swift."""
    depth, at = 1, start + 2
    while depth > 0:
        mark = IN_COMMENT.search(text, at)
        if mark is None:
            at = len(text)
            break
        depth += 1 if mark.group() == "/*" else -1
        at = mark.end()
    out.append(" " + _blank(text, start, at))
    return at


def _string(text, opening, out):
    signs, quote = opening.group(1), opening.group(2)
    marks = re.compile(
        re.escape(quote + signs) + "|" + re.escape("\\" + signs) + r"(\(|.)" + ("" if quote == '"""' else "|\n"), re.DOTALL
    )
    out.append('""')
    at = opening.end()
    while True:
        mark = marks.search(text, at)
        if mark is None:
            out.append(_blank(text, at, len(text)))
            return len(text)
        out.append(_blank(text, at, mark.start()))
        if mark.group(1) is None:
            if mark.group() == "\n":
                return mark.start()
            return mark.end()
        if mark.group(1) == "(":
            out.append(" ")
            at = _code(text, mark.end(), out, in_interpolation=True) + 1
            out.append(" ")
        else:
            out.append(_blank(text, mark.start(), mark.end()))
            at = mark.end()
