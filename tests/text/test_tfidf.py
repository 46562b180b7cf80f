"""The vectors against a dense reimplementation in plain Python, written from the description alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recommender.arrays import compiling
from recommender.arrays.sparse_rows import Rows
from recommender.article import Article
from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.system import parallel
from recommender.text.compounds import Spellings, by_spellings
from recommender.text.spellings import fold
from recommender.text.tfidf import (
    ENOUGH,
    Vectors,
    fit_vectors,
    idf_by_formula,
    inverse_document_frequency,
    transform,
)
from recommender.text.tokenizer import spaced
from recommender.text.tokens import article_words, tokenize_articles, tokenize_texts, words_by_source

DEFAULT = Settings()
# Plurals, a word in ss, a word with and without its singular, short words, and words that only one field has.
WORDS = ["cell", "cells", "prince", "princes", "princess", "glass", "gas", "atoms", "atom", "moon", "sun", "enzymes"]

Table = dict[tuple[str, str], float]


def article(number: int, settings: Settings = DEFAULT, **texts: str) -> Article:
    """Make an article whose texts are given by source, dots written as __."""
    given_by_source = {name.replace("__", "."): text for name, text in texts.items()}
    return Article(
        url=f"/a/{number:05}",
        id=str(number),
        title=given_by_source.get("title", ""),
        subject="",
        date="",
        path=f"{number}.md",
        hidden=False,
        texts=tuple(given_by_source.get(name, "") for name in settings.sources),
        answer_digest="",
        source_digest="",
        file_digest="",
        links=(),
        style=None,
    )


def fit(articles: Sequence[Article], settings: Settings) -> tuple[Vectors, Vectors]:
    """Fit in both ways, which give the same bits."""
    fitted = fit_vectors(by_spellings(tokenize_articles(articles, settings))[0], settings)
    with compiling.always():
        compiled = fit_vectors(by_spellings(tokenize_articles(articles, settings))[0], settings)
    assert_equal(fitted.main, compiled.main)
    assert_equal(fitted.titles, compiled.titles)
    for name in ("texts", "heads", "titles", "lengths"):
        one, other = getattr(fitted.coverage, name), getattr(compiled.coverage, name)
        assert (one.dtype, one.tobytes()) == (other.dtype, other.tobytes())
    return fitted.main, fitted.titles


def by_source_of(one: Article, settings: Settings, spellings: Spellings) -> dict[str, list[str]]:
    """Give the words of every text of an article, in the spelling that counts."""
    tokens = tokenize_texts(dict(zip(settings.sources, one.texts, strict=True)), settings)
    return {
        name: [word for written in words for word in spellings.of(written)]
        for name, words in words_by_source(tokens, settings).items()
    }


def title_of(title: str, spellings: Spellings) -> list[str]:
    return [word for written in spaced(title).decode().split() for word in spellings.of(written)]


def spellings_of(articles: Sequence[Article], settings: Settings) -> Spellings:
    return by_spellings(tokenize_articles(articles, settings))[1]


def words_of(one: Article, settings: Settings, spellings: Spellings) -> dict[str, list[str]]:
    """Give the words of every weighted field of an article, repeated as the composed field wants them."""
    by_source = by_source_of(one, settings, spellings)
    long = by_source.get("answer", []) + by_source.get("body", [])
    composed = [*long[: settings.lead_words] * settings.lead_times]
    for name, times in settings.text.items():
        composed.extend(by_source.get(name, []) * times)
    return {name: composed if name == "text" else by_source[name] for name in settings.weighted}


def reference(articles: Sequence[Article], settings: Settings) -> list[Table]:
    """Weigh every article as the description says, term by term."""
    spellings = spellings_of(articles, settings)
    fields = [words_of(one, settings, spellings) for one in articles]
    titles = [title_of(one.texts[settings.sources.index("title")], spellings) for one in articles]
    known = Counter(
        word
        for one, title in zip(fields, titles, strict=True)
        for word in {*title, *(word for words in one.values() for word in words)}
    )

    def folded(word: str) -> str:
        return fold(word, known)

    counts = [{name: Counter(map(folded, words)) for name, words in one.items()} for one in fields]
    rows: list[Table] = [{} for _ in articles]
    weight_of = [0.0] * len(articles)
    for name, weight in settings.weighted.items():
        seen = Counter(term for one in counts for term in one[name])
        for number, one in enumerate(counts):
            vector = {
                term: math.sqrt(count) * idf_of(len(articles), seen[term])
                for term, count in one[name].items()
                if len(articles) < 100 or seen[term] <= len(articles) / 2
            }
            length = math.sqrt(math.fsum(value**2 for value in vector.values()))
            rows[number] |= {(name, term): math.sqrt(weight) * v / length for term, v in vector.items()}
            weight_of[number] += weight if vector else 0
    return [{key: v / math.sqrt(w) for key, v in row.items()} for row, w in zip(rows, weight_of, strict=True)]


def idf_of(articles: int, seen: int) -> float:
    """Give the smoothed idf to a quarter."""
    return round(4 * (math.log((1 + articles) / (1 + seen)) + 1)) / 4


def stem_reference(articles: Sequence[Article], settings: Settings) -> list[Table]:
    spellings, place = spellings_of(articles, settings), settings.sources.index("title")
    titles = [one.texts[place] for one in articles]
    counts = [Counter(word[:5] for word in title_of(title, spellings)) for title in titles]
    seen = Counter(term for one in counts for term in one)
    rows = []
    for one in counts:
        kept = {t: c for t, c in one.items() if len(titles) < 100 or seen[t] <= len(titles) / 2}
        vector = {t: math.sqrt(c) * idf_of(len(titles), seen[t]) for t, c in kept.items()}
        length = math.sqrt(math.fsum(value**2 for value in vector.values()))
        rows.append({("title", term): value / length for term, value in vector.items()})
    return rows


def tables(vectors: Vectors) -> list[Table]:
    """Read the rows back as field and term -> value."""
    space = vectors.space
    names = [
        (field, space.terms[column])
        for number, field in enumerate(space.fields)
        for column in range(int(space.starts[number]), int(space.starts[number + 1]))
    ]
    assert len(names) == len(space.terms) == vectors.rows.columns
    found = []
    for number in range(len(vectors.rows)):
        columns, values = vectors.rows.row(number)
        assert (np.diff(columns) > 0).all()
        found.append({names[column]: float(value) for column, value in zip(columns, values, strict=True)})
    return found


def assert_same(found: Sequence[Table], wanted: Sequence[Table]) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one.keys() == other.keys()
        assert all(abs(one[key] - other[key]) < 1e-12 for key in one)


@pytest.fixture(scope="module")
def fitted(corpus: Corpus) -> tuple[Vectors, Vectors]:
    return fit(corpus.articles, DEFAULT)


@pytest.mark.slow  # weighs the sample site by hand
def test_the_sample_site_is_weighed_as_described(corpus: Corpus, fitted: tuple[Vectors, Vectors]) -> None:
    wanted = reference(corpus.articles, DEFAULT)
    assert len(wanted) > ENOUGH
    assert_same(tables(fitted[0]), wanted)
    assert_same(tables(fitted[1]), stem_reference(corpus.articles, DEFAULT))


def test_each_field_of_a_space_has_its_own_sorted_terms(fitted: tuple[Vectors, Vectors]) -> None:
    space = fitted[0].space
    assert space.fields == ("title", "text", "seo.page_keywords")
    assert space.weights == (0.15, 0.7, 0.15)
    terms = space.terms.all()
    for start, stop in zip(space.starts[:-1].tolist(), space.starts[1:].tolist(), strict=True):
        assert stop - start > 100
        assert terms[start:stop] == sorted(set(terms[start:stop]))
    assert fitted[1].space.fields == ("title",)
    assert max(map(len, fitted[1].space.terms.all())) == 5


def test_terms_of_more_than_half_of_a_site_count_nothing(corpus: Corpus, fitted: tuple[Vectors, Vectors]) -> None:
    space = fitted[0].space
    everywhere = [column for column in range(*space.starts[1:3]) if not space.idf[column]]
    assert {"the", "of", "and"} <= {space.terms[column] for column in everywhere} < set(space.terms.all())
    assert not np.isin(everywhere, fitted[0].rows.indices).any()
    spellings = spellings_of(corpus.articles, DEFAULT)
    shares = Counter(term for one in corpus.articles for term in set(words_of(one, DEFAULT, spellings)["text"]))
    assert min(shares[space.terms[column]] for column in everywhere) > len(corpus.articles) / 3


TEXTS = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)


@st.composite
def corpora(draw: st.DrawFn) -> tuple[list[Article], Settings]:
    articles = [
        article(n, title=draw(TEXTS), answer=draw(TEXTS), body=draw(TEXTS), seo__page_keywords=draw(TEXTS))
        for n in range(draw(st.integers(1, 6)))
    ]
    weights = st.sampled_from([0.15, 1.0, 3.0])
    fields = {name: draw(weights) for name in ("title", "text", "seo.page_keywords")}
    times = st.integers(1, 3)
    text = {name: draw(times) for name in ("answer", "body", "title", "seo.page_keywords")}
    lead = {"lead_words": draw(st.integers(0, 4)), "lead_times": draw(st.integers(0, 3))}
    return articles, Settings(fields=fields, text=text, **lead)


@hypothesis_settings(deadline=None, max_examples=70)
@given(corpora())
def test_any_corpus_is_weighed_as_described(site: tuple[list[Article], Settings]) -> None:
    articles, settings = site
    main, titles = fit(articles, settings)
    assert_same(tables(main), reference(articles, settings))
    assert_same(tables(titles), stem_reference(articles, settings))


@hypothesis_settings(deadline=None, max_examples=40)
@given(corpora())
def test_a_published_article_asked_as_a_draft_has_its_own_row(site: tuple[list[Article], Settings]) -> None:
    articles, settings = site
    (main, _), spellings = fit(articles, settings), spellings_of(articles, settings)
    for number, one in enumerate(articles):
        tokens = tokenize_texts(dict(zip(settings.sources, one.texts, strict=True)), settings)
        words = article_words(spellings.put_into(tokens), settings).fields
        columns, values = transform(main.space, words)
        assert columns.tolist() == main.rows.row(number)[0].tolist()
        assert values == pytest.approx(main.rows.row(number)[1], abs=1e-12)


def test_the_articles_of_the_sample_site_asked_as_drafts_have_their_own_rows(
    corpus: Corpus, fitted: tuple[Vectors, Vectors]
) -> None:
    spellings = spellings_of(corpus.articles, DEFAULT)
    for number, one in enumerate(corpus.articles):
        tokens = tokenize_texts(dict(zip(DEFAULT.sources, one.texts, strict=True)), DEFAULT)
        words = article_words(spellings.put_into(tokens), DEFAULT).fields
        columns, values = transform(fitted[0].space, words)
        assert columns.tolist() == fitted[0].rows.row(number)[0].tolist()
        assert values == pytest.approx(fitted[0].rows.row(number)[1], abs=1e-12)


def test_idf_is_the_smoothed_form_of_scikit_learn_in_quarters() -> None:
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import TfidfTransformer

    random = np.random.default_rng(1)
    counts = random.integers(1, 5, (60, 40)) * (random.random((60, 40)) < 0.3)
    found = csr_array(counts.astype(np.float64))
    rows = Rows(found.indptr.astype(np.int64), found.indices, found.data, 40)
    wanted = TfidfTransformer(smooth_idf=True).fit(found).idf_
    frequency = np.count_nonzero(counts, axis=0)
    assert inverse_document_frequency(rows, frequency).tolist() == [round(4 * one) / 4 for one in wanted.tolist()]


@pytest.mark.parametrize("articles", [1, 2, 9, 99, 100, 130, 777])
def test_every_document_frequency_has_the_idf_that_scikit_learn_learns(articles: int) -> None:
    frequencies = np.arange(1, articles + 1)
    row, column = np.nonzero(np.arange(articles)[:, None] < frequencies)
    indptr = np.searchsorted(row, np.arange(articles + 1))
    counts = Rows(indptr, column.astype(np.int32), np.ones(len(row)), articles)
    learned = inverse_document_frequency(counts, frequencies)
    assert idf_by_formula(frequencies, articles).tolist() == learned.tolist()


@pytest.mark.parametrize(("articles", "holding", "kept"), [(99, 99, True), (100, 50, True), (100, 51, False)])
def test_a_term_of_more_than_half_is_dropped_from_100_articles_on(articles: int, holding: int, kept: bool) -> None:
    made = [article(n, title="moon" if n < holding else "sun") for n in range(articles)]
    main, _ = fit(made, DEFAULT)
    assert bool(tables(main)[0]) is kept
    # What was dropped is no word of a draft either.
    assert (len(transform(main.space, [["moon"], [], []])[0]) > 0) is kept


def test_a_draft_may_use_the_accents_that_the_site_leaves_out() -> None:
    main, _ = fit([article(0, title="eclair moon"), article(1, title="sun")], DEFAULT)
    assert transform(main.space, [["éclairs"], [], []])[0].tolist() == [main.space.terms.find("eclair", 0, 3)]


def test_a_singular_in_another_field_is_enough_to_fold() -> None:
    made = [article(0, title="cells"), article(1, answer="cell")]
    assert tables(fit(made, DEFAULT)[0])[0].keys() == {("title", "cell"), ("text", "cell")}


def test_a_draft_may_use_the_plural_of_a_known_word() -> None:
    main, _ = fit([article(0, title="cell moon"), article(1, title="sun")], DEFAULT)
    assert transform(main.space, [["cells"], [], []])[0].tolist() == [main.space.terms.find("cell", 0, 3)]
    assert transform(main.space, [["cells", "mars"], [], []])[1].tolist() == [1.0]


def test_an_empty_field_leaves_its_weight_to_the_others() -> None:
    made = [article(0, title="moon"), article(1, title="moon", seo__page_keywords="sun"), article(2, answer="sun")]
    rows = tables(fit(made, DEFAULT)[0])
    # Of article 0 only title and text hold a word: 0.15 and 0.7 of 0.85.
    assert rows[0] == pytest.approx(
        {("title", "moon"): math.sqrt(0.15 / 0.85), ("text", "moon"): math.sqrt(0.7 / 0.85)}
    )
    assert rows[2] == pytest.approx({("text", "sun"): 1.0})
    assert all(math.fsum(v * v for v in row.values()) == pytest.approx(1.0, abs=1e-14) for row in rows)


def test_an_article_without_words_has_an_empty_row() -> None:
    main, titles = fit([article(0, title="…"), article(1, title="moon")], DEFAULT)
    assert tables(main)[0] == tables(titles)[0] == {}
    assert tables(titles)[1] == {("title", "moon"): 1.0}


@pytest.mark.parametrize("count", [1, 3, 120])
def test_a_site_without_words_has_empty_rows_and_no_terms(count: int) -> None:
    for found in fit([article(n) for n in range(count)], DEFAULT):
        assert len(found.rows) == count
        assert found.rows.columns == len(found.space.terms) == len(found.rows.data) == 0
        assert transform(found.space, [["moon"], ["moon"], []])[0].tolist() == []


def test_one_article_alone_has_a_row() -> None:
    settings = Settings(fields={"title": 2.0})
    main, _ = fit([article(0, settings, title="moon moon sun")], settings)
    assert tables(main)[0] == pytest.approx({("title", "moon"): math.sqrt(2 / 3), ("title", "sun"): math.sqrt(1 / 3)})


def test_a_field_of_weight_0_is_off() -> None:
    settings = Settings(fields={"title": 1.0, "text": 0.0, "seo.page_keywords": 1.0})
    main, _ = fit([article(0, settings, title="moon"), article(1, settings, title="sun")], settings)
    assert main.space.fields == ("title", "seo.page_keywords")
    assert tables(main) == [{("title", "moon"): 1.0}, {("title", "sun"): 1.0}]


def assert_equal(one: Vectors, other: Vectors) -> None:
    assert one.space.terms.all() == other.space.terms.all()
    for name in ("indptr", "indices", "data"):
        assert getattr(one.rows, name).tobytes() == getattr(other.rows, name).tobytes()
    assert one.space.idf.tobytes() == other.space.idf.tobytes()


@pytest.mark.parametrize(("workers", "chunk"), [(1, 256), (1, 5), (3, 17)])
def test_the_number_of_processes_and_the_cuts_change_no_bit(
    corpus: Corpus, fitted: tuple[Vectors, Vectors], monkeypatch: pytest.MonkeyPatch, workers: int, chunk: int
) -> None:
    monkeypatch.setattr(parallel, "CHUNK", chunk)
    monkeypatch.setattr(parallel, "FEW", 1)
    monkeypatch.setattr(parallel, "cores", lambda: workers)
    for one, other in zip(fit(corpus.articles, DEFAULT), fitted, strict=True):
        assert_equal(one, other)


def test_rows_follow_their_articles_in_any_order(corpus: Corpus, fitted: tuple[Vectors, Vectors]) -> None:
    order = np.random.default_rng(2).permutation(len(corpus.articles)).tolist()
    shuffled, _ = fit([corpus.articles[number] for number in order], DEFAULT)
    assert shuffled.space.terms.all() == fitted[0].space.terms.all()
    for place, number in enumerate(order):
        for one, other in zip(shuffled.rows.row(place), fitted[0].rows.row(number), strict=True):
            assert one.tobytes() == other.tobytes()


def test_the_dot_product_of_two_rows_is_the_score_of_the_contract() -> None:
    made = [
        article(0, title="moon sun", answer="moon glass", seo__page_keywords="gas"),
        article(1, title="moon", answer="sun glass"),
    ]
    rows = fit(made, DEFAULT)[0].rows
    dense: NDArray[np.float64] = np.zeros((2, rows.columns))
    for number in range(2):
        dense[number, rows.row(number)[0]] = rows.row(number)[1]
    cosines = {}
    for name in ("title", "text"):
        counts = [Counter(words_of(one, DEFAULT, spellings_of(made, DEFAULT))[name]) for one in made]
        seen = Counter(term for one in counts for term in one)
        vectors = [{t: math.sqrt(c) * idf_of(2, seen[t]) for t, c in one.items()} for one in counts]
        norms = [math.sqrt(sum(v * v for v in vector.values())) for vector in vectors]
        dot = sum(vectors[0].get(term, 0) * value for term, value in vectors[1].items())
        cosines[name] = dot / norms[0] / norms[1]
    # All three fields of the first hold a word, two of the second.
    wanted = (0.15 * cosines["title"] + 0.7 * cosines["text"]) / math.sqrt(1.0 * 0.85)
    assert dense[0] @ dense[1] == pytest.approx(wanted, abs=1e-12)
