"""What a front end may ask of a list: more articles that were seen, what to leave out, which keys, a fallback."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from markupsafe import escape

from recommender.model import documents
from recommender.model.documents import RelatedRequest
from recommender.model.model import SHOWN, Model
from recommender.ranking.selection import Candidate, choose
from recommender.service.problem_documents import Refusal, shown
from recommender.service.requests import MAX_LIMIT, MAX_TEXT

OPTIONS = ("also", "exclude", "fields", "fallback")
REPEATABLE = ("also", "exclude")
OF_ARTICLES = ("id", "title", "subject", "url")
OF_LINKS = ("score", "rank", "source", "terms")
MOST_LINKED = "most-linked"


@dataclass(frozen=True)
class ListOptions:
    """Rows seen too, rows left out, keys that are wanted (none: all), and whether a short list is filled up."""

    also: tuple[int, ...] = ()
    exclude: tuple[int, ...] = ()
    fields: tuple[str, ...] = ()
    fallback: bool = False

    def __bool__(self) -> bool:
        return bool(self.fields or self.other_links)

    @property
    def other_links(self) -> bool:
        """Whether the links are others than those of the article alone."""
        return bool(self.also or self.exclude or self.fallback)


def values_of(raw: bytes, name: str) -> list[str]:
    """Give every value of a parameter in a query string that was read already."""
    return [value for known, value in parse_qsl(raw.decode("ascii"), keep_blank_values=True) if known == name]


def fields_of(model: Model, text: str | None) -> tuple[str, ...]:
    """Read the names of keys, with commas between them.

    Raises:
        Refusal: no answer has such a key.
    """
    if text is None:
        return ()
    known = (*OF_ARTICLES, *model.settings.answers, *OF_LINKS)
    names = tuple(text.split(","))
    for name in names:
        if name not in known:
            raise Refusal("bad-parameter", f"unknown key {shown(name)}; known: {', '.join(known)}", "fields")
    return names


def fallback_of(text: str | None) -> bool:
    """Tell whether a list that is short is filled up with the most linked articles.

    Raises:
        Refusal: another fallback is named.
    """
    if text not in (None, MOST_LINKED):
        raise Refusal("bad-parameter", f"fallback must be {MOST_LINKED}, got {shown(str(text)[:MAX_TEXT])}", "fallback")
    return text is not None


def document(
    model: Model, row: int, wish: RelatedRequest, options: ListOptions, curated: Collection[int]
) -> dict[str, Any]:
    """Answer for one article, beside others that were seen and what is left out.

    A filter looks at the 50 links that would be shown without it; terms are those of the article's own score.
    """
    limit, only = wish.limit or model.settings.slots, wish.only
    seeds, wanted = list(dict.fromkeys([row, *options.also])), MAX_LIMIT if only else limit
    choice = None if len(seeds) > 1 else model.choose_for(row, options.exclude, wanted)
    found = list(choice.shown) if choice else _of_several(model, seeds, options.exclude, wanted)
    found = [one for one in found if only is None or only.passes(model, one)][:limit]
    links = documents.links(model, found, curated)
    if wish.explain:
        query = model.query(row)
        for link, one in zip(links, found, strict=True):
            link["terms"] = documents.terms(model.explain(query, one.row))
    if options.fallback and len(found) < limit:
        held = [*seeds, *options.exclude, *(one.row for one in found)]
        more = documents.articles(model, most_linked(model, held, limit - len(found)))
        links += [{**one, "rank": rank, "source": MOST_LINKED} for rank, one in enumerate(more, len(found) + 1)]
    out: dict[str, Any] = {"article": documents.article(model, row), "related": links}
    if len(links) < limit:
        of = f" for {len(seeds)} articles" if len(seeds) > 1 else ""
        own = "" if only or choice is None else choice.reason(limit)
        out["reason"] = own or f"{len(links)} of {limit} found{of}"
    return out


def _of_several(model: Model, seeds: Sequence[int], exclude: Sequence[int], limit: int) -> list[Candidate]:
    """Choose by the mean of the scores for all seeds, 0 where one of them has not chosen an article."""
    held = [*exclude, *seeds]
    total: dict[int, float] = {}
    for seed in seeds:
        for row, score in model.choose_for(seed, held, SHOWN).shown:
            total[row] = total.get(row, 0.0) + score / len(seeds)
    ranked = sorted((Candidate(row, score) for row, score in total.items()), key=lambda c: (-round(c.score, 9), c.row))
    # Each is above the floor for a seed of its own.
    rules = replace(model.rules, floor=0.0)
    return list(choose(replace(model.asking(seeds[0]), pinned=()), ranked, held, limit, rules).shown)


def most_linked(model: Model, held: Sequence[int], count: int) -> list[int]:
    """Give the rows of a subject, that of the first one held, which most lists show and which no rule bars."""
    asking, subject = model.asking(held[0]), model.catalogue.subjects[held[0]]
    shown_in = model.in_lists
    rows = np.flatnonzero(shown_in * (model.catalogue.of_subject(subject) if subject else 1))
    rows = rows[np.lexsort((rows, -shown_in[rows]))]
    ranked = [Candidate(row, 1.0) for row in rows.tolist()]  # a score that no floor stops
    return [one.row for one in choose(replace(asking, pinned=()), ranked, held, count, model.rules).shown]


def only_fields(answer: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """Keep the wanted keys of the articles of an answer, and their urls."""
    if not fields:
        return dict(answer)
    kept = {"url", *fields}

    def trimmed(value: Any) -> Any:
        if isinstance(value, list):
            return [trimmed(one) for one in value]
        return {name: each for name, each in value.items() if name in kept}

    return {name: trimmed(value) if name in ("article", "related") else value for name, value in answer.items()}


def fragment(links: Sequence[Mapping[str, Any]]) -> bytes:
    """Write links as a list in HTML, for a page that includes it as it is; nothing where there are none.

    A url that a front matter gives a scheme such as ``javascript:`` is no link.
    """
    items = [
        f'<li><a href="{escape(link["url"])}">{escape(link["title"])}</a></li>\n'
        for link in links
        if urlsplit(link["url"].strip()).scheme.lower() in ("", "http", "https")
    ]
    return (
        f'<ul class="related-articles">\n{"".join(items)}</ul>\n'.encode("utf-8", "surrogateescape") if items else b""
    )
