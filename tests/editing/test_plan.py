"""What each fill mode plans: exact bytes on sites made by hand, and fixed points on the sample site."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from small_sites import Ranker, answer_of, article, block, commit, contents, git, link, write_files

from recommender.editing.link_plan import MODES
from recommender.editing.plan import Edit, Filling, Plan, make_plan
from recommender.model.model import Model
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus

OTHERS = [f"t{n}" for n in range(1, 9)]
Lists = Mapping[str, list[str | tuple[str, float]]]


def others() -> dict[str, str]:
    return {f"{name}.md": article(name) for name in OTHERS}


def plan_of(
    corpus: Corpus,
    mode: str,
    lists: Lists,
    generated: Mapping[str, frozenset[str]] | None = None,
    settings: Settings | None = None,
) -> Plan:
    filling = Filling(corpus, Ranker(corpus, lists), mode, settings or Settings(), generated or {})
    rows = [row for row, found in enumerate(corpus.articles) if found.path == "a.md"]
    assert rows, "the article under test was not read"
    return make_plan(filling, rows)


def apply_plainly(root: Path, edits: tuple[Edit, ...]) -> None:
    for edit in edits:
        data = (root / edit.path).read_bytes()
        after = data[: edit.start] + edit.text + data[edit.end :]
        assert hashlib.sha256(data).hexdigest() == edit.before
        assert hashlib.sha256(after).hexdigest() == edit.after
        (root / edit.path).write_bytes(after)


@pytest.fixture
def fill(small, tmp_path: Path) -> Callable[..., str]:
    """Plan for a.md, apply, check that a second plan is empty, and give the new text."""

    def run(text: str, mode: str, lists: Lists, **more) -> str:
        files = more.pop("files", {})
        corpus = small({**others(), **files, "a.md": text})
        made = plan_of(corpus, mode, lists, **more)
        assert made.problems == ()
        apply_plainly(corpus.root, made.edits)
        after = (corpus.root / "a.md").read_bytes().decode()
        again = read_corpus(corpus.root, Settings())
        more["generated"] = made.generated
        second = plan_of(again, mode, lists, **more)
        assert second.edits == ()
        assert second.generated == made.generated
        return after

    return run


URLS = [f"/{name}" for name in OTHERS]


@pytest.mark.parametrize("mode", MODES)
def test_an_article_without_links_gets_the_ranked_list_in_order(fill, mode: str):
    expected = article("a", *(link(slot, name) for slot, name in enumerate(OTHERS[:5], 1)))
    assert fill(article("a"), mode, {"/a": URLS}) == expected


@pytest.mark.parametrize("mode", MODES)
def test_fewer_candidates_leave_slots_empty(fill, mode: str):
    assert fill(article("a"), mode, {"/a": URLS[:2]}) == article("a", link(1, "t1"), link(2, "t2"))
    assert fill(article("a"), mode, {}) == article("a")


def test_repair_keeps_sound_links_in_order_with_their_bytes(fill):
    odd = (
        'related_article1:\n  url: "/t8"   # the best\n  subject: Things\n  id: '
        + "{id}\n  title: 'About t8'\n\n# note\n"
    )
    odd = odd.format(id=link(1, "t8").split("id: ")[1].split("\n")[0])
    text = article("a", odd, link(2, "t3"))
    expected = article("a", odd, link(2, "t3"), *(added(slot, n) for slot, n in ((3, "t1"), (4, "t2"), (5, "t4"))))
    assert fill(text, "repair", {"/a": URLS}) == expected


def added(slot: int, name: str) -> str:
    """Give a new block in the style of a file whose first block is indented by two and has no folded title."""
    lines = link(slot, name).replace(">-\n        ", "").splitlines(keepends=True)
    return "".join(line.replace("    ", "  ", 1) for line in lines)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (link(2, "gone", identity="1234567"), "dead"),
        (link(2, "a"), "self"),
        (link(2, "copy"), "copy"),
        (link(2, "hidden"), "hidden"),
        (link(2, "t1"), "repeated"),
        (link(2, "t1", url="/gone"), "repeated"),
        (link(2, "twin", identity="1234567"), "ambiguous"),
    ],
)
def test_repair_drops_what_is_unsound_and_closes_the_gap(small, bad: str, reason: str):
    files = {
        "copy.md": article("copy", answer=answer_of("a")),
        "hidden.md": article("hidden", no_index="true"),
        "w1.md": article("w1", url="/twin"),
        "w2.md": article("w2", url="/twin"),
    }
    corpus = small({**others(), **files, "a.md": article("a", link(1, "t1"), bad, link(3, "t2"))})
    made = plan_of(corpus, "repair", {"/a": []})
    apply_plainly(corpus.root, made.edits)
    assert (corpus.root / "a.md").read_text() == article("a", link(1, "t1"), link(2, "t2"))
    assert made.tally == {"kept": 2, f"dropped {reason}": 1, "slots left empty": 3}


@pytest.mark.parametrize(
    ("drifted", "lines"),
    [
        ({"identity": "77"}, 1),
        ({"title": "Old"}, 2),
        ({"subject": "Old"}, 1),
        ({"url": "/gone"}, 1),
        ({"url": "/t2/index.html"}, 1),
        ({"identity": "77", "title": "Old", "subject": "Old"}, 4),
    ],
)
def test_repair_corrects_drift_and_nothing_else(fill, drifted: dict[str, str], lines: int):
    def text(second: str) -> str:
        return article("a", link(1, "t1"), second, "# a note\n", link(3, "t3"), extra="x: 1   # kept\n")

    before = text(link(2, "t2", **drifted))
    after = fill(before, "repair", {})
    assert after == text(link(2, "t2"))
    changed = [pair for pair in zip(before.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]
    # The line `title: >-` itself stays.
    assert len(changed) == lines - ("title" in drifted)


@pytest.mark.parametrize("mode", ["repair", "empty", "regenerate"])
def test_links_to_other_sites_and_pages_that_are_no_articles_keep_place_and_bytes_in_every_mode(
    fill, mode: str
) -> None:
    external = link(1, "x", title="Their page", url="https://journal.example.org/t2?a=1#b", identity="77")
    elsewhere = link(3, "y", title="A  file", url="/files/t2.pdf", identity="''")
    before = article("a", external, link(2, "t1"), elsewhere)
    after = fill(before, mode, {"/a": URLS[1:]})
    assert external in after
    assert elsewhere in after
    rest = {"repair": ["t1", "t2", "t3"], "empty": ["t1", "t2", "t3"], "regenerate": ["t2", "t3", "t4"]}[mode]
    assert re.findall(r"url: /(t\d)\n", after) == rest
    assert after.index("related_article1") < after.index(external.splitlines()[1]) < after.index("related_article2")


def test_links_that_stay_close_the_gap_where_regenerate_finds_too_few(fill) -> None:
    elsewhere = link(4, "y", title="A file", url="/files/t2.pdf", identity="''")
    before = article("a", link(1, "t1"), link(2, "t2"), link(3, "t3"), elsewhere)
    after = fill(before, "regenerate", {"/a": ["/t5"]})
    assert after == article("a", link(1, "t5"), elsewhere.replace("article4", "article2"))


def test_regenerate_keeps_the_fragment_of_a_link_that_it_suggests_too(fill) -> None:
    before = article("a", link(1, "t2", url="'/t2#part'"), link(2, "t1"))
    after = fill(before, "regenerate", {"/a": ["/t2", "/t3"]})
    assert after == article("a", link(1, "t2", url="'/t2#part'"), link(2, "t3"))


def test_an_old_address_is_corrected_in_place_and_keeps_its_fragment(fill) -> None:
    before = article("a", link(1, "t1", url="'/was-t1/#part'"), link(2, "t2", url="'/t2#part'"))
    moved = {"t1.md": article("t1", extra="aliases: [/was-t1]\n")}
    assert fill(before, "repair", {}, files=moved) == article(
        "a", link(1, "t1", url='"/t1#part"'), link(2, "t2", url="'/t2#part'")
    )


def test_a_generated_link_whose_page_moved_is_corrected_and_stays_generated(small) -> None:
    moved = {"t1.md": article("t1", extra="aliases: [/was-t1]\n")}
    corpus = small({**others(), **moved, "a.md": article("a", link(1, "t1", url="/was-t1"), link(2, "t2"))})
    made = plan_of(corpus, "repair", {"/a": ["/t1"]}, {"/a": frozenset({"/was-t1"})})
    apply_plainly(corpus.root, made.edits)
    assert (corpus.root / "a.md").read_text() == article("a", link(1, "t1"), link(2, "t2"))
    assert made.generated == {"/a": frozenset({"/t1"})}


def test_a_persons_link_to_a_part_of_a_page_stays_beside_a_generated_one_to_the_page(small) -> None:
    part = link(2, "t1", url="'/t1#part'")
    corpus = small({**others(), "a.md": article("a", link(1, "t1"), part)})
    made = plan_of(corpus, "repair", {}, {"/a": frozenset({"/t1"})})
    apply_plainly(corpus.root, made.edits)
    assert (corpus.root / "a.md").read_text() == article("a", part.replace("article2", "article1"))


def test_a_title_that_differs_only_in_white_space_is_no_drift(fill):
    text = article("a", link(1, "t1", title="About\n        t1"))
    assert fill(text, "repair", {}) == text


def test_repair_closes_gaps_and_drops_empty_slots(fill):
    text = article("a", "related_article1:\n", link(2, "t2"), link(4, "t1"), "related_article5:\n")
    expected = article("a", link(1, "t2"), link(2, "t1"), link(3, "t3"))
    assert fill(text, "repair", {"/a": ["/t1", "/t3"]}) == expected


def test_repair_leaves_more_sound_links_than_slots(fill):
    text = article("a", *(link(slot, name) for slot, name in enumerate(OTHERS[:7], 1)))
    assert fill(text, "repair", {"/a": ["/t8"]}) == text


def test_repair_does_not_judge_the_score_of_curated_links(fill):
    text = article("a", link(1, "t7"))
    assert fill(text, "repair", {"/a": [("/t1", 0.9), ("/t7", 0.01)]}) == article("a", link(1, "t7"), link(2, "t1"))


@pytest.mark.parametrize("mode", MODES)
def test_nothing_unsound_or_weak_is_ever_added(fill, mode: str):
    files = {
        "copy.md": article("copy", answer=answer_of("a")),
        "hidden.md": article("hidden", no_index="true"),
        "one.md": article("one", answer=answer_of("two names")),
        "two.md": article("two", answer=answer_of("two names")),
        "near.md": article("near", answer=answer_of("two subjects")),
        "far.md": article("far", answer=answer_of("two subjects"), subject="Other"),
    }
    ranked = ["/copy", "/hidden", "/two", "/one", "/far", "/near", ("/t1", 0.1), ("/t2", 0.0999)]
    expected = article("a", link(1, "one"), link(2, "near"), link(3, "t1"))
    assert fill(article("a"), mode, {"/a": ranked}, files=files) == expected


def test_a_link_to_a_copy_of_a_kept_one_is_not_added(fill):
    files = {
        "one.md": article("one", answer=answer_of("two names")),
        "two.md": article("two", answer=answer_of("two names")),
    }
    text = article("a", link(1, "two"))
    for mode in ("repair", "empty"):
        assert fill(text, mode, {"/a": ["/one", "/t1"]}, files=files) == article("a", link(1, "two"), link(2, "t1"))


def test_empty_leaves_every_link_and_fills_free_slots_alone(fill):
    kept = [
        link(1, "gone", identity="1234567", title="Dead"),
        link(3, "t1", title="Old   title"),
        '"related_article4": {id: 5, title: x, subject: y, url: /t1}  # twice\n',
    ]
    text = article("a", *kept)
    expected = article("a", *kept, link(2, "t2"), link(5, "t3"))
    assert fill(text, "empty", {"/a": URLS}) == expected


def test_empty_fills_a_null_slot_in_its_place(fill):
    text = article("a", link(1, "t1"), "related_article2: ~\n", link(3, "t3"))
    expected = article("a", link(1, "t1"), link(2, "t2"), link(3, "t3"), link(4, "t4"))
    assert fill(text, "empty", {"/a": URLS[:4]}) == expected


def test_empty_adds_no_link_beyond_the_number_of_slots(fill):
    text = article("a", link(1, "t1"), link(2, "t2"), link(7, "t7"), link(9, "t8"))
    after = fill(text, "empty", {"/a": URLS})
    assert after == article("a", link(1, "t1"), link(2, "t2"), link(7, "t7"), link(9, "t8"), link(3, "t3"))


def test_regenerate_writes_the_ranked_list_and_reuses_the_bytes_of_links_that_stay(fill):
    odd = link(3, "t2").replace("    url: ", "    url:    ")
    text = article("a", link(1, "t8"), link(2, "gone"), odd)
    expected = article("a", link(1, "t1"), odd.replace("article3", "article2"), link(3, "t3"))
    assert fill(text, "regenerate", {"/a": URLS[:3]}) == expected


def test_regenerate_drops_what_is_beyond_the_slots(fill):
    text = article("a", *(link(slot, name) for slot, name in enumerate(OTHERS, 1)))
    expected = article("a", *(link(slot, name) for slot, name in enumerate(OTHERS[:5], 1)))
    assert fill(text, "regenerate", {"/a": URLS}) == expected


def test_slots_are_a_setting(fill):
    expected = article("a", link(1, "t1"), link(2, "t2"))
    for mode in MODES:
        assert fill(article("a"), mode, {"/a": URLS}, settings=Settings(slots=2)) == expected


def test_titles_and_urls_that_are_written_are_read_now(fill):
    files = {"t1.md": article("t1", title='"Yes: a #new title"', subject="on")}
    after = fill(article("a"), "repair", {"/a": ["/t1"]}, files=files)
    assert after == article("a", link(1, "t1", title="Yes: a #new title", subject='"on"'))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda text: "\ufeff" + text, id="bom"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="crlf"),
        pytest.param(lambda text: "\ufeff" + text.replace("\n", "\r\n"), id="bom-crlf"),
        pytest.param(lambda text: text + "\n", id="final-newline"),
        pytest.param(lambda text: text + "\nübung 😀\x00", id="odd-body"),
        pytest.param(lambda text: text.replace("---\n\n&nbsp;", "---"), id="ends-at-the-fence"),
    ],
)
def test_byte_order_mark_line_ends_and_body_stay(fill, make: Callable[[str], str]):
    text = article("a", link(1, "t1"), link(2, "gone", identity="1234567"))
    assert fill(make(text), "repair", {"/a": URLS[:2]}) == make(article("a", link(1, "t1"), link(2, "t2")))


def test_generated_links_stay_while_permitted_and_are_replaced_when_not(fill):
    # t1 is curated and weak, t2 generated and permitted, t3 generated and below the floor by now.
    text = article("a", link(1, "t1"), link(2, "t2"), link(3, "t3"))
    lists: Lists = {"/a": ["/t4", ("/t2", 0.2), ("/t3", 0.05), ("/t1", 0.05)]}
    generated = {"/a": frozenset({"/t2", "/t3"})}
    expected = article("a", link(1, "t1"), link(2, "t2"), link(3, "t4"))
    assert fill(text, "repair", lists, generated=generated) == expected


def test_provenance_of_a_plan_names_what_it_added_and_what_stays_generated(small):
    corpus = small({**others(), "a.md": article("a", link(1, "t1"), link(2, "t2"), link(3, "t3"))})
    generated = {"/a": frozenset({"/t2", "/t3", "/t8"}), "/t5": frozenset({"/t6"}), "/gone": frozenset({"/t1"})}
    made = plan_of(corpus, "repair", {"/a": ["/t2", "/t4"]}, generated)
    # /t3 is dropped, /t8 is no longer there, /t5 was not planned, /gone is no article any more.
    assert made.generated == {"/a": {"/t2", "/t4"}, "/t5": {"/t6"}}
    made = plan_of(corpus, "empty", {"/a": ["/t4"]}, generated)
    assert made.generated["/a"] == {"/t2", "/t3", "/t4"}
    made = plan_of(corpus, "regenerate", {"/a": ["/t1", "/t4"]}, generated)
    assert made.generated["/a"] == {"/t4"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("related_article2: text\n", "not a block of texts"),
        ("related_article2: [1, 2]\n", "not a block of texts"),
        ("related_article2:\n    title:\n        deep: er\n", "not a block of texts"),
        ("related_article2: {title: &a x}\n", "anchors"),
        ("# a\u2028\n", "line break"),
        ("x: 1\nx: 2\n", "stands twice"),
    ],
)
def test_what_cannot_be_edited_is_refused_and_stops_no_other(small, mode: str, bad: str, reason: str):
    corpus = small({**others(), "a.md": article("a", bad), "b.md": article("b")})
    filling = Filling(corpus, Ranker(corpus, {"/a": URLS, "/b": URLS}), mode, Settings(), {})
    made = make_plan(filling, range(len(corpus.articles)))
    assert [(p.path, p.code) for p in made.problems] == [("a.md", "not-editable")]
    assert reason in made.problems[0].reason
    assert [edit.path for edit in made.edits] == ["b.md"]
    assert set(made.generated) == {"/b"}


def test_an_unsafe_file_that_needs_no_change_is_no_problem(small):
    corpus = small({**others(), "a.md": article("a", link(1, "t1"), "x: 1\nx: 2\n")})
    made = plan_of(corpus, "repair", {"/a": ["/t1"]})
    assert (made.edits, made.problems) == ((), ())


def refused(corpus: Corpus) -> str:
    made = plan_of(corpus, "repair", {"/a": URLS})
    assert made.edits == ()
    assert [(p.path, p.severity) for p in made.problems] == [("a.md", "error")]
    return f"{made.problems[0].code}: {made.problems[0].reason}"


def test_a_hard_link_is_refused(small, tmp_path: Path):
    corpus = small({**others(), "a.md": article("a")})
    os.link(corpus.root / "a.md", tmp_path / "other-name")
    assert "hard links" in refused(corpus)


def test_a_read_only_file_is_refused(small):
    corpus = small({**others(), "a.md": article("a")})
    (corpus.root / "a.md").chmod(0o444)
    assert "read-only" in refused(corpus)


def test_extended_attributes_are_refused(small):
    corpus = small({**others(), "a.md": article("a")})
    try:
        os.setxattr(corpus.root / "a.md", "user.note", b"mine")
    except (AttributeError, OSError) as error:
        pytest.skip(f"no extended attributes here: {error}")
    assert "user.note" in refused(corpus)


@pytest.mark.parametrize("change", ["edit", "delete", "symlink", "no-front-matter"])
def test_a_file_that_changed_since_the_site_was_read_is_refused(small, tmp_path: Path, change: str):
    corpus = small({**others(), "a.md": article("a")})
    file = corpus.root / "a.md"
    if change == "edit":
        file.write_bytes(file.read_bytes() + b"!")
    elif change == "no-front-matter":
        file.write_bytes(b"text")
    else:
        file.rename(tmp_path / "away")
        if change == "symlink":
            file.symlink_to(tmp_path / "away")
    reason = {"delete": "unreadable", "symlink": "not-a-file"}.get(change, "conflict")
    assert refused(corpus).startswith(reason)


def test_edits_come_in_order_of_paths_and_hold_no_more_than_the_change(small):
    files = {"z/1.md": article("p"), "a.md": article("q"), "b/9.md": article("r"), **others()}
    corpus = small(files)
    lists: Lists = {"/p": ["/t1"], "/q": ["/t1"], "/r": ["/t1"]}
    made = make_plan(Filling(corpus, Ranker(corpus, lists), "repair", Settings(), {}), range(len(corpus.articles)))
    assert [edit.path for edit in made.edits] == ["a.md", "b/9.md", "z/1.md"]
    for edit in made.edits:
        name = edit.url[1:]
        place = article(name).index("---\n\n&nbsp;")
        assert (edit.start, edit.end, edit.text.decode()) == (place, place, link(1, "t1"))


ODD_NAMES = [
    "plain.md",
    "with space.md",
    "übung – ß.md",
    "new\nline.md",
    'quo"te.md',
    "back\\slash.md",
    "tab\there.md",
    "日本/語.md",
    "-dash.md",
    " lead/trail .md",
]


@pytest.mark.parametrize("below", ["content", "."])
def test_the_diff_applies_with_git_and_gives_the_planned_bytes(tmp_path: Path, below: str):
    top = tmp_path / "tree"
    root = top / below
    shapes = [
        lambda t: t,
        lambda t: t.replace("\n", "\r\n"),
        lambda t: "\ufeff" + t,
        lambda t: t.removesuffix("\n\n&nbsp;"),
    ]
    names = dict(enumerate(ODD_NAMES))
    files = {
        name: shapes[n % 4](article(f"n{n}", link(1, "gone", identity="1234567"), link(2, "t1"), body="x\u2028y"))
        for n, name in names.items()
    }
    write_files(root, {**others(), **files})
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    git(top, "config", "core.autocrlf", "false")
    commit(top)
    corpus = read_corpus(root, Settings())
    lists: Lists = {f"/n{n}": URLS[:3] for n in names}
    prefix = "" if below == "." else "content/"
    filling = Filling(corpus, Ranker(corpus, lists), "repair", Settings(), {}, prefix)
    made = make_plan(filling, range(len(corpus.articles)))
    assert {edit.path for edit in made.edits} == set(ODD_NAMES)
    subprocess.run(
        ["git", "-C", str(top), "apply", "-"], input="".join(edit.diff for edit in made.edits).encode(), check=True
    )
    by_git = contents(root)
    git(top, "checkout", "-q", "--", ".")
    apply_plainly(root, made.edits)
    assert by_git == contents(root)


@pytest.mark.parametrize("mode", MODES)
def test_the_sample_site_is_filled_once_and_changes_nothing_else(tmp_path: Path, model: Model, site: Path, mode: str):
    root = site / "content"
    before = contents(root)
    counts = {"repair": 113, "empty": 98, "regenerate": 142}

    def plan(generated: Mapping[str, frozenset[str]]) -> tuple[Corpus, Plan]:
        corpus = read_corpus(root, Settings())
        assert model.fits(corpus, Settings())
        return corpus, make_plan(
            Filling(corpus, model, mode, Settings(), generated, "content/"), range(len(corpus.articles))
        )

    corpus, made = plan({})
    assert len(made.edits) == counts[mode]
    assert made.problems == ()
    diff = "".join(edit.diff for edit in made.edits)
    subprocess.run(["git", "-C", str(site), "apply", "-"], input=diff.encode(), check=True)
    by_git = contents(root)
    git(site, "checkout", "-q", "--", "content")
    assert contents(root) == before
    apply_plainly(root, made.edits)
    assert contents(root) == by_git
    again, second = plan(made.generated)
    assert second.edits == ()
    assert second.generated == made.generated
    if mode != "empty":
        assert {verdict for row in range(len(again.articles)) for verdict in verdicts(again, row)} == {"sound"}
    assert max(len(found.links) for found in again.articles) == 5
    untouched = {path for path in before if by_git[path] == before[path]}
    assert len(before) - len(untouched) == counts[mode]
    assert [unlinked(a) for a in corpus.articles] == [unlinked(a) for a in again.articles]


def verdicts(corpus: Corpus, row: int) -> set[str]:
    from recommender.site.link_verdicts import judge_links

    return {one.verdict for one in judge_links(corpus, row, frozenset())}


def unlinked(found):
    return dataclasses.replace(found, links=(), file_digest="", style=None)


def test_repair_of_the_sample_site_in_numbers(corpus: Corpus, model: Model):
    made = make_plan(Filling(corpus, model, "repair", Settings(), {}, None), range(len(corpus.articles)))
    assert made.tally == {
        "kept": 356,
        "corrected": 16,
        "added": 297,
        "dropped dead": 8,
        "dropped self": 1,
        "dropped copy": 2,
        "dropped hidden": 5,
        "dropped repeated": 14,
        "slots left empty": 41,
    }
    assert sum(made.tally[name] for name in ("kept", "corrected", "added", "slots left empty")) == 142 * 5
    assert sum(len(urls) for urls in made.generated.values()) == 297
    assert all(edit.diff == "" for edit in made.edits)


def test_more_blocks_than_few_are_planned_the_same_in_several_processes(tmp_path: Path):
    names = [f"p{n:03}" for n in range(600)]
    root = write_files(tmp_path, {f"{name}.md": article(name, id=str(n + 1)) for n, name in enumerate(names)})
    corpus = read_corpus(root, Settings())
    filling = Filling(corpus, Ranker(corpus, {f"/{n}": ["/p000", "/p001"] for n in names}), "repair", Settings(), {})
    whole = make_plan(filling, range(600))
    parts = [make_plan(filling, range(start, start + 300)) for start in (0, 300)]
    assert len(whole.edits) == 600
    assert whole.edits == parts[0].edits + parts[1].edits


def test_block_is_written_as_the_helper_writes_it():
    # The expectations above lean on it: one literal block.
    assert block(1, "5", "A title", "Things", "/x") == (
        "related_article1:\n    id: 5\n    title: >-\n        A title\n    subject: Things\n    url: /x\n"
    )
