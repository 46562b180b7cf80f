"""Models whose files were forged together with their checksums: refused with a sentence, or used without a crash.

A forger can write any scores; what is held here is that no bytes whatever kill the process, run code, read beyond an
array or answer with an article that is none. ``fuzz`` is a target for any fuzzer of bytes; hypothesis drives it here.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import random
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nightly import NIGHTLY
from numpy.typing import NDArray
from small_sites import BUILT_AT, article, in_process, write_files

from recommender.build.pipeline import fit_model
from recommender.errors import ModelError
from recommender.model import array_schema
from recommender.model.ask import ask_row, ask_texts
from recommender.model.store import FORMAT, MANIFEST, load_model, save_model
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from tests.editing.test_writer import forked

pytestmark = [
    pytest.mark.slow,  # injects faults
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore::RuntimeWarning"),
]

SITE = {
    f"{name}.md": article(name, answer=f"{' '.join(words)} {name}.", title=f"What is {name} of {words[0]}")
    for name, words in zip(
        "abcdefgh",
        (["tide", "moon", "sea"], ["moon", "orbit", "sun"], ["sea", "salt"], ["sun", "star"]) * 2,
        strict=True,
    )
}
STORED = Path(__file__).parents[1] / "models"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model of eight articles."""
    top = tmp_path_factory.mktemp("tiny")
    corpus = read_corpus(write_files(top / "content", SITE), Settings())
    save_model(fit_model(corpus, Settings(floor=0.01), BUILT_AT), top / "model")
    return top / "model"


def forge(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put other bytes into files of a model, and sign them as a build does, with type and shape of their headers."""
    manifest = json.loads((folder / MANIFEST).read_text())
    place = folder / manifest["version"]
    for name, data in files.items():
        (place / f"{name}.npy").unlink()
        (place / f"{name}.npy").write_bytes(data)
        entry = manifest["files"][name]
        entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        try:
            array = np.load(io.BytesIO(data), allow_pickle=False)
            entry |= {"dtype": array.dtype.str, "shape": list(array.shape)}
        except Exception:
            entry["shape"] = [10**12]
    signed = json.dumps(manifest["files"], sort_keys=True).encode()
    manifest["version"] = hashlib.sha256(signed).hexdigest()[:32]
    place.rename(folder / manifest["version"])
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).write_text(json.dumps(manifest))


def linked(folder: Path, copy: Path) -> Path:
    """Copy a model by hard links: quick, and right where files are replaced and never rewritten."""
    return Path(shutil.copytree(folder, copy, copy_function=os.link))


def use(folder: Path) -> str:
    """Load a model and ask it everything; say ``refused`` with the sentence, or ``used``."""
    try:
        model = load_model(folder)
    except ModelError as error:
        assert "\n" not in str(error)
        assert "; " in str(error), "no remedy"
        return "refused"
    for row in range(len(model)):
        for answer in (ask_row(model, row, 5), ask_texts(model, {"title": "moon", "body": "tide and sea"}, 5)):
            for candidate in answer.choice.shown:
                assert 0 <= candidate.row < len(model)
                assert isinstance(model.catalogue.urls[candidate.row], str)
                answer.parts(candidate.row)
    return "used"


def bytes_of(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def arrays_of(folder: Path) -> dict[str, NDArray[Any]]:
    place = folder / json.loads((folder / MANIFEST).read_text())["version"]
    return {name: np.load(place / f"{name}.npy") for name in array_schema.DTYPES}


def outcomes_of(tiny: Path, forgeries: Mapping[str, Mapping[str, bytes]], tmp_path: Path) -> dict[str, str]:
    """Use forged models in a child process, which any of them may kill."""

    def work() -> object:
        found = {}
        for what, files in forgeries.items():
            folder = linked(tiny, tmp_path / "forged")
            forge(folder, files)
            try:
                found[what] = use(folder)
            except Exception as error:
                found[what] = f"{type(error).__name__}: {error}"
            shutil.rmtree(folder)
        return json.dumps(found)

    answer = forked(work)
    assert answer.startswith("{"), f"killed, or {answer}"
    found: dict[str, str] = json.loads(answer)
    return found


# --- one value, one shape, one header


VALUES = {
    "f": (math.nan, math.inf, -math.inf, -1.0, 0.0, 1e308),
    "i": (-1, 0, 7, 8, 2**31 - 1, -(2**31)),
    "u": (0, 255),
}
HEADERS = {
    "parentheses": "(" * 9_000,
    "braces": "{" * 9_000,
    "brackets": "[" * 200 + "]" * 200,
    "no dict": "[1]",
    "cut": "{'descr': '<f8', 'fortran_order': False, 'shape': (",
    "name": "{'descr': x, 'fortran_order': False, 'shape': (1,)}",
    "object": "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    "void": "{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000000,)}",
    "bomb": "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}",
    "overflow": "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
    "negative": "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
    "float": "{'descr': '<f8', 'fortran_order': False, 'shape': (1.5,)}",
    "true": "{'descr': '<f8', 'fortran_order': 1, 'shape': (True,)}",
    "long": "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}" + " " * 12_000,
    "python 2": "{'descr': '<f8', 'fortran_order': False, 'shape': (1L,)}",
    "unfinished text": "{'descr': '<f8, 'fortran_order': False, 'shape': ('''",
    "nul": "{'descr': '<f8\x00'}",
}


def with_header(text: str, version: int = 1) -> bytes:
    head = text.encode("latin-1") + b"\n"
    size = struct.pack("<H", len(head)) if version == 1 else struct.pack("<I", len(head))
    return b"\x93NUMPY" + bytes([version, 0]) + size + head + b"\0" * 8


def forgeries_of(name: str, array: NDArray[Any]) -> dict[str, bytes]:
    found = {f"header {what}": with_header(text) for what, text in HEADERS.items()}
    found |= {f"header {what} of version 2": with_header(text, 2) for what, text in HEADERS.items()}
    found |= {"version 9": b"\x93NUMPY\x09\x00" + bytes_of(array)[8:], "empty": b"", "zip": b"PK\x03\x04" + b"\0" * 30}
    for value in VALUES[array.dtype.kind]:
        for at in {0, array.size // 2, array.size - 1} if array.size else ():
            changed = array.copy()
            changed.flat[at] = np.array(value).astype(array.dtype)
            found[f"{value} at {at}"] = bytes_of(changed)
    for what, shaped in {
        "one less": array[:-1],
        "one more": np.concatenate([array, array[:1]]),
        "nothing": array[:0],
        "two dimensions": array[None],
        "a number": np.array(0, array.dtype),
        "backwards": array[::-1].copy(),
        "big endian": array.astype(array.dtype.newbyteorder(">")),
        "columns first": np.asfortranarray(np.stack([array] * 2)),
        "objects": np.zeros(2, "|S8"),
    }.items():
        found[what] = bytes_of(shaped)
    return found


@pytest.mark.parametrize("name", sorted(array_schema.DTYPES))
def test_a_forged_array_is_refused_or_harmless(tiny: Path, tmp_path: Path, name: str) -> None:
    made = forgeries_of(name, arrays_of(tiny)[name])
    chosen = sorted(made) if NIGHTLY else random.sample(sorted(made), 6)
    found = outcomes_of(tiny, {what: {name: made[what]} for what in chosen}, tmp_path)
    assert set(found.values()) <= {"refused", "used"}, found
    wrong = {what for what in found if what.startswith(("header", "version", "empty", "zip", "objects"))}
    assert {found[what] for what in wrong} <= {"refused"}


def test_arrays_of_one_type_swapped_are_refused_or_harmless(tiny: Path, tmp_path: Path) -> None:
    arrays = arrays_of(tiny)
    pairs = [
        (one, other)
        for one in arrays
        for other in arrays
        if one < other and array_schema.DTYPES[one] == array_schema.DTYPES[other]
    ]
    chosen = pairs if NIGHTLY else random.sample(pairs, 20)
    swaps = {f"{a} and {b}": {a: bytes_of(arrays[b]), b: bytes_of(arrays[a])} for a, b in chosen}
    found = outcomes_of(tiny, swaps, tmp_path)
    assert set(found.values()) <= {"refused", "used"}, found


# --- any bytes


def fuzz(data: bytes, tiny: Path, scratch: Path) -> str:
    """Forge a model as bytes say: each six of them put a value at a place of an array, or change the raw file."""
    arrays = {name: array.copy() for name, array in arrays_of(tiny).items()}
    raw: dict[str, bytes] = {}
    names = sorted(arrays)
    for start in range(0, len(data) - 5, 6):
        which, place, kind, value = struct.unpack("<BHBH", data[start : start + 6])
        name = names[which % len(names)]
        array = arrays[name]
        if kind % 4 == 3:
            whole = bytearray(raw.get(name, bytes_of(array)))
            whole[place % len(whole)] = value % 256
            raw[name] = bytes(whole)
        elif array.size:
            extremes = VALUES[array.dtype.kind]
            chosen = value % 300 if kind % 4 == 0 else extremes[value % len(extremes)]
            with np.errstate(over="ignore", invalid="ignore"):
                array.flat[place % array.size] = np.array(chosen).astype(array.dtype)
    folder = linked(tiny, scratch)
    forge(folder, {name: raw.get(name, bytes_of(array)) for name, array in arrays.items()})
    try:
        return use(folder)
    finally:
        shutil.rmtree(folder)


def test_any_bytes(tiny: Path, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    count = 3_000 if NIGHTLY else 40

    def work() -> object:
        draw = random.Random(seed)
        for number in range(count):
            data = draw.randbytes(6 * draw.randint(1, 3))
            try:
                fuzz(data, tiny, tmp_path / "fuzzed")
            except Exception as error:
                return f"{data!r}, case {number} of seed {seed}: {type(error).__name__}: {error}"
        return "fine"

    assert forked(work) == "fine", f"seed {seed}"


# --- models of other versions of the tool


def stored() -> list[Path]:
    return sorted(path for path in STORED.iterdir() if path.is_dir())


def test_a_model_of_every_format_so_far_is_stored() -> None:
    assert [path.name for path in stored()] == [f"format-{number}" for number in range(1, FORMAT + 1)]


@pytest.mark.parametrize("old", stored(), ids=lambda path: path.name)
def test_an_old_model_is_understood_or_built_again(old: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(old, tmp_path / "models" / "default"))
    try:
        model = load_model(folder)
    except ModelError as error:
        assert str(error).endswith("; build it again: `recommender build`")
    else:
        assert [model.catalogue.urls[row] for row in range(len(model))] == [f"/{name}" for name in "abcdefgh"]
        assert use(folder) == "used"
    write_files(tmp_path / "content", SITE)
    (tmp_path / "recommender.yml").write_text("content: content\nfloor: 0.01\n")
    made = in_process(tmp_path, "fill", "--check", "--allow-no-vcs")
    assert (made.returncode, "Traceback" in made.stderr) == (1, False)
    made = in_process(tmp_path, "fill", "--write", "--allow-no-vcs")
    assert (made.returncode, "Traceback" in made.stderr) == (0, False)
    assert use(folder) == "used"
    assert json.loads((folder / MANIFEST).read_text())["format"] == FORMAT
