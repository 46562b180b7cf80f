"""What is answered for articles and drafts, and the sentence of every reason."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from score_by_hand import site_of
from small_sites import ARTICLES, BUILT_AT, article, write_files

from recommender.build.pipeline import fit_model
from recommender.errors import LookupProblem, RecommenderError
from recommender.model import documents
from recommender.model.ask import Answer, CandidateFilter, ask, ask_draft, ask_row, draft_linkers, read_draft, why
from recommender.model.documents import RelatedRequest
from recommender.model.model import Model
from recommender.ranking.selection import RULES
from recommender.service.live_model import Served
from recommender.settings import Keys, Settings
from recommender.site.corpus import Corpus, read_corpus

DEFAULT = Settings()
TIDES = "Why do the tides follow the moon and the sun each day"
PULLS = "Gravity pulls the sea, the moon and the earth, day and night."
TEXT = "The tides follow the moon because gravity pulls the sea towards it"

NO_WORD = "no other article shares a word that counts with this one"

# One article for every rule: what "/asker" is told about each.
FILES = {
    "asker.md": article(
        "asker", body="[Named](/named).", title=TIDES, answer=f"{TEXT} twice a day.", subject="Sea", lang="en"
    ),
    "named.md": article("named", answer="The moon and the sea, named."),
    "asker-copy.md": article("asker-copy", title="Tides of the moon", answer=f"{TEXT} twice a day.", lang="en"),
    "same.md": article("same", title=f"{TIDES} of the year", answer=f"{TEXT} twice a day, roughly.", lang="en"),
    "hidden.md": article("hidden", answer=f"{TEXT}, hidden.", extra="no_index: true\n"),
    "draft.md": article("draft", answer=f"{TEXT}, draft.", extra="status: draft\n"),
    "soon.md": article("soon", answer=f"{TEXT}, soon.", date="2099-01-01"),
    "404.md": article("404", answer=f"{TEXT}, missing.", extra="sitemap: false\n"),
    "imprint.md": article("imprint", answer=f"{TEXT}, imprint."),
    "listless.md": article("listless", title=f"{TIDES} without a list", answer=f"{TEXT}, without a list."),
    "german.md": article("german", id="", answer=f"{TEXT}, translated.", lang="de"),
    "german-too.md": article("german-too", answer="Another page.", lang="de"),
    "pair-a.md": article("pair-a", answer=PULLS, subject="Air"),
    "pair-b.md": article("pair-b", answer=PULLS, subject="Sea"),
    "first.md": article(
        "first", title="How do the oceans move when gravity pulls them up", answer="Gravity moves the sea."
    ),
    "twin.md": article(
        "twin", title="How do oceans move when gravity pulls them all up", answer="Gravity moves the sea!!"
    ),
    "late.md": article("late", answer="The sun and the day."),
    "weak.md": article("weak", title="Cooking", answer=f"Salt, rice, {' '.join(f'spice{n}' for n in range(60))}, sea."),
    "stranger.md": article("stranger", title="Banjo", answer="Banjos twang."),
}


@pytest.fixture(scope="module")
def every_rule(tmp_path_factory: pytest.TempPathFactory) -> Model:
    settings = replace(DEFAULT, floor=0.12, never_suggest=("/imp*", "{title: About imprint}"), no_list=("/listless",))
    corpus = read_corpus(write_files(tmp_path_factory.mktemp("rules"), FILES), settings)
    return fit_model(corpus, settings, BUILT_AT)


@pytest.mark.parametrize(
    ("limit", "url", "rule", "sentence"),
    [
        (5, "/late", "", "shown at rank 1"),
        (5, "/asker", "family", "not shown: it is the article itself"),
        (5, "/asker-copy", "family", "not shown: it is a copy of the article itself (family)"),
        (5, "/hidden", "hidden", "not shown: it is hidden (no_index: true) (hidden)"),
        (5, "/draft", "hidden", "not shown: it is hidden (status: draft) (hidden)"),
        (5, "/soon", "hidden", "not shown: it is hidden (date: 2099-01-01 is to come) (hidden)"),
        (
            5,
            "/404",
            "never-suggested",
            "not shown: it is never suggested (404 page, sitemap: false) (never-suggested)",
        ),
        (
            5,
            "/imprint",
            "never-suggested",
            "not shown: it is never suggested (/imp*, {title: About imprint}) (never-suggested)",
        ),
        (
            5,
            "/german",
            "other-language",
            "not shown: it is of another language, or of another version (other-language)",
        ),
        (
            5,
            "/pair-a",
            "other-copy",
            "not shown: another copy of it stands for both: the one in the article's subject, else the smallest url: "
            "/pair-b (other-copy)",
        ),
        (
            5,
            "/named",
            "linked-in-text",
            "not shown: the text of the article links to it already (linked-in-text)",
        ),
        (5, "/weak", "below-floor", "not shown: its score is below the floor 0.12 (below-floor)"),
        (
            5,
            "/same",
            "same-question",
            "not shown: it asks the same question as the article; title and text are alike to 0.NN, 0.5 is enough "
            "(same-question)",
        ),
        (
            5,
            "/twin",
            "repeats-link",
            "not shown: it asks the same question as another link of the list: /first; title and text are alike "
            "to 0.NN, 0.5 is enough (repeats-link)",
        ),
        (1, "/first", "list-full", "not shown: the list is full with better links (list-full)"),
        (1, "/hidden", "hidden", "not shown: it is hidden (no_index: true) (hidden)"),
        (
            5,
            "/stranger",
            "not-a-candidate",
            "not shown: it shares no word that counts with the article (not-a-candidate)",
        ),
    ],
)
def test_why(every_rule: Model, limit: int, url: str, rule: str, sentence: str) -> None:
    reason = why(ask(every_rule, "/asker", limit), url)
    assert (reason.rule, re.sub(r"to 0\.\d\d,", "to 0.NN,", reason.sentence)) == (rule, sentence)
    assert reason.rank == (0 if rule else 1)
    assert every_rule.catalogue.urls[reason.row] == url
    assert reason.score == pytest.approx(sum(part.value for part in reason.answer.parts(reason.row)), abs=1e-12)


def test_who_gets_no_list_says_so(every_rule: Model) -> None:
    answer = ask(every_rule, "/listless", 5)
    assert (answer.choice.shown, answer.choice.reason(5)) == ((), "the article gets no list (no_list: /listless)")
    reason = why(answer, "/late")
    assert (reason.rule, reason.rank) == ("no-list", 0)
    assert reason.sentence == "not shown: the article gets no list (/listless) (no-list)"
    assert reason.score == pytest.approx(sum(part.value for part in answer.parts(reason.row)), abs=1e-12)
    assert every_rule.chosen.of(answer.row) == []
    # Others may link to it, but a draft is not told that it should link back.
    assert every_rule.rules.excluded[answer.row] == ""
    draft = ask_draft(every_rule, f"{TIDES} at sea\n\n{TEXT}".encode(), 5)
    assert "/listless" not in [every_rule.catalogue.urls[one.row] for one in draft_linkers(draft, 100)]


def test_every_rule_has_its_sentence_and_all_but_three_can_be_the_answer() -> None:
    table = next(mark for mark in test_why.pytestmark if mark.name == "parametrize")
    # "linked" speaks of links that a file holds already, and a question keeps none; a small site is looked at whole.
    # "blocked" is in the tests of the command rule.
    assert {case[2] for case in table.args[1]} - {""} == RULES.keys() - {"linked", "not-near", "no-list", "blocked"}
    assert all(sentence == sentence.strip() and sentence[0].islower() for sentence in RULES.values())


def test_the_reason_agrees_with_the_list_for_every_pair_of_the_sample_site(corpus: Corpus, model: Model) -> None:
    for row in range(0, len(corpus.articles), 9):
        answer = ask(model, corpus.articles[row].url, 5)
        ranks = {candidate.row: rank for rank, candidate in enumerate(answer.choice.shown, 1)}
        stopped = {rejected.row: rejected.rule for rejected in answer.choice.rejected}
        for other, article_ in enumerate(corpus.articles):
            reason = why(answer, article_.url)
            assert reason.rank == ranks.get(other, 0)
            assert bool(reason.rule) != bool(reason.rank)
            assert reason.rule == stopped.get(other, reason.rule)
            if reason.rule == "list-full":
                assert len(ranks) == 5
                assert reason.score <= answer.choice.shown[-1].score + 1e-9


def test_a_list_is_never_called_full_while_it_is_not(corpus: Corpus) -> None:
    settings = replace(DEFAULT, floor=0.0, candidates=10)
    built = fit_model(corpus, settings, BUILT_AT)
    answer = ask(built, corpus.articles[10].url, 200)
    assert len(answer.choice.shown) > 100
    rules = [why(answer, one.url).rule for one in corpus.articles]
    assert rules.count("") == len(answer.choice.shown)
    assert "list-full" not in rules


def test_why_wants_a_known_article(model: Model, corpus: Corpus) -> None:
    answer = ask(model, corpus.articles[0].url, 5)
    with pytest.raises(LookupProblem, match="no article is known as '/nowhere'"):
        why(answer, "/nowhere")


def test_an_answer_for_an_article_is_what_the_build_chose(corpus: Corpus, model: Model) -> None:
    for row in range(0, len(corpus.articles), 7):
        answer = ask(model, corpus.articles[row].path, 20)
        assert (answer.row, answer.title) == (row, corpus.articles[row].title)
        assert list(answer.choice.shown) == model.chosen.of(row)
        assert answer.copies == ()


def test_an_id_of_copies_answers_for_the_first_and_names_the_others(corpus: Corpus, model: Model) -> None:
    rows = next(rows for rows in corpus.rows_of_id.values() if len(rows) > 1)
    answer = ask(model, corpus.articles[rows[0]].id, 5)
    assert (answer.row, answer.copies) == (rows[0], tuple(rows[1:]))


def shown(answer: Answer) -> list[str]:
    return [answer.model.catalogue.urls[candidate.row] for candidate in answer.choice.shown]


def test_the_file_of_an_article_as_a_draft_repeats_no_question(corpus: Corpus, model: Model) -> None:
    for row in range(0, len(corpus.articles), 5):
        one = corpus.articles[row]
        answer = ask_draft(model, (ARTICLES / one.path).read_bytes(), 20)
        assert (answer.row, answer.title) == (-1, one.title)
        assert one.url not in shown(answer)
        # The article itself, or the copy that stands for it, is stopped by the same rule.
        reason = why(answer, one.url)
        # All that the article's own words would score for itself; but a draft has no subject.
        subject = model.settings.parts["same_subject"] * model.lift * bool(one.subject)
        assert reason.score == pytest.approx(model.score(model.query(row), row) - subject, abs=1e-9)
        assert reason.rule in ("same-question", "hidden", "other-copy")
        family = [other for other, same in enumerate(corpus.families) if same == corpus.families[row]]
        if len(family) == 1 and not one.hidden:
            assert reason.sentence.startswith("not shown: it asks the same question as the article; title and text are")


def test_a_draft_as_plain_text_has_its_title_first(every_rule: Model) -> None:
    drafts = [
        f"# {TIDES}\n\n{TEXT}.\n",
        f"\ufeff  {TIDES}\r\n{TEXT}.",
        f"---\ntitle: {TIDES}\nanswer: {TEXT}.\n---\n",
        f"\ufeff---\r\ntitle: {TIDES}\r\n---\r\n{TEXT}.\r\n",
    ]
    answers = [ask_draft(every_rule, draft.encode(), 20) for draft in drafts]
    assert {answer.title for answer in answers} == {TIDES}
    assert len(shown(answers[0])) >= 3
    for answer in answers[1:]:
        assert shown(answer) == shown(answers[0])
        assert [c.score for c in answer.choice.shown] == [c.score for c in answers[0].choice.shown]


@pytest.mark.parametrize(
    ("draft", "texts"),
    [
        ("# Moon", {"title": "Moon", "answer": ""}),
        ("Moon\nA rock.\nFar off.", {"title": "Moon", "answer": "A rock.\nFar off."}),
        ("\n\n## Moon  \n\nA rock.\n", {"title": "Moon", "answer": "\nA rock."}),
        ("----\nMoon", {"title": "----", "answer": "Moon"}),
        (
            "---\ntitle: Moon\nseo:\n  page_keywords: rock\n---\n\nA rock.\n",
            {"title": "Moon", "answer": "", "seo.page_keywords": "rock", "body": "\nA rock.\n"},
        ),
        ("---\nanswer: A rock.\n---", {"title": "", "answer": "A rock.", "seo.page_keywords": "", "body": ""}),
    ],
)
def test_the_texts_of_a_draft(model: Model, draft: str, texts: dict[str, str]) -> None:
    assert read_draft(draft.encode(), model.settings).texts == texts


def test_a_site_that_reads_no_answer_takes_a_plain_text_as_the_body() -> None:
    settings = Settings(text={"body": 1}, keys=Keys(title="name"))
    assert read_draft(b"Moon\nA rock.", settings).texts == {"name": "Moon", "body": "A rock."}


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        (b"", "the draft holds no text; give a title and an answer"),
        (b" \n\t\n", "the draft holds no text; give a title and an answer"),
        (b"---\nid: 5\n---\n \n", "the draft holds no text; give a title and an answer"),
        (b"\xef\xbb\xbf", "the draft holds no text; give a title and an answer"),
        (b"Moon\nA \xff rock", "the draft, line 2: byte 7 is not UTF-8; mend it and ask again"),
        (b"---\ntitle: Moon\n", "the draft, line 1: no line --- closes the front matter; mend it and ask again"),
    ],
)
def test_a_draft_that_cannot_be_asked(model: Model, draft: bytes, sentence: str) -> None:
    with pytest.raises(RecommenderError, match=re.escape(sentence)) as caught:
        ask_draft(model, draft, 5)
    assert str(caught.value) == sentence
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("draft", [b"---\ntitle: [\n---\n", b"---\n- Moon\n---\n", b"---\ntitle: 'Moon\n---\n"])
def test_a_draft_with_bad_front_matter_names_the_line(model: Model, draft: bytes) -> None:
    with pytest.raises(RecommenderError, match=r"the draft, line [234]: .*; mend it and ask again"):
        ask_draft(model, draft, 5)


def test_a_draft_of_unknown_words_gets_no_link_and_the_reason(model: Model) -> None:
    answer = ask_draft(model, b"Xyzzy\n\nPlugh frobnicates.", 5)
    assert shown(answer) == []
    assert answer.choice.reason(5) == NO_WORD
    assert why(answer, model.catalogue.urls[0]).rule == "not-a-candidate"


def test_the_parts_of_a_draft_add_up(every_rule: Model) -> None:
    answer = ask_draft(every_rule, f"{TIDES}\n{TEXT}".encode(), 5)
    for candidate in answer.choice.shown:
        assert sum(part.value for part in answer.parts(candidate.row)) == pytest.approx(candidate.score, abs=1e-12)


def test_a_stranger_of_the_same_subject_is_no_candidate() -> None:
    texts = [{"answer": text} for text in ("moon tide", "moon sun", "gas cell", "gas virus", "banjo twang")]
    built = site_of(texts, replace(DEFAULT, floor=0.0), subjects=["A", "A", "B", "B", "A"]).build()
    assert built.lift > 0.5
    urls = built.catalogue.urls
    assert why(ask(built, urls[0], 5), urls[1]).rule == ""
    assert why(ask(built, urls[0], 5), urls[4]).rule == "not-a-candidate"
    assert why(ask(built, urls[0], 5), urls[2]).rule == "not-a-candidate"


@pytest.mark.parametrize("count", [2, 6, 120])
def test_copies_alone_are_the_reason_and_not_that_they_share_no_word(count: int, tmp_path: Path) -> None:
    """Of 120 equal pages no word tells any apart: none counts."""
    text = "A page of the theme that its owner has not written yet, and that stands here as a sample."
    files = {f"{n}.md": article(f"p{n}", title="Sample", answer=text) for n in range(count)}
    built = fit_model(read_corpus(write_files(tmp_path, files), DEFAULT), DEFAULT, BUILT_AT)
    served, urls = Served(built, "v", "t"), built.catalogue.urls
    wanted = f"0 of 5 found; stopped: {count - 1} family"
    assert ask(built, urls[0], 5).choice.reason(5) == wanted
    assert documents.answered(ask(built, urls[0], 5), explain=False)["reason"] == wanted
    assert documents.related(served.model, 0, RelatedRequest(5), ())["reason"] == wanted
    assert orjson.loads(served.prepared.related(0, 5, ()))["reason"] == wanted
    assert [why(ask(built, urls[0], 5), url).rule for url in urls.all()] == ["family"] * count


def test_words_that_more_than_half_of_the_articles_have_do_not_count(tmp_path: Path) -> None:
    files = {f"{n}.md": article(f"p{n}", title="Sample", answer=f"Only this w{n}.") for n in range(120)}
    built = fit_model(read_corpus(write_files(tmp_path, files), DEFAULT), DEFAULT, BUILT_AT)
    answer = ask(built, built.catalogue.urls[0], 5)
    assert answer.choice.reason(5) == NO_WORD
    assert "shares no word that counts" in why(answer, built.catalogue.urls[1]).sentence


def test_a_list_that_is_not_full_is_not_said_to_be(tmp_path: Path) -> None:
    """Beyond ``exact_up_to`` articles only the nearest are looked at."""
    answers = ["moon tide wave", "moon tide wave gas", "moon tide gas", "moon virus gas cell"]
    files = {f"{n}.md": article(f"p{n}", answer=text) for n, text in enumerate(answers)}
    few = replace(DEFAULT, candidates=1, exact_up_to=0, floor=0.01)
    built = fit_model(read_corpus(write_files(tmp_path, files), few), few, BUILT_AT)
    answer = ask(built, "/p0", 5)
    assert shown(answer) == ["/p1"]
    reason = why(answer, "/p2")
    assert reason.sentence == "not shown: others are nearer, and only the nearest articles are looked at (not-near)"
    assert why(ask(built, "/p0", 1), "/p2").rule == "list-full"


def test_linkers_would_take_up_the_draft_at_their_place(corpus: Corpus, model: Model) -> None:
    for row in range(0, len(corpus.articles), 20):
        one = corpus.articles[row]
        answer = ask_draft(model, (ARTICLES / one.path).read_bytes(), 5)
        found = draft_linkers(answer, 8)
        assert [(-round(link.score, 9), link.row) for link in found] == sorted(
            (-round(link.score, 9), link.row) for link in found
        )
        families = [corpus.families[link.row] for link in found]
        assert len(set(families)) == len(families) <= 8 and corpus.families[row] not in families
        for link in found:
            assert (
                link.score == model.scores_of_askers(answer.query, everyone(answer))[everyone(answer).index(link.row)]
            )
            own = [c.score for c in model.chosen.of(link.row)[: DEFAULT.slots]]
            assert link.place == sum(score >= link.score for score in own) + 1 <= DEFAULT.slots
            assert link.score >= model.floor


def everyone(answer: Answer) -> list[int]:
    return [c.row for c in (*answer.choice.shown, *answer.choice.rejected, *answer.choice.rest)]


def test_a_filter_is_applied_before_the_limit(every_rule: Model) -> None:
    row = every_rule.catalogue.urls.find("/asker")
    subjects, urls = every_rule.catalogue.subjects, every_rule.catalogue.urls
    assert ask_row(every_rule, row, 5).choice == ask(every_rule, "/asker", 5).choice
    # Of the two copies the one in the wanted subject is shown, though the asking subject has the other.
    for subject in {subjects[one] for one in range(len(every_rule))}:
        shown = ask_row(every_rule, row, 2, CandidateFilter(subject)).choice.shown
        assert all(subjects[candidate.row] == subject for candidate in shown)
        assert len(shown) <= 2
    assert [urls[c.row] for c in ask_row(every_rule, row, 5, CandidateFilter("Air")).choice.shown] == ["/pair-a"]
    least = ask(every_rule, "/asker", 5).choice.shown[1].score
    assert len(ask_row(every_rule, row, 5, CandidateFilter(min_score=least)).choice.shown) == 2
