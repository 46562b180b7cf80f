"""The list of changes of a fill, planned in a process of its own: no worker of a service should hold a whole site."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recommender.editing.changes import ORDERS, LinkChange, ListChange, ordered, orphans
from recommender.editing.fill import Order, plan_fill
from recommender.editing.rules_writer import deleted_links, without_deleted
from recommender.errors import ModelError
from recommender.model.redating import hidden_on
from recommender.model.store import load_model
from recommender.service.site_scan import settings_of
from recommender.site.corpus import read_corpus
from recommender.site.generated_links import read_generated
from recommender.system import parallel
from recommender.system.disk import replace_file
from recommender.system.processes import run_behind_others


@dataclass(frozen=True, eq=False)
class Planned:
    """What was planned: the lists that change, in order of their paths, and who has no link to it so far.

    What each page of the review needs is made once with it: ``orders`` are the lists in each order, ``sizes`` how many
    links of each are to be decided, by its url; ``subjects`` and ``verdicts`` count lists by name.
    """

    lists: tuple[ListChange, ...]
    orphans: frozenset[str]
    refused: int
    orders: Mapping[str, Sequence[ListChange]]
    sizes: Mapping[str, int]
    subjects: Sequence[tuple[str, int]]
    verdicts: Sequence[tuple[str, int]]


def main(order: bytes) -> None:
    """Plan a fill of the whole site and write the list down; progress goes to stdout, a line for each step."""
    values = json.loads(order)
    settings = settings_of(values)
    generated = read_generated(settings.links_file)
    corpus = read_corpus(Path(values["content"]), settings, _progress)
    found = deleted_links(corpus, generated)
    if found.rules and not found.too_many:
        corpus, settings = without_deleted(corpus, settings, found)
    folder = Path(values["model"])
    model = hidden_on(load_model(folder), corpus.day)
    if not model.fits(corpus, settings):
        raise ModelError("files have changed since the model was built; run `recommender build`, then plan again")
    model = dataclasses.replace(model, settings=settings, decisions=corpus.decisions)
    wanted = Order(corpus.root, links_file=settings.links_file, model_folder=folder, with_diff=False, with_lists=True)
    made = plan_fill(wanted, corpus, model, settings, _progress)
    lists = [one for edit in made.edits for one in edit.lists]
    head = {"orphans": sorted(orphans(corpus, generated)), "refused": len(made.problems)}
    replace_file(Path(values["out"]), "\n".join(map(json.dumps, (head, *lists))).encode(), durable=False)


def read_planned(file: Path) -> Planned:
    """Read what ``main`` wrote, line by line: other threads of the service go on meanwhile."""
    with file.open("rb") as lines:
        head: dict[str, Any] = json.loads(next(lines))
        lists = tuple(map(_list_of, lines))
    lonely = frozenset[str](head["orphans"])
    return Planned(
        lists=lists,
        orphans=lonely,
        refused=head["refused"],
        orders={order: ordered(lists, order, lonely) for order in ORDERS},
        sizes={one.url: len(one.decidable) for one in lists},
        subjects=_counted(one.subject for one in lists if one.subject),
        verdicts=_counted(verdict for one in lists for verdict in one.verdicts),
    )


def _list_of(line: bytes) -> ListChange:
    path, url, title, subject, links = json.loads(line)
    return ListChange(path, url, title, subject, tuple(LinkChange(*link) for link in links))


def _counted(names: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(names).items())


def _progress(label: str, total: int) -> parallel.Step:
    done = 0

    def step(more: int) -> None:
        nonlocal done
        done += more
        sys.stdout.write(f"{label} {done} {total}\n")
        sys.stdout.flush()

    return step


if __name__ == "__main__":
    run_behind_others(main)
