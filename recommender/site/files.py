"""A site's files: which there are below a folder, and the bytes of one; no link is followed, no pipe waited for."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from recommender.errors import FileProblem
from recommender.problems import Problem

MAX_BYTES = 1024 * 1024
PIECE = 64 * 1024
SUFFIXES = (".md", ".markdown", ".mdx")
# Below ``vendor`` Bundler keeps a site's gems, whose front matter Jekyll skips too.
GEMS = ("bundle", "cache", "gems", "ruby")
ENVIRONMENT = "pyvenv.cfg"  # at the top of a Python environment, whatever its name


def read_bytes(path: str, limit: int = MAX_BYTES) -> tuple[bytes, os.stat_result]:
    """Read one regular file whole, following no link and never blocking on a pipe.

    Raises:
        FileProblem: not a regular file, larger than the limit, or an error of the system.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        code = "not-a-file" if os.path.islink(path) else "unreadable"
        reason = "a symbolic link" if code == "not-a-file" else str(error.strerror)
        raise FileProblem(code, reason) from None
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise FileProblem("not-a-file", "not a regular file")
        if info.st_size > limit:
            raise FileProblem("too-large", f"the file has {info.st_size:,} bytes")
        data = _read_all(descriptor, info.st_size, limit)
    except OSError as error:
        raise FileProblem("unreadable", str(error.strerror)) from None
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise FileProblem("too-large", f"the file grew beyond {limit >> 20} MiB while it was read")
    return data, info


def check_writable(path: str, info: os.stat_result) -> None:
    """Refuse what a rename would break.

    Raises:
        FileProblem: a hard link, a file without write permission for its owner, or one with extended attributes.
    """
    if info.st_nlink != 1:
        raise FileProblem("not-editable", "the file has several names (hard links), which a rename would part")
    if not info.st_mode & 0o200:
        raise FileProblem("not-editable", "the file is read-only")
    listxattr = getattr(os, "listxattr", None)
    if listxattr is not None:
        try:
            names = set(listxattr(path, follow_symlinks=False)) - {"security.selinux"}
        except OSError:
            names = set()
        if names:
            raise FileProblem("not-editable", f"extended attributes would be lost: {', '.join(sorted(names))}")


def _read_all(descriptor: int, expected: int, limit: int) -> bytes:
    """Read to the end, but one byte more than the limit at most: a file that grows while it is read ends here too."""
    chunks, size, wanted = [], 0, expected + 1
    while size <= limit and (chunk := os.read(descriptor, wanted)):
        chunks.append(chunk)
        size += len(chunk)
        wanted = min(PIECE, limit + 1 - size)
    return b"".join(chunks)


def is_article_name(name: str) -> bool:
    """Tell by its name whether a file may hold an article."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def is_skipped(folder: str) -> bool:
    """Tell by its path whether a folder below a site's own holds other people's files, articles or not."""
    name = os.path.basename(folder)
    if name.startswith(".") or name == "node_modules":
        return True
    return name in GEMS and os.path.basename(os.path.dirname(folder)) == "vendor"


def walk(root: str, failed: Callable[[OSError], None] | None = None) -> Iterator[tuple[str, list[str], list[str]]]:
    """Give the folders of a site as ``os.walk`` does, in order, without those that are skipped or a Python environment.

    What may be cut from the list of subfolders is what ``os.walk`` lets be cut.
    """
    for folder, subfolders, names in os.walk(root, onerror=failed):
        if ENVIRONMENT in names and folder != root:
            subfolders.clear()
            continue
        subfolders[:] = sorted(name for name in subfolders if not is_skipped(os.path.join(folder, name)))
        yield folder, subfolders, names


def is_walked(root: str, path: str) -> bool:
    """Tell whether ``walk`` comes to the folder that holds a path below the root, whether or not the path is there."""
    folder = os.path.dirname(path)
    while len(folder) > len(root):
        if is_skipped(folder) or os.path.exists(os.path.join(folder, ENVIRONMENT)):
            return False
        folder = os.path.dirname(folder)
    return True


def list_files(root: Path) -> tuple[list[str], list[Problem]]:
    """List the Markdown files below a folder, sorted, and what cannot be listed."""
    paths: list[str] = []
    problems: list[Problem] = []

    def failed(error: OSError) -> None:
        name = os.path.relpath(error.filename, root)
        problems.append(Problem("unreadable", printed(name), reason=f"the folder cannot be listed: {error.strerror}"))

    for folder, subfolders, names in walk(str(root), failed):
        relative = os.path.relpath(folder, root)
        prefix = "" if relative == "." else relative + os.sep
        paths += [prefix + name for name in names if is_article_name(name)]
        for name in subfolders:
            if name.lower().endswith(SUFFIXES):
                problems.append(Problem("not-a-file", printed(prefix + name), reason="a folder with a file's name"))
            if os.path.islink(os.path.join(folder, name)):
                problems.append(Problem("not-a-file", printed(prefix + name), reason="a linked folder, not followed"))
    return sorted(paths), problems


def printed(path: str) -> str:
    """Give a path as text that every output can print: bytes that are no UTF-8 are escaped."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
