"""A saved model: what was saved comes back, and anything else is refused with a sentence."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from recommender.errors import ModelError, WriteStopped
from recommender.model import array_schema, store
from recommender.model.array_schema import to_arrays, to_header
from recommender.model.model import Model
from recommender.model.store import FORMAT, MANIFEST, let_go, load_model, own_manifest, read_manifest, save_model
from recommender.settings import PARTS


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy of the sample site's saved model, to be damaged."""
    return Path(shutil.copytree(saved, tmp_path / "models" / "default"))


def version_of(folder: Path) -> str:
    return str(json.loads((folder / MANIFEST).read_text())["version"])


def place_of(folder: Path) -> Path:
    return folder / version_of(folder)


def other(model: Model, number: int) -> Model:
    """Give a model of other content: one score differs."""
    scores = model.chosen.scores.copy()
    scores[0] = number / 1000
    return dataclasses.replace(model, chosen=dataclasses.replace(model.chosen, scores=scores))


def refused(folder: Path, match: str | None = None) -> str:
    with pytest.raises(ModelError, match=match) as caught:
        load_model(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    assert "; " in message, "no remedy"
    return message


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds of a file")
def test_what_checking_touched_is_let_go_and_comes_back(folder: Path, model: Model) -> None:
    loaded = load_model(folder)
    assert held_of(folder) > 200_000
    let_go(loaded)
    assert held_of(folder) == 0
    let_go(model)  # of arrays in memory there is nothing to let go
    before, after = to_arrays(model), to_arrays(loaded)
    assert all((before[name] == after[name]).all() for name in before)
    assert held_of(folder) > 200_000


def held_of(folder: Path) -> int:
    """Sum what this process has in memory of the files in a folder, in bytes."""
    kilobytes, ours = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            ours = str(folder) in line
        elif words[0] == "Rss:" and ours:
            kilobytes += int(words[1])
    return 1024 * kilobytes


def test_round_trip(model: Model, saved: Path):
    loaded = load_model(saved)
    before, after = to_arrays(model), to_arrays(loaded)
    assert list(before) == list(after)
    for name, array in before.items():
        assert array.dtype == after[name].dtype
        assert array.shape == after[name].shape
        assert array.tobytes() == after[name].tobytes(), name
    assert to_header(loaded) == to_header(model)
    assert loaded.vectors.space.fields == model.vectors.space.fields
    assert loaded.vectors.space.weights == model.vectors.space.weights
    for row in range(len(model)):
        assert loaded.choose_for(row) == model.choose_for(row)


def test_what_lies_on_the_disk(saved: Path):
    version = version_of(saved)
    assert sorted(os.listdir(saved)) == sorted([".gitignore", MANIFEST, version])
    assert (saved / ".gitignore").read_text() == "*\n"
    assert sorted(os.listdir(saved / version)) == sorted(f"{name}.npy" for name in array_schema.DTYPES)
    assert (saved / version).stat().st_mode & 0o777 == 0o755
    manifest = read_manifest(saved)
    for name, entry in manifest["files"].items():
        data = (saved / version / f"{name}.npy").read_bytes()
        assert entry["bytes"] == len(data)
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()


def test_loaded_arrays_are_read_only(saved: Path):
    loaded = load_model(saved)
    with pytest.raises(ValueError, match="read-only"):
        loaded.chosen.scores[0] = 1.0


def test_models_load_in_parallel_threads(saved: Path):
    # Parsing array headers in two threads at once fails one time in some hundred on CPython 3.11.
    with ThreadPoolExecutor(4) as pool:
        assert {len(loaded) for loaded in pool.map(load_model, [saved] * 40)} == {142}


# --- publishing


def test_the_same_content_is_the_same_version_and_its_files_stay(model: Model, folder: Path):
    before = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in place_of(folder).iterdir()}
    later = dataclasses.replace(model, built_at="2027-01-01T00:00:00Z")
    assert save_model(later, folder) == version_of(folder)
    assert {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in place_of(folder).iterdir()} == before
    assert load_model(folder).built_at == "2027-01-01T00:00:00Z"


def test_a_damaged_version_is_replaced_by_publishing_again(model: Model, folder: Path):
    (place_of(folder) / "hidden.npy").write_bytes(b"")
    (place_of(folder) / "vectors_data.npy").unlink()
    refused(folder)
    save_model(model, folder)
    load_model(folder)


def test_the_last_two_versions_stay(model: Model, folder: Path):
    versions = [version_of(folder), *(save_model(other(model, n), folder) for n in range(3))]
    assert len(set(versions)) == 4
    held = {name for name in os.listdir(folder) if name not in (MANIFEST, ".gitignore")}
    assert held == set(versions[-2:])
    assert version_of(folder) == versions[-1]


def test_the_version_before_stays_also_when_it_had_been_published_before(model: Model, folder: Path):
    first = version_of(folder)
    second = save_model(other(model, 1), folder)
    assert save_model(model, folder) == first
    third = save_model(other(model, 2), folder)
    # A server that loaded `first` a moment ago still has its files; `second` is older.
    held = {name for name in os.listdir(folder) if name not in (MANIFEST, ".gitignore")}
    assert held == {first, third}, f"not {second}"


def test_a_reader_of_the_version_before_reads_on(model: Model, folder: Path):
    loaded = load_model(folder)
    for number in range(3):
        save_model(other(model, number), folder)
    assert loaded.choose_for(3) == model.choose_for(3)


def test_leftovers_of_a_killed_build_are_removed(model: Model, folder: Path):
    (folder / ".tmp-killed").mkdir()
    (folder / ".tmp-killed" / "x.npy").write_bytes(b"x")
    save_model(model, folder)
    assert not (folder / ".tmp-killed").exists()


@pytest.mark.parametrize("step", ["rename", "replace_file"])
def test_a_failure_while_publishing_keeps_the_old_model(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
):
    before = version_of(folder)

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*(Path, "rename", fail) if step == "rename" else (store, "replace_file", fail))
    with pytest.raises(WriteStopped, match=r"cannot be written \(No space left on device\); free space or name an"):
        save_model(other(model, 1), folder)
    assert version_of(folder) == before
    assert not list(folder.glob(".tmp-*"))
    load_model(folder)


def test_a_write_that_lies_about_its_length_is_not_published(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    before, real = version_of(folder), os.fsync

    def cut(descriptor: int) -> None:
        os.ftruncate(descriptor, os.fstat(descriptor).st_size - 7)
        real(descriptor)

    monkeypatch.setattr(store.os, "fsync", cut)
    with pytest.raises(WriteStopped, match="short write"):
        save_model(other(model, 1), folder)
    assert version_of(folder) == before
    load_model(folder)


def test_a_kill_while_old_versions_go_leaves_no_ruin_among_those_that_stay(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    second = save_model(other(model, 1), folder)

    def killed(path: Path, *, ignore_errors: bool) -> None:
        next(path.glob("*.npy"), path / "none").unlink(missing_ok=True)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(store.shutil, "rmtree", killed)
        save_model(other(model, 2), folder)
    third = save_model(other(model, 3), folder)
    held = {name for name in os.listdir(folder) if name not in (MANIFEST, ".gitignore")}
    assert second not in held
    assert len(held) == 2
    assert third in held


def test_a_full_disk_gives_a_sentence(model: Model, tmp_path: Path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("mounting a small file system needs root and mount")
    for size in ("64k", "256k", "600k"):
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(disk)], check=False, capture_output=True
        )
        if made.returncode:
            pytest.skip(f"no tmpfs can be mounted here: {made.stderr.decode().strip()}")
        try:
            with pytest.raises(
                WriteStopped, match=r"the model cannot be written \(.*(space|full).*\); free space"
            ) as caught:
                save_model(model, disk / "default")
            assert "None" not in str(caught.value)
            assert os.listdir(disk / "default") == [".gitignore"]
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_folder_that_cannot_be_written_gives_a_sentence(model: Model, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelError, match=r"cannot be written \(Not a directory\)"):
        save_model(model, tmp_path / "file" / "default")
    with pytest.raises(ModelError, match=r"cannot be written \(File exists\)"):
        save_model(model, tmp_path / "file")
    if os.geteuid() or not shutil.which("chattr"):
        pytest.skip("the rest needs root and chattr to make a folder that root cannot write to")
    (tmp_path / "models").mkdir()
    made = subprocess.run(["chattr", "+i", str(tmp_path / "models")], check=False, capture_output=True)
    if made.returncode:
        pytest.skip(f"chattr +i is not supported here: {made.stderr.decode().strip()}")
    try:
        with pytest.raises(ModelError, match=r"cannot be written \(Operation not permitted\)"):
            save_model(model, tmp_path / "models" / "default")
    finally:
        subprocess.run(["chattr", "-i", str(tmp_path / "models")], check=True)


# --- damaged files


@pytest.mark.parametrize("name", sorted(array_schema.DTYPES))
def test_every_truncation_and_flipped_byte_is_refused(folder: Path, name: str):
    file = place_of(folder) / f"{name}.npy"
    data = file.read_bytes()
    entry = read_manifest(folder)["files"][name]

    def is_refused() -> bool:
        try:
            # Each file is opened by this function alone; loading all of them 40 times a file would take minutes.
            store._open_array(place_of(folder), name, entry)
        except ModelError as error:
            return str(file) in str(error)
        return False

    assert not is_refused()
    for length in {0, 1, 10, len(data) // 2, len(data) - 1}:
        file.write_bytes(data[:length])
        assert is_refused(), f"cut to {length}"
    file.write_bytes(data + b"\0")
    assert is_refused(), "a byte more"
    for number in range(40):
        at = number * (len(data) - 1) // 39
        file.write_bytes(data[:at] + bytes([data[at] ^ (1 << number % 8)]) + data[at + 1 :])
        assert is_refused(), f"byte {at} flipped"
    refused(folder, f"{name}.npy: damaged")


def removed(file: Path) -> None:
    file.unlink()


def linked(file: Path) -> None:
    file.rename(file.with_suffix(".away"))
    file.symlink_to(file.with_suffix(".away"))


def made_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def made_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def swapped(file: Path) -> None:
    second = file.with_name("likeness_scores.npy")
    first_data, second_data = file.read_bytes(), second.read_bytes()
    file.write_bytes(second_data)
    second.write_bytes(first_data)


@pytest.mark.parametrize("change", [removed, linked, made_a_folder, made_a_pipe, swapped])
def test_a_file_that_is_not_what_was_written_is_refused(folder: Path, change: Callable[[Path], None]):
    change(place_of(folder) / "chosen_scores.npy")
    refused(folder, r"chosen_scores\.npy: .*; build it again: `recommender build`")


def test_a_missing_version_is_refused(folder: Path):
    shutil.rmtree(place_of(folder))
    refused(folder, r"cannot be opened \(No such file or directory\)")


def test_only_the_code_that_made_a_model_has_it_as_its_own(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_model(folder).settings
    assert own_manifest(tmp_path / "none", settings) is None
    found = own_manifest(folder, settings)
    assert found is not None
    assert found == read_manifest(folder)
    assert own_manifest(folder, dataclasses.replace(settings, slots=3)) is None
    assert own_manifest(folder, dataclasses.replace(settings, content="elsewhere")) == found
    monkeypatch.setattr(store, "edition", lambda _: "0" * 64)
    assert own_manifest(folder, settings) is None
    assert len(load_model(folder)) > 0


def test_no_model(tmp_path: Path):
    assert refused(tmp_path).endswith("holds no model; build one: `recommender build`")
    assert "holds no model" in refused(tmp_path / "none")
    (tmp_path / "file").write_bytes(b"")
    refused(tmp_path / "file", r"cannot be read \(Not a directory\)")


def test_a_manifest_that_is_a_folder(folder: Path):
    made_a_folder(folder / MANIFEST)
    refused(folder, r"cannot be read \(Is a directory\)")


# --- the manifest


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


KEYS = ("format", "created_with", "built_at", "corpus_digest", "settings", "version", "files")


def test_rewriting_alone_does_no_harm(folder: Path):
    rewrite(folder, lambda manifest: None)
    load_model(folder)
    assert set(read_manifest(folder)) == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_key_is_refused(folder: Path, key: str):
    rewrite(folder, lambda manifest: manifest.pop(key))
    refused(folder)


# Any text is a time or digest: a digest that differs has the model rebuilt.
WRONG = [
    (key, wrong)
    for key in KEYS
    for wrong in (None, True, -1, 1.5, "x", [], {}, [1])
    if key != "created_with" and not (key in ("built_at", "corpus_digest") and wrong == "x")
]


@pytest.mark.parametrize(("key", "wrong"), WRONG)
def test_a_key_of_another_type_or_value_is_refused(folder: Path, key: str, wrong: object):
    rewrite(folder, lambda manifest: manifest.update({key: wrong}))
    refused(folder)


def test_an_unknown_key_is_refused(folder: Path):
    rewrite(folder, lambda manifest: manifest.update(more=1))
    refused(folder, "unknown")


def test_other_formats_say_what_to_do(folder: Path):
    rewrite(folder, lambda manifest: manifest.update(format=FORMAT + 1, anything="goes"))
    refused(folder, f"format {FORMAT + 1}, newer than {FORMAT}; upgrade recommender")
    rewrite(folder, lambda manifest: manifest.update(format=FORMAT - 1))
    refused(folder, f"format {FORMAT - 1}, older than {FORMAT}; build it again")


@pytest.mark.parametrize("key", ["bytes", "sha256", "dtype", "shape"])
@pytest.mark.parametrize("wrong", ["missing", None, True, 0, "x", [], [1], [-1], [1e3], {}])
def test_an_entry_of_a_file_is_checked_even_where_the_version_fits_it(folder: Path, key: str, wrong: object):
    place = place_of(folder)

    def change(manifest: dict[str, Any]) -> None:
        entry = manifest["files"]["vectors_idf"]
        if wrong == "missing":
            del entry[key]
        else:
            entry[key] = wrong
        text = json.dumps(manifest["files"], sort_keys=True)
        manifest["version"] = hashlib.sha256(text.encode()).hexdigest()[:32]
        place.rename(folder / manifest["version"])

    rewrite(folder, change)
    refused(folder)


def test_a_version_that_does_not_fit_its_files_is_refused(folder: Path):
    rewrite(folder, lambda manifest: manifest["files"]["hidden"].update(sha256="0" * 64))
    refused(folder, "does not match the files")


@pytest.mark.parametrize("version", ["..", "../other", "0" * 31, "0" * 33, "G" * 32, "0" * 32 + "\n", ""])
def test_a_version_is_never_a_path(folder: Path, version: str):
    rewrite(folder, lambda manifest: manifest.update(version=version))
    refused(folder, "version is not a content hash")


def test_a_missing_or_unknown_file_entry_is_refused(folder: Path):
    rewrite(folder, lambda manifest: manifest["files"].pop("hidden"))
    refused(folder, "files are missing or unknown")
    rewrite(folder, lambda manifest: manifest["files"].update(hidden={}, more={}))
    refused(folder, "files are missing or unknown")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="cut"),
        pytest.param("[]", id="list"),
        pytest.param("null", id="null"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param('{"format": 1, "format": 1}', id="twice"),
        pytest.param('{"format": NaN}', id="nan"),
        pytest.param('{"format": -Infinity}', id="infinity"),
        pytest.param('{"format": ' + "9" * 5000 + "}", id="long-number"),
        pytest.param('{"format": 1.0}', id="float"),
        pytest.param(" " * (1024 * 1024 + 1), id="large"),
        pytest.param("\ufeff{}", id="bom"),
    ],
)
def test_what_is_not_the_json_that_was_written_is_refused(folder: Path, text: str):
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    refused(folder, MANIFEST)


def test_a_key_that_stands_twice_deep_inside_is_refused(folder: Path):
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text.replace('"sha256"', '"bytes": 1, "sha256"', 1))
    refused(folder, "damaged")
    (folder / MANIFEST).write_text(text.replace('"floor": null', '"floor": NaN'))
    assert "NaN" in (folder / MANIFEST).read_text()
    refused(folder, "damaged")


def test_every_truncated_manifest_is_refused(folder: Path):
    data = (folder / MANIFEST).read_bytes()
    for length in range(0, len(data) - 1, 97):
        (folder / MANIFEST).write_bytes(data[:length])
        refused(folder)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *((name, wrong) for name in ("slots", "candidates") for wrong in (0, -1, 5.0, True, "5", None, 10_001)),
        *((name, wrong) for name in ("lead_words", "lead_times") for wrong in (-1, 1.5, True, "5", None)),
        *((name, wrong) for name in ("floor", "same_question_list") for wrong in (-0.1, True, "0", [], 1e999)),
        ("same_question_list", None),
        ("fields", []),
        ("fields", {}),
        ("fields", [["title", 0]]),
        ("fields", [["title", 1], ["title", 2]]),
        ("fields", [["title", "1"]]),
        ("fields", [["title"]]),
        ("fields", [[1, 1]]),
        ("fields", [["title", 1.0]]),
        ("text", [["answer", 1.5]]),
        ("text", [["answer", -1]]),
        ("text", None),
        ("parts", None),
        ("parts", []),
        ("parts", {"cosine": 1}),
        ("parts", [["cosine", 1.0]]),
        ("parts", [[name, True] for name in PARTS]),
        ("parts", [[name, 1e999] for name in PARTS]),
        ("parts", [[name, -10.5] for name in PARTS]),
        ("keys", {}),
        ("keys", None),
        ("keys", {"id": 5}),
        ("more", 1),
    ],
)
def test_wrong_settings_are_refused(folder: Path, name: str, wrong: object):
    rewrite(folder, lambda manifest: manifest["settings"].update({name: wrong}))
    refused(folder)
