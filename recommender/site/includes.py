"""Texts that another file of the site holds: put in the place of the line that names it, as the generator does.

Bounded in depth, number and size; a path never leads out of the site, not by a link either.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import NamedTuple

from recommender.errors import FileProblem
from recommender.markdown.formats import read_front
from recommender.markdown.front_matter import text_at
from recommender.markdown.yaml_nodes import Value
from recommender.presets import Include
from recommender.site.files import MAX_BYTES, read_bytes
from recommender.site_settings import PageSettings

DEEPEST, MOST = 8, 200
_TEXT = (".md", ".mdx", ".markdown", ".txt")
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)


class Taken(NamedTuple):
    """A file that was taken in, its path below the content; ``state`` is its size, times and inode, () for none there.

    ``whole`` tells that it holds all of the page's text.
    """

    path: str
    state: tuple[int, ...]
    whole: bool = False


@dataclass(frozen=True)
class Expanded:
    """A page's text with those that it takes in, the files they come from, and what could not be taken in."""

    body: str
    taken: tuple[Taken, ...] = ()
    problems: tuple[str, ...] = ()


def state_of(path: str) -> tuple[int, ...]:
    """Take what tells a changed file from what the system says of it; () where there is none."""
    try:
        info = os.stat(path)
    except OSError:
        return ()
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino


def expand(places: tuple[str, str], path: str, values: Mapping[str, Value], body: str, pages: PageSettings) -> Expanded:
    """Give the text of a page with the texts of the files that it names; of what cannot be read nothing, and why.

    ``places`` are the folder of the site, which no path leaves, and that of its content.
    """
    site, content = places
    work = _Work(os.path.realpath(site), content, pages.includes)
    file = os.path.join(content, path)
    source = text_at(values, pages.source_key).strip() if pages.source_key else ""
    if source and source.lower().endswith(_TEXT):
        body = work.take(os.path.join(content, source.lstrip("/")), (file,), whole=True) or body
    elif pages.includes:
        body = work.expand(body, (file,))
    return Expanded(body, tuple(dict.fromkeys(work.taken)), tuple(dict.fromkeys(work.problems)))


@dataclass
class _Work:
    site: str
    content: str
    includes: Sequence[Include]
    taken: list[Taken] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    size: int = 0

    def expand(self, body: str, above: tuple[str, ...]) -> str:
        """Expand what stands outside of fenced code in the last of some files, each of which includes the next."""
        for include in self.includes:
            pattern, components = _compiled(include.pattern), dict[str, str]()
            if not pattern.search(body):
                continue
            put = partial(self._put, include, above, components)
            body = _outside_of_code(body, partial(pattern.sub, put))
            for name, text in components.items():
                used = re.compile(rf"<{name}\b[^<>]*?(?:/>|>.*?</{name}>)", re.DOTALL)
                body = _outside_of_code(body, partial(used.sub, partial(_always, text)))
        return body

    def _put(self, include: Include, above: tuple[str, ...], components: dict[str, str], found: re.Match[str]) -> str:
        """Give what stands in the place of a line that names a file; a component stands where it is used."""
        target = self._find(found["path"], above[-1], include.bases)
        if not target:
            return found[0]
        name, text = found.groupdict().get("name"), self.take(target, above)
        if name is None:
            return text
        components[name] = text
        return ""

    def _find(self, path: str, file: str, bases: Sequence[str]) -> str:
        """Give the file that a path means: the first that is there, else the first that might be; "" for no text."""
        if not path.lower().endswith(_TEXT):
            return ""
        folders = {"file": os.path.dirname(file), "content": self.content, "site": self.site}
        path = path.removeprefix("@site/").lstrip("/")
        places = [
            os.path.normpath(os.path.join(folders.get(base, os.path.join(self.content, base)), path)) for base in bases
        ]
        return next((place for place in places if os.path.lexists(place)), places[0])

    def take(self, file: str, above: tuple[str, ...], *, whole: bool = False) -> str:
        """Give the text of a file, expanded in turn; "" and a problem where it cannot be had."""
        file = os.path.normpath(file)
        name = os.path.relpath(file, self.content).replace(os.sep, "/")
        if file in above:
            return self._refuse(name, "it includes itself")
        if len(above) > DEEPEST or len(self.taken) >= MOST:
            return self._refuse(name, f"more than {DEEPEST} files deep or {MOST} in all")
        if not os.path.realpath(file).startswith(os.path.join(self.site, "")):
            return self._refuse(name, "it is outside of the site")
        self.taken.append(Taken(name, state_of(file), whole))
        try:
            text = read_front(read_bytes(file)[0]).body
        except FileProblem as problem:
            return self._refuse(name, problem.reason)
        self.size += len(text)
        if self.size > MAX_BYTES:
            return self._refuse(name, "the texts that the page includes are larger than 1 MiB")
        return self.expand(text, (*above, file))

    def _refuse(self, name: str, reason: str) -> str:
        self.problems.append(f"{name}: {reason}")
        return ""


def _always(text: str, found: re.Match[str]) -> str:
    return text


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


def _outside_of_code(text: str, change: Callable[[str], str]) -> str:
    """Change a text but for its fenced code."""
    pieces, end = list[str](), 0
    for found in _FENCED.finditer(text):
        pieces += change(text[end : found.start()]), found[0]
        end = found.end()
    return "".join([*pieces, change(text[end:])])
