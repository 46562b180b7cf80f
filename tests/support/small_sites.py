"""Small sites made by hand, and what every test does with a site: write, commit, run a command, look at its files."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommender.cli.main import main
from recommender.model.model import Ranking
from recommender.ranking.selection import Asking, Candidate, Choice, Rules, blockers, choose
from recommender.site.corpus import Corpus, members_of

ROOT = Path(__file__).parents[2]
ARTICLES = ROOT / "data" / "articles"
BUILT_AT = "2026-11-22T12:00:00Z"


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


def in_process(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in this process: at a tenth of the cost, where the process itself is not at stake."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    said = []
    for stream in (out, err):
        stream.seek(0)
        said.append(stream.read())
    return subprocess.CompletedProcess(["recommender", *arguments], code, *said)


def contents(root: Path) -> dict[str, bytes]:
    """Give every file below a folder but git's own, by its path; a link by where it points."""
    found, start = {}, len(os.path.join(root, ""))
    for _, paths in _below(root):
        for path in paths:
            if os.path.islink(path):
                found[path[start:]] = os.readlink(path).encode()
            else:
                with open(path, "rb") as stream:
                    found[path[start:]] = stream.read()
    return found


def everything(root: Path) -> tuple[dict[str, int], dict[str, bytes]]:
    """Give when a folder and each file and folder below it was last changed, but git's own, and ``contents``."""
    changed = {path: os.stat(path).st_mtime_ns for folder, paths in _below(root) for path in (folder, *paths)}
    return changed, contents(root)


def _below(root: Path) -> Iterator[tuple[str, list[str]]]:
    # No Path for each file: tests look at thousands of files, some after every step.
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if name != ".git"]
        yield folder, [os.path.join(folder, name) for name in names]


def sources(top: Path) -> dict[str, bytes]:
    """Give all files of a site but those of recommender."""
    return {path: data for path, data in contents(top).items() if not path.startswith(("models/", "recommender."))}


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
            excluded=["" if a.suggestible else "hidden" if a.hidden else "no-id" for a in articles],
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

    @property
    def nearest(self) -> Ranking:
        lists = [self.candidates(row) for row in range(len(self.corpus.articles))]
        indptr = np.concatenate([[0], np.cumsum([len(own) for own in lists])]).astype(np.int64)
        rows = np.array([one.row for own in lists for one in own], np.int32)
        return Ranking(indptr, rows, np.array([one.score for own in lists for one in own], np.float64))

    def blockers(self, row: int, other: int, kept: Sequence[int]) -> tuple[int, ...] | None:
        return blockers(self.asking(row), Candidate(other, self.score_between(row, other)), kept, self.rules)

    def score_between(self, row: int, other: int) -> float:
        return next((one.score for one in self.candidates(row) if one.row == other), 0.0)

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


def open_to_others(folder: Path) -> None:
    """Let other users into a folder of the tests: how deep it lies depends on how many processes run them."""
    for place in (folder, *folder.parents):
        if place.stat().st_mode & 0o005 != 0o005:
            place.chmod(0o755)
