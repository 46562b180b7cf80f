"""A url, an id or a file's path to a row of a model; what is not there is answered with the closest matches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.addresses import resolve
from recommender.article import is_id, site_path
from recommender.errors import LookupProblem
from recommender.files import SUFFIXES
from recommender.model import Model
from recommender.problems import printable, shorten
from recommender.sparse import Texts
from recommender.text import analyze
from recommender.vectors import STEM

MAX_WORDS = 12
LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Found:
    """The article that a look-up means, and the other rows of its family where an id named all of them."""

    row: int
    copies: tuple[int, ...] = ()


def look_up(model: Model, text: str, *, suggest: bool = True) -> Found:
    """Find an article by url (absolute or not), id, or path of its file.

    Without ``suggest`` no closest matches are looked for where nothing is found.

    Raises:
        LookupProblem: nothing or several different articles are meant; ``matches`` holds the closest urls.
    """
    row = row_of_url(model, text)
    if row >= 0:
        return Found(row)
    if is_id(text.strip()):
        return by_id(model, text.strip(), suggest=suggest)
    if text.lower().endswith(SUFFIXES):
        row = _by_path(model, text)
        if row >= 0:
            return Found(row)
    matches = closest(model, text) if suggest else ()
    raise LookupProblem(f"no article is known as {shorten(printable(text))!r}; closest: {', '.join(matches)}", matches)


def row_of_url(model: Model, text: str) -> int:
    """Give the row of a url, as a browser takes it; -1 for none. Any host will do where the site's own is not known.

    Raises:
        LookupProblem: several articles are meant.
    """
    row = model.catalogue.urls.find(text)  # as it is, which needs no taking apart
    if row >= 0:
        return row
    found = resolve(model.book, text, any_host=True)
    if found.kind == "ambiguous":
        urls = tuple(model.catalogue.urls.some(found.rows))
        raise LookupProblem(
            f"{shorten(printable(text))!r} may be different articles; name one by its url: {', '.join(urls)}",
            urls,
            ambiguous=True,
        )
    return found.row


def rows_of_id(model: Model, wanted: str) -> list[int]:
    """Give the rows of an id, ascending, by binary search."""
    order, ids, key = model.catalogue.order_by_id, model.catalogue.ids, wanted.encode()
    low, high = 0, len(order)
    while low < high:
        middle = (low + high) // 2
        if ids[int(order[middle])].encode() < key:
            low = middle + 1
        else:
            high = middle
    rows = []
    while low < len(order) and ids[int(order[low])] == wanted:
        rows.append(int(order[low]))
        low += 1
    return rows


def search(model: Model, text: str, limit: int) -> list[int]:
    """Give the rows of the articles whose titles hold most of the words of a text, best first.

    The last word may be unfinished. Words are compared by their first 5 letters; of titles with as many of the
    words, the one in which they weigh most comes first. A url, an id or a path finds its article.
    """
    try:
        found = look_up(model, text, suggest=False)
        first = [found.row, *found.copies]
    except LookupProblem as problem:
        first = [model.catalogue.urls.find(url) for url in problem.matches] if problem.ambiguous else []
    words = list(dict.fromkeys(analyze(text)))[:MAX_WORDS]
    rows, space = model.titles.rows, model.titles.space
    counts, weights = np.zeros(len(rows)), np.zeros(len(rows))
    for word in words:
        low, high = prefix_range(space.terms, word[:STEM], whole=word is not words[-1] or len(word) >= STEM)
        if low < high:
            hit = np.flatnonzero((rows.indices >= low) & (rows.indices < high))
            numbers = np.searchsorted(rows.indptr, hit, side="right") - 1
            weights += np.bincount(numbers, weights=rows.data[hit], minlength=len(rows))
            counts[numbers] += 1
    held = np.flatnonzero(counts)
    order = held[np.lexsort((held, -weights[held], -counts[held]))][: LOOKED_AT + limit].tolist()
    # 5 letters take photography for photosynthesis: the best are looked at word by word.
    exact = {row: _words_held(words, analyze(model.catalogue.titles[row])) for row in order}
    order.sort(key=lambda row: -exact[row])
    return list(dict.fromkeys([*first, *order]))[:limit]


def _words_held(words: list[str], title: list[str]) -> int:
    unfinished = words[-1]
    return sum(word in title for word in words[:-1]) + any(word.startswith(unfinished) for word in title)


def prefix_range(terms: Texts, prefix: str, *, whole: bool) -> tuple[int, int]:
    """Give the range of sorted terms that begin with a prefix, or are equal to it with ``whole``."""
    if whole:
        number = terms.find(prefix)
        return (number, number + 1) if number >= 0 else (0, 0)
    start = terms.place(prefix.encode())
    # No UTF-8 text holds the byte FF, so it stands behind all that begin with the prefix.
    return start, terms.place(prefix.encode() + b"\xff")


def closest(model: Model, text: str, limit: int = 3) -> tuple[str, ...]:
    """Give the urls most like a text: by its last segment, then by the whole."""
    # Imported here: only a failed look-up needs it. difflib would compare 36,000 urls one by one in Python.
    from rapidfuzz import fuzz, process  # noqa: PLC0415

    urls = model.catalogue.urls.all()
    wanted = site_path(text).lower()[:300]
    if "/" in wanted.strip("/"):
        found = process.extract(wanted, urls, scorer=fuzz.ratio, limit=limit)
    else:
        names = [url.rsplit("/", 1)[-1].replace("-", " ") for url in urls]
        found = process.extract(wanted.strip("/").replace("-", " "), names, scorer=fuzz.WRatio, limit=limit)
    return tuple(urls[number] for _, _, number in found)


def by_id(model: Model, wanted: str, *, suggest: bool = True) -> Found:
    """Find the articles of an id: of copies the one with the smallest url, and the others.

    Raises:
        LookupProblem: no article has it, or different ones; ``matches`` holds the closest urls, or theirs.
    """
    rows = rows_of_id(model, wanted)
    urls = model.catalogue.urls
    if not rows and not suggest:
        raise LookupProblem(f"no article has the id {wanted}")
    if not rows:
        from rapidfuzz import fuzz, process  # noqa: PLC0415

        ids = model.catalogue.ids.all()
        near = process.extract(wanted, ids, scorer=fuzz.ratio, limit=3)
        matches = tuple(urls[number] for _, _, number in near)
        shown = ", ".join(f"{ids[number]} ({urls[number]})" for _, _, number in near)
        raise LookupProblem(f"no article has the id {wanted}; closest: {shown}", matches)
    if len({int(model.catalogue.families[row]) for row in rows}) > 1:
        matches = tuple(urls[row] for row in rows)
        raise LookupProblem(
            f"the id {wanted} belongs to different articles; name one by its url: {', '.join(matches)}",
            matches,
            ambiguous=True,
        )
    return Found(rows[0], tuple(rows[1:]))


def _by_path(model: Model, text: str) -> int:
    wanted = "/" + text.replace("\\", "/").removeprefix("./").lstrip("/")
    best, length = -1, 0
    for row, path in enumerate(model.catalogue.paths.all()):
        # The path as the build saw it, or a longer one that ends in it (from another working directory).
        if len(path) > length and wanted.endswith("/" + path):
            best, length = row, len(path)
    return best
