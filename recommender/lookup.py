"""A url, an id or a file's path to a row of a model; what is not there is answered with the closest matches."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.article import is_id, site_path, url_forms
from recommender.corpus import SUFFIXES
from recommender.errors import LookupProblem
from recommender.model import Model
from recommender.problems import printable, shorten


@dataclass(frozen=True, slots=True)
class Found:
    """The article that a look-up means, and the other rows of its family where an id named all of them."""

    row: int
    copies: tuple[int, ...] = ()


def look_up(model: Model, text: str) -> Found:
    """Find an article by url (absolute or not), id, or path of its file.

    Raises:
        LookupProblem: nothing or several different articles are meant; ``matches`` holds the closest urls.
    """
    row = row_of_url(model, text)
    if row >= 0:
        return Found(row)
    if is_id(text.strip()):
        return _by_id(model, text.strip())
    if text.lower().endswith(SUFFIXES):
        row = _by_path(model, text)
        if row >= 0:
            return Found(row)
    matches = closest(model, text)
    raise LookupProblem(f"no article is known as {shorten(printable(text))!r}; closest: {', '.join(matches)}", matches)


def row_of_url(model: Model, text: str) -> int:
    """Give the row of a url, absolute or not; -1 for none."""
    for url in url_forms(text):
        row = model.catalogue.urls.find(url)
        if row >= 0:
            return row
    return -1


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


def _by_id(model: Model, wanted: str) -> Found:
    rows = rows_of_id(model, wanted)
    urls = model.catalogue.urls
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
