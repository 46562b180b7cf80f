"""What the page shows, as plain values for its templates."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from recommender.editing.plan import Edit
from recommender.model import documents
from recommender.model.ask import Answer, Reason, draft_linkers, rule_in_words, same_question, why_row
from recommender.model.catalogue import NEVER
from recommender.model.model import Model
from recommender.problems import Problem
from recommender.ranking.score import Part
from recommender.service.live_content import Today
from recommender.service.problem_documents import Refusal, shown
from recommender.service.site_scanner import SiteScan

TERMS, PASSED = 8, 6
# Bins of the plot of in-links: from, to (None: and more).
BINS: tuple[tuple[int, int | None], ...] = (
    (0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (6, 8), (9, 12), (13, 20), (21, None),
)  # fmt: skip
VERDICTS = {
    "sound": "sound",
    "dead": "dead: no article has this url or id",
    "ambiguous": "ambiguous: several articles are meant",
    "self": "links to itself",
    "copy": "links to its own copy",
    "hidden": "links to a hidden article",
    "repeated": "repeated: linked already",
    "external": "another site",
    "elsewhere": "no article, but a page of the site",
}


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


def article_facts(model: Model, row: int, survey: SiteScan | None) -> dict[str, Any]:
    """Give what else is known of the article itself."""
    return {
        "path": model.catalogue.paths[row],
        "copies": [card(model, other) for other in documents.copies(model, row)],
        "linked_from": int(survey.in_links[row]) if survey else None,
    }


def suggestions(answer: Answer, linked: Collection[int]) -> list[dict[str, Any]]:
    """Give the links that should be, with the terms of each; ``linked`` are the rows that the file links to today."""
    return [
        {
            **card(answer.model, candidate.row),
            "rank": rank,
            "score": candidate.score,
            "fields": fields(answer.parts(candidate.row)),
            "linked": candidate.row in linked,
        }
        for rank, candidate in enumerate(answer.choice.shown, 1)
    ]


def best(answer: Answer, links: Sequence[dict[str, Any]]) -> float:
    """Give the highest score on the page, which fills the meter."""
    scores = [candidate.score for candidate in answer.choice.shown] + [link.get("score", 0.0) for link in links]
    return float(max([*scores, 1e-9]))


def passed_over(answer: Answer) -> list[dict[str, Any]]:
    """Give the best articles that a rule stopped, with the rule, but for copies of the article and low scores."""
    found = [
        {
            **card(answer.model, one.row),
            "score": one.score,
            "rule": one.rule,
            "why": rule_in_words(answer.model, one.rule, one.row),
        }
        for one in answer.choice.rejected
        if one.rule != "family" and one.score >= answer.model.floor
    ]
    return found[:PASSED]


def today(answer: Answer, now: Today) -> dict[str, Any]:
    """Give the links that stand in the file, each with its verdict, and what the ranking says of it."""
    links = []
    for one in now.judged:
        link: dict[str, Any] = {
            "slot": one.link.slot,
            "title": one.link.title or one.link.url or one.link.id,
            "subject": one.link.subject,
            "url": one.link.url,
            "row": one.target,
            "verdict": one.verdict,
            "meaning": one.explanation or VERDICTS[one.verdict],
            "unsound": not one.stays,
            "drift": one.drift,
            "generated": one.link.url in now.generated,
        }
        if one.target >= 0:
            reason = why_row(answer, one.target)
            link |= {
                "target": card(answer.model, one.target),
                "score": reason.score,
                "says": says(reason),
                "same_question": same_question(answer, one.target),
                "fields": fields(answer.parts(one.target)),
            }
        links.append(link)
    problems = [{**problem.as_dict(), "line": problem.line} for problem in now.problems]
    return {"links": links, "problems": problems, "missing": missing(now)}


def missing(now: Today) -> str:
    """Say why an article's file is not there as the model knew it; "" where it is."""
    if now.gone:
        return "The file is gone: it was deleted, moved or renamed after the model was built"
    if now.moved_to:
        return f"The file is another article now, {now.moved_to}"
    return "" if now.article else "The file is no article any more"


def says(reason: Reason) -> str:
    """Say what the ranking makes of a link that stands in the file."""
    if reason.rank:
        return f"Suggested at rank {reason.rank}."
    return f"Not suggested: {reason.sentence.removeprefix('not shown: ').removesuffix(f' ({reason.rule})')}."


def fill(outcome: Edit | Problem | None) -> dict[str, str]:
    """Give the diff of one file, or why there is none."""
    if outcome is None:
        return {"diff": "", "refused": ""}
    if isinstance(outcome, Problem):
        return {
            "diff": "",
            "refused": f"{outcome.reason or outcome.kind.summary} ({outcome.kind.remedy})",
        }
    return {"diff": outcome.diff, "refused": ""}


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


def draft(answer: Answer) -> dict[str, Any]:
    """Give what a draft should link to, who should link to it, and who asks its question already."""
    model = answer.model
    return {
        "title": answer.title,
        "suggestions": suggestions(answer, ()),
        "reason": answer.choice.reason(answer.limit),
        "same": [{**card(model, row), "likeness": like} for row, like in documents.same_questions(answer)],
        "linkers": [
            {**card(model, one.row), "score": one.score, "rank": one.place} for one in draft_linkers(answer, 10)
        ],
    }


def site(model: Model, survey: SiteScan | None, first: int, count: int) -> dict[str, Any]:
    """Give the state of the whole site: counts, links per article, in-links today and as suggested, orphans."""
    suggested = _suggested_in_links(model)
    out: dict[str, Any] = {"articles": len(model), "survey": survey is not None}
    if survey is None:
        return {**out, "plot": plot({"suggested": suggested}), "missed": int((suggested == 0).sum())}
    catalogue = model.catalogue
    lonely = np.flatnonzero((survey.in_links == 0) & (catalogue.hidden == 0) & (catalogue.bars & NEVER == 0))
    hubs = np.argsort(-survey.in_links, kind="stable")[:10].tolist()
    return {
        **out,
        "totals": survey.facts["totals"],
        "problems": survey.facts["problems"],
        "verdicts": survey.facts["verdicts"],
        "per_article": bars(survey.facts["links_per_article"]),
        "plot": plot({"today": survey.in_links, "suggested": suggested}),
        "missed": int((suggested == 0).sum()),
        "orphans": [card(model, row) for row in lonely[first : first + count].tolist()],
        "orphan_count": len(lonely),
        "pages": max(1, -(-len(lonely) // count)),
        "hubs": [{**card(model, row), "count": int(survey.in_links[row])} for row in hubs if survey.in_links[row]],
    }


def _suggested_in_links(model: Model) -> Any:
    """Count how often each article would be linked to if every list were as the ranking has it."""
    place = np.arange(len(model.chosen.rows)) - np.repeat(model.chosen.indptr[:-1], np.diff(model.chosen.indptr))
    return np.bincount(model.chosen.rows[place < model.settings.slots], minlength=len(model))


def plot(series: dict[str, Any]) -> dict[str, Any]:
    """Give a histogram of in-links: for each bin its label and, for each series, count and height in percent."""
    counts = {
        name: [int(((links >= low) & (links <= (high if high is not None else 2**31 - 1))).sum()) for low, high in BINS]
        for name, links in series.items()
    }
    highest = max(1, *itertools.chain.from_iterable(counts.values()))
    labels = [str(low) if low == high else f"{low}–{high}" if high is not None else f"{low}+" for low, high in BINS]
    rows = [
        {
            "label": label,
            "bars": [
                {"name": name, "count": counts[name][number], "height": 100 * counts[name][number] / highest}
                for name in series
            ],
        }
        for number, label in enumerate(labels)
    ]
    return {"names": list(series), "rows": rows}


def bars(pairs: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    """Give counts with their share of the largest, in percent."""
    highest = max((count for _, count in pairs), default=1)
    return [{"label": str(label), "count": count, "width": 100 * count / highest} for label, count in pairs]


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
