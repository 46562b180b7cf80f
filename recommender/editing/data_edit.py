"""The edit of a site's data file: the lists of many articles in one file."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from recommender.editing.diff import changed_bytes, unified_diff
from recommender.errors import FileProblem
from recommender.markdown.data_file import with_lists
from recommender.markdown.link_lists import items_of
from recommender.site.data_links import MAX_BYTES, DataLinks
from recommender.site.files import read_bytes

if TYPE_CHECKING:
    from recommender.editing.link_plan import Target
    from recommender.editing.plan import Edit, Filling


def make_data_edit(filling: Filling, links: DataLinks, targets: Sequence[Target], *, whole: bool) -> Edit | None:
    """Write the lists of some articles into the data file; None where its bytes are as wanted already.

    Where the whole site is filled, lists of pages that are gone go too, if a fill wrote all their links.

    Raises:
        FileProblem: the file, or one of its lists, cannot be edited safely.
    """
    from recommender.editing.plan import Edit, Note  # noqa: PLC0415  (which makes plans of these edits)

    if links.problem:
        raise FileProblem(links.problem.code, links.problem.reason, links.problem.line)
    articles, changed = filling.corpus.articles, [target for target in targets if target.changes]
    lists = {links.keys.get(target.row, articles[target.row].url): target.wanted for target in changed}
    gone = pages_gone(filling, links) if whole else frozenset()
    if not lists and not gone:
        return None
    before, after = links.data, with_lists(links.file, lists, filling.settings.links[0], gone)
    if after == before:
        return None
    start, end, middle = changed_bytes(before or b"", after)
    why: Counter[str] = Counter()
    for target in changed:
        why.update(target.tally)
    diff = ""
    if filling.diff_prefix is not None:
        diff = unified_diff(posixpath.normpath(filling.diff_prefix + links.name), before, after)
    return Edit(
        path=links.name,
        url="",
        before=digest_of(before),
        after=digest_of(after),
        start=start,
        end=end,
        text=middle,
        diff=diff,
        old=(before or b"")[start:end],
        why=dict(why),
        empty=sum(filling.empty(target) for target in changed),
        others=tuple(
            Note(url, tuple(sorted(target.generated)), tuple(sorted(filling.generated.get(url, ()))))
            for target in targets
            for url in [articles[target.row].url]
        ),
        lists=filling.lists(changed),
    )


def read_file(path: str, edit: Edit) -> tuple[bytes | None, os.stat_result | None]:
    """Read the file of an edit; None for a data file that is not there.

    Raises:
        FileProblem: as ``read_bytes``.
    """
    if edit.url:
        return read_bytes(path)
    return read_bytes(path, MAX_BYTES) if os.path.lexists(path) else (None, None)


def digest_of(data: bytes | None) -> str:
    """Give the SHA-256 of a file's bytes; "" where there is no file."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def pages_gone(filling: Filling, links: DataLinks) -> frozenset[str]:
    """Give the pages in the data file that are no articles any more, and all of whose links a fill wrote."""
    own, known = filling.settings.links[0], set(links.keys.values())
    gone = set()
    for entry in links.file.entries:
        items = items_of(entry.value, own) if entry.key not in known else None
        if items and {item.reference for item in items} <= filling.generated.get(entry.key, frozenset()):
            gone.add(entry.key)
    return frozenset(gone)
