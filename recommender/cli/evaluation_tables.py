"""What evaluation shows: measures of rankers side by side, as tables for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recommender.cli.printing import note, print_json, say
from recommender.evaluation.disagreements import Disagreements
from recommender.evaluation.evaluate import Assessment, Evaluation, Report, article_values, by_subject
from recommender.evaluation.judgments import Agreement
from recommender.evaluation.significance import FLIPS, RESAMPLES
from recommender.evaluation.tuning import EQUAL, OWN, Tuned
from recommender.model.model import Model
from recommender.site.corpus import Corpus
from recommender.system.user_files import write_target

# These stand with their interval, and are those that rankers are compared on; JSON has it of all.
MAIN = ("nDCG", "useful")
# Above this share of links that no editor has seen, a score says little of a ranker.
UNJUDGED = 0.03
STARTS = {OWN: "the model's weights", EQUAL: "equal weights"}


def show_evaluation(corpus: Corpus, found: Evaluation, *, subjects: bool) -> None:
    """Print the measures of several rankers side by side, then how sure the differences to the first are."""
    articles = len(found.curated.reports[0].rows) if found.curated.reports else 0
    say(f"{articles:,} articles with sound curated links; {found.truth.left_out:,} generated links left out")
    _show_section(corpus, found.curated, found.depths, subjects=subjects)
    if found.judged and found.graded:
        say("")
        absent = found.graded.missing, found.graded.unknown
        more = f"; {absent[0]:,} more are not in the content, nor are {absent[1]:,} judged candidates"
        say(f"{len(found.graded.labels):,} judged articles" + (more if any(absent) else ""))
        _show_section(corpus, found.judged, found.depths, subjects=subjects)
    say("")
    say(f"{len(corpus.articles):,} articles: what the lists do to the whole site")
    for depth in found.depths:
        heads = [head for head in next(iter(found.catalogue.values())) if head.endswith(f"@{depth}")]
        _show_table(
            heads, {name: [f"{own[head]:.4f}" for head in heads] for name, own in found.catalogue.items()}, depth
        )
    say("")
    say(f"[low, high]: 95 % intervals, {RESAMPLES:,} bootstrap draws of the articles; p: {FLIPS:,} random swaps of the")
    say(f"two rankers, article by article; seed {found.seed}")


def evaluation_as_dict(corpus: Corpus, found: Evaluation) -> dict[str, Any]:
    """Give an evaluation as plain values."""
    curated = _as_dict(corpus, found.curated)
    out: dict[str, Any] = {
        "articles": curated["articles"],
        "generated links left out": found.truth.left_out,
        **{key: value for key, value in curated.items() if key != "articles"},
    }
    if found.judged and found.graded:
        absent = {"articles not in the content": found.graded.missing}
        absent["candidates not in the content"] = found.graded.unknown
        out["judged"] = {**_as_dict(corpus, found.judged), **absent}
    return {**out, "catalogue": found.catalogue, "seed": found.seed, "draws": RESAMPLES, "swaps": FLIPS}


def write_values(corpus: Corpus, found: Evaluation, file: Path) -> None:
    """Write the values per article as CSV: a line an article and ranker."""
    sections = {"curated links": found.curated.reports}
    if found.judged:
        sections["judgments"] = found.judged.reports
    table = article_values(corpus, sections)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    write_target(file, text.getvalue().encode("utf-8"))
    note(f"{len(table) - 1:,} lines written to {file}")


def _as_dict(corpus: Corpus, assessed: Assessment) -> dict[str, Any]:
    reports = assessed.reports
    measures = [m for m in (reports[0].measures if reports else ()) if _plain(m) in MAIN]
    return {
        "articles": len(reports[0].rows) if reports else 0,
        "means": {report.name: report.means() for report in reports},
        "intervals": {
            name: {measure: list(bounds) for measure, bounds in own.items()} for name, own in assessed.intervals.items()
        },
        "comparisons": [dataclasses.asdict(one) for one in assessed.comparisons],
        "subjects": {measure: by_subject(corpus, reports, measure) for measure in measures},
    }


def _show_section(corpus: Corpus, assessed: Assessment, depths: Sequence[int], *, subjects: bool) -> None:
    reports = assessed.reports
    if not reports or not reports[0].rows:
        return
    for depth in depths:
        heads = [measure for measure in reports[0].measures if measure.endswith(f"@{depth}")]
        table = {}
        for report in reports:
            means = report.means()
            table[report.name] = [_cell(means[head], head, assessed.intervals[report.name]) for head in heads]
        _show_table(heads, table, depth)
    _show_gaps(reports, depths[0])
    main = [measure for measure in reports[0].measures if _plain(measure) in MAIN]
    chosen = [measure for measure in main if measure.endswith(f"@{depths[0]}")]
    for measure in chosen:
        _show_comparisons(assessed, measure)
        if subjects:
            _show_subjects(by_subject(corpus, reports, measure), measure)


def _plain(measure: str) -> str:
    return measure.partition("@")[0]


def _cell(mean: float, head: str, intervals: Mapping[str, tuple[float, float]]) -> str:
    if _plain(head) not in MAIN:
        return f"{mean:.4f}"
    low, high = intervals[head]
    return f"{mean:.4f} [{low:.3f}, {high:.3f}]"


def _show_comparisons(assessed: Assessment, measure: str) -> None:
    table = {
        f"{one.one} - {one.other}": [f"{one.difference:+.4f} [{one.low:+.3f}, {one.high:+.3f}]", f"{one.p:.4f}"]
        for one in assessed.comparisons
        if one.measure == measure
    }
    if table:
        _show_table([f"difference in {measure}", "p"], table)


def _show_subjects(found: Mapping[str, Mapping[str, float]], measure: str) -> None:
    names = [name for name in next(iter(found.values())) if name != "articles"]
    table = {
        subject or "(none)": [f"{values['articles']:,}", *(f"{values[name]:.4f}" for name in names)]
        for subject, values in found.items()
    }
    say(f"{measure} by subject")
    _show_table(["articles", *names], table)


def _show_gaps(reports: Sequence[Report], depth: int) -> None:
    """Say where means hide something: articles without links, and links that no editor has seen."""
    for report in reports:
        linked = report.answered(depth)
        if len(linked) < len(report.rows):
            own = report.only(linked).means()
            main = ", ".join(f"{m} {own[m]:.4f}" for m in own if m.endswith(f"@{depth}") and _plain(m) in MAIN)
            say(f"{report.name}: {len(linked):,} of {len(report.rows):,} articles have any; over those {main}")
    unjudged = [r.name for r in reports if r.means().get(f"unjudged@{depth}", 0.0) > UNJUDGED]
    if unjudged:
        say(f"over {UNJUDGED:.0%} of the links unjudged, so a lower bound: {', '.join(unjudged)}")


def _show_table(heads: Sequence[str], rows: Mapping[str, Sequence[str]], depth: int = 0) -> None:
    corner = f"@{depth}" if depth else ""
    first = max(len(name) for name in (corner, *rows))
    cells = [[head.removesuffix(corner) for head in heads], *rows.values()]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    for name, row in zip((corner, *rows), cells, strict=True):
        line = "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        say(f"{name:<{first}}  {line}")


def show_disagreements(found: Disagreements, *, as_json: bool) -> None:
    """Print what an editor may want to change: poor curated links, then strong suggestions that nobody made."""
    if as_json:
        print_json(disagreements_as_dict(found))
        return
    say(
        f"{found.poor_in_all:,} of {found.curated:,} curated links look poor: a score below the floor {found.floor:g}, "
        "or below half of the weakest suggestion's"
    )
    for poor in found.poor:
        rank = f"rank {poor.rank:,}" if poor.rank else "no word shared"
        say(f"{poor.score:.4f}  {_named(found, poor.row)}")
        say(f"        slot {poor.slot}   {_named(found, poor.target)}, {rank}")
        say(f"        better   {_named(found, poor.instead[0].row)}, {poor.instead[0].score:.4f}")
    say("")
    say(
        f"{found.strong_in_all:,} strong suggestions that nobody made: a score of {found.strong_score:.4f} or more, "
        "as the best tenth of the site has"
    )
    for strong in found.strong:
        say(f"{strong.score:.4f}  {_named(found, strong.row)}, links: {strong.links}")
        say(f"        rank {strong.rank}   {_named(found, strong.target)}")


def show_agreement(found: Agreement, *, as_json: bool) -> None:
    """Print how far two editors agree; a kappa that is not defined is null in JSON."""
    kappas = {"useful or not": found.useful, "five labels": found.plain, "grades, quadratic weights": found.weighted}
    if as_json:
        counts = {"articles": found.articles, "candidates": found.candidates, "same label": found.same}
        print_json({**counts, "kappa": {name: None if math.isnan(k) else k for name, k in kappas.items()}})
        return
    say(f"{found.candidates:,} candidates of {found.articles:,} articles graded by both, {found.same:.1%} alike")
    for name, value in kappas.items():
        say(f"kappa {'not defined' if math.isnan(value) else f'{value:.4f}'}  {name}")


def disagreements_as_dict(found: Disagreements) -> dict[str, Any]:
    """Give disagreements as plain values."""
    poor = [
        {
            "article": _article(found.model, one.row),
            "slot": one.slot,
            "link": _article(found.model, one.target),
            "score": round(one.score, 9),
            "rank": one.rank or None,
            "weakest suggestion": round(one.weakest, 9),
            "instead": [{**_article(found.model, c.row), "score": round(c.score, 9)} for c in one.instead],
        }
        for one in found.poor
    ]
    strong = [
        {
            "article": _article(found.model, one.row),
            "suggestion": _article(found.model, one.target),
            "score": round(one.score, 9),
            "rank": one.rank,
            "links": one.links,
        }
        for one in found.strong
    ]
    totals = {"curated": found.curated, "poor": found.poor_in_all, "strong": found.strong_in_all}
    scores = {"floor": found.floor, "strong score": round(found.strong_score, 9)}
    return {**totals, **scores, "poor links": poor, "strong suggestions": strong}


def _named(found: Disagreements, row: int) -> str:
    catalogue = found.model.catalogue
    return f"{catalogue.titles[row]}  {catalogue.urls[row]}"


def _article(model: Model, row: int) -> dict[str, str]:
    catalogue = model.catalogue
    return {"title": catalogue.titles[row], "subject": catalogue.subjects[row], "url": catalogue.urls[row]}


def show_tuned(found: Tuned, own: Mapping[str, float], *, as_json: bool) -> None:
    """Print learned weights beside those of the model, and what they are worth by each source."""
    if as_json:
        worth = {name: vars(one) for name, one in found.worth.items()}
        first = next(iter(worth.values()))
        parts = {"parts": dict(found.parts), "start": found.start}
        print_json({**parts, **first, "seed": found.seed, "worth": worth, "own": dict(own)})
        return
    for name, one in found.worth.items():
        say(
            f"learned on the {name} of {one.articles:,} articles; mean nDCG@5 {one.before:.4f} with the model's weights"
        )
        say(f"  {one.learned:.4f} in-sample: on the articles they were learned on")
        say(f"  {one.validated:.4f} half to half, on other articles: {one.gain:+.4f} [{one.low:+.4f}, {one.high:+.4f}]")
    say(f"started from {STARTS[found.start]}, the better of two starts half to half")
    say("parts:")
    for part, weight in found.parts.items():
        say(f"  {part}: {weight:g}  # {own[part]:g} in the model")
    if any(one.low <= 0 for one in found.worth.values()):
        say("An interval reaches below 0: little speaks for other weights than the model's.")
