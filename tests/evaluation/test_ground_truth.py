"""Who is asked about what: copies, unsound and generated links, judged articles that are no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from small_sites import answer_of, article, link

from recommender.errors import RecommenderError
from recommender.evaluation.ground_truth import Graded, Truth, curated_truth, graded_truth
from recommender.evaluation.judgments import Label
from recommender.evaluation.rankers import stranger
from recommender.site.corpus import Corpus

Small = Callable[[Mapping[str, str]], Corpus]


@pytest.fixture
def copies(small: Small) -> Corpus:
    """Rows: a 0, a-copy 1, b 2, b-copy 3, c 4, hidden 5, lone 6."""
    return small(
        {
            "a.md": article("a", link(1, "b"), answer=answer_of("one")),
            "a-copy.md": article("a-copy", link(1, "b-copy"), link(2, "c"), link(3, "a"), answer=answer_of("one")),
            "b.md": article("b", link(1, "nowhere"), link(2, "hidden"), link(3, "b"), answer=answer_of("two")),
            "b-copy.md": article("b-copy", answer=answer_of("two"), subject="Other"),
            "c.md": article("c", link(1, "b"), link(2, "b-copy")),
            "hidden.md": article("hidden", link(1, "c"), extra="no_index: true\n"),
            "lone.md": article("lone"),
        }
    )


def test_copies_ask_once_with_the_links_of_all_and_unsound_links_are_no_truth(copies: Corpus) -> None:
    assert [one.url for one in copies.articles] == ["/a", "/a-copy", "/b", "/b-copy", "/c", "/hidden", "/lone"]
    truth = curated_truth(copies, {})
    assert truth == Truth({0: frozenset({2, 4}), 4: frozenset({2}), 5: frozenset({4})}, 0)


def test_generated_links_are_left_out_and_counted(copies: Corpus) -> None:
    generated = {"/a": frozenset({"/b"}), "/c": frozenset({"/b", "/nowhere"}), "/gone": frozenset({"/a"})}
    truth = curated_truth(copies, generated)
    # The link to b of a is generated, the one of its copy is not. Of c, a person's link to b's copy makes the
    # generated one before it repeated.
    assert truth == Truth({0: frozenset({2, 4}), 4: frozenset({2}), 5: frozenset({4})}, 1)


def test_judgments_are_found_by_url_and_what_is_no_more_is_counted(copies: Corpus) -> None:
    judgments = {
        "https://example.org/a-copy/": {"/b-copy": "3a", "/c": "D", "/gone": "2"},
        "/c": {"/b": "1", "/b-copy": "2"},
        "/nowhere": {"/a": "3"},
    }
    found = graded_truth(copies, judgments)
    labels = {1: {2: Label(3, "a"), 4: Label(0, same=True), stranger("/gone"): Label(2)}, 4: {2: Label(2)}}
    assert found == Graded(labels, missing=1, unknown=1)
    assert stranger("/gone") < 0 != stranger("/gone") - stranger("/gon")


def test_judgments_of_another_site_are_wrong_use(copies: Corpus) -> None:
    with pytest.raises(RecommenderError, match=r"none of the 1 judged articles is in .*; name judgments of this site"):
        graded_truth(copies, {"/elsewhere": {"/a": "3"}})
