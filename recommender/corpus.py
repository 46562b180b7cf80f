"""A folder of Markdown files as a Corpus: the only reader of articles, parallel, one broken file stops nothing."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

from recommender import frontmatter, parallel
from recommender.addresses import Addresses, Book, is_page_url, make_addresses, own_hosts, resolve
from recommender.article import Article, Style, digest, digest_of, is_id
from recommender.clock import today
from recommender.copies import SENTENCE, answer_digest
from recommender.counts import Counted, say
from recommender.errors import ContentError, FileProblem
from recommender.files import list_files, printed, read_bytes
from recommender.index import Read, stamp_of
from recommender.nodes import Value
from recommender.problems import Problem
from recommender.related import Block, end_of_others, fold, read_blocks, style_of
from recommender.rule_reader import Page
from recommender.rules import NOT_FOUND
from recommender.settings import FILE_NAME, Keys, Settings, UrlSettings
from recommender.site_form import SiteForm, form_of
from recommender.text import own_words, single_spaced

Texts = tuple[str, ...]
# What names a page, with what follows it.
_NUMBER = re.compile(r"404((?:\.[^/]*)?/?)$")
# Characters whose words are counted at a time: a thousand articles of usual length.
LONG = 1 << 22


NOWHERE = Addresses((), {}, {}, {})


@dataclass(frozen=True)
class Corpus:
    """All articles of a site, sorted by url, and what is wrong with its files.

    ``files`` counts what was found, articles or not. ``style`` is the most frequent one of the site's blocks.
    ``families`` gives each article the row of its family's first member: copies share a number. ``counted`` holds
    the words where reading counted them; the articles have no texts and no links then. ``book`` finds articles by
    their addresses. Whether an article is hidden was decided for ``day``.
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
    book: Book = field(default=NOWHERE, compare=False)
    url: UrlSettings = field(default_factory=UrlSettings, compare=False)
    known_form: SiteForm | None = field(default=None, compare=False)
    day: int = 0

    @property
    def digest(self) -> str:
        """Digest of everything that ranking reads, whatever the order of the files; links play no part."""
        return digest_of((article.source_digest for article in self.articles), (a.state for a in self.articles))

    @cached_property
    def form(self) -> SiteForm:
        """The form of its articles' urls, and what else the site has."""
        return self.known_form or form_of(self.row_of, self.url)

    def find(self, url: str) -> int:
        """Find the row of a url, of any host where the site's own is not known; -1 where it names no article."""
        return resolve(self.book, url, any_host=True).row


@dataclass(frozen=True, slots=True)
class Part:
    """What was read of a chunk of files, and the words of its articles, as ``say`` gives them, where they count."""

    reads: list[Read]
    words: bytes = b""


def read_corpus(root: Path, settings: Settings, progress: parallel.Progress = parallel.silent) -> Corpus:
    """Read every Markdown file below a folder.

    Raises:
        ContentError: the folder does not exist, cannot be listed, or holds no article.
        SettingsError: the sitemap or the built folder cannot be read.
    """
    paths, problems = listed(root)
    parts = parallel.run(Reading(str(root), settings), paths, progress)
    corpus = not_empty(assemble(root, [read for part in parts for read in part.reads], problems, settings))
    if settings.url.sitemap or settings.url.built:
        corpus.form  # noqa: B018  (what cannot be read is said at once)
    return corpus


def check_content(root: Path) -> None:
    """Refuse a CONTENT that is no folder.

    Raises:
        ContentError: with what it is instead.
    """
    if not os.path.isdir(root):
        what = "is not a folder" if os.path.exists(root) else "does not exist"
        raise ContentError(f"CONTENT {root} {what}; name the folder that holds the site's Markdown files")


def listed(root: Path) -> tuple[list[str], list[Problem]]:
    """List a site's files, sorted, and what cannot be listed.

    Raises:
        ContentError: the folder does not exist or holds no Markdown file.
    """
    check_content(root)
    paths, problems = list_files(root)
    if not paths and not problems:
        raise ContentError(f"CONTENT {root} holds no Markdown file (.md, .markdown, .mdx); name the site's folder")
    return paths, problems


def read_article(root: Path, path: str, settings: Settings) -> tuple[Article | None, tuple[Problem, ...]]:
    """Read one file as it is now: the article, None where it is none, and what is wrong with it."""
    read = Reading(str(root), settings).read(path)
    return read.article and read.article.on(today()), read.problems


def assemble(root: Path, results: Sequence[Read], problems: Sequence[Problem], settings: Settings) -> Corpus:
    """Make the corpus of what was read: sort, set files with one url aside, number the families."""
    day = today()
    read = _without_numbers([result.article.on(day) for result in results if result.article])
    found = [*problems, *(problem for result in results for problem in result.problems)]
    urls = Counter(article.url for article in read)
    for article in read:
        if urls[article.url] > 1:
            found.append(Problem("duplicate-url", article.path, value=article.url))
    articles = tuple(sorted((a for a in read if urls[a.url] == 1), key=lambda article: article.url))
    paths = {path.replace(os.sep, "/") for path in (*(a.path for a in read), *(problem.path for problem in found))}
    unused = settings.rules.unused((article.visibility for article in read), paths)
    found += [Problem("unused-rule", FILE_NAME, value=value) for value in unused]
    twins = frozenset(url for url, count in urls.items() if count > 1)
    pages = [(article.url, article.aliases) for article in articles]
    url = settings.url
    book = make_addresses(pages, twins, own_hosts(url.host, urls), ignore_case=url.ignore_case)
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
        ambiguous_urls=twins,
        row_of=book.row_of,
        rows_of_id={key: tuple(rows) for key, rows in ids.items()},
        families=tuple(families),
        book=book,
        url=url,
        day=day,
    )


def _without_numbers(read: list[Article]) -> list[Article]:
    """Take no page for an error page that is the 404th of a series: 403 or 405 stands beside it."""
    marked = [place for place, article in enumerate(read) if NOT_FOUND.text in article.visibility.never]
    names = {name for article in read for name in (article.url, article.path)} if marked else set()
    for place in marked:
        article = read[place]
        own = [name for name in (article.url, article.path) if _NUMBER.search(name)]
        beside = (_NUMBER.sub(rf"{number}\1", name) for name in own for number in (403, 405))
        if not names.isdisjoint(beside):
            never = tuple(text for text in article.visibility.never if text != NOT_FOUND.text)
            read[place] = replace(article, visibility=article.visibility._replace(never=never))
    return read


def not_empty(corpus: Corpus) -> Corpus:
    """Give the corpus back.

    Raises:
        ContentError: it has no article.
    """
    if not corpus.articles:
        codes = Counter(problem.code for problem in corpus.problems if problem.severity != "warning")
        found = ", ".join(f"{count} {code}" for code, count in codes.most_common(4))
        raise ContentError(
            f"CONTENT {corpus.root} holds no article in {corpus.files:,} files ({found}); "
            "an article needs at least url and title in its front matter: see `recommender init`"
        )
    return corpus


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
            document = frontmatter.split(data)
            if document is None:
                keys = self.settings.keys
                raise frontmatter.misfenced(data, (keys.url, keys.title)) or FileProblem("no-front-matter", "")
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

    def _entries(self, front: str) -> Sequence[frontmatter.Entry]:
        """Read the keys of a front matter; a build has no use for blocks without fault, a half of most files' keys."""
        end = end_of_others(front, self.settings.keys.related) if self.count and self._blocks_are_no_texts else -1
        before = frontmatter.parse_before(front, end) if end >= 0 else None
        return frontmatter.parse(front) if before is None else before

    @cached_property
    def _blocks_are_no_texts(self) -> bool:
        keys = asdict(self.settings.keys)
        prefix = keys.pop("related").lower()
        names = (*keys.values(), *self.settings.sources, *self.settings.rules.keys)
        return not any(name.lower().startswith(prefix) for name in names)

    def _article(
        self, path: str, document: frontmatter.Document, entries: Sequence[frontmatter.Entry], file_digest: str
    ) -> tuple[Article | None, tuple[Problem, ...], Texts]:
        settings, keys = self.settings, self.settings.keys
        by_key = {entry.key: entry.value for entry in entries}
        at = partial(frontmatter.text_at, by_key)
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
    found = (alias.strip() for key in keys for alias in frontmatter.texts_at(by_key, key))
    return tuple(alias for alias in dict.fromkeys(found) if alias and alias.isprintable())


def _line(entries: Sequence[frontmatter.Entry], key: str) -> int:
    """Give the line of a key, whatever its capitals, or of the key that a dotted one begins with; 0 for none."""
    names = (key.lower(), key.lower().partition(".")[0])
    return next((entry.line for entry in entries if entry.key.lower() in names), 0)
