"""Sites to test on: the sample site with its model, and small ones made by hand."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from ledger import EDITS, table

from recommender.build.pipeline import fit_model
from recommender.model.model import Model
from recommender.model.store import save_model
from recommender.ranking.selection import Asking, Candidate, Choice, Rules, choose
from recommender.settings import Settings
from recommender.site.corpus import Corpus, members_of, read_corpus

# A machine's load is no failure.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")

ROOT = Path(__file__).parents[1]
ARTICLES = ROOT / "data" / "articles"
BUILT_AT = "2026-11-22T12:00:00Z"


@pytest.fixture(scope="session", autouse=True)
def _own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests out of the user's state folder and git settings, and their git out of ours."""
    # A job in the background ignores SIGINT, and so would the programs that the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    patch.setenv("PYTHONPATH", str(ROOT))
    for role in ("AUTHOR", "COMMITTER"):
        patch.setenv(f"GIT_{role}_NAME", "Test")
        patch.setenv(f"GIT_{role}_EMAIL", "test@example.org")
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        patch.delenv(name, raising=False)
    yield
    patch.undo()


def git(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True).stdout


def commit(folder: Path, message: str = "state") -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as users do, in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "recommender", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def contents(root: Path) -> dict[str, bytes]:
    """Give every file below a folder but git's own, by its path; a link by where it points."""
    found = {}
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if name != ".git"]
        for name in names:
            path = Path(folder, name)
            found[str(path.relative_to(root))] = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
    return found


def block(slot: int, identity: str, title: str, subject: str, url: str) -> str:
    """Write one related block in the commonest style."""
    return (
        f"related_article{slot}:\n    id: {identity}\n    title: >-\n        {title}\n"
        f"    subject: {subject}\n    url: {url}\n"
    )


def link(slot: int, name: str, **changed: str) -> str:
    """Write the block that links to ``article(name)`` without drift, or with the keys that are given."""
    values = {"identity": identity_of(name), "title": f"About {name}", "subject": "Things", "url": f"/{name}"}
    return block(slot, **{**values, **changed})


def identity_of(name: str) -> str:
    return str(sum(ord(char) * 7**place for place, char in enumerate(name)))


def answer_of(name: str) -> str:
    """Give the answer of ``article(name)``: long enough that another article with it is a copy."""
    return f"All of {name}, and in so many words that who says the same is its copy."


def article(name: str, *blocks: str, extra: str = "", body: str = "", **changed: str) -> str:
    """Write an article: url /NAME, title About NAME, subject Things, an id of its own and an answer of its own."""
    values = {
        "id": identity_of(name),
        "title": f"About {name}",
        "subject": "Things",
        "url": f"/{name}",
        "answer": answer_of(name),
        **changed,
    }
    keys = "".join(f"{key}: {value}\n" for key, value in values.items() if value)
    return f"---\n{keys}{extra}{''.join(blocks)}---\n\n{body or '&nbsp;'}"


def write_files(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode() if isinstance(text, str) else text)
    return root


@dataclass(frozen=True)
class Ranker:
    """Ranked lists made by hand, walked by the real rules: urls, or urls with scores, by the url that asks."""

    corpus: Corpus
    lists: Mapping[str, Sequence[str | tuple[str, float]]]
    floor: float = 0.1

    @property
    def rules(self) -> Rules:
        articles = self.corpus.articles
        return Rules(
            families=self.corpus.families,
            barred=["" if a.suggestible else "hidden" if a.hidden else "no-id" for a in articles],
            subject=lambda row: articles[row].subject,
            members=members_of(self.corpus.families),
            like=lambda row: {},
            floor=self.floor,
            same_question_article=0.0,
            same_question_list=0.0,
        )

    def candidates(self, row: int) -> list[Candidate]:
        pairs = [(one, 0.9) if isinstance(one, str) else one for one in self.lists.get(self.url(row), ())]
        return [Candidate(self.corpus.row_of[url], score) for url, score in pairs]

    def url(self, row: int) -> str:
        return self.corpus.articles[row].url

    def asking(self, row: int) -> Asking:
        return Asking(self.corpus.families[row], self.corpus.articles[row].subject, {})

    def choose_for(self, row: int, kept: Sequence[int] = (), limit: int | None = None) -> Choice:
        wanted = 5 - len(kept) if limit is None else limit
        return choose(self.asking(row), self.candidates(row), kept, wanted, self.rules)

    def permits(self, row: int, other: int, kept: Sequence[int]) -> bool:
        own = [c for c in self.candidates(row) if c.row == other]
        return bool(choose(self.asking(row), own, kept, 1, self.rules).shown)


@pytest.fixture
def small(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Corpus]:
    """Give a function that writes a site into ``tmp_path / "content"`` and reads it."""

    def make(files: Mapping[str, str | bytes]) -> Corpus:
        return read_corpus(write_files(tmp_path / "content", files), Settings())

    return make


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


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail on a skipped test where RECOMMENDER_SKIP_FAILS is set: CI has every tool and right that a test may need.

    The corpora alone may be out of reach there too.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = [one for one in reporter.stats.get("skipped", []) if "RECOMMENDER_CORPORA" not in str(one.longrepr)]
    if os.environ.get("RECOMMENDER_SKIP_FAILS") and skipped and not session.exitstatus:
        reporter.write_line(f"{len(skipped)} skipped tests fail this run (RECOMMENDER_SKIP_FAILS)", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was injected, what was looked at after that, how many bytes were lost, and what became of edits."""
    edits = [f"{name:<60} {count:>9,}" for name, count in sorted(EDITS.items())]
    for title, lines in (("faults", table()), ("edits of generated and mutated files", edits)):
        if lines:
            terminalreporter.section(title)
            terminalreporter.write_line("\n".join(lines))
