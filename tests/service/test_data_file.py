"""A site whose links stand in a data file: an article's own links, and what a fill would change, are read from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from generator_sites import SITES
from small_sites import write_files

from recommender.cli.main import main
from recommender.editing.plan import Edit
from recommender.model.store import load_model
from recommender.problems import Problem
from recommender.service.live_content import Content
from recommender.settings import load_settings


def test_links_and_the_diff_of_one_article(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, SITES["mkdocs"].files)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert main(["init"]) == main(["build"]) == main(["fill", "--write", "--allow-no-vcs"]) == 0
    settings, model = load_settings(tmp_path / "recommender.yml"), load_model(tmp_path / "models" / "default")
    file = tmp_path / "data" / "related.yml"
    files, row = Content(tmp_path / "docs", settings), model.catalogue.urls.find("/mill/")

    today = files.today(model, row)
    assert [(judged.verdict, judged.generated) for judged in today.judged] == [("sound", True)] * 4
    assert files.fill(model, row, "repair", ((), None)) is None

    settings.links_file.unlink()  # so that all links count as a person's
    text = file.read_text(encoding="utf-8")
    start, end = text.index("/mill/:"), text.index("/moon/:")
    file.write_text(text[:start] + "/mill/:\n- {url: /sun/, title: By hand}\n" + text[end:], encoding="utf-8")
    assert [judged.link.title for judged in files.today(model, row).judged] == ["By hand"]
    edit = files.fill(model, row, "repair", ((), None))
    assert isinstance(edit, Edit) and "--- a/data/related.yml" in edit.diff
    added = [line for line in edit.diff.splitlines() if line.startswith("+") and "url:" in line]
    assert len(added) == 3 and "/moon/:" not in "".join(line for line in edit.diff.splitlines() if line[0] in "+-")

    file.write_text("/mill/: [\n", encoding="utf-8")
    refused = files.fill(model, row, "repair", ((), None))
    assert isinstance(refused, Problem) and (refused.code, refused.line) == ("bad-yaml", 1)
