"""What the pages show is what happens: each page's console blocks are one session in a copy of the sample site.

After a wanted change of output: RECOMMENDER_WRITE_DOCS=1 pytest tests/docs/test_pages.py writes the new output.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pages import PAGES, README, blocks, environment, executed, name_of, sample_site, text_of
from small_sites import ROOT

pytestmark = pytest.mark.slow  # runs the commands of every page

SESSIONS = [page for page in PAGES if blocks(text_of(page), "console")]


def test_the_pages_that_must_show_a_session_do() -> None:
    assert {name_of(page) for page in SESSIONS} >= {
        "README.md",
        "docs/tutorial/first-fill.md",
        "docs/how-to/fill-a-site.md",
        "docs/how-to/evaluate-links.md",
        "docs/how-to/undo-a-fill.md",
        "docs/how-to/static-files.md",
    }


@pytest.mark.parametrize("page", SESSIONS, ids=name_of)
def test_the_commands_of_a_page_print_what_it_says(page: Path, tmp_path: Path) -> None:
    site = sample_site(tmp_path)
    text = text_of(page)
    shown = blocks(text, "console")
    if text.count("$ recommender build") > 1:
        time.sleep(2.5)  # files as young as that are read again
    printed = [executed(block, site) for block in shown]
    if os.environ.get("RECOMMENDER_WRITE_DOCS"):
        for block, output in zip(shown, printed, strict=True):
            text = text.replace(f"```console\n{block}```", f"```console\n{output}```", 1)
        page.write_text(text, encoding="utf-8")
        shown = printed
    assert printed == shown


def test_the_library_example_runs_and_has_types(tmp_path: Path) -> None:
    (example,) = blocks(text_of(README), "python")
    site = sample_site(tmp_path)
    script = site / "example.py"
    script.write_text(example, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], cwd=site, env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == 5
    assert lines == sorted(lines, reverse=True)
    assert all(float(score) > 0 and url.startswith("/learn/") for score, url in lines)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(script)], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert checked.stdout.startswith("Success"), checked.stdout
