"""``recommender.rules.yml`` written: decisions of editors, and generated links that a person deleted as blocks."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from recommender.article import Link
from recommender.rules.editor_rules import PairRule
from recommender.rules.rules_text import Rule, with_rules
from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.site.generated_links import Generated
from recommender.site.link_verdicts import find_target
from recommender.system.disk import locked
from recommender.system.user_files import rewrite

# More files than these, or than a hundredth of those with generated links but three, are no editor's work of a day.
FILES, SHARE, FEW = 20, 100, 3


def write_rules(
    file: Path,
    added: Iterable[Rule],
    removed: Iterable[Rule] = (),
    *,
    held: Path | None = None,
    patience: float = 0.0,
) -> bool:
    """Change the file under a lock, from its text as it is then: two editors at once lose nothing.

    ``held`` is a folder of which the caller has the lock; another run is waited for up to ``patience`` seconds. Gives
    False where the file says so already.

    Raises:
        SettingsError: its form does not allow the change.
        LockHeld: another run writes to the site.
    """
    mine = held is not None and os.path.realpath(held) == os.path.realpath(file.parent)
    with nullcontext() if mine else locked(file.parent, patience):
        text = file.read_text(encoding="utf-8-sig") if file.exists() else ""
        changed = with_rules(text, added, removed)
        if changed != text:
            rewrite(file, changed.encode("utf-8"))
        return changed != text


@dataclass(frozen=True)
class Deleted:
    """Generated links that a person deleted, as rules, and in how many files of those that have any."""

    rules: tuple[PairRule, ...]
    files: int
    known: int

    @property
    def too_many(self) -> bool:
        """Whether so many files speak of a revert or a merge rather than of decisions."""
        return self.files > min(FILES, max(FEW, self.known // SHARE))


def without_deleted(corpus: Corpus, settings: Settings, found: Deleted) -> tuple[Corpus, Settings]:
    """Give a site and its settings as if the deleted links were blocked already."""
    own = settings.editor_rules
    rules = dataclasses.replace(own, pairs=(*own.pairs, *found.rules))
    return dataclasses.replace(corpus, rules=rules), dataclasses.replace(settings, editor_rules=rules)


def deleted_links(corpus: Corpus, generated: Generated) -> Deleted:
    """Find the generated links that are gone from their files while others of the same run still stand there."""
    rules = list[PairRule]()
    for url, urls in sorted(generated.items()):
        row = corpus.row_of.get(url, -1)
        if row < 0:
            continue
        standing = {find_target(corpus, row, link).row for link in corpus.articles[row].links}
        targets = [find_target(corpus, row, Link(0, 0, "", "", "", other)).row for other in sorted(urls)]
        if standing.isdisjoint(targets):  # reverted as a whole, or undone
            continue
        barred = {*standing, *corpus.decisions.blocks.get(row, ()), *corpus.decisions.pins.get(row, ()), row, -1}
        gone = [target for target in targets if target not in barred]
        rules += [PairRule("block", url, corpus.articles[target].url, one_way=True) for target in gone]
    return Deleted(tuple(rules), len({rule.article for rule in rules}), len(generated))
