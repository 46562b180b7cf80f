"""A site by what its last build read; only files that changed, or that name a certain page, are read whole."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from recommender.build.read_cache import load_index
from recommender.errors import FileProblem
from recommender.settings import Settings
from recommender.site.corpus import SiteReads, listed
from recommender.site.files import read_bytes
from recommender.site.reader import Read, Reading
from recommender.system import parallel

_ESCAPE = re.compile(rb"%[0-9a-f]{2}")


@dataclass(frozen=True)
class Naming:
    """The work of finding the files that hold one of some names, in letters of any case."""

    root: str
    names: tuple[bytes, ...]

    def __call__(self, paths: Sequence[str]) -> list[str]:
        """Give those of some files that do."""
        return [path for path in paths if self._holds(path)]

    def _holds(self, path: str) -> bool:
        try:
            data = read_bytes(os.path.join(self.root, path))[0].lower()
        except FileProblem:
            return False
        # A link may have any of its letters as an escape.
        forms = (data, unquote_to_bytes(data).lower()) if _ESCAPE.search(data) else (data,)
        return any(name in form for form in forms for name in self.names)


def read_known(
    root: Path,
    settings: Settings,
    folder: Path,
    whole: Iterable[str],
    names: Callable[[Mapping[str, Read]], tuple[bytes, ...]],
) -> tuple[SiteReads, frozenset[str]]:
    """Read a site with the index of the build in a folder, and tell which of its files were read whole.

    Those are ``whole``, what the index does not know as it is, and what holds one of the ``names`` that are made of
    what these gave. The others have neither texts nor links.

    Raises:
        ContentError: the folder does not exist or holds no Markdown file.
    """
    paths, problems = listed(root, settings.pages)
    index, prefix = load_index(folder, settings), os.path.join(root, "")
    wanted = {*whole}
    changed = [path for path in paths if index is None or path in wanted or not index.unchanged(prefix, path)]
    fresh = _read(root, settings, changed)
    if sought := names(fresh):
        others = [path for path in paths if path not in fresh]
        naming = parallel.run(Naming(str(root), sought), others, label="looking for links")
        fresh |= _read(root, settings, list(naming))
    reads = {path: fresh[path] if index is None or path in fresh else index.read(path) for path in paths}
    return SiteReads(root, settings, reads, problems), frozenset(fresh)


def _read(root: Path, settings: Settings, paths: Sequence[str]) -> dict[str, Read]:
    parts = parallel.run(Reading(str(root), settings), paths)
    return dict(zip(paths, (read for part in parts for read in part.reads), strict=True))
