"""Sites to test on: the sample site with its model, and small ones made by hand."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from ledger import EDITS, add, handed_over, table
from small_sites import ARTICLES, BUILT_AT, ROOT, commit, git, write_files

from recommender.arrays import compiling
from recommender.build.pipeline import fit_model
from recommender.model.model import Model
from recommender.model.store import save_model
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus

# A machine's load is no failure.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def _own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests out of the user's state, cache and git settings, and their git out of ours."""
    # A job in the background ignores SIGINT, and so would the programs that the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    patch.setenv("PYTHONPATH", str(ROOT))
    for role in ("AUTHOR", "COMMITTER"):
        patch.setenv(f"GIT_{role}_NAME", "Test")
        patch.setenv(f"GIT_{role}_EMAIL", "test@example.org")
    # Without bytecode every process that the tests start would compile the package anew.
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "PYTHONDONTWRITEBYTECODE"):
        patch.delenv(name, raising=False)
    yield
    patch.undo()


@pytest.fixture
def small(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Corpus]:
    """Give a function that writes a site into ``tmp_path / "content"`` and reads it."""

    def make(files: Mapping[str, str | bytes]) -> Corpus:
        return read_corpus(write_files(tmp_path / "content", files), Settings())

    return make


@pytest.fixture
def by_compiled_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have sites of any size built by the compiled loops."""
    monkeypatch.setattr(compiling, "PLAIN_UP_TO", -1)


@pytest.fixture
def refuse_from(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Give a function that has the system start so many threads more, and no other."""

    def limit(left: int) -> None:
        counter, begin = iter(range(left)), threading.Thread.start

        def start_thread(thread: threading.Thread) -> None:
            if next(counter, None) is None:
                raise RuntimeError("can't start new thread")
            begin(thread)

        monkeypatch.setattr(threading.Thread, "start", start_thread)

    return limit


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The sample site."""
    return read_corpus(ARTICLES, Settings())


@pytest.fixture(scope="session")
def model(corpus: Corpus) -> Model:
    """The model of the sample site, built once."""
    return fit_model(corpus, Settings(), BUILT_AT)


@pytest.fixture(scope="session")
def saved(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of that model on disk; not to be changed."""
    folder = tmp_path_factory.mktemp("saved") / "default"
    save_model(model, folder)
    return folder


@pytest.fixture(scope="session")
def committed_site(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample site in a git work tree, with settings and model; not to be changed."""
    top = tmp_path_factory.mktemp("committed") / "site"
    shutil.copytree(ARTICLES, top / "content")
    shutil.copytree(saved, top / "models" / "default")
    (top / "recommender.yml").write_text("content: content\nmodel: models/default\n")
    (top / ".gitignore").write_text("/models/\n")
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    commit(top)
    # Fewer files to copy for every test.
    git(top, "gc", "-q")
    return top


@pytest.fixture
def site(committed_site: Path, tmp_path: Path) -> Path:
    """A fresh copy of the sample site in a git work tree: content/, recommender.yml and a model that fits."""
    return Path(shutil.copytree(committed_site, tmp_path / "site", symlinks=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the real sites: at the end one process would work on them for minutes, and the others wait."""
    items.sort(key=lambda item: "real_site" not in item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among what is imported and collected: it stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to make a site in, which is the working directory, with a state and a cache of its own."""
    for name in ("state", "cache"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(tmp_path / name))
    (tmp_path / "site").mkdir()
    monkeypatch.chdir(tmp_path / "site")
    return tmp_path / "site"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail on a skipped test where RECOMMENDER_SKIP_FAILS is set: CI has every tool and right that a test may need.

    The corpora alone may be out of reach there too. A process of several hands over what its tests did.
    """
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["ledger"] = handed_over()
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = [one for one in reporter.stats.get("skipped", []) if "RECOMMENDER_CORPORA" not in str(one.longrepr)]
    if os.environ.get("RECOMMENDER_SKIP_FAILS") and skipped and not session.exitstatus:
        reporter.write_line(f"{len(skipped)} skipped tests fail this run (RECOMMENDER_SKIP_FAILS)", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what the tests of another process did; none where it died."""
    if "ledger" in getattr(node, "workeroutput", {}):
        add(*node.workeroutput["ledger"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was injected, what was looked at after that, how many bytes were lost, and what became of edits."""
    edits = [f"{name:<60} {count:>9,}" for name, count in sorted(EDITS.items())]
    for title, lines in (("faults", table()), ("edits of generated and mutated files", edits)):
        if lines:
            terminalreporter.section(title)
            terminalreporter.write_line("\n".join(lines))
