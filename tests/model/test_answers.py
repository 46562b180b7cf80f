"""What answers name an article by: what the site has, and what the setting ``answers`` adds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_sites import in_process, write_files

from recommender.build.site_build import build_site
from recommender.cli.main import main
from recommender.errors import SettingsError
from recommender.model.store import load_model
from recommender.service import create_app
from recommender.settings import Settings, load_settings, settings_in

PAGE = "---\ntitle: Tide {name}\nurl: /{name}/\n{more}---\n\nThe moon pulls the sea into tide {name}.\n"
FILES = {
    "content/a.md": PAGE.format(name="a", more='description: "The first, \\"best\\" tide"\nseo: {tags: [sea, moon]}\n'),
    "content/b.md": PAGE.format(name="b", more="image: /b.png\n"),
    "content/c.md": PAGE.format(name="c", more=""),
    "recommender.yml": "content: content\nfloor: 0\nanswers: [description, image, seo.tags]\n",
}
A = {"title": "Tide a", "url": "/a/", "description": 'The first, "best" tide', "seo.tags": ["sea", "moon"]}
B = {"title": "Tide b", "url": "/b/", "image": "/b.png"}


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_files(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 0
    return tmp_path


def test_the_command_the_service_and_the_files_give_the_same(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["related", "/a/", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["article"] == A
    links = {link["url"]: link for link in found["related"]}
    assert {name: links["/b/"][name] for name in B} == B
    assert set(links["/c/"]) == {"title", "url", "score", "rank"}
    client = create_app(top / "models" / "default", load_settings(top / "recommender.yml")).test_client()
    for query in ("", "&explain=true"):  # prepared bytes, and not
        reply = client.get(f"/v1/related?url=/a/{query}").json
        assert reply["article"] == A
        assert {name: reply["related"][0].get(name) for name in B} in (
            B,
            {**B, "title": "Tide c", "url": "/c/", "image": None},
        )
    assert main(["export", "--format", "json-files", "out"]) == 0
    assert json.loads((top / "out" / "a.json").read_text())["article"] == A


def test_a_changed_value_is_in_the_next_model(top: Path) -> None:
    write_files(top, {"content/b.md": PAGE.format(name="b", more="image: /new.png\n")})
    assert main(["build"]) == 0
    model = load_model(top / "models" / "default")
    assert json.loads(model.catalogue.further[1]) == {"image": "/new.png"}
    (top / "recommender.yml").write_text("content: content\nfloor: 0\n")
    assert main(["build"]) == 0
    assert load_model(top / "models" / "default").catalogue.further[1] == ""


def test_subject_and_id_are_named_where_any_article_has_one(tmp_path: Path) -> None:
    write_files(tmp_path, {**FILES, "content/c.md": PAGE.format(name="c", more="subject: Sea\n")})
    build_site(tmp_path / "content", Settings(), tmp_path / "model")
    reply = create_app(tmp_path / "model", Settings()).test_client().get("/v1/related?url=/a/").json
    assert reply["article"] == {"title": "Tide a", "subject": "", "url": "/a/"}


def test_without_subjects_none_is_printed(top: Path) -> None:
    done = in_process(top, "related", "/a/")
    assert done.stdout.splitlines()[0] == "Tide a"


def test_a_name_with_a_meaning_of_its_own_is_refused() -> None:
    with pytest.raises(SettingsError, match="answers 'score' has a meaning of its own"):
        settings_in("answers: [image, score]\n", Path("recommender.yml"))
