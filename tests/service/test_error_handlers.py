"""Who gets an error as a problem document, and who as a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from recommender.service import create_app
from recommender.service.problem_documents import REFUSALS
from recommender.service.requests import wants_html
from recommender.settings import Settings

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def client(saved: Path) -> FlaskClient:
    return create_app(saved, Settings()).test_client()


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (CHROMIUM, True),
        (FIREFOX, True),
        ("text/html", True),
        ("text/*", True),
        ("text/html, application/json;q=0.9", True),
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/problem+json, text/html", False),
        ("text/html, application/json", False),
        ("text/html;q=0.1, application/json", False),
        ("text/html;q=0, */*", False),
        ("text/html/x;;q=,", False),
    ],
)
def test_a_page_is_for_those_who_prefer_it(accept: str | None, page: bool) -> None:
    headers = {} if accept is None else {"Accept": accept}
    assert wants_html(Request(EnvironBuilder(headers=headers).get_environ())) is page


@pytest.mark.parametrize(
    "path", ["/article?url=/nowhere", "/article", "/site?page=x", "/?pages=1", "/nowhere", "/drafts"]
)
def test_people_get_a_page_and_programs_the_problem(client: FlaskClient, path: str) -> None:
    page, problem = client.get(path, headers={"Accept": CHROMIUM}), client.get(path)
    assert page.status_code == problem.status_code == json.loads(problem.data)["status"]
    assert (page.mimetype, problem.mimetype) == ("text/html", "application/problem+json")
    assert page.headers["Vary"] == problem.headers["Vary"] == "Accept"
    assert page.headers["Content-Security-Policy"] != problem.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == problem.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/related?url=/nowhere", 404),
        ("/v1/nothing", 404),
        ("/static/nothing.css", 404),
        ("/healthz?a=1", 400),
        ("/readyz?a=1", 400),
        ("/metrics?a=1", 400),
        ("/openapi.json?a=1", 400),
    ],
)
def test_routes_for_machines_answer_browsers_with_problems_too(client: FlaskClient, path: str, status: int) -> None:
    reply = client.get(path, headers={"Accept": CHROMIUM})
    assert (reply.status_code, reply.mimetype) == (status, "application/problem+json")


@pytest.mark.parametrize("accept", [CHROMIUM, "*/*"])
def test_a_method_that_a_page_does_not_take_is_named(client: FlaskClient, accept: str) -> None:
    reply = client.delete("/site", headers={"Accept": accept})
    assert reply.status_code == 405
    assert "GET" in reply.headers["Allow"]


def test_the_document_describes_every_status_of_a_refusal(client: FlaskClient) -> None:
    """But of the method that a route does not take, which no operation can tell, and of the review, which is no API."""
    document = client.get("/openapi.json").json
    routes = {
        path: set().union(*(one["responses"] for one in item.values())) for path, item in document["paths"].items()
    }
    assert {str(status) for status, _ in REFUSALS.values()} - set().union(*routes.values()) == {"403", "405"}
    for path, statuses in routes.items():
        if path.startswith("/v1/"):
            assert statuses >= {"200", "400", "414", "421", "429", "500", "503"}, path


def test_the_document_says_who_gets_which_error(client: FlaskClient) -> None:
    """For each route the media types of its errors are those that a browser and a program get."""
    document = client.get("/openapi.json").json
    described: dict[str, set[frozenset[str]]] = {}
    for path, item in document["paths"].items():
        for operation in item.values():
            names = [reply["$ref"].rsplit("/", 1)[1] for reply in operation["responses"].values() if "$ref" in reply]
            kinds = {frozenset(document["components"]["responses"][name]["content"]) for name in names}
            described.setdefault(path, set()).update(kinds)
    for path, kinds in described.items():
        if kinds:  # a redirect cannot fail
            asked = path.replace("{id}", "1").replace("{filename}", "x") + "?wrong=1"
            replies = [client.open(asked, method=method, headers={"Accept": accept})
                       for method in ("DELETE", "GET") for accept in (CHROMIUM, "*/*")]  # fmt: skip
            assert kinds == {frozenset(reply.mimetype for reply in replies if reply.status_code >= 400)}, path
