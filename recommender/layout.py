"""Which arrays a saved model is made of, their types, and what must hold among them before any is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.families import Likeness
from recommender.model import Catalogue, Model, Ranking, ranking_settings
from recommender.settings import Settings
from recommender.sparse import Rows, Texts
from recommender.vectors import Space, Vectors

Arrays = Mapping[str, NDArray[Any]]

_TEXTS = ("urls", "ids", "titles", "subjects", "paths", "terms")
_RANKINGS = ("nearest", "chosen", "likeness")
DTYPES = {
    **{f"{name}_blob": "|u1" for name in _TEXTS},
    **{f"{name}_offsets": "<i8" for name in _TEXTS},
    **{f"{name}_indptr": "<i8" for name in _RANKINGS},
    **{f"{name}_rows": "<i4" for name in _RANKINGS},
    **{f"{name}_scores": "<f8" for name in _RANKINGS},
    "hidden": "|u1",
    "families": "<i4",
    "order_by_id": "<i4",
    "idf": "<f8",
    "starts": "<i8",
    "rows_indptr": "<i8",
    "rows_indices": "<i4",
    "rows_data": "<f8",
}


class LayoutError(Exception):
    """The arrays do not make a model: which, and what does not hold."""


def to_arrays(model: Model) -> dict[str, NDArray[Any]]:
    """Give the arrays of a model by the names of their files."""
    catalogue, space, rows = model.catalogue, model.vectors.space, model.vectors.rows
    texts = {name: getattr(catalogue, name) for name in _TEXTS[:-1]} | {"terms": space.terms}
    rankings = {name: getattr(model, name) for name in _RANKINGS}
    arrays = {
        **{f"{name}_blob": value.blob for name, value in texts.items()},
        **{f"{name}_offsets": value.offsets for name, value in texts.items()},
        **{f"{name}_indptr": value.indptr for name, value in rankings.items()},
        **{f"{name}_rows": value.rows for name, value in rankings.items()},
        **{f"{name}_scores": value.scores for name, value in rankings.items()},
        "hidden": catalogue.hidden,
        "families": catalogue.families,
        "order_by_id": catalogue.order_by_id,
        "idf": space.idf,
        "starts": space.starts,
        "rows_indptr": rows.indptr,
        "rows_indices": rows.indices,
        "rows_data": rows.data,
    }
    return {name: array.astype(DTYPES[name], copy=False) for name, array in arrays.items()}


def to_header(model: Model) -> dict[str, Any]:
    """Give what a manifest says of a model beside its files."""
    return {
        "built_at": model.built_at,
        "corpus_digest": model.corpus_digest,
        "settings": ranking_settings(model.settings),
        "space": {"columns": model.vectors.rows.columns},
    }


def from_arrays(arrays: Arrays, header: Mapping[str, Any]) -> Model:
    """Make a model of arrays whose types are right already, after checking every bound that an access relies on.

    Raises:
        LayoutError: a length, bound or value that no build writes.
    """
    texts = {name: _texts(arrays, name) for name in _TEXTS}
    count, columns = len(texts["urls"]), len(texts["terms"])
    for name in _TEXTS[:-1]:
        _require(len(texts[name]) == count, f"{name} of {len(texts[name])} articles instead of {count}")
    for name in ("hidden", "families", "order_by_id"):
        _require(arrays[name].shape == (count,), f"{name} has not one entry an article")
        _within(arrays[name], 0, count if name != "hidden" else 2, name)
    settings = _settings(header)
    starts = arrays["starts"]
    _require(starts.shape == (len(settings.weighted) + 1,), "starts has not one entry a field")
    _pointers(starts, columns, "starts")
    _require(arrays["idf"].shape == (columns,), "idf has not one entry a column")
    _require(bool(np.all(arrays["idf"] > 0) and np.all(np.isfinite(arrays["idf"]))), "idf holds odd numbers")
    rows = Rows(arrays["rows_indptr"], arrays["rows_indices"], arrays["rows_data"], columns)
    _sparse((rows.indptr, rows.indices, rows.data), (count, columns), "rows")
    lists = {name: tuple(arrays[f"{name}_{part}"] for part in ("indptr", "rows", "scores")) for name in _RANKINGS}
    for name, (indptr, numbers, scores) in lists.items():
        _sparse((indptr, numbers, scores), (count, count), name)
    space = Space(
        tuple(settings.weighted), tuple(settings.weighted.values()), starts, texts["terms"], arrays["idf"]
    )
    catalogue = Catalogue(
        **{name: texts[name] for name in _TEXTS[:-1]},
        **{name: arrays[name] for name in ("hidden", "families", "order_by_id")},
    )
    return Model(
        settings=settings,
        catalogue=catalogue,
        vectors=Vectors(space, rows),
        nearest=Ranking(*lists["nearest"]),
        likeness=Likeness(*lists["likeness"]),
        chosen=Ranking(*lists["chosen"]),
        corpus_digest=header["corpus_digest"],
        built_at=header["built_at"],
    )


def _settings(header: Mapping[str, Any]) -> Settings:
    values, default = header["settings"], ranking_settings(Settings())
    good = isinstance(values, dict) and set(values) == set(default)
    _require(good and isinstance(values["fields"], dict) and bool(values["fields"]), "settings are not as written")
    for name, value in [*values["fields"].items(), *((k, v) for k, v in values.items() if k != "fields")]:
        _require(type(value) in (int, float) and 0 <= value <= 1000, f"setting {name} is not a number in range")
    _require(all(weight > 0 for weight in values["fields"].values()), "a field has weight 0")
    _require(type(values["slots"]) is int and type(values["candidates"]) is int, "slots is not a whole number")
    for name in ("built_at", "corpus_digest"):
        _require(isinstance(header[name], str), f"{name} is not a text")
    return Settings(**values)


def _texts(arrays: Arrays, name: str) -> Texts:
    blob, offsets = arrays[f"{name}_blob"], arrays[f"{name}_offsets"]
    _require(blob.ndim == 1 and offsets.ndim == 1 and len(offsets) > 0, f"{name} is not a list of texts")
    _pointers(offsets, len(blob), name)
    return Texts(blob, offsets)


def _sparse(arrays: tuple[NDArray[Any], ...], shape: tuple[int, int], name: str) -> None:
    indptr, numbers, values = arrays
    _require(indptr.shape == (shape[0] + 1,), f"{name} has not one list an article")
    _require(numbers.ndim == 1 and values.shape == numbers.shape, f"{name} has not one value an entry")
    _pointers(indptr, len(numbers), name)
    _within(numbers, 0, shape[1], name)
    # One pass, no array of booleans: a sum of finite numbers of this size is finite, one of NaN or infinity is not.
    _require(bool(np.isfinite(values.sum())), f"{name} holds values that are not finite")


def _pointers(pointers: NDArray[Any], end: int, name: str) -> None:
    good = pointers[0] == 0 and pointers[-1] == end and bool(np.all(pointers[1:] >= pointers[:-1]))
    _require(good, f"{name} has offsets out of order")


def _within(numbers: NDArray[Any], low: int, high: int, name: str) -> None:
    _require(not len(numbers) or (numbers.min() >= low and numbers.max() < high), f"{name} points out of bounds")


def _require(good: object, message: str) -> None:
    if not good:
        raise LayoutError(message)
