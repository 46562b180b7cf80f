"""What the review page shows and understands, as plain values for its template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from recommender.editing.changes import ORDERS, LinkChange, ListChange, Reviewed, helped, reasons, selected
from recommender.model.model import Model
from recommender.model.redating import finder
from recommender.service.article_view import VERDICTS
from recommender.service.problem_documents import Refusal, shown
from recommender.service.requests import MAX_TEXT
from recommender.service.review_jobs import ReviewJobs
from recommender.service.review_plan import Planned

FILTERS = ("subject", "verdict", "state", "sort")
STATES = {"": "all", "open": "with undecided links", "accepted": "accepted", "rejected": "rejected"}
SORTS = {
    "path": "path",
    "score": "weakest score first",
    "changes": "most changes first",
    "orphans": "most orphans helped first",
}
# What stands between the two urls of a checkbox; no url holds it.
_BETWEEN = "\t"


class Filter(NamedTuple):
    """Which lists are wanted, and in which order."""

    subject: str = ""
    verdict: str = ""
    state: str = ""
    sort: str = "path"

    @property
    def given(self) -> dict[str, str]:
        """The parameters that say so."""
        defaults = Filter()
        return {name: value for name, value in self._asdict().items() if value != getattr(defaults, name)}


def filter_of(query: Mapping[str, str]) -> Filter:
    """Read a filter from parameters.

    Raises:
        Refusal: one of them is none that is known.
    """
    wanted = Filter(**{name: query[name] for name in FILTERS if query.get(name)})
    for name, known in (("state", STATES), ("sort", SORTS)):
        if getattr(wanted, name) not in known:
            said = ", ".join(filter(None, known))
            raise Refusal("bad-parameter", f"{name} must be one of {said}, got {shown(getattr(wanted, name))}", name)
    if max(map(len, wanted)) > MAX_TEXT:
        raise Refusal("bad-parameter", f"a parameter has more than {MAX_TEXT:,} characters")
    return wanted


def filtered(planned: Planned, wanted: Filter, decisions: Reviewed) -> list[ListChange]:
    """Give the lists of a plan that a filter finds, in its order."""
    found = selected(planned.orders[wanted.sort], wanted.subject, wanted.verdict)
    if wanted.state == "open":
        return [one for one in found if _undecided(planned, one, decisions)]
    return [one for one in found if decisions.article(one) == wanted.state] if wanted.state else found


def _open(change: ListChange, decisions: Reviewed) -> list[str]:
    return [target for target in change.decidable if not decisions.link(change.url, target)]


def _undecided(planned: Planned, change: ListChange, decisions: Reviewed) -> int:
    return len(_open(change, decisions)) if change.url in decisions.articles else planned.sizes[change.url]


def undecided(planned: Planned, lists: Sequence[ListChange], decisions: Reviewed) -> int:
    """Count the undecided links of some lists of a plan."""
    return sum(_undecided(planned, one, decisions) for one in lists)


def open_pairs(lists: Sequence[ListChange], decisions: Reviewed, least: float) -> list[tuple[str, str]]:
    """Give the undecided links of lists, of at least a score, as urls of article and target."""
    pairs = []
    for one in lists:
        scores = {link.target: link.score for link in one.added}
        known = ((target, scores.get(target)) for target in _open(one, decisions))
        pairs += [(one.url, target) for target, score in known if score is None or score >= least]
    return pairs


def pair_of(text: str) -> tuple[str, str]:
    """Read a checkbox: the urls of article and target.

    Raises:
        Refusal: it holds no two urls.
    """
    article, between, target = text.partition(_BETWEEN)
    if not (between and article and target and (article + target).isprintable() and len(text) <= 2 * MAX_TEXT):
        raise Refusal("bad-parameter", f"link must hold two urls, got {shown(text)}", "link")
    return article, target


def own_url(model: Model, url: str) -> str:
    """Give the url under which an article is known for any address that means it."""
    if model.catalogue.urls.find(url) >= 0:
        return url
    row = finder(model)(url)
    return model.catalogue.urls[row] if row >= 0 else url


def decided(decision: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Say what became of a form."""
    if not pairs:
        return "no link was checked, or all were decided already"
    return f"{len(pairs):,} link{'s' * (len(pairs) > 1)} {decision or 'undecided again'}"


def site(jobs: ReviewJobs, decisions: Reviewed) -> dict[str, Any]:
    """Give what is known of the whole list: its counts, its subjects and verdicts, what is at work."""
    planned = jobs.planned
    lists = planned.lists if planned else ()
    states = Counter(decisions.article(one) for one in lists if one.url in decisions.articles)
    return {
        "planned": planned is not None,
        "files": len(lists),
        "accepted": states["accepted"],
        "rejected": states["rejected"],
        "refused": planned.refused if planned else 0,
        "subjects": planned.subjects if planned else [],
        "verdicts": planned.verdicts if planned else [],
        "job": jobs.job,
        "said": jobs.said,
        "trouble": jobs.trouble,
        "states": STATES,
        "sorts": {name: SORTS[name] for name in ORDERS},
    }


def files(
    model: Model, lists: Sequence[ListChange], decisions: Reviewed, orphans: Collection[str]
) -> list[dict[str, Any]]:
    """Give some lists with all their links, each with its reason and what is decided."""
    return [
        {
            "path": one.path,
            "url": one.url,
            "title": one.title,
            "subject": one.subject,
            "known": model.catalogue.urls.find(one.url) >= 0,
            "state": decisions.article(one),
            "changes": one.changed,
            "orphans": helped(one, orphans),
            "open": len(_open(one, decisions)),
            "links": [
                _link(one, link, why, decisions) | {"orphan": link.change == "added" and link.target in orphans}
                for link, why in zip(one.links, reasons(one, model), strict=True)
            ],
        }
        for one in lists
    ]


def _link(change: ListChange, link: LinkChange, why: str, decisions: Reviewed) -> dict[str, Any]:
    asked = link.change != "dropped" and link.target in change.decidable
    meaning = {"replaced": "gives way to a better link", "blocked": "a rule forbids it"}
    return link._asdict() | {
        "why": why,
        "meaning": meaning.get(link.verdict) or VERDICTS.get(link.verdict, link.verdict),
        "decision": decisions.link(change.url, link.target) if link.change != "dropped" else "",
        "box": f"{change.url}{_BETWEEN}{link.target}" if asked else "",
    }
