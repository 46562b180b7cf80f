"""What a build needs of a site: its corpus with counted words, read again only where files changed since an index."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from recommender.arrays.sparse_rows import Ints
from recommender.build.read_cache import Index, key_of, now
from recommender.settings import Settings
from recommender.site.corpus import Corpus, assemble, listed, not_empty
from recommender.site.reader import Part, Read, Reading
from recommender.system import parallel
from recommender.text.tokens import Tokenized, Tokens, join, numbering, take

# An index that leaves this many files to be read is made anew: about half a second's work.
STALE = 512
Loading = Callable[[int], Callable[[], object]]


@dataclass(frozen=True)
class Collected:
    """A corpus, the words of what was read for it, the index of its files, and how many files were read.

    The rows of the words follow those of the index from before. ``rows`` gives the row of each article that a file
    gave, by the files' paths, ``order`` that of each article of the corpus. The words that are not in ``counts`` are
    still in ``said``: they are counted where the model is ranked.
    """

    corpus: Corpus
    index: Index
    read: int
    said: tuple[bytes, ...]
    counts: Tokens | None
    rows: Ints
    order: Ints
    settings: Settings

    @cached_property
    def fresh(self) -> Tokens:
        """The counted words of what was read."""
        return self.counts or numbering(self.read)(self.said, self.settings)

    def words(self, before: Tokens | None = None) -> Tokenized:
        """Give the words of the corpus; ``before`` are those of the index from before."""
        return Tokenized((self.fresh,) if before is None else (before, self.fresh), self.order)

    def indexed(self, before: Tokens | None = None) -> Tokens:
        """Give the words that belong to the index."""
        return self.fresh if before is None else take(join([before, self.fresh]), self.rows)


def nothing(files: int) -> Callable[[], object]:
    """Do nothing while others read."""
    return list


def collect(
    root: Path,
    settings: Settings,
    progress: parallel.Progress = parallel.silent,
    meanwhile: Loading = nothing,
    before: Index | None = None,
) -> Collected:
    """Read a site and count its words; of the files that an index knows, read only those that may have changed.

    ``meanwhile`` gives, by the number of files, what is called while other processes read and this one would wait. The
    index that comes back is the one from before while that spares enough.

    Raises:
        ContentError: as ``read_corpus``.
    """
    begun = now()
    paths, problems = listed(root, settings.pages)
    prefix = os.path.join(root, "")
    changed = [path for path in paths if before is None or not before.unchanged(prefix, path)]
    work = Reading(str(root), settings, count=True, digests=before.digests if before else {})
    done, counts = list[Read](), None
    load = meanwhile(len(paths))
    reading = parallel.run(work, changed, progress)
    first = list(itertools.islice(reading, 1))
    load()
    words = _words(itertools.chain(first, reading), done)
    if before is None:
        counts = numbering(len(paths))(words, settings)
    said = tuple(words)
    found = dict(zip(changed, done, strict=True))
    reads = [_known(before, path, found.get(path)) or found[path] for path in paths]
    corpus = not_empty(assemble(root, reads, problems, settings))
    row_of = _rows(before, found)
    articles = [(row_of[path], read.article) for path, read in zip(paths, reads, strict=True) if read.article]
    rows = np.array([row for row, _ in articles], np.int64)
    # By the url too: two names that are no UTF-8 may be printed alike.
    known = {(article.path, article.url): row for row, article in articles}
    order = np.array([known[one.path, one.stated or one.url] for one in corpus.articles], np.int64)
    if before is None or len(changed) > STALE:
        before = Index(key=key_of(settings), read_at=begun, paths=paths, reads=reads)
    return Collected(corpus, before, len(changed), said, counts, rows, order, settings)


def _words(parts: Iterable[Part], reads: list[Read]) -> Iterator[bytes]:
    """Give the words of parts as they come, and note what else was read."""
    for part in parts:
        reads += part.reads
        yield part.words


def _known(before: Index | None, path: str, found: Read | None) -> Read | None:
    """Give what an index has of a file that is as it was, with the stamp that it has now."""
    if before is None or (found and not found.same):
        return None
    known = before.read(path)
    return replace(known, stamp=found.stamp) if found else known


def _rows(before: Index | None, found: Mapping[str, Read]) -> Mapping[str, int]:
    """Give the row of each path that is in use: those of an index first, then those of what was read now."""
    files = zip(before.paths, before.reads, strict=True) if before else ()
    known = [path for path, read in files if read.article]
    fresh = [path for path, read in found.items() if read.article]
    rows = {path: row for row, path in enumerate(known) if path not in found or found[path].same}
    return rows | {path: len(known) + row for row, path in enumerate(fresh)}
