"""The command line: exit codes of every command for good and bad input, JSON alone on stdout, quiet pipes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_sites import article, command, contents, link, write_files

from recommender.build import incremental, pipeline
from recommender.cli import fill
from recommender.cli import related as module
from recommender.cli.main import cli, main
from recommender.cli.options import read_site
from recommender.settings import Settings, load_settings
from recommender.site.corpus import Corpus
from recommender.system.disk import LockHeld, locked

KEPLER = "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion"
COMMANDS = ["init", "audit", "build", "related", "evaluate", "disagreements", "judge", "fill", "undo", "export"]


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def at_site(committed_site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the sample site, which these tests only read."""
    monkeypatch.chdir(committed_site)
    return committed_site


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder without settings, content or model."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    captured = capsys.readouterr()
    return captured.out, captured.err


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["audit"], 2, "no CONTENT: name the site's folder, or write `content:` in recommender.yml"),
        (["build"], 2, "no CONTENT: name the site's folder"),
        (["evaluate"], 2, "no CONTENT: name the site's folder"),
        (["fill"], 2, "no CONTENT: name the site's folder"),
        (["audit", "nowhere"], 2, "CONTENT nowhere does not exist; name the folder"),
        (["build", "nowhere"], 2, "CONTENT nowhere does not exist"),
        (["evaluate", "nowhere"], 2, "CONTENT nowhere does not exist"),
        (["fill", "nowhere"], 2, "CONTENT nowhere does not exist"),
        (["audit", "hollow"], 2, "CONTENT hollow holds no Markdown file"),
        (["build", "hollow"], 2, "CONTENT hollow holds no Markdown file"),
        (["fill", "hollow", "--write"], 2, "CONTENT hollow holds no Markdown file"),
        (["audit", "hollow/file.txt"], 2, "CONTENT hollow/file.txt is not a folder"),
        (["init"], 2, "no Markdown file below"),
        (["evaluate", "--judgments", "none.jsonl"], 2, "none.jsonl: cannot be read"),
        (["evaluate", "--depth", "0"], 2, "'--depth'"),
        (["evaluate", "--seed", "-1"], 2, "'--seed'"),
        (["disagreements"], 2, "no CONTENT: name the site's folder"),
        (["disagreements", "--limit", "0"], 2, "'--limit'"),
        (["judge"], 2, "no CONTENT: name the site's folder"),
        (["judge", "--judgments", "no/folder.jsonl"], 2, "there is no folder no; make it first"),
        (["judge", "--agreement", "one.jsonl"], 2, "requires 2 arguments"),
        (
            ["evaluate", "hollow", "--csv", "no/x.csv"],
            2,
            "no/x.csv cannot be written: there is no folder no; make it first",
        ),
        (["evaluate", "hollow", "--csv", "hollow"], 2, "hollow is a folder; name a file"),
        (["judge", "--judgments", "hollow"], 2, "hollow is a folder; name a file"),
        (["judge", "--judgments", "/dev/null"], 2, "/dev/null is a pipe or a device; name a file"),
        (["evaluate", "--judgments", "/dev/full"], 2, "/dev/full is a device; name a file that `judge` wrote"),
        (["evaluate", "--judgments", "hollow"], 2, "hollow: cannot be read (Is a directory); name a file"),
        (
            ["build", "hollow", "--model", "hollow/file.txt"],
            2,
            "hollow/file.txt is not a folder; name another",
        ),
        (
            ["watch", "hollow", "--model", "hollow/file.txt/m"],
            2,
            "hollow/file.txt/m cannot be made: hollow/file.txt is not a",
        ),
        (["export", "--output", "no/x"], 2, "no/x cannot be written: there is no folder no; make it first"),
        (["export", "--output", "hollow"], 2, "hollow is a folder; name a file"),
        (["export", "--format", "json-files", "hollow/file.txt"], 2, "holds no model, and no recommender.yml is here"),
        (["related", "/a"], 2, "holds no model, and no recommender.yml is here or above; run `recommender init` at"),
        (["serve"], 2, "holds no model, and no recommender.yml is here or above; run `recommender init` at"),
        (["serve", "--model", "hollow"], 2, "hollow holds no model; build one: `recommender build`"),
        (["related", "--text", "hollow/file.txt"], 2, "holds no model"),
        (["export", "--output", "x"], 2, "holds no model"),
        (["related", "/a", "--model", "hollow"], 2, "hollow holds no model"),
        (["related"], 2, "name one article by its url, id or path, or a draft with --text FILE"),
        (["related", "/a", "--text", "hollow/file.txt"], 2, "name one article"),
        (["related", "--text", "nowhere"], 2, "'nowhere': No such file"),
        (["related", "--text", "hollow"], 2, "'hollow': Is a directory"),
        (["related", "/a", "--limit", "0"], 2, "'--limit'"),
        (["related", "/a", "--limit", "five"], 2, "'five' is not a valid integer"),
        (["export"], 2, "`recommender export --output FILE`"),
        (["export", "folder", "--output", "x"], 2, "`recommender export --output FILE`"),
        (["export", "--format", "json-files"], 2, "`recommender export --format json-files DIR`"),
        (["export", "--format", "json-files", "folder", "--output", "x"], 2, "json-files go into a folder"),
        (["export", "--format", "json-files", "folder"], 2, "holds no model, and no recommender.yml is here"),
        (["export", "--output", "x", "--limit", "21"], 2, "'--limit'"),
        (["fill", "--check", "--write"], 2, "--check writes nothing; give either --check or --write"),
        (["fill", "--mode", "guess"], 2, "'guess' is not one of"),
        (["fill", "hollow", "--resume"], 2, "there is no interrupted run of this CONTENT to resume"),
        (["audit", "--fail-on", "panic"], 2, "'panic' is not one of"),
        (["audit", "--frobnicate"], 2, "No such option"),
        (["audit", "a", "b"], 2, "unexpected extra argument"),
        (["frobnicate"], 2, "No such command 'frobnicate'"),
        ([], 2, "Usage: recommender"),
        (["--frobnicate"], 2, "No such option"),
    ],
)
def test_wrong_use_is_exit_code_2_with_a_remedy(
    empty: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, complaint: str
) -> None:
    write_files(empty, {"hollow/file.txt": "nothing"})
    before = contents(empty)
    assert main(arguments) == code
    out, err = said(capsys)
    assert (out, complaint in err) == ("", True), err
    assert "Traceback" not in err
    assert contents(empty) == before


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    out, err = said(capsys)
    assert out.startswith(f"Usage: recommender {name} ")
    assert err == ""
    found = cli.commands[name]
    assert found.help.rstrip().endswith(".")
    for parameter in found.params:
        if parameter.param_type_name == "option" and parameter.name != "mode":
            assert parameter.help, f"{name} --{parameter.name}"
            assert parameter.opts[0] in out


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(COMMANDS) <= set(cli.commands)
    assert main(["--help"]) == main(["-h"]) == 0
    out, _ = said(capsys)
    for name, found in cli.commands.items():
        assert re.search(rf"^  {name} +{re.escape(found.get_short_help_str(40)[:20])}", out, re.MULTILINE)
    assert main(["--version"]) == 0
    assert re.fullmatch(r"recommender, version \d\S+\n", said(capsys)[0])


def test_init_writes_settings_that_load_and_are_the_defaults(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(empty, {"content/a.md": article("a")})
    assert main(["init"]) == 0
    assert said(capsys)[0].startswith("plain site: 1 pages of 1 files in content\n  a.md  ->  /a\n")
    settings = load_settings(empty / "recommender.yml")
    assert settings.content == empty / "content"
    assert {**vars(settings), "content": None, "model": None, "home": None} == vars(Settings())
    assert main(["init"]) == 2
    assert "is there already" in said(capsys)[1]
    assert main(["init", "--force"]) == 0


@pytest.mark.parametrize(
    ("blocks", "fail_on", "code"),
    [
        ([], "error", 0),
        ([], "warning", 0),
        ([], "note", 1),
        ([link(2, "b")], "error", 0),
        ([link(2, "b")], "warning", 1),
        ([link(1, "gone")], "error", 1),
    ],
)
def test_audit_fails_on_the_severity_that_is_named(
    empty: Path, capsys: pytest.CaptureFixture[str], blocks: list[str], fail_on: str, code: int
) -> None:
    write_files(empty, {"content/a.md": article("a", *blocks), "content/b.md": article("b")})
    assert main(["audit", "content", "--fail-on", fail_on]) == code
    assert "2 files, 2 articles, 2 families" in said(capsys)[0]


def test_build_then_ask_then_export(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "The tide follows the moon"
    files = {f"content/{n}.md": article(n, answer=f"{text} {n * 4}.") for n in "abcd"}
    write_files(empty, files)
    assert main(["build", "content", "--model", "m"]) == 0
    assert said(capsys)[0].splitlines()[-1] == "saved in m"
    assert main(["related", "/a", "--model", "m"]) == 0
    assert "/b" in said(capsys)[0]
    assert main(["export", "--model", "m", "--output", "lists.jsonl", "--limit", "2"]) == 0
    rows = [json.loads(line) for line in (empty / "lists.jsonl").read_text().splitlines()]
    assert [row["url"] for row in rows] == ["/a", "/b", "/c", "/d"]
    assert all(len(row["related"]) == 2 for row in rows)
    assert main(["evaluate", "content", "--model", "m"]) == 0
    assert "0 articles with sound curated links" in said(capsys)[0]
    write_files(empty, {"content/bad.md": b"---\nid: \xff\n---\n"})
    assert main(["build", "content", "--model", "m"]) == 1
    first, second, _ = said(capsys)[1].splitlines()
    assert first == "5 of 5 files read; the others are as the last build read them"  # they are younger than 2 s
    assert second.startswith("bad.md:2: error not-utf8: ")


def test_the_model_is_the_one_beside_the_settings(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(empty, {"content/a.md": article("a"), "deep/er/x": "", "recommender.yml": "content: content\n"})
    os.chdir(empty / "deep" / "er")
    assert main(["build"]) == 0
    assert (empty / "models" / "default" / "manifest.json").is_file()
    (empty / "recommender.yml").write_text("content: content\nmodel: other\n")
    assert main(["build"]) == 0
    assert (empty / "other" / "manifest.json").is_file()
    (empty / "recommender.yml").write_text("slotz: 5\n")
    assert main(["build"]) == 2
    assert "unknown setting 'slotz'; did you mean 'slots'?" in said(capsys)[1]


@pytest.mark.parametrize(
    "text", [KEPLER, f"https://example.org{KEPLER}/?a#b", "content/astronomy/" + KEPLER[27:] + ".md"]
)
def test_related_takes_a_url_or_a_path(at_site: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert main(["related", text]) == 0
    assert said(capsys)[0].splitlines()[0].startswith("Explain Kepler")


def test_related_says_what_is_not_there(at_site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["related", "kepler"]) == 2
    out, err = said(capsys)
    assert (out, err.startswith("recommender: no article is known as 'kepler'; closest: " + KEPLER)) == ("", True)
    assert main(["related", KEPLER, "--why", "nowhere"]) == 2
    assert "no article is known as 'nowhere'" in said(capsys)[1]


def test_an_ambiguous_id_is_wrong_use(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(empty, {"content/a.md": article("a", id="7"), "content/b.md": article("b", id="7")})
    assert main(["build", "content"]) == 0
    said(capsys)
    assert main(["related", "7"]) == 2
    assert said(capsys)[1] == "recommender: the id 7 belongs to different articles; name one by its url: /a, /b\n"


JSON = [
    (["audit"], 1, ["totals", "verdicts", "counts", "problems"]),
    (["related", KEPLER], 0, ["article", "related"]),
    (["related", KEPLER, "--limit", "99"], 0, ["article", "related", "reason"]),
    (["related", KEPLER, "--limit", "99", "--explain"], 0, ["article", "related", "reason"]),
    (["related", KEPLER, "--why", KEPLER], 0, ["article", "shown", "rank", "score", "rule", "sentence", "terms"]),
    (
        ["evaluate"],
        0,
        [
            *("articles", "generated links left out", "means", "intervals", "comparisons", "subjects"),
            *("catalogue", "seed", "draws", "swaps"),
        ],
    ),
    (
        ["disagreements"],
        0,
        ["curated", "poor", "strong", "floor", "strong score", "poor links", "strong suggestions"],
    ),
    (["fill"], 0, ["files", "summary", "problems", "lists"]),
    (["review"], 0, ["lists"]),
    (["fill", "--check"], 1, ["files", "summary", "problems"]),
]


@pytest.mark.parametrize(("arguments", "code", "keys"), JSON)
def test_json_is_one_document_alone_on_stdout(
    at_site: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, keys: list[str]
) -> None:
    assert main([*arguments, "--json"]) == code
    out, err = said(capsys)
    assert list(json.loads(out)) == keys
    assert err == ""


# The commands that change something, in an order in which each can run; the others stand in JSON.
WRITING: list[tuple[list[str], int, list[str]]] = [
    (
        ["init", "--force"],
        0,
        [
            "file",
            "site",
            "marker",
            "content",
            "files",
            "pages",
            "repeated",
            "examples",
            "languages",
            "versions",
            "hidden",
            "links",
            "unread",
            "odd_lists",
            "to_do",
        ],
    ),
    (["rule", "list"], 0, ["links", "pages", "problems"]),
    (
        ["build"],
        0,
        ["model", "files", "articles", "terms", "full lists", "short lists", "empty lists", "problems"],
    ),
    (["tune"], 0, []),
    (["export", "--output", "lists.jsonl"], 0, ["output", "lists"]),
    (["export", "--format", "json-files", "out"], 0, ["folder", "written", "unchanged", "deleted", "left_out"]),
    (["fill", "--write"], 0, ["written", "already", "summary", "problems"]),
    (["fill", "--check"], 0, ["files", "summary", "problems"]),
    (["undo"], 0, ["files", "problems"]),
    (["judge", "--agreement", "one.jsonl", "one.jsonl"], 0, []),
]
# They run until they are stopped.
ENDLESS = {"serve", "watch"}


@pytest.mark.slow  # runs every command
def test_every_command_that_ends_prints_one_json_document(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(site)
    Path("one.jsonl").write_text('{"url": "/a", "labels": {"/b": "3", "/c": "0"}}\n')
    for arguments, code, keys in WRITING:
        assert main([*arguments, "--json"]) == code, arguments
        found = json.loads(said(capsys)[0])
        assert not keys or list(found) == keys, arguments
    # Those of report, status, changes and pr have tests of their own; a script is no document.
    apart = ENDLESS | {"completion", "report", "status", "changes", "pr"}
    assert {arguments[0] for arguments, *_ in [*JSON, *WRITING]} == cli.commands.keys() - apart


def test_lists_on_stdout_and_json_are_too_much(at_site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--output", "-", "--json"]) == 2
    out, err = said(capsys)
    assert (out, "--json has no place there; name a FILE" in err) == ("", True)


def test_check_names_files_and_ends_with_1_until_they_are_written(site: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(site)
    before = contents(site)
    assert main(["fill", "--check"]) == 1
    out, err = said(capsys)
    names = out.splitlines()
    assert len(names) > 20
    assert names == sorted(names)
    assert err.startswith(f"{len(names)} files would change; links: ")
    assert contents(site) == before
    assert main(["fill"]) == 0
    diff = said(capsys)[0]
    assert re.findall(r"^\+\+\+ b/content/(.*)$", diff, re.MULTILINE) == names
    assert contents(site) == before
    assert main(["fill", "--write"]) == 0
    assert said(capsys)[0].startswith(f"{len(names)} files changed; links: ")
    changed = {name for name, data in contents(site).items() if before.get(name) != data}
    assert changed == {f"content/{name}" for name in names} | {"recommender.links.jsonl"}
    assert main(["fill", "--check"]) == 0
    assert said(capsys)[0] == ""


def test_a_guard_of_git_is_wrong_use(site: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(site)
    shutil.rmtree(site / ".git")
    before = contents(site)
    assert main(["fill", "--write"]) == 2
    assert "--allow-no-vcs" in said(capsys)[1]
    assert contents(site) == before


@pytest.mark.parametrize(("arguments", "held"), [(["fill", "--write"], True), (["fill"], False)])
def test_a_run_that_writes_is_alone_from_before_it_reads(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys, arguments: list[str], held: bool
) -> None:
    found = []

    def read(root: Path, settings: Settings) -> Corpus:
        try:
            with locked(root):
                found.append(False)
        except LockHeld:
            found.append(True)
        return read_site(root, settings)

    monkeypatch.chdir(site)
    monkeypatch.setattr(fill, "read_site", read)
    assert main(arguments) == 0
    assert found == [held]


def test_a_build_after_edits_is_the_one_from_scratch(site: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(site)
    files = sorted((site / "content").rglob("*.md"))
    for file in files:
        os.utime(file, (1_600_000_000, 1_600_000_000))
    assert main(["build", "--model", "m"]) == 0
    files[3].unlink()
    files[5].write_text(files[5].read_text().replace("the ", "no ", 3))
    write_files(site, {"content/new.md": article("new", answer="A planet and its moon.")})
    for arguments in ([], ["--verify-bytes"]):
        said(capsys)
        assert main(["build", "--model", "m", *arguments]) == 0
        note = said(capsys)[1]
        assert note.endswith("files read; the others are as the last build read them\n")
        assert main(["build", "--model", "fresh"]) == 0
        versions = {json.loads((site / name / "manifest.json").read_text())["version"] for name in ("m", "fresh")}
        assert len(versions) == 1
        shutil.rmtree(site / "fresh")
    assert "142 of 142 files read" in note


def test_what_was_read_is_gone_while_a_site_is_ranked(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: dict[str, weakref.ref] = {}
    collect, rank, gone = incremental.collect, pipeline.rank, []

    def noted(*arguments: Any, **options: Any) -> Any:
        found = collect(*arguments, **options)
        parts = {"corpus": found.corpus, "index": found.index, "tokens": found.fresh, "numbers": found.fresh.numbers}
        read.update({name: weakref.ref(own) for name, own in parts.items()})
        return found

    def ranked(*arguments: Any, **options: Any) -> Any:
        gone.append({name: one() is None for name, one in read.items()})
        return rank(*arguments, **options)

    monkeypatch.setattr(incremental, "collect", noted)
    monkeypatch.setattr(pipeline, "rank", ranked)
    monkeypatch.chdir(site)
    assert main(["build", "--model", "m"]) == 0
    made_up, real = gone  # the first is ranked while the real one is read
    assert (made_up, real) == ({}, dict.fromkeys(("corpus", "index", "tokens", "numbers"), True))


def test_a_bug_is_exit_code_3(at_site: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "load", broken)
    assert main(["related", KEPLER]) == 3
    err = said(capsys)[1]
    assert "Traceback" in err
    assert err.endswith("recommender: this is a bug of recommender; please report it with the lines above\n")


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (KeyboardInterrupt(), (130, "interrupted; nothing was left half-done")),
        (OSError(28, "No space left on device", "x"), (1, "x: No space left on device; nothing was left half-written")),
        (OSError(5, "Input/output error"), (1, "input or output: Input/output error; nothing was left half-written")),
    ],
)
def test_what_stops_a_run(at_site: Path, monkeypatch, capsys, error: BaseException, wanted: tuple[int, str]) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module, "load", stopped)
    assert main(["related", KEPLER]) == wanted[0]
    assert said(capsys)[1].endswith(f"recommender: {wanted[1]}\n")


def test_a_terminated_run_is_143(at_site: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(module, "load", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM))
    assert main(["related", KEPLER]) == 143
    assert said(capsys) == ("", "recommender: interrupted; nothing was left half-done\n")


def test_the_console_command_passes_the_exit_code_on(committed_site: Path, tmp_path: Path) -> None:
    done = command(tmp_path, "audit")
    assert (done.returncode, done.stdout) == (2, "")
    done = command(committed_site, "related", KEPLER, "--limit", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Explain Kepler")


@pytest.mark.slow  # runs in processes
@pytest.mark.parametrize(
    "arguments", ["audit", f"related {KEPLER} --explain", "fill", "export --output -", "fill --json"]
)
def test_a_closed_stdout_is_quiet(committed_site: Path, arguments: str) -> None:
    line = f"{sys.executable} -m recommender {arguments} | head -n 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], check=False, cwd=committed_site, capture_output=True, text=True)
    # The audit of this site finds errors; that may be known before the reader goes.
    assert done.stdout.strip() in ({"0", "1"} if arguments == "audit" else {"0"})
    assert not re.search("Traceback|Error|Broken|bug", done.stderr)


def test_progress_is_never_drawn_on_a_pipe(site: Path, monkeypatch: pytest.MonkeyPatch, capfd) -> None:
    monkeypatch.chdir(site)
    assert main(["build"]) == 0
    out, err = capfd.readouterr()
    assert (out.count("\n"), "\r" in out, err) == (2, False, "")
    done = command(site, "audit")
    assert (done.returncode, done.stderr) == (1, "")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose titles few encodings can hold, with its model."""
    folder = tmp_path_factory.mktemp("foreign")
    texts = {n: article(n, title=f"Flut → {n} é 🙂", answer=f"The tide follows the moon {n * 4}.") for n in "abc"}
    write_files(folder, {f"content/{n}.md": text for n, text in texts.items()})
    assert main(["build", str(folder / "content"), "--model", str(folder / "models" / "default")]) == 0
    return folder


@pytest.mark.slow  # runs in processes
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_any_encoding_of_stdout_is_served(foreign: Path, encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}

    def run(*arguments: str) -> bytes:
        line = [sys.executable, "-m", "recommender", *arguments]
        done = subprocess.run(line, check=False, cwd=foreign, capture_output=True, env=environment)
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
        return done.stdout

    assert "Flut \\u2192 b " in run("related", "/a").decode(encoding)
    found = json.loads(run("related", "/a", "--json").decode(encoding))
    assert {row["title"] for row in found["related"]} == {"Flut → b é 🙂", "Flut → c é 🙂"}
    # What other programs read is UTF-8 wherever it is written.
    assert "Flut → b é 🙂" in run("fill", "content").decode("utf-8")
    assert json.loads(run("export", "--output", "-").decode("utf-8").splitlines()[0])["url"] == "/a"


def test_a_build_says_first_that_it_saved_and_last_what_is_missing(
    empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "abcd":
        write_files(empty, {f"content/{name}.md": article(name, answer=f"The tide and the moon {name}.")})
    write_files(empty, {"content/big.md": b"x" * 1_048_577, "content/bad.md": b"---\nurl: \xff\n---\n"})
    assert main(["build", "content", "--model", "m"]) == 1
    out, err = said(capsys)
    assert out.splitlines()[-1] == "saved in m"
    wanted = [
        "bad.md:2: error not-utf8: byte 9 is not UTF-8 (save the file as UTF-8)",
        "big.md: error too-large: the file has 1,048,577 bytes (split the article)",
        "2 of 6 files are not in the model: bad.md, big.md; so the exit code is 1, which --allow-problems makes 0",
    ]
    assert err.splitlines() == wanted
    assert main(["related", "/a", "--model", "m"]) == 0
    said(capsys)
    assert main(["build", "content", "--model", "m", "--allow-problems"]) == 0
    assert said(capsys)[1].splitlines()[-1] == "2 of 6 files are not in the model: bad.md, big.md"
    assert main(["build", "content", "--model", "m", "--allow-problems", "--json"]) == 0
    assert [problem["path"] for problem in json.loads(said(capsys)[0])["problems"]] == ["bad.md", "big.md"]
    for path in ("big.md", "bad.md"):
        (empty / "content" / path).unlink()
    assert main(["build", "content", "--model", "m"]) == 0
    assert "not in the model" not in said(capsys)[1]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("fields: {nowhere: 1, missing: 2}", "no article has a word in nowhere, missing; look at the settings fields"),
        ("floor: 0.9", "/a: 0 of 5 found; stopped: 3 below-floor; look at the settings fields, text, parts, floor"),
    ],
)
def test_a_build_says_why_every_list_is_empty(
    empty: Path, capsys: pytest.CaptureFixture[str], settings: str, reason: str
) -> None:
    files = {f"content/{n}.md": article(n, answer=f"The tide and the moon {n} {n * 3}.") for n in "abcd"}
    write_files(empty, {"recommender.yml": f"content: content\n{settings}\n", **files})
    assert main(["build"]) == 0
    assert f"every list is empty; {reason}" in said(capsys)[1]
