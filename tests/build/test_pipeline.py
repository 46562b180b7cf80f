"""Fitting end to end: small sites against all pairs by hand, and the same model however the work is cut."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from score_by_hand import SETTINGS, ByHand, Site, sites
from small_sites import BUILT_AT, article, write_files

from recommender.arrays import compiling
from recommender.build.collection import collect
from recommender.build.pipeline import COMPILING, describe, engines, fit_model
from recommender.model.array_schema import to_arrays
from recommender.model.model import Model
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.system import parallel

DEFAULT = Settings()
# No two differ by an s alone, so that nothing is folded.
WORDS = ["moon", "sun", "tide", "wave", "gas", "cell", "virus"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
LONG = TEXTS.map(lambda end: f"{' '.join(WORDS * 6)} {end}")


def build(files: dict[str, str], settings: Settings = DEFAULT) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        return fit_model(read_corpus(write_files(Path(folder), files), settings), settings, BUILT_AT)


@st.composite
def written(draw: st.DrawFn) -> dict[str, tuple[str, str, str, str]]:
    """Draw title, answer, keywords and body by name; answers repeat, so there are copies, near copies and many ties."""
    names = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=7, unique=True))
    titles = TEXTS | st.sampled_from(["moon and tide", "moon and tide, part 1", "moon and tide, part 2"])
    return {name: (draw(titles) or "-", draw(TEXTS | LONG), draw(TEXTS), draw(TEXTS)) for name in names}


def files_of(texts: dict[str, tuple[str, str, str, str]]) -> dict[str, str]:
    return {
        f"{name}.md": article(
            name, title=f'"{title}"', answer=answer, extra=f"seo:\n  page_keywords: {keywords}\n", body=body
        )
        for name, (title, answer, keywords, body) in texts.items()
    }


def test_nothing_described_holds_a_text_that_was_read(corpus: Corpus) -> None:
    counted = collect(corpus.root, DEFAULT).words()
    found = describe(replace(corpus, counted=counted), DEFAULT)
    assert found.words.all() == counted.parts[-1].vocabulary
    assert len(found.words) > 1000
    assert [part.vocabulary for part in found.counted.parts] == [[]]


@hypothesis_settings(deadline=None, max_examples=40)
@given(sites())
def test_candidates_are_the_nearest_of_all_pairs_by_their_scores(site: Site) -> None:
    built, hand = site.build(), ByHand(site)
    assert built.lift == pytest.approx(hand.lift, abs=1e-12)
    for row in range(len(built)):
        found = built.candidates(row)
        assert sorted(c.row for c in found) == sorted(hand.near[row])
        assert [c.score for c in found] == pytest.approx([hand.score(row, c.row) for c in found], abs=1e-9)
        # Where two scores round to neighbours of the ninth digit, either order is exact.
        for one, other in pairwise(found):
            assert (-round(one.score, 9), one.row) < (-round(other.score, 9), other.row)
        start, stop = built.nearest.indptr[row : row + 2].tolist()
        cosines = [hand.cosine(row, c.row) for c in found]
        assert built.cosines[start:stop].tolist() == pytest.approx(cosines, abs=1e-12)


def test_the_sample_site_is_ranked_like_all_pairs(corpus: Corpus, model: Model) -> None:
    rows = model.vectors.rows
    dense = np.zeros((len(rows), rows.columns))
    for row in range(len(rows)):
        columns, values = rows.row(row)
        dense[row, columns] = values
    cosines = dense @ dense.T
    hand = ByHand(Site(tuple(corpus.articles), tuple(corpus.families), DEFAULT))
    for row in range(len(rows)):
        others = [other for other in range(len(rows)) if corpus.families[other] != corpus.families[row]]
        nearest = sorted(others, key=lambda other: (-round(cosines[row, other], 9), other))[: DEFAULT.candidates]
        found = model.candidates(row)
        assert {c.row for c in found} == {other for other in nearest if cosines[row, other] > 1e-9}
        for one, other in pairwise(found):
            assert (-round(one.score, 9), one.row) < (-round(other.score, 9), other.row)
    for row in range(0, len(rows), 24):
        found = model.candidates(row)
        assert [c.score for c in found] == pytest.approx([hand.score(row, c.row) for c in found], abs=1e-9)


@hypothesis_settings(deadline=None, max_examples=20)
@given(written(), st.randoms(use_true_random=False))
def test_names_and_order_of_the_files_change_nothing(texts: dict[str, tuple[str, str, str, str]], random) -> None:
    files = files_of(texts)
    names = list(files)
    random.shuffle(names)
    # The paths differ, so that files are found in another order; all else must not.
    moved = {f"{place}/{name}": files[name] for place, name in enumerate(names)}
    one, other = (to_arrays(build(some)) for some in (files, moved))
    for name in one.keys() - {"paths_blob", "paths_offsets"}:
        assert one[name].tobytes() == other[name].tobytes(), name


@pytest.mark.slow  # builds the sample site twice
def test_the_sample_site_is_the_same_bytes_plain_and_compiled(corpus: Corpus, model: Model) -> None:
    with compiling.always():
        compiled = fit_model(corpus, DEFAULT, BUILT_AT)
    assert "recommender.ranking.score_compiled" in sys.modules
    same_bytes(model, compiled)


@hypothesis_settings(max_examples=60)
@given(written(), st.sampled_from([DEFAULT, *SETTINGS]))
def test_any_site_is_the_same_bytes_plain_and_compiled(
    texts: dict[str, tuple[str, str, str, str]], settings: Settings
) -> None:
    """Ties, copies, near copies, titles of a series, articles without words, and other settings."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = read_corpus(write_files(Path(folder), files_of(texts)), settings)
    plain = fit_model(corpus, settings, BUILT_AT)
    with compiling.always():
        same_bytes(plain, fit_model(corpus, settings, BUILT_AT))


def same_bytes(one: Model, other: Model) -> None:
    pairs = to_arrays(one), to_arrays(other)
    assert {name: array.dtype for name, array in pairs[0].items()} == {
        name: array.dtype for name, array in pairs[1].items()
    }
    assert [name for name in pairs[0] if pairs[0][name].tobytes() != pairs[1][name].tobytes()] == []


@pytest.mark.parametrize("plain_up_to", [2_000, -1])
def test_two_builds_of_the_sample_site_are_equal_whatever_the_processes(
    corpus: Corpus, model: Model, monkeypatch: pytest.MonkeyPatch, plain_up_to: int
) -> None:
    monkeypatch.setattr(compiling, "PLAIN_UP_TO", plain_up_to)
    monkeypatch.setattr(parallel, "CHUNK", 11)
    monkeypatch.setattr(parallel, "FEW", 1)
    monkeypatch.setattr(parallel, "cores", lambda: 2)
    same_bytes(model, fit_model(corpus, DEFAULT, "later"))


def test_a_site_of_one_article_is_fitted() -> None:
    built = build({"a.md": article("a")})
    assert (len(built), built.candidates(0), built.lift, built.floor) == (1, [], 0.0, 0.0)
    assert built.score(built.query(0), 0) > 0


FIRST = """
from recommender.arrays import jit
from recommender.build.pipeline import engines
from recommender.ranking.nearest.bounds import search
from recommender.ranking.score_compiled import _rescore
from recommender.settings import Settings
from recommender.text.tokens_compiled import _fill

with engines(Settings(), 10_000) as load:
    load()
    counting = [sum(kernel.stats.cache_misses.values()) for kernel in (_fill, search, _rescore)]
print(jit.was_kept(search), counting)
"""


@pytest.mark.slow  # compiles the loops anew
@pytest.mark.skipif(sys.platform != "linux", reason="no other process works there")
def test_a_first_build_compiles_the_loops_that_rank_in_another_process_and_says_so(tmp_path: Path) -> None:
    surroundings = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", FIRST], capture_output=True, text=True, env=surroundings, check=True
        )
        said.append((done.stdout, done.stderr))
    assert said == [("False [1, 0, 0]\n", f"{COMPILING}\n"), ("True [0, 0, 0]\n", "")]


@pytest.mark.parametrize(
    "settings",
    [
        DEFAULT,
        Settings(fields={"title": 1.0}),
        Settings(fields={"title": 1.0, "text": 0.5}, text={"body": 1}),
        Settings(same_question_article=0.0, same_question_list=0.0),
        Settings(exact_up_to=0, slots=1, candidates=1),
        Settings(parts=dict.fromkeys(DEFAULT.parts, 0.0), floor=0.9),
    ],
)
@pytest.mark.parametrize("articles", [10, 10_000])
def test_the_made_up_site_that_loads_the_engines_fits_any_settings(settings: Settings, articles: int) -> None:
    class Nobody:
        threads = 4

        def map(self, work: object, chunks: object, label: str) -> Iterator[list[Any]]:
            raise AssertionError(f"{label} went to the cluster")

    with parallel.on(Nobody()):
        with engines(settings, articles) as load:
            load()
        assert parallel.elsewhere() is not None
