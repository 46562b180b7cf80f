"""Whether the site shows an article, from which day to which, and what else the rules say of it, whatever the day."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from recommender.dates import iso

# Days before and after all others: what no date decides has these.
FIRST, LAST = -(2**31), 2**31 - 1
VISIBLE, GONE, TO_COME = 0, 1, 2
_DATED = re.compile(r"([<>])(-?[0-9]{1,10}) (.*)", re.ASCII)


class Visibility(NamedTuple):
    """What the rules of a site make of one article: facts of its file alone, so that each day can decide by itself.

    It is shown from the day ``first`` to the day ``last``, counted from 1970-01-01 in UTC; ``to_come`` and ``gone``
    name the key of that date, or what hides it before and after all dates: then ``first`` is ``LAST``, or ``last`` is
    ``FIRST``. ``never`` are the rules that bar it as a target of new links, ``no_list`` those that give it no list.
    """

    first: int = FIRST
    to_come: str = ""
    last: int = LAST
    gone: str = ""
    never: tuple[str, ...] = ()
    no_list: tuple[str, ...] = ()

    def state(self, day: int) -> int:
        """Tell whether the article is gone for good on a day, still to come (or unlisted), or visible."""
        return GONE if day > self.last else TO_COME if day < self.first else VISIBLE

    def reason(self, state: int) -> str:
        """Say what puts the article into a state; "" for a visible one."""
        if state == GONE:
            return self.gone if self.last == FIRST else f"{self.gone}: {iso(self.last)} is past"
        if state == TO_COME:
            return self.to_come if self.first == LAST else f"{self.to_come}: {iso(self.first)} is to come"
        return ""

    def written(self) -> str:
        """Write it as one text, "" where nothing is said."""
        lines = [f">{self.first} {self.to_come}"] if self.to_come else []
        lines += [f"<{self.last} {self.gone}"] if self.gone else []
        lines += [f"!{rule}" for rule in self.never]
        lines += [f"-{rule}" for rule in self.no_list]
        return "\n".join(lines)


ALWAYS = Visibility()


@lru_cache(8192)
def read_visibility(text: str) -> Visibility:
    """Read what ``written`` wrote; lines that it never writes say nothing."""
    found = ALWAYS
    for line in text.split("\n") if text else ():
        dated = _DATED.fullmatch(line)
        if dated and dated[1] == ">":
            found = found._replace(first=int(dated[2]), to_come=dated[3])
        elif dated:
            found = found._replace(last=int(dated[2]), gone=dated[3])
        elif line.startswith("!"):
            found = found._replace(never=(*found.never, line[1:]))
        elif line.startswith("-"):
            found = found._replace(no_list=(*found.no_list, line[1:]))
    return found
