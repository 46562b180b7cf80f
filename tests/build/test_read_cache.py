"""The index on disk: it comes back as it was, and whatever is wrong with it only means that all files are read."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from small_sites import article, write_files

from recommender.build import read_cache as module
from recommender.build.collection import Collected, collect
from recommender.build.read_cache import FILE_NAME, Index, key_of, load_index, load_tokens, save_index
from recommender.settings import Settings
from recommender.text.tokens import Tokens
from recommender.visibility import Visibility

SETTINGS = Settings()


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    root = tmp_path_factory.mktemp("site")
    files: dict[str, str | bytes] = {f"{n}.md": article(str(n), url=f"/{n}", answer=f"sun {n}") for n in range(5)}
    files |= {"bad.md": b"---\ntitle: [\n---\n", "ë.md": article("9", url="/ë", title="Où", draft="true", id="x")}
    files |= {"404.md": article("404", url="/404", date="2099-01-01", extra="expires: 2001-01-01\n")}
    write_files(root, files)
    with open(os.fsencode(root) + b"/\xff.md", "wb") as file:  # no UTF-8
        file.write(article("8", url="/8").encode())
    return collect(root, SETTINGS)


@pytest.fixture
def index(collected: Collected) -> Index:
    return collected.index


@pytest.fixture
def counts(collected: Collected) -> Tokens:
    return collected.indexed()


@pytest.fixture
def folder(index: Index, counts: Tokens, tmp_path: Path) -> Path:
    save_index(index, counts, tmp_path)
    return tmp_path


def test_it_comes_back_as_it_was(index: Index, counts: Tokens, folder: Path) -> None:
    found, words = load_index(folder, SETTINGS), load_tokens(folder, SETTINGS)
    assert found is not None and words is not None
    assert (found.key, found.read_at, found.paths, found.reads) == (
        index.key,
        index.read_at,
        index.paths,
        index.reads,
    )
    # Who is hidden is decided on the day on which the index is used.
    dated = next(read.article for read in found.reads if read.article and read.article.url == "/404")
    assert (dated.hidden, dated.visibility) == ("", Visibility(47_117, "date", 11_323, "expires", ("404 page",)))
    assert any(read.problems for read in found.reads) and any("\udcff" in path for path in found.paths)
    assert words[0] == index.read_at
    assert words[1].vocabulary == counts.vocabulary
    for name in ("starts", "numbers"):
        one, other = getattr(words[1], name), getattr(counts, name)
        assert one.dtype == other.dtype and one.tobytes() == other.tobytes()


def test_there_is_none(tmp_path: Path) -> None:
    assert nothing_in(tmp_path)


def nothing_in(folder: Path, settings: Settings = SETTINGS) -> bool:
    return load_index(folder, settings) is None and load_tokens(folder, settings) is None


@pytest.mark.parametrize(
    ("changes", "usable"),
    [
        ({"slots": 3, "floor": 0.5, "candidates": 9}, True),
        ({"lead_words": 3}, False),
        ({"lead_times": 3}, False),
        ({"fields": {"title": 1.0}}, False),
        ({"fields": {"title": 0.3, "text": 0.5, "seo.page_keywords": 0.2}}, True),
        ({"text": {"answer": 2}}, False),
        ({"keys": dataclasses.replace(SETTINGS.keys, answer="reply")}, False),
        ({"hidden": ("draft",)}, False),
        ({"never_suggest": ("/about",)}, False),
        ({"no_list": ("/",)}, False),
    ],
)
def test_settings_that_change_what_is_read_make_it_void(folder: Path, changes: dict[str, object], usable: bool) -> None:
    other = dataclasses.replace(SETTINGS, **changes)
    assert (load_index(folder, other) is not None) == (load_tokens(folder, other) is not None) == usable


def test_other_code_makes_it_void(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "edition", lambda _: "of other code")
    assert nothing_in(folder)


def test_verifying_trusts_no_times(folder: Path) -> None:
    found = load_index(folder, SETTINGS, verify=True)
    assert found is not None
    assert found.verify


def test_every_byte_may_be_wrong(folder: Path, index: Index, counts: Tokens) -> None:
    whole = (folder / FILE_NAME).read_bytes()
    for place in range(0, len(whole), 29):
        (folder / FILE_NAME).write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        found = load_index(folder, SETTINGS)
        words = load_tokens(folder, SETTINGS)
        assert found is None or (found.paths, found.reads, found.read_at) == (index.paths, index.reads, index.read_at)
        assert words is None or (words[0], words[1].vocabulary) == (index.read_at, counts.vocabulary)
        assert words is None or words[1].numbers.tobytes() == counts.numbers.tobytes()
        (folder / FILE_NAME).write_bytes(whole[:place])
        assert nothing_in(folder)


def _no_rows(arrays: dict[str, np.ndarray]) -> None:
    arrays["starts"] = arrays["starts"][:-1]


FORGED: dict[str, Callable[[dict[str, np.ndarray]], object]] = {
    "no key": lambda arrays: arrays.pop("key_blob"),
    "an array of another length": _no_rows,
    "a word out of bounds": lambda arrays: np.copyto(arrays["numbers"], 10_000),
    "a negative word": lambda arrays: np.copyto(arrays["numbers"], -2),
    "pointers out of order": lambda arrays: np.copyto(arrays["starts"], arrays["starts"][::-1].copy()),
    "no file is an article": lambda arrays: np.copyto(arrays["is_article"], False),
    "every file is an article": lambda arrays: np.copyto(arrays["is_article"], True),
    "one file less": lambda arrays: arrays.update(file_offsets=arrays["file_offsets"][:-1]),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_a_forged_one_is_none(folder: Path, forgery: str) -> None:
    with np.load(folder / FILE_NAME) as file:
        arrays = dict(file)
    FORGED[forgery](arrays)
    np.savez(folder / FILE_NAME, **arrays)
    assert load_index(folder, SETTINGS) is None or load_tokens(folder, SETTINGS) is None


@pytest.mark.parametrize("kind", ["a pickle", "a bomb", "a folder", "a pipe", "a link", "text"])
def test_what_is_no_index_is_none(tmp_path: Path, index: Index, counts: Tokens, kind: str) -> None:
    file = tmp_path / FILE_NAME
    if kind == "a folder":
        file.mkdir()
    elif kind == "a pipe":
        os.mkfifo(file)
    elif kind == "a link":
        (tmp_path / "other").mkdir()
        save_index(index, counts, tmp_path / "other")
        file.symlink_to(tmp_path / "other" / FILE_NAME)
    elif kind == "a bomb":
        np.savez_compressed(file, key_blob=np.zeros(10_000_000, np.uint8))
    elif kind == "text":
        file.write_text("no zip")
    else:
        np.savez(file, key_blob=np.array([object()], dtype=object), key_offsets=np.array([key_of(SETTINGS)]))
    assert nothing_in(tmp_path)
