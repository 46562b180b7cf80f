"""How many files a fill changes after some articles of a filled site were edited, deleted and added.

    RECOMMENDER_CORPORA=FOLDER python benchmarks/churn.py [DRAWS] [FILLED]

Fills a copy of the real site, in git, or takes one that is FILLED. Each draw takes ten articles at random. First each
of them gets a paragraph of another one; all is put back; then they are deleted, one of them is added again as it was
before the fill, and the others. After each step the site is built and filled. Prints a line of JSON for each draw: how
many files every fill changed, and which of the added articles have no link to them.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

COUNT = 10
SETTINGS = "content: content\nmodel: model\n"


def main(draws: int, filled: Path | None) -> None:
    """Print what each draw changed."""
    articles = Path(os.environ["RECOMMENDER_CORPORA"]) / "quicktakes" / "content" / "learn"
    with tempfile.TemporaryDirectory() as top:
        folder = filled or _filled(Path(top) / "site", articles)
        for seed in range(draws):
            print(json.dumps(_draw(folder, articles, random.Random(seed))), flush=True)


def _filled(folder: Path, articles: Path) -> Path:
    shutil.copytree(articles, folder / "content")
    (folder / "recommender.yml").write_text(SETTINGS, encoding="utf-8")
    _fill(folder, allow_no_vcs=True)
    _git(folder, "init", "-q")
    (folder / ".git" / "info" / "exclude").write_text("/model\n/.state\n", encoding="utf-8")
    _commit(folder)
    return folder


def _draw(folder: Path, articles: Path, chance: random.Random) -> dict[str, Any]:
    paths = sorted(path.relative_to(articles) for path in articles.rglob("*.md"))
    taken = chance.sample(paths, COUNT)
    found: dict[str, Any] = {}
    for path in taken:
        other = chance.choice(paths)
        with (folder / "content" / path).open("a", encoding="utf-8") as file:
            file.write("\n\n" + _words(articles / other))
    found["edited"] = _fill(folder)
    _back(folder)
    for path in taken:
        (folder / "content" / path).unlink()
    found["deleted"] = _fill(folder)
    for name, added in (("one added", taken[:1]), ("nine added", taken[1:])):
        for path in added:
            shutil.copy(articles / path, folder / "content" / path)
        found[name] = _fill(folder)
    found["orphans"] = len(_orphans(folder) & {str(path) for path in taken})
    found["again"] = _fill(folder)
    _back(folder)
    return found


def _words(path: Path) -> str:
    """Give the first words of an article's answer, as plain text."""
    answer = path.read_text(encoding="utf-8").partition("\nanswer:")[2]
    return " ".join(re.findall(r"[A-Za-z]{2,}", answer)[:60])


def _orphans(folder: Path) -> set[str]:
    audit = json.loads(_run(folder, "audit", "--json"))
    return {problem["path"] for problem in audit["problems"] if problem["code"] == "orphan"}


def _fill(folder: Path, *, allow_no_vcs: bool = False) -> int:
    """Build and fill, and give how many files that changed."""
    _run(folder, "build")
    guard = ["--allow-no-vcs"] if allow_no_vcs else ["--allow-dirty"]
    done = json.loads(_run(folder, "fill", "--write", "--yes", "--json", *guard))
    print(done, file=sys.stderr)
    return int(done["written"])


def _run(folder: Path, *words: str) -> str:
    surroundings = {**os.environ, "XDG_STATE_HOME": str(folder / ".state")}
    call = [sys.executable, "-m", "recommender", *words]
    done = subprocess.run(call, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def _back(folder: Path) -> None:
    _git(folder, "checkout", "-q", "--", ".")
    _git(folder, "clean", "-qfd")


def _commit(folder: Path) -> None:
    _git(folder, "add", "-A")
    _git(folder, "-c", "user.name=draw", "-c", "user.email=draw@localhost", "commit", "-qm", "filled")


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 10, Path(sys.argv[2]).resolve() if sys.argv[2:] else None)
