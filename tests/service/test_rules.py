"""The editors' rules in a running service: followed at once, and those of before while the file is broken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small_sites import article, write_files
from surveys import wait_for_scan

from recommender.build.pipeline import fit_model
from recommender.model.store import save_model
from recommender.rules.editor_rules import RULES_FILE
from recommender.service import create_app
from recommender.service.app_state import State
from recommender.settings import Settings
from recommender.site.corpus import read_corpus

SETTINGS = Settings(floor=0.0, same_question_article=0, same_question_list=0)
FILES = {f"{name}.md": article(name, answer=f"The tide, the moon and the sea, {name * 9}.") for name in "abcd"}


def test_the_rules_turn_without_a_restart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(**{**vars(SETTINGS), "home": tmp_path})
    corpus = read_corpus(write_files(tmp_path / "content", FILES), settings)
    save_model(fit_model(corpus, settings, "2026-11-28T12:00:00Z"), tmp_path / "model")
    app = create_app(tmp_path / "model", settings, tmp_path / "content")
    state: State = app.extensions["recommender"]
    client = app.test_client()

    def answer() -> tuple[list[str], str]:
        state.current.look()
        found = client.get("/v1/related", query_string={"url": "/a", "limit": 3})
        return [one["url"] for one in found.json["related"]], found.headers["ETag"]

    def write(text: str, day: int) -> None:
        (tmp_path / RULES_FILE).write_text(text)
        os.utime(tmp_path / RULES_FILE, (day, day))

    try:
        before, tag = answer()
        assert len(before) == 3
        write(f"pin:\n  /a: {before[2]}\nblock:\n  - [/a, {before[0]}]\n", 1)
        assert answer()[0] == [before[2], before[1]]
        assert answer()[1] != tag
        assert wait_for_scan(state, 10)
        shown = client.get("/article", query_string={"url": "/a"}, headers={"Accept": "text/html"})
        assert shown.status_code == 200
        write("pin: [\n", 2)
        assert answer()[0] == [before[2], before[1]]
        assert "rules refused" in caplog.text
        (tmp_path / RULES_FILE).unlink()
        assert answer() == (before, tag)
    finally:
        state.close()
