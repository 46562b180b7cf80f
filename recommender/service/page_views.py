"""What the page shows, as plain values for its templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup

from recommender.model import documents
from recommender.model.ask import Answer
from recommender.model.lookup import closest, search
from recommender.model.model import Model
from recommender.model.reasons import score_in_words
from recommender.ranking.score import Part
from recommender.ranking.selection import Choice
from recommender.service.problem_documents import Refusal, shown

TERMS = 8
# Articles of a page of search results, and those that a search looks at.
FOUND, MOST = 30, 600


def card(model: Model, row: int) -> dict[str, Any]:
    """Give what is always shown of an article."""
    out = {"row": row, "hidden": model.catalogue.hidden_because(row), "address": address(model, row)}
    return {"id": "", "subject": "", **documents.article(model, row), **out}


def address(model: Model, row: int) -> dict[str, str]:
    """Give the parameters by which the page of an article is found: its url, and what it is of where others have it."""
    catalogue = model.catalogue
    shared = row in catalogue.shared
    which = zip(("lang", "version"), catalogue.partition_of(row), strict=True) if shared else ()
    return {"url": catalogue.urls[row], **{name: value for name, value in which if value}}


def suggestions(answer: Answer) -> list[dict[str, Any]]:
    """Give the links that should be, with the terms of each."""
    return [
        {
            **card(answer.model, candidate.row),
            "rank": rank,
            "score": candidate.score,
            "near": nearness(answer.model, candidate.score),
            "because": score_in_words(answer.model, parts, candidate.row),
            "fields": fields(parts),
        }
        for rank, candidate in enumerate(answer.choice.shown, 1)
        for parts in [answer.parts(candidate.row)]
    ]


def nearness(model: Model, score: float) -> str:
    """Say a score in words, beside what near candidates of the site usually score."""
    usual = model.usual_score or 0.2
    for share, said in ((1.5, "very near"), (1.0, "near"), (0.65, "related")):
        if score >= share * usual:
            return said
    return "loosely related" if score >= model.floor else "hardly related"


SHORT = {
    "below-floor": "not near enough",
    "hidden": "hidden",
    "never-suggested": "never suggested",
    "same-question": "asking the same question",
    "repeats-link": "asking what another link of the list asks",
    "linked": "in the list already",
    "linked-in-text": "linked to in the text",
    "other-language": "of another language or version",
    "blocked": "forbidden by a rule",
}


def shortfall(choice: Choice, held: int, wanted: int) -> str:
    """Say why places of a list stay empty; "" where none does."""
    if held >= wanted or choice.no_list:
        return choice.reason(wanted) if choice.no_list else ""
    counts = Counter(one.rule for one in choice.rejected)
    stopped = [f"{count:,} {SHORT[rule]}" for rule, count in counts.most_common() if rule in SHORT]
    why = f"of the candidates {', '.join(stopped)}" if stopped else "there are no more candidates"
    return f"{held} of {wanted} places are filled: {why}"


def fields(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Group the parts of a score by field, largest first; a part without a term stands for itself."""
    groups: dict[str, list[Part]] = {}
    for part in parts:
        groups.setdefault(part.field, []).append(part)
    found = []
    for name, own in groups.items():
        named = [part for part in own if part.term]
        rest = named[TERMS:]
        found.append(
            {
                "name": name.rsplit(".", 1)[-1].replace("_", " "),
                "value": sum(part.value for part in own),
                "terms": [{"term": part.term, "value": part.value} for part in named[:TERMS]],
                "more": len(rest),
                "rest": sum(part.value for part in rest),
            }
        )
    return sorted(found, key=lambda field: -abs(field["value"]))


def found(model: Model, text: str, subject: str, page: int) -> dict[str, Any]:
    """Give a page of the articles that a search finds, of a subject or any, or the closest where it finds none."""
    rows = search(model, text, MOST)
    subjects = Counter(filter(None, model.catalogue.subjects.some(rows)))
    of_subject = [row for row in rows if not subject or model.catalogue.subjects[row] == subject]
    near = [] if rows else [model.catalogue.urls.find(url) for url in closest(model, text)]
    return {
        "cards": [card(model, row) for row in (of_subject or near)[(page - 1) * FOUND : page * FOUND]],
        "near": bool(near),
        "count": len(of_subject),
        "most": len(rows) == MOST,
        "pages": max(1, -(-len(of_subject) // FOUND)),
        "subjects": sorted(subjects.items(), key=lambda one: (-one[1], one[0])),
    }


def page_number(text: str | None) -> int:
    """Read the number of a page of a list, from 1."""
    if text is None:
        return 1
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and not text.startswith("0")):
        raise Refusal("bad-parameter", f"page must be a whole number from 1, got {shown(text)}", "page")
    return int(text)


def diff_lines(diff: str) -> list[tuple[str, str]]:
    """Give the lines of a diff, each with its kind."""
    kinds = {"+": "added", "-": "removed", "@": "place"}
    lines = diff.split("\n")[: -1 if diff.endswith("\n") else None]
    return [("file" if line.startswith(("--- ", "+++ ")) else kinds.get(line[:1], "same"), line) for line in lines]


FILTERS: dict[str, Callable[..., Any]] = {
    "score": lambda value: f"{value:.3f}",
    "signed": lambda value: f"{value:.4f}" if value >= 0 else f"−{-value:.4f}",
    "percent": lambda value: f"{max(0.0, min(100.0, 100 * value)):.1f}",
    "thousands": lambda value: f"{value:,}",
    "diff_lines": diff_lines,
    "sentence": lambda text: f"{text[:1].upper()}{text[1:]}.",
    # An address may be broken behind a slash; a copy of it is whole.
    "breakable": lambda text: Markup("/<wbr>").join(text.split("/")),
}
