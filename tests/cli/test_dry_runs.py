"""What only asks writes nothing: not into the site, its model or the state folder, whatever model there is."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small_sites import article, commit, contents, everything, in_process, write_files

from recommender.cli import fill
from recommender.cli.main import main

pytestmark = pytest.mark.slow  # runs commands under strace and in terminals

KEPLER = "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion"
ASKING = [
    ["audit"],
    ["audit", "--json"],
    ["related", KEPLER],
    ["related", KEPLER, "--why", KEPLER],
    ["related", "--text", "draft.txt"],
    ["fill"],
    ["fill", "--check"],
    ["fill", "--json", "--mode", "regenerate"],
    ["fill", "--check", "--max-files", "1", "--allow-dirty", "--yes"],
    ["undo"],
    ["undo", "--redo"],
    ["undo", "--json"],
    ["evaluate"],
    ["evaluate", "--rankings", "lists.jsonl", "--judgments", "grades.jsonl"],
    ["disagreements"],
    ["judge", "--agreement", "grades.jsonl", "grades.jsonl"],
    ["tune"],
    ["tune", "--judgments", "grades.jsonl"],
    ["export", "--output", "-"],
    ["init"],
]


def keep_model(site: Path) -> None:
    """Leave the model that fits."""


def other_content(site: Path) -> None:
    write_files(site, {"content/new.md": article("new", answer="The orbit of a planet around its star.")})


def other_settings(site: Path) -> None:
    (site / "recommender.yml").write_text("content: content\nmodel: models/default\nslots: 4\n")


def no_model(site: Path) -> None:
    shutil.rmtree(site / "models")


def damaged_model(site: Path) -> None:
    (site / "models" / "default" / "manifest.json").write_text("{")


@pytest.fixture
def at(site: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    write_files(
        site,
        {
            "draft.txt": "Orbits\n\nA planet moves around its star.\n",
            "lists.jsonl": json.dumps({"url": KEPLER, "related": []}) + "\n",
            "grades.jsonl": json.dumps({"url": KEPLER, "labels": {"/x": "1"}}) + "\n",
            "content/bad.md": "---\nurl: [\n---\n",
        },
    )
    commit(site)
    monkeypatch.chdir(site)
    monkeypatch.setenv("XDG_STATE_HOME", str(site / "state"))
    return site


@pytest.mark.parametrize(
    ("change", "record"),
    [
        (keep_model, "none"),
        (keep_model, "a run interrupted"),
        (other_content, "a run"),
        (other_settings, "a run taken back"),
        (no_model, "a run interrupted"),
        (damaged_model, "none"),
    ],
)
def test_what_only_asks_writes_nothing(at: Path, capfd, change: Callable[[Path], None], record: str) -> None:
    if record != "none":
        assert main(["fill", "--write"]) == 0
    if record == "a run taken back":
        assert main(["undo", "--write"]) == 0
    if record == "a run interrupted":
        (folder,) = (at / "state" / "recommender").iterdir()
        (folder / "last.jsonl").rename(folder / "plan.jsonl")
    change(at)
    before = everything(at)
    for arguments in ASKING:
        assert main(arguments) in (0, 1, 2), arguments
        assert "Traceback" not in capfd.readouterr().err, arguments
        assert everything(at) == before, arguments


def test_a_model_that_does_not_fit_is_said_and_only_a_writing_run_saves_one(at: Path, capfd) -> None:
    other_content(at)
    manifest = at / "models" / "default" / "manifest.json"
    before = manifest.read_bytes()
    assert main(["fill", "--check"]) == 1
    checked = capfd.readouterr()
    assert checked.err.splitlines()[0] == (
        "the model in models/default was built from other content or settings: "
        "this content is ranked for this run alone, nothing saved"
    )
    assert manifest.read_bytes() == before
    assert main(["fill", "--write", "--allow-dirty"]) == 0
    written = capfd.readouterr()
    assert written.err.splitlines()[0].endswith("other content or settings: building it from this content first")
    assert manifest.read_bytes() != before
    assert main(["undo", "--json"]) == 0
    assert [row["path"] for row in json.loads(capfd.readouterr().out)["files"]] == checked.out.splitlines()


# --- files that are no articles


def test_unusable_files_are_counted_and_the_first_is_named(at: Path, capfd) -> None:
    write_files(at, {"content/later.md": "---\nid: 1\n---\n", "content/page.md": "A page.\n"})
    words = (
        "2 files are no articles for an error (`recommender audit` names all); the first: bad.md:3: error bad-yaml: "
    )
    for arguments, code in (
        (["fill"], 0),
        (["fill", "--check"], 1),
        (["fill", "--write"], 0),
        (["fill", "--check", "--allow-dirty"], 0),
        (["evaluate"], 0),
        (["disagreements"], 0),
        (["tune"], 0),
    ):
        assert main(arguments) == code, arguments
        assert words in capfd.readouterr().err, arguments
    assert main(["fill", "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert [(p["path"], p["code"], p["stage"]) for p in found["problems"]] == [
        ("bad.md", "bad-yaml", "read"),
        ("later.md", "missing-url", "read"),
    ]
    (at / "content" / "bad.md").unlink()
    assert main(["fill", "--check"]) == 0
    assert "1 file is no article for an error" in capfd.readouterr().err


# --- the question before a large first run


def test_a_large_first_run_is_summed_up_before_it_writes(at: Path, capfd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fill, "MANY", 112)
    assert main(["fill", "--write"]) == 0
    done = capfd.readouterr()
    assert done.err.startswith("113 files would change; links: ")
    assert done.out == done.err.splitlines()[0].replace("would change", "changed") + "\n"
    commit(at)
    # The site is known now, by the record of the run or by its links file.
    for away in ("state", "recommender.links.jsonl"):
        shutil.move(at / away, at.parent / away)
        assert main(["fill", "--write", "--mode", "regenerate", "--max-files", "113"]) == 0
        assert "would change" not in capfd.readouterr().err
        commit(at)
        shutil.rmtree(at / "state")
        shutil.move(at.parent / away, at / away)


def test_a_first_run_of_no_more_than_a_thousand_files_is_not_summed_up(at: Path, capfd) -> None:
    assert fill.MANY == 1000
    assert main(["fill", "--write"]) == 0
    assert "would change" not in capfd.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="a pty needs a POSIX system")
@pytest.mark.parametrize(
    ("keys", "options", "code"), [("n\n", [], 1), ("\n", [], 1), ("\x04", [], 130), ("y\n", [], 0), ("", ["--yes"], 0)]
)
def test_a_terminal_is_asked(at: Path, keys: str, options: list[str], code: int) -> None:
    before = contents(at / "content")
    seen, ended = in_terminal(at, keys, ["fill", "--write", *options])
    assert ended == code, seen
    assert seen.startswith("113 files would change; links: ")
    assert ("Edit these files? [y/N]" in seen) == (not options)
    assert ("nothing was written" in seen) == (code == 1)
    assert (contents(at / "content") == before) == bool(code)
    assert (in_process(at, "undo").returncode == 0) == (not code)


def in_terminal(folder: Path, keys: str, arguments: list[str]) -> tuple[str, int]:
    """Run a command whose first runs are large from 113 files on, in a terminal, and answer its question."""
    import pty

    code = "import sys\nfrom recommender.cli import fill\nfill.MANY = 112\nfrom recommender.cli.main import main\n"
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code + "sys.exit(main(sys.argv[1:]))", *arguments],
        cwd=folder,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(follower)
    seen, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([leader], [], [], 0.1)[0]:
            try:
                found = os.read(leader, 65536)
            except OSError:  # the process has ended
                break
            seen += found
            if b"[y/N]" in seen and keys:
                os.write(leader, keys.encode())
                keys = ""
        elif process.poll() is not None:
            break
    os.close(leader)
    text = seen.decode("utf-8", "replace")
    return text[text.index("113 files") :] if "113 files" in text else text, process.wait(timeout=60)
