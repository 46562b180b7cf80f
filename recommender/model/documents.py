"""Answers as plain values, ready for JSON; the keys of an article are those of a related block."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recommender.model.ask import (
    Answer,
    CandidateFilter,
    Reason,
    ask_row,
    draft_linkers,
    rule_in_words,
    same_question,
    why_row,
)
from recommender.model.linkers import linkers_to_some
from recommender.model.model import Model
from recommender.ranking.score import Part
from recommender.ranking.selection import Candidate, Choice


@dataclass(frozen=True, slots=True)
class RelatedRequest:
    """How many links are wanted (0: as many as the site has slots), which, and whether with their terms."""

    limit: int = 0
    only: CandidateFilter | None = None
    explain: bool = False


def article(model: Model, row: int) -> dict[str, Any]:
    """Give the keys of an article."""
    return articles(model, [row])[0]


def articles(model: Model, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Give the keys of some articles: id and subject where any article has one, and what settings add."""
    catalogue = model.catalogue
    names = catalogue.named
    texts = (getattr(catalogue, f"{name}s").some(rows) for name in names)
    found: list[dict[str, Any]] = [dict(zip(names, values, strict=True)) for values in zip(*texts, strict=True)]
    if model.settings.answers:
        for document, further in zip(found, catalogue.further.some(rows), strict=True):
            document.update(json.loads(further or "{}"))
    return found


def listed(model: Model, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Give the keys of articles that are no suggestions, where hidden ones stand too; these are marked."""
    found = articles(model, rows)
    for document, row in zip(found, rows, strict=True):
        if model.catalogue.hidden[row]:
            document["hidden"] = True
    return found


def public(model: Model, rows: Sequence[int]) -> list[int]:
    """Leave out the hidden articles: what is not published yet is nobody's business."""
    return [row for row in rows if not model.catalogue.hidden[row]]


def public_urls(model: Model, urls: Iterable[str]) -> list[str]:
    """Leave out the urls of hidden articles, and those that the model does not have."""
    found = model.catalogue.urls
    return [url for url in urls if (row := found.find(url)) >= 0 and not model.catalogue.hidden[row]]


def copies(model: Model, row: int) -> list[int]:
    """Give the other articles of a family, by url."""
    return [other for other in model.rules.members.get(model.rules.families[row], ()) if other != row]


def related(model: Model, row: int, wish: RelatedRequest, curated: Collection[int]) -> dict[str, Any]:
    """Answer for one article: its links, why there are no more, and its copies."""
    limit = wish.limit or model.settings.slots
    # The build chose up to 20 links: the commonest question is a look-up.
    shown = [] if wish.only else model.chosen.of(row, limit)
    reason = ""
    if len(shown) < limit:
        choice = ask_row(model, row, limit, wish.only).choice if wish.only else model.choose_for(row, limit=limit)
        shown, reason = list(choice.shown), short_reason(choice, limit, wish.only)
    own, *others = articles(model, [row, *(candidate.row for candidate in shown)])
    out: dict[str, Any] = {"article": own, "related": _links(others, shown, curated)}
    if wish.explain:
        query = model.query(row)
        for link, candidate in zip(out["related"], shown, strict=True):
            link["terms"] = terms(model.explain(query, candidate.row))
    if reason:
        out["reason"] = reason
    family = copies(model, row)
    if family:
        out["copies"] = model.catalogue.urls.some(family)
    return out


def links(model: Model, shown: Sequence[Candidate], curated: Collection[int] | None) -> list[dict[str, Any]]:
    """Give a ranked list; ``curated`` are the rows that a person linked to, None where no sources are wanted."""
    return _links(articles(model, [candidate.row for candidate in shown]), shown, curated)


def _links(
    found: list[dict[str, Any]], shown: Sequence[Candidate], curated: Collection[int] | None
) -> list[dict[str, Any]]:
    for rank, (document, (row, score)) in enumerate(zip(found, shown, strict=True), 1):
        document["score"] = round(score, 9)
        document["rank"] = rank
        if curated is not None:
            document["source"] = "curated" if row in curated else "ranking"
    return found


def terms(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Give the parts of a score; they add up to it."""
    return [{"field": part.field, "term": part.term, "value": part.value} for part in parts]


def short_reason(choice: Choice, limit: int, only: CandidateFilter | None) -> str:
    """Say why fewer links are shown than wanted; "" where none is missing."""
    reason = choice.reason(limit)
    if not reason or only is None or choice.no_list:
        return reason
    asked = [f"subject {only.subject[:100]!r}"] if only.subject else []
    asked += [f"min_score {only.min_score:g}"] if only.min_score else []
    count = len(choice.shown)
    return f"{count} of {limit} found with {' and '.join(asked)}" + (f"; {reason}" if count else "")


def answered(answer: Answer, *, explain: bool) -> dict[str, Any]:
    """Give an answer for an article or a draft as the command line prints it: no sources, copies of a shared id."""
    own = article(answer.model, answer.row) if answer.row >= 0 else {"title": answer.title}
    out: dict[str, Any] = {"article": own, "related": links(answer.model, answer.choice.shown, None)}
    if explain:
        for link, candidate in zip(out["related"], answer.choice.shown, strict=True):
            link["terms"] = terms(answer.parts(candidate.row))
    if answer.copies:
        out["copies"] = answer.model.catalogue.urls.some(answer.copies)
    return {**out, **_remarks(answer)}


def _remarks(answer: Answer) -> dict[str, str]:
    """Say why there are no more links, and what they are ranked without."""
    said = {"reason": answer.choice.reason(answer.limit), "note": answer.note}
    return {name: text for name, text in said.items() if text}


def why(reason: Reason) -> dict[str, Any]:
    """Say why one article is shown or not: ``rule`` and ``by``, the url that it collided with, where there are any."""
    model = reason.answer.model
    out: dict[str, Any] = {
        "article": article(model, reason.row),
        "shown": bool(reason.rank),
        "rank": reason.rank,
        "score": round(reason.score, 9),
    }
    if reason.rule:
        out["rule"] = reason.rule
    if reason.by >= 0:
        out["by"] = model.catalogue.urls[reason.by]
    return {**out, "sentence": reason.sentence, "terms": terms(reason.answer.parts(reason.row))}


def draft(answer: Answer, *, hidden: bool = True) -> dict[str, Any]:
    """Answer for a draft: links out, links in, and what asks its question already, ``hidden`` articles among them."""
    model = answer.model
    inward, same = draft_linkers(answer, answer.limit), same_questions(answer)
    if not hidden:
        inward = [one for one in inward if public(model, [one.row])]
        same = [one for one in same if public(model, [one[0]])]
    sources, askers = listed(model, [one.row for one in inward]), listed(model, [row for row, _ in same])
    out: dict[str, Any] = {
        "article": {"title": answer.title},
        "related": links(model, answer.choice.shown, ()),
        "linked_from": [
            {**document, "score": round(one.score, 9), "rank": one.place}
            for document, one in zip(sources, inward, strict=True)
        ],
        "same_question": [
            {**document, "likeness": round(likeness, 9)} for document, (_, likeness) in zip(askers, same, strict=True)
        ],
    }
    return {**out, **_remarks(answer)}


def linkers(model: Model, row: int, limit: int, linking: Mapping[str, Collection[int]] | None) -> dict[str, Any]:
    """Name who could link to an article, best first; at rank 0 a rule or a full list keeps it from the list as it is.

    ``linking`` has the rows of who links to it or a copy, by ``list`` and ``text``; None where nobody knows.
    """
    found, family = list[dict[str, Any]](), sorted({row, *copies(model, row)})
    for one in linkers_to_some(model, [row]).of(row, limit):
        answer = ask_row(model, one.row, model.settings.slots)
        reasons = [why_row(answer, member) for member in family]
        best = min(reasons, key=lambda reason: (not reason.rank, reason.rank, reason.rule == "other-copy", reason.row))
        document = {**article(model, one.row), "score": round(one.score, 9), "rank": best.rank}
        if best.rule:
            document["rule"] = best.rule
        document["sentence"] = best.sentence
        if linking is not None:
            document["linked"] = [kind for kind in ("list", "text") if one.row in linking[kind]]
        found.append(document)
    out: dict[str, Any] = {"article": article(model, row), "linkers": found}
    return out if found else {**out, "reason": no_linkers(model, row)}


def no_linkers(model: Model, row: int) -> str:
    """Say why nobody could link to an article."""
    barred = model.rules.excluded[row]
    return rule_in_words(model, barred, row) if barred else "no other article has it among its nearest above the floor"


def same_questions(answer: Answer) -> list[tuple[int, float]]:
    """Give the articles that ask the asking one's question, most alike first."""
    found = [(row, like) for row, like in answer.asking.like.items() if same_question(answer, row)]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))
