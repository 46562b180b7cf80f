"""The page for drafts: whole files in the forms of the site, revisions, and links to copy into a front matter."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from small_sites import article, write_files

from recommender.build.pipeline import fit_model
from recommender.markdown.formats import read_front
from recommender.model.ask import ask_texts
from recommender.model.model import Model
from recommender.model.store import save_model
from recommender.service import create_app
from recommender.settings import load_settings
from recommender.site.corpus import read_corpus
from recommender.site.reader import read_article

TIDES = "The moon pulls the sea, and the sea answers with a tide, twice a day, all along the coast"
LOW = "floor: 0.01\nsame_question_article: 0\nsame_question_list: 0\n"
Make = Callable[[str, dict[str, str]], FlaskClient]


@pytest.fixture
def client_of(tmp_path: Path) -> Make:
    def make(settings: str, files: dict[str, str]) -> FlaskClient:
        write_files(tmp_path, {"recommender.yml": f"content: content\n{LOW}{settings}"})
        own = load_settings(tmp_path / "recommender.yml")
        corpus = read_corpus(write_files(tmp_path / "content", files), own)
        save_model(fit_model(corpus, own, "2026-11-22T12:00:00Z"), tmp_path / "m")
        return create_app(tmp_path / "m", own, tmp_path / "content").test_client()

    return make


def pages(front: Callable[[str, str], str]) -> dict[str, str]:
    names = ("bay", "dune", "ebb", "flow")
    return {f"{name}.md": f"{front(name, f'About the {name}')}\n{TIDES} {name}.\n" for name in names}


def yaml_page(name: str, title: str, more: str = "") -> str:
    return f"---\ntitle: {title}\nurl: /{name}\n{more}---\n"


def toml_page(name: str, title: str, more: str = "") -> str:
    return f'+++\ntitle = "{title}"\nurl = "/{name}"\n{more}+++\n'


def block_of(text: str) -> str:
    (found,) = re.findall(r'<pre class="diff" id="the-block".*?>(.*?)</pre>', text, re.DOTALL)
    return unescape(re.sub(r"</?span[^>]*>", "", found))


def suggested(text: str) -> list[str]:
    (out,) = re.findall(r'aria-labelledby="out">.*?</section>', text, re.DOTALL)
    return re.findall(r'class="title" href="/article\?url=(/\w+)"', out)


def ask(client: FlaskClient, **form: str) -> str:
    reply = client.post("/draft", data=form)
    assert reply.status_code == 200
    return reply.text


SHAPES: dict[str, tuple[str, Callable[..., str]]] = {
    "numbered": ("", yaml_page),
    "texts": ("links:\n  key: related\n  shape: texts\n  refer: url\n", yaml_page),
    "mappings": (
        "links:\n  key: related\n  shape: mappings\n  refer: url\n  fields: {url: url, title: title}\n",
        yaml_page,
    ),
    "toml": ("links:\n  key: related\n  shape: texts\n  refer: url\n", toml_page),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_links_are_copied_in_the_shape_of_the_site(client_of: Make, tmp_path: Path, shape: str) -> None:
    """What is copied into a file's front matter is read from there as the links that were suggested."""
    settings, page = SHAPES[shape]
    client = client_of(settings, pages(page))
    text = ask(client, title="The new tide", answer=TIDES)
    block = block_of(text)
    (tmp_path / "content" / "new.md").write_text(page("new", "The new tide", block), encoding="utf-8")
    read, problems = read_article(tmp_path / "content", "new.md", load_settings(tmp_path / "recommender.yml"))
    assert read is not None
    assert [one.code for one in problems if one.code not in ("missing-id",)] == []
    assert [one.url for one in read.links] == suggested(text)
    assert len(read.links) == 4
    # A whole file has them in its own form.
    assert block_of(ask(client, answer=page("new", "The new tide") + TIDES)) == block


def test_a_whole_file_is_read_as_the_site_reads_its_own(client_of: Make) -> None:
    page = toml_page
    client = client_of("keys: {title: name}\ntext: {body: 1}\n", {
        name: text.replace("title =", "name =") for name, text in pages(page).items()
    })  # fmt: skip
    text = ask(client, answer=f'+++\nname = "How the tide turns"\nurl = "/turn"\n+++\n{TIDES}\n')
    assert "How the tide turns</h2>" in text
    assert "No article has the address <code>/<wbr>turn</code> yet" in text
    assert len(suggested(text)) == 4
    broken = ask(client, answer="+++\nname = \n+++\nx")
    assert re.search(r'role="alert"[^>]*>The draft, line 2: ', broken)


@pytest.mark.parametrize("how", ["file", "field"])
def test_a_revision_does_not_find_itself(client_of: Make, how: str) -> None:
    """Neither as a link, nor as who should link to it, nor as a question that was asked before."""
    files = pages(yaml_page)
    client = client_of("", files)
    text = files["ebb.md"]
    form = {"answer": text} if how == "file" else {"title": "About the ebb", "answer": f"{TIDES} ebb.", "url": "/ebb"}
    found = ask(client, **form)
    assert 'A new version of <a href="/article?url=/ebb">' in found
    assert set(suggested(found)) == {"/bay", "/dune", "/flow"}
    assert "/ebb" not in "".join(re.findall(r'aria-labelledby="(?:in|same)">.*?</section>', found, re.DOTALL))
    new = ask(client, **{**form, "answer": form["answer"].replace("url: /ebb\n", ""), "url": ""})
    assert "/ebb" in suggested(new)


def test_a_subject_counts_as_that_of_an_article(model: Model) -> None:
    texts = {
        "title": "How is motion described?",
        "answer": "By speed, force, mass and energy in physics.",
    }
    plain, of_physics = ask_texts(model, texts, 20), ask_texts(model, texts, 20, "Physics")
    before = {one.row: one.score for one in plain.choice.shown}
    raised = [
        one.score - before[one.row] for one in of_physics.choice.shown
        if one.row in before and model.catalogue.subjects[one.row] == "Physics"
    ]  # fmt: skip
    assert raised
    assert raised == pytest.approx([model.settings.parts["same_subject"] * model.lift] * len(raised))


def test_an_unknown_subject_is_said_to_be_one(client_of: Make) -> None:
    client = client_of("", {"a.md": article("a", answer=TIDES), "b.md": article("b", answer=f"{TIDES} two")})
    assert "No article is of the subject Music." in ask(client, title="Tides", answer=TIDES, subject="Music")
    assert "Subject: Things." in ask(client, title="Tides", answer=TIDES, subject="Things")


def test_a_draft_of_json_front_matter_has_no_block(client_of: Make) -> None:
    client = client_of("", pages(yaml_page))
    draft = '{"title": "The new tide", "url": "/new"}\n\n' + TIDES
    assert read_front(draft.encode()).form == "json"
    text = ask(client, answer=draft)
    assert suggested(text)
    assert "the-block" not in text
