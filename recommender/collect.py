"""What a build needs of a site: its corpus with counted words, read again only where files changed since an index."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recommender import parallel
from recommender.corpus import Corpus, Reading, assemble, listed, not_empty
from recommender.counts import Counts, arrange, count_texts, join, take
from recommender.index import Index, Read, key_of, now
from recommender.settings import Settings

# An index that leaves this many files to be read is made anew: about half a second's work.
STALE = 512


@dataclass(frozen=True)
class Collected:
    """A corpus with its words, the index of its files, and how many files were read for it."""

    corpus: Corpus
    index: Index
    read: int


def collect(
    root: Path,
    settings: Settings,
    progress: parallel.Progress = parallel.silent,
    meanwhile: Callable[[], object] = list,
    before: Index | None = None,
) -> Collected:
    """Read a site and count its words; of the files that an index knows, read only those that may have changed.

    ``meanwhile`` is called while other processes read and this one would wait. The index that comes back is the one
    from before while that spares enough.

    Raises:
        ContentError: as ``read_corpus``.
    """
    begun = now()
    paths, problems = listed(root)
    prefix = os.path.join(root, "")
    changed = [path for path in paths if before is None or not before.unchanged(prefix, path)]
    work = Reading(str(root), settings, count=True, digests=before.digests if before else {})
    reading = parallel.run(work, changed, progress)
    parts = list(itertools.islice(reading, 1))
    meanwhile()
    parts += reading
    found = dict(zip(changed, (read for part in parts for read in part.reads), strict=True))
    reads = [_known(before, path, found.get(path)) or found[path] for path in paths]
    corpus = not_empty(assemble(root, reads, problems))
    counts, places = _joined(before, found, [part.counts for part in parts if part.counts], settings)
    articles = [(places[path], read.article) for path, read in zip(paths, reads, strict=True) if read.article]
    rows = np.full(len(counts.indptr) - 1, -1)
    for place, article in articles:
        rows[place] = corpus.row_of.get(article.url, -1)
    if before is None or len(changed) > STALE:
        before = Index(
            key=key_of(settings),
            read_at=begun,
            paths=paths,
            reads=reads,
            counts=counts if before is None else take(counts, np.array([place for place, _ in articles], np.int64)),
        )
    return Collected(replace(corpus, counted=arrange(counts, rows)), before, len(changed))


def _known(before: Index | None, path: str, found: Read | None) -> Read | None:
    """Give what an index has of a file that is as it was, with the stamp that it has now."""
    if before is None or (found and not found.same):
        return None
    known = before.read(path)
    return replace(known, stamp=found.stamp) if found else known


def _joined(
    before: Index | None, found: Mapping[str, Read], counts: Sequence[Counts], settings: Settings
) -> tuple[Counts, Mapping[str, int]]:
    """Put what was counted now behind what an index has; also give the row of each path that is in use."""
    files = zip(before.paths, before.reads, strict=True) if before else ()
    known = [path for path, read in files if read.article]
    fresh = [path for path, read in found.items() if read.article]
    places = {path: row for row, path in enumerate(known) if path not in found or found[path].same}
    places |= {path: len(known) + row for row, path in enumerate(fresh)}
    # The empty chunk has all columns, so that a site without words has them too.
    return join([count_texts([], settings), *([before.counts] if before else []), *counts]), places
