"""The write protocol under faults: every file old or new and whole, the user's edits never lost, runs resumable."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_sites import command, contents, in_process, write_files

from recommender.editing import writer
from recommender.editing.plan import Edit
from recommender.editing.writer import Applied, apply_edits, remove_leftovers
from recommender.errors import Interrupted, RecommenderError, WriteStopped
from recommender.system import disk as atomic
from recommender.system.disk import LockHeld, locked

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.reltmp")
NAMES = [f"{letter}.md" for letter in "abcdef"]
OLD, NEW = b"---\nold\n---\nbody\n", b"---\nnew, and longer\n---\nbody\n"


def edit_of(root: Path, path: str, new: bytes = NEW, old: bytes | None = None) -> Edit:
    data = (root / path).read_bytes() if old is None else old
    digests = hashlib.sha256(data).hexdigest(), hashlib.sha256(new).hexdigest()
    return Edit(path, f"/{path}", *digests, 0, len(data), new)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path / "content", dict.fromkeys(NAMES, OLD))


def temporaries(folder: Path) -> list[str]:
    return [name for _, _, names in os.walk(folder) for name in names if TEMPORARY.fullmatch(name)]


def codes(applied: Applied) -> list[tuple[str, str]]:
    return [(problem.path, problem.code) for problem in applied.problems]


def forked(work: Callable[[], object]) -> str:
    """Run in a child process and give what it returned or raised, as text."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            answer = str(work())
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(write, answer.encode()[:60_000])
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        answer = stream.read().decode()
    os.waitpid(child, 0)
    return answer


# --- what is written


def test_edits_are_written_and_a_second_run_finds_them_done(root: Path):
    edits = [edit_of(root, name) for name in NAMES]
    assert apply_edits(root, edits) == Applied(6, 0, ())
    assert contents(root) == dict.fromkeys(NAMES, NEW)
    times = [(root / name).stat().st_mtime_ns for name in NAMES]
    assert apply_edits(root, edits) == Applied(0, 6, ())
    assert [(root / name).stat().st_mtime_ns for name in NAMES] == times


def test_no_edit_at_all(root: Path):
    assert apply_edits(root, []) == Applied(0, 0, ())


def test_only_the_span_of_the_edit_is_replaced(root: Path):
    data = b"\xef\xbb\xbf---\r\na: 1\r\n---\r\n\x00body\xff"
    (root / "a.md").write_bytes(data)
    after = data[:8] + b"ins\r\n" + data[12:]
    digests = hashlib.sha256(data).hexdigest(), hashlib.sha256(after).hexdigest()
    assert apply_edits(root, [Edit("a.md", "/a", *digests, 8, 12, b"ins\r\n")]).written == 1
    assert (root / "a.md").read_bytes() == after


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o640, 0o666, 0o2755])
def test_modes_stay_whatever_the_umask(root: Path, mode: int):
    (root / "a.md").chmod(mode)
    before = os.umask(0o077)
    try:
        assert apply_edits(root, [edit_of(root, "a.md")]).written == 1
    finally:
        os.umask(before)
    assert (root / "a.md").stat().st_mode & 0o7777 == mode
    assert (root / "a.md").read_bytes() == NEW


def test_the_owner_stays(root: Path):
    if os.geteuid():
        pytest.skip("giving a file to another user needs root")
    os.chown(root / "a.md", 65534, 65533)
    assert apply_edits(root, [edit_of(root, "a.md")]).written == 1
    info = (root / "a.md").stat()
    assert (info.st_uid, info.st_gid) == (65534, 65533)


def test_long_and_odd_names(root: Path):
    names = ["n" * 251 + ".md", "new\nline.md", "übung 語.md", "deep/er/x.md"]
    write_files(root, dict.fromkeys(names, OLD))
    assert apply_edits(root, [edit_of(root, name) for name in names]).written == 4
    assert all((root / name).read_bytes() == NEW for name in names)


@pytest.mark.parametrize("batch", [1, 2, 4, 6, 7])
def test_batches_make_no_difference(root: Path, monkeypatch: pytest.MonkeyPatch, batch: int):
    monkeypatch.setattr(writer, "BATCH", batch)
    steps: list[int] = []
    edits = [edit_of(root, name) for name in NAMES]
    assert apply_edits(root, edits, lambda label, total: steps.append) == Applied(6, 0, ())
    assert contents(root) == dict.fromkeys(NAMES, NEW)
    assert sum(steps) == 6


def test_writing_in_another_thread_leaves_signals_alone(root: Path):
    answers: list[Applied] = []
    thread = threading.Thread(target=lambda: answers.append(apply_edits(root, [edit_of(root, "a.md")])))
    thread.start()
    thread.join()
    assert answers == [Applied(1, 0, ())]


def test_handlers_of_signals_are_put_back(root: Path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    apply_edits(root, [edit_of(root, "a.md")])
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_every_temporary_is_synced_before_its_rename_and_the_folder_after(root: Path, monkeypatch: pytest.MonkeyPatch):
    calls: list[str] = []
    sync, replace = writer.sync, os.replace

    def note_sync(path: str) -> None:
        calls.append("temporary" if TEMPORARY.fullmatch(os.path.basename(path)) else "folder")
        sync(path)

    def note_replace(source: str, target: str) -> None:
        calls.append("rename")
        replace(source, target)

    for module in (writer, atomic):
        monkeypatch.setattr(module, "sync", note_sync)
    monkeypatch.setattr(writer.os, "replace", note_replace)
    apply_edits(root, [edit_of(root, name) for name in NAMES[:2]])
    assert calls == ["temporary", "temporary", "rename", "rename", "folder"]


# --- what another writer did meanwhile


def append(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b"mine\n")


def same_size_and_time(file: Path) -> None:
    info = file.stat()
    file.write_bytes(OLD.replace(b"old", b"OLD"))
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))


def replaced(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(b"mine\n")
    other.replace(file)


def deleted(file: Path) -> None:
    file.unlink()


def swapped(file: Path) -> None:
    file.rename(file.parent.parent / "away")
    file.symlink_to(file.parent.parent / "away")


def fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def grown(file: Path) -> None:
    file.write_bytes(OLD + b"x" * 1024 * 1024)


def chmod(file: Path) -> None:
    file.chmod(0o600)


def same_bytes_anew(file: Path) -> None:
    replaced(file)
    file.write_bytes(OLD)


def state(file: Path) -> tuple[object, ...]:
    try:
        info = file.lstat()
    except FileNotFoundError:
        return ("nothing",)
    content = os.readlink(file) if file.is_symlink() else file.read_bytes() if file.is_file() else b""
    return info.st_ino, info.st_mode, info.st_mtime_ns, content


CHANGES = [append, same_size_and_time, replaced, deleted, swapped, fifo, folder, grown]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_plan_and_write_stays_and_is_reported(root: Path, change: Callable[[Path], None]):
    edits = [edit_of(root, name) for name in NAMES]
    change(root / "c.md")
    mine = state(root / "c.md")
    applied = apply_edits(root, edits)
    assert (applied.written, codes(applied)) == (5, [("c.md", "conflict")])
    assert state(root / "c.md") == mine
    assert temporaries(root) == []


@pytest.mark.parametrize("change", [*CHANGES, chmod, same_bytes_anew])
def test_a_change_between_read_and_rename_stays_and_is_reported(
    root: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
):
    edits = [edit_of(root, name) for name in NAMES]
    sync, mine, turn = writer.sync, [], threading.Lock()

    def meddle(path: str) -> None:
        # All files have been read and staged when the first temporary is synced, by one of several threads.
        with turn:
            if not mine:
                change(root / "c.md")
                mine.append(state(root / "c.md"))
        sync(path)

    monkeypatch.setattr(writer, "sync", meddle)
    applied = apply_edits(root, edits)
    assert (applied.written, codes(applied)) == (5, [("c.md", "conflict")])
    assert [state(root / "c.md")] == mine
    assert temporaries(root) == []


def test_a_mode_changed_after_the_plan_is_kept(root: Path):
    edits = [edit_of(root, "a.md")]
    (root / "a.md").chmod(0o600)
    assert apply_edits(root, edits).written == 1
    assert (root / "a.md").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("change", ["hard link", "read-only", "attribute"])
def test_what_became_unsafe_after_the_plan_is_refused(root: Path, tmp_path: Path, change: str):
    edits = [edit_of(root, name) for name in NAMES[:2]]
    if change == "hard link":
        os.link(root / "a.md", tmp_path / "second")
    elif change == "read-only":
        (root / "a.md").chmod(0o444)
    else:
        try:
            os.setxattr(root / "a.md", "user.note", b"mine")
        except (AttributeError, OSError) as error:
            pytest.skip(f"no extended attributes here: {error}")
    applied = apply_edits(root, edits)
    assert (applied.written, codes(applied)) == (1, [("a.md", "not-editable")])
    assert (root / "a.md").read_bytes() == OLD


def test_a_folder_that_was_swapped_for_a_link_out_of_content(root: Path, tmp_path: Path):
    write_files(root, {"sub/a.md": OLD})
    edits = [edit_of(root, "sub/a.md")]
    (root / "sub").rename(tmp_path / "outside")
    (root / "sub").symlink_to(tmp_path / "outside")
    applied = apply_edits(root, edits)
    assert (applied.written, codes(applied)) == (0, [("sub/a.md", "conflict")])
    assert contents(tmp_path / "outside") == {"a.md": OLD}


@pytest.mark.parametrize("path", ["../outside.md", "sub/../../outside.md", "{absolute}"])
def test_a_path_out_of_content_is_never_written(root: Path, tmp_path: Path, path: str):
    write_files(tmp_path, {"outside.md": OLD})
    (root / "sub").mkdir()
    path = path.format(absolute=tmp_path / "outside.md")
    applied = apply_edits(root, [edit_of(root, path, old=OLD)])
    assert (applied.written, [code for _, code in codes(applied)]) == (0, ["conflict"])
    assert (tmp_path / "outside.md").read_bytes() == OLD


def test_a_damaged_plan_is_not_written(root: Path):
    good = edit_of(root, "a.md")
    bad = Edit(good.path, good.url, good.before, good.after, 1, good.end, good.text)
    applied = apply_edits(root, [bad])
    assert codes(applied) == [("a.md", "conflict")]
    assert "damaged" in applied.problems[0].reason
    assert contents(root) == dict.fromkeys(NAMES, OLD)


# --- disks and rights


@contextlib.contextmanager
def tmpfs(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("mounting a small file system needs root and mount")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def big(text: bytes) -> bytes:
    return text * (8000 // len(text))


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_a_full_disk_stops_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int):
    monkeypatch.setattr(writer, "BATCH", batch)
    with tmpfs(tmp_path / "disk", "size=64k") as disk:
        # 16 pages: 6 files of 1, ballast of 6, so 4 are free; each file grows to 2.
        write_files(disk, {**dict.fromkeys(NAMES, OLD), "ballast": b"x" * 6 * 4096})
        edits = [edit_of(disk, name, big(NEW)) for name in NAMES]
        with pytest.raises(
            WriteStopped, match=r"No space left on device; writing stopped, every file is whole"
        ) as stop:
            apply_edits(disk, edits)
        assert stop.value.exit_code == 1
        assert str(stop.value).endswith("left; resume with: recommender fill --resume")
        done = [name for name in NAMES if (disk / name).read_bytes() == big(NEW)]
        assert f"about {len(done):,} files done, {6 - len(done):,} left" in str(stop.value)
        assert {1: 3, 2: 2, 500: 0}[batch] == len(done)
        assert all((disk / name).read_bytes() == OLD for name in NAMES if name not in done)
        assert temporaries(disk) == []
        (disk / "ballast").unlink()
        monkeypatch.setattr(writer, "BATCH", 1)
        assert apply_edits(disk, edits) == Applied(6 - len(done), len(done), ())
        assert contents(disk) == dict.fromkeys(NAMES, big(NEW))


def test_no_inode_left(tmp_path: Path):
    with tmpfs(tmp_path / "disk", "size=1m,nr_inodes=9") as disk:
        write_files(disk, dict.fromkeys(NAMES, OLD))
        edits = [edit_of(disk, name) for name in NAMES]
        with pytest.raises(WriteStopped, match="No space left on device"):
            apply_edits(disk, edits)
        assert contents(disk) == dict.fromkeys(NAMES, OLD)
        subprocess.run(["mount", "-o", "remount,nr_inodes=100", str(disk)], check=True)
        assert apply_edits(disk, edits) == Applied(6, 0, ())


def test_a_disk_that_became_read_only(tmp_path: Path):
    with tmpfs(tmp_path / "disk", "size=1m") as disk:
        write_files(disk, dict.fromkeys(NAMES, OLD))
        edits = [edit_of(disk, name) for name in NAMES]
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(WriteStopped, match="Read-only file system; writing stopped"):
            apply_edits(disk, edits)
        assert contents(disk) == dict.fromkeys(NAMES, OLD)


def test_a_limit_on_file_sizes(root: Path):
    edits = [edit_of(root, "a.md"), edit_of(root, "b.md", big(NEW)), edit_of(root, "c.md")]

    def work() -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        return apply_edits(root, edits)

    assert "WriteStopped" in (answer := forked(work))
    assert "File too large; writing stopped, every file is whole" in answer
    assert contents(root) == dict.fromkeys(NAMES, OLD)


def test_a_limit_on_open_files_is_no_matter(root: Path):
    names = [f"{number}.md" for number in range(40)]
    write_files(root, dict.fromkeys(names, OLD))
    edits = [edit_of(root, name) for name in names]

    def work() -> object:
        # A few more than are open already: a batch must not keep its 40 files open.
        limit = max(map(int, os.listdir("/dev/fd"))) + 12
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        return apply_edits(root, edits)

    assert forked(work) == str(Applied(40, 0, ()))


@pytest.fixture
def open_root() -> Iterator[Path]:
    """A content folder that any user can reach (pytest's own are closed to others)."""
    top = Path(tempfile.mkdtemp())
    top.chmod(0o755)
    root = write_files(top / "content", dict.fromkeys(NAMES, OLD))
    root.chmod(0o755)
    yield root
    subprocess.run(["chattr", "-R", "-i", str(top)], check=False, capture_output=True)
    shutil.rmtree(top)


def as_nobody(work: Callable[[], object]) -> str:
    def without_rights() -> object:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        return work()

    return forked(without_rights if not os.geteuid() else work)


def test_a_folder_without_write_permission_stops_no_other(open_root: Path):
    write_files(open_root, {"free/a.md": OLD})
    edits = [edit_of(open_root, name) for name in ("a.md", "free/a.md")]
    if not os.geteuid():
        for path in ("free", "a.md", "free/a.md"):
            os.chown(open_root / path, 65534, 65534)
    open_root.chmod(0o555)
    answer = as_nobody(lambda: [(a := apply_edits(open_root, edits)).written, codes(a), a.problems[0].reason])
    open_root.chmod(0o755)
    reason = "its folder or owner does not allow writing (Permission denied)"
    assert answer == str([1, [("a.md", "not-editable")], reason])
    assert (open_root / "free" / "a.md").read_bytes() == NEW
    assert (open_root / "a.md").read_bytes() == OLD
    assert temporaries(open_root) == []


def test_a_file_of_another_owner_is_refused(open_root: Path):
    if os.geteuid():
        pytest.skip("giving a file to another user needs root")
    open_root.chmod(0o777)
    edits = [edit_of(open_root, "a.md")]
    answer = as_nobody(lambda: [(a := apply_edits(open_root, edits)).written, codes(a)])
    assert answer == str([0, [("a.md", "not-editable")]])
    assert contents(open_root) == dict.fromkeys(NAMES, OLD)
    assert (open_root / "a.md").stat().st_uid == 0


@pytest.mark.parametrize("what", ["a.md", "."])
def test_an_immutable_file_or_folder_is_refused(open_root: Path, what: str):
    edits = [edit_of(open_root, "a.md")]
    if os.geteuid() or not shutil.which("chattr"):
        pytest.skip("making a file immutable needs root and chattr")
    made = subprocess.run(["chattr", "+i", str(open_root / what)], check=False, capture_output=True)
    if made.returncode:
        pytest.skip(f"chattr +i is not supported here: {made.stderr.decode().strip()}")
    applied = apply_edits(open_root, edits)
    assert (applied.written, codes(applied)) == (0, [("a.md", "not-editable")])
    subprocess.run(["chattr", "-i", str(open_root / what)], check=True)
    assert contents(open_root) == dict.fromkeys(NAMES, OLD)


# --- the lock, leftovers


def test_the_lock_is_held_by_one(root: Path):
    with locked(root):
        with (
            pytest.raises(LockHeld, match=r"another run is writing to .*; wait until it has ended") as caught,
            locked(root),
        ):
            pytest.fail("two held the lock")
        assert caught.value.exit_code == 2
    with locked(root):
        pass


def test_the_lock_of_a_missing_folder_is_wrong_use(tmp_path: Path):
    with pytest.raises(RecommenderError, match="No such file or directory") as caught, locked(tmp_path / "none"):
        pytest.fail("held the lock of nothing")
    assert caught.value.exit_code == 2


def test_the_lock_is_freed_when_its_holder_is_killed(site: Path):
    hold = (
        "import sys, time, pathlib; from recommender.system.disk import locked\n"
        "with locked(pathlib.Path('content')): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold], cwd=site, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        before = contents(site)
        second = command(site, "fill", "--write")
        assert second.returncode == 2
        assert re.fullmatch(
            r"recommender: another run is writing to .*content; wait until it has ended\n", second.stderr
        )
        assert contents(site) == before
    finally:
        holder.kill()
        holder.communicate()
    assert in_process(site, "fill", "--write").returncode == 0


def test_leftovers_are_removed_by_their_exact_name(root: Path):
    gone = [".0123456789abcdef.reltmp", "sub/.ffffffffffffffff.reltmp"]
    kept = [
        "0123456789abcdef.reltmp",
        ".0123456789ABCDEF.reltmp",
        ".0123456789abcdef.reltmp.md",
        ".0123456789abcde.reltmp",
        "x.0123456789abcdef.reltmp",
    ]
    write_files(root, dict.fromkeys([*gone, *kept], b"x"))
    assert remove_leftovers(root) == 2
    assert sorted(contents(root)) == sorted([*kept, *NAMES])


# --- signals, kills and errors at every point of a run

# Runs the real command line with a fault: argv is the name of a call of os, the number of the call, and the fault.
FAULTY = """
import os, signal, sys
name, number, fault = sys.argv[1], int(sys.argv[2]), sys.argv[3]
calls, real = 0, getattr(os, name)
def wrapped(*arguments, **named):
    global calls
    if any(part in str(a) for a in arguments for part in (".md", ".reltmp", "content")) or name not in ("replace",):
        calls += 1
        if calls == number:
            os.kill(os.getpid(), getattr(signal, fault))
    return real(*arguments, **named)
setattr(os, name, wrapped)
from recommender.cli.main import main
sys.exit(main(sys.argv[4:]))
"""


def with_fault(site: Path, fault: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", FAULTY, *fault.split(), *arguments],
        cwd=site,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.slow  # runs in processes
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_finishes_the_file_in_hand_and_says_how_to_resume(site: Path, name: str, code: int):
    before = contents(site / "content")
    # The first rename is of the plan, the second of the provenance.
    run = with_fault(site, f"replace 12 {name}", "fill", "--write")
    assert run.returncode == code
    assert run.stdout == ""
    after = contents(site / "content")
    changed = [path for path in before if after[path] != before[path]]
    assert len(changed) == 10
    assert run.stderr == (
        "recommender: interrupted: 10 files written, 103 left untouched; resume with: recommender fill --resume\n"
    )
    assert sorted(after) == sorted(before)
    resumed = command(site, "fill", "--resume")
    assert (resumed.returncode, resumed.stdout) == (0, "103 files changed, 10 were done already\n")
    assert in_process(site, "fill", "--check", "--allow-dirty").returncode == 0
    assert in_process(site, "fill", "--resume").returncode == 2


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_while_the_site_is_read_changes_nothing(site: Path, name: str, code: int):
    # Taken for an error of the file in hand, it would make an article vanish and every link to it look dead.
    before = contents(site)
    run = with_fault(site, f"open 120 {name}", "fill", "--write")
    assert run.returncode == code
    assert run.stderr.strip().endswith("recommender: interrupted; nothing was left half-done")
    assert contents(site) == before


def test_an_interrupt_within_a_batch_counts_what_was_written(root: Path, monkeypatch: pytest.MonkeyPatch):
    edits = [edit_of(root, name) for name in NAMES]
    append(root / "a.md")
    replace, count = os.replace, []

    def interrupted(source: str, target: str) -> None:
        count.append(1)
        replace(source, target)
        if len(count) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(writer.os, "replace", interrupted)
    with pytest.raises(Interrupted, match="2 files written, 3 left untouched") as caught:
        apply_edits(root, edits)
    assert caught.value.exit_code == 143
    assert [(root / name).read_bytes() for name in NAMES[1:]] == [NEW, NEW, OLD, OLD, OLD]
    assert temporaries(root) == []


@pytest.mark.slow  # runs in processes
@pytest.mark.parametrize(
    "arguments", [["fill", "--write"], ["fill"], ["fill", "--json"], ["audit"], ["audit", "--json"]]
)
def test_a_closed_stdout_is_quiet(site: Path, arguments: list[str]):
    read, write = os.pipe()
    os.close(read)
    run = subprocess.run(
        [sys.executable, "-m", "recommender", *arguments], cwd=site, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (run.returncode, run.stderr) == (0, b"")
    if "--write" in arguments:
        assert in_process(site, "fill", "--check", "--allow-dirty").returncode == 0


@pytest.mark.slow  # runs in processes
@pytest.mark.parametrize("closed", [1, 2])
def test_a_descriptor_that_was_never_open(site: Path, closed: int):
    shell = f'exec "$@" {closed}>&-'
    words = ["sh", "-c", shell, "sh", sys.executable, "-m", "recommender", "fill", "--write", "--json"]
    run = subprocess.run(words, cwd=site, capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert in_process(site, "fill", "--check", "--allow-dirty").returncode == 0


# --- the real thing on a full disk


def test_a_full_disk_in_a_real_run_is_resumed(committed_site: Path, tmp_path: Path):
    with tmpfs(tmp_path / "disk", "size=40m") as disk:
        site = Path(shutil.copytree(committed_site, disk / "site"))
        before = contents(site)
        free = shutil.disk_usage(disk).free
        # Room for the provenance and some 40 temporary files; the plan lies on another disk.
        (disk / "ballast").write_bytes(b"x" * (free - 50 * 4096))
        run = command(site, "fill", "--write")
        assert run.returncode == 1
        assert re.fullmatch(
            r"recommender: .*: No space left on device; writing stopped, every file is whole; about 0 files done, "
            r"113 left; resume with: recommender fill --resume\n",
            run.stderr,
        )
        after = contents(site)
        assert after.pop("recommender.links.jsonl").count(b"\n") > 50
        assert after == before
        (disk / "ballast").unlink()
        assert command(site, "fill", "--resume").returncode == 0
        other = Path(shutil.copytree(committed_site, tmp_path / "other"))
        assert in_process(other, "fill", "--write").returncode == 0
        assert contents(site) == contents(other)


@pytest.mark.parametrize(("number", "stops"), [(errno.EIO, True), (errno.ENOSPC, True), (errno.EACCES, False)])
def test_a_folder_that_the_disk_did_not_take_is_not_called_done(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int, stops: bool
):
    edits, real = [edit_of(root, name) for name in NAMES], writer.sync

    def fail(path: str) -> None:
        if path == str(root):
            raise OSError(number, os.strerror(number))
        real(path)

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "sync", fail)
        with pytest.raises(WriteStopped, match=f"{root}: .*resume with") if stops else contextlib.nullcontext():
            apply_edits(root, edits)
    assert contents(root) == dict.fromkeys(NAMES, NEW)
    assert apply_edits(root, edits) == Applied(0, 6, ())


def test_errors_of_one_file_and_of_the_disk_are_told_apart(root: Path, monkeypatch: pytest.MonkeyPatch):
    real = os.write
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG, errno.EACCES, errno.EPERM):
        edits = [edit_of(root, name) for name in NAMES]
        calls: list[int] = []

        def fail(descriptor: int, data: bytes, number: int = number, calls: list[int] = calls) -> int:
            calls.append(1)
            if len(calls) == 3:
                raise OSError(number, os.strerror(number))
            return real(descriptor, data)

        monkeypatch.setattr(writer.os, "write", fail)
        if number in (errno.EACCES, errno.EPERM):
            assert codes(applied := apply_edits(root, edits)) == [("c.md", "not-editable")]
            assert applied.written == 5
            write_files(root, dict.fromkeys(NAMES, OLD))
        else:
            with pytest.raises(WriteStopped, match=re.escape(os.strerror(number))):
                apply_edits(root, edits)
        assert contents(root) == dict.fromkeys(NAMES, OLD)


def test_a_write_that_lies_about_its_length_is_not_published(root: Path, monkeypatch: pytest.MonkeyPatch):
    edits = [edit_of(root, name) for name in NAMES]
    real, calls = os.write, []

    def lie(descriptor: int, data: bytes) -> int:
        calls.append(1)
        return real(descriptor, data) if len(calls) != 2 else real(descriptor, bytes(data)[:3]) + len(data) - 3

    monkeypatch.setattr(writer.os, "write", lie)
    with pytest.raises(WriteStopped, match="a short write"):
        apply_edits(root, edits)
    assert contents(root) == dict.fromkeys(NAMES, OLD)


def test_short_writes_are_continued(root: Path, monkeypatch: pytest.MonkeyPatch):
    real = os.write
    monkeypatch.setattr(writer.os, "write", lambda descriptor, data: real(descriptor, bytes(data)[:5]))
    assert apply_edits(root, [edit_of(root, name) for name in NAMES]) == Applied(6, 0, ())
    assert contents(root) == dict.fromkeys(NAMES, NEW)
