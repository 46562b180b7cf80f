"""What the settings of a site make of it: urls, titles, languages and references, counted, with what to set."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recommender.errors import ContentError
from recommender.problems import Problem, unread
from recommender.settings import Settings
from recommender.site.corpus import Corpus, listed, read_corpus
from recommender.site.files import SUFFIXES
from recommender.site.link_verdicts import find_target
from recommender.site.list_detection import detect_lists, keys_of_values
from recommender.site_settings import ListSettings

FORMS = ("url", "slug", "file", "wikilink", "title", "id")


@dataclass(frozen=True)
class Found:
    """What became of the references of one list: files that hold it, and references by what they lead to."""

    settings: ListSettings
    files: int
    references: int
    found: int
    ambiguous: int
    external: int
    missing: int

    @property
    def judged(self) -> int:
        """References that may lead to a page of the site."""
        return self.references - self.external


@dataclass(frozen=True)
class Proof:
    """What was read of a site; ``todo`` says what to set while it does not hold.

    ``unread`` are the problems of files that cannot be read, ``odd_lists`` those of lists of another shape.
    """

    pages: int
    files: int
    repeated: int
    examples: tuple[tuple[str, str], ...]
    languages: Counter[str]
    versions: Counter[str]
    hidden: Counter[str]
    lists: tuple[Found, ...]
    todo: tuple[str, ...]
    unread: tuple[Problem, ...] = ()
    odd_lists: tuple[Problem, ...] = ()


def prove(settings: Settings) -> Proof:
    """Read a site by its settings, and count what came of it; nothing read is something to be done."""
    try:
        corpus = read_corpus(_content(settings), settings)
    except ContentError as error:
        return Proof(0, 0, 0, (), Counter(), Counter(), Counter(), (), (str(error),))
    lists = tuple(count_references(corpus, one, place) for place, one in enumerate(settings.links))
    if not settings.links and any(article.links for article in corpus.articles):
        lists = (count_references(corpus, ListSettings(f"{settings.keys.related}N", "numbered")),)
    repeated = sum(problem.code == "duplicate-url" for problem in corpus.problems)
    step = max(1, len(corpus.articles) // 3)
    return Proof(
        pages=len(corpus.articles),
        files=corpus.files,
        repeated=repeated,
        examples=tuple((article.path.replace(os.sep, "/"), article.url) for article in corpus.articles[::step][:3]),
        languages=Counter(article.language for article in corpus.articles),
        versions=Counter(article.version for article in corpus.articles),
        hidden=Counter(article.hidden for article in corpus.articles if article.hidden),
        lists=lists,
        todo=tuple(_todo(corpus, repeated, lists)),
        unread=tuple(one for one in unread(corpus.problems) if one.code != "duplicate-url"),
        odd_lists=tuple(one for one in corpus.problems if one.code == "other-shape"),
    )


def _todo(corpus: Corpus, repeated: int, lists: Sequence[Found]) -> list[str]:
    todo = []
    if repeated:
        twins = [problem for problem in corpus.problems if problem.code == "duplicate-url"]
        pair = [problem.path for problem in twins if problem.value == twins[0].value][:2]
        remedy = twins[0].remedy or twins[0].kind.remedy
        todo.append(f"{repeated:,} files share their url with another ({' and '.join(pair)}): {remedy}")
    for one in lists:
        if one.judged and 2 * one.found < one.judged:
            todo.append(
                f"of the references of {one.settings.name} fewer than half lead to a page: set `refer:` of its list, "
                "or `url: {patterns: …}`, or give the url of one page in its front matter"
            )
    return todo


def count_references(corpus: Corpus, own: ListSettings, place: int = 0) -> Found:
    """Count what the references of one list lead to."""
    kinds: Counter[str] = Counter()
    files = 0
    forms = () if own.shape == "numbered" else (own.refer,)
    for row, article in enumerate(corpus.articles):
        links = [link for link in article.links if link.place == place]
        files += bool(links)
        for link in links:
            found = find_target(corpus, row, link, forms)
            kinds["found" if found.row >= 0 else found.kind] += 1
    total = kinds.total()
    return Found(own, files, total, kinds["found"], kinds["ambiguous"], kinds["external"], kinds["unknown"])


def choose_lists(settings: Settings) -> tuple[ListSettings, ...]:
    """Find the lists of links of a site, and the form of reference by which most of their items find a page.

    A list of which no reference may lead to a page of the site, as one of other sites, is none.
    """
    try:
        content = _content(settings)
        lists = detect_lists(content, listed(content, settings.pages)[0])
        # By slugs, so that those of the pages are read too; the forms are tried then.
        links = tuple(replace(own, refer="slug") for own in lists)
        corpus = read_corpus(content, replace(settings, links=links)) if lists else None
    except ContentError:
        return ()
    best = [_best(settings, corpus, place) for place in range(len(links))] if corpus else []
    found = [one for one in best if one.judged and one.found]
    if corpus and not found:
        # Lists that mix shapes are read by no settings: with these init names the files.
        mixed = {problem.value for problem in corpus.problems if problem.code == "other-shape"}
        found = [replace(one, settings=replace(one.settings, refer="url")) for one in best if one.settings.key in mixed]
    return tuple(one.settings for one in sorted(found, key=lambda one: (-one.found, one.settings.key)))


def _best(settings: Settings, corpus: Corpus, place: int) -> Found:
    """Try the forms of reference of one list, then the front matter keys whose values the references name."""
    own, content = corpus.lists[place], _content(settings)
    references = [link.url for article in corpus.articles for link in article.links if link.place == place]
    slashed = 2 * sum("/" in text for text in references) >= len(references)
    # Of forms by which as many find a page the first: what has no slash is hardly an address.
    forms: tuple[str, ...] = FORMS if slashed else (*FORMS[1:], FORMS[0])
    if 2 * sum(text.lower().endswith(SUFFIXES) for text in references) > len(references):
        forms = ("file", *forms)
    tried = [count_references(corpus, replace(own, refer=form), place) for form in forms]
    best = max(tried, key=lambda one: one.found)
    if best.found < 0.9 * best.judged:
        paths = [article.path for article in corpus.articles]
        for key in keys_of_values(content, paths, frozenset(references)):
            by_key = replace(own, refer=f"key {key}")
            tried.append(count_references(read_corpus(content, replace(settings, links=(by_key,))), by_key))
    return max(tried, key=lambda one: one.found)


def _content(settings: Settings) -> Path:
    if settings.content is None:
        raise ContentError("recommender.yml names no content; set `content:`")
    return settings.content
