"""The vectors of a site's titles, kept beside its model by their digests, so that ten edits embed ten titles."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Texts
from recommender.article import digest
from recommender.build.kept_arrays import read_arrays
from recommender.settings import OFF, Settings
from recommender.system import parallel
from recommender.system.disk import replace_file
from recommender.text.title_embeddings import DIMENSIONS, edition_of_model, embed_titles, require

FILE_NAME = "titles.npz"


def embed_site(
    titles: Texts, settings: Settings, progress: parallel.Progress = parallel.silent, folder: Path | None = None
) -> NDArray[np.int8] | None:
    """Embed the titles of a site, in parallel, but for those that ``folder`` knows: (articles, 384) int8.

    None where the setting is off.

    Raises:
        RecommenderError: the extra is not installed.
    """
    if settings.embeddings == OFF:
        return None
    require()
    own = titles.all()
    known = _load(folder) if folder else {}
    wanted = {digest(title): title for title in own}
    missing = sorted(set(wanted) - set(known))
    with parallel.on(None):  # the machines of a cluster need not have the extra
        found = parallel.run(embed_titles, [wanted[key] for key in missing], progress, label="embedding titles")
        known |= dict(zip(missing, found, strict=True))
    if folder and missing:
        with contextlib.suppress(OSError):  # the next build then embeds them again
            _save(folder, {key: known[key] for key in sorted(wanted)})
    return np.array([known[digest(title)] for title in own], np.int8).reshape(-1, DIMENSIONS)


def _save(folder: Path, known: dict[str, NDArray[np.int8]]) -> None:
    keys = np.frombuffer(bytes.fromhex("".join(known)), np.uint8).reshape(-1, 16)
    stream = io.BytesIO()
    edition = np.frombuffer(edition_of_model().encode(), np.uint8)
    np.savez(stream, allow_pickle=False, edition=edition, keys=keys, vectors=np.array(list(known.values()), np.int8))
    replace_file(folder / FILE_NAME, stream.getbuffer())


def _load(folder: Path) -> dict[str, NDArray[np.int8]]:
    """Give the vectors that a build kept, by the digests of their titles; none of a damaged file or another model."""
    with contextlib.suppress(Exception):  # whatever a damaged file does to zipfile and numpy
        arrays = read_arrays(folder / FILE_NAME)
        keys, vectors = arrays["keys"], arrays["vectors"]
        whole = keys.shape == (len(vectors), 16) and vectors.shape == (len(keys), DIMENSIONS)
        good = whole and keys.dtype.str == "|u1" and vectors.dtype.str == "|i1"
        if good and arrays["edition"].tobytes().decode() == edition_of_model():
            return dict(zip((key.tobytes().hex() for key in keys), vectors, strict=True))
    return {}
