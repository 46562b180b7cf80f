"""The links of one article in a list or a data file, and what a fill would change, are those of the commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from generator_sites import SITES
from small_sites import write_files

from recommender.cli.main import main
from recommender.editing.plan import Edit
from recommender.model.store import load_model
from recommender.problems import Problem
from recommender.service.live_content import Content, Known
from recommender.settings import load_settings


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("quartz", "/notes/moon"),
        ("plain, uuids in a nested list", "/moon/"),
        ("astro", "/posts/moon/"),
        ("eleventy", "/moon/"),
        ("zola", "/moon/"),
    ],
)
def test_a_list_is_judged_and_its_diff_is_the_one_of_fill(
    name: str, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path, SITES[name].files)
    assert main(["init"]) == main(["build"]) == 0
    settings, model = load_settings(tmp_path / "recommender.yml"), load_model(tmp_path / "models" / "default")
    assert settings.content is not None
    files, row = Content(settings.content, settings), model.catalogue.urls.find(url)
    today = files.today(model, row)
    assert [judged.verdict for judged in today.judged] == ["sound"] * SITES[name].references[0]
    edit = files.fill(model, row, "repair", Known()).outcome
    assert isinstance(edit, Edit)
    capsys.readouterr()
    assert main(["fill", "--only", model.catalogue.paths[row]]) == 0
    assert edit.diff == capsys.readouterr().out


def test_of_two_languages_with_one_url_each_has_its_own_list(tmp_path: Path) -> None:
    page = "---\ntitle: {0}\nlang: {1}\nurl: /{0}/\n---\n\nThe {0} pulls the sea into a tide, {1}.\n"
    names = [(name, lang) for name in ("moon", "sun", "ebb") for lang in ("de", "en")]
    write_files(tmp_path, {f"content/{lang}/{name}.md": page.format(name, lang) for name, lang in names})
    settings = "site: plain\ncontent: content\nlinks:\n- write: related.json\n"
    write_files(tmp_path, {"recommender.yml": settings})
    assert main(["build"]) == main(["fill", "--write", "--allow-no-vcs"]) == 0
    model = load_model(tmp_path / "models" / "default")
    files = Content(tmp_path / "content", load_settings(tmp_path / "recommender.yml"))
    for row in range(len(model.catalogue)):
        today = files.today(model, row)
        assert [judged.verdict for judged in today.judged] == ["sound"] * 2
        assert {model.catalogue.partition_of(judged.target) for judged in today.judged} == {
            model.catalogue.partition_of(row)
        }


def test_links_and_the_diff_of_one_article_in_a_data_file(tmp_path: Path) -> None:
    write_files(tmp_path, SITES["mkdocs"].files)
    assert main(["init"]) == main(["build"]) == main(["fill", "--write", "--allow-no-vcs"]) == 0
    settings, model = load_settings(tmp_path / "recommender.yml"), load_model(tmp_path / "models" / "default")
    file = tmp_path / "data" / "related.yml"
    files, row = Content(tmp_path / "docs", settings), model.catalogue.urls.find("/mill/")

    today = files.today(model, row)
    assert [(judged.verdict, judged.generated) for judged in today.judged] == [("sound", True)] * 4
    assert files.fill(model, row, "repair", Known()).outcome is None

    settings.links_file.unlink()  # so that all links count as a person's
    text = file.read_text(encoding="utf-8")
    start, end = text.index("/mill/:"), text.index("/moon/:")
    file.write_text(text[:start] + "/mill/:\n- {url: /sun/, title: By hand}\n" + text[end:], encoding="utf-8")
    assert [judged.link.title for judged in files.today(model, row).judged] == ["By hand"]
    edit = files.fill(model, row, "repair", Known()).outcome
    assert isinstance(edit, Edit) and "--- a/data/related.yml" in edit.diff
    added = [line for line in edit.diff.splitlines() if line.startswith("+") and "url:" in line]
    assert len(added) == 3 and "/moon/:" not in "".join(line for line in edit.diff.splitlines() if line[0] in "+-")

    file.write_text("/mill/: [\n", encoding="utf-8")
    refused = files.fill(model, row, "repair", Known()).outcome
    assert isinstance(refused, Problem) and (refused.code, refused.line) == ("bad-yaml", 1)
