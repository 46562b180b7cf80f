"""An article's answer is the same on the command line, over HTTP and in a static file, but for what each leaves out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recommender.cli.main import main
from recommender.export.static_files import DECIMALS, file_of
from recommender.model.model import Model
from recommender.model.store import load_model
from recommender.service import create_app
from recommender.settings import Settings


@pytest.mark.parametrize("limit", [3, 5, 20])
def test_each_surface_gives_the_same_answer(
    site: Path, model: Model, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.chdir(site)
    folder = site / "models" / "default"
    client = create_app(folder, Settings(home=site)).test_client()
    assert main(["export", "--format", "json-files", "--limit", str(limit), str(site / "files")]) == 0
    urls = load_model(folder).catalogue.urls
    for row in range(0, len(model), 29):
        capsys.readouterr()
        assert main(["related", urls[row], "--limit", str(limit), "--explain", "--json"]) == 0
        printed = json.loads(capsys.readouterr().out)
        query = {"url": urls[row], "limit": str(limit)}
        explained = client.get("/v1/related", query_string={**query, "explain": "true"}).get_json()
        plain = client.get("/v1/related", query_string=query).get_json()
        file = json.loads((site / "files" / file_of(urls[row])).read_text())
        assert [set(link) for link in printed["related"]] == [
            {"id", "title", "subject", "url", "score", "rank", "terms"} for _ in printed["related"]
        ]
        # A url names one article: that it has copies is not said on the command line.
        assert without(explained, "source", "model", "copies") == without(printed)
        assert without(plain, "source", "model", "copies") == without(printed, "terms")
        rounded = [round(link.pop("score"), DECIMALS) for link in plain["related"]]
        assert [link.pop("score") for link in file["related"]] == rounded
        assert file == without(plain, "model")


def without(answer: dict, *keys: str) -> dict:
    """Leave out keys, in the links too."""
    links = [{key: value for key, value in link.items() if key not in keys} for link in answer["related"]]
    return {**{key: value for key, value in answer.items() if key not in keys}, "related": links}
