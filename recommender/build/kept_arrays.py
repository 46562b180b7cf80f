"""Arrays that a build keeps beside its model in one file, written uncompressed, and damaged or forged maybe."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_arrays(file: Path, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, NDArray[Any]]:
    """Give the wanted arrays of a file; none where there is no such file, or it would unpack to more than its size.

    Raises:
        Exception: whatever a damaged file does to zipfile and numpy.
    """
    if not file.is_file() or file.is_symlink():  # a pipe would be waited for
        return {}
    with file.open("rb") as stream:
        with zipfile.ZipFile(stream) as members:
            # It is written uncompressed, so it holds no more than its size.
            if sum(member.file_size for member in members.infolist()) > file.stat().st_size:
                return {}
        with np.load(stream, allow_pickle=False) as held:
            return {name: held[name] for name in held.files if wanted(name)}
