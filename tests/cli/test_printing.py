"""What is printed, line by line, and that it agrees with the values behind it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from recommender.arrays.sparse_rows import pack
from recommender.article import digest
from recommender.cli import printing
from recommender.cli.export import write_lists
from recommender.editing.fill import Written
from recommender.editing.plan import Edit, Plan
from recommender.evaluation.rankers import lists_of
from recommender.model import documents
from recommender.model.ask import ask, ask_draft, why
from recommender.model.model import Model
from recommender.problems import Problem
from recommender.site.audit import Audit, audit_site
from recommender.site.corpus import Corpus

KEPLER = "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion"


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def document(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


def test_a_line_cannot_command_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    printing.say("a\x1b[31mb\x07\x9bc\u200cd\xa0é\ud800")
    assert capsys.readouterr().out == "a\\x1b[31mb\\x07\\x9bc\u200cd\xa0é\\ud800\n"
    printing.note("a\x1b")
    printing.complain("b\n")
    assert capsys.readouterr().err == "a\\x1b\nrecommender: b\\n\n"


def test_json_escapes_what_no_file_can_hold(model: Model, corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    printing.show_build(model, corpus.files, (), Path("models/\udcff"), as_json=True)
    out = capsys.readouterr().out
    assert '"models/\\udcff"' in out
    assert json.loads(out)["model"] == "models/\udcff"


def test_links_are_listed_with_rank_score_title_and_url(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask(model, KEPLER, 99)
    printing.show_related(answer, explain=False, as_json=False)
    found = lines(capsys)
    titles, subjects = model.catalogue.titles, model.catalogue.subjects
    assert found[0] == f"{titles[answer.row]}  ({subjects[answer.row]})"
    for rank, candidate in enumerate(answer.choice.shown, 1):
        row = candidate.row
        assert found[2 * rank - 1] == f"{rank:>3}  {candidate.score:.4f}  {titles[row]}  ({subjects[row]})"
        assert found[2 * rank] == f"     {model.catalogue.urls[row]}"
    reason = answer.choice.reason(99)
    assert 3 < len(answer.choice.shown) < 99
    assert reason.startswith(f"{len(answer.choice.shown)} of 99 found; stopped: ")
    assert found[2 * len(answer.choice.shown) + 1 :] == [f"     {reason}"]


def test_copies_are_named(corpus: Corpus, model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    rows = next(rows for rows in corpus.rows_of_id.values() if len(rows) > 1)
    answer = ask(model, corpus.articles[rows[0]].id, 5)
    printing.show_related(answer, explain=False, as_json=False)
    assert lines(capsys)[1] == f"  copy: {corpus.articles[rows[1]].url}"
    assert documents.answered(answer, explain=False)["copies"] == [corpus.articles[rows[1]].url]


def test_an_explanation_adds_up_line_by_line(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    for row in range(0, len(model), 10):
        answer = ask(model, model.catalogue.urls[row], 1)
        printing.show_related(answer, explain=True, as_json=False)
        found = lines(capsys)
        if not answer.choice.shown:
            continue
        fields = [re.fullmatch(r" {7}(\d\.\d{4})  ([a-z._]+)(?:: (.+))?", line) for line in found[3:]]
        sums = [match for match in fields if match and match[2] != "score"]
        alone = {"near_in_return", "same_subject"}
        assert {match[2] for match in sums} <= {*model.settings.fields, *model.settings.parts} - {"cosine"}
        assert [float(match[1]) for match in sums] == sorted((float(match[1]) for match in sums), reverse=True)
        score = answer.choice.shown[0].score
        assert sum(float(match[1]) for match in sums) == pytest.approx(score, abs=4.5e-4)
        assert {match[2] for match in sums if not match[3]} <= alone
        for match in sums:
            if match[2] in alone:
                assert not match[3]
                continue
            values = [float(value) for value in re.findall(r" (\d\.\d{4})(?:,|$)", match[3])]
            assert len(values) <= printing.TERMS + 1
            assert sum(values) == pytest.approx(float(match[1]), abs=1e-3)
        assert f"       {score:.4f}  score" in found


def test_links_as_json_have_the_keys_of_a_block_and_the_terms_add_up(model: Model) -> None:
    answer = ask(model, KEPLER, 99)
    found = documents.answered(answer, explain=True)
    assert found["article"]["url"] == KEPLER
    assert 3 < len(answer.choice.shown) < 99
    assert [one["rank"] for one in found["related"]] == list(range(1, len(answer.choice.shown) + 1))
    for one, candidate in zip(found["related"], answer.choice.shown, strict=True):
        assert list(one) == ["id", "title", "subject", "url", "score", "rank", "terms"]
        assert one["url"] == model.catalogue.urls[candidate.row]
        assert sum(term["value"] for term in one["terms"]) == pytest.approx(one["score"], abs=1e-9)
    assert found["reason"] == answer.choice.reason(99)
    assert "reason" not in documents.answered(ask(model, KEPLER, 2), explain=False)
    assert "terms" not in documents.answered(answer, explain=False)["related"][0]


def test_a_draft_has_a_title_and_no_url(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask_draft(model, b"# Orbits\n\nPlanets move around the sun in ellipses.", 3)
    printing.show_related(answer, explain=False, as_json=False)
    assert lines(capsys)[0] == "draft: Orbits"
    assert documents.answered(answer, explain=False)["article"] == {"title": "Orbits"}


def test_why_is_said_with_its_terms(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask(model, KEPLER, 5)
    first = answer.choice.shown[0]
    url = model.catalogue.urls[first.row]
    printing.show_why(why(answer, url), as_json=False)
    assert lines(capsys)[0] == f"{model.catalogue.titles[first.row]}: shown at rank 1"
    printing.show_why(why(answer, url), as_json=True)
    found = document(capsys)
    assert (found["shown"], found["rank"], found["score"]) == (True, 1, round(first.score, 9))
    assert not {"rule", "by"} & found.keys()
    printing.show_why(why(answer, KEPLER), as_json=True)
    found = document(capsys)
    assert (found["shown"], found["rule"], found["sentence"]) == (
        False,
        "family",
        "not shown: it is the article itself",
    )


def test_why_names_what_a_link_collided_with(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    urls = model.catalogue.urls
    answers = (ask(model, url, 5) for url in urls.all())
    answer, stopped = next((a, r) for a in answers for r in a.choice.rejected if r.by >= 0)
    printing.show_why(why(answer, urls[stopped.row]), as_json=True)
    found = document(capsys)
    assert (found["rule"], found["by"]) == (stopped.rule, urls[stopped.by])
    assert found["sentence"].endswith(f": {urls[stopped.by]} ({stopped.rule})")


def test_lists_are_those_that_the_build_chose(model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lists = lists_of(model, 3)
    urls = model.catalogue.urls.all()
    assert list(lists) == urls
    assert [lists[url] for url in urls] == [[urls[c.row] for c in model.chosen.of(row)][:3] for row in range(len(urls))]
    write_lists(lists, tmp_path / "lists.jsonl")
    assert capsys.readouterr().err == ""
    write_lists(lists, Path("-"))
    written = capsys.readouterr()
    assert (written.out, written.err) == ((tmp_path / "lists.jsonl").read_text(), "")
    rows = [json.loads(line) for line in written.out.splitlines()]
    assert {row["url"]: row["related"] for row in rows} == lists


def test_an_audit_prints_problems_then_counts(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    audit = audit_site(corpus, 5, {})
    printing.show_audit(audit, as_json=False)
    found = lines(capsys)
    loud = [problem for problem in audit.problems if problem.severity != "note"]
    assert len(loud) > 5
    assert found[: len(loud)] == [problem.sentence() for problem in loud]
    assert found[len(loud)].startswith("142 files, 142 articles, 132 families, ")
    counts = {line.split()[2]: int(line.split()[0].replace(",", "")) for line in found[len(loud) + 1 :]}
    assert counts == audit.counts()
    printing.show_audit(audit, as_json=True)
    assert len(document(capsys)["problems"]) == len(audit.problems)


def test_a_clean_audit_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    printing.show_audit(Audit((), {}, {"files": 1234}), as_json=False)
    assert lines(capsys) == ["1,234 files", "no problem found"]


def test_a_build_says_what_it_made(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    bad = (Problem("not-utf8", "bad.md", 2, reason="byte 8 is not UTF-8"),)
    printing.show_build(model, 143, bad, Path("models/default"), as_json=False)
    captured = capsys.readouterr()
    lengths = [len(model.chosen.of(row)) for row in range(142)]
    counts = [sum(n >= 5 for n in lengths), sum(0 < n < 5 for n in lengths), sum(n == 0 for n in lengths)]
    assert captured.err == bad[0].sentence() + "\n"
    assert captured.out.splitlines() == [
        f"142 of 143 files are articles, {model.vectors.rows.columns:,} terms; "
        f"lists of 5: {counts[0]} full, {counts[1]} short, {counts[2]} empty",
        "saved in models/default",
    ]
    printing.show_build(model, 143, bad, Path("models/default"), as_json=True)
    found = document(capsys)
    assert [found[f"{name} lists"] for name in ("full", "short", "empty")] == counts
    assert [problem["code"] for problem in found["problems"]] == ["not-utf8"]


EDIT = Edit("é\n.md", "/a", digest("a"), digest("b"), 0, 0, b"", diff="--- a/é\n+++ b/é\n")
TALLY = {"kept": 1234, "dropped dead": 2, "dropped replaced": 1, "corrected": 3, "added": 4, "slots left empty": 5}
SUMMARY = "links: 1,234 kept, 3 dropped (2 dead, 1 replaced), 3 corrected, 4 added; 5 slots left empty"


def test_a_plan_is_a_diff_or_names(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("conflict", "b.md")
    plan = Plan((EDIT,), (problem,), {}, {}, TALLY)
    printing.show_plan(plan, model, check=False, as_json=False)
    captured = capsys.readouterr()
    assert captured.out == EDIT.diff
    assert captured.err.splitlines() == [problem.sentence(), f"1 files would change; {SUMMARY}"]
    printing.show_plan(plan, model, check=True, as_json=False)
    assert capsys.readouterr().out == "é\\n.md\n"
    printing.show_plan(plan, model, check=True, as_json=True)
    found = document(capsys)
    assert (found["files"], found["summary"], len(found["problems"])) == (["é\n.md"], TALLY, 1)


def test_what_was_written_is_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    printing.show_written(Written(2, 0, (), TALLY), as_json=False)
    assert lines(capsys) == [f"2 files changed; {SUMMARY}"]
    printing.show_written(Written(1, 2000, (), {}), as_json=False)
    assert lines(capsys) == ["1 files changed, 2,000 were done already"]
    printing.show_written(Written(1, 2, (Problem("conflict", "b.md"),), {}), as_json=True)
    found = document(capsys)
    assert (found["written"], found["already"], found["problems"][0]["code"]) == (1, 2, "conflict")


def test_a_title_with_an_escape_is_printed_harmlessly(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    titles = pack(["\x1b]0;gone\x07", *model.catalogue.titles.all()[1:]])
    odd = replace(model, catalogue=replace(model.catalogue, titles=titles))
    printing.show_related(ask(odd, odd.catalogue.urls[0], 1), explain=False, as_json=False)
    out = capsys.readouterr().out
    assert out.startswith("\\x1b]0;gone\\x07  (")
    assert "\x1b" not in out
