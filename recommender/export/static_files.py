"""Every article's links as one small static file, for a site that any server of files or CDN serves.

A run writes only what changed and deletes only what an earlier run wrote: the index in the folder names it all.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from recommender import __version__
from recommender.errors import FileProblem, RecommenderError, WriteStopped
from recommender.model import documents
from recommender.model.documents import RelatedRequest
from recommender.model.model import Model
from recommender.site.files import read_bytes
from recommender.system import parallel
from recommender.system.disk import FATAL, locked, remove_leftovers, replace_file, sync_folder

FORMAT = 1
# No article's: behind the _ of a name stand two hexadecimal digits, a slash, or the end.
INDEX, ROOT = "_index.json", "_"
# Every edit moves all rarities of words a little. On a site of 35,910 articles ten edited files change 35,850 files
# with nine decimals, 9,632 with four, 1,781 with three, 382 with two, and 136 without the score.
DECIMALS = 2
# A segment's most, where file systems allow 255; and a name's, where keys of object stores and paths of macOS end at
# 1,024, of which the folder takes some.
SEGMENT, LONGEST = 200, 900
_UNSAFE = re.compile(rb"%([0-9A-Fa-f]{2})|[^a-z0-9/-]|/(?=/)")
_INDEX_PAGE = re.compile(r"/index\.html?$")
_LONG = re.compile(rf"[^/]{{{SEGMENT}}}(?=[^/])")
_OURS = re.compile(r"(?:[a-z0-9_-]+/)*[a-z0-9_-]+\.json")


@dataclass(frozen=True)
class Exported:
    """What a run did: counts of files, and the urls that got none, each with the reason."""

    written: int
    unchanged: int
    deleted: int
    left_out: tuple[tuple[str, str], ...]


def file_of(url: str) -> str:
    """Give the file of an article's url, relative to the folder.

    Scheme, host, fragment, ``index.html`` and the slashes at both ends are dropped. Of what is left every byte but
    ``a-z 0-9 - /``, every ``%XX`` and every slash before a slash become ``_xx``, and behind every 200 characters of a
    longer segment comes ``_/``. So names are safe everywhere, also where case does not count: ``..`` is ``_2e_2e``;
    and no file stands where another needs a folder, because only files have a dot.
    """
    try:
        parts = urlsplit(url.strip())
        text = _INDEX_PAGE.sub("", parts.path).strip("/") + (f"?{parts.query}" if parts.query else "")
    except ValueError:  # a host in brackets that is none
        text = url.strip("/")
    name = _UNSAFE.sub(_escaped, text.encode("utf-8", "surrogatepass")).decode("ascii")
    return (_LONG.sub(r"\g<0>_/", name) or ROOT) + ".json"


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"_" + (found[1].lower() if found[1] else found[0].hex().encode())


def export_files(
    model: Model, version: str, limit: int, folder: Path, progress: parallel.Progress = parallel.silent
) -> Exported:
    """Bring a folder up to date with a model: a file for each article, and none of articles that have gone.

    However a run ends, each file is its old or its new self, whole, and the next run goes on from there.

    Raises:
        RecommenderError: the folder holds files that no export wrote, or a link leads out of it.
        LockHeld: another run writes there.
    """
    places, left_out = _places(model.catalogue.urls.all())
    with _opened(folder):
        index, tree = _read_index(folder), _Tree(folder)
        tree.check(index.names | places.keys(), index.names)
        held = index.data
        if places.keys() - index.names:
            # Named before the first is written: what a killed run leaves is known to the next.
            held = _index_bytes(index.names | places.keys(), index.model)
            replace_file(folder / INDEX, held)
        tree.sweep(index.names)
        step, written = progress("writing", len(places)), 0
        for name, row in places.items():
            written += tree.write(name, _document(model, row, limit))
            step(1)
        deleted = sum(tree.delete(name) for name in sorted(index.names - places.keys()))
        tree.settle()
        final = _index_bytes(places.keys(), {"version": version, "built_at": model.built_at})
        if final != held:
            replace_file(folder / INDEX, final)
    return Exported(written, len(places) - written, deleted, tuple(left_out))


def _places(urls: Iterable[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Give the row of every file, and the urls without one: the first of several that need it has it."""
    places: dict[str, int] = {}
    left_out = []
    for row, url in enumerate(urls):
        name = file_of(url)
        if len(name) > LONGEST:
            left_out.append((url, f"its file's name would have {len(name):,} characters, more than {LONGEST}"))
        elif places.setdefault(name, row) != row:
            left_out.append((url, f"another article's url needs the same file {name}"))
    return places, left_out


def _document(model: Model, row: int, limit: int) -> bytes:
    """Give what the service answers for an article, but for the model, which is new with every build."""
    answer = documents.related(model, row, RelatedRequest(limit), ())
    related = [{**link, "score": round(link["score"], DECIMALS)} for link in answer["related"]]
    return (_json({**answer, "related": related}) + "\n").encode("utf-8", "surrogatepass")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise RecommenderError(f"{folder} is not a folder; name one for the files") from None
    except OSError as error:
        kind = WriteStopped if error.errno in FATAL else RecommenderError
        raise kind(f"{folder} cannot be made ({error.strerror}); name another folder") from None
    with locked(folder) if os.name == "posix" else contextlib.nullcontext():
        remove_leftovers(folder)
        yield


def _index_bytes(names: Collection[str], model: object) -> bytes:
    """Give the index: one file a line, sorted; ``model`` is that of the last finished run, None before it."""
    head = {"format": FORMAT, "created_with": f"recommender {__version__}", "model": model}
    files = ",\n".join(_json(name) for name in sorted(names))
    return f'{_json(head)[:-1]},"files":[\n{files}\n]}}\n'.encode()


@dataclass(frozen=True)
class _Index:
    names: frozenset[str]
    model: object
    data: bytes


def _read_index(folder: Path) -> _Index:
    """Give what earlier runs wrote; nothing for an empty folder.

    Raises:
        RecommenderError: the folder is somebody else's, or the index is not as written.
    """
    file = folder / INDEX
    mode = _mode(file)
    if not mode:
        if any(folder.iterdir()):
            raise RecommenderError(
                f"{folder} holds files that no export wrote (it has no {INDEX}); name an empty or a new folder"
            )
        return _Index(frozenset(), None, b"")
    data = file.read_bytes() if stat.S_ISREG(mode) else b""
    try:
        index = json.loads(data)
    except (ValueError, RecursionError):
        index = None
    form, names = (index.get("format"), index.get("files")) if isinstance(index, dict) else (None, None)
    if type(form) is int and form > FORMAT:
        raise RecommenderError(f"{file}: format {form}, newer than {FORMAT}; upgrade recommender")
    # Name by name: they say what may be overwritten and deleted.
    if form != FORMAT or not isinstance(names, list) or not all(map(_is_ours, names)):
        raise RecommenderError(f"{file}: not as an export wrote it; delete {folder}, or name another folder")
    return _Index(frozenset(names), index.get("model"), data)


def _is_ours(name: object) -> bool:
    return isinstance(name, str) and _OURS.fullmatch(name) is not None and name != INDEX


class _Tree:
    """The folder of files, and which folders below it are there: real ones, for a link is followed nowhere."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known = {"": True}
        self._thinned: set[str] = set()

    def check(self, names: Iterable[str], ours: Collection[str]) -> None:
        """Raise RecommenderError where something of somebody else stands in the place of a file or folder."""
        for name in names:
            if self._is_folder(os.path.dirname(name)) and name not in ours and _mode(self.root / name):
                raise RecommenderError(f"{self.root / name}: not written by an export; move it, or name another folder")

    def sweep(self, names: Iterable[str]) -> None:
        """Delete the temporary files of killed runs beside the files of earlier runs."""
        for above in sorted({os.path.dirname(name) for name in names}):
            if self._is_folder(above):
                remove_leftovers(self.root / above)

    def write(self, name: str, data: bytes) -> bool:
        """Bring one file up to date; tell whether it had to be written."""
        above, file = os.path.dirname(name), self.root / name
        if self._is_folder(above) and _read(file) == data:
            return False
        self._make(above)
        # Not durable one by one, 7 times as long: after a failure of power the next run finds what differs.
        replace_file(file, data, durable=False)
        return True

    def delete(self, name: str) -> bool:
        """Delete one file of an earlier run, and the folders that are empty then; tell whether it was there."""
        if not self._is_folder(os.path.dirname(name)) or not stat.S_ISREG(_mode(self.root / name)):
            return False
        (self.root / name).unlink()
        while name := os.path.dirname(name):
            self._thinned.add(name)
            try:
                (self.root / name).rmdir()
            except OSError:  # not empty
                return True
            self._known[name] = False
        self._thinned.add("")
        return True

    def settle(self) -> None:
        """Wait until the disk has deleted what was: a file that came back and is not in the index is nobody's."""
        for name in sorted(self._thinned):
            sync_folder(str(self.root / name))

    def _make(self, path: str) -> None:
        if not self._is_folder(path):
            self._make(os.path.dirname(path))
            (self.root / path).mkdir()
            self._known[path] = True

    def _is_folder(self, path: str) -> bool:
        """Tell whether a folder is there; raise RecommenderError where it, or one above it, is anything else."""
        if path not in self._known:
            mode = _mode(self.root / path) if self._is_folder(os.path.dirname(path)) else 0
            if mode and not stat.S_ISDIR(mode):
                raise RecommenderError(f"{self.root / path}: not a folder, or a linked one; move it away")
            self._known[path] = mode != 0
        return self._known[path]


def _read(file: Path) -> bytes | None:
    """Read a file for comparison, through no link; None where there is none, or something else."""
    try:
        return read_bytes(str(file))[0]
    except FileProblem:
        return None


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0
