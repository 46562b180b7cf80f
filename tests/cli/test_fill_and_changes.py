"""What fill and changes say on the command line where there is little to do, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_sites import article, in_process, write_files

pytestmark = pytest.mark.slow  # starts the command for each line

WORDS = {"sun": "stars shine by fusion", "moon": "the moon mirrors light", "yeast": "dough rises warm"}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    files = {f"content/{name}.md": article(name, title=name, answer=text) for name, text in WORDS.items()}
    return write_files(tmp_path, {**files, "recommender.yml": "content: content\nmodel: model\n"})


def test_a_limit_of_no_change_is_refused_with_a_sentence(site: Path) -> None:
    done = in_process(site, "fill", "--max-changes", "0")
    assert done.returncode == 2
    assert "--max-changes below 1 would change nothing; `fill --check` shows what would change" in done.stderr


def test_balance_where_nothing_can_be_linked_says_so_and_writes_nothing(site: Path) -> None:
    before = {path.name: path.read_bytes() for path in (site / "content").iterdir()}
    done = in_process(site, "fill", "--balance", "--write", "--allow-no-vcs")
    assert done.returncode == 0
    assert "balance: 3 orphans to 3; mean score of generated links 0.00 %; 0 links exchanged" in done.stdout
    assert "no list that may change can take /moon, /sun, /yeast" in done.stdout
    assert {path.name: path.read_bytes() for path in (site / "content").iterdir()} == before
    told = json.loads(in_process(site, "fill", "--balance", "--json").stdout)
    assert told["balance"]["alone"] == ["/moon", "/sun", "/yeast"]


def test_reviewed_links_are_not_balanced(site: Path) -> None:
    done = in_process(site, "fill", "--balance", "--reviewed")
    assert (done.returncode, "--reviewed adds the accepted links alone" in done.stderr) == (2, True)


def test_changes_needs_two_models_and_names_what_is_new(site: Path) -> None:
    in_process(site, "build")
    alone = in_process(site, "changes")
    assert alone.returncode == 2
    assert "model holds one model alone; there is another once the site was built again" in alone.stderr
    write_files(site, {"content/star.md": article("star", title="star", answer="stars shine by fusion of hydrogen")})
    in_process(site, "build")
    told = json.loads(in_process(site, "changes", "--json").stdout)
    assert [one["article"] for one in told["lists"] if one["url"] == "/star"] == ["new"]
    assert set(told["reasons"]) == {"new article"}
