"""The parsed copy of a large rules file: it says the same, follows the text, and is no harm where it is damaged."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from recommender.rules import rules_copy
from recommender.rules.editor_rules import EditorRules, rules_in_text
from recommender.rules.rules_copy import rules_by_copy
from recommender.system.user_files import cache_folder

ODD = "pin:\n  /a:\n    - /b\n    - /b\nblock:\n  - [/a, /b, /c]\nno_list: ['/x']\n"
LINES = "pin:\n  /a: [/b]\n"


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(rules_copy, "LARGE", 0)


def read(text: str, site: Path) -> tuple[EditorRules, bool]:
    """Read a text; tell whether it was parsed."""
    with mock.patch.object(rules_copy, "read_rules", wraps=rules_copy.read_rules) as parser:
        found = rules_by_copy(text, site / "recommender.rules.yml")
    return found, parser.called


def test_a_second_reading_is_of_the_copy(tmp_path: Path) -> None:
    assert read(ODD, tmp_path) == (rules_in_text(ODD), True)
    assert len(rules_in_text(ODD).problems) == 2
    assert read(ODD, tmp_path) == (rules_in_text(ODD), False)
    assert read(ODD + "\n", tmp_path) == (rules_in_text(ODD), True)
    assert len(list(cache_folder(tmp_path).iterdir())) == 1


def test_what_is_read_line_by_line_leaves_no_copy(tmp_path: Path) -> None:
    assert read(LINES, tmp_path) == (rules_in_text(LINES), True)
    assert not cache_folder(tmp_path).exists()


@pytest.mark.parametrize(
    "damage",
    ["", "{}", "[]", "[" * 100_000, '{"pairs": [["pin"]], "pages": [], "problems": []}', '{"pairs": 1}',
     '{"pairs": [["x", "/a", "/b", false, 1]], "pages": [], "problems": []}',
     '{"pairs": [], "pages": [], "problems": [["no-code", "", 1, "", ""]]}'],
)  # fmt: skip
def test_a_damaged_copy_is_made_anew(tmp_path: Path, damage: str) -> None:
    read(ODD, tmp_path)
    (copy,) = cache_folder(tmp_path).iterdir()
    copy.write_text(damage)
    assert read(ODD, tmp_path) == (rules_in_text(ODD), True)
    assert read(ODD, tmp_path)[1] is False


def test_where_nothing_can_be_kept_rules_are_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    assert read(ODD, tmp_path) == (rules_in_text(ODD), True)
