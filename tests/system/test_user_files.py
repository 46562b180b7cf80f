"""Files that users name or keep: where none can be written, and what of an old one stays."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_sites import open_to_others

from recommender.errors import RecommenderError, WriteStopped
from recommender.system import user_files
from recommender.system.user_files import NotWritten, check_target, like, rewrite, write_target

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and devices are not this system's")
Place = Callable[[Path], Path]


def linked(folder: Path) -> Path:
    (folder / "link").symlink_to("none/x")
    return folder / "link"


def loop(folder: Path) -> Path:
    (folder / "loop").symlink_to("loop")
    return folder / "loop"


def below_a_file(folder: Path) -> Path:
    (folder / "file").write_bytes(b"")
    return folder / "file" / "x"


def read_only(folder: Path) -> Path:
    (folder / "kept").write_bytes(b"old")
    (folder / "kept").chmod(0o444)
    return folder / "kept"


@POSIX
@pytest.mark.parametrize(
    ("place", "words"),
    [
        (lambda folder: folder, " is a folder; name a file"),
        (
            lambda folder: folder / "none" / "x",
            " cannot be written: there is no folder {folder}/none; make it first, or",
        ),
        (below_a_file, " cannot be written: there is no folder {folder}/file; make it first, or name another file"),
        (linked, " cannot be written: there is no folder {folder}/none; make it first, or name another file"),
        (read_only, " cannot be written: it is read-only; change its mode, or name another file"),
        (lambda folder: folder / ("x" * 300), " cannot be written (File name too long); name another file"),
        (loop, " cannot be written: it is a link that leads to itself; delete it, or name another file"),
    ],
    ids=["folder", "no folder", "below a file", "link into no folder", "read-only", "long name", "loop"],
)
def test_where_no_file_can_be_written_the_place_is_named(tmp_path: Path, place: Place, words: str) -> None:
    file = place(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(NotWritten, match="^" + re.escape(f"{file}{words.format(folder=tmp_path)}")) as refused:
        write_target(file, b"new")
    assert refused.value.exit_code == 2
    assert sorted(tmp_path.rglob("*")) == before
    if file.name == "kept":
        assert file.read_bytes() == b"old"


@POSIX
def test_a_folder_without_rights_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    open_to_others(tmp_path.parent)
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    if not os.geteuid():
        os.seteuid(65534)
    try:
        # access looks at the real user, who is root still where tests run as root.
        with pytest.raises(NotWritten, match=r"locked/x cannot be written(: its folder| \(Permission)"):
            write_target(locked / "x", b"new")
    finally:
        if not os.getuid():
            os.seteuid(0)
    assert not list(locked.iterdir())


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, 1), (errno.EIO, 1), (errno.EROFS, 1), (errno.EACCES, 2)])
def test_what_fails_while_it_is_written_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    def fail(file: Path, data: bytes) -> None:
        raise OSError(number, os.strerror(number), str(file.with_name(".0123456789abcdef.reltmp")))

    monkeypatch.setattr(user_files, "replace_file", fail)
    with pytest.raises(WriteStopped if code == 1 else NotWritten) as failed:
        write_target(tmp_path / "x", b"new")
    assert failed.value.exit_code == code
    assert str(failed.value).startswith(f"{tmp_path / 'x'} cannot be written ({os.strerror(number)}); ")


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o640, 0o755])
def test_mode_owner_and_link_stay(tmp_path: Path, mode: int) -> None:
    real = tmp_path / "real"
    real.write_bytes(b"old")
    real.chmod(mode)
    if not os.geteuid():
        os.chown(real, 65534, 65533)
    (tmp_path / "link").symlink_to("real")
    before = real.stat()
    write_target(tmp_path / "link", b"new")
    after = real.stat()
    assert (real.read_bytes(), (tmp_path / "link").is_symlink()) == (b"new", True)
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


@POSIX
def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_target(tmp_path / "x", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


@POSIX
def test_a_pipe_and_a_device_are_written_into_and_stay(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_target(tmp_path / "pipe", b"new")
    reader.join()
    assert read == [b"new"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    write_target(Path(os.devnull), b"new")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.skipif(sys.platform != "linux", reason="no device that is always full")
def test_a_full_device_is_a_full_disk() -> None:
    with pytest.raises(WriteStopped, match=r"^/dev/full cannot be written \(No space left on device\); free space"):
        write_target(Path("/dev/full"), b"new")


CHARACTERS = st.characters(exclude_characters="\r\n\ufeff", exclude_categories=["Cs"])
LINES = st.lists(st.text(CHARACTERS, min_size=1, max_size=3), min_size=1)


@given(LINES, LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_new_lines_are_written_in_the_way_of_the_old_ones(
    old: list[str], new: list[str], end: str, whole: bool, mark: bool
) -> None:
    def written(lines: list[str]) -> bytes:
        return (("\ufeff" if mark else "") + end.join(lines) + (end if whole else "")).encode()

    if len(old) < 2 and not whole:
        end = "\n"  # a text without a line end tells none
    assert like("".join(line + "\n" for line in new).encode(), written(old)) == written(new)


def test_a_file_that_says_the_same_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "x"
    rewrite(file, b"")
    assert not file.exists()
    file.write_bytes(b"\xef\xbb\xbfa\r\nb")
    inode = file.stat().st_ino
    rewrite(file, b"a\nb\n")
    assert file.stat().st_ino == inode
    rewrite(file, b"a\nc\n")
    assert file.read_bytes() == b"\xef\xbb\xbfa\r\nc"


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    check_target(tmp_path / "x")
    check_target(Path("x"))
    with pytest.raises(RecommenderError):
        check_target(tmp_path / "none" / "x")
    assert not list(tmp_path.iterdir())
