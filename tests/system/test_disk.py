"""Replacing one small file: old or new and whole, whatever fails."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from pathlib import Path

import pytest

from recommender.system import disk
from recommender.system.disk import make_folders, remove_leftovers, replace_file, sync, sync_folder


def test_a_new_file_and_a_replaced_one(tmp_path: Path):
    file = tmp_path / "a.json"
    replace_file(file, b"one")
    first = file.stat().st_ino
    replace_file(file, b"two\r\n\x00")
    assert file.read_bytes() == b"two\r\n\x00"
    assert file.stat().st_ino != first
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_reader_keeps_the_version_it_opened(tmp_path: Path):
    file = tmp_path / "a.json"
    replace_file(file, b"one")
    with file.open("rb") as stream:
        replace_file(file, b"a longer two")
        assert stream.read() == b"one"


def test_a_missing_folder_is_an_error_of_the_system(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "none" / "a.json", b"x")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_no_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str):
    file = tmp_path / "a.json"
    file.write_bytes(b"old")

    def fail(*arguments: object, **named: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    if call == "fsync":
        monkeypatch.setattr(disk.os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="Input/output"):
        replace_file(file, b"new")
    assert (file.read_bytes(), os.listdir(tmp_path)) == (b"old", ["a.json"])


def test_a_write_that_lies_about_its_length_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "a.json"
    file.write_bytes(b"old")
    real = os.fsync

    def cut(descriptor: int) -> None:
        os.ftruncate(descriptor, 2)
        real(descriptor)

    monkeypatch.setattr(disk.os, "fsync", cut)
    with pytest.raises(OSError, match="short write"):
        replace_file(file, b"new")
    assert (file.read_bytes(), os.listdir(tmp_path)) == (b"old", ["a.json"])


def test_leftovers_are_removed_by_their_exact_name_and_in_one_folder(tmp_path: Path):
    names = [".0123456789abcdef.reltmp", ".mine.reltmp", "0123456789abcdef.reltmp", "sub/.0123456789abcdef.reltmp"]
    (tmp_path / "sub").mkdir()
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    remove_leftovers(tmp_path)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == sorted(names[1:])


def test_an_interrupt_leaves_the_old_file_and_no_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "a.json"
    file.write_bytes(b"old")

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(disk.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_file(file, b"new")
    assert (file.read_bytes(), os.listdir(tmp_path)) == (b"old", ["a.json"])


def test_file_is_synced_before_the_rename_and_its_folder_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    calls: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note_fsync(descriptor: int) -> None:
        name = os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))
        calls.append("folder" if name == tmp_path.name else name)
        fsync(descriptor)

    def note_replace(self: Path, target: Path) -> Path:
        calls.append(f"rename to {target.name}")
        return replace(self, target)

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("no /proc to tell which file is synced")
    monkeypatch.setattr(disk.os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    replace_file(tmp_path / "a.json", b"x")
    assert re.fullmatch(r"\.[0-9a-f]{16}\.reltmp", calls[0])
    assert calls[1:] == ["rename to a.json", "folder"]


def test_sync_takes_files_and_folders_and_leaves_no_descriptor(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"x")
    lowest = os.dup(0)
    os.close(lowest)
    sync(str(tmp_path / "a"))
    sync(str(tmp_path))
    again = os.dup(0)
    os.close(again)
    assert again == lowest
    with pytest.raises(FileNotFoundError):
        sync(str(tmp_path / "none"))


def test_folders_are_made_and_each_name_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    synced: list[str] = []
    monkeypatch.setattr(disk, "sync", synced.append)
    before = os.umask(0o022)
    try:
        make_folders(tmp_path / "a" / "b" / "c", mode=0o700)
    finally:
        os.umask(before)
    assert synced == [str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a" / "b")]
    assert [(tmp_path / path).stat().st_mode & 0o777 for path in ("a", "a/b", "a/b/c")] == [0o755, 0o755, 0o700]
    make_folders(tmp_path / "a" / "b" / "c")
    assert len(synced) == 3
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        make_folders(tmp_path / "file" / "a")


@pytest.mark.parametrize(("number", "told"), [(errno.EIO, True), (errno.ENOSPC, True), (errno.EACCES, False)])
def test_a_folder_that_the_disk_did_not_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: bool):
    def fail(path: str) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(disk, "sync", fail)
    with pytest.raises(OSError, match=re.escape(str(tmp_path))) if told else contextlib.nullcontext():
        sync_folder(str(tmp_path))
