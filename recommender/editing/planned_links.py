"""What the lists of a site would be after a fill, exchanges between them included; nothing is edited."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from recommender.article import Link
from recommender.editing.link_exchange import exchange
from recommender.editing.link_plan import Target, plan_links
from recommender.editing.plan import Filling
from recommender.markdown.link_blocks import Wanted
from recommender.system import parallel


@dataclass(frozen=True)
class PlannedLinks:
    """The work of planning the lists of some articles, each for itself, without the edits that a fill makes of them."""

    filling: Filling

    def __call__(self, rows: Sequence[int]) -> list[Target]:
        """Plan the list of each article."""
        filling = self.filling
        context = filling.settings, filling.generated
        return [plan_links(filling.corpus, row, filling.mode, filling.chooser, context) for row in rows]


@dataclass(frozen=True)
class Exchanged:
    """A list that exchanges made another of; ``planned`` are the rows that it would lead to without them."""

    planned: tuple[int, ...]
    target: Target

    def instead_of(self, target: Target) -> Target:
        """Give the list after the exchanges, in place of one that was planned for itself and is as it was then."""
        return self.target if target.rows == self.planned else target


def planned_lists(filling: Filling, progress: parallel.Progress = parallel.silent) -> list[Exchanged]:
    """Plan the lists of a whole site as a fill does, in the order of the rows."""
    rows = range(len(filling.corpus.articles))
    planned = list(parallel.run(PlannedLinks(filling), rows, progress, label="planning"))
    changed, _ = exchange(filling, planned)
    return [Exchanged(target.rows, changed.get(target.row, target)) for target in planned]


def links_after(filling: Filling, progress: parallel.Progress = parallel.silent) -> list[list[int]]:
    """Give the rows of the articles that each list of a site would lead to after a fill."""
    articles = filling.corpus.articles
    lists = (one.target for one in planned_lists(filling, progress))
    # Lists beside the one that new links go into stay as they are.
    found = ((*target.rows, *target.others) for target in lists)
    return [[other for other in others if other >= 0 and not articles[other].hidden] for others in found]


def as_json(one: Exchanged) -> str:
    """Write a list after the exchanges as one line."""
    target = one.target
    wanted, generated = [asdict(want) for want in target.wanted], sorted(target.generated)
    rest = target.rows, target.open, target.others
    return json.dumps((one.planned, target.row, wanted, generated, dict(target.tally), target.changes, *rest))


def read_exchanged(line: str) -> Exchanged:
    """Read what ``as_json`` wrote."""
    planned, row, wanted, generated, tally, changes, *rest = json.loads(line)
    links = tuple(Wanted(**{**want, "further": tuple(map(tuple, want["further"]))}) for want in wanted)
    target = Target(row, links, frozenset(generated), tally, changes, *map(tuple, rest))
    return Exchanged(tuple(planned), target)


def link_of(want: Wanted) -> Link:
    """Give a wanted link as it will be read from the file."""
    return Link(want.slot, 0, want.id, want.title, want.subject, want.url)
