"""Which files of a folder are a site's: one rule, kept by all that walk it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small_sites import article, write_files

from recommender.cli.watch import is_of_content
from recommender.editing.writer import remove_leftovers
from recommender.service.site_scan import fingerprint_of
from recommender.settings import load_settings
from recommender.site.files import list_files
from recommender.site.settings_file import write_settings

OURS = (
    "X.MDX",
    "_drafts/b.md",
    "a.md",
    "bundle/c.md",
    "node/node.markdown",
    "topics/venv/d.md",  # an article about such environments is none
    "v1.2/e.md",
    "vendor/f.md",
    "vendor/shop/g.md",
)
OTHERS = (
    ".g.md",
    ".git/h.md",
    ".venv/i.md",
    "deep/node_modules/x/README.md",
    "env-3.11/lib/site/j.md",
    "node_modules/k.md",
    "venv/l.md",
    "vendor/bundle/ruby/3.2.0/gems/theme/_posts/m.md",
    "vendor/gems/n.md",
    "notes.txt",
)
ENVIRONMENTS = ("env-3.11/pyvenv.cfg", "venv/pyvenv.cfg")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {path: article(f"n{number}") for number, path in enumerate((*OURS, *OTHERS))}
    return write_files(tmp_path / "site", files | dict.fromkeys(ENVIRONMENTS, "home = /usr\n"))


def test_a_build_lists_them(root: Path) -> None:
    assert list_files(root) == (sorted(OURS), [])


def test_init_looks_at_them(root: Path) -> None:
    assert write_settings(root, force=False).proof.files == len(OURS)
    assert load_settings(root / "recommender.yml").content == root


@pytest.mark.parametrize("path", [*OURS, *OTHERS])
def test_a_survey_sees_their_changes_and_no_others(root: Path, path: str) -> None:
    before = fingerprint_of(root, [root / "links"], "tag")
    os.utime(root / path, (1, 1))
    assert (fingerprint_of(root, [root / "links"], "tag") != before) == (path in OURS)


@pytest.mark.parametrize("path", [*OURS, *OTHERS])
def test_a_watch_sees_their_changes_and_no_others(root: Path, path: str) -> None:
    of_content = is_of_content(root, root / "models" / "default")
    assert of_content(1, str(root / path)) == (path in OURS)
    (root / path).unlink()
    assert of_content(3, str(root / path)) == (path in OURS)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("v1.2", True),
        ("topics", True),
        ("gone", True),
        ("node_modules", False),
        (".git", False),
        ("vendor/gems", False),
    ],
)
def test_a_watch_sees_folders_come_and_go(root: Path, path: str, wanted: bool) -> None:
    assert is_of_content(root, root / "models")(1, str(root / path)) == wanted


def test_what_a_killed_run_left_is_removed_beside_them(root: Path) -> None:
    name = ".0123456789abcdef.reltmp"
    for path in (*OURS, *OTHERS):
        (root / path).with_name(name).write_bytes(b"")
    remove_leftovers(root)
    left = {str(found.parent.relative_to(root)) for found in root.rglob(name)}
    assert left == {os.path.dirname(path) for path in OTHERS} - {""}


def test_an_environment_that_is_named_as_the_site_is_the_users_choice(root: Path) -> None:
    assert list_files(root / "venv") == (["l.md"], [])
