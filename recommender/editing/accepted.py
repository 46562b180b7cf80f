"""What a reviewed fill may add: the links that an editor pinned or said yes to, and no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.model.model import Model
from recommender.ranking.selection import Candidate, Choice
from recommender.rules.editor_rules import Decisions


@dataclass(frozen=True)
class Accepted:
    """A model that chooses among accepted links: pins first, then by score, where no rule of choosing stops them."""

    model: Model
    decisions: Decisions

    def choose_for(self, row: int, kept: Sequence[int] = (), limit: int | None = None) -> Choice:
        """Choose up to ``limit`` accepted links for a row beside those it keeps."""
        wanted = self.model.settings.slots - len(kept) if limit is None else limit
        pins = self.decisions.pins.get(row, ())
        found = [Candidate(other, self.model.score_between(row, other)) for other in self.wanted(row, kept)]
        found.sort(key=lambda one: (pins.index(one.row) if one.row in pins else len(pins), -one.score, one.row))
        shown: list[Candidate] = []
        for one in found:
            beside = [*kept, *(candidate.row for candidate in shown)]
            if len(shown) < wanted and self.permits(row, one.row, beside):
                shown.append(one)
        return Choice(tuple(shown), ())

    def wanted(self, row: int, kept: Sequence[int]) -> tuple[int, ...]:
        """Give the accepted links of a row that no rule of choosing stops beside those it keeps."""
        return tuple(other for other in self.decisions.accepted.get(row, ()) if self.permits(row, other, kept))

    def permits(self, row: int, other: int, kept: Sequence[int]) -> bool:
        """Tell whether a link that stands in a file may stay there beside others."""
        return self.model.permits(row, other, kept)
