"""The list of changes: each link kept, corrected, added or dropped, what replaces what, and what editors decided."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from small_sites import Ranker, article, link, write_files

from recommender.build.pipeline import fit_model
from recommender.editing.changes import (
    ListChange,
    Reviewed,
    as_csv,
    as_dict,
    helped,
    ordered,
    reviewed,
    selected,
)
from recommender.editing.fill import Order, plan_fill
from recommender.editing.plan import Filling, make_plan
from recommender.model.model import Model
from recommender.model.reasons import reasons_in_words
from recommender.rules.editor_rules import rules_in_text
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.site.generated_links import format_generated

TIDE = "The tide follows the moon around the earth and the sea"
NAMES = [f"t{number}" for number in range(6)]
SETTINGS = Settings(slots=3, same_question_article=0, same_question_list=0, floor=0.0)
Files = Mapping[str, str]


@pytest.fixture
def changes(small: Callable[[Files], Corpus]) -> Callable[..., ListChange]:
    """Give a function that plans for a.md by ranked lists made by hand, and gives its one list of changes."""

    def plan(text: str, ranked: list[str], more: Files | None = None, mode: str = "repair") -> ListChange:
        corpus = small({"a.md": text, **{f"{name}.md": article(name) for name in NAMES}, **(more or {})})
        scores = {corpus.row_of[url]: 0.9 - number / 10 for number, url in enumerate(ranked)}
        filling = Filling(
            corpus, Ranker(corpus, {"/a": ranked}), mode, Settings(slots=3), {}, score=lambda row, other: scores[other]
        )
        (edit,) = make_plan(filling, [corpus.row_of["/a"]]).edits
        (change,) = edit.lists
        return change

    return plan


def test_each_link_says_what_becomes_of_it(changes: Callable[..., ListChange]) -> None:
    text = article("a", link(1, "t0"), link(2, "gone", identity="987"), link(3, "t1", title="Old"))
    change = changes(text, ["/t2", "/t3"])
    assert (change.path, change.url, change.title, change.subject) == ("a.md", "/a", "About a", "Things")
    assert [(one.change, one.slot, one.target, one.verdict, one.instead, one.score) for one in change.links] == [
        ("kept", 1, "/t0", "", "", None),
        ("corrected", 2, "/t1", "", "", None),
        ("added", 3, "/t2", "", "/gone", 0.9),
        ("dropped", 2, "", "dead", "/t2", None),
    ]
    assert change.links[-1].title == "About gone"
    assert (change.weakest, change.changed, change.verdicts) == (0.9, 3, {"dead"})


def test_a_new_link_replaces_the_dropped_one_of_its_slot_and_else_the_first(changes: Callable[..., ListChange]) -> None:
    text = article("a", link(1, "gone", identity="987"), link(2, "t0"), link(3, "far", identity="986"))
    found = {one.url: (one.slot, one.instead) for one in changes(text, ["/t2", "/t3"], mode="regenerate").added}
    assert found == {"/t2": (1, "/gone"), "/t3": (2, "/t0")}
    found = {one.url: (one.slot, one.instead) for one in changes(text, ["/t2", "/t3"]).added}
    assert found == {"/t2": (2, "/gone"), "/t3": (3, "/far")}


def test_a_list_without_new_links_is_decided_by_those_that_stay(changes: Callable[..., ListChange]) -> None:
    text = article("a", link(1, "t0"), link(2, "gone", identity="987"), link(3, "t1"))
    change = changes(text, [])
    assert change.decidable == ("/t0", "/t1")
    assert change.weakest == 1.0
    assert changes(text, ["/t3"]).decidable == ("/t3",)


def listed(path: str, *links: tuple[str, float], verdict: str = "", subject: str = "Things") -> ListChange:
    from recommender.editing.changes import LinkChange

    new = [LinkChange("added", slot, url, url, "T", score=score) for slot, (url, score) in enumerate(links, 1)]
    gone = [LinkChange("dropped", 1, "/gone", "", "Gone", verdict)] if verdict else []
    return ListChange(path, f"/{path}", path, subject, (*new, *gone))


def test_lists_are_selected_and_ordered() -> None:
    one = listed("one", ("/x", 0.5), ("/y", 0.2), subject="Seas")
    two = listed("two", ("/x", 0.4), verdict="dead")
    three = listed("three", ("/x", 0.9), ("/y", 0.8), ("/z", 0.7))
    everything = [one, two, three]
    assert selected(everything, subject="Seas") == [one]
    assert selected(everything, verdict="dead") == [two]
    assert selected(everything, "Seas", "dead") == []
    orphans = {"/y", "/z"}
    assert ordered(everything, "path", orphans) == [one, three, two]
    assert ordered(everything, "score", orphans) == [one, two, three]
    assert ordered(everything, "changes", orphans) == [three, one, two]
    assert ordered(everything, "orphans", orphans) == [three, one, two]
    assert [helped(change, orphans) for change in everything] == [1, 0, 2]
    assert helped(listed("four", ("/known", 1.0)), orphans) == 0


def test_decisions_are_read_from_the_rules() -> None:
    rules = rules_in_text(
        "pin:\n  /a: [/p]\nblock:\n  - [/a, /b]\n  - {from: /a, to: /q}\ndecided:\n  /a: [/c, /b, /p]\n  /old: [/d]\n"
    )
    found = reviewed(rules, lambda url: "/a" if url == "/old" else url)
    assert [found.link("/a", url) for url in ("/p", "/b", "/c", "/d", "/q", "/x")] == [
        "pinned", "rejected", "accepted", "accepted", "rejected", "",
    ]  # fmt: skip
    assert (found.link("/b", "/a"), found.link("/q", "/a")) == ("rejected", "")


@pytest.mark.parametrize(
    ("decided", "expected"),
    [
        ({}, ""),
        ({"/x": "rejected"}, ""),
        ({"/x": "rejected", "/y": "rejected"}, "rejected"),
        ({"/x": "rejected", "/y": "accepted"}, "accepted"),
        ({"/y": "pinned"}, "accepted"),
    ],
)
def test_an_article_is_accepted_with_its_first_link(decided: dict[str, str], expected: str) -> None:
    found = Reviewed({("/one", url): said for url, said in decided.items()})
    assert found.article(listed("one", ("/x", 0.5), ("/y", 0.2))) == expected


def test_csv_has_a_line_for_each_link_and_no_formula() -> None:
    change = listed("=cmd()", ("/x", 0.5), verdict="dead")
    rows = list(csv.DictReader(io.StringIO(as_csv([change], Reviewed({("/=cmd()", "/x"): "accepted"})))))
    assert [
        (row["path"], row["change"], row["link"], row["score"], row["verdict"], row["decision"]) for row in rows
    ] == [
        ("'=cmd()", "added", "/x", "0.5000", "", "accepted"),
        ("'=cmd()", "dropped", "/gone", "", "dead", ""),
    ]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Model]:
    """Six articles about one thing, two of which link to a page that is gone, and their model."""
    top = tmp_path_factory.mktemp("reviewed")
    texts = {name: article(name, answer=f"{TIDE} {name * 3}.") for name in NAMES}
    gone = link(1, "gone", identity="987")
    texts["t1"] = article("t1", gone, answer=f"{TIDE} {'t1' * 3}.")
    texts["t2"] = article("t2", gone, link(2, "t3"), answer=f"{TIDE} {'t2' * 3}.")
    root = write_files(top / "content", {f"{name}.md": text for name, text in texts.items()})
    return root, fit_model(read_corpus(root, SETTINGS), SETTINGS, "2026-11-22T12:00:00Z")


def plan(site: tuple[Path, Model], rules: str, **order: bool) -> dict[str, list[str]]:
    """Plan a fill by rules; give the list that each changed article would have."""
    root, model = site
    settings = replace(SETTINGS, home=root, editor_rules=rules_in_text(rules))
    corpus = read_corpus(root, settings)
    ruled = replace(model, settings=settings, decisions=corpus.decisions)
    wanted = Order(root, links_file=root / "links.jsonl", with_diff=False, with_lists=True, **order)
    made = plan_fill(wanted, corpus, ruled, settings)
    return {
        one.url: [link.target for link in one.links if link.change != "dropped"]
        for edit in made.edits
        for one in edit.lists
    }


def test_a_reviewed_fill_adds_accepted_links_alone(site: tuple[Path, Model]) -> None:
    everything = plan(site, "")
    assert len(everything) == len(NAMES)
    yes = everything["/t0"][1]
    assert plan(site, "", reviewed=True) == {}
    assert plan(site, f"decided:\n  /t0: [{yes}]\n", reviewed=True) == {"/t0": [yes]}
    far = "/t5" if yes != "/t5" else "/t4"
    assert plan(site, f"pin:\n  /t0: [{far}]\ndecided:\n  /t0: [{yes}]\n", reviewed=True) == {"/t0": [far, yes]}


def test_a_reviewed_fill_repairs_accepted_articles_alone(site: tuple[Path, Model]) -> None:
    assert plan(site, "decided:\n  /t1: [/t0]\n", reviewed=True) == {"/t1": ["/t0"]}
    assert plan(site, "decided:\n  /t2: [/t3]\n", reviewed=True) == {"/t2": ["/t3"]}


def test_a_block_speaks_against_a_link_that_was_accepted(site: tuple[Path, Model]) -> None:
    assert plan(site, "block:\n  - {from: /t0, to: /t1}\ndecided:\n  /t0: [/t1]\n", reviewed=True) == {}


def test_as_json_a_link_has_its_reason(site: tuple[Path, Model]) -> None:
    root, model = site
    corpus = read_corpus(root, SETTINGS)
    made = plan_fill(Order(root, links_file=root / "no.jsonl", with_lists=True), corpus, model, SETTINGS)
    (change,) = [one for edit in made.edits for one in edit.lists if one.url == "/t1"]
    links = as_dict(change, model)["links"]
    first = next(one for one in links if one["change"] == "added")
    assert first["reason"] == reasons_in_words(model, corpus.row_of["/t1"], [corpus.row_of[first["article"]]])[0]
    assert first["score"] == pytest.approx(model.score_between(corpus.row_of["/t1"], corpus.row_of[first["article"]]))
    assert first["replaces"] == "/gone"
    (dropped,) = [one for one in links if one["change"] == "dropped"]
    assert (dropped["verdict"], dropped["replaced_by"]) == ("dead", first["article"])


def test_an_accepted_link_takes_the_place_of_the_weakest_generated_one(site: tuple[Path, Model]) -> None:
    root, model = site
    corpus = read_corpus(root, SETTINGS)
    own, *others = (corpus.row_of[f"/{name}"] for name in NAMES if name not in ("t1", "t2"))
    scores = {row: model.score_between(own, row) for row in others}
    *_, weakest = sorted(scores, key=lambda row: (-scores[row], row))
    urls = [corpus.articles[row].url for row in others]
    full = write_files(
        root.parent / "full",
        {
            **{f"{name}.md": (root / f"{name}.md").read_text() for name in NAMES},
            "t0.md": article("t0", *(link(n, url[1:]) for n, url in enumerate(urls, 1)), answer=f"{TIDE} {'t0' * 3}."),
        },
    )
    (full / "links.jsonl").write_text(format_generated({"/t0": frozenset(urls)}).decode())
    rules = "decided:\n  /t0: [/t1]\n"
    assert plan((full, model), "", reviewed=True) == {}
    after = plan((full, model), rules, reviewed=True)["/t0"]
    assert sorted(after) == sorted({*urls, "/t1"} - {corpus.articles[weakest].url})
