"""The rules on links of a file that has one rule a line, as `recommender rule` writes them, read without a YAML parser.

Of a hundred thousand rules libyaml's nodes take four seconds, and this half a second. Rules on pages are left to the
parser of YAML, and where anything looks unusual all is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

PAIRS = ("pin", "block", "decided")
_URL = r"/[\w/.~%+=-]*|'[^'\n]+'"
_END = r"[ ]*(?:[ ]#.*)?"
_HEAD = re.compile(rf"([a-z_]+):{_END}")
_SKIP = re.compile(r"[ ]*(?:#.*)?")
_LIST = re.compile(rf"  ({_URL}): \[((?:{_URL})(?:, (?:{_URL}))*)\]{_END}", re.ASCII)
_BOTH = re.compile(rf"  - \[({_URL}), ({_URL})\]{_END}", re.ASCII)
_ONE_WAY = re.compile(rf"  - \{{from: ({_URL}), to: ({_URL})\}}{_END}", re.ASCII)
_ITEM = re.compile(_URL, re.ASCII)
# Longer ones are no keys for libyaml.
LONGEST_KEY = 1000
# Rules on pages: one item a line that cannot go on in the next.
_PAGE = re.compile(r"""  - (?:"[^"\\]*"|'[^']*'|\{[\w /.*,:=-]*\}|[\w/.*][\w/.*-]*)[ ]*""", re.ASCII)


# A rule on links: its section, the two urls, whether it is one way, and its line from 1.
PairLine = tuple[str, str, str, bool, int]


def split(text: str) -> tuple[Sequence[PairLine], str] | None:
    """Give the rules on links in their order, and the text without them, whose other lines stay where they are.

    None where the text is not of that form.
    """
    # No tab, no carriage return, nothing that YAML takes for a line break or refuses.
    lines = text.split("\n")
    if not text.replace("\n", "").isprintable() or len(lines) < 2:
        return None
    found: list[PairLine] = []
    left: list[str] = []
    section, seen = "", set[str]()
    for number, line in enumerate(lines, 1):
        if line[:1] not in ("", " ", "#"):
            head = _HEAD.fullmatch(line)
            if head is None or head[1] in seen:
                return None
            section = head[1]
            seen.add(section)
            left.append("" if section in PAIRS else line)
        elif section in PAIRS and (rules := _rules(section, line, number)):
            found += rules
            left.append("")
        elif _SKIP.fullmatch(line):
            left.append("")
        elif section and section not in PAIRS and _PAGE.fullmatch(line):
            left.append(line)
        else:
            return None
    return found, "\n".join(left)


def _rules(section: str, line: str, number: int) -> list[PairLine]:
    """Read one line; none where it is not of the form."""
    if section != "block":
        listed = _LIST.fullmatch(line)
        if listed is None or len(listed[1]) > LONGEST_KEY:
            return []
        urls = [_url(one) for one in (listed[1], *_ITEM.findall(listed[2]))]
        return [(section, urls[0], other, False, number) for other in urls[1:]] if all(urls) else []
    pair = _BOTH.fullmatch(line)
    one_way = None if pair else _ONE_WAY.fullmatch(line)
    ends = pair or one_way
    if ends is None:
        return []
    own, other = _url(ends[1]), _url(ends[2])
    return [(section, own, other, pair is None, number)] if own and other else []


def _url(written: str) -> str:
    """Give what YAML reads there, "" where that is no url."""
    return written[1:-1].strip() if written.startswith("'") else written
