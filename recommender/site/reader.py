"""One Markdown file to an article and its problems; a broken one is a problem, and stops no other."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

from recommender.addresses import is_page_url
from recommender.article import Article, Link, Style, digest, is_id
from recommender.errors import FileProblem
from recommender.markdown import front_matter
from recommender.markdown.formats import Front, read_front
from recommender.markdown.link_blocks import end_of_others, fold, read_blocks, style_of
from recommender.markdown.link_lists import items_of, read_lists
from recommender.markdown.text_links import links_in
from recommender.markdown.yaml_nodes import Value
from recommender.problems import Problem
from recommender.rules.reader import Page
from recommender.settings import Keys, Settings
from recommender.site.files import printed, read_bytes
from recommender.site.includes import Taken, expand
from recommender.site.page_urls import own_url, title_of, url_of, without_language
from recommender.site_settings import ListSettings
from recommender.system.clock import today
from recommender.text.copies import SENTENCE, answer_digest
from recommender.text.tokenizer import own_words, single_spaced
from recommender.text.tokens import say
from recommender.visibility import Visibility

Texts = tuple[str, ...]
# Characters whose words are counted at a time: a thousand articles of usual length.
LONG = 1 << 22
NO_TEXT = "no text"
LANGUAGE_KEYS, VERSION_KEYS = ("lang", "language", "locale"), ("version",)


class Stamp(NamedTuple):
    """What the system says of a file: size in bytes, times in ns, inode."""

    size: int
    modified: int
    changed: int
    inode: int


@dataclass(frozen=True, slots=True)
class Read:
    """What one file gave: an article or none, and what is wrong with it.

    ``stamp`` and ``digest`` (SHA-256, hexadecimal) are of the bytes that were read, None and "" where none could be;
    ``same`` says that a file was not parsed, for it has the bytes that the index knows. ``taken`` are the files
    whose texts it includes.
    """

    article: Article | None
    problems: tuple[Problem, ...]
    stamp: Stamp | None = None
    digest: str = ""
    same: bool = False
    taken: tuple[Taken, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What was read of a chunk of files, and the words of its articles, as ``say`` gives them, where they count."""

    reads: list[Read]
    words: bytes = b""


def read_article(root: Path, path: str, settings: Settings) -> tuple[Article | None, tuple[Problem, ...]]:
    """Read one file as it is now: the article, None where it is none, and what is wrong with it."""
    read = Reading(str(root), settings).read(path)
    return read.article and read.article.on(today()), read.problems


def stamp_of(info: os.stat_result) -> Stamp:
    """Take what tells a changed file from what the system says of it."""
    return Stamp(info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)


@dataclass(frozen=True)
class Reading:
    """The work on a chunk of files; with ``count`` their words are said for that, and texts and links left out.

    A file whose bytes have the digest that ``digests`` has for its path is the same as before: it is not parsed.
    """

    root: str
    settings: Settings
    count: bool = False
    digests: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, paths: Sequence[str]) -> list[Part]:
        """Read a chunk, in as many parts as its texts are long."""
        if not self.count:
            return [Part([self.read(path) for path in paths])]
        parts, reads, said, size = list[Part](), list[Read](), list[Texts](), 0
        for path in paths:
            read, texts = self._read(path)
            reads.append(read)
            if read.article:
                said.append(texts)
                size += sum(map(len, texts))
            if size > LONG:
                parts.append(Part(reads, say(said, self.settings)))
                reads, said, size = [], [], 0
        return [*parts, Part(reads, say(said, self.settings))]

    def read(self, path: str) -> Read:
        """Read one file."""
        return self._read(path)[0]

    def _read(self, path: str) -> tuple[Read, Texts]:
        """Read one file; give its texts besides, which the article of a build lacks."""
        name, stamp, file_digest = printed(path), None, ""
        try:
            data, info = read_bytes(os.path.join(self.root, path))
            stamp, file_digest = stamp_of(info), hashlib.sha256(data).hexdigest()
            if self.digests.get(path) == file_digest:
                return Read(None, (), stamp, file_digest, same=True), ()
            front, taken, odd = self._expanded(path, self._front(data))
            article, problems, texts = self._article(name, front, file_digest)
            problems = (*problems, *odd)
            if name != path and article:
                problems = (Problem("bad-file-name", name), *problems)
            return Read(article, problems, stamp, file_digest, taken=taken), texts
        except FileProblem as problem:
            found = Problem(problem.code, name, problem.line, reason=problem.reason)
        except Exception as error:  # one file that no guard foresaw must not stop the others
            found = Problem("unreadable", name, reason=f"{type(error).__name__}: {error}")
        return Read(None, (found,), stamp, file_digest), ()

    def _expanded(self, path: str, front: Front) -> tuple[Front, tuple[Taken, ...], tuple[Problem, ...]]:
        """Put the texts in that the page takes from other files of the site."""
        pages, home = self.settings.pages, self.settings.home
        if not pages.includes and not pages.source_key:
            return front, (), ()
        site = str(home) if home and Path(self.root).is_relative_to(home) else self.root
        found = expand((site, self.root), path, front.values, front.body, pages)
        odd = tuple(Problem("bad-include", printed(path), value=printed(text)) for text in found.problems)
        return front._replace(body=found.body), found.taken, odd

    def _front(self, data: bytes) -> Front:
        front = read_front(data, self._entries)
        keys = self.settings.keys
        if front.form == "none" and (misfenced := front_matter.misfenced(data, (keys.url, keys.title))):
            raise misfenced
        return front

    def _entries(self, front: str) -> Sequence[front_matter.Entry]:
        """Read the keys of a front matter; a build has no use for blocks without fault, a half of most files' keys."""
        end = end_of_others(front, self.settings.keys.related) if self.count and self._blocks_are_no_texts else -1
        before = front_matter.parse_before(front, end) if end >= 0 else None
        return front_matter.parse(front) if before is None else before

    @cached_property
    def _blocks_are_no_texts(self) -> bool:
        keys = asdict(self.settings.keys)
        prefix = keys.pop("related").lower()
        names = (*keys.values(), *self.settings.sources, *self.settings.rules.keys)
        return not any(name.lower().startswith(prefix) for name in names)

    def _article(self, path: str, front: Front, file_digest: str) -> tuple[Article | None, tuple[Problem, ...], Texts]:
        settings, keys, by_key, body = self.settings, self.settings.keys, front.values, front.body
        at = partial(front_matter.text_at, by_key)
        title, suffix = self._title(path, by_key, body)
        url, unsure = self._url(path, front, title)
        if unusable := _unusable(url, title, keys):
            return None, (unsure or Problem(unusable[0], path, front.line(unusable[1]), value=unusable[2]),), ()
        links, style, odd_links = self._links(path, front)
        subject, date, written_id = at(keys.subject).strip(), at(keys.date), at(keys.id).strip()
        visibility, odd = self._visibility(Page(by_key, path.replace(os.sep, "/"), url, title, subject), body)
        dates = [Problem("bad-date", path, front.line(key), value=f"{key}: {text}") for key, text in odd]
        ids = () if settings.links else _id_problems(path, front.line(keys.id), written_id)
        texts = _texts(at, settings, body, title)
        written, further = at(keys.answer) or body, _further(by_key, settings.answers)
        answer, aliases = single_spaced(written), _aliases(by_key, settings.url.aliases)
        mentions = _mentions(at, keys, body)
        facts = (url, written_id, title, subject, date, visibility.written(), *aliases, *([further] if further else []))
        article = Article(
            url=url,
            id=written_id if is_id(written_id) else "",
            title=title,
            subject=subject,
            date=date,
            path=path,
            hidden="",
            texts=() if self.count else texts,
            answer_digest=answer_digest(title, answer, own_words(written, SENTENCE)),
            source_digest=digest(*facts, *mentions, answer, *texts),
            file_digest=file_digest,
            links=() if self.count else links,
            style=None if self.count else style,
            aliases=aliases,
            names=_names(by_key, settings),
            mentions=mentions,
            language=suffix or _first(at, _named_key(settings.pages.apart.language, LANGUAGE_KEYS)),
            version=_first(at, _named_key(settings.pages.apart.version, VERSION_KEYS)),
            further=further,
            visibility=visibility,
        )
        return article, (*dates, *odd_links, *ids, *((unsure,) if unsure else ())), texts

    def _title(self, path: str, values: Mapping[str, Value], body: str) -> tuple[str, str]:
        """Give the title of a page, and the language that the name of its file ends with, "" for none."""
        plain, suffix = without_language(self.settings.pages, path)
        sources = self.settings.pages.title or (self.settings.keys.title, "heading")
        return fold(title_of(sources, values, body, plain)), suffix

    def _visibility(self, page: Page, body: str) -> tuple[Visibility, list[tuple[str, str]]]:
        """Say by the rules who takes part, and that a page without title and text does not: nobody could read it."""
        visibility, odd = self.settings.rules.read(page)
        sources = [one for one in self.settings.pages.title or (self.settings.keys.title,) if one != "file"]
        answer = front_matter.text_at(page.values, self.settings.keys.answer)
        if answer.strip() or body.strip() or title_of(sources, page.values, body, page.path):
            return visibility, odd
        never, no_list = (*visibility.never, NO_TEXT), (*visibility.no_list, NO_TEXT)
        return visibility._replace(never=never, no_list=no_list), odd

    def _url(self, path: str, front: Front, title: str) -> tuple[str, Problem | None]:
        """Give the url of a page, and the problem that it has where the other pages of the site state theirs."""
        pages = self.settings.pages
        stated = own_url(pages, self.settings.keys.url, front.values)
        if stated:
            return stated, None
        unsure = None
        if not pages.derived:
            if front.form == "none":
                unsure = Problem("no-front-matter", path)
            else:
                unsure = Problem("missing-url", path, front.line(self.settings.keys.url))
        elif front.form == "none" and not pages.bare:
            raise FileProblem("no-front-matter", "")
        return url_of(pages, front.values, path, title), unsure

    def _links(self, path: str, front: Front) -> tuple[tuple[Link, ...], Style | None, list[Problem]]:
        """Read the links of a page in the shape of the settings, and name what has another."""
        lists, prefix = self.settings.links, self.settings.keys.related
        if not lists:
            blocks = read_blocks(front.entries, prefix)
            found = [
                Problem("malformed-link", path, block.entry.line, block.slot) for block in blocks if block.malformed
            ]
            if items_of(front.values.get(prefix), ListSettings(prefix)) != []:
                found.append(Problem("other-shape", path, front.line(prefix), value=prefix))
            return tuple(link for block in blocks if (link := block.link)), style_of(blocks), found
        links, odd = read_lists(front.values, lists, {one.key: front.line(one.key) for one in lists})
        return links, None, [Problem("other-shape", path, front.line(key), value=key) for key in odd]


def _names(by_key: Mapping[str, Value], settings: Settings) -> tuple[str, ...]:
    """Give what references call a page: its slug, or the values of the keys that they name."""
    keys = [one.refer.removeprefix("key ") for one in settings.links if one.refer.startswith("key ")]
    keys += ["slug"] * any(one.refer in ("slug", "wikilink") for one in settings.links)
    found = (text.strip() for key in keys for text in front_matter.texts_at(by_key, key))
    return tuple(name for name in dict.fromkeys(found) if name and name.isprintable())


def _id_problems(path: str, line: int, written: str) -> tuple[Problem, ...]:
    code = "bad-id" if written else "missing-id"
    return () if is_id(written) else (Problem(code, path, line, value=written),)


def _further(by_key: Mapping[str, Value], keys: Sequence[str]) -> str:
    """Give the values of some keys as a JSON object, a list of several where the front matter has one."""
    values: dict[str, str | list[str]] = {}
    for key in keys:
        texts = [text.strip() for text in front_matter.texts_at(by_key, key) if text.strip()]
        if texts:
            values[key] = texts if isinstance(front_matter.value_at(by_key, key), tuple) else texts[0]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else ""


def _texts(at: Callable[[str], str], settings: Settings, body: str, title: str) -> Texts:
    """Give the texts of a page by the sources of the settings."""
    own = {"body": body, settings.keys.title: at(settings.keys.title) or title}
    return tuple(own[name] if name in own else at(name) for name in settings.sources)


def _mentions(at: Callable[[str], str], keys: Keys, body: str) -> tuple[str, ...]:
    """Give the links of a page's texts, each once."""
    return tuple(dict.fromkeys((*links_in(at(keys.answer)), *links_in(body))))


def _unusable(url: str, title: str, keys: Keys) -> tuple[str, str, str] | None:
    """Give the code, key and value of what keeps a file from being an article; None where nothing does."""
    if not url:
        return "missing-url", keys.url, ""
    if not is_page_url(url):
        return "bad-url", keys.url, url
    return None if title else ("missing-title", keys.title, "")


def _named_key(place: str, usual: Sequence[str]) -> Sequence[str]:
    return (place.removeprefix("key "),) if place.startswith("key ") else usual


def _first(at: Callable[[str], str], keys: Sequence[str]) -> str:
    """Give the first text on one line that one of some keys has."""
    return next((text for key in keys if (text := at(key).strip()) and text.isprintable()), "")


def _aliases(by_key: Mapping[str, Value], keys: Sequence[str]) -> tuple[str, ...]:
    found = (alias.strip() for key in keys for alias in front_matter.texts_at(by_key, key))
    return tuple(alias for alias in dict.fromkeys(found) if alias and alias.isprintable())
