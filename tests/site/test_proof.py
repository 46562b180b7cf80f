"""What init counts of a site: pages, urls, and what becomes of the references of each list; and what is to be done."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sites import write_files

from recommender.settings import Settings, settings_in
from recommender.site.proof import choose_lists, prove
from recommender.site_settings import ListSettings

PAGE = "---\ntitle: {name}\n{front}---\n\nThe tide of {name}.\n"


def settings_of(top: Path, text: str = "") -> Settings:
    return settings_in(f"site: hugo\ncontent: content\nurl: {{host: e.org}}\n{text}", top / "recommender.yml")


def write(top: Path, **fronts: str) -> None:
    names = dict.fromkeys(("moon", "sun", "ebb", "flood"), "") | fronts
    write_files(top / "content", {f"{name}.md": PAGE.format(name=name, front=front) for name, front in names.items()})


def test_references_are_counted_by_what_they_lead_to(tmp_path: Path) -> None:
    links = ["/sun/", "/ebb", "https://e.org/flood/", "https://other.org/", "/gone/", "/old/"]
    write(
        tmp_path,
        moon="related:\n" + "".join(f"- {link}\n" for link in links),
        sun="aliases: [/old/]\n",
        ebb="aliases: [/old/]\n",
    )
    proof = prove(settings_of(tmp_path, "links: {key: related, shape: texts, refer: url}\n"))
    (found,) = proof.lists
    counts = (found.files, found.references, found.found, found.ambiguous, found.external, found.missing)
    assert counts == (1, 6, 3, 1, 1, 1)
    assert (found.judged, proof.pages, proof.files, proof.repeated, proof.todo) == (5, 4, 4, 0, ())


def test_a_list_of_which_fewer_than_half_are_found_is_to_be_set(tmp_path: Path) -> None:
    write(tmp_path, moon="related: [/sun/, /a/, /b/]\n")
    (todo,) = prove(settings_of(tmp_path, "links: {key: related}\n")).todo
    assert "of the references of related fewer than half lead to a page: set `refer:`" in todo
    write(tmp_path, moon="related: [/sun/, /a/]\n")
    assert prove(settings_of(tmp_path, "links: {key: related}\n")).todo == ()


def test_an_empty_site_is_something_to_be_done(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    proof = prove(settings_of(tmp_path))
    assert proof.pages == 0 and "holds no Markdown file" in proof.todo[0]
    assert "names no content" in prove(Settings()).todo[0]


@pytest.mark.parametrize(
    ("fronts", "wanted"),
    [
        ({"moon": "related: [/sun/, /ebb/]\n"}, [("related", "texts", "url")]),
        ({"moon": "related: [sun, ebb]\n"}, [("related", "texts", "slug")]),
        ({"moon": "see_also: [./sun.md]\n"}, [("see_also", "texts", "file")]),
        ({"moon": 'related: ["[[sun]]"]\n'}, [("related", "texts", "wikilink")]),
        ({"moon": "related: [u-1]\n", "sun": "uid: u-1\n"}, [("related", "texts", "key uid")]),
        (
            {"moon": "related:\n- {link: /sun/, text: S}\n"},
            [("related", "mappings", "url")],
        ),
        ({"moon": "related: true\n"}, []),
        ({"moon": "related: [https://other.org/a, https://other.org/b]\n"}, []),
        (
            {"moon": "related: [/sun/]\nsee_also: [/ebb/, /flood/]\n"},
            [("see_also", "texts", "url"), ("related", "texts", "url")],
        ),
    ],
)
def test_the_lists_of_a_site_and_how_they_refer(
    tmp_path: Path, fronts: dict[str, str], wanted: list[tuple[str, str, str]]
) -> None:
    write(tmp_path, **fronts)
    lists: tuple[ListSettings, ...] = choose_lists(settings_of(tmp_path))
    assert [(one.key, one.shape, one.refer) for one in lists] == wanted


def test_languages_versions_and_hidden_pages_are_counted(tmp_path: Path) -> None:
    write(tmp_path, moon="lang: de\n", sun="lang: de\n", ebb="lang: en\ndraft: true\n", flood="lang: en\n")
    proof = prove(settings_of(tmp_path))
    assert dict(proof.languages) == {"de": 2, "en": 2}
    assert dict(proof.hidden) == {"draft: true": 1}
    assert [url for _, url in proof.examples] == ["/ebb/", "/flood/", "/moon/"]


def test_files_that_are_not_read_and_odd_lists_are_kept_apart(tmp_path: Path) -> None:
    write(tmp_path, moon="related:\n- {url: /sun/}\n- /ebb/\n", sun="related: [/ebb/]\n", ebb="x: [\n")
    proof = prove(settings_of(tmp_path, "links: {key: related}\n"))
    assert [(one.path, one.code) for one in proof.unread] == [("ebb.md", "bad-yaml")]
    assert [(one.path, one.line, one.value) for one in proof.odd_lists] == [("moon.md", 3, "related")]
