"""Disagreements of a small site whose scores are set by hand, and those of the sample site by their definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from small_sites import article, link

from recommender.build.pipeline import fit_model
from recommender.errors import RecommenderError
from recommender.evaluation.disagreements import Search, find_disagreements
from recommender.model.model import Model
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.site.link_verdicts import judge_links

Small = Callable[[Mapping[str, str]], Corpus]
ALL = Search(10_000)
Row = tuple[NDArray[np.int32], NDArray[np.float64]]


def dot(one: Row, other: Row) -> float:
    right = dict(zip(other[0].tolist(), other[1].tolist(), strict=True))
    return sum(value * right.get(column, 0.0) for column, value in zip(one[0].tolist(), one[1].tolist(), strict=True))


def test_poor_links_of_the_sample_site_are_those_of_the_definition(corpus: Corpus, model: Model) -> None:
    found = find_disagreements(corpus, model, {}, ALL)
    wanted = set()
    curated = 0
    for row in range(142):
        if corpus.families[row] != row:
            continue
        shown = model.choose_for(row, limit=5).shown
        sound = [j for j in judge_links(corpus, row, frozenset()) if j.sound]
        curated += len(sound)
        linked = {corpus.families[j.target] for j in sound}
        better = [c.row for c in shown if corpus.families[c.row] not in linked]
        for judged in sound:
            score = model.score(model.query(row), judged.target)
            if better and (score < model.floor or score < shown[-1].score / 2):
                wanted.add((row, judged.link.slot, judged.target, tuple(better)))
    assert {(p.row, p.slot, p.target, tuple(c.row for c in p.instead)) for p in found.poor} == wanted
    assert (found.curated, found.poor_in_all) == (curated, len(wanted))
    assert len(wanted) > 20
    shares = [poor.score / poor.weakest for poor in found.poor]
    assert [poor.share for poor in found.poor] == shares
    assert shares == sorted(shares)


def test_a_rank_is_the_place_in_the_ranking_of_the_whole_site(corpus: Corpus, model: Model) -> None:
    found = find_disagreements(corpus, model, {}, Search(5))
    assert len(found.poor) == 5 < found.poor_in_all
    for poor in found.poor:
        query = model.query(poor.row)
        scores = [model.score(query, other) for other in range(142)]
        # Who shares no word is not ranked.
        ranked = [o for o in range(142) if o != poor.row and dot(query.vector, model.vectors.rows.row(o)) > 1e-9]
        better = [o for o in ranked if (-round(scores[o], 9), o) < (-round(poor.score, 9), poor.target)]
        assert poor.rank == (len(better) + 1 if poor.target in ranked else 0)


def test_strong_suggestions_are_the_best_tenth_that_no_link_leads_to(corpus: Corpus, model: Model) -> None:
    found = find_disagreements(corpus, model, {}, ALL)
    lists = [model.chosen.of(row)[:5] for row in range(142)]
    scores = [candidate.score for own in lists for candidate in own]
    assert found.strong_score == pytest.approx(np.quantile(scores, 0.9))
    wanted = []
    for row, own in enumerate(lists):
        sound = [j for j in judge_links(corpus, row, frozenset()) if j.sound]
        linked = {corpus.families[j.target] for j in sound}
        wanted += [
            (candidate.score, row, candidate.row, rank, len(sound))
            for rank, candidate in enumerate(own, 1)
            if candidate.score >= found.strong_score
            and corpus.families[candidate.row] not in linked
            and corpus.families[row] == row
        ]
    assert [(s.score, s.row, s.target, s.rank, s.links) for s in found.strong] == sorted(
        wanted, key=lambda one: (-round(one[0], 9), *one[1:3])
    )
    assert {strong.links for strong in found.strong} > {0}


def test_a_subject_is_matched_whatever_its_case(corpus: Corpus, model: Model) -> None:
    found = find_disagreements(corpus, model, {}, Search(10_000, "astronomy"))
    subjects = {corpus.articles[one.row].subject for one in (*found.poor, *found.strong)}
    assert subjects == {"Astronomy"}
    everything = find_disagreements(corpus, model, {}, ALL)
    of_all = [one for one in everything.strong if corpus.articles[one.row].subject == "Astronomy"]
    # A family may be first in another subject, so of copies more than before may be asked.
    assert set(of_all) <= set(found.strong)
    with pytest.raises(RecommenderError, match="no article has the subject 'Alchemy'; there are: Astronomy, "):
        find_disagreements(corpus, model, {}, Search(5, "Alchemy"))


def test_generated_links_are_no_curator_and_yet_are_there(corpus: Corpus, model: Model) -> None:
    before = find_disagreements(corpus, model, {}, ALL)
    poor = before.poor[0]
    generated = {corpus.articles[poor.row].url: frozenset({corpus.articles[poor.target].url})}
    after = find_disagreements(corpus, model, generated, ALL)
    assert (after.curated, after.poor_in_all) == (before.curated - 1, before.poor_in_all - 1)
    assert after.strong == before.strong


def test_what_the_model_does_not_hold_is_passed_over(small: Small) -> None:
    words = {
        "a": "moon tide sea",
        "b": "moon tide ebb",
        "c": "moon sea flood",
        "d": "iron steel rust",
        "e": "moon ebb flood",
    }
    files = {f"{n}.md": article(n, answer=f"{text}.") for n, text in words.items()}
    read = small({**files, "a.md": article("a", link(1, "d"), link(2, "b"), answer=f"{words['a']}.")})
    settings = Settings(fields={"answer": 1.0}, floor=0.01)
    site = read_corpus(read.root, settings)
    model = fit_model(site, settings, "2026-01-01T00:00:00Z")
    found = find_disagreements(site, model, {}, ALL)
    (poor,) = found.poor
    urls = model.catalogue.urls
    assert (urls[poor.row], poor.slot, urls[poor.target], poor.rank) == ("/a", 1, "/d", 0)
    assert poor.score == 0
    assert {urls[candidate.row] for candidate in poor.instead} == {"/c", "/e"}
    # A model of fewer articles knows nothing of that link, nor of those that are no more.
    old = Corpus(site.root, site.articles[1:4], (), 3, site.style, frozenset(), families=(0, 1, 2))
    found = find_disagreements(site, fit_model(old, settings, "2026-01-01T00:00:00Z"), {}, ALL)
    assert (found.curated, found.poor) == (0, ())
