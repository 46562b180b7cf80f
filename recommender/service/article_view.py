"""The page of one article as plain values: its list after a fill, who links to it, who could, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from recommender.editing.link_plan import Target
from recommender.editing.plan import Edit
from recommender.markdown.link_blocks import Wanted
from recommender.model import documents
from recommender.model.ask import Answer, Reason, rule_in_words, same_question, why_row
from recommender.model.linkers import linkers_to_some
from recommender.model.model import Model
from recommender.model.reasons import score_in_words
from recommender.problems import Problem
from recommender.ranking.balance import BALANCED, FIRST, OUTRANKED
from recommender.service.live_content import Planned, Today
from recommender.service.page_views import card, fields, nearness, shortfall
from recommender.service.site_scanner import SiteScan
from recommender.settings import Settings
from recommender.site.link_verdicts import Judged

PASSED, LINKING, LINKERS = 8, 20, 8
VERDICTS = {
    "sound": "sound",
    "dead": "dead: no article has this url or id",
    "ambiguous": "ambiguous: several articles are meant",
    "self": "links to itself",
    "copy": "links to its own copy",
    "hidden": "links to a hidden article",
    "blocked": "a rule of the editors forbids it",
    "repeated": "repeated: linked already",
    "external": "another site",
    "elsewhere": "no article, but a page of the site",
}
MODES = {
    "repair": "Keeps every sound link that a person made, in its order; drops what is dead, repeated or hidden; "
    "corrects what drifted; fills the free places.",
    "empty": "Leaves every link as it stands, good or bad, and only fills the free places.",
    "regenerate": "Writes the list anew as the ranking has it; links to other sites stay.",
}


# Why a sound link gives way, by the names that the exchanges have for it.
EXCHANGED = {
    "replaced": "gives way to a nearer one",
    OUTRANKED: "gives way to a nearer one",
    FIRST: "gives way, so that an article gets its first link",
    BALANCED: "gives way, so that no article has too many links and each has one",
}


def about(model: Model, row: int, settings: Settings, survey: SiteScan | None) -> dict[str, Any]:
    """Give what else is known of the article itself."""
    catalogue = model.catalogue
    return {
        "path": catalogue.paths[row],
        "copies": [card(model, other) for other in documents.copies(model, row)],
        "page_link": page_link(settings.page_link, catalogue.urls[row]),
        "file_link": settings.file_link.replace("{path}", quote(catalogue.paths[row])) if settings.file_link else "",
        "linking": linking(model, row, survey) if survey else None,
        "linkers": linkers(model, row, survey),
        "no_linkers": documents.no_linkers(model, row),
    }


def page_link(pattern: str, url: str) -> str:
    """Give the address of the live page; "" where no pattern is set. An absolute url is its own."""
    if not pattern:
        return ""
    if urlsplit(url).scheme:
        return url if url.startswith(("https://", "http://")) else ""
    return pattern.replace("{url}", quote(url, safe="/%?=&#:@!$'()*+,;~"))


def linking(model: Model, row: int, survey: SiteScan) -> dict[str, Any]:
    """Give who links to an article or a copy of it, and how: in its list, in its text."""
    found: dict[int, list[str]] = {}
    for kind, rows in survey.linking(row).items():
        for one in rows:
            found.setdefault(one, []).append(kind)
    shown = [{**card(model, one), "kinds": kinds} for one, kinds in sorted(found.items())[:LINKING]]
    return {"count": len(found), "shown": shown}


def linkers(model: Model, row: int, survey: SiteScan | None) -> list[dict[str, Any]]:
    """Give who could link to an article and does not: with the score, and what that would take."""
    known = {one for rows in survey.linking(row).values() for one in rows} if survey else set[int]()
    found = [one for one in linkers_to_some(model, [row]).of(row, LINKERS + len(known)) if one.row not in known][
        :LINKERS
    ]
    slots = model.settings.slots
    return [
        {
            **card(model, one.row),
            "score": one.score,
            "near": nearness(model, one.score),
            "says": f"its suggestion {one.place}" if one.place <= slots else "its list has nearer ones",
        }
        for one in found
    ]


def the_list(answer: Answer, today: Today, planned: Planned | None) -> dict[str, Any]:
    """Give the links of an article as they would be after a fill, and behind them those that it would drop.

    Without a plan they are those that the ranking has.
    """
    if planned is None:
        ranked = [_added(answer, candidate.row, place) for place, candidate in enumerate(answer.choice.shown, 1)]
        links, held = ranked, [candidate.row for candidate in answer.choice.shown]
    else:
        links, held = _after(answer, today, planned)
    problems = [{**problem.as_dict(), "line": problem.line} for problem in today.problems]
    return {
        "links": links,
        "best": max((link["score"] for link in links if "score" in link), default=1.0) or 1.0,
        "counts": {mark: n for mark in MARKS if (n := sum(link["mark"] == mark for link in links))},
        "others": others(answer, held),
        "reason": shortfall(answer.choice, len(held), answer.limit),
        "problems": problems,
        **outcome_of(planned.outcome if planned else None),
    }


MARKS = ("kept", "corrected", "added", "dropped")


def _after(answer: Answer, today: Today, planned: Planned) -> tuple[list[dict[str, Any]], list[int]]:
    judged = {one.link.slot: one for one in today.judged if one.link.place == 0}
    target, links, held = planned.target, list[dict[str, Any]](), list[int]()
    for want in target.wanted:
        source = judged.get(want.source)
        row = planned.row_of(want)
        held += [row] if row >= 0 else []
        links.append(_link(answer, want, source) if source else _added(answer, row, want.slot))
    links += [_dropped(answer, one, target.tally) for one in _gone(target, today.judged)]
    links += [_judged(answer, one, "kept") for one in today.judged if one.link.place > 0]
    return links, held


def _gone(target: Target, judged: Sequence[Judged]) -> Iterator[Judged]:
    used = {want.source for want in target.wanted}
    return (one for one in judged if one.link.place == 0 and one.link.slot not in used)


def _link(answer: Answer, want: Wanted, source: Judged) -> dict[str, Any]:
    link = source.link
    same = (want.id, want.title, want.subject, want.url) == (link.id, link.title, link.subject, link.url)
    written = {"slot": want.slot, "title": want.title or want.url or want.id, "subject": want.subject}
    return {**_judged(answer, source, "kept" if same else "corrected"), **written}


def _judged(answer: Answer, one: Judged, mark: str) -> dict[str, Any]:
    """Give a link that stands in the file, with its verdict and what the ranking says of it."""
    link: dict[str, Any] = {
        "mark": mark,
        "slot": one.link.slot,
        "title": one.link.title or one.link.url or one.link.id,
        "subject": one.link.subject,
        "url": one.link.url,
        "verdict": one.verdict,
        "meaning": one.explanation or VERDICTS[one.verdict],
        "unsound": not one.stays,
        "drift": one.drift,
        "generated": one.generated,
    }
    if one.target >= 0:
        link |= {**_scored(answer, one.target), "title": link["title"]}
        link["says"] = says(why_row(answer, one.target))
    return link


def _dropped(answer: Answer, one: Judged, tally: Mapping[str, int]) -> dict[str, Any]:
    link = _judged(answer, one, "dropped")
    if not one.sound:
        return link
    why = [said for reason, said in EXCHANGED.items() if f"dropped {reason}" in tally]
    return {**link, "meaning": why[0] if len(why) == 1 else "gives way to another one"}


def _added(answer: Answer, row: int, slot: int) -> dict[str, Any]:
    pinned = any(pin.row == row for pin in answer.asking.pinned)
    return {"mark": "added", "slot": slot, "verdict": "", "pinned": pinned, **_scored(answer, row)}


def _scored(answer: Answer, row: int) -> dict[str, Any]:
    """Give an article that is linked to, or may be, with its score in numbers and words."""
    model, parts = answer.model, answer.parts(row)
    score = sum(part.value for part in parts)
    return {
        "target": card(model, row),
        "title": model.catalogue.titles[row],
        "subject": model.catalogue.subjects[row],
        "score": score,
        "near": nearness(model, score),
        "because": score_in_words(model, parts, row),
        "same_question": same_question(answer, row),
        "fields": fields(parts),
    }


def says(reason: Reason) -> str:
    """Say what the ranking makes of a link that stands in the file."""
    if reason.rank:
        return f"The ranking has it at place {reason.rank}."
    why = reason.sentence.removeprefix("not shown: ").removesuffix(f" ({reason.rule})")
    return f"The ranking would not suggest it: {why}."


def others(answer: Answer, held: Sequence[int]) -> list[dict[str, Any]]:
    """Give the best articles that are not in the list, and why: no copies of the article, no low scores."""
    model = answer.model
    near = [(one.row, one.score, "list-full") for one in answer.choice.shown if one.row not in held]
    near += [(one.row, one.score, one.rule) for one in answer.choice.rejected]
    near += [(one.row, one.score, "list-full") for one in answer.choice.rest]
    families = {model.rules.families[row] for row in held}
    found = [
        {**card(model, row), "score": score, "near": nearness(model, score), "rule": rule,
         "why": rule_in_words(model, rule, row)}
        for row, score, rule in near
        if rule != "family" and score >= model.floor and model.rules.families[row] not in families
    ]  # fmt: skip
    return found[:PASSED]


def missing(now: Today) -> str:
    """Say why an article's file is not there as the model knew it; "" where it is."""
    if now.gone:
        return "The file is gone: it was deleted, moved or renamed after the model was built"
    if now.moved_to:
        return f"The file is another article now, {now.moved_to}"
    return "" if now.article else "The file is no article any more"


def outcome_of(outcome: Edit | Problem | None) -> Mapping[str, str]:
    """Give the diff of one file, or why there is none."""
    if isinstance(outcome, Problem):
        return {"diff": "", "refused": f"{outcome.reason or outcome.kind.summary} ({outcome.kind.remedy})"}
    return {"diff": outcome.diff if outcome else "", "refused": ""}
