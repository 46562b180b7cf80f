"""Which arrays a saved model is made of, their types, and what must hold among them before any is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Rows, Texts
from recommender.model.catalogue import Catalogue
from recommender.model.model import Model, Ranking
from recommender.model.name_index import NameIndex
from recommender.ranking.same_question import Likeness
from recommender.ranking.selection import VERSIONS
from recommender.settings import (
    EMBEDDINGS,
    FLAGS,
    NUMBERS,
    OFF,
    PARTS,
    RULES,
    Keys,
    Settings,
    UrlSettings,
    ranking_settings,
)
from recommender.text.compounds import Spellings
from recommender.text.passages import Repeated
from recommender.text.tfidf import Coverage, Space, Vectors
from recommender.text.title_embeddings import DIMENSIONS

Arrays = Mapping[str, NDArray[Any]]

_CATALOGUE = ("urls", "ids", "titles", "subjects", "paths", "visibility", "further")
_KEYS = "keys"
_NAMES = ("languages", "versions")
_SPELLINGS = "spellings"
# One number for each article -> what all lie below; None for the number of articles.
_NUMBERS = {
    "hidden": 3,
    "bars": 4,
    "families": None,
    "partitions": 2**31 - 1,
    "order_by_id": None,
    "title_words": 2**31 - 1,
}
_OTHERS = ("key_rows", "days", "sources", "linked_starts", "linked_rows")
_VECTORS = ("vectors", "stems")
_TEXTS = (*_CATALOGUE, _KEYS, *_NAMES, _SPELLINGS, *(f"{name}_terms" for name in _VECTORS))
_COUNTS = ("texts", "heads", "titles", "lengths")
_RANKINGS = ("nearest", "chosen", "likeness")
DTYPES = {
    **{f"{name}_blob": "|u1" for name in _TEXTS},
    **{f"{name}_offsets": "<i8" for name in _TEXTS},
    **{f"{name}_indptr": "<i8" for name in _RANKINGS},
    **{f"{name}_rows": "<i4" for name in _RANKINGS},
    **{f"{name}_scores": "<f8" for name in _RANKINGS},
    "hidden": "|u1",
    "key_rows": "<i4",
    "linked_starts": "<i8",
    "linked_rows": "<i4",
    "days": "<i4",
    "bars": "|u1",
    "names_buckets": "<u2",
    "names_starts": "<i8",
    "names_rows": "<i4",
    "families": "<i4",
    "partitions": "<i4",
    "order_by_id": "<i4",
    "title_words": "<i4",
    "repeated_hashes": "<u8",
    "repeated_partitions": "<i4",
    "cosines": "<f8",
    "lift": "<f8",
    "counts_texts": "<u2",
    "counts_heads": "<u2",
    "counts_titles": "|u1",
    "counts_lengths": "<f8",
    "sources": "|u1",
    **{
        f"{name}_{part}": dtype
        for name in _VECTORS
        for part, dtype in (
            ("idf", "<f8"),
            ("starts", "<i8"),
            ("indptr", "<i8"),
            ("indices", "<i4"),
            ("data", "<f8"),
        )
    },
}


# Only in a model whose titles are embedded.
OPTIONAL = {"embeddings": "|i1"}


class LayoutError(Exception):
    """The arrays do not make a model: which, and what does not hold."""


def to_arrays(model: Model) -> dict[str, NDArray[Any]]:
    """Give the arrays of a model by the names of their files."""
    vectors = {"vectors": model.vectors, "stems": model.titles}
    texts = {name: getattr(model.catalogue, name) for name in (*_CATALOGUE, _KEYS, *_NAMES)}
    texts |= {f"{name}_terms": value.space.terms for name, value in vectors.items()}
    texts[_SPELLINGS] = model.spellings.lines
    rankings = {name: getattr(model, name) for name in _RANKINGS}
    arrays = {
        **{f"{name}_blob": value.blob for name, value in texts.items()},
        **{f"{name}_offsets": value.offsets for name, value in texts.items()},
        **{f"{name}_indptr": value.indptr for name, value in rankings.items()},
        **{f"{name}_rows": value.rows for name, value in rankings.items()},
        **{f"{name}_scores": value.scores for name, value in rankings.items()},
        **{name: getattr(model.catalogue, name) for name in (*_NUMBERS, *_OTHERS)},
        **{f"names_{part}": getattr(model.catalogue.names, part) for part in ("buckets", "starts", "rows")},
        **{f"repeated_{part}": value for part, value in model.repeated._asdict().items()},
        "cosines": model.cosines,
        "lift": np.array([model.lift]),
        **{f"counts_{name}": getattr(model.coverage, name) for name in _COUNTS},
    }
    for name, value in vectors.items():
        arrays |= {f"{name}_idf": value.space.idf, f"{name}_starts": value.space.starts}
        arrays |= {f"{name}_{part}": getattr(value.rows, part) for part in ("indptr", "indices", "data")}
    if model.embeddings is not None:
        arrays["embeddings"] = model.embeddings
    return {name: array.astype((DTYPES | OPTIONAL)[name], copy=False) for name, array in arrays.items()}


def to_header(model: Model) -> dict[str, Any]:
    """Give what a manifest says of a model beside its files."""
    return {
        "built_at": model.built_at,
        "corpus_digest": model.corpus_digest,
        "settings": ranking_settings(model.settings),
    }


def from_arrays(arrays: Arrays, header: Mapping[str, Any]) -> Model:
    """Make a model of arrays whose types are right already, after checking every bound that an access relies on.

    Raises:
        LayoutError: a length, bound or value that no build writes.
    """
    texts = {name: _texts(arrays, name) for name in _TEXTS}
    count = len(texts["urls"])
    for name in _CATALOGUE:
        _require(len(texts[name]) == count, f"{name} of {len(texts[name])} articles instead of {count}")
    for name, high in _NUMBERS.items():
        _require(arrays[name].shape == (count,), f"{name} has not one entry an article")
        _within(arrays[name], 0, count if high is None else high, name)
    _require(arrays["key_rows"].shape == (len(texts[_KEYS]),), "key_rows has not one row a key")
    _within(arrays["key_rows"], -count, count, "key_rows")
    _partitions(arrays, texts)
    _require(arrays["days"].shape == (count, 2), "days has not two entries an article")
    _require(arrays["sources"].shape == (count, 16), "sources has not one digest an article")
    _linked(arrays, count)
    settings = _settings(header)
    lists = {name: tuple(arrays[f"{name}_{part}"] for part in ("indptr", "rows", "scores")) for name in _RANKINGS}
    for name, (indptr, numbers, scores) in lists.items():
        _sparse((indptr, numbers, scores), (count, count), name)
    parts: dict[str, Any] = {name: texts[name] for name in (*_CATALOGUE, _KEYS, *_NAMES)}
    parts |= {name: arrays[name] for name in (*_NUMBERS, *_OTHERS)}
    _require(arrays["cosines"].shape == arrays["nearest_rows"].shape, "cosines has not one value a candidate")
    _require(arrays["lift"].shape == (1,) and 0 <= arrays["lift"][0] <= 1, "lift is not one number from 0 to 1")
    catalogue = Catalogue(**parts, names=_names(arrays, count))
    return Model(
        settings=settings,
        catalogue=catalogue,
        vectors=_vectors(arrays, "vectors", texts, settings.weighted, catalogue),
        coverage=_coverage(arrays, catalogue),
        titles=_vectors(arrays, "stems", texts, {"title": 1.0}, catalogue),
        spellings=_spellings(texts[_SPELLINGS]),
        repeated=_repeated(arrays),
        nearest=Ranking(*lists["nearest"]),
        cosines=_finite(arrays["cosines"], "cosines"),
        lift=float(arrays["lift"][0]),
        likeness=Likeness(*lists["likeness"]),
        chosen=Ranking(*lists["chosen"]),
        corpus_digest=header["corpus_digest"],
        built_at=header["built_at"],
        embeddings=_embeddings(arrays, settings, count),
    )


def _partitions(arrays: Arrays, texts: Mapping[str, Texts]) -> None:
    """Check that every language and version has a name."""
    _require(len(texts["versions"]) > 0, "versions has no name for none")
    languages, versions = np.divmod(arrays["partitions"], VERSIONS)
    _within(languages, 0, len(texts["languages"]), "languages")
    _within(versions, 0, len(texts["versions"]), "versions")


def _spellings(lines: Texts) -> Spellings:
    told = all(len(line.split()) > 1 for line in lines.all())
    _require(told, "spellings has one without words that it counts as")
    return Spellings(lines)


def _repeated(arrays: Arrays) -> Repeated:
    hashes, partitions = arrays["repeated_hashes"], arrays["repeated_partitions"]
    _require(hashes.ndim == 1 and partitions.shape == hashes.shape, "repeated has not one partition a hash")
    _require(bool(np.all(hashes[1:] >= hashes[:-1])), "the hashes of repeated passages do not ascend")
    return Repeated(hashes, partitions)


def _embeddings(arrays: Arrays, settings: Settings, count: int) -> NDArray[np.int8] | None:
    vectors = arrays.get("embeddings")
    _require((vectors is not None) == (settings.embeddings != OFF), "embeddings are not as the settings say")
    _require(vectors is None or vectors.shape == (count, DIMENSIONS), "embeddings has not one vector an article")
    return vectors


def _names(arrays: Arrays, count: int) -> NameIndex:
    buckets, starts, rows = (arrays[f"names_{part}"] for part in ("buckets", "starts", "rows"))
    _require(buckets.ndim == 1 and starts.shape == (len(buckets) + 1,), "names has not one list a bucket")
    _require(bool(np.all(buckets[1:] > buckets[:-1])), "the buckets of names do not ascend")
    _require(rows.ndim == 1, "names has not one row an entry")
    _pointers(starts, len(rows), "names")
    _within(rows, 0, count, "names")
    return NameIndex(buckets, starts, rows, count)


def _vectors(
    arrays: Arrays, name: str, texts: Mapping[str, Texts], fields: Mapping[str, float], catalogue: Catalogue
) -> Vectors:
    idf, starts, indptr, indices, data = (
        arrays[f"{name}_{part}"] for part in ("idf", "starts", "indptr", "indices", "data")
    )
    terms = texts[f"{name}_terms"]
    groups = int(catalogue.groups.max(initial=0)) + 1
    _require(starts.shape == (len(fields) * groups + 1,), f"{name} has not one start a field")
    _pointers(starts, len(terms), f"{name}_starts")
    _require(idf.shape == (len(terms),), f"{name} has not one idf a term")
    _require(bool(np.all(idf >= 0) and np.all(np.isfinite(idf))), f"{name} holds odd idf values")
    _sparse((indptr, indices, data), (len(catalogue), len(terms)), name)
    space = Space(tuple(fields), tuple(fields.values()), starts, terms, idf)
    return Vectors(space, Rows(indptr, indices, data, len(terms)))


def _coverage(arrays: Arrays, catalogue: Catalogue) -> Coverage:
    count, groups = len(catalogue), catalogue.groups
    counts = {name: arrays[f"counts_{name}"] for name in _COUNTS}
    for name in ("texts", "heads", "titles"):
        _require(counts[name].shape == arrays["vectors_indices"].shape, f"counts_{name} has not one count an entry")
    _require(counts["lengths"].shape == (count,), "counts_lengths has not one entry an article")
    _require(
        not count or bool(_finite(counts["lengths"], "counts_lengths").min() >= 0), "counts_lengths has odd values"
    )
    return Coverage(**counts, groups=groups if groups.any() else None)


def _settings(header: Mapping[str, Any]) -> Settings:
    values = header["settings"]
    known = isinstance(values, dict) and values.keys() - {"embeddings"} == ranking_settings(Settings()).keys()
    _require(known and values.get("embeddings", OFF) in EMBEDDINGS, "settings are not as written")
    for name, numbers, least in (("fields", (int, float), 0), ("text", (int,), 0), ("parts", (int, float), -10)):
        good = isinstance(values[name], list) and all(_is_pair(pair, numbers, least) for pair in values[name])
        _require(good and len({key for key, _ in values[name]}) == len(values[name]), f"{name} are not as written")
    _require(bool(values["fields"]) and all(weight for _, weight in values["fields"]), "a field has no weight")
    keys = values["keys"]
    good = isinstance(keys, dict) and set(keys) == set(vars(Keys())) and all(isinstance(k, str) for k in keys.values())
    _require(good, "keys are not as written")
    url = values["url"]
    good = isinstance(url, dict) and set(url) == {"host", "ignore_case"} and isinstance(url["ignore_case"], bool)
    good = good and isinstance(url["host"], list) and all(isinstance(host, str) for host in url["host"])
    _require(good, "url is not as written")
    for name in (*RULES, "answers"):
        good = isinstance(values[name], list) and all(isinstance(rule, str) for rule in values[name])
        _require(good, f"{name} is not a list of texts")
    for name, value in values.items():
        if name in FLAGS:
            _require(type(value) is bool, f"setting {name} is not true or false")
        elif name not in ("embeddings", "fields", "text", "parts", "keys", "url", "answers", *RULES) and (
            name != "floor" or value is not None
        ):
            _require(
                type(value) in (int, float) and 0 <= value <= (100_000_000 if name == "exact_up_to" else 10_000),
                f"setting {name} is not a number in range",
            )
    for name in ("slots", "candidates", "exact_up_to", "lead_words", "lead_times", "code_times"):
        _require(type(values[name]) is int and values[name] >= NUMBERS[name][1], f"{name} is not a whole number")
    for name in ("built_at", "corpus_digest"):
        _require(isinstance(header[name], str), f"{name} is not a text")
    _require({name for name, _ in values["parts"]} == set(PARTS), "parts are not as written")
    plain = {**values, **{name: dict(values[name]) for name in ("fields", "text", "parts")}, "keys": Keys(**keys)}
    plain["url"] = UrlSettings(host=tuple(url["host"]), ignore_case=url["ignore_case"])
    return Settings(**{**plain, **{name: tuple(values[name]) for name in (*RULES, "answers")}})


def _is_pair(pair: Any, numbers: tuple[type, ...], least: float) -> bool:
    good = isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)
    return good and type(pair[1]) in numbers and least <= pair[1] <= 1000


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
    _finite(values, name)


def _linked(arrays: Arrays, count: int) -> None:
    """Check what the texts link to."""
    _require(arrays["linked_starts"].shape == (count + 1,), "linked_starts has not one list an article")
    _require(arrays["linked_rows"].ndim == 1, "linked_rows is not a list")
    _pointers(arrays["linked_starts"], len(arrays["linked_rows"]), "linked_starts")
    _within(arrays["linked_rows"], 0, count, "linked_rows")


def _finite(values: NDArray[Any], name: str) -> NDArray[Any]:
    # One pass, no array of booleans: a sum of finite numbers of this size is finite, one of NaN or infinity is not.
    with np.errstate(invalid="ignore", over="ignore"):
        _require(bool(np.isfinite(values.sum())), f"{name} holds values that are not finite")
    return values


def _pointers(pointers: NDArray[Any], end: int, name: str) -> None:
    good = pointers[0] == 0 and pointers[-1] == end and bool(np.all(pointers[1:] >= pointers[:-1]))
    _require(good, f"{name} has offsets out of order")


def _within(numbers: NDArray[Any], low: int, high: int, name: str) -> None:
    _require(not len(numbers) or (numbers.min() >= low and numbers.max() < high), f"{name} points out of bounds")


def _require(good: object, message: str) -> None:
    if not good:
        raise LayoutError(message)
