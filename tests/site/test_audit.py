"""Findings of an audit: each kind on a site made by hand, and exact counts on the sample site."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from small_sites import answer_of, article, block, link, write_files

from recommender.problems import KINDS, Problem
from recommender.settings import Settings
from recommender.site.audit import audit_site
from recommender.site.corpus import Corpus, read_corpus


def findings(corpus: Corpus, *codes: str, slots: int = 5) -> list[tuple[str, str, int, int, str]]:
    problems = audit_site(corpus, slots, {}).problems
    return [(p.path, p.code, p.line, p.slot, p.value) for p in problems if p.code in codes]


def test_a_clean_site_has_no_finding(small):
    corpus = small({"a.md": article("a", link(1, "b")), "b.md": article("b", link(1, "a"))})
    found = audit_site(corpus, 5, {})
    assert found.problems == ()
    assert found.counts() == {}
    assert not found.problems
    assert found.verdicts == {"sound": 2}
    assert found.totals == {
        "files": 2,
        "articles": 2,
        "families": 2,
        "links": 2,
        "articles with links": 2,
        "articles linked from nowhere": 0,
    }


def test_every_verdict_and_drift_becomes_a_problem_at_its_line_and_slot(small):
    corpus = small(
        {
            "a.md": article(
                "a",
                link(1, "gone", identity="1234567"),
                link(2, "a"),
                link(3, "copy"),
                link(4, "hidden"),
                link(5, "b", title="Old", subject="Odd", identity="77", url="/b/"),
                link(6, "b"),
                link(7, "twin"),
            ),
            "b.md": article("b"),
            "copy.md": article("copy", answer=answer_of("a")),
            "hidden.md": article("hidden", no_index="on"),
            "t1.md": article("t1", url="/twin"),
            "t2.md": article("t2", url="/twin"),
        }
    )
    codes = [
        "dead",
        "ambiguous",
        "self",
        "copy",
        "hidden",
        "repeated",
        "drifted-id",
        "drifted-title",
        "drifted-subject",
        "drifted-url",
    ]
    # Five keys after the fence, then six lines a block.
    assert findings(corpus, *codes) == [
        ("a.md", "dead", 7, 1, "/gone"),
        ("a.md", "self", 13, 2, "/a"),
        ("a.md", "copy", 19, 3, "/copy"),
        ("a.md", "hidden", 25, 4, "/hidden"),
        ("a.md", "drifted-id", 31, 5, "'77' is '98'"),
        ("a.md", "drifted-subject", 31, 5, "'Odd' is 'Things'"),
        ("a.md", "drifted-title", 31, 5, "'Old' is 'About b'"),
        ("a.md", "drifted-url", 31, 5, "'/b/' is '/b'"),
        ("a.md", "repeated", 37, 6, "/b"),
        ("a.md", "ambiguous", 43, 7, "/twin"),
    ]


def test_of_two_links_to_one_family_a_persons_is_the_sound_one(small):
    corpus = small(
        {
            "a.md": article("a", link(1, "b"), link(2, "b-copy")),
            "b.md": article("b", answer=answer_of("one")),
            "b-copy.md": article("b-copy", answer=answer_of("one")),
        }
    )
    for generated, slot in (({}, 2), ({"/a": frozenset({"/b"})}, 1), ({"/a": frozenset({"/b-copy"})}, 2)):
        found = [p for p in audit_site(corpus, 5, generated).problems if p.code == "repeated"]
        assert [problem.slot for problem in found] == [slot]


def test_what_cannot_be_judged_is_noted_at_most(small):
    external = [
        link(slot, "x", url=f"https://{host}/a") for slot, host in enumerate(("b.org", "c.org", "www.b.org"), 1)
    ]
    corpus = small({"a.md": article("a", *external, link(4, "y", url="/files/a.pdf", identity="''"))})
    found = [p.sentence() for p in audit_site(corpus, 5, {}).problems if p.code not in ("orphan", "no-links")]
    assert found == [
        "a.md:25: note elsewhere slot 4: leads to a page of the site that is no article: /files/a.pdf "
        "(none needed: it is kept)",
        "recommender.yml: note unknown-host: links with these hosts count as links to other sites, for the site's own "
        "host is not known: b.org (2), c.org (1) (if one is yours, name it in recommender.yml: "
        "`url: {host: example.org}`)",
    ]
    assert audit_site(corpus, 5, {}).verdicts == {"elsewhere": 1, "external": 3}
    known = small({"a.md": article("a", *external, url="https://b.org/a")})
    assert [p.code for p in audit_site(known, 5, {}).problems] == ["orphan", "self", "self"]


def test_an_old_address_of_two_pages_is_named_with_both(small):
    corpus = small(
        {
            "a.md": article("a", extra="aliases: [/old, /b, /mine]\n"),
            "b.md": article("b", extra="redirect_from: /a/\n"),
            "c.md": article("c", extra="aliases: /old.html\n"),
        }
    )
    assert findings(corpus, "alias-conflict") == [
        ("a.md", "alias-conflict", 0, 0, "/b of /b"),
        ("a.md", "alias-conflict", 0, 0, "/old of /c"),
        ("b.md", "alias-conflict", 0, 0, "/a/ of /a"),
        ("c.md", "alias-conflict", 0, 0, "/old.html of /a"),
    ]


def test_a_dead_link_without_url_is_named_by_its_id_or_title(small):
    corpus = small(
        {
            "a.md": article(
                "a",
                block(1, "55", "Old title", "Things", "''"),
                block(2, "''", "Old title", "Things", "''"),
            )
        }
    )
    assert findings(corpus, "dead") == [("a.md", "dead", 7, 1, "55"), ("a.md", "dead", 13, 2, "Old title")]


def test_gap_names_the_first_empty_slot(small):
    corpus = small(
        {
            "after-1.md": article("after-1", link(1, "b"), link(3, "c"), link(5, "d")),
            "before-1.md": article("before-1", link(2, "b")),
            "null.md": article("null", link(1, "b"), "related_article2:\n", link(3, "c")),
            "none.md": article("none", link(1, "b"), link(2, "c"), "related_article3:\n"),
            **{f"{name}.md": article(name, link(1, "none")) for name in "bcd"},
        }
    )
    assert findings(corpus, "gap") == [
        ("after-1.md", "gap", 0, 2, ""),
        ("before-1.md", "gap", 0, 1, ""),
        ("null.md", "gap", 0, 2, ""),
    ]


@pytest.mark.parametrize(
    ("slots", "wanted"),
    [
        ((1, 1), [("duplicate-slot", 13, 1)]),
        ((1, 2, 2), [("duplicate-slot", 19, 2)]),
        ((2, 1, 2), [("duplicate-slot", 19, 2)]),
        ((1, 1, 1), [("duplicate-slot", 13, 1), ("duplicate-slot", 19, 1)]),
        ((2, 2), [("gap", 0, 1), ("duplicate-slot", 13, 2)]),
        ((1, 3, 3), [("gap", 0, 2), ("duplicate-slot", 19, 3)]),
        ((999, 999), [("gap", 0, 1), ("duplicate-slot", 13, 999)]),
    ],
)
def test_a_slot_that_stands_twice_is_named_at_its_second_line(small, slots, wanted):
    files = {f"{name}.md": article(name, link(1, "a")) for name in "bcd"}
    blocks = [link(slot, name) for slot, name in zip(slots, "bcd", strict=False)]
    corpus = small({**files, "a.md": article("a", *blocks)})
    found, codes = audit_site(corpus, 5, {}).problems, ("gap", "duplicate-slot")
    assert [(p.code, p.line, p.slot) for p in found if p.path == "a.md" and p.code in codes] == wanted


SLOTS = st.sampled_from(["1", "1", "2", "3", "5", "6", "999", "0", "01", "1000", "", "x"])
VALUES = st.sampled_from(
    [
        "",
        " text",
        " []",
        " {}",
        " {url: /b}",
        " {id: 1, url: [/b]}",
        " {? [a] : b}",
        " &a {url: /a}",
        " *a",
        "\n  url: /b",
        "\n  url: /a\n  title: |+\n    About a\n\n",
        "\n  id: 98\n  id: 98",
        "\n  url: //",
        "\n  url: '%zz?#'",
        "\n  - url: /b",
        "\n  url: /c",
    ]
)


@given(st.lists(st.tuples(SLOTS, VALUES), max_size=7))
@example([("1", "\n  url: /b"), ("1", "\n  url: /b")])
def test_no_related_block_stops_an_audit(tmp_path_factory, blocks):
    root = tmp_path_factory.mktemp("odd")
    text = "".join(f"related_article{slot}:{value}\n" for slot, value in blocks)
    write_files(root, {"a.md": article("a", text), "b.md": article("b"), "c.md": article("c", link(1, "a"))})
    found = audit_site(read_corpus(root, Settings()), 5, {})
    assert found.totals["files"] == 3
    assert {"/b", "/c"} <= {a.url for a in read_corpus(root, Settings()).articles}
    for problem in found.problems:
        assert problem.sentence()


def test_too_many_counts_links_against_slots(small):
    names = "bcdefg"
    files = {f"{name}.md": article(name, link(1, "a")) for name in names}
    files["a.md"] = article("a", *(link(slot, name) for slot, name in enumerate(names, 1)))
    corpus = small(files)
    assert findings(corpus, "too-many") == [("a.md", "too-many", 0, 6, "6 links, 5 slots")]
    assert findings(corpus, "too-many", slots=6) == []


def test_orphans_are_what_no_sound_link_reaches(small):
    corpus = small(
        {
            "a.md": article("a", link(1, "b"), link(2, "b"), link(3, "hidden"), link(4, "a")),
            "b.md": article("b"),
            "hidden.md": article("hidden", no_index="true"),
            "nameless.md": article("nameless", id=""),
        }
    )
    assert findings(corpus, "orphan", "no-links") == [
        ("a.md", "orphan", 0, 0, ""),
        ("b.md", "no-links", 0, 0, ""),
        ("hidden.md", "no-links", 0, 0, ""),
        ("nameless.md", "no-links", 0, 0, ""),
        ("nameless.md", "orphan", 0, 0, ""),
    ]
    assert audit_site(corpus, 5, {}).totals["articles linked from nowhere"] == 3


def test_shared_ids_and_copies_are_named_once_at_the_smallest_url(small):
    corpus = small(
        {
            "z.md": article("a", id="5"),
            "y.md": article("b", id="5", answer=answer_of("a").replace(" ", "  ")),
            "x.md": article("c", id="5"),
        }
    )
    assert findings(corpus, "shared-id", "copies") == [
        ("z.md", "copies", 0, 0, "/a, /b"),
        ("z.md", "shared-id", 0, 0, "5 in 3 files"),
    ]


def test_problems_of_files_are_part_of_the_audit(small):
    corpus = small(
        {
            "a.md": article("a", "related_article1: broken\n"),
            "page.md": "no front matter",
            "bad.md": "---\n: : :\n\tx\n---\n",
            "nameless.md": article("b", id="x1"),
        }
    )
    found = findings(corpus, "malformed-link", "no-front-matter", "bad-yaml", "bad-id")
    assert [(path, code, slot) for path, code, _, slot, _ in found] == [
        ("a.md", "malformed-link", 1),
        ("bad.md", "bad-yaml", 0),
        ("nameless.md", "bad-id", 0),
        ("page.md", "no-front-matter", 0),
    ]
    assert audit_site(corpus, 5, {}).totals["files"] == 4


def test_problems_are_sorted_and_known_and_say_what_to_do(corpus: Corpus):
    problems = audit_site(corpus, 5, {}).problems
    keys = [(p.path, p.line, p.slot, p.code, p.value) for p in problems]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    for problem in problems:
        assert problem.code in KINDS
        assert problem.sentence().endswith(f"({KINDS[problem.code].remedy})")


def test_counts_of_the_sample_site(corpus: Corpus):
    found = audit_site(corpus, 5, {})
    assert found.counts() == {
        "dead": 8,
        "self": 1,
        "copy": 2,
        "hidden": 5,
        "repeated": 14,
        "drifted-id": 6,
        "drifted-title": 6,
        "drifted-subject": 2,
        "drifted-url": 2,
        "gap": 2,
        "no-links": 33,
        "orphan": 38,
        "shared-id": 10,
        "copies": 10,
    }
    assert list(found.counts()) == [code for code in KINDS if code in found.counts()]
    assert Counter(problem.severity for problem in found.problems) == {"error": 30, "warning": 18, "note": 91}
    assert found.verdicts == {"copy": 2, "dead": 8, "hidden": 5, "repeated": 14, "self": 1, "sound": 372}
    assert found.totals == {
        "files": 142,
        "articles": 142,
        "families": 132,
        "links": 402,
        "articles with links": 109,
        "articles linked from nowhere": 42,
    }


def test_one_slot_less_makes_full_articles_have_too_many(corpus: Corpus):
    full = [a.path for a in corpus.articles if len(a.links) == 5]
    found = [p for p in audit_site(corpus, 4, {}).problems if p.code == "too-many"]
    assert [p.path for p in found] == sorted(full)
    assert full
    assert all(isinstance(p, Problem) for p in found)
