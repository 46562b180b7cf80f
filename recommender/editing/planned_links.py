"""Which articles the lists of a site would link to after a fill; nothing is edited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recommender.article import Link
from recommender.editing.link_plan import plan_links
from recommender.editing.plan import Filling
from recommender.markdown.link_blocks import Wanted
from recommender.site.link_verdicts import find_target


@dataclass(frozen=True)
class PlannedLinks:
    """The work of planning the lists of some articles, without the edits that a fill makes of them."""

    filling: Filling

    def __call__(self, rows: Sequence[int]) -> list[Iterable[int]]:
        """Give the rows of the articles that each list would lead to."""
        return [self._one(row) for row in rows]

    def _one(self, row: int) -> list[int]:
        filling = self.filling
        target = plan_links(filling.corpus, row, filling.mode, filling.chooser, (filling.settings, filling.generated))
        # Lists beside the one that new links go into stay as they are.
        others = [link for link in filling.corpus.articles[row].links if link.place > 0]
        links = [*(link_of(want) for want in target.wanted), *others]
        found = [find_target(filling.corpus, row, link).row for link in links]
        return [other for other in found if other >= 0 and not filling.corpus.articles[other].hidden]


def link_of(want: Wanted) -> Link:
    """Give a wanted link as it will be read from the file."""
    return Link(want.slot, 0, want.id, want.title, want.subject, want.url)
