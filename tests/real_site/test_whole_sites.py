"""Twelve whole sites of other people, set up by init alone: what is read, found, suggested, written and taken back.

Runs where RECOMMENDER_CORPORA names the folder of the unpacked corpora. Front matter is read here as other programs
read it, with both parsers of PyYAML and those of JavaScript.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from readers import Readers, install
from small_sites import contents

from recommender.cli.main import main
from recommender.model.model import Model
from recommender.model.store import load_model
from recommender.settings import Settings, load_settings
from recommender.site.corpus import Corpus, read_corpus

CORPORA = os.environ.get("RECOMMENDER_CORPORA", "")
pytestmark = [
    pytest.mark.slow,  # builds and fills twelve sites
    pytest.mark.skipif(not CORPORA, reason="RECOMMENDER_CORPORA does not name the unpacked corpora"),
]

FOLDER = Path(CORPORA or ".") / "real-sites"
# Each site with the share of its references that must lead to one page; None where its owner keeps no lists.
SITES = {
    "0xZakk__art-of-accomplishment-knowledge-graph": 0.9,
    "CloudCannon__platform-documentation": 0.9,
    "cypress-io__cypress-documentation": None,
    "dswann101164__azure-noob-blog": 0.9,
    "eslint__eslint": 1.0,
    "fastapi__fastapi": None,
    "github__opensource.guide": 1.0,
    "hexojs__site": None,
    "letsencrypt__website": None,
    "mbrooker__mbrooker-blog": 1.0,
    "rust-lang__blog.rust-lang.org": None,
    "zooza-dev__help": 0.9,
}
# Two have fewer than 200 posts on many subjects: the floor, which is higher where there are few articles, leaves places
# free.
FULL_LISTS = {
    "dswann101164__azure-noob-blog": 0.75,
    "mbrooker__mbrooker-blog": 0.82,
    "zooza-dev__help": 0.88,  # 227 of 253: its texts link to many of the pages of their topic (`skip_linked`)
}
# Front matter in YAML or TOML between its fences.
FRONT = re.compile(r"\A(---|\+\+\+)[ \t]*\r?\n(.*?)^\1[ \t]*\r?$", re.DOTALL | re.MULTILINE)
# What recommender keeps of its own.
OURS = ("models/", "recommender.")


@dataclass(frozen=True)
class Filled:
    """A site as init and build left it, its files before and after a fill, and after that was taken back."""

    name: str
    init: dict[str, Any]
    settings: Settings
    corpus: Corpus
    model: Model
    again: list[str]
    files: tuple[dict[str, bytes], dict[str, bytes], dict[str, bytes]]


def sources(top: Path) -> dict[str, bytes]:
    return {path: data for path, data in contents(top).items() if not path.startswith(OURS)}


def run(*arguments: str, codes: tuple[int, ...] = (0,)) -> str:
    """Run a command in this process and give what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(arguments) in codes
    return printed.getvalue()


@pytest.fixture(scope="module", params=SITES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    place = tmp_path_factory.mktemp("whole")
    top = Path(shutil.copytree(FOLDER / request.param, place / "site", symlinks=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        patch.setenv("XDG_STATE_HOME", str(place / "state"))
        before = sources(top)
        init = json.loads(run("init", "--json"))
        run("build")
        settings = load_settings(top / "recommender.yml")
        assert settings.content
        corpus, model = read_corpus(settings.content, settings), load_model(settings.model_folder)
        # Files that no edit can be proven for are refused, and said.
        run("fill", "--write", "--allow-no-vcs", "--yes", codes=(0, 1))
        after = sources(top)
        again = json.loads(run("fill", "--check", "--json"))["files"]
        run("undo", "--write")
        yield Filled(request.param, init, settings, corpus, model, again, (before, after, sources(top)))
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    install()
    found = Readers()
    yield found
    found.close()


def test_init_alone_reads_nearly_every_file_and_finds_what_lists_name(filled: Filled) -> None:
    assert filled.init["to_do"] == [] and filled.init["repeated"] == 0
    assert filled.init["pages"] == len(filled.corpus.articles) >= 0.98 * filled.init["files"] > 100
    assert len({article.url for article in filled.corpus.articles}) == filled.init["pages"]
    least = SITES[filled.name]
    kept = [one for one in filled.init["links"] if one["references"]]
    assert bool(kept) or least is None
    if least is not None:
        assert sum(one["found"] for one in kept) >= least * sum(one["references"] - one["external"] for one in kept)


def test_the_lists_of_pages_with_words_of_their_own_are_full(filled: Filled) -> None:
    """A translation that nobody has written yet has a title at most."""
    rows = [row for row, article in enumerate(filled.corpus.articles) if article.answer_digest]
    lists = [filled.model.chosen.of(row) for row in rows]
    assert sum(map(bool, lists)) >= 0.95 * len(rows)
    full = sum(len(one) >= filled.settings.slots for one in lists)
    assert full >= FULL_LISTS.get(filled.name, 0.9) * len(rows), f"{full} of {len(rows)}"


def test_a_fill_is_written_once_and_every_byte_comes_back(filled: Filled) -> None:
    before, after, undone = filled.files
    assert filled.again == []
    assert after != before
    assert undone == before


def test_outside_the_lists_every_reader_sees_what_it_saw(filled: Filled, request: pytest.FixtureRequest) -> None:
    before, after, _ = filled.files
    changed = [path for path in before if after[path] != before[path]]
    if filled.settings.data_file is not None:
        assert not changed
        return
    keys = [one.key.split(".") for one in filled.settings.links]
    readers = request.getfixturevalue("readers")
    some = changed[:: max(1, len(changed) // 300)]
    seen = 0
    for path in some:
        old, new = (before[path].decode("utf-8"), after[path].decode("utf-8"))
        was, now = FRONT.match(old), FRONT.match(new)
        assert was and now, path
        assert old[was.end() :] == new[now.end() :], path
        others = values_of(readers, new, now)
        for reader, values in values_of(readers, old, was).items():
            assert without(values, keys) == without(others[reader], keys), (path, reader)
            seen += values is not None
    assert seen >= len(some) > 0


def values_of(readers: Readers, text: str, front: re.Match[str]) -> dict[str, Any]:
    """Give by reader the front matter of a file."""
    if front[1] == "+++":
        return {"tomllib": tomllib.loads(front[2].replace("\r\n", "\n"))}
    return readers(text, front[2])


def without(values: Any, keys: list[list[str]]) -> Any:
    """Give front matter without its lists of links, and without a mapping that held nothing else."""
    for first, *rest in keys:
        if isinstance(values, dict) and first in values:
            inner = without(values[first], [rest]) if rest else None
            values = {**values, first: inner}
            if not inner:
                del values[first]
    return values
