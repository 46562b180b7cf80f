"""A folder of Markdown files as a Corpus: the only reader of articles, parallel, one broken file stops nothing."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from recommender import patterns
from recommender.addresses import Addresses, AddressIndex, make_addresses, own_hosts, resolve
from recommender.article import Article, Link, Style, digest_of
from recommender.errors import ContentError
from recommender.problems import Problem
from recommender.rules.editor_rules import NO_RULES, RULES_FILE, Decisions, EditorRules, decide
from recommender.rules.rule import NOT_FOUND
from recommender.settings import FILE_NAME, Settings, UrlSettings
from recommender.site.data_links import DataLinks, with_data_links
from recommender.site.files import list_files
from recommender.site.other_pages import SiteForm, form_of
from recommender.site.partitions import apart, with_full_urls
from recommender.site.reader import Read, Reading
from recommender.site.references import References, ReferenceStyle, make_references, style_of_references
from recommender.site_settings import ListSettings, PageSettings
from recommender.system import parallel
from recommender.system.clock import today
from recommender.text.tokens import Tokenized

SET_URLS = (
    "set `url: {patterns: …}` so that each has its own, give one a url or slug of its own, "
    "or name in `except:` what is no page"
)
if TYPE_CHECKING:
    from recommender.site.link_kinds import LinkKinds

# What names a page, with what follows it.
_NUMBER = re.compile(r"404((?:\.[^/]*)?/?)$")

ALL = PageSettings()
NOWHERE = Addresses((), {}, {}, {})


@dataclass(frozen=True)
class Corpus:
    """All articles of a site, sorted by url, and what is wrong with its files.

    ``files`` counts what was found, articles or not. ``style`` is the most frequent one of the site's blocks.
    ``families`` gives each article the row of its family's first member: copies share a number. ``counted`` holds
    the words where reading counted them; the articles have no texts and no links then. ``book`` finds articles by
    their addresses. Whether an article is hidden was decided for ``day``. Where
    pages of several languages or versions state one url, ``same_partition`` tells which of them a page means. Where
    pages moved since another state of the site, ``moved`` gives the row of the page that a link of a row led to.
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
    counted: Tokenized | None = field(default=None, compare=False)
    address_index: AddressIndex = field(default=NOWHERE, compare=False)
    url: UrlSettings = field(default_factory=UrlSettings, compare=False)
    known_form: SiteForm | None = field(default=None, compare=False)
    lists: tuple[ListSettings, ...] = field(default=(), compare=False)
    data_links: DataLinks | None = field(default=None, compare=False)
    known_references: References | None = field(default=None, compare=False)
    known_reference_style: ReferenceStyle | None = field(default=None, compare=False)
    known_link_kinds: LinkKinds | None = field(default=None, compare=False)
    known_partitions: Sequence[tuple[str, str]] | None = field(default=None, compare=False)
    day: int = 0
    rules: EditorRules = field(default=NO_RULES, compare=False)
    known_decisions: Decisions | None = field(default=None, compare=False)
    same_partition: Callable[[int, int], bool] | None = field(default=None, compare=False)
    moved: Callable[[int, Link], int] | None = field(default=None, compare=False)

    @cached_property
    def decisions(self) -> Decisions:
        """What editors decided of links between its articles."""
        return self.known_decisions or decide(self.rules, self.find, self._barred)

    def _barred(self, row: int) -> str:
        article = self.articles[row]
        return article.hidden or ", ".join(article.visibility.never)

    @property
    def digest(self) -> str:
        """Digest of everything that ranking reads, whatever the order of the files; links play no part."""
        sources = [article.source_digest for article in self.articles]
        if len(set(self.partitions)) > 1:
            sources += [f"{article.language} {article.version}" for article in self.articles]
        return digest_of(sources, (a.state for a in self.articles))

    @cached_property
    def partitions(self) -> Sequence[tuple[str, str]]:
        """The language and the version of each article."""
        return self.known_partitions or [(article.language, article.version) for article in self.articles]

    @cached_property
    def form(self) -> SiteForm:
        """The form of its articles' urls, and what else the site has."""
        return self.known_form or form_of(self.row_of, self.url)

    @cached_property
    def references(self) -> References:
        """Its articles by all that references call them."""
        return self.known_references or make_references(self.articles)

    @cached_property
    def reference_style(self) -> ReferenceStyle:
        """How its lists name pages."""
        return self.known_reference_style or style_of_references(self.articles, self.lists[0])

    @cached_property
    def link_kinds(self) -> LinkKinds:
        """What mappings of links say of the pages of each folder."""
        from recommender.site.link_kinds import link_kinds  # noqa: PLC0415  (which looks up links in a corpus)

        return self.known_link_kinds or link_kinds(self, range(len(self.articles)))

    def find(self, url: str) -> int:
        """Find the row of a url, of any host where the site's own is not known; -1 where it names no article."""
        return resolve(self.address_index, url, any_host=True).row


def read_corpus(root: Path, settings: Settings, progress: parallel.Progress = parallel.silent) -> Corpus:
    """Read every Markdown file below a folder.

    Raises:
        ContentError: the folder does not exist, cannot be listed, or holds no article.
        SettingsError: the sitemap or the built folder cannot be read.
    """
    return corpus_of(read_site(root, settings, progress))


@dataclass(frozen=True)
class SiteReads:
    """What the files of a site gave, by their paths from the root in the order of these, and what cannot be listed."""

    root: Path
    settings: Settings
    reads: Mapping[str, Read]
    problems: Sequence[Problem]


def read_site(root: Path, settings: Settings, progress: parallel.Progress = parallel.silent) -> SiteReads:
    """Read every Markdown file below a folder.

    Raises:
        ContentError: the folder does not exist, cannot be listed, or holds no Markdown file.
    """
    paths, problems = listed(root, settings.pages)
    parts = parallel.run(Reading(str(root), settings), paths, progress)
    reads = (read for part in parts for read in part.reads)
    return SiteReads(root, settings, dict(zip(paths, reads, strict=True)), problems)


def corpus_of(site: SiteReads) -> Corpus:
    """Make the corpus of a site that was read, with the lists of its data file.

    Raises:
        ContentError: it holds no article.
        SettingsError: the sitemap or the built folder cannot be read.
    """
    settings = site.settings
    corpus = not_empty(assemble(site.root, list(site.reads.values()), site.problems, settings))
    corpus = with_data_links(corpus, settings)
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


def listed(root: Path, pages: PageSettings = ALL) -> tuple[list[str], list[Problem]]:
    """List a site's files, sorted, and what cannot be listed.

    Raises:
        ContentError: the folder does not exist or holds no Markdown file.
    """
    check_content(root)
    paths, problems = list_files(root)
    if pages.folders or pages.excluded:
        paths = [path for path in paths if is_page_path(path.replace(os.sep, "/"), pages)]
        problems = [problem for problem in problems if is_page_path(problem.path.replace(os.sep, "/"), pages)]
    if not paths and not problems:
        raise ContentError(f"CONTENT {root} holds no Markdown file (.md, .markdown, .mdx); name the site's folder")
    return paths, problems


def is_page_path(path: str, pages: PageSettings) -> bool:
    """Tell whether a file of the content is one of its pages: in one of its folders, and not excepted."""
    inside = not pages.folders or any(folder == "." or path.startswith(f"{folder}/") for folder in pages.folders)
    return inside and not any(excepted(pattern).fullmatch(path) for pattern in pages.excluded)


@cache
def excepted(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of ``except``, which holds for all below a folder that it fits."""
    return re.compile(f"{patterns.of_paths(pattern.strip('/'))}(?:/.*)?")


def assemble(root: Path, results: Sequence[Read], problems: Sequence[Problem], settings: Settings) -> Corpus:
    """Make the corpus of what was read: sort, set files with one url aside, number the families."""
    day = today()
    results = settle_urls(_without_sources(results), settings.pages)
    read = with_full_urls(
        apart(_without_numbers([result.article.on(day) for result in results if result.article]), settings.pages.apart)
    )
    found = [*problems, *(problem for result in results for problem in result.problems)]
    found = _without_usual_lack(found, len(read))
    urls = Counter(article.url for article in read)
    found += _duplicates([article for article in read if urls[article.url] > 1], derived=settings.pages.derived)
    articles = tuple(sorted((a for a in read if urls[a.url] == 1), key=lambda article: article.url))
    paths = {path.replace(os.sep, "/") for path in (*(a.path for a in read), *(problem.path for problem in found))}
    found += _unused_rules(settings, read, paths)
    twins = frozenset(url for url, count in urls.items() if count > 1)
    address_index = _addresses(articles, twins, settings.url)
    styles = Counter(article.style for article in read if article.style)
    ids: dict[str, list[int]] = {}
    for row, article in enumerate(articles):
        if article.id:
            ids.setdefault(article.id, []).append(row)
    return Corpus(
        root=root,
        articles=articles,
        problems=tuple(sorted(found, key=lambda p: (p.path, p.line, p.slot, p.code))),
        files=len(results) + len(problems),
        style=min(styles, key=lambda s: (-styles[s], s.indent, s.folded_title)) if styles else Style(),
        ambiguous_urls=twins,
        row_of=address_index.row_of,
        rows_of_id={key: tuple(rows) for key, rows in ids.items()},
        families=families_of(articles),
        address_index=address_index,
        url=settings.url,
        lists=settings.links,
        day=day,
        rules=settings.editor_rules,
        same_partition=partial(_are_of_one, articles) if any(article.stated for article in articles) else None,
    )


def _duplicates(articles: Sequence[Article], *, derived: bool) -> Iterator[Problem]:
    """Name the files that share a url; where urls follow from paths, each with the other and with what to set."""
    paths: dict[str, list[str]] = {}
    for article in articles:
        paths.setdefault(article.url, []).append(article.path)
    for article in articles:
        other = next(path for path in paths[article.url] if path != article.path or len(paths[article.url]) < 2)
        reason = f"{other} has the same url, so neither is an article" if derived else ""
        yield Problem(
            "duplicate-url", article.path, value=article.url, reason=reason, remedy=SET_URLS if derived else ""
        )


def _unused_rules(settings: Settings, read: Sequence[Article], paths: set[str]) -> list[Problem]:
    """Name the rules on pages that fit none: those of the settings, and those of the editors with their lines."""
    lines = {f"{rule.kind}: {rule.text}": rule.line for rule in settings.editor_rules.pages}
    return [
        Problem("stale-rule", RULES_FILE, lines[value], value=value, reason="no article fits the rule")
        if value in lines
        else Problem("unused-rule", FILE_NAME, value=value)
        for value in settings.rules.unused((article.visibility for article in read), paths)
    ]


def _addresses(articles: Sequence[Article], twins: frozenset[str], url: UrlSettings) -> Addresses:
    pages = [(article.url, article.aliases) for article in articles]
    stated = {row: article.stated for row, article in enumerate(articles) if article.stated}
    hosts = own_hosts(url.host, [*(article.url for article in articles), *twins])
    return make_addresses(pages, twins, hosts, ignore_case=url.ignore_case, stated=stated)


def _are_of_one(articles: Sequence[Article], row: int, other: int) -> bool:
    one, another = articles[row], articles[other]
    return (one.language, one.version) == (another.language, another.version)


def families_of(articles: Sequence[Article]) -> tuple[int, ...]:
    """Give each article the row of its family's first member: copies, of one language and version, share a number."""
    first: dict[str, int] = {}
    return tuple(
        first.setdefault(f"{article.language} {article.version} {article.answer_digest or f'row {row}'}", row)
        for row, article in enumerate(articles)
    )


def _without_sources(results: Sequence[Read]) -> Sequence[Read]:
    """Leave out the files that hold the whole text of another page: they are no pages themselves."""
    sources = {taken.path for result in results for taken in result.taken if taken.whole}
    if not sources:
        return results
    return [
        replace(one, article=None) if one.article and one.article.path.replace(os.sep, "/") in sources else one
        for one in results
    ]


UNSURE = ("missing-url", "no-front-matter")


def settle_urls(results: Sequence[Read], pages: PageSettings) -> Sequence[Read]:
    """Decide for the pages whose urls follow from their paths whether they are pages.

    They come with the problem that they have where other pages of the site state theirs: they are none where at least
    half do, and pages without front matter are none where at least half have one.
    """
    if pages.derived:
        return results
    unsure = [_unsure(result) for result in results if result.article]
    counts = Counter(unsure)
    keep = {
        "missing-url": counts["missing-url"] > counts[""],
        "no-front-matter": counts["no-front-matter"] > counts[""] + counts["missing-url"],
    }
    if not any(code in counts for code in UNSURE):
        return results
    return [_settled(result, _unsure(result), keep) for result in results]


def _settled(result: Read, code: str, keep: Mapping[str, bool]) -> Read:
    if not result.article or not code:
        return result
    if keep[code]:
        return replace(result, problems=tuple(problem for problem in result.problems if problem.code != code))
    return replace(result, article=None, problems=tuple(p for p in result.problems if p.code == code))


def _unsure(result: Read) -> str:
    return next((problem.code for problem in result.problems if problem.code in UNSURE), "")


def _without_usual_lack(problems: list[Problem], articles: int) -> list[Problem]:
    """Leave out that articles have no id where more than a tenth have none: an id is then no part of the site."""
    lacking = sum(problem.code == "missing-id" for problem in problems)
    return problems if 10 * lacking <= articles else [problem for problem in problems if problem.code != "missing-id"]


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
