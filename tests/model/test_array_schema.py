"""Arrays that carry the right checksums and still make no model are refused before any is used."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_sites import BUILT_AT

from recommender.addresses import make_addresses
from recommender.arrays.sparse_rows import pack
from recommender.build.pipeline import fit_model
from recommender.errors import ModelError
from recommender.model import array_schema
from recommender.model.array_schema import DTYPES, LayoutError, from_arrays, to_arrays, to_header
from recommender.model.model import Model
from recommender.model.store import load_model, save_model
from recommender.settings import PARTS, Settings
from recommender.site.corpus import Corpus
from recommender.text.compounds import Spellings

Change = Callable[[np.ndarray], np.ndarray]


def put(at: int, value: float) -> Change:
    def change(array: np.ndarray) -> np.ndarray:
        copy = array.copy()
        copy[at] = value
        return copy

    return change


def cases() -> list[tuple[str, str, Change]]:
    found: list[tuple[str, str, Change]] = []
    for name in DTYPES:
        found += [
            (name, "one less", lambda a: a[:-1]),
            (name, "two dimensions", lambda a: a.reshape(1, -1)),
            (name, "nothing", lambda a: a[:0]),
        ]
        if name.endswith(("_indptr", "_offsets", "_starts")):
            found += [
                (name, "first not 0", put(0, 1)),
                (name, "last too high", lambda a: put(-1, int(a[-1]) + 1)(a)),
                (name, "last too low", lambda a: put(-1, int(a[-1]) - 1)(a)),
                (name, "falls", lambda a: put(1, int(a[-1]) + 1)(a)),
                (name, "negative", put(1, -1)),
                (name, "huge", put(1, 2**62)),
            ]
        if name.endswith(("_rows", "_indices")) or name in ("families", "order_by_id"):
            found += [
                # Of key_rows, -142 to -1 are old addresses.
                (name, "negative", put(0, -143 if name == "key_rows" else -1)),
                (name, "huge", put(-1, 2**31 - 1)),
            ]
        if name.endswith("_rows") or name in ("families", "order_by_id"):
            found += [(name, "one too high", put(1, 142))]
        if DTYPES[name] == "<f8":
            found += [
                (name, "nan", put(0, np.nan)),
                (name, "infinite", put(-1, np.inf)),
            ]
        if DTYPES[name] == "<f8" and name != "lift":  # which is one number
            found += [(name, "both infinities", lambda a: put(0, np.inf)(put(1, -np.inf)(a)))]
        if name.endswith("_idf") or name in ("lift", "counts_lengths"):
            found += [(name, "negative", put(0, -1.0))]
    return [
        *found,
        ("hidden", "three", put(0, 3)),
        ("bars", "four", put(0, 4)),
        ("days", "one day", lambda a: a[:, 0]),
        ("lift", "above 1", put(0, 1.001)),
        ("lift", "two of them", lambda a: np.concatenate([a, a])),
        ("repeated_hashes", "falls", put(0, 2**64 - 1)),
        ("repeated_partitions", "one more", lambda a: np.concatenate([a, a[:1]])),
        ("cosines", "one more", lambda a: np.concatenate([a, a[:1]])),
    ]


CASES = cases()


@pytest.fixture(scope="module")
def full(corpus: Corpus) -> Model:
    """The model of the sample site with a lower threshold: no two of its articles ask the same question.

    No word of it is written with a hyphen and in one word.
    """
    pages = [(one.url, ["/old", f"/old/{row}"] if row < 2 else []) for row, one in enumerate(corpus.articles)]
    linked = tuple(one.url for one in corpus.articles[:2])
    named = [
        replace(one, language="en", version="1", further='{"image":"a"}', mentions=linked) for one in corpus.articles
    ]
    aliased = replace(corpus, articles=named, address_index=make_addresses(pages))
    built = fit_model(aliased, Settings(same_question_list=0.2), BUILT_AT)
    built = replace(built, spellings=Spellings(pack(["e-mail email", "timezone time zone"])))
    assert all(len(array) for array in to_arrays(built).values())
    return built


@pytest.mark.parametrize(("name", "what", "change"), CASES, ids=[f"{name}-{what}" for name, what, _ in CASES])
def test_arrays_that_make_no_model_are_refused(full: Model, name: str, what: str, change: Change):
    arrays = to_arrays(full)
    broken = change(arrays[name])
    assert broken.dtype.str == DTYPES[name]
    with pytest.raises(LayoutError):
        from_arrays({**arrays, name: broken}, to_header(full))


@pytest.mark.parametrize("lines", [[""], ["e-mail"], ["e-mail email", "timezone "]])
def test_a_spelling_of_no_word_is_refused(full: Model, lines: list[str]):
    arrays = to_arrays(replace(full, spellings=Spellings(pack(lines))))
    with pytest.raises(LayoutError, match="spellings"):
        from_arrays(arrays, to_header(full))


def test_one_term_too_high_is_refused(model: Model):
    arrays = to_arrays(model)
    for name, terms in (
        ("vectors_indices", len(model.vectors.space.terms)),
        ("stems_indices", len(model.titles.space.terms)),
    ):
        good = {**arrays, name: put(0, terms - 1)(arrays[name])}
        from_arrays(good, to_header(model))
        with pytest.raises(LayoutError, match="out of bounds"):
            from_arrays({**arrays, name: put(0, terms)(arrays[name])}, to_header(model))


def test_the_arrays_of_a_model_make_it_again(full: Model):
    arrays = to_arrays(full)
    assert {name: array.dtype.str for name, array in arrays.items()} == DTYPES
    made = from_arrays(arrays, to_header(full))
    again = to_arrays(made)
    assert all(np.array_equal(array, again[name]) for name, array in arrays.items())
    assert (made.floor, made.lift, made.settings) == (full.floor, full.lift, full.settings)


def written(model: Model, **changed: object) -> dict[str, Any]:
    """Give the header as a manifest has it, with other settings."""
    header = to_header(model)
    return json.loads(json.dumps({**header, "settings": {**header["settings"], **changed}}))


def test_parts_and_floor_come_back_as_they_were_written(model: Model):
    arrays, parts = to_arrays(model), {**PARTS, "cosine": -9.5, "same_subject": 0}
    again = from_arrays(arrays, written(model, parts=list(parts.items()), floor=0.25)).settings
    assert (again.parts, again.floor) == (parts, 0.25)
    assert from_arrays(arrays, written(model)).settings.floor is None


@pytest.mark.parametrize(
    "changed",
    [
        {"parts": [["cosine", 1.0]]},
        {"parts": [*PARTS.items(), ["moon", 1.0]]},
        {"parts": [*PARTS.items(), ["cosine", 1.0]]},
        {"parts": [[name, "1"] for name in PARTS]},
        {"parts": [[name, float("nan")] for name in PARTS]},
        {"parts": [[name, -11.0] for name in PARTS]},
        {"parts": dict(PARTS)},
        {"parts": None},
        {"floor": "0.1"},
        {"floor": -0.1},
        {"floor": float("nan")},
        {"slots": None},
    ],
)
def test_settings_that_no_build_writes_are_refused(model: Model, changed: dict[str, object]):
    with pytest.raises(LayoutError):
        from_arrays(to_arrays(model), written(model, **changed))


@pytest.mark.parametrize(
    ("name", "change", "match"),
    [
        ("chosen_rows", put(0, 142), "chosen points out of bounds"),
        ("vectors_indptr", put(1, 2**62), "vectors has offsets out of order"),
        ("vectors_data", put(0, np.nan), "vectors holds values that are not finite"),
        ("urls_offsets", put(1, 10**9), "urls has offsets out of order"),
        ("titles_offsets", lambda a: a[:-1], "titles has offsets out of order"),
        ("vectors_idf", put(0, np.inf), "vectors holds odd idf values"),
    ],
)
def test_a_saved_model_with_fitting_checksums_is_refused_in_one_sentence(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, change: Change, match: str
):
    arrays = to_arrays(model)
    arrays[name] = change(arrays[name])
    monkeypatch.setattr(array_schema, "to_arrays", lambda model: arrays)
    version = save_model(model, tmp_path)
    with pytest.raises(ModelError, match=rf"{version}: {match}; build it again: `recommender build`"):
        load_model(tmp_path)
