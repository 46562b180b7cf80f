"""Titles embedded once and kept: after edits, in several processes, after damage, and in a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_sites import article, write_files

from recommender.arrays import compiling
from recommender.arrays.sparse_rows import pack
from recommender.build import title_vectors as module
from recommender.build.site_build import build_site
from recommender.build.title_vectors import FILE_NAME, embed_site
from recommender.errors import ModelError
from recommender.model.array_schema import to_arrays
from recommender.model.store import load_model, read_manifest, save_model
from recommender.settings import Settings
from recommender.system import parallel
from recommender.text.title_embeddings import Vectors8, embed_titles

ON = Settings(embeddings="titles")
TITLES = [f"What is the number {number}?" for number in range(8)]


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take down which titles are embedded."""
    seen: list[str] = []

    def embed(titles: Sequence[str]) -> list[Vectors8]:
        seen.extend(titles)
        return embed_titles(titles)

    monkeypatch.setattr(module, "embed_titles", embed)
    return seen


def test_off_embeds_nothing(tmp_path: Path, embedded: list[str]) -> None:
    assert embed_site(pack(TITLES), Settings(), folder=tmp_path) is None
    assert (embedded, list(tmp_path.iterdir())) == ([], [])


def test_only_new_titles_are_embedded_and_equal_ones_once(tmp_path: Path, embedded: list[str]) -> None:
    first = embed_site(pack([*TITLES, TITLES[0]]), ON, folder=tmp_path)
    assert first is not None
    assert sorted(embedded) == TITLES
    assert np.array_equal(first[0], first[-1])
    embedded.clear()
    edited = ["Another title?", *TITLES[1:]]
    found = embed_site(pack(edited), ON, folder=tmp_path)
    assert embedded == ["Another title?"]
    assert np.array_equal(found, embed_site(pack(edited), ON))  # as from scratch
    embedded.clear()
    embed_site(pack(TITLES[1:]), ON, folder=tmp_path)
    assert embedded == []


@pytest.mark.parametrize("damage", [b"", b"PK", b"\x00" * 64])
def test_a_damaged_file_is_done_without(tmp_path: Path, embedded: list[str], damage: bytes) -> None:
    wanted = embed_site(pack(TITLES), ON, folder=tmp_path)
    file = tmp_path / FILE_NAME
    whole = file.read_bytes()
    place = len(whole) // 2
    file.write_bytes(whole[:place] + damage + whole[place + len(damage) + 1 :] if damage else b"")
    embedded.clear()
    assert np.array_equal(embed_site(pack(TITLES), ON, folder=tmp_path), wanted)
    assert sorted(embedded) == TITLES
    assert file.read_bytes() == whole


def test_vectors_of_another_model_are_not_mixed_with_these(
    tmp_path: Path, embedded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    embed_site(pack(TITLES), ON, folder=tmp_path)
    embedded.clear()
    monkeypatch.setattr(module, "edition_of_model", lambda: "another")
    embed_site(pack(TITLES), ON, folder=tmp_path)
    assert sorted(embedded) == TITLES


@pytest.mark.slow  # embeds in processes
def test_processes_embed_as_this_one_does_and_tell_how_far_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "FEW", 2)
    steps: list[tuple[str, int, int]] = []
    found = embed_site(pack(TITLES), ON, lambda label, total: lambda done: steps.append((label, total, done)))
    assert np.array_equal(found, np.array(embed_titles(TITLES)))
    assert {(label, total) for label, total, _ in steps} == {("embedding titles", len(TITLES))}
    assert sum(done for *_, done in steps) == len(TITLES)


def site(folder: Path, changed: str = "") -> Path:
    words = ["tides", "moons", "oceans", "planets", "comets", "stars", "clouds", "rivers"]
    files = {
        f"{word}.md": article(word, answer=f"{word} follow other {words[n - 1]} and the sea {n}")
        for n, word in enumerate(words)
    }
    if changed:
        files["tides.md"] = article("tides", title=changed, answer="tides follow other rivers and the sea 0")
    return write_files(folder, files)


def test_a_build_after_edits_has_the_bytes_of_one_from_scratch(tmp_path: Path, embedded: list[str]) -> None:
    content, folder = site(tmp_path / "content"), tmp_path / "model"
    build_site(content, ON, folder)
    embedded.clear()
    site(tmp_path / "content", "Why does the sea rise and fall?")
    again = build_site(content, ON, folder).model
    assert embedded == ["Why does the sea rise and fall?"]
    fresh = build_site(content, ON, tmp_path / "fresh").model
    pairs = to_arrays(again), to_arrays(fresh)
    assert [name for name in pairs[0] if pairs[0][name].tobytes() != pairs[1][name].tobytes()] == []
    assert read_manifest(folder)["version"] == read_manifest(tmp_path / "fresh")["version"]
    loaded = load_model(folder)
    assert np.array_equal(loaded.embeddings, fresh.embeddings)
    assert loaded.settings.embeddings == "titles"


def test_a_model_without_embeddings_says_nothing_of_them(tmp_path: Path) -> None:
    build_site(site(tmp_path / "content"), Settings(), tmp_path / "model")
    manifest = read_manifest(tmp_path / "model")
    assert "embeddings" not in {*manifest["settings"], *manifest["files"]}
    assert load_model(tmp_path / "model").embeddings is None
    assert not (tmp_path / "model" / FILE_NAME).exists()


def test_a_model_whose_vectors_do_not_fit_is_refused(tmp_path: Path) -> None:
    model = build_site(site(tmp_path / "content"), ON, tmp_path / "model").model
    assert model.embeddings is not None
    for wrong in (model.embeddings[1:], model.embeddings[:, 1:], None):
        save_model(replace(model, embeddings=wrong), tmp_path / "model")
        with pytest.raises(ModelError, match="embeddings"):
            load_model(tmp_path / "model")


@pytest.mark.slow  # compiles loops where no test has
def test_compiled_loops_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = site(tmp_path / "content")
    plain = build_site(content, ON, tmp_path / "plain").model
    monkeypatch.setattr(compiling, "PLAIN_UP_TO", -1)
    compiled = build_site(content, ON, tmp_path / "compiled").model
    pairs = to_arrays(plain), to_arrays(compiled)
    assert [name for name in pairs[0] if pairs[0][name].tobytes() != pairs[1][name].tobytes()] == []
    assert plain.embeddings is not None
    # What the build scored is what asking scores, to the bit.
    for row in range(len(plain)):
        own = plain.candidates(row)
        asked = plain.scores(plain.query(row), [candidate.row for candidate in own])
        assert asked.tolist() == [candidate.score for candidate in own]
