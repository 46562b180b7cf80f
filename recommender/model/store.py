"""A model on disk: plain ``.npy`` files and one manifest, published atomically, verified whole before use.

``models/NAME/manifest.json`` is the only file that is ever replaced. It names the files of
``models/NAME/<content hash>/``, which are never rewritten: rewriting a mapped file kills its readers (SIGBUS).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import mmap
import os
import re
import shutil
import stat
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender import __version__
from recommender.arrays.sparse_rows import ascends
from recommender.errors import ModelError, WriteStopped
from recommender.model import array_schema
from recommender.model.model import Model
from recommender.settings import Settings, ranking_settings
from recommender.system.code_version import edition
from recommender.system.disk import FATAL, locked, make_folders, remove_leftovers, replace_file, sync_folder
from recommender.system.threads import in_threads

FORMAT = 9
MANIFEST = "manifest.json"
MAX_MANIFEST = 1024 * 1024
KEPT_VERSIONS = 2
SMALL = 16 * 1024 * 1024  # bytes: one thread writes them in 0.05 s, and two do (measured)
_VERSION = re.compile(r"[0-9a-f]{32}")
_KEYS = {"format", "created_with", "built_at", "corpus_digest", "settings", "version", "files"}
_FILE_KEYS = {"bytes", "sha256", "dtype", "shape"}
_HEADER = threading.Lock()
REBUILD = "build it again: `recommender build`"


def save_model(model: Model, folder: Path) -> str:
    """Publish a model and give its version; readers see the old or the new one, whole.

    Raises:
        ModelError: the folder cannot be written to.
        WriteStopped: the disk is full or fails; the model that was there before still is.
        LockHeld: another build writes there.
    """
    try:
        make_folder(folder)
        with locked(folder) if os.name == "posix" else contextlib.nullcontext():
            _remove_leftovers(folder)
            staging = Path(tempfile.mkdtemp(prefix=".tmp-", dir=folder))
            try:
                return _publish(model, folder, staging)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        # numpy reports a short write without the system's words for it.
        reason = error.strerror or "the disk is full"
        kind = WriteStopped if error.errno in (*FATAL, None) else ModelError
        raise kind(f"{folder}: the model cannot be written ({reason}); free space or name another --model") from None


def make_folder(folder: Path) -> None:
    """Make the folder of a model, which git ignores."""
    make_folders(folder)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        replace_file(ignore, b"*\n")


def _remove_leftovers(folder: Path) -> None:
    """Delete what killed builds left; call it under the lock only."""
    for leftover in folder.glob(".tmp-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    remove_leftovers(folder)


def _publish(model: Model, folder: Path, staging: Path) -> str:
    arrays = array_schema.to_arrays(model)
    # A thread that the system gives no memory at its start is waited for without end (CPython): not for a small model.
    threads = 2 if sum(array.nbytes for array in arrays.values()) > SMALL else 1
    written = in_threads(threads, lambda name: _write_array(staging / f"{name}.npy", arrays[name]), list(arrays))
    files = dict(zip(arrays, written, strict=True))  # half of the time went into checksums, half into waiting
    version = version_of(files)
    made = {"format": FORMAT, "created_with": _creator(), "version": version, "files": files}
    manifest = made | array_schema.to_header(model)
    staging.chmod(0o755)
    sync_folder(str(staging))
    target = folder / version
    if target.exists():
        # The same content hash, so the same files: readers may have them mapped, so they stay unless damaged.
        if not _same_files(target, files):
            _remove(target)
            staging.rename(target)
    else:
        staging.rename(target)
    os.utime(target)  # its age tells which versions are the last two
    sync_folder(str(folder))  # before the manifest names it: two renames may reach the disk in either order
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    replace_file(folder / MANIFEST, text.encode("utf-8"))
    _drop_old(folder, version)
    return version


def _creator() -> dict[str, str]:
    return {"recommender": __version__, "numpy": np.__version__, "edition": edition("recommender.build.pipeline")[:32]}


def own_manifest(folder: Path, settings: Settings) -> dict[str, Any] | None:
    """Read the manifest of a model that this very code has made with these settings; None where there is none."""
    with contextlib.suppress(ModelError):
        manifest = read_manifest(folder)
        wanted = json.loads(json.dumps(ranking_settings(settings)))  # tuples come back as lists
        return manifest if (manifest["created_with"], manifest["settings"]) == (_creator(), wanted) else None
    return None


def articles_in(manifest: Mapping[str, Any]) -> int:
    """Tell how many articles the model of a manifest has, as far as that can be told without opening it."""
    return sum(manifest["files"]["families"]["shape"][:1])


def load_model(folder: Path) -> Model:
    """Open a saved model: sizes, checksums, types, shapes and bounds are verified, arrays are memory-mapped.

    Raises:
        ModelError: missing, of another format version, or damaged, with the file and the remedy.
    """
    return open_model(folder, read_manifest(folder))


def open_model(folder: Path, manifest: Mapping[str, Any]) -> Model:
    """Open the version of a saved model that a manifest names, as ``load_model`` does.

    Raises:
        ModelError: missing or damaged, with the file and the remedy.
    """
    place = folder / manifest["version"]
    files: Mapping[str, Mapping[str, Any]] = manifest["files"]
    opened = in_threads(2, lambda name: _open_array(place, name, files[name]), list(files))
    arrays = dict(zip(files, opened, strict=True))
    try:
        model = array_schema.from_arrays(arrays, manifest)
    except array_schema.LayoutError as error:
        raise ModelError(f"{place}: {error}; {REBUILD}") from None
    for name, array in arrays.items():
        if name.endswith("_indices") and not ascends(arrays[name.replace("_indices", "_indptr")], array):
            raise ModelError(f"{place}: {name} do not ascend; {REBUILD}")
    return model


def let_go(model: Model) -> None:
    """Take the pages of a model's files out of this process: checking has touched all, an answer needs few.

    The system keeps them at hand; a process that only holds a model for those it forks then takes no memory for it.
    """
    for array in array_schema.to_arrays(model).values():
        base: Any = array
        while isinstance(base, np.ndarray):
            base = base.base
        if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            base.madvise(mmap.MADV_DONTNEED)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read and check a model's manifest.

    Raises:
        ModelError: there is none, it is of another version, or its values are not of the agreed form.
    """
    file = folder / MANIFEST
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_MANIFEST + 1)
    except FileNotFoundError:
        raise ModelError(f"{folder} holds no model; build one: `recommender build`") from None
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror}); check its permissions") from None
    if len(data) > MAX_MANIFEST:
        raise ModelError(f"{file}: larger than 1 MiB, so not a manifest; {REBUILD}")
    try:
        manifest = json.loads(data.decode("utf-8"), object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ModelError(f"{file}: damaged (not the JSON that was written); {REBUILD}") from None
    if not isinstance(manifest, dict) or type(manifest.get("format")) is not int:
        raise ModelError(f"{file}: names no format version; {REBUILD}")
    if manifest["format"] > FORMAT:
        raise ModelError(f"{file}: format {manifest['format']}, newer than {FORMAT}; upgrade recommender")
    if manifest["format"] < FORMAT:
        raise ModelError(f"{file}: format {manifest['format']}, older than {FORMAT}; {REBUILD}")
    _check_manifest(file, manifest)
    return manifest


def _check_manifest(file: Path, manifest: dict[str, Any]) -> None:
    if set(manifest) != _KEYS:
        raise ModelError(f"{file}: keys are missing or unknown; {REBUILD}")
    if not isinstance(manifest["version"], str) or not _VERSION.fullmatch(manifest["version"]):
        raise ModelError(f"{file}: version is not a content hash; {REBUILD}")
    files = manifest["files"]
    if not isinstance(files, dict) or set(files) - set(array_schema.OPTIONAL) != set(array_schema.DTYPES):
        raise ModelError(f"{file}: files are missing or unknown; {REBUILD}")
    dtypes = array_schema.DTYPES | array_schema.OPTIONAL
    for name, entry in files.items():
        good = (
            isinstance(entry, dict)
            and set(entry) == _FILE_KEYS
            and isinstance(entry["bytes"], int)
            and isinstance(entry["shape"], list)
            and all(isinstance(size, int) and size >= 0 for size in entry["shape"])
            and entry["dtype"] == dtypes[name]
        )
        if not good:
            raise ModelError(f"{file}: the entry of {name} is not as written; {REBUILD}")
    if version_of(files) != manifest["version"]:
        raise ModelError(f"{file}: the version does not match the files; {REBUILD}")


def version_of(files: Mapping[str, Any]) -> str:
    """Give the name of the version that has these files: a hash of their entries."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:32]


def versions_in(folder: Path) -> list[str]:
    """Name the versions that lie in a model's folder, the youngest first."""
    found = [path for path in folder.iterdir() if _VERSION.fullmatch(path.name)]
    return [path.name for path in sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)]


def file_entries(place: Path) -> dict[str, dict[str, Any]]:
    """Describe the files of a version as its manifest did; ``version_of`` tells whether they are as they were.

    Raises:
        OSError: a file cannot be read, or is no array.
    """
    entries = {}
    for name in array_schema.DTYPES:
        file = place / f"{name}.npy"
        try:
            with _HEADER:
                array = np.lib.format.open_memmap(file, mode="r", max_header_size=10_000)
        except ValueError as error:
            raise OSError(str(error)) from None
        entries[name] = {
            "bytes": file.stat().st_size,
            "sha256": _checksum(file),
            "dtype": array.dtype.str,
            "shape": list(array.shape),
        }
    return entries


def _open_array(place: Path, name: str, entry: Mapping[str, Any]) -> NDArray[Any]:
    file = place / f"{name}.npy"
    try:
        # Without O_NONBLOCK a pipe in the place of a file would be waited for.
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise ModelError(f"{file}: cannot be opened ({error.strerror}); {REBUILD}") from None
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        os.close(descriptor)
        raise ModelError(f"{file}: not a regular file; {REBUILD}")
    with os.fdopen(descriptor, "rb") as stream:
        size = info.st_size
        if size != entry["bytes"]:
            raise ModelError(f"{file}: {size:,} bytes instead of {entry['bytes']:,}; {REBUILD}")
        if hashlib.file_digest(stream, "sha256").hexdigest() != entry["sha256"]:
            raise ModelError(f"{file}: damaged (its checksum differs); {REBUILD}")
    try:
        # One at a time: numpy reads the header with ast, which CPython 3.11 breaks in parallel threads (SystemError).
        with _HEADER:
            # Not np.load, which would open a zip or a pickle too.
            array: NDArray[Any] = np.lib.format.open_memmap(file, mode="r", max_header_size=10_000)
    except Exception:  # the header is parsed as Python: TokenError, MemoryError, anything
        raise ModelError(f"{file}: not a plain array; {REBUILD}") from None
    if array.dtype.str != entry["dtype"] or list(array.shape) != entry["shape"] or not array.flags.c_contiguous:
        raise ModelError(f"{file}: type or shape differ from the manifest; {REBUILD}")
    # A plain view of the map: memmap's own class makes every slice ten times as slow.
    return np.asarray(array)


def _write_array(file: Path, array: NDArray[Any]) -> dict[str, Any]:
    with file.open("wb") as stream:
        np.save(stream, np.ascontiguousarray(array), allow_pickle=False)
        stream.flush()
        os.fsync(stream.fileno())
    _check_written(file, array)
    return {
        "bytes": file.stat().st_size,
        "sha256": _checksum(file),
        "dtype": array.dtype.str,
        "shape": list(array.shape),
    }


def _check_written(file: Path, array: NDArray[Any]) -> None:
    """Look at header and length: a checksum of what a short write left says nothing of what should lie there."""
    try:
        with _HEADER:
            whole = np.lib.format.open_memmap(file, mode="r").shape == array.shape
    except ValueError:  # numpy maps no file that is shorter than its header says
        whole = False
    if not whole:
        raise OSError(errno.EIO, "a short write", str(file))


def _same_files(place: Path, files: Mapping[str, Mapping[str, Any]]) -> bool:
    try:
        return all(_checksum(place / f"{name}.npy") == entry["sha256"] for name, entry in files.items())
    except OSError:
        return False


def _checksum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _drop_old(folder: Path, current: str) -> None:
    # The last two versions stay: a server may still map the one before.
    found = [version for version in versions_in(folder) if version != current]
    for old in found[KEPT_VERSIONS - 1 :]:
        with contextlib.suppress(OSError):  # the new model is published; what cannot go now goes with the next
            _remove(folder / old)


def _remove(version: Path) -> None:
    # Away by one rename: emptied file by file, a ruin would be left by a kill, and its new age would protect it.
    doomed = version.with_name(f".tmp-{version.name}")
    version.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
