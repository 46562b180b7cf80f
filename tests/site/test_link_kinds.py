"""What new mappings say beside url and title is what nearly all links to the same folder say."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from small_sites import write_files

from recommender.cli.main import main
from recommender.site.link_kinds import LinkKinds

WORDS = {
    "moon": "moon sea tide",
    "sun": "sun sea tide",
    "ebb": "ebb sea moon",
    "flood": "flood sea sun",
    "mill": "mill sea",
}


def test_the_folder_of_the_page_decides_and_then_the_one_above() -> None:
    kinds = LinkKinds()
    for n in range(3):
        kinds.add(f"guides/{n}.md", (("_type", "guides"), ("why", f"reason-{n}"), ("icon", "star")))
        kinds.add(f"blog/2024/{n}.md", (("_type", "posts"), ("icon", "star")))
    assert kinds.of("guides/new.md") == (("_type", "guides"), ("icon", "star"))
    assert kinds.of("blog/2025/new.md") == (("_type", "posts"), ("icon", "star"))
    assert kinds.of("elsewhere/new.md") == (("icon", "star"),)
    assert LinkKinds().of("guides/new.md") == ()


def test_a_new_item_says_the_collection_of_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    items = [f"- _type: {folder}\n  url: /{folder}/{name}/\n" for folder in ("a", "b") for name in ("sun", "ebb")]
    listed = "".join(["related:\n", *items])
    pages = {
        f"content/{folder}/{name}.md": f"---\ntitle: {name} {folder}\n{own}---\n\n{text} {folder}.\n"
        for folder in ("a", "b")
        for name, text in WORDS.items()
        for own in [listed if name == "moon" else ""]
    }
    write_files(tmp_path, pages)
    assert main(["init"]) == main(["build"]) == 0
    assert main(["fill", "--write", "--allow-no-vcs"]) == 0
    found = set()
    for path in pages:
        lines = (tmp_path / path).read_text(encoding="utf-8").splitlines()
        found |= {(before, line) for before, line in pairwise(lines) if "url:" in line}
    assert {(before.strip(" -"), line.strip(" -")[5:8]) for before, line in found} == {
        ("_type: a", "/a/"),
        ("_type: b", "/b/"),
    }
