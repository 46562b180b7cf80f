"""What stands between marks in the reference is what the code says."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from pages import DOCS, PAGES, name_of, text_of

import recommender
from recommender.problems import KINDS, Problem
from recommender.settings import find_settings


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arguments(name: str) -> set[str]:
    """Give the arguments with which a part stands in any page."""
    return {found for page in PAGES for found in re.findall(rf"^<!-- begin: {name} (.*) -->$", text_of(page), re.M)}


@pytest.mark.parametrize("page", [page for page in PAGES if "<!-- begin: " in text_of(page)], ids=name_of)
def test_a_page_says_what_the_code_says(generate: ModuleType, page: Path) -> None:
    text = text_of(page)
    assert generate.generated(text) == text, "run: make docs-reference (or python docs/generate.py)"
    assert text.count("<!-- begin: ") == text.count("<!-- end -->")


def test_a_part_that_is_out_of_date_is_made_anew(generate: ModuleType) -> None:
    before = "A\n<!-- begin: problems note -->\nold\n<!-- end -->\nB\n"
    after = generate.generated(before)
    assert "old" not in after
    assert "| `orphan` |" in after
    assert (after[:2], after[-3:]) == ("A\n", "\nB\n")


def test_a_name_of_the_library_is_shown_with_its_signature_and_docstring(
    generate: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recommender, "__all__", ["Problem", "find_settings"], raising=False)
    monkeypatch.setattr(recommender, "Problem", Problem, raising=False)
    monkeypatch.setattr(recommender, "find_settings", find_settings, raising=False)
    text = generate.python_api("")
    assert "find_settings(folder: Path) -> Settings\n" in text
    assert "- `SettingsError`: the file cannot be read or holds a wrong setting." in text
    assert "    value: str = ''," in text
    assert "- `as_dict() -> dict[str, str | int]`: Give the finding" in text


def test_every_command_is_described() -> None:
    from recommender.cli.main import cli

    assert arguments("help") == {"recommender", *cli.commands}
    headings = re.findall(r"^## (\w+)$", text_of(DOCS / "reference" / "commands.md"), re.MULTILINE)
    assert set(headings) == set(cli.commands)


def test_every_problem_is_described() -> None:
    codes = re.findall(r"^\| `([a-z0-9-]+)` \|", text_of(DOCS / "reference" / "problems.md"), re.MULTILINE)
    assert set(codes) == set(KINDS)


def test_every_route_is_described(generate: ModuleType) -> None:
    document = json.loads(generate.API.read_text(encoding="utf-8"))
    routes = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert arguments("routes") == {tag["name"] for tag in document["tags"]}
    headings = re.findall(r"^### ([A-Z]+ /.*)$", text_of(DOCS / "reference" / "http-api.md"), re.MULTILINE)
    assert sorted(headings) == sorted(routes)
