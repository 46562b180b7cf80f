"""Renames that git does not see: the same id, or the same title and words, and only one such page on each side."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sites import article, write_files

from recommender.editing.git_changes import Change
from recommender.editing.renames import with_renames
from recommender.settings import Settings
from recommender.site.pages_before import read_texts

WORDS = "The orbit of a comet is a long ellipse with the Sun in one focus, as the laws of Kepler say. "
OTHER = "Bread rises because yeast makes bubbles of gas, which gluten holds until the oven sets them. "


def page(name: str, identity: str = "", title: str = "Comets", body: str = WORDS) -> str:
    return article(name, id=identity, title=title, answer=body, body=body)


@pytest.mark.parametrize(
    ("before", "now", "renamed"),
    [
        ([page("a", "7")], [page("b", "7", "Bread", OTHER)], [("old0.md", "new0.md")]),
        ([page("a", "7")], [page("b", "8", "comets", WORDS + OTHER)], [("old0.md", "new0.md")]),
        ([page("a", "7")], [page("b", "8", "Comets", OTHER)], []),
        ([page("a", "7")], [page("b", "8", "Meteors")], []),
        # An id, or a title, of several pages tells nothing.
        ([page("a", "7"), page("c", "7", "Bread", OTHER)], [page("b", "7", "Meteors")], []),
        ([page("a", "7")], [page("b", "8"), page("c", "9")], []),
        # What an id tells leaves no doubt of the titles.
        (
            [page("a", "7"), page("c", "6")],
            [page("b", "7"), page("d", "9")],
            [("old0.md", "new0.md"), ("old1.md", "new1.md")],
        ),
        ([page("a", "7")], ["---\ntitle: [\n---\n"], []),
        ([], [page("b", "7")], []),
    ],
)
def test_what_is_gone_and_what_is_new_are_one_page(
    tmp_path: Path, before: list[str], now: list[str], renamed: list[tuple[str, str]]
) -> None:
    old = {f"old{number}.md": text for number, text in enumerate(before)}
    new = {f"new{number}.md": text for number, text in enumerate(now)}
    kept = Change("changed", "kept.md", "kept.md", "b" * 40)
    files = [Change("added", path, "", "") for path in new] + [Change("deleted", "", path, "a" * 40) for path in old]
    write_files(tmp_path, new)
    reads = read_texts({path: text.encode() for path, text in old.items()}, Settings())
    found = with_renames(tmp_path, Settings(), [kept, *files], reads)
    assert [(one.before, one.path) for one in found if one.kind == "renamed"] == renamed
    assert kept in found
    gone, come = {one for one, _ in renamed}, {other for _, other in renamed}
    assert {one.before for one in found if one.kind == "deleted"} == {*old} - gone
    assert {one.path for one in found if one.kind == "added"} == {*new} - come
    assert [one.path or one.before for one in found] == sorted(one.path or one.before for one in found)
