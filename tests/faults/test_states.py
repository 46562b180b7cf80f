"""Any order of fills, kills, resumed runs, undos, redos and edits by hand: the record explains every byte.

What each step should do is worked out from what stood there before: a fill from the same fill of a copy of the site
that nothing disturbs, an undo or redo from the versions that the last run left. After a kill each file holds one or
the other. A dry run changes nothing at all, not in the site, its model or the state folder.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from nightly import NIGHTLY
from small_sites import article, contents, everything, link, write_files

from recommender.cli.main import main
from recommender.editing.link_plan import MODES
from recommender.editing.plan_file import plan_file, read_plan, record_file
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.site.generated_links import read_generated
from recommender.system.disk import TEMPORARY

pytestmark = [
    pytest.mark.slow,  # injects faults
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

NAMES = "abcdef"
TEXT = "The tide follows the moon around the earth"
BLOCKS = {
    "a": [link(1, "gone"), link(2, "b")],
    "b": [link(1, "c", title="Old")],
    "c": [link(1, "a"), link(3, "a")],
    "d": [link(1, "a"), link(2, "b"), link(3, "c"), link(4, "e"), link(5, "f")],
}
FILES = {
    f"content/{'sub/' if n in 'ef' else ''}{n}.md": article(n, *BLOCKS.get(n, []), answer=f"{TEXT} {n * 4}.")
    for n in NAMES
}
SETTINGS = "content: content\nfloor: 0.01\nsame_question_article: 0\nsame_question_list: 0\n"
# At which call that writes a run is killed; 0 for none.
KILLS = st.one_of(st.just(0), st.integers(1, 16))
WRITES = ("write", "fsync", "replace", "unlink")


@dataclass(frozen=True)
class Run:
    """What a run changes: by path the version before and the one after; whether it takes another one back."""

    versions: Mapping[str, tuple[bytes, bytes]]
    undo: bool = False

    def turned(self, written: Mapping[str, bytes]) -> Run:
        """Give the run that takes this one back, of what stands in the files."""
        there = {p: (new, old) for p, (old, new) in self.versions.items() if written.get(p) == new}
        return Run(there, not self.undo)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = write_files(tmp_path_factory.mktemp("states") / "site", {**FILES, "recommender.yml": SETTINGS})
    with contextlib.chdir(top):
        assert quietly("build") == 0
    return top


def quietly(*arguments: str) -> int:
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())), contextlib.redirect_stderr(io.StringIO()) as said:
        code = main(list(arguments))
    assert "Traceback" not in said.getvalue(), said.getvalue()
    return code


def killed(number: int, *arguments: str) -> bool:
    """Run a command in a child that is killed at the n-th call that writes; False where it ended before."""
    child = os.fork()
    if not child:
        count = 0
        for name in WRITES:
            real = getattr(os, name)

            def wrapped(*given: object, real: Callable[..., object] = real, **named: object) -> object:
                nonlocal count
                count += 1
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*given, **named)

            setattr(os, name, wrapped)
        code = 3
        try:
            code = quietly(*arguments)
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (-signal.SIGKILL, 0, 1), code
    return code == -signal.SIGKILL


def links_in(top: Path) -> dict[str, set[str]]:
    """Give the urls that each article links to, by its own."""
    corpus = read_corpus(top / "content", Settings())
    return {one.url: {found.url for found in one.links} for one in corpus.articles}


class Site(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.top = Path(shutil.copytree(self.template, self.folder / "site"))
        self.stack = contextlib.ExitStack()
        self.stack.enter_context(mock.patch.dict(os.environ, XDG_STATE_HOME=str(self.folder / "state")))
        self.stack.enter_context(mock.patch.object(os, "fsync", lambda _: None))  # waiting for the disk, to no end
        self.stack.enter_context(contextlib.chdir(self.top))
        self.last: Run | None = None
        self.unfinished: Run | None = None
        self.by_hand = links_in(self.top)
        self.by_run: dict[str, set[str]] = {url: set() for url in self.by_hand}

    def teardown(self) -> None:
        self.stack.close()
        shutil.rmtree(self.folder)

    # --- what stands there

    @property
    def articles(self) -> dict[str, bytes]:
        """Every article, without what a killed run left beside it."""
        found = contents(self.top / "content")
        return {path: data for path, data in found.items() if not TEMPORARY.fullmatch(os.path.basename(path))}

    def dry(self, *arguments: str) -> int:
        before = everything(self.folder)
        code = quietly(*arguments)
        assert everything(self.folder) == before, f"{arguments} wrote"
        return code

    # --- what a step should do

    def undisturbed(self, *arguments: str) -> tuple[Run, bytes]:
        """Give what a fill of a copy of the site changes, and the links file that it leaves."""
        before = self.articles
        with tempfile.TemporaryDirectory() as folder:
            top = Path(shutil.copytree(self.top, Path(folder) / "site"))
            environment = mock.patch.dict(os.environ, XDG_STATE_HOME=str(Path(folder) / "state"))
            with environment, contextlib.chdir(top):
                assert quietly(*arguments) == 0
            after = {path: data for path, data in contents(top / "content").items() if path in before}
            file = top / "recommender.links.jsonl"
            noted = file.read_bytes() if file.exists() else b""
            held = links_in(self.top)
            for url, urls in links_in(top).items():
                self.by_run[url] |= urls - held[url]
        return Run({path: (before[path], after[path]) for path in before if before[path] != after[path]}), noted

    def check_done(self, before: Mapping[str, bytes], run: Run, code: int) -> None:
        """Hold a run that ended to its versions; what was neither of the two was edited by hand and stays."""
        conflict = False
        for path, data in self.articles.items():
            old, new = run.versions.get(path, (before[path], before[path]))
            foreign = before[path] not in (old, new)
            conflict |= foreign
            assert data == (before[path] if foreign else new), path
        assert code == conflict
        assert [path for path in contents(self.top) if TEMPORARY.fullmatch(os.path.basename(path))] == []
        assert not plan_file(self.top / "content").exists()
        self.unfinished = None
        if run.versions:
            self.last = run

    def check_killed(self, before: Mapping[str, bytes], run: Run) -> None:
        """Hold a killed run to one of its versions in each file, and to a plan or a record that says so."""
        for path, data in self.articles.items():
            assert data in (before[path], *run.versions.get(path, ())), path
        root = self.top / "content"
        if plan_file(root).exists():
            stored = {edit.path for edit in read_plan(plan_file(root)).edits}
            if self.unfinished is None or read_plan(plan_file(root)).undo != self.unfinished.undo:
                assert stored == set(run.versions)
                self.unfinished = run
            assert stored == set(self.unfinished.versions)
        elif self.articles != before or self.unfinished:
            # The plan became the record, or was dropped, for nothing was left to take back. Edits by hand stay.
            self.unfinished, self.last = None, run if run.versions else self.last
            assert all(self.articles[path] == new for path, (old, new) in run.versions.items() if before[path] == old)

    # --- the steps

    @initialize()
    def begin(self) -> None:
        assert self.dry("undo") == 2

    @rule(
        words=st.sampled_from(
            [
                *(f"fill --mode {mode} {form}" for mode in MODES for form in ("", "--check", "--json")),
                *(
                    "undo",
                    "undo --redo",
                    "undo --json",
                    "fill --check --resume",
                    "audit",
                    "build",
                    "init",
                    "init --force",
                ),
            ]
        )
    )
    def ask(self, words: str) -> None:
        arguments = words.split()
        if arguments[0] == "build" or "--force" in arguments:
            before = self.articles
            assert quietly(*arguments) == 0
            assert self.articles == before
            (self.top / "recommender.yml").write_text(SETTINGS)
        else:
            code = self.dry(*arguments)
            assert code == 2 if "--resume" in arguments or words == "init" else code in (0, 1, 2)

    @rule(mode=st.sampled_from(MODES), only=st.sampled_from(["*", "sub/*", "[ab].md"]))
    def fill(self, mode: str, only: str) -> None:
        arguments = ["fill", "--write", "--allow-no-vcs", "--mode", mode, "--only", only]
        if self.unfinished is not None:
            assert self.dry(*arguments) == 2
            return
        before, (run, noted) = self.articles, self.undisturbed(*arguments)
        code = quietly(*arguments)
        self.check_done(before, run, code)
        file = self.top / "recommender.links.jsonl"
        assert (file.read_bytes() if file.exists() else b"") == noted

    @precondition(lambda self: self.unfinished is None)
    @rule(mode=st.sampled_from(MODES), number=st.integers(1, 24))
    def kill_fill(self, mode: str, number: int) -> None:
        arguments = ["fill", "--write", "--allow-no-vcs", "--mode", mode]
        before, (run, _) = self.articles, self.undisturbed(*arguments)
        if killed(number, *arguments):
            self.check_killed(before, run)
        else:
            self.check_done(before, run, 0)

    @rule(number=KILLS)
    def resume(self, number: int) -> None:
        arguments = ["fill", "--resume", "--allow-no-vcs"]
        if self.unfinished is None:
            assert self.dry(*arguments) == 2
            return
        before, run = self.articles, self.unfinished
        if number and killed(number, *arguments):
            self.check_killed(before, run)
        else:
            self.check_done(before, run, self.foreign(before, run) if number else quietly(*arguments))

    @rule(number=KILLS, wrong=st.sampled_from([False, False, False, True]))
    def undo(self, number: int, wrong: bool) -> None:
        redo = wrong != bool(self.unfinished is None and self.last and self.last.undo)
        arguments = ["undo", "--write", *(["--redo"] if redo else [])]
        of = self.last if redo else self.unfinished or self.last
        if of is None or (redo and self.unfinished) or (not self.unfinished and of.undo != redo):
            assert self.dry(*arguments) == 2
            return
        before = self.articles
        run = of.turned(before)
        if number and killed(number, *arguments):
            self.check_killed(before, run)
            return
        code = self.foreign(before, of) if number else quietly(*arguments)
        assert code == self.foreign(before, of)
        self.check_done(before, run, 0)

    @staticmethod
    def foreign(before: Mapping[str, bytes], run: Run) -> int:
        """Give the exit code for files that hold neither version of a run."""
        return int(any(before[path] not in versions for path, versions in run.versions.items()))

    @rule(name=st.sampled_from(NAMES), kind=st.sampled_from(["text", "drop", "add", "earlier"]))
    def edit(self, name: str, kind: str) -> None:
        path = next(path for path in self.articles if path.endswith(f"{name}.md"))
        file = self.top / "content" / path
        text = file.read_text()
        if kind == "text":
            text = text.replace("answer: The", "answer: The very", 1)
        elif kind == "drop":
            text = re.sub(r"related_article\d:\n(    .*\n)+", "", text, count=1)
        elif kind == "add":
            other = NAMES[(NAMES.index(name) + 3) % len(NAMES)]
            slot = max(map(int, re.findall(r"related_article(\d)", text)), default=0) + 1
            if slot < 9:
                text = text.replace("---\n\n", link(slot, other) + "---\n\n", 1)
            self.by_hand[f"/{name}"].add(f"/{other}")
        else:
            for run in (self.last, self.unfinished):
                text = run.versions[path][0].decode() if run and path in run.versions else text
            # What a run had generated and no file notes any more is a person's, who brought it back.
            noted = read_generated(self.top / "recommender.links.jsonl").get(f"/{name}", frozenset())
            self.by_hand[f"/{name}"] |= set(re.findall(r"url: (/\w+)\n", text)) - {f"/{name}"} - noted
        file.write_text(text)

    # --- what holds after every step

    @invariant()
    def what_the_record_says_is_what_is_known(self) -> None:
        root = self.top / "content"
        for file, run in ((plan_file(root), self.unfinished), (record_file(root), self.last)):
            assert file.exists() == (run is not None), file.name
            if run is not None:
                stored = read_plan(file)
                assert ({edit.path for edit in stored.edits}, stored.undo) == (set(run.versions), run.undo)

    @invariant()
    def generated_links_are_noted_and_those_of_people_are_not(self) -> None:
        noted = read_generated(self.top / "recommender.links.jsonl")
        for url, urls in links_in(self.top).items():
            generated = noted.get(url, frozenset())
            assert urls - self.by_hand[url] <= generated, f"{url}: a generated link counts as a person's"
            assert not (urls - self.by_run[url]) & generated, f"{url}: a person's link counts as generated"


def test_any_order_of_runs_and_edits(template: Path) -> None:
    machine = type("SiteOfTemplate", (Site,), {"template": template})
    case = machine.TestCase
    case.settings = settings(
        max_examples=400 if NIGHTLY else 25,
        stateful_step_count=20,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    case().runTest()
