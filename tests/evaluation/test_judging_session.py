"""Keys to states: a table of key sequences, whom is asked about what, and what an editor sees."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_sites import answer_of, article

from recommender.errors import RecommenderError
from recommender.evaluation.judging_session import KEYS, Session, Task, choose_articles, page, pool, press, start
from recommender.evaluation.judgments import format_judgments, parse_label
from recommender.settings import Settings
from recommender.site.corpus import Corpus

Small = Callable[[Mapping[str, str]], Corpus]
TASKS = (Task("/a", ("/x", "/y", "/z")), Task("/b", ("/x", "/y")))


def typed(
    keys: str, tasks: tuple[Task, ...] = TASKS, judgments: Mapping[str, Mapping[str, str]] | None = None
) -> Session:
    session = start(tasks, judgments or {})
    for key in keys:
        session = press(session, key)
    return session


@pytest.mark.parametrize(
    ("keys", "labels", "place"),
    [
        ("", {}, (0, 0)),
        ("3", {"/a": {"/x": "3"}}, (0, 1)),
        ("210", {"/a": {"/x": "2", "/y": "1", "/z": "0"}}, (1, 0)),
        ("Dd", {"/a": {"/x": "D", "/y": "D"}}, (0, 2)),
        ("3a2a", {"/a": {"/x": "3a", "/y": "2a"}}, (0, 2)),
        ("3aa", {"/a": {"/x": "3"}}, (0, 1)),
        ("3ac", {"/a": {"/x": "3c"}}, (0, 1)),
        ("a3", {"/a": {"/x": "3"}}, (0, 1)),
        ("Da", {"/a": {"/x": "D"}}, (0, 1)),
        ("3b", {"/a": {"/x": "3"}}, (0, 0)),
        ("3b1", {"/a": {"/x": "1"}}, (0, 1)),
        ("3ab1", {"/a": {"/x": "1a"}}, (0, 1)),
        ("3abD", {"/a": {"/x": "D"}}, (0, 1)),
        ("32bba", {"/a": {"/x": "3a", "/y": "2"}}, (0, 0)),
        ("32bb1", {"/a": {"/x": "1", "/y": "2"}}, (0, 2)),
        ("b", {}, (0, 0)),
        ("s3", {"/a": {"/y": "3"}}, (0, 2)),
        ("3sa", {"/a": {"/x": "3"}}, (0, 2)),
        ("sb2", {"/a": {"/x": "2"}}, (0, 1)),
        ("111b0", {"/a": {"/x": "1", "/y": "1", "/z": "0"}}, (1, 0)),
        ("11112", {"/a": {"/x": "1", "/y": "1", "/z": "1"}, "/b": {"/x": "1", "/y": "2"}}, (2, 0)),
        ("11112e", {"/a": {"/x": "1", "/y": "1", "/z": "1"}, "/b": {"/x": "1", "/y": "2e"}}, (2, 0)),
        ("11112b3", {"/a": {"/x": "1", "/y": "1", "/z": "1"}, "/b": {"/x": "1", "/y": "3"}}, (2, 0)),
        ("111123", {"/a": {"/x": "1", "/y": "1", "/z": "1"}, "/b": {"/x": "1", "/y": "2"}}, (2, 0)),
        ("sssss", {}, (2, 0)),
        ("4A?é\x1b3", {"/a": {"/x": "3"}}, (0, 1)),
    ],
)
def test_keys(keys: str, labels: dict[str, dict[str, str]], place: tuple[int, int]) -> None:
    session = typed(keys)
    assert ({url: dict(found) for url, found in session.judgments.items()}, (session.task, session.place)) == (
        labels,
        place,
    )
    assert not session.ended
    assert press(session, "q").ended


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("x", "x marks the candidate graded last: give it 3, 2, 1 or 0 first"),
        ("Dx", "x marks the candidate graded last: give it 3, 2, 1 or 0 first"),
        ("3x", "the last is 3x now"),
        ("b", "this is the first candidate"),
        ("4", "'4' is no key here"),
        ("\x1b", "'\\x1b' is no key here"),
        ("43", ""),
    ],
)
def test_what_is_said(keys: str, message: str) -> None:
    assert typed(keys).message == message


@given(st.text("3210DdbbsaceX", max_size=40))
def test_any_keys_leave_valid_labels_of_the_tasks_and_stopping_loses_nothing(keys: str) -> None:
    whole = typed(keys)
    for task in TASKS:
        labels = whole.judgments.get(task.url, {})
        assert set(labels) <= set(task.candidates)
        assert all(parse_label(label) for label in labels.values())
    assert whole.left == 5 - sum(len(found) for found in whole.judgments.values())
    again = start(TASKS, whole.judgments)
    assert format_judgments(again.judgments) == format_judgments(whole.judgments)
    if again.task < 2:
        assert not again.label(again.task, again.place)
    else:
        assert whole.left == 0


def test_a_later_session_goes_on_at_the_first_without_a_label_and_keeps_what_it_does_not_know() -> None:
    before = {"/else": {"/q": "3b"}, "/a": {"/x": "3", "/z": "1", "/gone": "D"}}
    session = typed("2", judgments=before)
    assert (session.task, session.place) == (1, 0)
    assert session.judgments == {**before, "/a": {**before["/a"], "/y": "2"}}
    assert start((Task("/a", ()), TASKS[1]), {}).tasks == TASKS[1:]
    assert start((), {}).task == 0


@pytest.fixture
def site(small: Small) -> Corpus:
    """Rows: a 0, b 1, b-copy 2, c 3, d 4, hidden 5."""
    return small(
        {
            "a.md": article("a", answer="Why **so** [many](x) words, | one | two."),
            "b.md": article("b", answer=answer_of("two")),
            "b-copy.md": article("b-copy", answer=answer_of("two"), subject="Other"),
            "c.md": article("c", subject="Other", answer="word " * 400),
            "d.md": article("d"),
            "hidden.md": article("hidden", extra="no_index: true\n"),
        }
    )


def test_a_pool_holds_each_family_once_in_an_order_of_its_own(site: Corpus) -> None:
    rankers = [({0: [3, 1, 0, -5]}, 4), ({0: [1, 4]}, 1), ({3: [4]}, 9), ({0: [5, 4]}, 1)]
    task = pool(site, 0, rankers, ())
    assert (task.url, set(task.candidates)) == ("/a", {"/c", "/b", "/hidden"})
    assert pool(site, 0, list(reversed(rankers)), ()) == task
    # A copy stands for its family in the article's own subject; what is judged already stays under its own url.
    assert pool(site, 3, [({3: [1]}, 1)], ()).candidates == ("/b-copy",)
    judged = pool(site, 3, [({3: [1, 4]}, 2)], ["/b", "/gone"]).candidates
    assert set(judged) == {"/b", "/gone", "/d"}


def test_the_order_of_a_pool_is_that_of_the_seed_and_not_of_the_ranks(corpus: Corpus) -> None:
    ranked = {row: random.Random(row).sample(sorted(set(corpus.families)), 12) for row in range(40)}
    places = []
    for row, families in ranked.items():
        task = pool(corpus, row, [(ranked, 12)], ())
        assert task == pool(corpus, row, [(ranked, 12)], (), 20260101) != pool(corpus, row, [(ranked, 12)], (), 1)
        first = next(family for family in families if family != corpus.families[row])
        held = [corpus.families[corpus.row_of[url]] for url in task.candidates]
        places.append(held.index(first))
    # The best link stands anywhere: its mean place of 0 to 11 is 5.5, with a standard error of 0.55.
    assert 3.5 < sum(places) / len(places) < 7.5


def test_articles_are_named_or_drawn_and_those_judged_before_count(corpus: Corpus) -> None:
    urls = [one.url for one in corpus.articles]
    drawn = choose_articles(corpus, (), ["6"])
    assert len(set(drawn)) == 6
    assert choose_articles(corpus, (), ["4"]) == drawn[:4] != choose_articles(corpus, (), ["4"], seed=1)
    assert all(corpus.families[row] == row and not corpus.articles[row].hidden for row in drawn)
    assert choose_articles(corpus, [urls[drawn[5]], "/gone", urls[9]], ["4"]) == [drawn[5], 9, *drawn[:2]]
    assert choose_articles(corpus, [urls[9]], [urls[7], "https://x.org" + urls[8], urls[7]]) == [7, 8]
    assert choose_articles(corpus, [urls[9]], [urls[9], "1", urls[7]]) == [9, 7, drawn[0]]
    assert len(choose_articles(corpus, (), ["100000"])) > 120
    with pytest.raises(RecommenderError, match="no article has the url '/nowhere'; name one of the site, or a number"):
        choose_articles(corpus, (), ["/nowhere"])


def test_a_page_shows_the_two_articles_what_is_graded_and_the_keys(site: Corpus) -> None:
    tasks = (Task("/a", ("/c", "/gone", "/d")),)
    found = page(typed("2x", tasks), site, Settings())
    assert found[:4] == [
        "",
        "article 1 of 1, candidate 2 of 3",
        "    About a  (Things)",
        "      Why so many words, one two.",
    ]
    assert found[4:] == [
        "  next, a reader could open:",
        "    /gone (not in the content)",
        "  2x About c",
        "",
        KEYS,
        "  the last is 2x now",
    ]
    first = page(typed("2b", tasks), site, Settings())
    assert first[1] == "article 1 of 1, candidate 1 of 3, graded 2"
    assert first[6].split() == ["word"] * 19
    assert sum(line.count("word") for line in first[5:]) == 50
    assert all(len(line) <= 120 for line in first)
    assert page(typed("333", tasks), site, Settings())[-1] == "all candidates are graded; b back, q quit"
    assert page(typed("3ss", tasks), site, Settings())[-1] == "2 skipped, for the next time; b back, q quit"
    assert page(start((), {}), site, Settings()) == ["all candidates are graded; b back, q quit"]


def test_a_page_of_a_site_ranked_without_its_answers_shows_the_titles(site: Corpus) -> None:
    settings = Settings(fields={"title": 1.0})
    from recommender.site.corpus import read_corpus

    titles = read_corpus(site.root, settings)
    assert page(typed("", (Task("/a", ("/b",)),)), titles, settings)[2:5] == [
        "    About a  (Things)",
        "  next, a reader could open:",
        "    About b  (Things)",
    ]
