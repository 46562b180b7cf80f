"""What the page of the HTTP API says beside what is generated."""

from __future__ import annotations

import re
from pathlib import Path

from pages import DOCS, text_of


def test_the_answers_that_carry_a_strong_etag_are_named(saved: Path) -> None:
    from recommender.service import create_app
    from recommender.settings import Settings

    text = " ".join(text_of(DOCS / "reference" / "http-api.md").split())
    (named,) = re.findall(r"The answers of `GET (.*?)` carry a strong ETag", text)
    client = create_app(saved, Settings()).test_client()
    url = "/learn/physics/questions/what-is-entropy-and-why-does-it-tend-to-increase"
    queries = {
        "/v1/related": f"?url={url}",
        "/v1/linkers": f"?url={url}",
        "/v1/articles": "?query=moon",
        "/article": f"?url={url}",
    }
    rules = {rule.rule for rule in client.application.url_map.iter_rules() if "GET" in (rule.methods or ())}
    tagged = set()
    for rule in rules - {"/static/<path:filename>"}:
        answer = client.get(rule.replace("<identity>", "20106") + queries.get(rule, ""))
        assert answer.status_code < 500, rule
        if answer.headers.get("ETag", "").startswith('"'):
            tagged.add(rule.replace("<identity>", "{id}"))
    assert set(re.split("`, `|` and `", named)) == tagged


def test_the_fragment_that_is_shown_is_the_real_one(saved: Path) -> None:
    from recommender.service import create_app
    from recommender.settings import Settings

    text = text_of(DOCS / "how-to" / "embed-in-a-template.md")
    (asked,) = re.findall(
        r"^curl -H 'Accept: text/html' 'http://127.0.0.1:8080(/v1/related\?[^']*)'$", text, re.MULTILINE
    )
    answer = create_app(saved, Settings()).test_client().get(asked, headers={"Accept": "text/html"}).text
    assert f"```html\n{answer}```" in text
