"""What a build read, kept beside its model, so that the next one reads only the files that changed since.

A file is unchanged by git's rule: same size, times and inode, and older than the index by more than two seconds
(a change within the same tick of the clock would leave the same times). Any other is compared by its bytes.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from hashlib import sha256
from itertools import chain, pairwise, repeat
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import decoded, pack, pack_bytes
from recommender.article import Article
from recommender.build.kept_arrays import read_arrays
from recommender.problems import Problem
from recommender.settings import Settings
from recommender.site.includes import Taken, state_of
from recommender.site.reader import Read, Stamp
from recommender.system.code_version import edition
from recommender.system.disk import replace_file
from recommender.text.tokens import Tokens, lines_of
from recommender.visibility import read_visibility

FILE_NAME = "index.npz"
_READING = "recommender.build.collection"  # reads files and counts their words, with all that it imports
RACY = 2_000_000_000  # ns
_TEXTS = (
    "path",
    "url",
    "id",
    "title",
    "subject",
    "date",
    "answer_digest",
    "source_digest",
    "file_digest",
    "language",
    "version",
    "further",
)
# Of one text, its lines; no address holds a line break.
_LINES = ("aliases", "names", "mentions")
# What a build has no use for, and what each day decides anew.
UNREAD: dict[str, Any] = {"texts": (), "links": (), "style": None, "hidden": "", "hidden_for_good": False, "stated": ""}


@dataclass(frozen=True)
class Index:
    """The files of a site by the paths they were listed under, as they were read.

    The words of their articles lie beside it, in the order of the files. ``read_at`` is when reading began, in ns since
    1970; ``key`` tells by which settings and which code.
    """

    key: str
    read_at: int
    paths: Sequence[str]
    reads: Sequence[Read]
    verify: bool = False  # trust no times

    @cached_property
    def number_of(self) -> Mapping[str, int]:
        """Find a file by its path."""
        return {path: number for number, path in enumerate(self.paths)}

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """Find the digest of a file's bytes by its path, where they alone tell what it gives: it includes no other."""
        pairs = zip(self.paths, self.reads, strict=True)
        return {path: read.digest for path, read in pairs if not read.taken}

    def read(self, path: str) -> Read:
        """Give what a file gave that the index knows."""
        return self.reads[self.number_of[path]]

    def unchanged(self, root: str, path: str) -> bool:
        """Tell whether a file is known, and as it was, by its size, times and inode alone.

        ``root`` ends with a separator: to join two paths properly takes longer than to ask for the times.
        """
        number = self.number_of.get(path)
        if number is None or self.verify:
            return False
        try:
            found = os.lstat(root + path)
        except OSError:
            return False
        stamp, sure = self.reads[number].stamp, self.read_at - RACY
        # One after the other: to make a Stamp of each file takes a third of the time.
        return (
            stamp is not None
            and sure > found.st_mtime_ns == stamp.modified
            and sure > found.st_ctime_ns == stamp.changed
            and found.st_size == stamp.size
            and found.st_ino == stamp.inode
            and all(self._taken_unchanged(root, taken, sure) for taken in self.reads[number].taken)
        )

    def _taken_unchanged(self, root: str, taken: Taken, sure: int) -> bool:
        state = state_of(root + taken.path)
        return state == taken.state and all(sure > time for time in state[1:3])


def now() -> int:
    """Give the time in ns since 1970, by the clock that files are stamped with."""
    return time.time_ns()


def key_of(settings: Settings) -> str:
    """Give a digest of the settings of reading and of this package's code, which decide what is read of a file."""
    values = (
        asdict(settings.keys),
        settings.url.aliases,
        settings.sources,
        list(settings.weighted),
        dict(settings.text),
        settings.lead_words,
        settings.lead_times,
        settings.code_times,
        settings.hidden,
        settings.page_rules,
        settings.answers,
        asdict(settings.pages) | {"patterns": dict(settings.pages.patterns)},
        [asdict(one) | {"fields": dict(one.fields)} for one in settings.links],
    )
    return sha256(f"{json.dumps(values)}\0{edition(_READING)}".encode()).hexdigest()


def save_index(index: Index, tokens: Tokens, folder: Path) -> None:
    """Write an index, with the words of its articles, beside a model, atomically."""
    articles = [read.article for read in index.reads if read.article]
    texts = {name: pack(map(attrgetter(name), articles)) for name in _TEXTS}
    texts |= {name: pack("\n".join(getattr(one, name)) for one in articles) for name in _LINES}
    texts["visibility"] = pack(article.visibility.written() for article in articles)
    texts["file"] = pack_bytes(map(os.fsencode, index.paths))
    texts["problems"] = pack(_problems_as_text(read.problems) for read in index.reads)
    texts["taken"] = pack(json.dumps(read.taken) if read.taken else "" for read in index.reads)
    texts["digest"] = pack(map(attrgetter("digest"), index.reads))
    texts["vocabulary"] = pack(tokens.vocabulary)
    texts["key"] = pack([index.key])
    stamps = chain.from_iterable(read.stamp or (-1, -1, -1, -1) for read in index.reads)
    arrays: dict[str, NDArray[Any]] = {
        "read_at": np.array([index.read_at], np.int64),
        "is_article": np.array([read.article is not None for read in index.reads], np.bool_),
        "stamps": np.fromiter(stamps, np.int64, 4 * len(index.reads)).reshape(-1, 4),
        "starts": tokens.starts,
        "numbers": tokens.numbers,
    }
    for name, value in texts.items():
        arrays |= {f"{name}_blob": value.blob, f"{name}_offsets": value.offsets}
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    replace_file(folder / FILE_NAME, stream.getbuffer())


def load_index(folder: Path, settings: Settings, *, verify: bool = False) -> Index | None:
    """Open the index beside a model; None where there is none of these settings and this code that is whole.

    With ``verify`` no file counts as unchanged by its size and times alone.
    """
    key = key_of(settings)
    with contextlib.suppress(Exception):  # whatever a damaged file does to zipfile, numpy or json
        arrays = _arrays(folder, key, lambda name: not _is_of_tokens(name))
        return replace(_opened(key, arrays), verify=verify) if arrays else None
    return None


def load_tokens(folder: Path, settings: Settings) -> tuple[int, Tokens] | None:
    """Open the words that lie beside an index, with its ``read_at``; None where ``load_index`` gives None, or might.

    Apart from the index: they take as long, and another process may open them.
    """
    with contextlib.suppress(Exception):
        arrays = _arrays(folder, key_of(settings), _is_of_tokens)
        return (_read_at(arrays), _tokens(arrays, len(lines_of(settings).sources))) if arrays else None
    return None


def _is_of_tokens(name: str) -> bool:
    return name.startswith(("starts", "numbers", "vocabulary"))


def _arrays(folder: Path, key: str, wanted: Callable[[str], bool]) -> dict[str, NDArray[Any]]:
    """Give the wanted arrays of an index, and the small ones that go with all; none where it is not of this key."""
    always = ("key_blob", "key_offsets", "read_at", "is_article")
    arrays = read_arrays(folder / FILE_NAME, lambda name: name in always or wanted(name))
    return arrays if arrays and _texts(arrays, "key") == [key] else {}


def _read_at(arrays: Mapping[str, NDArray[Any]]) -> int:
    return int(arrays["read_at"][0])


def _opened(key: str, arrays: Mapping[str, NDArray[Any]]) -> Index:
    paths = [os.fsdecode(one) for one in _bytes(arrays, "file")]
    columns_of: dict[str, Iterable[Any]] = {name: _texts(arrays, name) for name in _TEXTS}
    columns_of |= {name: [tuple(text.split("\n")) if text else () for text in _texts(arrays, name)] for name in _LINES}
    columns_of |= {name: repeat(value) for name, value in UNREAD.items()}
    columns_of["visibility"] = map(read_visibility, _texts(arrays, "visibility"))
    # By position: a site has 36,000, and names would have to be looked up for each.
    articles = map(Article, *(columns_of[field.name] for field in fields(Article)))
    stamps = [None if row[0] < 0 else Stamp(*row) for row in arrays["stamps"].tolist()]
    problems = [_problems(text) for text in _texts(arrays, "problems")]
    usable = (next(articles) if own else None for own in arrays["is_article"].tolist())
    taken = [_taken(text) for text in _texts(arrays, "taken")]
    reads = list(map(Read, usable, problems, stamps, _texts(arrays, "digest"), repeat(False), taken))
    if len(paths) != len(reads) or next(articles, None) is not None:
        raise ValueError("not the index that was written")
    return Index(key, _read_at(arrays), paths, reads)


def _tokens(arrays: Mapping[str, NDArray[Any]], lines: int) -> Tokens:
    starts, numbers, vocabulary = arrays["starts"], arrays["numbers"], _texts(arrays, "vocabulary")
    good = (
        (starts.dtype.str, numbers.dtype.str) == ("<i8", "<i4")
        and starts.shape == (lines * arrays["is_article"].sum() + 1,)
        and starts[0] == 0
        and starts[-1] == len(numbers)
        and bool(np.all(starts[1:] >= starts[:-1]))
        and (not len(numbers) or (numbers.min() >= -1 and numbers.max() < len(vocabulary)))
    )
    if not good:
        raise ValueError("not the words that were written")
    return Tokens(vocabulary, starts, numbers, lines)


def _problems_as_text(problems: Sequence[Problem]) -> str:
    return json.dumps([asdict(problem) for problem in problems]) if problems else ""


def _problems(text: str) -> tuple[Problem, ...]:
    return tuple(Problem(**one) for one in json.loads(text)) if text else ()


def _taken(text: str) -> tuple[Taken, ...]:
    return tuple(Taken(path, tuple(state), whole) for path, state, whole in json.loads(text)) if text else ()


def _bytes(arrays: Mapping[str, NDArray[Any]], name: str) -> list[bytes]:
    blob, offsets = arrays[f"{name}_blob"].tobytes(), arrays[f"{name}_offsets"].tolist()
    return [blob[start:stop] for start, stop in pairwise(offsets)]


def _texts(arrays: Mapping[str, NDArray[Any]], name: str) -> list[str]:
    return decoded(arrays[f"{name}_blob"].tobytes(), arrays[f"{name}_offsets"].tolist())
