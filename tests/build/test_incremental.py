"""Builds after edits, other settings and damage: each is the one from scratch."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_sites import article, write_files

from recommender.build import collection as collecting
from recommender.build import incremental as module
from recommender.cli.main import main
from recommender.model.store import load_model
from recommender.text.tokens import Tokens

NOTE = "files read; the others are as the last build read them\n"


@pytest.fixture(autouse=True)
def here(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(site)
    # As on the command line, where no other thread keeps another process from being forked.
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    return site


def build(model: str = "m") -> None:
    assert main(["build", "--model", model]) == 0


def version(model: Path) -> str:
    return str(json.loads((model / "manifest.json").read_text())["version"])


def as_from_scratch(here: Path) -> bool:
    build("fresh")
    load_model(here / "m")
    return version(here / "m") == version(here / "fresh")


def halve(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def spoil_words(file: Path) -> None:
    with np.load(file) as held:
        arrays = dict(held)
    np.savez(file, **(arrays | {"numbers": arrays["numbers"] - 2}))


@pytest.mark.slow  # builds after every damage
@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize(
    ("damaged", "work"),
    [("index.npz", halve), ("index.npz", spoil_words), ("*/cosines.npy", halve), ("manifest.json", halve)],
)
def test_what_the_last_build_left_may_be_damaged(
    here: Path, capsys: pytest.CaptureFixture[str], damaged: str, work: Callable[[Path], None], edited: bool
) -> None:
    build()
    for file in (here / "m").glob(damaged):
        work(file)
    if edited:
        write_files(here, {"content/new.md": article("new", answer="A planet and its moon.")})
    build()
    assert as_from_scratch(here)
    capsys.readouterr()
    build()
    assert capsys.readouterr().err.endswith(NOTE)


def test_words_of_another_index_are_not_taken(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build()
    write_files(here, {"content/new.md": article("new", answer="A planet and its moon.")})
    load_tokens = module.load_tokens

    def of_later(*arguments: Any) -> tuple[int, Tokens]:
        read_at, counts = load_tokens(*arguments)
        return read_at + 1, counts

    monkeypatch.setattr(module, "load_tokens", of_later)
    capsys.readouterr()
    build()
    assert NOTE not in capsys.readouterr().err
    assert as_from_scratch(here)


@pytest.mark.parametrize("settings", ["slots: 4", "floor: 0.2"])
def test_an_index_serves_a_model_of_other_settings(
    here: Path, capsys: pytest.CaptureFixture[str], settings: str
) -> None:
    build()
    with (here / "recommender.yml").open("a") as file:
        file.write(f"\n{settings}\n")
    capsys.readouterr()
    build()
    assert capsys.readouterr().err.endswith(NOTE)
    assert as_from_scratch(here)


def test_many_changes_make_the_index_anew(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "STALE", 5)
    build()
    before = (here / "m" / "index.npz").read_bytes()
    for file in sorted((here / "content").rglob("*.md"))[:9]:
        file.write_text(file.read_text().replace("the ", "no ", 3))
    build()
    assert (here / "m" / "index.npz").read_bytes() != before
    assert as_from_scratch(here)
