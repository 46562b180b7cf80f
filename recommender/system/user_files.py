"""Files that users name or keep: looked at before there is work for them, written whole, else as they were."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
from pathlib import Path

from recommender.errors import RecommenderError, WriteStopped
from recommender.system.disk import FATAL, replace_file

ANOTHER = "or name another file"


class NotWritten(RecommenderError):
    """No file can be written where a user wants one."""


def check_target(file: Path) -> None:
    """Refuse a place where no file can be written, before the work whose result is to go there.

    Raises:
        NotWritten: it is a folder, its folder is missing, or rights are.
    """
    if _is_device(file):
        return
    place = _behind_link(file)
    folder = place.parent
    if os.path.islink(place):
        raise NotWritten(f"{file} cannot be written: it is a link that leads to itself; delete it, {ANOTHER}")
    if os.path.isdir(place):
        raise NotWritten(f"{file} is a folder; name a file")
    if not os.path.isdir(folder):
        raise NotWritten(f"{file} cannot be written: there is no folder {folder}; make it first, {ANOTHER}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NotWritten(f"{file} cannot be written: its folder allows no new files; change its mode, {ANOTHER}")
    if os.path.exists(place) and not (place.stat().st_mode & 0o222 and os.access(place, os.W_OK)):
        raise NotWritten(f"{file} cannot be written: it is read-only; change its mode, {ANOTHER}")


def check_kept(file: Path) -> None:
    """Refuse a place where no file can be read, changed and written back.

    Raises:
        NotWritten: as ``check_target`` does, or a pipe or device is there.
    """
    if _is_device(file):
        raise NotWritten(f"{file} is a pipe or a device; name a file")
    check_target(file)


def cache_folder(site: Path) -> Path:
    """Give the folder of what is kept for a site outside of it: ``$XDG_CACHE_HOME/recommender/NAME-DIGEST``."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    resolved = os.path.realpath(site)
    digest = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:16]
    name = re.sub(r"[^A-Za-z0-9._-]", "-", os.path.basename(resolved))[:40]
    return Path(home, "recommender", f"{name}-{digest}")


def check_folder(folder: Path) -> None:
    """Refuse a place where no folder can be made or filled, before the work whose result is to go there.

    Raises:
        NotWritten: a file is in its place or above it, or rights are missing.
    """
    place = folder
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if not os.path.isdir(place):
        above = "" if place == folder else f" cannot be made: {place}"
        raise NotWritten(f"{folder}{above} is not a folder; name another")
    if not os.access(place, os.W_OK | os.X_OK):
        raise NotWritten(f"{folder} cannot be written to: {place} allows no new files; change that, or name another")


def write_target(file: Path, data: bytes) -> None:
    """Write a file that a user named: whole or not at all, through a link; into a pipe or device as it comes.

    Raises:
        NotWritten: it cannot be written there.
        WriteStopped: the disk is full or fails; the file is as it was.
    """
    check_target(file)
    try:
        if _is_device(file):
            with file.open("wb") as stream:
                stream.write(data)
        else:
            replace_file(_behind_link(file), data)
    except BrokenPipeError:  # the reader has gone
        raise
    except OSError as error:
        if error.errno in FATAL:
            raise WriteStopped(f"{file} cannot be written ({error.strerror}); free space, {ANOTHER}") from None
        raise NotWritten(f"{file} cannot be written ({error.strerror}); {ANOTHER.removeprefix('or ')}") from None


def rewrite(file: Path, data: bytes) -> None:
    """Give a text file of the user's new lines, in the way of the old ones; nothing is written where they are the same.

    Raises as ``check_kept`` and ``write_target`` do.
    """
    check_kept(file)
    before = file.read_bytes() if file.exists() else b""
    now = like(data, before)
    if now != before:
        write_target(file, now)


def like(data: bytes, before: bytes) -> bytes:
    """Give lines, which end with LF, the byte order mark, line ends and end of a text from before, if there is one."""
    if before and not before.endswith(b"\n"):
        data = data.removesuffix(b"\n")
    if 2 * before.count(b"\r\n") > before.count(b"\n"):
        data = data.replace(b"\n", b"\r\n")
    return codecs.BOM_UTF8 + data if before.startswith(codecs.BOM_UTF8) else data


def _behind_link(file: Path) -> Path:
    return Path(os.path.realpath(file)) if os.path.islink(file) else file


def _is_device(file: Path) -> bool:
    """Tell a pipe, a terminal and the like, which must not be replaced by a file."""
    try:
        mode = file.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
