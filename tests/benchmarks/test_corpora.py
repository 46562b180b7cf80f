"""The generator of corpora: the same however it is cut, shaped as it was told, readable by a build."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import corpora
import matching
import numpy as np
import pytest
import scale
from shapes import FIELDS, Shape, shape_of
from small_sites import ARTICLES

from recommender.build.collection import collect
from recommender.build.pipeline import fit_model
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.text.tokenizer import analyze
from recommender.text.tokens import Tokenized, join, take


@pytest.fixture(scope="module")
def shape() -> Shape:
    return shape_of(read_corpus(ARTICLES, Settings()), Settings())


def by_line(site: Tokenized) -> list[list[str]]:
    tokens = take(join(site.parts), site.order)
    words = [tokens.vocabulary[number] if number >= 0 else "" for number in tokens.numbers.tolist()]
    # Without the marks between passages.
    return [list(filter(None, words[start:stop])) for start, stop in pairwise(tokens.starts.tolist())]


def test_the_shape_is_what_the_site_holds(shape: Shape) -> None:
    corpus = read_corpus(ARTICLES, Settings())
    words = [analyze(article.texts[Settings().sources.index("answer")]) for article in corpus.articles]
    assert shape.articles == len(corpus.articles)
    assert shape.lengths[1][50] == int(np.median([len(own) for own in words]))
    assert shape.lengths[1][100] == max(map(len, words))
    assert sum(shape.subjects) == pytest.approx(1)
    assert 0.05 <= shape.heaps <= 0.9


@pytest.mark.slow  # generated corpora
@pytest.mark.parametrize("field", range(len(FIELDS)))
def test_any_part_can_be_made_alone(shape: Shape, field: int) -> None:
    tables = corpora.tables_of(shape, 3)
    starts, words = corpora.words_of(tables, 0, 60, field)
    ends, part = corpora.words_of(tables, 20, 45, field)
    assert np.array_equal(part, words[starts[20] : starts[45]])
    assert np.array_equal(ends, starts[20:46] - starts[20])
    assert not np.array_equal(corpora.words_of(corpora.tables_of(shape, 4), 0, 60, field)[1], words)


def test_words_of_a_million_ranks_differ_and_stay_whole() -> None:
    ranks = [*range(20_000), *range(990_000, 1_000_000)]
    words = [corpora.word.__wrapped__(rank) for rank in ranks]
    assert len(set(words)) == len(words)
    assert analyze(" ".join(words)) == words
    assert not any(word.endswith("s") for word in words)  # no plural that folding would cut


def test_the_files_count_as_the_generator_counts_without_them(shape: Shape, tmp_path: Path) -> None:
    corpora.write(shape, 130, tmp_path, 2)
    read = collect(tmp_path, Settings())
    assert (len(read.corpus.articles), [p for p in read.corpus.problems if p.code != "dead"]) == (130, [])
    direct = corpora.counted(corpora.tables_of(shape, 2), 130, Settings())
    ids = np.array([int(article.id) - 1 for article in read.corpus.articles])
    assert by_line(read.words()) == by_line(replace(direct, order=ids))


def test_folders_hold_a_thousand_files_and_a_second_run_writes_the_same(
    shape: Shape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpora, "FOLDER", 20)
    for name in ("one", "two"):
        corpora.write(shape, 50, tmp_path / name, 1)
    folders = sorted((tmp_path / "one").iterdir())
    assert [len(list(folder.iterdir())) for folder in folders] == [20, 20, 10]
    for file in (tmp_path / "one").rglob("*.md"):
        assert file.read_bytes() == (tmp_path / "two" / file.relative_to(tmp_path / "one")).read_bytes()


def test_the_more_articles_the_nearer_they_come(shape: Shape) -> None:
    figures = [matching.figures_of(corpora.counted(corpora.tables_of(shape, 1), n, Settings())) for n in (300, 2400)]
    for name in ("cosine of neighbour 1", "cosine of neighbour 10"):
        assert figures[1][name][2] > figures[0][name][2]


def test_the_search_of_the_free_numbers_comes_nearer(shape: Shape) -> None:
    words = collect(ARTICLES, Settings()).words()
    assert words is not None
    wrong = replace(shape, free=replace(shape.free, repeated=0.0, own=0.6))
    wanted = matching.figures_of(words)

    def off(own: Shape) -> float:
        made = corpora.counted(corpora.tables_of(own, 1), own.articles, Settings())
        return matching.distance(matching.figures_of(made), wanted)

    assert off(matching.fitted_shape(wrong, words, 12)) < off(wrong)


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
def test_the_exponent_is_that_of_a_power_law(power: float) -> None:
    sizes = [36, 72, 1000]
    assert scale.exponent(sizes, [0.3 * size**power for size in sizes]) == pytest.approx(power)


@pytest.mark.parametrize("kept", [5, 64])
def test_the_recall_of_an_exact_ranking_is_whole(shape: Shape, kept: int) -> None:
    settings = replace(Settings(), candidates=kept)
    model = fit_model(scale.made_corpus(shape, 150, settings), settings, "2026-01-01T00:00:00Z")
    assert scale.recall(model, kept) == (1.0, 1.0)
    assert scale.recall(model, kept + 3)[0] < 1.0
