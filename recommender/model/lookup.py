"""A url, an id or a file's path to a row of a model; what is not there is answered with the closest matches."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from recommender.addresses import resolve, unescaped
from recommender.arrays.sparse_rows import Ints, Terms, Texts
from recommender.article import is_id, site_path
from recommender.errors import LookupProblem
from recommender.model.catalogue import ANY, Partition
from recommender.model.model import Model
from recommender.problems import printable, shorten
from recommender.site.files import SUFFIXES
from recommender.text.tfidf import STEM, Space
from recommender.text.tokenizer import analyze

MAX_WORDS = 12
# Articles that are looked at one by one: the best of a search, and those most like a name that is misspelt.
LOOKED_AT, COMPARED = 50, 100
# Letters of a name that are compared: beyond, no text takes more work than another.
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Found:
    """The article that a look-up means, and the other rows of its family where an id named all of them."""

    row: int
    copies: tuple[int, ...] = ()


def look_up(model: Model, text: str, wanted: Partition = ANY, *, suggest: bool = True) -> Found:
    """Find an article by url (absolute or not), id, path of its file, or slug, the last segment of its url.

    It is ``wanted`` of a language and version; where neither is given, pages of several may be meant. Without
    ``suggest`` no slug, and no closest matches are looked for where nothing is found.

    Raises:
        LookupProblem: nothing or several different articles are meant; ``matches`` holds the closest urls.
    """
    check_partition(model, wanted)
    row = row_of_url(model, text, wanted)
    if row >= 0:
        return Found(row)
    if is_id(text.strip()):
        return by_id(model, text.strip(), wanted, suggest=suggest)
    if text.lower().endswith(SUFFIXES):
        row = _by_path(model, text)
        if row >= 0:
            return Found(row)
    if suggest and (row := row_of_slug(model, text, wanted)) >= 0:
        return Found(row)
    matches = closest(model, text) if suggest else ()
    raise LookupProblem(f"no article is known as {shorten(printable(text))!r}; closest: {', '.join(matches)}", matches)


def check_partition(model: Model, wanted: Partition) -> None:
    """Refuse a language or a version that no article has.

    Raises:
        LookupProblem: with those that there are.
    """
    catalogue = model.catalogue
    for noun, name, known in zip(Partition._fields, wanted, (catalogue.languages, catalogue.versions), strict=True):
        names = [one for one in known.all() if one]
        if name and name.lower() not in [one.lower() for one in names]:
            has = f"this site has {', '.join(names)}" if names else f"this site has no {noun}s"
            raise LookupProblem(f"no article is of the {noun} {shorten(printable(name))!r}; {has}")


def row_of_url(model: Model, text: str, wanted: Partition = ANY) -> int:
    """Give the row of a url, as a browser takes it; -1 for none. Any host will do where the site's own is not known.

    Raises:
        LookupProblem: several articles are meant.
    """
    catalogue = model.catalogue
    row = catalogue.urls.find(text)  # as it is, which needs no taking apart
    if row >= 0 and wanted == ANY and row not in catalogue.shared:
        return row
    found = resolve(model.address_index, text, any_host=True)
    rows = found.rows or (found.row,) * (found.row >= 0)
    if found.kind == "ambiguous" or wanted != ANY or not catalogue.shared.isdisjoint(rows):
        rows = _one_each(model, text)
    return _only(model, text, rows, wanted)


def _one_each(model: Model, text: str) -> tuple[int, ...]:
    """Give what a url means in each language and version that has a page of it."""
    partitions, rows = model.catalogue.partitions, set[int]()
    for partition in np.unique(partitions).tolist():
        found = resolve(model.address_index, text, any_host=True, own=lambda row: partitions[row] == partition)  # noqa: B023
        rows |= {row for row in found.rows or (found.row,) if row >= 0 and partitions[row] == partition}
    return tuple(sorted(rows))


def row_of_slug(model: Model, text: str, wanted: Partition = ANY) -> int:
    """Give the row of the article whose url's last segment a text is; -1 for none.

    Raises:
        LookupProblem: several articles are meant.
    """
    slug = unescaped(text.strip()).lower()
    if not slug or "/" in slug:
        return -1
    near = model.catalogue.names.near(slug[:LONGEST], COMPARED)[0].tolist()
    named = [unescaped(url).lower().rstrip("/").rpartition("/")[2] for url in model.catalogue.urls.some(near)]
    rows = [row for row, name in zip(near, named, strict=True) if name.removesuffix(".html") == slug]
    return _only(model, text, rows, wanted)


def _only(model: Model, text: str, rows: Sequence[int], wanted: Partition) -> int:
    """Give the one of some rows that is of a wanted language and version; -1 where none is.

    Raises:
        LookupProblem: several are.
    """
    catalogue = model.catalogue
    rows = [row for row in rows if wanted.holds(catalogue.partition_of(row))] if wanted != ANY else rows
    if len(rows) > 1:
        urls = tuple(catalogue.urls.some(rows))
        apart = len({catalogue.partition_of(row) for row in rows}) == len(rows)
        raise LookupProblem(
            f"{shorten(printable(text))!r} may be different articles; name one by its url"
            f"{', its language or its version' if apart else ''}: {', '.join(_described(model, rows))}",
            urls,
            ambiguous=True,
        )
    return rows[0] if rows else -1


def _described(model: Model, rows: Sequence[int]) -> list[str]:
    """Give urls with what language and version each is of, where the site has several."""
    catalogue = model.catalogue
    found = []
    for row, url in zip(rows, catalogue.urls.some(rows), strict=True):
        pairs = zip(Partition._fields, catalogue.partition_of(row), strict=True)
        facts = ", ".join(f"{noun} {name}" for noun, name in pairs if name)
        found.append(f"{url} ({facts})" if facts and catalogue.is_partitioned else url)
    return found


def rows_of_id(model: Model, wanted: str) -> list[int]:
    """Give the rows of an id, ascending, by binary search."""
    order, ids = model.catalogue.order_by_id, model.catalogue.ids
    rows, place = [], _place_of_id(model, wanted.encode())
    while place < len(order) and ids[int(order[place])] == wanted:
        rows.append(int(order[place]))
        place += 1
    return rows


def _place_of_id(model: Model, key: bytes) -> int:
    """Give the place in ``order_by_id`` of the first id that is not before some bytes."""
    order, ids = model.catalogue.order_by_id, model.catalogue.ids
    return bisect_left(order, key, key=lambda row: ids[int(row)].encode())


def search(model: Model, text: str, limit: int) -> list[int]:
    """Give the rows of the articles whose titles hold most of the words of a text, best first.

    The last word may be unfinished; a whole word counts more than one that only begins like it. Words are compared by
    their first 5 letters; of titles with as many of the words, the one in which they weigh most comes first. A url, an
    id or a path finds its article.
    """
    try:
        found = look_up(model, text, suggest=False)
        first = [found.row, *found.copies]
    except LookupProblem as problem:
        first = [model.catalogue.urls.find(url) for url in problem.matches] if problem.ambiguous else []
    words = list(dict.fromkeys(analyze(text)))[:MAX_WORDS]
    spaces = [model.titles.space.of_group(number) for number in range(model.titles.space.groups)]
    ranges = [
        [prefix_range(space, w[:STEM], whole=w is not words[-1] or len(w) >= STEM) for space in spaces] for w in words
    ]
    best = _titles_with(model, ranges, LOOKED_AT + limit)
    # 5 letters take photography for photosynthesis: the best are looked at word by word.
    held = {row: _words_held(words, analyze(model.catalogue.titles[row])) for row in best}
    best.sort(key=lambda row: -held[row])
    return list(dict.fromkeys([*first, *best]))[:limit]


def _titles_with(model: Model, ranges: Sequence[Sequence[tuple[int, int]]], most: int) -> list[int]:
    """Give the articles whose titles hold most words, each some ranges of terms; of equals, where they weigh most.

    All titles are looked through once, whatever the words.
    """
    rows = model.titles.rows
    asked = np.zeros(rows.columns, np.uint16)  # a bit for each word
    for number, own in enumerate(ranges):
        for low, high in own:
            asked[low:high] |= 1 << number
    filled = np.flatnonzero(np.diff(rows.indptr))
    if not asked.any() or not len(filled):
        return []
    bits, starts = np.take(asked, rows.indices), rows.indptr[filled]
    counts = np.bitwise_count(np.bitwise_or.reduceat(bits, starts))
    weights = np.add.reduceat(np.bitwise_count(bits) * rows.data, starts)
    held = np.flatnonzero(counts)
    if len(held) > most:
        # A title's weights are at most 1 for each word.
        values = counts[held] * 2.0 * MAX_WORDS + weights[held]
        held = held[np.argpartition(values, len(held) - most)[len(held) - most :]]
    order = held[np.lexsort((held, -weights[held], -counts[held].astype(np.int64)))]
    found: list[int] = filled[order].tolist()
    return found


def _words_held(words: list[str], title: list[str]) -> int:
    unfinished = words[-1]
    begun = 2 if unfinished in title else any(word.startswith(unfinished) for word in title)
    return 2 * sum(word in title for word in words[:-1]) + begun


def prefix_range(space: Space, prefix: str, *, whole: bool) -> tuple[int, int]:
    """Give the range of a group's terms that begin with a prefix, or are equal to it with ``whole``."""
    terms, (low, high) = space.terms, space.starts.tolist()
    if whole:
        number = terms.find(prefix, low, high)
        return (number, number + 1) if number >= 0 else (0, 0)
    # No UTF-8 text holds the byte FF, so it stands behind all that begin with the prefix.
    return terms.place(prefix.encode(), low, high), terms.place(prefix.encode() + b"\xff", low, high)


def closest(model: Model, text: str, limit: int = 3) -> tuple[str, ...]:
    """Give the urls most like a text: by the last segment where it is one, else by the whole."""
    urls, wanted = model.catalogue.urls, unescaped(site_path(text)).lower()[:LONGEST]
    place = urls.place(wanted.encode("utf-8", "replace"))
    beside = np.arange(max(0, place - limit), min(place + limit, len(urls)))
    if "/" in wanted.strip("/"):
        rows = _most_alike(model, wanted, lambda rows: [unescaped(url) for url in urls.some(rows)], beside)
    else:
        rows = _most_alike(model, wanted.strip("/").replace("-", " "), partial(_last_segments, urls), beside)
    return tuple(urls.some(rows[:limit]))


def _last_segments(urls: Texts, rows: Sequence[int]) -> list[str]:
    return [unescaped(url).rstrip("/").rsplit("/", 1)[-1].replace("-", " ") for url in urls.some(rows)]


def _most_alike(model: Model, wanted: str, named: Callable[[list[int]], list[str]], beside: Terms | Ints) -> list[int]:
    """Order the articles whose names have letters of a text, and some beside them, by how alike their names are."""
    # Imported here: only a failed look-up needs it.
    from rapidfuzz import fuzz, process  # noqa: PLC0415

    near, shares = model.catalogue.names.near(wanted, COMPARED)
    rows = np.union1d(near, beside)
    alike = process.cdist([wanted], [name.lower()[:LONGEST] for name in named(rows.tolist())], scorer=fuzz.ratio)[0]
    alike[np.searchsorted(rows, near)] += 100 * shares
    ordered: list[int] = rows[np.lexsort((rows, -alike))].tolist()
    return ordered


def by_id(model: Model, wanted: str, partition: Partition = ANY, *, suggest: bool = True) -> Found:
    """Find the articles of an id: of copies the one with the smallest url, and the others.

    Raises:
        LookupProblem: no article has it, or different ones; ``matches`` holds the closest urls, or theirs.
    """
    rows = [row for row in rows_of_id(model, wanted) if partition.holds(model.catalogue.partition_of(row))]
    urls = model.catalogue.urls
    if not rows and not suggest:
        raise LookupProblem(f"no article has the id {wanted}")
    if not rows:
        ids, order, place = model.catalogue.ids, model.catalogue.order_by_id, _place_of_id(model, wanted.encode())
        near = _most_alike(model, wanted, ids.some, order[max(0, place - 3) : place + 3])[:3]
        shown = ", ".join(f"{ids[row]} ({urls[row]})" for row in near)
        raise LookupProblem(f"no article has the id {wanted}; closest: {shown}", tuple(urls.some(near)))
    if len({int(model.catalogue.families[row]) for row in rows}) > 1:
        matches = tuple(urls[row] for row in rows)
        raise LookupProblem(
            f"the id {wanted} belongs to different articles; name one by its url: {', '.join(_described(model, rows))}",
            matches,
            ambiguous=True,
        )
    return Found(rows[0], tuple(rows[1:]))


def _by_path(model: Model, text: str) -> int:
    """Find the path as the build saw it, or one that a longer path (from another working directory) ends in."""
    parts = text.replace("\\", "/").encode("utf-8", "surrogatepass").split(b"/")
    endings = (b"/".join(parts[number:]) for number in range(len(parts)))
    return next((row for ending in endings if (row := model.catalogue.path_rows.find(ending)) >= 0), -1)
