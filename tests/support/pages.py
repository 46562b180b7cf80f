"""The pages of the documentation: their files, code blocks, headings and links, and a place to run what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from small_sites import ROOT

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]
# What a contributor reads beside them.
NOTES = [ROOT / name for name in ("CHANGELOG.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")]
NOTES += [ROOT / folder / "README.md" for folder in ("models", "notebooks")]
_FENCED = re.compile(r"^```[^\n]*\n.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Give what stands inside the code blocks of one language."""
    return re.findall(rf"(?<=^```{language}\n).*?(?=^```$)", text, re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """Give a page without its code blocks."""
    return _FENCED.sub("", text_of(page))


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings: the same on GitHub and in the built site, or an error."""
    found = set()
    for heading in _HEADING.findall(prose(page)):
        plain = re.sub(r"[`*]", "", heading)
        anchor = re.sub(r"[^\w\s-]", "", plain.lower()).strip().replace(" ", "-")
        assert "--" not in anchor, f"{name_of(page)}: {heading!r} has two anchors; take out the sign between spaces"
        assert anchor not in found, f"{name_of(page)}: {heading!r} stands twice"
        found.add(anchor)
    return found


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def sample_site(folder: Path) -> Path:
    """Put a copy of the sample site in a git work tree below a folder, and the command beside it."""
    site = folder / "site"
    shutil.copytree(ROOT / "data", site)
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "The sample site"]):
        subprocess.run(["git", "-C", str(site), *arguments], check=True, env=environment(folder))
    commands = folder / "bin"
    commands.mkdir()
    command = commands / "recommender"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m recommender "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return site


def environment(folder: Path) -> dict[str, str]:
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    return {
        **os.environ,
        **dict.fromkeys(names, "reader@localhost"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(folder / "state"),
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
    }


def run(command: str, site: Path) -> str:
    """Run one line in the shell and give what it prints, on stdout and stderr."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=site,
        env=environment(site.parent),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"


def executed(block: str, site: Path) -> str:
    """Run the commands of one block and give the block with what they print."""
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"{line}\n{run(line[2:], site)}" for line in commands)
