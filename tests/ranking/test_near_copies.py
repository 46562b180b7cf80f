"""Near copies and parts of a series on small sites: in lists, for drafts, in the audit."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from small_sites import BUILT_AT, article, write_files

from recommender.build.pipeline import fit_model
from recommender.model.ask import Answer, ask, ask_draft, why
from recommender.model.model import Model
from recommender.settings import Settings
from recommender.site.audit import audit_site
from recommender.site.corpus import read_corpus

DEFAULT = replace(Settings(), floor=0.01)
BREW = (
    "Grind the beans as coarse as sea salt and wet the filter. Pour water just off the boil over the grounds, wait "
    "half a minute until they stop to rise, then pour the rest in slow circles. The whole brew takes three minutes; "
    "where it runs through faster the grounds were too coarse, where it drips for longer they were too fine."
)
SERIES = "In this series a small telescope is built at home from what any shop sells, and each part tells one step."
PARTS = [
    "We grind the mirror with sand and test its curve under a lamp.",
    "The tube is cut from plywood, painted black inside and balanced on its cradle.",
    "The mount has two bearings, a handful of screws and a base that stands on grass.",
]


def build(folder: Path, files: dict[str, str]) -> Model:
    return fit_model(read_corpus(write_files(folder, files), DEFAULT), DEFAULT, BUILT_AT)


def rules(answer: Answer) -> dict[str, str]:
    model = answer.model
    return {url: why(answer, url).rule for url in model.catalogue.urls.all()}


@pytest.fixture
def coffee(tmp_path: Path) -> Path:
    """Two near copies under short titles, a page on the same, and strangers."""
    files = {
        "brew.md": article("brew", title="Filter coffee", answer=BREW),
        "brew2.md": article("brew2", title="Pour-over", answer=BREW.replace("three minutes", "four minutes")),
        "beans.md": article(
            "beans", title="Beans", answer="Beans keep for a month; grind them for filter coffee just before you brew."
        ),
        "salt.md": article("salt", title="Sea salt", answer="Sea salt is coarse, and wet where the air is."),
    }
    return write_files(tmp_path, files)


def test_texts_that_differ_in_a_word_or_two_are_one_answer_whatever_their_titles(coffee: Path) -> None:
    built = fit_model(read_corpus(coffee, DEFAULT), DEFAULT, BUILT_AT)
    assert rules(ask(built, "/brew", 5)) == {"/beans": "", "/brew": "family", "/brew2": "same-question", "/salt": ""}
    assert rules(ask(built, "/brew2", 5))["/brew"] == "same-question"
    # One of the two is enough in one list.
    both = rules(ask(built, "/beans", 5))
    assert sorted([both["/brew"], both["/brew2"]]) == ["", "repeats-link"]
    assert {c.row for c in built.chosen.of(built.catalogue.urls.find("/brew"))} == {0, 3}


def test_the_audit_names_near_copies_with_a_model(coffee: Path) -> None:
    corpus = read_corpus(coffee, DEFAULT)
    found = audit_site(corpus, 5, {}, same=fit_model(corpus, DEFAULT, BUILT_AT).likeness.of).problems
    assert [(one.path, one.value) for one in found if one.code == "same-question"] == [("brew.md", "/brew2")]


FORMS = ["Coffee\n\n{}", "---\ntitle: Coffee\n---\n\n{}", "---\ntitle: Coffee\nanswer: '{}'\n---\n"]


@pytest.mark.parametrize("form", FORMS)
def test_a_draft_that_copies_an_article_is_told(coffee: Path, form: str) -> None:
    built = fit_model(read_corpus(coffee, DEFAULT), DEFAULT, BUILT_AT)
    answer = ask_draft(built, form.format(BREW.replace("sea salt", "rock salt")).encode(), 5)
    assert {url for url, rule in rules(answer).items() if rule == "same-question"} == {"/brew", "/brew2"}
    other = ask_draft(built, form.format(BREW.replace("the", "xx").replace("coarse", "yy")).encode(), 5)
    assert set(rules(other).values()) == {""} | {"repeats-link"}


def test_placeholders_are_no_near_copies(tmp_path: Path) -> None:
    """Neither short texts nor long parameters of a shortcode that stands on every page."""
    video = "{{< video " + " ".join(f"option{n}=value{n}" for n in range(30)) + " >}}"
    names = {"a": "Tides of the moon", "b": "Moon and sea", "c": "The moon"}
    for number, text in enumerate((video, f"Soon. {video}", "This page on the moon will be written in a while.")):
        files = {f"{name}.md": article(name, title=title, answer="", body=text) for name, title in names.items()}
        built = build(tmp_path / str(number), files)
        assert rules(ask(built, "/a", 5)) == {"/a": "family", "/b": "", "/c": ""}
        assert not built.likeness.of(0)


@pytest.mark.parametrize(
    "titles",
    [
        ["How to build a small telescope at home, part 1", "part 2", "part 3"],
        ["How to build a small telescope at home, part one", "part two", "part three"],
        ["How to build a small telescope at home with version 1.86", "version 1.65", "version 2.0"],
        ["How to build a small telescope at home I", "home II", "home III"],
        ["How to build a small telescope at home", "home 2", "home 3"],
    ],
)
def test_parts_of_a_series_are_suggested_first(tmp_path: Path, titles: list[str]) -> None:
    stem = titles[0].rsplit(titles[1].split()[0], 1)[0]
    named = [titles[0], *(stem + title for title in titles[1:])]
    files = {f"{n}.md": article(f"p{n}", title=named[n], answer=f"{SERIES} {PARTS[n]}") for n in range(3)}
    files["lamp.md"] = article("lamp", title="A lamp", answer="Any lamp of a shop is sold with its curve.")
    built = build(tmp_path, files)
    assert {built.catalogue.urls[c.row] for c in ask(built, "/p0", 5).choice.shown[:2]} == {"/p1", "/p2"}
    assert not built.likeness.of(built.catalogue.urls.find("/p0"))
    draft = f"{stem}{titles[1]}".replace("2", "9").replace("two", "nine").replace("1.65", "9.1").replace("II", "IX")
    answer = ask_draft(built, f"{draft}\n\n{SERIES} We paint it red, white, and blue.".encode(), 5)
    assert set(rules(answer).values()) == {""}


def test_texts_of_a_series_that_differ_in_a_word_are_not_one_answer_and_equal_ones_are(tmp_path: Path) -> None:
    texts = {"a": BREW, "b": BREW.replace("three", "four"), "c": BREW.upper()}
    titles = {"a": "Notes 1", "b": "Notes 2", "c": "Notes 3"}
    files = {f"{name}.md": article(name, title=titles[name], answer=text) for name, text in texts.items()}
    built = build(tmp_path, files)
    assert rules(ask(built, "/a", 5)) == {"/a": "family", "/b": "", "/c": "same-question"}
    assert rules(ask(built, "/b", 5)) == {"/a": "", "/b": "family", "/c": "repeats-link"}


def test_notes_on_two_releases_that_differ_in_a_date_are_not_one_answer(tmp_path: Path) -> None:
    titles = {"a": "January 2026 (version 1.86)", "b": "December 2025 (version 1.85)", "c": "January 2026, 1.86"}
    files = {
        name: article(name, title=title, answer=BREW.replace("three", title.split()[0].lower()))
        for name, title in titles.items()
    }
    built = build(tmp_path, {f"{name}.md": text for name, text in files.items()})
    assert rules(ask(built, "/a", 5)) == {"/a": "family", "/b": "", "/c": "family"}
    assert not built.likeness.of(built.catalogue.urls.find("/b"))


def test_pages_that_name_things_are_no_same_question_and_questions_are(tmp_path: Path) -> None:
    """The same texts under titles of which none ends in a question mark, or all."""
    texts = [
        "Choose the codes of reminders in the window of vendors, then close it, and look at the list of terms.",
        "Make the reminders of vendors in the window of codes, then print it, and look at the list of terms.",
        "Terms are the days of grace, of which each has a level.",
    ]
    titles = ["Set up codes of delivery reminders for vendors{}", "Make delivery reminders for vendors by codes{}"]
    for mark, rule in (("", ""), ("?", "same-question")):
        named = [*(title.format(mark) for title in titles), f"Terms{mark}"]
        files = {f"{n}.md": article(f"p{n}", title=named[n], answer=texts[n]) for n in range(3)}
        files |= {
            f"x{n}.md": article(f"x{n}", title=f"Other{mark}", answer=f"Look at the window of word{n}.")
            for n in range(97)
        }
        built = build(tmp_path / f"asking{mark == '?'}", files)
        assert why(ask(built, "/p0", 5), "/p1").rule == rule
        draft = ask_draft(built, f"{named[0]}\n\n{texts[0]}".encode(), 5)
        assert why(draft, "/p1").rule == rule


WORDS = [f"w{chr(97 + n)}x" for n in range(20)]
TITLES = ["Tides {}", "Tides", "Tides of part {}", "What moves the tides of the sea each day, {}?"]


@st.composite
def alike(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Draw titles and bodies of sixty words, in which a few words or many differ from a first one."""
    base, texts = draw(st.lists(st.sampled_from(WORDS), min_size=60, max_size=60)), []
    for number in range(draw(st.integers(2, 6))):
        changed = list(base)
        for place in draw(st.lists(st.integers(0, 59), max_size=draw(st.sampled_from([0, 1, 3, 20])))):
            changed[place] = draw(st.sampled_from(WORDS))
        texts.append((draw(st.sampled_from(TITLES)).format(number), " ".join(changed)))
    return texts


@hypothesis_settings(deadline=None, max_examples=60)
@given(alike())
def test_an_article_as_a_draft_is_as_like_the_others_as_it_is_itself(texts: list[tuple[str, str]]) -> None:
    """The plain way of drafts and the compiled one of a build agree, on near copies and series too."""
    files = {f"{n}.md": article(f"p{n}", title=f'"{title}"', answer=text) for n, (title, text) in enumerate(texts)}
    settings = replace(DEFAULT, same_question_list=0.05)
    with tempfile.TemporaryDirectory() as folder:
        built = fit_model(read_corpus(write_files(Path(folder), files), settings), settings, BUILT_AT)
    for row, (title, text) in enumerate(texts):
        like, held = built.ask_draft({"title": title, "answer": text})[1].like, built.likeness.of(row)
        others = [other for other in like if built.rules.families[other] != built.rules.families[row]]
        wanted = {other: like[other] for other in others if like[other] >= 0.05}
        assert held == pytest.approx(wanted, abs=1e-9)
