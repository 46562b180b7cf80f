"""What a fill exchanges between the lists of a site: better links, first links, a balance; and that it ends there."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_sites import Ranker, article, link, write_files

from recommender.editing.plan import Filling, Plan, make_plan
from recommender.rules.editor_rules import EditorRules, PairRule
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus

Lists = Mapping[str, list[tuple[str, float]]]
OURS = {"/a": frozenset({"/b", "/c"})}


def plan(corpus: Corpus, lists: Lists, generated: Mapping[str, frozenset[str]] = OURS, **more: object) -> Plan:
    ranker, own = Ranker(corpus, lists), more.pop("settings", Settings())
    filling = Filling(corpus, ranker, "repair", own, generated, candidates=ranker, **more)  # type: ignore[arg-type]
    return make_plan(filling, range(len(corpus.articles)))


def links_after(root: Path, made: Plan) -> dict[str, list[str]]:
    """Apply a plan, and give the targets of every list."""
    for edit in made.edits:
        data = (root / edit.path).read_bytes()
        (root / edit.path).write_bytes(data[: edit.start] + edit.text + data[edit.end :])
    return {one.url: [link.url for link in one.links] for one in read_corpus(root, Settings()).articles}


def site(*further: str, **changed: str) -> dict[str, str]:
    """Write a, which links to b and c, and others; d and e link to both, so that neither is only linked by a."""
    both = (link(1, "b"), link(2, "c"))
    files = {"a": article("a", *both), "b": article("b"), "c": article("c"), "d": article("d", *both)}
    return {f"{name}.md": text for name, text in {**files, **{one: article(one) for one in further}, **changed}.items()}


SCORES: Lists = {"/a": [("/n", 0.7), ("/b", 0.6), ("/c", 0.5)]}
TWO = Settings(slots=2)


def test_a_generated_link_gives_way_to_one_that_is_better_by_the_margin(small) -> None:
    corpus = small({**site("n"), "e.md": article("e", link(1, "n"))})
    made = plan(corpus, SCORES, settings=TWO)
    assert links_after(corpus.root, made)["/a"] == ["/b", "/n"]
    assert made.tally["dropped outranked"] == 1
    assert made.generated["/a"] == {"/b", "/n"}
    assert plan(read_corpus(corpus.root, Settings()), SCORES, made.generated, settings=TWO).edits == ()


@pytest.mark.parametrize(
    ("why", "more"),
    [
        ("the margin is larger", {"settings": Settings(slots=2, replace_margin=0.5)}),
        ("generated links are kept", {"settings": TWO, "keep_generated": True}),
        ("the links are a person's", {"settings": TWO, "generated": {"/d": frozenset({"/b"})}}),
        ("it is a first run", {"settings": TWO, "generated": {}}),
    ],
)
def test_no_link_gives_way_where(small, why: str, more: dict[str, object]) -> None:
    corpus = small({**site("n"), "e.md": article("e", link(1, "n"))})
    assert "/n" not in links_after(corpus.root, plan(corpus, SCORES, **more))["/a"], why  # type: ignore[arg-type]


def test_pinned_and_decided_links_never_give_way(small) -> None:
    corpus = small({**site("n"), "e.md": article("e", link(1, "n"))})
    rules = EditorRules((PairRule("pin", "/a", "/b"), PairRule("decided", "/a", "/c")))
    ruled = read_corpus(corpus.root, Settings(editor_rules=rules))
    assert [edit.path for edit in plan(ruled, SCORES, settings=TWO).edits] == []


NEW: Lists = {"/a": [("/b", 0.9), ("/c", 0.8), ("/n", 0.5)], "/n": [("/b", 0.5)]}


def test_a_new_article_gets_its_first_link_in_the_list_that_loses_least(small) -> None:
    files = site("n", e=article("e", link(1, "b"), link(2, "c")))
    corpus = small(files)
    ours = {**OURS, "/e": frozenset({"/b", "/c"})}
    lists: Lists = {**NEW, "/e": [("/b", 0.9), ("/c", 0.8), ("/n", 0.6)]}
    made = plan(corpus, lists, ours, settings=TWO)
    after = links_after(corpus.root, made)
    assert (after["/a"], after["/e"]) == (["/b", "/c"], ["/b", "/n"])
    assert made.tally["dropped for a first link"] == 1
    assert made.facts.new == 1
    again = plan(read_corpus(corpus.root, Settings()), lists, made.generated, settings=TWO)
    assert again.edits == ()
    assert again.generated == made.generated


def test_a_new_article_with_a_list_of_its_own_is_known_by_the_model_before(small) -> None:
    corpus = small(site("n", n=article("n", link(1, "b"), link(2, "c"))))
    known = [one.url for one in corpus.articles if one.url != "/n"] + [f"/{number}" for number in range(20)]
    lists: Lists = {"/a": [("/b", 0.9), ("/c", 0.8), ("/n", 0.5)]}
    many = {f"m{number}.md": article(f"m{number}") for number in range(20)}
    corpus = small({**site("n", n=article("n", link(1, "b"), link(2, "c"))), **many})
    known = [one.url for one in corpus.articles if one.url != "/n"]
    assert "/n" not in links_after(corpus.root, plan(corpus, lists, settings=TWO))["/a"]
    made = plan(corpus, lists, settings=TWO, known=known)
    assert "/n" in links_after(corpus.root, made)["/a"]
    assert plan(read_corpus(corpus.root, Settings()), lists, made.generated, settings=TWO, known=known).edits == ()


def test_a_text_that_links_to_an_article_is_a_link_to_it(small) -> None:
    files = site("n")
    corpus = small({**files, "t.md": article("t", body="See [n](/n).")})
    assert links_after(corpus.root, plan(corpus, NEW, settings=TWO))["/a"] == ["/b", "/c"]


def test_balance_gives_each_article_a_link_and_says_at_what_price(small) -> None:
    corpus = small({f"{name}.md": article(name) for name in "abcdx"})
    lists: Lists = {
        **{f"/{name}": [(f"/{to}", 0.9) for to in "abc" if to != name] for name in "abc"},
        "/d": [("/a", 0.9), ("/b", 0.8)],
        "/x": [("/a", 0.9), ("/b", 0.8)],
    }
    lists["/c"].append(("/d", 0.85))
    made = plan(corpus, lists, {}, settings=TWO, balance=True)
    balance = made.facts.balance
    assert balance is not None
    assert balance.orphans == (2, 1)
    assert balance.alone == ("/x",)
    assert balance.exchanged == 1
    assert balance.score[1] < balance.score[0]
    after = links_after(corpus.root, made)
    assert "/d" in after["/c"]
    second = plan(read_corpus(corpus.root, Settings()), lists, made.generated, settings=TWO, balance=True)
    assert second.edits == ()
    assert plan(read_corpus(corpus.root, Settings()), lists, made.generated, settings=TWO).edits == ()


def test_balance_takes_links_off_a_target_with_too_many_and_names_one_that_persons_chose(small) -> None:
    names = "abcdef"
    own = {f"{name}.md": article(name, link(1, "z")) for name in "cde"}
    corpus = small({**{f"{name}.md": article(name) for name in f"{names}yz"}, **own})
    lists: Lists = {f"/{name}": [("/z", 0.9), ("/y", 0.8)] + [(f"/{to}", 0.5) for to in names if to != name]
                    for name in names}  # fmt: skip
    one = Settings(slots=1, max_in_links=2)
    made = plan(corpus, lists, {}, settings=one, balance=True)
    after = links_after(corpus.root, made)
    assert [name for name, links in after.items() if links == ["/z"]] == ["/c", "/d", "/e"]
    assert made.facts.balance is not None
    assert made.facts.balance.above == (("/z", 3),)


def test_balance_where_nothing_can_be_linked_changes_nothing(small) -> None:
    corpus = small({f"{name}.md": article(name) for name in "ab"})
    made = plan(corpus, {}, {}, balance=True)
    assert made.edits == ()
    assert made.facts.balance is not None
    assert (made.facts.balance.orphans, made.facts.balance.alone) == ((2, 2), ("/a", "/b"))


def test_only_lists_that_are_filled_are_exchanged_and_the_links_of_all_count(small) -> None:
    corpus = small({**site("n"), "e.md": article("e", link(1, "n"))})
    ranker = Ranker(corpus, NEW)
    filling = Filling(corpus, ranker, "repair", TWO, OURS, candidates=ranker, balance=True)
    rows = [row for row, one in enumerate(corpus.articles) if one.url in ("/a", "/n")]
    made = make_plan(filling, rows)
    assert [edit.path for edit in made.edits] == ["n.md"], "e links to n, so a need not"


def test_the_most_useful_changes_come_first(small) -> None:
    files = {
        **{f"{name}.md": article(name) for name in "bc"},
        "a.md": article("a", link(1, "gone", identity="1234567"), link(2, "b")),
        "d.md": article("d"),
    }
    corpus = small(files)
    lists: Lists = {"/d": [("/b", 0.9), ("/c", 0.8)], "/a": [("/c", 0.9)]}
    for count, paths, left in ((1, ["a.md"], 1), (2, ["a.md"], 1), (3, ["a.md", "d.md"], 0)):
        made = plan(corpus, lists, {}, settings=TWO, max_changes=count)
        assert [edit.path for edit in made.edits] == paths
        assert made.facts.left == left
    assert "/d" not in plan(corpus, lists, {}, settings=TWO, max_changes=1).generated


@pytest.mark.slow  # writes and fills some dozens of sites
@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), balance=st.booleans())
def test_a_fill_after_a_fill_changes_nothing(seed: int, balance: bool) -> None:
    chance = random.Random(seed)
    names = [f"p{number}" for number in range(chance.randint(3, 9))]
    lists: Lists = {
        f"/{name}": sorted(
            ((f"/{to}", round(chance.uniform(0.05, 1), 3)) for to in names if to != name and chance.random() < 0.8),
            key=lambda one: -one[1],
        )
        for name in names
    }
    first_run = chance.random() < 0.3
    given_links = {name: chance.sample(names, chance.randint(0, min(3, len(names)))) for name in names}
    ours = {
        f"/{name}": frozenset(f"/{to}" for to in links if chance.random() < 0.7)
        for name, links in given_links.items()
        if not first_run
    }
    files = {
        f"{name}.md": article(name, *(link(slot, to) for slot, to in enumerate(given_links[name], 1))) for name in names
    }
    own = Settings(slots=3, max_in_links=chance.randint(1, 4))
    with tempfile.TemporaryDirectory() as top:
        root = write_files(Path(top) / "content", files)
        first = plan(read_corpus(root, own), lists, ours, settings=own, balance=balance)
        links_after(root, first)
        second = plan(read_corpus(root, own), lists, first.generated, settings=own, balance=balance)
        assert [edit.diff for edit in second.edits] == []
        assert second.generated == first.generated
