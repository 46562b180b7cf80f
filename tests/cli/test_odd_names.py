"""Names that are not UTF-8: of files, folders and models, and in patterns. One sentence, never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from small_sites import article, commit, contents, git, link, write_files

from recommender.settings import Settings
from recommender.site.corpus import read_corpus

pytestmark = pytest.mark.slow  # runs every command on odd names

NAME = b"caf\xe9"


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A site below an odd folder, one of whose files has an odd name."""
    top = tmp_path / os.fsdecode(b"s\xefte")
    try:
        top.mkdir()
    except OSError:
        pytest.skip("this file system holds UTF-8 names only")
    text = "The tide follows the moon around the earth"
    files = {f"{n}.md": article(n, link(1, "gone"), answer=f"{text} {n * 4}.") for n in "abcd"}
    files["a.md"] = article("a", link(1, "odd"), answer=f"{text} aaaa.")
    files[os.fsdecode(NAME + b".md")] = article("odd", answer=f"{text} oddodd.")
    files[os.fsdecode(b"f\xfcr/e.md")] = article("e", answer=f"{text} eeee.")
    write_files(top / os.fsdecode(b"c\xf6ntent"), files)
    git(top, "init", "-q")
    commit(top)
    return top


def run(top: Path, *arguments: bytes, code: int = 0) -> tuple[bytes, str]:
    done = subprocess.run(
        [sys.executable, "-m", "recommender", *arguments], cwd=top, input=b"q", capture_output=True, check=False
    )
    err = done.stderr.decode("utf-8", "backslashreplace")
    assert (done.returncode, "Traceback" in err) == (code, False), err
    return done.stdout, err


def test_a_file_with_an_odd_name_is_ranked_linked_to_and_never_edited(odd: Path) -> None:
    content, model = b"c\xf6ntent", [b"--model", b"m\xf6del"]
    out, err = run(odd, b"audit", content, code=1)
    assert rb"caf\xe9.md: warning bad-file-name: the name of the file is not UTF-8" in out
    assert b"dead slot 1: no article has this url or id: /odd" not in out, "a link to it is sound"
    _, err = run(odd, b"build", content, *model)
    assert r"f\xfcr/e.md: warning bad-file-name" in err
    out, _ = run(odd, b"related", b"/odd", *model)
    assert b"/a" in out
    before = contents(odd)
    _, err = run(odd, b"fill", content, *model)
    sentence = r"caf\xe9.md: error not-editable: the name of the file is not UTF-8: rename the file"
    assert sentence in err
    out, err = run(odd, b"fill", content, b"--write", *model, code=1)
    assert sentence in err
    assert out.startswith(b"4 files changed; links: ")
    changed = {path for path, data in contents(odd).items() if before.get(path) != data}
    assert {os.path.basename(path) for path in changed} == {"a.md", "b.md", "c.md", "d.md", "recommender.links.jsonl"}
    out, _ = run(odd, b"undo", content)
    assert out.startswith(b"--- a/c\xf6ntent/a.md\n+++ b/c\xf6ntent/a.md\n")
    (odd / "undo.diff").write_bytes(out)
    git(odd, "apply", "--check", "undo.diff")


COMMANDS: Mapping[str, tuple[int, list[bytes]]] = {
    "audit": (1, [b"audit", b"c\xf6ntent", b"--json"]),
    "build": (0, [b"build", b"c\xf6ntent", b"--model", b"n\xf6w", b"--json"]),
    "related-path": (2, [b"related", b"c\xf6ntent/f\xfcr.md", b"--model", b"m\xf6del"]),
    "related-why": (2, [b"related", b"/a", b"--why", b"\xf6", b"--model", b"m\xf6del"]),
    "related-text": (2, [b"related", b"--text", b"\xf6.txt", b"--model", b"m\xf6del"]),
    "fill-json": (0, [b"fill", b"c\xf6ntent", b"--json", b"--model", b"m\xf6del"]),
    "fill-check": (1, [b"fill", b"c\xf6ntent", b"--check", b"--model", b"m\xf6del"]),
    "fill-only": (0, [b"fill", b"c\xf6ntent", b"--only", b"f\xfcr/*", b"--model", b"m\xf6del"]),
    "fill-only-nothing": (2, [b"fill", b"c\xf6ntent", b"--only", b"f\xf6r/*", b"--model", b"m\xf6del"]),
    "fill-resume": (2, [b"fill", b"c\xf6ntent", b"--resume"]),
    "undo": (2, [b"undo", b"c\xf6ntent"]),
    "export": (0, [b"export", b"--output", b"\xf6ut", b"--model", b"m\xf6del"]),
    "export-files": (0, [b"export", b"--format", b"json-files", b"f\xefles", b"--model", b"m\xf6del"]),
    "evaluate": (
        0,
        [b"evaluate", b"c\xf6ntent", b"--model", b"m\xf6del", b"--rankings", b"l\xefsts", b"--csv", b"v\xe4lues"],
    ),
    "evaluate-json": (0, [b"evaluate", b"c\xf6ntent", b"--model", b"m\xf6del", b"--rankings", b"l\xefsts", b"--json"]),
    "evaluate-nothing": (2, [b"evaluate", b"c\xf6ntent", b"--model", b"m\xf6del", b"--judgments", b"\xf6"]),
    "disagreements": (2, [b"disagreements", b"c\xf6ntent", b"--model", b"m\xf6del", b"--subject", b"\xf6"]),
    "judge": (0, [b"judge", b"c\xf6ntent", b"--model", b"m\xf6del", b"--judgments", b"j\xf6"]),
    "judge-nothing": (2, [b"judge", b"c\xf6ntent", b"--model", b"m\xf6del", b"--articles", b"\xf6"]),
    "init": (2, [b"init"]),
    "no-model": (2, [b"related", b"/a", b"--model", b"\xf6"]),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("names") / os.fsdecode(b"s\xefte")
    try:
        top.mkdir()
    except OSError:
        pytest.skip("this file system holds UTF-8 names only")
    text = "The tide follows the moon around the earth"
    files = {f"{n}.md": article(n, link(1, m), answer=f"{text} {n * 4}.") for n, m in ("ab", "bc", "ca", "dg")}
    files[os.fsdecode(b"f\xfcr/e.md")] = article("e", answer=f"{text} eeee.")
    write_files(top / os.fsdecode(b"c\xf6ntent"), files)
    write_files(top, {os.fsdecode(b"l\xefsts"): '{"url": "/a", "related": ["/b"]}\n'})
    run(top, b"build", b"c\xf6ntent", b"--model", b"m\xf6del")
    return top


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_odd_names(template: Path, tmp_path: Path, name: str) -> None:
    top = Path(shutil.copytree(template, tmp_path / os.fsdecode(b"s\xefte")))
    code, arguments = COMMANDS[name]
    out, err = run(top, *arguments, code=code)
    if b"--json" in arguments:
        json.loads(out)
    if name == "init":
        assert r"c\xf6ntent: the name of the folder is not UTF-8: rename the folder" in err
    if code == 2:
        assert err.strip().count("\n") <= 3, "one sentence, below the usage at most"


def test_a_name_that_only_looks_odd_is_edited(small) -> None:
    corpus = small({r"caf\xe9.md": article("a"), "b.md": article("b")})
    assert corpus.problems == ()
    assert [one.path for one in read_corpus(corpus.root, Settings()).articles] == [r"caf\xe9.md", "b.md"]
