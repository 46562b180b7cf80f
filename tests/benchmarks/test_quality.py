"""`make quality` in small: the peers against their formulas by hand, the table on the sample site."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import peers
import pytest
import quality
import real_sites
from sklearn.feature_extraction.text import TfidfVectorizer
from small_sites import ARTICLES, ROOT, write_files

from recommender.evaluation.evaluate import evaluate_judged
from recommender.evaluation.ground_truth import Graded
from recommender.evaluation.judgments import Label
from recommender.evaluation.rankers import lists_of, lists_of_urls
from recommender.model.model import Model
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus
from tests.benchmarks.test_real_sites import linked_site

TEXTS = peers.Texts(
    titles=["red fox", "red foxes hunt", "blue whale", "red whale song", "red fox?"],
    answers=["the fox eats mice", "foxes hunt mice at night", "the whale sings", "a song of whales", "the fox hides"],
    keywords=["fox, mice", "fox, hunt", "whale, song", "song, whale", "mice, fox"],
    dates=["2025-01-02", "2025-01-01", "2025-01-01", "2025-01-01", "2025-01-01"],
)
EVERY = range(5)


def order(scores: list[float], row: int) -> list[int]:
    return [
        other for other in np.argsort(-np.array(scores), kind="stable").tolist() if other != row and scores[other] > 0
    ]


def test_bm25_is_the_formula() -> None:
    documents = [text.lower().replace("?", "").replace(",", "").split() for text in TEXTS.whole]
    documents = [[word for word in words if len(word) > 1] for words in documents]
    mean = sum(map(len, documents)) / 5

    def score(query: list[str], words: list[str]) -> float:
        total = 0.0
        for word in query:
            held = sum(word in other for other in documents)
            times = words.count(word)
            total += (
                math.log(1 + (5 - held + 0.5) / (held + 0.5))
                * times
                * 2.5
                / (times + 1.5 * (0.25 + 0.75 * len(words) / mean))
            )
        return total

    found = peers.bm25(TEXTS, EVERY, 5)
    for row in EVERY:
        query = f"{TEXTS.titles[row]} {TEXTS.keywords[row]}".replace(",", "").replace("?", "").split()
        assert found[row] == order([round(score(query, words), 5) for words in documents], row)


def test_fields_are_a_weighted_sum_of_cosines() -> None:
    columns = (TEXTS.titles, TEXTS.answers, TEXTS.keywords)
    rows = [TfidfVectorizer(sublinear_tf=True).fit_transform(column).toarray() for column in columns]
    for ranker, weights in ((peers.fields_262, (0.2, 0.6, 0.2)), (peers.fields_343, (0.3, 0.4, 0.3))):
        scores = sum(weight * own @ own.T for weight, own in zip(weights, rows, strict=True))
        expected = [order(np.round(scores[row], 6).tolist(), row) for row in EVERY]
        assert ranker(TEXTS, EVERY, 5) == expected
        assert ranker(TEXTS, EVERY, 2) == [own[:2] for own in expected]


def test_twins_are_left_out_of_a_list() -> None:
    lists = peers.fields_without_twins(TEXTS, EVERY, 5)
    assert 4 in peers.fields_262(TEXTS, [0], 5)[0]
    assert 4 not in lists[0]
    assert not any({0, 4} <= set(own) for own in lists)


def test_hugo_counts_equal_keywords_and_leaves_out_what_is_newer() -> None:
    assert peers.hugo_keywords(TEXTS, EVERY, 5) == [[4, 1], [4], [3], [2], [1]]


def test_a_site_is_written_as_it_is_read_without_targets_of_links(tmp_path: Path) -> None:
    entries = [
        {
            "url": "/a",
            "title": 'A: "b" # c',
            "keywords": "x, y",
            "category": "No",
            "body": "see [it](/b)\n- 1",
            "related": ["/b"],
        },
        {
            "url": "/b",
            "title": "012",
            "keywords": "",
            "category": "",
            "body": "tab\tand é\u2028 end",
            "related": ["/b", "/a"],
        },
    ]
    quality.write_site(entries, tmp_path)
    corpus = read_corpus(tmp_path, Settings())
    assert [(a.url, a.title, a.subject) for a in corpus.articles] == [("/a", 'A: "b" # c', "No"), ("/b", "012", "")]
    assert peers.texts_of(corpus, Settings()).answers == ["see [it]\n- 1", "tab\tand é\u2028 end"]
    assert peers.texts_of(corpus, Settings()).keywords == ["x, y", ""]
    assert not corpus.articles[0].links
    assert quality.truth_of(corpus, entries).links == {0: frozenset({1}), 1: frozenset({0})}


@pytest.fixture
def corpora(corpus: Corpus, tmp_path: Path) -> Path:
    """The sample site in the place of the judged one, every seventh article graded, and a site of six articles."""
    (tmp_path / "quicktakes/content").mkdir(parents=True)
    (tmp_path / "quicktakes/content/learn").symlink_to(ARTICLES)
    urls = [article.url for article in corpus.articles]
    lines = [
        json.dumps({"url": url, "labels": {o: str(n % 4) for n, o in enumerate(urls) if o != url}}) for url in urls[::7]
    ]
    (tmp_path / "quicktakes-judgments.jsonl").write_text("\n".join(lines))
    (tmp_path / "sites").mkdir()
    for name in ("small", "askubuntu_dup"):
        entries = [
            {
                "url": f"/{n}",
                "title": f"{word} {n}",
                "keywords": "",
                "category": "",
                "body": f"all of the {word} of {n}",
                "related": [f"/{(n + 2) % 6}"],
            }
            for n, word in enumerate(["fox", "whale"] * 3)
        ]
        (tmp_path / "sites" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, entries)))
    write_files(tmp_path / "real-sites" / "linked", linked_site())
    return tmp_path


def run(corpora: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "RECOMMENDER_CORPORA": corpora}
    call = [sys.executable, str(ROOT / "benchmarks" / "quality.py")]
    return subprocess.run(call, env=environment, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow  # runs the benchmark
def test_every_table_has_a_row_for_every_ranker(corpora: Path, corpus: Corpus, model: Model) -> None:
    done = run(str(corpora))
    assert done.returncode == 0, done.stderr
    urls = [article.url for article in corpus.articles]
    labels = {
        corpus.row_of[url]: {corpus.families[corpus.row_of[o]]: Label(n % 4) for n, o in enumerate(urls) if o != url}
        for url in urls[::7]
    }
    ours = evaluate_judged(
        "ours", corpus, lists_of_urls(corpus, lists_of(model, 20)), Graded(labels, 0, 0), (5,)
    ).means()
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("recommender ")]
    assert f" {ours['nDCG@5']:.3f} [" in row
    assert f" {ours['useful@5']:.3f} [" in row
    names = [
        quality.CURATED,
        *quality.JUDGED,
        "  without cosine",
        "  without the same-question rule",
        "small",
        "askubuntu_dup",
    ]
    assert all(any(line.startswith(name) for line in done.stdout.splitlines()) for name in names)
    assert "mean of the sites" in done.stdout
    measured, built = (line for line in done.stdout.splitlines() if line.startswith("linked "))
    assert len(re.findall(r" \d\.\d{3}(?=\s)", measured)) == len(real_sites.RANKERS)
    assert built.split()[1] == str(len(linked_site()))


def test_without_the_corpora_it_says_what_is_missing() -> None:
    done = run("/nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "RECOMMENDER_CORPORA must name" in done.stderr
