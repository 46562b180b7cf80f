"""Replace one small file of ours so that readers see the old or the new one, whole, also after a power cut."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def replace_file(file: Path, data: bytes) -> None:
    """Replace a small file of ours atomically and durably; the parent folder must exist."""
    temporary = file.with_name(f".{secrets.token_hex(8)}.reltmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(str(file.parent))


def sync(path: str) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
