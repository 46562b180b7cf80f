"""Writing and publishing under injected faults: system calls that fail or kill, full disks, other programs, signals.

Whatever happens, each file is its old or its new self, a resumed run ends where an undisturbed one does, a run that
ended by itself leaves no temporary file, and the next run removes those of a killed one.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from unittest import mock

import pytest
from ledger import check_whole
from nightly import NIGHTLY
from small_sites import BUILT_AT, contents, write_files
from strace import BUG, DONE, KILLED, in_child, struck

from recommender.build.pipeline import fit_model
from recommender.editing import fill
from recommender.editing.plan_file import state_folder
from recommender.model.model import Model
from recommender.model.store import MANIFEST, load_model, save_model
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.system.disk import TEMPORARY
from recommender.system.parallel import silent
from tests.editing.test_fill import AFTER, FILES, GENERATED, finish, order_for, plan
from tests.editing.test_writer import CHANGES, chmod, state
from tests.faults.test_forged_models import SITE, linked
from tests.model.test_store import other

pytestmark = [
    pytest.mark.slow,  # injects faults
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

NOTED = {"recommender.links.jsonl": GENERATED.encode()}
BEFORE = {f"content/{path}": text.encode() for path, text in FILES.items()}
DONE_STATE = {f"content/{path}": text.encode() for path, text in AFTER.items()} | NOTED
ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EFBIG", "EINTR", "ENOMEM")
CALLS = (
    *("openat", "write", "fsync", "close", "rename", "fchmod", "read", "lseek", "flock", "mkdir", "clone3"),
    *("getdents64", "llistxattr", "newfstatat"),
)
# A run makes some 80 and a build up to 680 calls of these kinds, most of them alike: by day some, begun anywhere; by
# night all of those that write, and of the others some.
STEPS = {"newfstatat": 13}
BUILD_STEPS = dict.fromkeys(("openat", "write", "fsync", "close", "unlinkat", "mmap", "read"), 67)
BUILD_STEPS |= dict.fromkeys(("newfstatat", "lseek", "fcntl"), 229) | {"getdents64": 3}
NIGHT_STEPS = {"read": 7, "newfstatat": 13, "lseek": 13, "fcntl": 13}
BUILD_CALLS = (*BUILD_STEPS, "rename", "mkdir", "chmod", "utimensat", "flock")


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    # The guard has its own tests; here its git would meet the faults too, and each look at it takes 10 ms.
    monkeypatch.setattr(fill.git_guard, "check_guard", lambda *arguments, **options: None)


def without_leftovers(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if not TEMPORARY.fullmatch(os.path.basename(path))}


def settled(top: Path, fault: str, code: int) -> None:
    """Check a site after a fault, finish the run, and check that it ends as an undisturbed one does."""
    assert code != BUG, fault
    found = contents(top)
    if code != KILLED:
        assert found == without_leftovers(found), f"left by {fault}"
        assert leftovers(state_folder()) == [], f"left in the state folder by {fault}"
    check_whole(fault, without_leftovers(found), BEFORE, DONE_STATE)
    with waiting_for_no_disk():
        finish(top)
    assert contents(top) == DONE_STATE, f"resumed after {fault}"
    assert leftovers(state_folder()) == [], f"kept in the state folder after {fault}"


def waiting_for_no_disk() -> contextlib.AbstractContextManager[object]:
    """Let a run that no fault meets any more be quick: what fsync promises is no matter to it."""
    return mock.patch.object(os, "fsync")


def leftovers(folder: Path) -> list[str]:
    return [name for _, _, names in os.walk(folder) for name in names if TEMPORARY.fullmatch(name)]


def writing(top: Path) -> Callable[[], object]:
    write_files(top / "content", FILES)
    order = order_for(top)
    made = plan(order)

    def write() -> object:
        with fill.writing(order.root, write=True):
            return fill.write_plan(order, made, silent)

    return write


# --- another program


@pytest.mark.parametrize("change", [*CHANGES, chmod], ids=lambda change: change.__name__)
def test_another_program_between_plan_and_write(tmp_path: Path, change: Callable[[Path], None]) -> None:
    top = tmp_path / "site"
    work = writing(top)
    theirs = top / "content" / "a.md"
    change(theirs)
    kept = state(theirs)
    assert in_child(work) == DONE
    if change is chmod:
        assert theirs.stat().st_mode & 0o777 == 0o600
    else:
        assert state(theirs) == kept
    others = {path: data for path, data in DONE_STATE.items() if path != "content/a.md"}
    found = {path: (top / path).read_bytes() for path in others}
    check_whole("another program between plan and write", found, others)


# --- disks and limits


@contextlib.contextmanager
def disk(folder: Path, options: str) -> Iterator[Path]:
    """Mount a small file system that holds a site and the state folder."""
    folder.mkdir()
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("mounting a small file system needs root and mount")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=False, capture_output=True)
    if made.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("kind", ["bytes", "inodes", "read-only"])
def test_a_disk_without_room_at_any_point_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The run needs 5 pages and 5 inodes at once: with less it stops, and is finished when there is room."""
    outcomes = set()
    for room in range(9):
        options = f"size=256k,nr_inodes={13 + room if kind == 'inodes' else 200}"
        with disk(tmp_path / f"{room}", options) as place:
            monkeypatch.setenv("XDG_STATE_HOME", str(place / "state"))
            top = place / "site"
            work = writing(top)
            if kind == "bytes":
                (place / "ballast").write_bytes(b"x" * (shutil.disk_usage(place).free - room * 4096))
            elif kind == "read-only":
                subprocess.run(["mount", "-o", "remount,ro", place], check=True)
            code = in_child(work)
            subprocess.run(["mount", "-o", "remount,rw,nr_inodes=200,size=512k", place], check=True)
            outcomes.add(code)
            fault = {"bytes": "ENOSPC by bytes", "inodes": "ENOSPC by inodes", "read-only": "EROFS, a disk read-only"}
            settled(top, f"fill, {fault[kind]}", code)
        if kind == "read-only":
            break
    assert outcomes - {DONE}
    assert kind == "read-only" or DONE in outcomes


@pytest.mark.parametrize("limit", [0, 1, 100, 150, 300, 1000, 2000, 3000])
def test_a_limit_on_the_size_of_files(tmp_path: Path, limit: int) -> None:
    work = writing(tmp_path / "site")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        work()

    settled(tmp_path / "site", "fill, EFBIG by RLIMIT_FSIZE", in_child(limited))


@pytest.fixture
def open_top() -> Iterator[Path]:
    """A folder that any user can reach (pytest's own are closed to others), undone whatever it became."""
    top = Path(tempfile.mkdtemp())
    top.chmod(0o755)
    yield top
    subprocess.run(["chattr", "-R", "-i", top], check=False, capture_output=True)
    shutil.rmtree(top)


@pytest.mark.parametrize("what", ["content", "content/sub", "content/a.md", "."])
def test_rights_that_are_missing_for_a_part(open_top: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    if os.geteuid():
        pytest.skip("giving files to another user needs root")
    monkeypatch.setenv("XDG_STATE_HOME", str(open_top / "state"))
    top = open_top / "site"
    work = writing(top)
    (open_top / "state").mkdir()
    for path in [open_top / "state", *top.rglob("*"), top]:
        os.chown(path, 65534, 65534)
    os.chown(top / what, 0, 0)
    (top / what).chmod(0o444 if what.endswith(".md") else 0o555)

    def as_nobody() -> None:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        work()

    code = in_child(as_nobody)
    (top / what).chmod(0o755)
    # The run went on past what it may not write, so its plan is done; the next one finds the rest.
    settled(top, "fill, EACCES as nobody", code)


@pytest.mark.parametrize("what", ["content", "content/sub", "content/a.md", "."])
def test_what_is_immutable_is_refused_and_the_rest_is_done(open_top: Path, what: str) -> None:
    if os.geteuid() or not shutil.which("chattr"):
        pytest.skip("making a file immutable needs root and chattr")
    top = open_top / "site"
    work = writing(top)
    made = subprocess.run(["chattr", "+i", top / what], check=False, capture_output=True)
    if made.returncode:
        pytest.skip(f"chattr +i is not supported here: {made.stderr.decode().strip()}")
    code = in_child(work)
    subprocess.run(["chattr", "-i", top / what], check=True)
    settled(top, "fill, EPERM by chattr +i", code)


# --- system calls


def faults_of(call: str, steps: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Give faults and the number of the call that meets them: all of them by night, by day one error a call."""
    step = (NIGHT_STEPS if NIGHTLY else steps).get(call, 1)
    for number in range(random.randint(1, min(step, 30)), 100_000, step):
        yield "signal=SIGKILL", number
        yield from [(f"error={e}", number) for e in (ERRORS if NIGHTLY else [ERRORS[number % len(ERRORS)]])]
        if call == "write":
            yield "retval=7", number


def named(what: str, fault: str) -> str:
    return f"{what}, a system call: {fault.partition('=')[2].replace('7', 'short write')}"


@pytest.mark.parametrize("call", CALLS)
def test_every_system_call_of_a_run_is_struck(tmp_path: Path, call: str) -> None:
    last = 0
    for fault, number in faults_of(call, STEPS):
        top = tmp_path / f"{number}-{fault[-6:]}"
        code, met = struck(writing(top), call, fault, number)
        if not met:
            assert code == DONE
            break
        last = number
        if call == "fsync" and fault[6:] in ("EIO", "ENOSPC", "EDQUOT", "EROFS"):
            assert code != DONE, "what is not on the disk is not done"
        settled(top, named("fill", fault), code)
        shutil.rmtree(top)
    assert last >= 1, "no call was struck"


DOOMED = re.compile(r"\.tmp-[0-9a-f]{32}/")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Model]:
    """Three models of different content, and small: a model of any size makes the same calls."""
    corpus = read_corpus(write_files(tmp_path_factory.mktemp("tiny"), SITE), Settings())
    model = fit_model(corpus, Settings(floor=0.01), BUILT_AT)
    return [model, other(model, 1), other(model, 2)]


def published(folder: Path) -> dict[str, bytes]:
    return {path: data for path, data in contents(folder).items() if ".tmp-" not in path}


@pytest.mark.parametrize("call", BUILD_CALLS)
def test_every_system_call_of_publishing_a_model_is_struck(tmp_path: Path, models: list[Model], call: str) -> None:
    for one in models[:2]:
        save_model(one, tmp_path / "old")
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    version = save_model(models[2], tmp_path / "new")
    old, new = published(tmp_path / "old"), published(tmp_path / "new")
    last = 0
    for fault, number in faults_of(call, BUILD_STEPS):
        folder = linked(tmp_path / "old", tmp_path / "at")
        code, met = struck(lambda folder=folder: save_model(models[2], folder), call, fault, number)
        when = f"{call} {number} {fault}"
        assert code != BUG, when
        found = contents(folder)
        if code != KILLED:  # of the version that goes what cannot be deleted stays, until the next build
            left = found.keys() - without_leftovers(published(folder)).keys()
            assert not [path for path in left if not DOOMED.match(path)], f"left by {when}"
        state = new if found[MANIFEST] == new[MANIFEST] else old
        # Old versions may be gone in part by then; the one that the manifest names is whole, which loading proves.
        current = json.loads(found[MANIFEST])["version"]
        in_use = {path: data for path, data in found.items() if path == MANIFEST or path.startswith(current)}
        assert load_model(folder).chosen.scores[0] == models[2 if current == version else 1].chosen.scores[0], when
        check_whole(named("build", fault), in_use, {p: d for p, d in state.items() if p in in_use})
        with waiting_for_no_disk():
            save_model(models[2], folder)
        assert contents(folder) == new, f"built again after {when}"
        shutil.rmtree(folder)
        if not met:
            break
        last = number
    assert last >= 1, "no call was struck"


def test_the_first_model_of_a_folder_is_published_whole_or_not(tmp_path: Path, models: list[Model]) -> None:
    save_model(models[0], tmp_path / "new")
    for call, numbers in {"write": range(1, 5), "rename": range(1, 4), "mkdir": range(1, 4)}.items():
        for number in numbers:
            folder = tmp_path / f"{call}-{number}"
            struck(lambda folder=folder: save_model(models[0], folder), call, "signal=SIGKILL", number)
            if (folder / MANIFEST).exists():
                assert published(folder) == published(tmp_path / "new")
            save_model(models[0], folder)
            check_whole("build, the first: SIGKILL", contents(folder), contents(tmp_path / "new"))
