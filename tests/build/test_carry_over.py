"""A build that takes over what no edit touches gives the bytes of one that does not."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from score_by_hand import TEXTS, WORDS
from small_sites import BUILT_AT

from recommender.arrays import compiling
from recommender.article import Article, Style
from recommender.build import carry_over as module
from recommender.build.carry_over import CarriedOver
from recommender.build.pipeline import fit_model
from recommender.model.array_schema import to_arrays
from recommender.model.model import Model
from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.text.tfidf import STEPS

pytestmark = pytest.mark.usefixtures("by_compiled_loops")

Site = dict[str, tuple[str, str, str]]  # url -> subject, answer, title

SUBJECTS = ["", "physics", "biology"]
URLS = [f"/{number:02}" for number in range(14)]
ARTICLES = st.tuples(st.sampled_from(SUBJECTS), TEXTS, TEXTS)
SITES = st.dictionaries(st.sampled_from(URLS), ARTICLES, min_size=8, max_size=14)
EDITED = st.dictionaries(st.sampled_from(URLS), ARTICLES, max_size=2)


def corpus_of(site: Site) -> Corpus:
    """Make a corpus, articles with one answer being one family."""
    urls, settings = sorted(site), Settings()
    first = {}
    families = tuple(first.setdefault(site[url][1], row) if site[url][1] else row for row, url in enumerate(urls))
    articles = []
    for url in urls:
        subject, answer, title = site[url]
        texts = {"title": title, "answer": answer}
        held = tuple(texts.get(name, "") for name in settings.sources)
        digest = "00" * 16
        articles.append(
            Article(url, url, title, subject, "", f"{url}.md", False, held, digest, digest, digest, (), None)
        )
    return Corpus(Path(), tuple(articles), (), 0, Style(), frozenset(), families=families)


def same_bytes(found: Model, wanted: Model) -> None:
    pairs = to_arrays(found), to_arrays(wanted)
    assert [name for name in pairs[0] if pairs[0][name].tobytes() != pairs[1][name].tobytes()] == []


def spared(monkeypatch: pytest.MonkeyPatch) -> list[CarriedOver]:
    """Take down what is carried, and leave it so however few articles it helps."""
    kept: list[CarriedOver] = []
    find = module.carry

    def carry(*given: object) -> CarriedOver | None:
        found = find(*given)  # type: ignore[arg-type]
        if found is not None:
            kept.append(found)
        return found

    monkeypatch.setattr(module, "carry", carry)
    monkeypatch.setattr(module, "WORTH", 1)
    return kept


@pytest.mark.slow  # generated edits, two builds each
@pytest.mark.parametrize(("candidates", "embeddings"), [(1, "off"), (3, "off"), (64, "off"), (3, "titles")])
def test_after_any_edit_the_model_has_the_bytes_of_one_from_scratch(
    candidates: int, embeddings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, scores, settings = spared(monkeypatch), [], Settings(candidates=candidates, embeddings=embeddings)
    look = CarriedOver.scores
    monkeypatch.setattr(CarriedOver, "scores", lambda *a: scores.append(look(*a)) or scores[-1])

    @hypothesis_settings(max_examples=50, derandomize=True)
    @given(SITES, EDITED, st.sets(st.sampled_from(URLS), max_size=1))
    def check(site: Site, edits: Site, gone: set[str]) -> None:
        before = fit_model(corpus_of(site), settings, BUILT_AT)
        now = {url: own for url, own in {**site, **edits}.items() if url not in gone}
        found = fit_model(corpus_of(now), settings, BUILT_AT, before=before)
        same_bytes(found, fit_model(corpus_of(now), settings, BUILT_AT))

    check()
    # It is not only what changed so much that nothing was carried.
    assert sum(0 < (one.moved.old >= 0).sum() < len(one.moved.old) for one in kept) > 5
    assert sum(bool((~np.isnan(one)).any()) for one in scores) > 0


EDITS: dict[str, Callable[[list[Article], random.Random], list[Article]]] = {
    "nothing": lambda articles, draw: articles,
    "a word more": lambda articles, draw: some(articles, draw, lambda texts: (*texts[:-1], texts[-1] + " tide")),
    "another title": lambda articles, draw: some(articles, draw, lambda texts: ("Why is the moon?", *texts[1:])),
    "no text": lambda articles, draw: some(articles, draw, lambda texts: ("",) * len(texts)),
    "another subject": lambda articles, draw: [replace(articles[0], subject="alchemy"), *articles[1:]],
    "one less": lambda articles, draw: articles[:-1],
    "one more": lambda articles, draw: [*articles, replace(articles[3], url="/zzz", id="zzz")],
}


def some(
    articles: list[Article], draw: random.Random, edit: Callable[[tuple[str, ...]], tuple[str, ...]]
) -> list[Article]:
    chosen = set(draw.sample(range(len(articles)), 3))
    return [replace(own, texts=edit(own.texts)) if row in chosen else own for row, own in enumerate(articles)]


@pytest.mark.parametrize("edit", EDITS)
def test_the_sample_site_after_edits(edit: str, corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, settings = spared(monkeypatch), Settings(candidates=12)
    draw = random.Random(edit)
    now, families = EDITS[edit](list(corpus.articles), draw), list(corpus.families)
    families = [*families, len(families)][: len(now)]
    changed = replace(corpus, articles=tuple(now), families=tuple(families), counted=None)
    before = fit_model(replace(corpus, counted=None), settings, BUILT_AT)
    found = fit_model(changed, settings, BUILT_AT, before=before)
    same_bytes(found, fit_model(changed, settings, BUILT_AT))
    (own,) = kept
    if edit == "a word more":
        assert 0.3 < (own.moved.old >= 0).mean() < 1
    if edit == "nothing":
        assert (own.moved.old == np.arange(len(now))).all()


def test_a_site_that_outgrows_the_plain_way_takes_over_what_that_made(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, settings = spared(monkeypatch), Settings(candidates=12)
    draw = random.Random(1)
    now = EDITS["one more"](EDITS["a word more"](list(corpus.articles), draw), draw)
    grown = replace(corpus, articles=tuple(now), families=(*corpus.families, len(corpus.families)), counted=None)
    monkeypatch.setattr(compiling, "PLAIN_UP_TO", len(corpus.articles))
    before = fit_model(replace(corpus, counted=None), settings, BUILT_AT)
    found = fit_model(grown, settings, BUILT_AT, before=before)
    same_bytes(found, fit_model(grown, settings, BUILT_AT))
    assert [0 < (own.moved.old >= 0).mean() < 1 for own in kept] == [True]
    # And back again, where nothing is taken over.
    same_bytes(fit_model(replace(corpus, counted=None), settings, BUILT_AT, before=found), before)
    assert len(kept) == 1


@pytest.mark.parametrize(("was", "now"), [(14, 12), (12, 14), (14, 13)])
def test_lists_that_are_not_exact_are_not_carried(was: int, now: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, settings = spared(monkeypatch), Settings(exact_up_to=12)
    site: Site = {url: ("", f"moon {WORDS[row % 7]}", WORDS[row % 10]) for row, url in enumerate(URLS)}
    before = fit_model(corpus_of(dict(list(site.items())[:was])), settings, BUILT_AT)
    fit_model(corpus_of(dict(list(site.items())[:now])), settings, BUILT_AT, before=before)
    assert kept == []


def test_where_most_changed_all_ask_again() -> None:
    one = {url: ("", f"{WORDS[0]} {WORDS[1]}", WORDS[number % len(WORDS)]) for number, url in enumerate(URLS)}
    other = {url: (subject, answer + " wave", title) for url, (subject, answer, title) in one.items()}
    before = fit_model(corpus_of(one), Settings(), BUILT_AT)
    found = fit_model(corpus_of(other), Settings(), BUILT_AT, before=before)
    same_bytes(found, fit_model(corpus_of(other), Settings(), BUILT_AT))


def test_an_idf_stays_while_few_articles_hold_a_word_more() -> None:
    """Of the words of a site, most stay in their quarter when one article more has them."""
    frequencies = np.arange(8, 4000)
    quarters = [np.round(STEPS * np.log(40_000 / (1 + counts))) for counts in (frequencies, frequencies + 1)]
    assert (quarters[0] == quarters[1]).mean() > 0.99
