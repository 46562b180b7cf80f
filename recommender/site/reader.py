"""One Markdown file to an article and its problems; a broken one is a problem, and stops no other."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

from recommender.addresses import is_page_url
from recommender.article import Article, digest, is_id
from recommender.errors import FileProblem
from recommender.markdown import front_matter
from recommender.markdown.link_blocks import Block, end_of_others, fold, read_blocks, style_of
from recommender.markdown.yaml_nodes import Value
from recommender.problems import Problem
from recommender.rules.reader import Page
from recommender.settings import Keys, Settings
from recommender.site.files import printed, read_bytes
from recommender.system.clock import today
from recommender.text.copies import SENTENCE, answer_digest
from recommender.text.tokenizer import own_words, single_spaced
from recommender.text.word_counts import say

Texts = tuple[str, ...]
# Characters whose words are counted at a time: a thousand articles of usual length.
LONG = 1 << 22


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
    ``same`` says that a file was not parsed, for it has the bytes that the index knows.
    """

    article: Article | None
    problems: tuple[Problem, ...]
    stamp: Stamp | None = None
    digest: str = ""
    same: bool = False


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
            document = front_matter.split(data)
            if document is None:
                keys = self.settings.keys
                raise front_matter.misfenced(data, (keys.url, keys.title)) or FileProblem("no-front-matter", "")
            entries = self._entries(document.front)
            article, problems, texts = self._article(name, document, entries, file_digest)
            if name != path:
                problems = (Problem("bad-file-name", name), *problems)
            return Read(article, problems, stamp, file_digest), texts
        except FileProblem as problem:
            found = Problem(problem.code, name, problem.line, reason=problem.reason)
        except Exception as error:  # one file that no guard foresaw must not stop the others
            found = Problem("unreadable", name, reason=f"{type(error).__name__}: {error}")
        return Read(None, (found,), stamp, file_digest), ()

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

    def _article(
        self, path: str, document: front_matter.Document, entries: Sequence[front_matter.Entry], file_digest: str
    ) -> tuple[Article | None, tuple[Problem, ...], Texts]:
        settings, keys = self.settings, self.settings.keys
        by_key = {entry.key: entry.value for entry in entries}
        at = partial(front_matter.text_at, by_key)
        url, title, written_id = at(keys.url).strip(), fold(at(keys.title)), at(keys.id).strip()
        unusable = _unusable(url, title, keys)
        if unusable:
            code, key, value = unusable
            return None, (Problem(code, path, _line(entries, key), value=value),), ()
        blocks, body = read_blocks(entries, keys.related), document.body
        subject, date = at(keys.subject).strip(), at(keys.date)
        visibility, odd = settings.rules.read(Page(by_key, path.replace(os.sep, "/"), url, title, subject))
        dates = [Problem("bad-date", path, _line(entries, key), value=f"{key}: {text}") for key, text in odd]
        problems = (*dates, *_lacking(path, blocks, (_line(entries, keys.id), written_id)))
        texts = tuple(body if name == "body" else at(name) for name in settings.sources)
        written = at(keys.answer) or body
        answer = single_spaced(written)
        used = [] if self.count else blocks
        aliases = _aliases(by_key, settings.url.aliases)
        facts = (url, written_id, title, subject, date, visibility.written(), *aliases)
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
            source_digest=digest(*facts, answer, *texts),
            file_digest=file_digest,
            links=tuple(link for block in used if (link := block.link)),
            style=style_of(used),
            aliases=aliases,
            visibility=visibility,
        )
        return article, problems, texts


def _unusable(url: str, title: str, keys: Keys) -> tuple[str, str, str] | None:
    """Give the code, key and value of what keeps a file from being an article; None where nothing does."""
    if not url:
        return "missing-url", keys.url, ""
    if not is_page_url(url):
        return "bad-url", keys.url, url
    return None if title else ("missing-title", keys.title, "")


def _lacking(path: str, blocks: Sequence[Block], written_id: tuple[int, str]) -> tuple[Problem, ...]:
    """Name the blocks that are none, and the id (its line and text) that is none."""
    found = [Problem("malformed-link", path, block.entry.line, block.slot) for block in blocks if block.malformed]
    line, text = written_id
    if not is_id(text):
        found.append(Problem("bad-id" if text else "missing-id", path, line, value=text))
    return tuple(found)


def _aliases(by_key: Mapping[str, Value], keys: Sequence[str]) -> tuple[str, ...]:
    found = (alias.strip() for key in keys for alias in front_matter.texts_at(by_key, key))
    return tuple(alias for alias in dict.fromkeys(found) if alias and alias.isprintable())


def _line(entries: Sequence[front_matter.Entry], key: str) -> int:
    """Give the line of a key, whatever its capitals, or of the key that a dotted one begins with; 0 for none."""
    names = (key.lower(), key.lower().partition(".")[0])
    return next((entry.line for entry in entries if entry.key.lower() in names), 0)
