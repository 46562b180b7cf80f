"""What the pages on sites say of presets, placeholders, shapes and references is what the code knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import DOCS, blocks, text_of

from recommender.presets import PRESETS
from recommender.settings import FILE_NAME, load_settings
from recommender.site_settings import PLACEHOLDERS, REFERENCES

GENERATORS = DOCS / "how-to" / "sites-by-generator.md"
SETTINGS = DOCS / "reference" / "settings.md"


def test_every_preset_has_its_section_and_is_a_value_of_site() -> None:
    headings = " ".join(re.findall(r"^## (.+)$", text_of(GENERATORS), re.MULTILINE)).lower().split()
    assert set(headings) - {"and"} == set(PRESETS)
    (row,) = re.findall(r"^\| `site` \|.*$", text_of(SETTINGS), re.MULTILINE)
    assert set(re.findall(r"`([a-z]+)`", row)) - {"site"} == set(PRESETS)


@pytest.mark.parametrize("page", [GENERATORS, SETTINGS], ids=["generators", "settings"])
def test_the_settings_that_a_page_shows_can_be_loaded(page: Path, tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    for block in blocks(text_of(page), "yaml"):
        file.write_text(block if "content:" in block else f"content: .\n{block}", encoding="utf-8")
        load_settings(file)


def test_every_section_on_a_generator_shows_settings_of_its_own_and_a_template() -> None:
    for section in text_of(GENERATORS).split("\n## ")[1:]:
        title = section.splitlines()[0]
        (settings,) = blocks(section, "yaml")
        assert re.findall(r"^site: (\w+)$", settings, re.MULTILINE)[0] in title.lower()
        assert section.count("\n```") == 4, f"{title}: one block of settings, one template"


def test_every_placeholder_and_form_of_reference_is_described() -> None:
    text = text_of(SETTINGS)
    assert set(re.findall(r"`\{(\w+)\}`", text)) == set(PLACEHOLDERS)
    (row,) = re.findall(r"^\| `refer` \|.*$", text, re.MULTILINE)
    assert set(re.findall(r"`([a-z]+)`", row)) - {"refer"} == set(REFERENCES)
