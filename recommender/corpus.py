"""A folder of Markdown files as a Corpus: the only reader of articles, parallel, one broken file stops nothing."""

from __future__ import annotations

import hashlib
import itertools
import os
import stat
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from recommender import frontmatter, parallel
from recommender.article import Article, Style, digest, is_id
from recommender.counts import Counted, Counts, arrange, count_texts
from recommender.errors import ContentError, FileProblem
from recommender.problems import Problem
from recommender.related import fold, read_blocks, style_of
from recommender.settings import Keys, Settings

MAX_BYTES = 1024 * 1024
PIECE = 64 * 1024
SUFFIXES = (".md", ".markdown", ".mdx")
TRUE = {"true", "yes", "on", "1"}


@dataclass(frozen=True)
class Corpus:
    """All articles of a site, sorted by url, and what is wrong with its files.

    ``files`` counts what was found, articles or not. ``style`` is the most frequent one of the site's blocks.
    ``families`` gives each article the row of its family's first member: copies share a number. ``counted`` holds
    the words where reading counted them; the articles have no texts and no links then.
    """

    root: Path
    articles: Sequence[Article]
    problems: tuple[Problem, ...]
    files: int
    style: Style
    ambiguous_urls: frozenset[str]
    row_of: Mapping[str, int] = field(default_factory=dict)
    rows_of_id: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    families: Sequence[int] = ()
    counted: Counted | None = field(default=None, compare=False)

    @property
    def digest(self) -> str:
        """Digest of everything that ranking reads, whatever the order of the files; links play no part."""
        return digest(*(article.source_digest for article in self.articles))


@dataclass(frozen=True, slots=True)
class _Read:
    article: Article | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """What was read of a chunk of files, and the counted words of its articles where that was asked for."""

    reads: list[_Read]
    counts: Counts | None = None


def read_corpus(
    root: Path,
    settings: Settings,
    progress: parallel.Progress = parallel.silent,
    *,
    count: bool = False,
    meanwhile: Callable[[], object] = list,
) -> Corpus:
    """Read every Markdown file below a folder; for a build also count the words, while they are at hand.

    ``meanwhile`` is called while other processes read and this one would wait.

    Raises:
        ContentError: the folder does not exist, cannot be listed, or holds no article.
    """
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise ContentError(f"CONTENT {root} {what}; name the folder that holds the site's Markdown files")
    paths, problems = _list_files(root)
    if not paths and not problems:
        raise ContentError(f"CONTENT {root} holds no Markdown file (.md, .markdown, .mdx); name the site's folder")
    reading = parallel.run(_Reading(str(root), settings, count), paths, progress)
    parts = list(itertools.islice(reading, 1))
    meanwhile()
    parts += reading
    corpus = assemble(root, [read for part in parts for read in part.reads], problems)
    if count:
        corpus = replace(corpus, counted=_arranged(parts, corpus))
    if not corpus.articles:
        codes = Counter(problem.code for problem in corpus.problems if problem.severity != "warning")
        found = ", ".join(f"{count} {code}" for code, count in codes.most_common(4))
        raise ContentError(
            f"CONTENT {root} holds no article in {corpus.files:,} files ({found}); "
            "an article needs at least url and title in its front matter: see `recommender init`"
        )
    return corpus


def read_article(root: Path, path: str, settings: Settings) -> tuple[Article | None, tuple[Problem, ...]]:
    """Read one file as it is now: the article, None where it is none, and what is wrong with it."""
    read = _Reading(str(root), settings, count=False).read(path)
    return read.article, read.problems


def assemble(root: Path, results: Sequence[_Read], problems: Sequence[Problem]) -> Corpus:
    """Make the corpus of what was read: sort, set files with one url aside, number the families."""
    read = [result.article for result in results if result.article]
    found = [*problems, *(problem for result in results for problem in result.problems)]
    urls = Counter(article.url for article in read)
    for article in read:
        if urls[article.url] > 1:
            found.append(Problem("duplicate-url", article.path, value=article.url))
    articles = tuple(sorted((a for a in read if urls[a.url] == 1), key=lambda article: article.url))
    styles = Counter(article.style for article in read if article.style)
    ids: dict[str, list[int]] = {}
    first: dict[str, int] = {}
    families = []
    for row, article in enumerate(articles):
        if article.id:
            ids.setdefault(article.id, []).append(row)
        families.append(first.setdefault(article.answer_digest or f"row {row}", row))
    return Corpus(
        root=root,
        articles=articles,
        problems=tuple(sorted(found, key=lambda p: (p.path, p.line, p.slot, p.code))),
        files=len(results) + len(problems),
        style=min(styles, key=lambda s: (-styles[s], s.indent, s.folded_title)) if styles else Style(),
        ambiguous_urls=frozenset(url for url, count in urls.items() if count > 1),
        row_of={article.url: row for row, article in enumerate(articles)},
        rows_of_id={key: tuple(rows) for key, rows in ids.items()},
        families=tuple(families),
    )


def read_bytes(path: str) -> tuple[bytes, os.stat_result]:
    """Read one regular file whole, following no link and never blocking on a pipe.

    Raises:
        FileProblem: not a regular file, larger than 1 MiB, or an error of the system.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        code = "not-a-file" if os.path.islink(path) else "unreadable"
        reason = "a symbolic link" if code == "not-a-file" else str(error.strerror)
        raise FileProblem(code, reason) from None
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise FileProblem("not-a-file", "not a regular file")
        if info.st_size > MAX_BYTES:
            raise FileProblem("too-large", f"the file has {info.st_size:,} bytes")
        data = _read_all(descriptor, info.st_size)
    except OSError as error:
        raise FileProblem("unreadable", str(error.strerror)) from None
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise FileProblem("too-large", "the file grew beyond 1 MiB while it was read")
    return data, info


def _read_all(descriptor: int, expected: int) -> bytes:
    """Read to the end, but one byte more than the limit at most: a file that grows while it is read ends here too."""
    chunks, size, wanted = [], 0, expected + 1
    while size <= MAX_BYTES and (chunk := os.read(descriptor, wanted)):
        chunks.append(chunk)
        size += len(chunk)
        wanted = min(PIECE, MAX_BYTES + 1 - size)
    return b"".join(chunks)


def _list_files(root: Path) -> tuple[list[str], list[Problem]]:
    paths: list[str] = []
    problems: list[Problem] = []

    def failed(error: OSError) -> None:
        name = os.path.relpath(error.filename, root)
        problems.append(Problem("unreadable", _name(name), reason=f"the folder cannot be listed: {error.strerror}"))

    for folder, subfolders, names in os.walk(root, onerror=failed):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith(".") and name != "node_modules")
        relative = os.path.relpath(folder, root)
        prefix = "" if relative == "." else relative + os.sep
        paths += [prefix + name for name in names if name.lower().endswith(SUFFIXES) and not name.startswith(".")]
        for name in list(subfolders):
            if name.lower().endswith(SUFFIXES):
                problems.append(Problem("not-a-file", _name(prefix + name), reason="a folder with a file's name"))
            if os.path.islink(os.path.join(folder, name)):
                problems.append(Problem("not-a-file", _name(prefix + name), reason="a linked folder, not followed"))
    return sorted(paths), problems


def _name(path: str) -> str:
    """Give a path as text that every output can print: bytes that are no UTF-8 are escaped."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class _Reading:
    root: str
    settings: Settings
    count: bool

    def __call__(self, paths: Sequence[str]) -> list[_Part]:
        reads = [self.read(path) for path in paths]
        if not self.count:
            return [_Part(reads)]
        counts = count_texts([read.article.texts for read in reads if read.article], self.settings)
        # Texts are nine tenths of what would travel between the processes, links most of the rest.
        return [_Part([_for_ranking(read) for read in reads], counts)]

    def read(self, path: str) -> _Read:
        name = _name(path)
        try:
            data, _ = read_bytes(os.path.join(self.root, path))
            document = frontmatter.split(data)
            if document is None:
                return _Read(None, (Problem("no-front-matter", name),))
            entries = frontmatter.parse(document.front)
            return _make_article(name, document, entries, self.settings, hashlib.sha256(data).hexdigest())
        except FileProblem as problem:
            return _Read(None, (Problem(problem.code, name, problem.line, reason=problem.reason),))
        except Exception as error:  # one file that no guard foresaw must not stop the others
            return _Read(None, (Problem("unreadable", name, reason=f"{type(error).__name__}: {error}"),))


def _for_ranking(read: _Read) -> _Read:
    return _Read(read.article and replace(read.article, texts=(), links=(), style=None), read.problems)


def _arranged(parts: Sequence[_Part], corpus: Corpus) -> Counted:
    """Put the counted words into the order of the corpus, without the files that are no articles after all."""
    rows = [[corpus.row_of.get(read.article.url, -1) for read in part.reads if read.article] for part in parts]
    return arrange([part.counts for part in parts if part.counts], rows)


def _make_article(
    path: str,
    document: frontmatter.Document,
    entries: Sequence[frontmatter.Entry],
    settings: Settings,
    file_digest: str,
) -> _Read:
    keys = settings.keys
    at = partial(frontmatter.text_at, {entry.key: entry.value for entry in entries})
    url, title, written_id = at(keys.url).strip(), fold(at(keys.title)), at(keys.id).strip()
    unusable = _unusable(url, title, keys)
    if unusable:
        code, key, value = unusable
        return _Read(None, (Problem(code, path, _line(entries, key), value=value),))
    blocks = read_blocks(entries, keys.related)
    problems = [Problem("malformed-link", path, block.entry.line, block.slot) for block in blocks if block.malformed]
    if not is_id(written_id):
        code = "bad-id" if written_id else "missing-id"
        problems.append(Problem(code, path, _line(entries, keys.id), value=written_id))
    body = document.body
    texts = tuple(body if name == "body" else at(name) for name in settings.sources)
    answer = " ".join((at(keys.answer) or body).split())
    hidden, subject, date = at(keys.hidden).strip().lower() in TRUE, at(keys.subject).strip(), at(keys.date)
    source = digest(url, written_id, title, subject, date, str(hidden), answer, *texts)
    article = Article(
        url=url,
        id=written_id if is_id(written_id) else "",
        title=title,
        subject=subject,
        date=date,
        path=path,
        hidden=hidden,
        texts=texts,
        answer_digest=digest(answer) if answer not in ("", "&nbsp;") else "",
        source_digest=source,
        file_digest=file_digest,
        links=tuple(block.link for block in blocks if block.link),
        style=style_of(blocks),
    )
    return _Read(article, tuple(problems))


def _unusable(url: str, title: str, keys: Keys) -> tuple[str, str, str] | None:
    """Give the code, key and value of what keeps a file from being an article; None where nothing does."""
    if not url:
        return "missing-url", keys.url, ""
    if not url.isprintable() or " " in url:
        return "bad-url", keys.url, url
    return None if title else ("missing-title", keys.title, "")


def _line(entries: Sequence[frontmatter.Entry], key: str) -> int:
    return next((entry.line for entry in entries if entry.key == key), 0)
