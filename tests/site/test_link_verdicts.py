"""Target, verdict and drift of curated links, each kind on a site made by hand."""

from __future__ import annotations

from collections import Counter

import pytest
from small_sites import answer_of, article, block, link

from recommender.site.corpus import Corpus
from recommender.site.link_verdicts import BEYOND, judge_links, representative

FILES = {
    "moon.md": article("moon", id="1", extra="aliases: [/once, /sun]\n"),
    "sun.md": article("sun", id="2", extra="redirect_from: /both\n"),
    "star.md": article("star", id="3", extra="aliases:\n  - /both/\n"),
    "hidden.md": article("hidden", id="4", no_index="Yes"),
    # Two files with one url.
    "twin-1.md": article("twin-1", id="5", url="/twin"),
    "twin-2.md": article("twin-2", id="6", url="/twin"),
    # One id of two different articles.
    "red.md": article("red", id="7"),
    "blue.md": article("blue", id="7"),
    # One answer under three urls, in two subjects, one of them hidden.
    "copy-a.md": article("copy-a", id="8", answer=answer_of("eight"), subject="Art", no_index="1"),
    "copy-b.md": article("copy-b", id="8", answer=answer_of("eight").replace(" ", "  "), subject="Biology"),
    "copy-c.md": article("copy-c", id="8", answer=answer_of("eight"), subject="Things"),
    # A copy of the asking article.
    "again.md": article("again", id="9", answer=answer_of("asking")),
    "nameless.md": article("nameless", id=""),
}
NONE: frozenset[str] = frozenset()
MOON = {"identity": "1", "title": "About moon", "subject": "Things", "url": "/moon"}


def judged(small, *blocks: str, files: dict[str, str] | None = None):
    corpus: Corpus = small({**FILES, **(files or {}), "asking.md": article("asking", *blocks, id="100")})
    found = judge_links(corpus, corpus.row_of["/asking"], NONE)
    return [(j.verdict, corpus.articles[j.target].url if j.target >= 0 else "", j.drift) for j in found]


@pytest.mark.parametrize(
    ("changed", "verdict", "target", "drift"),
    [
        pytest.param({}, "sound", "/moon", (), id="sound"),
        pytest.param({"url": "/gone", "identity": "999"}, "dead", "", (), id="dead"),
        pytest.param({"url": "/gone", "identity": "01"}, "dead", "", (), id="dead-no-id"),
        pytest.param({"url": "/gone", "identity": "seven"}, "dead", "", (), id="dead-worded-id"),
        pytest.param({"url": "/twin", "identity": "1"}, "ambiguous", "", (), id="ambiguous-url-wins-over-id"),
        pytest.param({"url": "/gone", "identity": "7"}, "ambiguous", "", (), id="ambiguous-id"),
        pytest.param({"url": "/gone", "identity": "5"}, "dead", "", (), id="id-of-a-file-that-is-no-article"),
        pytest.param({"url": "/red", "identity": "7", "title": "About red"}, "sound", "/red", (), id="shared-id-url"),
        pytest.param({"url": "/asking"}, "self", "/asking", (), id="self"),
        pytest.param({"url": "/gone", "identity": "100"}, "self", "/asking", (), id="self-by-id"),
        pytest.param({"url": "/again"}, "copy", "/again", (), id="copy"),
        pytest.param({"url": "/gone", "identity": "9"}, "copy", "/again", (), id="copy-by-id"),
        pytest.param({"url": "/hidden"}, "hidden", "/hidden", (), id="hidden"),
        pytest.param({"url": "/copy-a", "identity": "8"}, "hidden", "/copy-a", (), id="hidden-copy-named-by-url"),
        pytest.param({"url": "/gone"}, "sound", "/moon", ("url",), id="dead-url-live-id"),
        pytest.param({"url": "''"}, "sound", "/moon", ("url",), id="no-url-live-id"),
        pytest.param({"identity": "2"}, "sound", "/moon", ("id",), id="id-of-another"),
        pytest.param({"identity": "999"}, "sound", "/moon", ("id",), id="dead-id"),
        pytest.param({"identity": "''"}, "sound", "/moon", ("id",), id="no-id"),
        pytest.param({"title": "Old"}, "sound", "/moon", ("title",), id="title"),
        pytest.param({"title": "About\n        moon"}, "sound", "/moon", (), id="folded-title"),
        pytest.param({"title": "about moon"}, "sound", "/moon", ("title",), id="title-case"),
        pytest.param({"subject": "Stars"}, "sound", "/moon", ("subject",), id="subject"),
        pytest.param({"url": "https://example.org/moon"}, "external", "", (), id="absolute-of-no-known-host"),
        pytest.param({"url": "//example.org/moon"}, "external", "", (), id="host-without-scheme"),
        pytest.param({"url": "mailto:me@example.org"}, "external", "", (), id="no-page-at-all"),
        pytest.param({"url": "/moon/index.html"}, "sound", "/moon", ("url",), id="index-html"),
        pytest.param({"url": "/moon.html"}, "sound", "/moon", ("url",), id="html"),
        pytest.param({"url": "moon"}, "sound", "/moon", ("url",), id="no-slash"),
        pytest.param({"url": "./moon"}, "sound", "/moon", ("url",), id="relative"),
        pytest.param({"url": "/x/../moon"}, "sound", "/moon", ("url",), id="dots"),
        pytest.param({"url": "/m%6Fon"}, "sound", "/moon", (), id="escaped"),
        pytest.param({"url": "'#top'"}, "self", "/asking", (), id="own-section"),
        pytest.param({"url": "moon.md", "identity": "''"}, "sound", "/moon", ("id", "url"), id="file-beside"),
        pytest.param(
            {"url": "/moon.MD#craters", "identity": "''"}, "sound", "/moon", ("id", "url"), id="file-from-the-root"
        ),
        pytest.param({"url": "nowhere/moon.md", "identity": "''"}, "elsewhere", "", (), id="file-that-is-not-there"),
        pytest.param({"url": "/once"}, "sound", "/moon", ("moved",), id="alias"),
        pytest.param({"url": "/once/index.html"}, "sound", "/moon", ("moved",), id="alias-spelt-otherwise"),
        pytest.param({"url": "/sun"}, "sound", "/sun", ("id", "title"), id="url-before-alias"),
        pytest.param({"url": "/both"}, "ambiguous", "", (), id="alias-of-two-pages"),
        pytest.param({"url": "/files/moon.pdf", "identity": "999"}, "elsewhere", "", (), id="another-kind-of-file"),
        pytest.param({"url": "/shop/moon", "identity": "999"}, "elsewhere", "", (), id="folder-without-articles"),
        pytest.param({"url": "/", "identity": "999"}, "elsewhere", "", (), id="front-page"),
        pytest.param({"url": "/shop/moon"}, "sound", "/moon", ("url",), id="folder-without-articles-live-id"),
        pytest.param({"url": "/moon/"}, "sound", "/moon", ("url",), id="slash"),
        pytest.param({"url": "'/moon?a=1#top'"}, "sound", "/moon", (), id="query"),
        pytest.param({"url": "/twin/"}, "ambiguous", "", (), id="ambiguous-with-slash"),
        pytest.param({"url": "/asking/"}, "self", "/asking", (), id="self-with-slash"),
        pytest.param({"url": "/Moon", "identity": "999"}, "dead", "", (), id="case-of-a-url-counts"),
        pytest.param(
            {"identity": "0", "title": "Old", "subject": "Old", "url": "/moon/"},
            "sound",
            "/moon",
            ("id", "title", "subject", "url"),
            id="all-four",
        ),
    ],
)
def test_verdict(small, changed: dict[str, str], verdict: str, target: str, drift: tuple[str, ...]):
    assert judged(small, block(1, **{**MOON, **changed})) == [(verdict, target, drift)]


OWN = {"star.md": article("star", id="3", url="https://www.example.org/star/")}


@pytest.mark.parametrize(
    ("url", "verdict", "target", "drift"),
    [
        ("https://example.org/moon", "sound", "/moon", ()),
        ("http://EXAMPLE.org:80/moon?a#b", "sound", "/moon", ()),
        ("https://example.org/moon/", "sound", "/moon", ("url",)),
        ("https://example.org/gone", "dead", "", ()),
        ("https://example.org/files/a.zip", "elsewhere", "", ()),
        ("https://shop.example.org/moon", "external", "", ()),
        ("//example.org/moon", "sound", "/moon", ()),
        ("/star", "sound", "https://www.example.org/star/", ("id", "title", "url")),
        ("/star/", "sound", "https://www.example.org/star/", ("id", "title")),
        ("https://example.org/asking", "self", "/asking", ()),
    ],
)
def test_the_host_of_an_articles_url_is_the_sites_own(
    small, url: str, verdict: str, target: str, drift: tuple[str, ...]
) -> None:
    identity = "999" if verdict in ("dead", "elsewhere") else "1"
    found = judged(small, block(1, **{**MOON, "url": url, "identity": identity}), files=OWN)
    assert found == [(verdict, target, drift)]


def test_a_second_link_to_another_part_of_a_page_is_sound_unless_it_was_generated(small):
    urls = ["/moon", "'/moon#far-side'", "'/moon?lang=de'", "'/moon#far-side'", "/moon.html"]
    blocks = [block(slot, **{**MOON, "url": url}) for slot, url in enumerate(urls, 1)]
    corpus = small({**FILES, "asking.md": article("asking", *blocks, id="100")})
    row = corpus.row_of["/asking"]
    found = judge_links(corpus, row, NONE)
    assert [(one.verdict, one.again, one.url) for one in found] == [
        ("sound", False, "/moon"),
        ("sound", True, "/moon#far-side"),
        ("sound", True, "/moon?lang=de"),
        ("repeated", False, "/moon#far-side"),
        ("repeated", False, "/moon.html"),
    ]
    ours = judge_links(corpus, row, frozenset({"/moon"}))
    assert [one.verdict for one in ours] == ["repeated", "sound", "sound", "repeated", "sound"]


def test_what_a_link_should_say_keeps_its_fragment_and_query(small):
    urls = ["'/once#craters'", "'/moon/?lang=de#x'", "'/moon#far-side'"]
    blocks = [block(slot, **{**MOON, "url": url}) for slot, url in enumerate(urls, 1)]
    corpus = small({**FILES, "asking.md": article("asking", *blocks, id="100")})
    found = judge_links(corpus, corpus.row_of["/asking"], NONE)
    assert [(one.drift, one.url) for one in found] == [
        (("moved",), "/moon#craters"),
        (("url",), "/moon?lang=de#x"),
        ((), "/moon#far-side"),
    ]


def test_every_verdict_is_in_the_table_above():
    # pytestmark of the parametrised test is the table itself.
    table = test_verdict.pytestmark[0].args[1]
    assert {row.values[1] for row in table} == {
        "sound",
        "dead",
        "ambiguous",
        "self",
        "copy",
        "hidden",
        "repeated",
        *BEYOND,
    } - {"repeated"}


def test_repeated_is_the_second_of_a_family_and_the_first_stays_sound(small):
    found = judged(
        small,
        block(1, **MOON),
        block(2, "2", "About sun", "Things", "/sun"),
        block(3, **{**MOON, "url": "/gone"}),
        block(4, **MOON),
    )
    assert [verdict for verdict, _, _ in found] == ["sound", "sound", "repeated", "repeated"]


def test_repeated_through_a_copy(small):
    blocks = [
        block(1, "8", "About copy-b", "Biology", "/copy-b"),
        block(2, "8", "About copy-c", "Things", "/copy-c"),
    ]
    assert judged(small, *blocks) == [("sound", "/copy-b", ()), ("repeated", "/copy-c", ())]


def test_an_unsound_link_does_not_make_a_later_one_repeated(small):
    blocks = [
        block(1, "8", "About copy-a", "Art", "/copy-a"),
        block(2, "8", "About copy-b", "Biology", "/copy-b"),
    ]
    assert judged(small, *blocks) == [("hidden", "/copy-a", ()), ("sound", "/copy-b", ())]


def test_an_id_of_copies_means_the_one_in_the_subject_of_the_asking_article(small):
    gone = block(1, "8", "About copy-c", "Things", "/gone")
    assert judged(small, gone) == [("sound", "/copy-c", ("url",))]


@pytest.mark.parametrize(
    ("subject", "url"), [("Things", "/copy-c"), ("Biology", "/copy-b"), ("Art", "/copy-b"), ("", "/copy-b")]
)
def test_representative_is_in_the_subject_else_the_smallest_visible_url(small, subject: str, url: str):
    corpus = small(FILES)
    rows = corpus.rows_of_id["8"]
    assert len(rows) == 3
    assert corpus.articles[representative(corpus, reversed(rows), subject)].url == url


def test_representative_of_hidden_copies_only_is_the_smallest_url(small):
    corpus = small({"a.md": article("a", no_index="true"), "b.md": article("b", answer=answer_of("a"), no_index="on")})
    assert representative(corpus, (1, 0), "Things") == 0


def test_links_are_judged_in_order_of_slots_not_of_lines(small):
    found = judged(small, link(2, "moon", identity="1"), link(1, "moon", identity="1"))
    assert [verdict for verdict, _, _ in found] == ["sound", "repeated"]


def test_verdicts_of_the_sample_site(corpus: Corpus):
    every = [one for row in range(len(corpus.articles)) for one in judge_links(corpus, row, NONE)]
    verdicts = Counter(one.verdict for one in every)
    assert verdicts == {"sound": 372, "repeated": 14, "dead": 8, "hidden": 5, "copy": 2, "self": 1}
    assert len(every) == 402
    drift = Counter(key for one in every for key in one.drift)
    assert drift == {"id": 6, "title": 6, "subject": 2, "url": 2}
    assert all(one.sound for one in every if one.drift)
    assert all((one.target < 0) == (one.verdict in ("dead", "ambiguous")) for one in every)
