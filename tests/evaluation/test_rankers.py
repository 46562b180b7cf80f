"""Lists of any origin: files, the links of the site, and baselines that read no text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from small_sites import answer_of, article, link

from recommender.errors import RecommenderError
from recommender.evaluation.ground_truth import curated_truth, graded_truth
from recommender.evaluation.rankers import (
    BASELINES,
    CURATED,
    WRITTEN,
    asking_rows,
    baselines,
    beside_references,
    by_family,
    linkable,
    lists_of,
    lists_of_urls,
    read_rankings,
    stranger,
    unique_label,
    written_lists,
)
from recommender.model.model import Model
from recommender.site.corpus import Corpus
from recommender.site.link_verdicts import judge_links

Small = Callable[[Mapping[str, str]], Corpus]


@pytest.fixture
def copies(small: Small) -> Corpus:
    """Rows: a 0, a-copy 1, b 2, b-copy 3, c 4, hidden 5, lone 6."""
    return small(
        {
            "a.md": article(
                "a", link(1, "b"), link(2, "gone", identity="9"), extra="date: 2024-01-02\n", answer=answer_of("one")
            ),
            "a-copy.md": article("a-copy", link(1, "c"), answer=answer_of("one"), extra="date: 2025-03-01\n"),
            "b.md": article("b", answer=answer_of("two"), extra="date: 2024-12-31\n"),
            "b-copy.md": article("b-copy", answer=answer_of("two"), subject="Other"),
            "c.md": article("c", link(1, "b"), link(2, "b-copy"), link(3, "a"), extra="date: 2024-12-31T08:00\n"),
            "hidden.md": article("hidden", link(1, "c"), extra="no_index: true\ndate: 2026-01-01\n"),
            "lone.md": article("lone"),
        }
    )


def test_the_lists_of_a_model_are_what_the_build_chose(model: Model) -> None:
    urls = model.catalogue.urls
    lists = lists_of(model, 3)
    assert list(lists) == urls.all()
    for row in range(len(model)):
        assert lists[urls[row]] == [urls[candidate.row] for candidate in model.chosen.of(row)][:3]


@pytest.mark.parametrize(
    ("lists", "found"),
    [
        ({"/a": ["/b", "/c"]}, {0: [2, 4]}),
        ({"/a-copy": ["/b-copy", "/unknown", "/c"]}, {1: [2, stranger("/unknown"), 4]}),
        ({"/a-copy": ["/c"], "/a": ["/b"]}, {0: [2], 1: [4]}),
        ({"https://example.org/a/": ["https://example.org/c?x"]}, {0: [4]}),
        ({"/unknown": ["/a"]}, {}),
        ({"/c": []}, {4: []}),
    ],
)
def test_urls_become_families(copies: Corpus, lists: dict[str, list[str]], found: dict[int, list[int]]) -> None:
    assert lists_of_urls(copies, lists) == found


def test_copies_ask_with_the_list_of_the_first_that_has_one(copies: Corpus) -> None:
    assert by_family(copies, {1: [4], 0: [2], 3: [0], 6: []}) == {0: [2], 2: [0], 6: []}


def test_links_as_written_stand_in_order_sound_or_not(copies: Corpus) -> None:
    generated = {"/c": frozenset({"/b"}), "/hidden": frozenset({"/c"})}
    everything = {0: [2, stranger("/gone")], 1: [4], 4: [2, 2, 0], 5: [4]}
    assert written_lists(copies, generated, curated_only=False) == everything
    assert written_lists(copies, {}, curated_only=True) == everything
    before = {**everything, 4: [2, 0]}
    del before[5]
    assert written_lists(copies, generated, curated_only=True) == before


def test_the_newest_come_first_and_those_without_a_date_last(copies: Corpus) -> None:
    newest = baselines(copies, {}, 10)["newest"]
    # a's family has the date of its copy; the hidden one is no target; of equal dates the first row.
    assert newest[6] == [0, 4, 2]
    assert newest[1] == [4, 2, 6]
    assert newest[5] == [0, 4, 2, 6]
    assert baselines(copies, {}, 2)["newest"][5] == [0, 4]


def test_baselines_of_the_sample_site_are_drawn_alike_each_time(corpus: Corpus) -> None:
    links = curated_truth(corpus, {}).links
    assert len(links) > 90
    lists = baselines(corpus, links, 10)
    assert tuple(lists) == BASELINES
    assert lists == baselines(corpus, links, 10)
    for by_row in lists.values():
        assert list(by_row) == list(range(142))
        for row, found in by_row.items():
            assert corpus.families[row] not in found
            assert len(set(found)) == len(found) <= 10
            assert set(found) <= linkable(corpus)
    assert {len(found) for found in lists["random"].values()} == {10}
    for row, found in lists["same subject"].items():
        members = [m for m in range(142) if corpus.articles[m].subject == corpus.articles[row].subject]
        assert set(found) <= {corpus.families[member] for member in members}


def test_most_linked_does_not_count_the_links_of_the_article_itself(corpus: Corpus) -> None:
    links = curated_truth(corpus, {}).links
    for row, found in baselines(corpus, links, 10)["most linked"].items():
        family = corpus.families[row]
        counts = [sum(other in own for f, own in links.items() if f != family) for other in range(142)]
        others = [other for other in range(142) if other != family and any(other in t for t in links.values())]
        assert list(found) == sorted(others, key=lambda other: (-counts[other], other))[:10]


def test_a_subject_without_others_has_none_and_one_without_visible_articles_draws_from_all(small: Small) -> None:
    site = small(
        {
            "a.md": article("a", subject="Lone"),
            "b.md": article("b"),
            "h.md": article("h", subject="Dark", extra="no_index: 1\n"),
        }
    )
    lists = baselines(site, {}, 5)
    assert {row: sorted(found) for row, found in lists["random"].items()} == {0: [1], 1: [0], 2: [0, 1]}
    assert {row: sorted(found) for row, found in lists["same subject"].items()} == {0: [], 1: [], 2: [0, 1]}
    assert lists["most linked"] == {0: [], 1: [], 2: []}


def test_references_stand_behind_the_systems(copies: Corpus) -> None:
    links = curated_truth(copies, {}).links
    system = {0: [2]}
    assert list(beside_references(copies, {"mine": system}, {}, links, 5)) == ["mine", CURATED, *BASELINES]
    generated = {"/c": frozenset({"/b"})}
    found = beside_references(copies, {"mine": system}, generated, links, 5)
    assert list(found) == ["mine", CURATED, WRITTEN, *BASELINES]
    assert (found[CURATED][4], found[WRITTEN][4]) == ([2, 0], [2, 2, 0])


def test_what_is_written_is_what_is_judged(corpus: Corpus) -> None:
    for row, found in written_lists(corpus, {}, curated_only=True).items():
        judged = judge_links(corpus, row, frozenset())
        assert [family for family in found if family >= 0] == [
            corpus.families[j.target] for j in judged if j.target >= 0
        ]


@pytest.mark.parametrize(
    ("wanted", "taken", "label"),
    [
        ("lists.jsonl", [], "lists.jsonl"),
        ("random", [], "./random"),
        ("same subject", ["./same subject"], "same subject (2)"),
        ("curated links", ["model"], "./curated links"),
        ("model", ["model"], "./model"),
        ("a", ["a", "./a", "a (2)"], "a (3)"),
    ],
)
def test_no_file_hides_a_baseline_or_another_file(wanted: str, taken: list[str], label: str) -> None:
    assert unique_label(wanted, taken) == label


def ranking_file(folder: Path, *lines: str | bytes) -> Path:
    file = folder / "lists.jsonl"
    file.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return file


def test_rankings_are_read_line_by_line(tmp_path: Path) -> None:
    rows: Sequence[Mapping[str, object]] = [{"url": "/ä", "related": ["/b", "/c"]}, {"url": "/b", "related": []}]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    file = ranking_file(tmp_path, lines[0] + "\r", "", lines[1], "  ", "")
    assert read_rankings(file) == {"/ä": ["/b", "/c"], "/b": []}


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '"/a"',
        "5",
        "null",
        '{"url": "/a"}',
        '{"related": []}',
        '{"url": 5, "related": []}',
        '{"url": "/a", "related": "/b"}',
        '{"url": "/a", "related": [5]}',
        '{"url": "/a", "related": null}',
        "[" * 100_000,
    ],
)
def test_a_line_of_another_form_is_named(tmp_path: Path, line: str) -> None:
    file = ranking_file(tmp_path, '{"url": "/a", "related": []}', line)
    with pytest.raises(
        RecommenderError, match=r"lists.jsonl, line 2: not .*; name a file that `export` wrote"
    ) as caught:
        read_rankings(file)
    assert caught.value.exit_code == 2


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for file in (tmp_path / "none.jsonl", tmp_path, ranking_file(tmp_path, b'{"url": "\xff"}')):
        with pytest.raises(RecommenderError, match=r"cannot be read .*; name a file that `export` wrote"):
            read_rankings(file)


def test_a_file_that_names_one_article_by_two_urls_is_refused(copies: Corpus) -> None:
    urls = ["/a", "/gone", "/b", "/gone", "https://example.org/b/"]
    assert asking_rows(copies, urls[:4], "x") == {0: "/a", 2: "/b"}
    with pytest.raises(RecommenderError, match=r"^x: /b and https://example.org/b/ are one article; keep one of them$"):
        asking_rows(copies, urls, "x")
    with pytest.raises(RecommenderError, match=r"^judgments: /b and /b/ are one article"):
        graded_truth(copies, {"/b": {"/a": "3"}, "/b/": {"/a": "2"}})
