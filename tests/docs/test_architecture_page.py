"""ARCHITECTURE.md and CONTRIBUTING.md are of the code as it is."""

from __future__ import annotations

import re

from pages import text_of
from small_sites import ROOT

from tests.test_architecture import LAYERS, LEVEL

ARCHITECTURE, CONTRIBUTING = ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"
PACKAGES = {path.parent.name for path in (ROOT / "recommender").glob("*/__init__.py")}


def test_every_package_is_described() -> None:
    headings = set(re.findall(r"^### (\w+)$", text_of(ARCHITECTURE), re.MULTILINE))
    assert headings == PACKAGES | {"settings"}


def test_the_picture_shows_the_floors() -> None:
    (picture,) = re.findall(r"^```text\n(.*?)^```$", text_of(ARCHITECTURE), re.MULTILINE | re.DOTALL)
    floors = [re.findall(r"[a-z]+", line[:46]) for line in picture.splitlines()]
    shown = {name: len(floors) - number for number, names in enumerate(floors) for name in names}
    assert shown.keys() <= LEVEL.keys()
    assert shown.keys() >= PACKAGES
    # What the picture has above is not below in the code.
    for upper in PACKAGES:
        assert all(LEVEL[upper] > LEVEL[name] or shown[name] >= shown[upper] for name in LAYERS[0] if name in shown)
        assert all(LEVEL[upper] >= LEVEL[lower] for lower in PACKAGES if shown[upper] > shown[lower])


def test_each_errand_is_at_most_three_files() -> None:
    errands = text_of(CONTRIBUTING).split("## Where to change what")[1].split("\n### ")[1:]
    assert len(errands) >= 8
    for errand in errands:
        assert 1 <= len(re.findall(r"^\d\. ", errand, re.MULTILINE)) <= 3, errand.splitlines()[0]
