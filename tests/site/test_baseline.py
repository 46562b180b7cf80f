"""The file of known problems: what it holds, what is new beside it, and what of it is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_sites import article, commit, git, link

from recommender.errors import RecommenderError
from recommender.problems import KINDS, MILD, Problem
from recommender.site.audit import audit_site
from recommender.site.baseline import Baseline, compare, entry_of, read_baseline, write_baseline
from recommender.site.corpus import Corpus

DEAD = Problem("dead", "a.md", 7, 2, "/gone")


def test_an_entry_is_code_path_and_target_and_no_place(tmp_path: Path) -> None:
    file = tmp_path / "known.jsonl"
    moved = Problem("dead", "a.md", 70, 5, "/gone", reason="other words")
    assert write_baseline(file, [Problem("orphan", "b.md"), DEAD]) == 2
    assert (
        file.read_text() == '{"baseline": 1, "severity": "note"}\n["dead", "a.md", "/gone"]\n["orphan", "b.md", ""]\n'
    )
    assert compare([moved, Problem("orphan", "b.md", 3)], read_baseline(file)).new == ()


def test_a_second_equal_problem_is_new_and_a_missing_one_fixed(tmp_path: Path) -> None:
    file = tmp_path / "known.jsonl"
    again = Problem("dead", "a.md", 9, 3, "/gone")
    write_baseline(file, [DEAD, Problem("dead", "c.md", 1, 1, "/gone")])
    compared = compare([DEAD, again], read_baseline(file))
    assert (compared.new, compared.known) == ((again,), 1)
    assert compared.fixed == (("dead", "c.md", "/gone"),)
    write_baseline(file, [DEAD, again])
    assert compare([DEAD, again], read_baseline(file)).new == ()
    assert compare([DEAD], read_baseline(file)).fixed == (entry_of(DEAD),)


def test_of_a_mild_and_a_grave_one_the_grave_one_is_new() -> None:
    mild = Problem("dead", "a.md", 90, 0, "/gone", mild=True)
    assert compare([DEAD, mild], known_as([mild])).new == (DEAD,)


def known_as(problems: list[Problem]) -> Baseline:
    return Baseline(Counter(map(entry_of, problems)))


def test_what_was_not_looked_for_is_not_fixed() -> None:
    known = known_as([Problem("same-question", "a.md", value="/b"), DEAD])
    assert compare([], known, unsought=["same-question"]).fixed == (entry_of(DEAD),)


def test_no_entry_changes_with_what_a_value_quotes(small: Callable[..., Corpus]) -> None:
    """A title that drifts further, or a page that gets another link too many, is the problem that is known."""

    def entries(title: str, links: int) -> list[tuple[str, ...]]:
        many = [link(slot, name) for slot, name in enumerate("cdefgh"[:links], 2)]
        files = {f"{name}.md": article(name) for name in "bcdefgh"}
        corpus = small({**files, "a.md": article("a", link(1, "b", title=title), *many)})
        return [
            entry_of(problem)
            for problem in audit_site(corpus, 5).problems
            if problem.code in ("drifted-title", "too-many", "shared-id")
        ]

    first = entries("Old", 5)
    assert first == [("too-many", "a.md", ""), ("drifted-title", "a.md", "/b")]
    assert entries("Older", 6) == first


@given(
    st.lists(
        st.builds(
            Problem,
            st.sampled_from(sorted(set(KINDS) - set(MILD))),
            st.text(min_size=1),
            st.integers(0, 9),
            st.integers(0, 9),
            st.text(),
        )
    )
)
def test_every_problem_is_known_once_it_is_written(
    tmp_path_factory: pytest.TempPathFactory, problems: list[Problem]
) -> None:
    file = tmp_path_factory.mktemp("known") / "known.jsonl"
    write_baseline(file, problems)
    compared = compare(problems, read_baseline(file))
    assert (compared.new, compared.known, compared.fixed) == ((), len(problems), ())
    lines = file.read_bytes().splitlines()
    assert len(lines) == 1 + len(problems)
    write_baseline(file, problems[::-1])
    assert file.read_bytes().splitlines() == lines


def test_git_merges_what_two_branches_fixed_and_found(tmp_path: Path) -> None:
    file = tmp_path / "known.jsonl"
    known = [Problem("orphan", f"{number:02}.md") for number in range(20)]
    git(tmp_path, "init", "-q", "-b", "main")
    write_baseline(file, known)
    commit(tmp_path)
    git(tmp_path, "switch", "-q", "-c", "one")
    write_baseline(file, known[3:])
    commit(tmp_path)
    git(tmp_path, "switch", "-q", "main")
    write_baseline(file, [*known, Problem("orphan", "99.md")])
    commit(tmp_path)
    git(tmp_path, "merge", "-q", "one", "-m", "both")
    assert read_baseline(file) == known_as([*known[3:], Problem("orphan", "99.md")])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no baseline: its first line says no version"),
        ('["dead", "a.md", "/gone"]\n', "is no baseline"),
        ("[" * 100_000, "is no baseline"),
        ('{"baseline": 2}\n', "is a baseline of version 2, and this recommender reads version 1"),
        ('{"baseline": "\\u001b[2J"}\n', r"of version \\x1b\[2J, and"),
        ('{"baseline": 1, "severity": "panic"}\n', "no severity is called panic"),
        ('{"baseline": 1}\n["dead", "a.md"]\n', r'line 2: not \["code", "path", "url"\]'),
        ('{"baseline": 1}\n\n["dead", "a.md", 3]\n', "line 3: not"),
        ('{"baseline": 1}\n<<<<<<< HEAD\n', "line 2: a conflict of a merge is left"),
        ('{"baseline": 1}\n{broken\n', "line 2: not"),
        (b"\xff", "byte 0 is not UTF-8"),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_with_what_to_do(
    tmp_path: Path, text: str | bytes | None, said: str
) -> None:
    file = tmp_path / "known.jsonl"
    if text is not None:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(RecommenderError, match=said) as error:
        read_baseline(file)
    assert "`recommender audit --write-baseline FILE`" in str(error.value)
    assert error.value.exit_code == 2
