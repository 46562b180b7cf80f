"""The disk's primitives: replace one small file whole, wait for the disk, hold a folder's lock."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from recommender.errors import RecommenderError

TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.reltmp")
# Trouble of the disk, not of one file: the next file would meet it too.
FATAL = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG, errno.ENFILE, errno.EMFILE}


class LockHeld(RecommenderError):
    """Another run writes to the same folder."""


def replace_file(file: Path, data: bytes | memoryview, *, durable: bool = True) -> None:
    """Replace a small file atomically, its mode and where possible its owner kept; the parent folder must exist.

    ``durable`` waits for the disk, so that no failure of power undoes it or leaves it empty.
    """
    temporary = file.with_name(f".{secrets.token_hex(8)}.reltmp")
    try:
        with temporary.open("xb") as stream:
            _take_over(stream.fileno(), file)
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
            if os.fstat(stream.fileno()).st_size != len(data):
                raise OSError(errno.EIO, "a short write", str(temporary))
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(str(file.parent))


def _take_over(descriptor: int, file: Path) -> None:
    """Give an open file the mode and the owner of another, if there is one; a foreign owner only root can give."""
    try:
        before = file.lstat()
    except OSError:
        return
    if os.name != "posix" or not stat.S_ISREG(before.st_mode):
        return
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
        for owner in (before.st_uid, -1):
            with contextlib.suppress(OSError):
                os.fchown(descriptor, owner, before.st_gid)
                break
    if (mode := stat.S_IMODE(before.st_mode)) != stat.S_IMODE(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, mode)


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files that killed runs left directly in a folder; call it under a lock only."""
    for leftover in folder.glob(".*.reltmp"):
        if TEMPORARY.fullmatch(leftover.name):
            leftover.unlink(missing_ok=True)


def sync(path: str) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: str) -> None:
    """Wait until the names in a folder are on the disk; one that may not be read, or is gone, has no say.

    So it is with every folder on Windows, which opens none.

    Raises:
        OSError: the disk fails, so that what was done there must not be called done.
    """
    try:
        sync(folder)
    except OSError as error:
        if error.errno in FATAL:
            raise OSError(error.errno, error.strerror, folder) from None


def make_folders(folder: Path, mode: int = 0o777) -> None:
    """Make a folder, and those above it that are missing, so that no failure of power takes what is written in it."""
    missing = [one for one in folder.parents if not os.path.lexists(one)]
    for one in [*reversed(missing), folder]:
        if not one.is_dir():
            one.mkdir(mode if one == folder else 0o777, exist_ok=True)
            sync_folder(str(one.parent))


@contextlib.contextmanager
def locked(root: Path, patience: float = 0.0) -> Iterator[None]:
    """Hold the lock of a folder of articles; the kernel frees it when the process ends, however it ends.

    Another run is waited for up to ``patience`` seconds.

    Raises:
        LockHeld: another run holds it.
        RecommenderError: this system has no such lock, so nothing is written.
    """
    try:
        import fcntl  # noqa: PLC0415  (not on Windows, where everything but writing runs)
    except ImportError:
        raise RecommenderError("writing needs Linux or macOS; here, apply the printed diff with git") from None
    try:
        descriptor = os.open(root, os.O_RDONLY)
    except OSError as error:
        raise RecommenderError(f"{root}: cannot be opened ({error.strerror}); name the site's folder") from None
    try:
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() >= until:
                    raise LockHeld(f"another run is writing to {root}; wait until it has ended") from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)
