"""The review over HTTP: who may decide and write, what a form does, and that all else writes nothing."""

from __future__ import annotations

import base64
import csv
import io
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from small_sites import article, command, commit, contents, git, in_process, link, sources, write_files

from recommender.rules.editor_rules import RULES_FILE
from recommender.service import create_app
from recommender.service.access import Access
from recommender.settings import find_settings
from tests.service.test_running import MODULE, Running, gunicorn, serve, started, wait_until

pytestmark = pytest.mark.slow  # starts servers

TIDE = "The tide follows the moon around the earth and the sea"
SETTINGS = "content: content\nslots: 3\nsame_question_article: 0\nsame_question_list: 0\nfloor: 0\n"
EVIL = "<script>alert(1)</script>"
NAMES = [f"t{number}" for number in range(25)]
SECRET = "a secret of some length"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of 25 articles about one thing with its model, committed: one links to a page that is gone."""
    top = tmp_path_factory.mktemp("review") / "site"
    texts = {name: article(name, answer=f"{TIDE} {name * 3}.") for name in NAMES}
    texts["t1"] = article("t1", link(1, "gone", identity="987"), answer=f"{TIDE} {'t1' * 3}.", subject="Seas")
    texts["evil"] = article("evil", title=f"'{EVIL}'", answer=f"{TIDE} {'evil' * 3}.", subject=f"'{EVIL}'")
    files = {f"content/{name}.md": text for name, text in texts.items()}
    write_files(top, {"recommender.yml": SETTINGS, ".gitignore": "models\nserver.log\n", **files})
    assert in_process(top, "build").returncode == 0
    git(top, "init", "-q")
    commit(top)
    return top


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "site"))


@pytest.fixture
def running(site: Path) -> Iterator[Running]:
    with serve(site, "--edit") as found:
        planned(found)
        yield found


def planned(running: Running, **headers: str) -> str:
    """Wait for the list of changes, and give its page."""

    def text() -> str:
        return running.get("/review", Accept="text/html", **headers)[2].decode()

    wait_until(lambda: "data-progress" not in text(), 90)
    return text()


def origin(running: Running) -> str:
    return f"http://127.0.0.1:{running.port}"


def form_token(page: str) -> str:
    return re.findall(r'name="form_token" value="([^"]+)"', page)[0]


def boxes(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'name="link"[^>]* value="([^"]+)"', page)]


def post(running: Running, path: str, fields: dict[str, str], **changed: str) -> tuple[int, dict[str, str], bytes]:
    """Send a form as our own page does, but for the headers that are changed; one of "" is left out."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": origin(running),
        "Sec-Fetch-Site": "same-origin",
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    given = {name: value for name, value in headers.items() if value}
    return running.ask("POST", path, urlencode(fields).encode(), given)  # type: ignore[no-any-return]


def test_decisions_become_rules_and_the_accepted_files_are_written(running: Running) -> None:
    page = planned(running)
    token, (first, second, third) = form_token(page), [box for box in boxes(page) if box.startswith("/t0\t")]
    status, headers, _ = post(
        running, "/review/decide", {"form_token": token, "do": "accept checked", "link": first, "at": "2"}
    )
    assert (status, headers["Location"]) == (303, "/review#list-2")
    assert post(running, "/review/decide", {"form_token": token, "do": "reject checked", "link": second})[0] == 303
    assert post(running, "/review/decide", {"form_token": token, "do": "pin checked", "link": third})[0] == 303
    rules = (running.site / RULES_FILE).read_text()
    yes, no, best = (box.partition("\t")[2] for box in (first, second, third))
    assert rules == f"decided:\n  /t0: [{yes}]\n\nblock:\n  - {{from: /t0, to: {no}}}\n\npin:\n  /t0: [{best}]\n"
    before = sources(running.site)
    assert post(running, "/review/write", {"form_token": token})[0] == 303
    page = planned(running)
    assert "1 files written." in page
    after = sources(running.site)
    assert [path for path in after if path.endswith(".md") and after[path] != before[path]] == ["content/t0.md"]
    text = after["content/t0.md"].decode()
    assert [url for url in re.findall(r"url: (\S+)", text) if url != "/t0"] == [best, yes]
    assert in_process(running.site, "undo", "--write").returncode == 0
    assert sources(running.site)["content/t0.md"] == before["content/t0.md"]


def test_undecided_again_takes_the_rule_out(running: Running) -> None:
    page = planned(running)
    token, box = form_token(page), boxes(page)[0]
    for deed in ("reject", "pin", "accept", "open"):
        assert post(running, "/review/decide", {"form_token": token, "do": f"{deed} checked", "link": box})[0] == 303
    assert (running.site / RULES_FILE).read_text() == ""


def test_all_of_an_article_and_all_that_a_filter_finds_are_decided(running: Running) -> None:
    token = form_token(planned(running))
    assert post(running, "/review/decide", {"form_token": token, "do": "accept /t3"})[0] == 303
    assert (running.site / RULES_FILE).read_text().startswith("decided:\n  /t3: [/")
    wish = {"form_token": token, "do": "reject all", "subject": "Seas"}
    assert post(running, "/review/decide", wish)[1]["Location"] == "/review?subject=Seas#said"
    assert (running.site / RULES_FILE).read_text().count("{from: /t1, to: ") == 3
    assert post(running, "/review/decide", {"form_token": token, "do": "accept all", "least": "1"})[0] == 303
    assert (running.site / RULES_FILE).read_text().count("\n  /") == 1
    for wrong in (
        {"do": "accept"},
        {"do": "eat all"},
        {"do": "accept checked", "link": "/t0"},
        {"do": "accept all", "least": "x"},
    ):
        assert post(running, "/review/decide", {"form_token": token, **wrong})[0] == 400, wrong


def test_the_list_is_filtered_sorted_paged_and_given_as_csv(running: Running) -> None:
    page = planned(running)
    assert len(re.findall('class="panel file"', page)) == 20
    assert 'rel="next"' in page
    second = running.get("/review?page=2", Accept="text/html")[2].decode()
    assert len(re.findall('class="panel file"', second)) == 6
    seas = running.get("/review?subject=Seas", Accept="text/html")[2].decode()
    assert re.findall(r'<section class="panel file".*?<code>(\S+?)</code>', seas, re.DOTALL) == ["t1.md"]
    assert "Dead: no article has this url or id." in seas
    assert "Replaces <code>/<wbr>gone</code>" in seas
    rows = list(csv.DictReader(io.StringIO(running.get("/review.csv?verdict=dead")[2].decode())))
    assert {row["path"] for row in rows} == {"t1.md"}
    assert [row["change"] for row in rows] == ["added"] * 3 + ["dropped"]
    for wrong in ("sort=size", "state=maybe", "page=0", "colour=red"):
        assert running.get(f"/review?{wrong}")[0] == 400


def test_no_text_of_the_site_or_its_rules_does_anything_to_the_page(running: Running) -> None:
    (running.site / RULES_FILE).write_text(f"decided:\n  '/t0': ['/{EVIL}', 'javascript:alert(1)']\n")
    for path in ("/review", "/review?page=2", "/review?subject=%3Cscript%3E"):
        text = running.get(path, Accept="text/html")[2].decode()
        assert "<script>alert" not in text
        assert not re.search(r'href="(?!/|#)', text)


def refused(running: Running, token: str, path: str, fields: dict[str, str], **changed: str) -> int:
    """Send a form that is to write nothing; give the status."""
    before = contents(running.site / "content"), (running.site / RULES_FILE).exists()
    status = post(running, path, {"form_token": token, **fields}, **changed)[0]
    assert (contents(running.site / "content"), (running.site / RULES_FILE).exists()) == before
    return status


def test_a_form_from_elsewhere_writes_nothing(running: Running) -> None:
    page = planned(running)
    token, wish = form_token(page), {"do": "accept checked", "link": boxes(page)[0]}
    port = running.port
    for changed, status in [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": f"http://127.0.0.1:{port + 1}"}, 403),
        ({"Origin": f"https://127.0.0.1:{port}"}, 403),
        ({"Origin": f"http://localhost:{port}"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
        ({"X_Forwarded_For": "10.0.0.1"}, 403),
        ({"X_Forwarded_Host": "127.0.0.1"}, 403),
        ({"Forwarded": "for=10.0.0.1"}, 403),
        ({"Via": "1.1 proxy"}, 403),
        ({"X_Real_IP": "10.0.0.1"}, 403),
    ]:
        for path in ("/review/decide", "/review/write", "/review/plan"):
            assert refused(running, token, path, wish, **changed) == status, (changed, path)
    assert refused(running, token, "/review/decide", wish, Content_Type="text/plain") == 403
    for proxied in ("X-Forwarded-Proto", "X-Forwarded-For"):
        assert running.get("/review", **{proxied: "https"})[0] == 403


def test_a_missing_or_old_form_token_writes_nothing(site: Path) -> None:
    with serve(site, "--edit") as running:
        old = form_token(planned(running))
    with serve(site, "--edit") as running:
        page = planned(running)
        assert form_token(page) != old
        for token in ("", old, form_token(page)[:-1], "ü"):
            assert refused(running, token, "/review/decide", {"do": "accept checked", "link": boxes(page)[0]}) == 403


def raw(running: Running, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return answer


def test_get_and_other_methods_write_nothing_over_raw_sockets(running: Running) -> None:
    page = planned(running)
    fields = urlencode({"form_token": form_token(page), "do": "accept checked", "link": boxes(page)[0]})
    same = f"Host: 127.0.0.1:{running.port}\r\nOrigin: {origin(running)}\r\nConnection: close\r\n"
    kind = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(fields)}\r\n"
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for path in ("/review/decide", "/review/write", "/review/plan"):
            asked = (
                f"{method} {path}?{fields} HTTP/1.1\r\n{same}\r\n",
                f"{method} {path} HTTP/1.1\r\n{same}{kind}\r\n{fields}",
            )
            for one in asked:
                answer = raw(running, one.encode())
                assert re.match(rb"HTTP/1.1 (405|200 OK\r\nAllow)", answer) or method == "OPTIONS", answer[:80]
    for host in ("", "Host: evil.example\r\n"):
        answer = raw(running, f"POST /review/decide HTTP/1.1\r\n{host}Connection: close\r\n{kind}\r\n{fields}".encode())
        assert re.match(rb"HTTP/1.[01] 4(21|00|03)", answer), answer[:80]
    assert not (running.site / RULES_FILE).exists()


def test_two_editors_at_once_lose_no_decision(running: Running) -> None:
    page = planned(running)
    token, links = form_token(page), boxes(page)[:24]
    statuses: list[int] = []

    def decide(own: list[str]) -> None:
        statuses.extend(
            post(running, "/review/decide", {"form_token": token, "do": "accept checked", "link": box})[0]
            for box in own
        )

    editors = [threading.Thread(target=decide, args=(links[start::3],)) for start in range(3)]
    for one in editors:
        one.start()
    by_hand = command(running.site, "rule", "pin", "/t9", "/t20")
    for one in editors:
        one.join()
    assert statuses == [303] * len(links)
    text = (running.site / RULES_FILE).read_text()
    assert by_hand.returncode == 0 or "another run is writing" in by_hand.stderr
    assert ("/t9: [/t20]" in text) == (by_hand.returncode == 0)
    for box in links:
        url, _, target = box.partition("\t")
        assert re.search(rf"^  {url}: \[.*{target}\b.*\]$", text, re.MULTILINE), box


def test_what_git_does_not_have_is_not_written_over(running: Running) -> None:
    page = planned(running)
    token, box = form_token(page), next(box for box in boxes(page) if box.startswith("/t0\t"))
    file = running.site / "content" / "t0.md"
    file.write_text(file.read_text().replace("&nbsp;", "My own words."))
    post(running, "/review/decide", {"form_token": token, "do": "accept checked", "link": box})
    before = file.read_bytes()
    post(running, "/review/write", {"form_token": token})
    page = planned(running)
    assert "hold work that git does not have" in page
    assert file.read_bytes() == before


def test_without_the_option_there_is_no_review(site: Path) -> None:
    with serve(site) as running:
        page = running.get("/", Accept="text/html")[2].decode()
        assert "/review" not in page
        for path in ("/review", "/review.csv", "/review/progress"):
            assert running.get(path)[0] == 404
        for path in ("/review/decide", "/review/write", "/review/plan"):
            assert refused(running, "", path, {"do": "accept all"}) == 404


def test_the_configuration_of_workers_has_no_review(site: Path) -> None:
    with gunicorn(site, RECOMMENDER_EDIT_TOKEN=SECRET) as running:
        assert running.get("/review")[0] == 404
        assert refused(running, "", "/review/decide", {"do": "accept all"}) == 404


def test_several_processes_have_no_review_whoever_starts_them(site: Path) -> None:
    app = create_app(site / "models" / "default", find_settings(site), site / "content", Access(edit=True))
    client = app.test_client()
    try:
        assert client.get("/review", environ_overrides={"wsgi.multiprocess": True}).status_code == 403
        assert client.get("/review", environ_overrides={"REMOTE_ADDR": "10.0.0.1"}).status_code == 403
        assert client.get("/review", environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200
    finally:
        jobs_end(app)
        app.extensions["recommender"].close()


def jobs_end(app: object) -> None:
    wait_until(lambda: "step" not in app.test_client().get("/review/progress").get_json(), 90)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "token", "said"),
    [
        (["--host", "0.0.0.0"], "", "--edit is for this machine alone"),
        (["--api-only"], "", "give either --edit or --api-only"),
        (["--allow-host", "example.org"], "", "give either --edit or --allow-host"),
        ([], "short", "must have 16 printable characters or more"),
    ],
)
def test_wrong_use_is_said(
    site: Path, arguments: list[str], token: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if token:
        monkeypatch.setenv("RECOMMENDER_EDIT_TOKEN", token)
    done = command(site, "serve", "--edit", "--port", "0", *arguments)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_with_a_token_only_who_knows_it_sees_the_review(site: Path) -> None:
    every = [*MODULE, "recommender", "serve", "--port", "0", "--edit", "--host", "0.0.0.0"]

    def port(text: str) -> int | None:
        found = re.search(r"serving http://0\.0\.0\.0:(\d+)/", text)
        return int(found.group(1)) if found else None

    def knows(secret: str) -> dict[str, str]:
        return {"Authorization": f"Basic {base64.b64encode(f'me:{secret}'.encode()).decode()}"}

    with started(site, every, port, RECOMMENDER_EDIT_TOKEN=SECRET) as running:
        status, headers, _ = running.get("/review")
        assert (status, headers["Www-Authenticate"].split()[0]) == (401, "Basic")
        for wrong in ({}, knows("a secret"), knows("ü" * 20), {"Authorization": f"Bearer {SECRET}"}):
            assert running.get("/review.csv", **wrong)[0] == 401
        page = planned(running, **knows(SECRET))
        wish = {"do": "accept checked", "link": boxes(page)[0]}
        assert refused(running, form_token(page), "/review/decide", wish) == 401
        assert post(running, "/review/decide", {"form_token": form_token(page), **wish}, **knows(SECRET))[0] == 303
        assert SECRET not in running.text()
    assert (site / RULES_FILE).exists()
