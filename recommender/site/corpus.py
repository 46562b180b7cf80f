"""A folder of Markdown files as a Corpus: the only reader of articles, parallel, one broken file stops nothing."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from recommender.addresses import Addresses, Book, make_addresses, own_hosts, resolve
from recommender.article import Article, Style, digest_of
from recommender.errors import ContentError
from recommender.problems import Problem
from recommender.rules.rule import NOT_FOUND
from recommender.settings import FILE_NAME, Settings, UrlSettings
from recommender.site.files import list_files
from recommender.site.other_pages import SiteForm, form_of
from recommender.site.reader import Read, Reading
from recommender.system import parallel
from recommender.system.clock import today
from recommender.text.word_counts import Counted

# What names a page, with what follows it.
_NUMBER = re.compile(r"404((?:\.[^/]*)?/?)$")

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


def members_of(families: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
    """Give the rows of every family that has more than one, in order."""
    found: dict[int, list[int]] = {}
    for row, family in enumerate(families):
        if family != row:
            found.setdefault(family, [family]).append(row)
    return {family: tuple(rows) for family, rows in found.items()}
