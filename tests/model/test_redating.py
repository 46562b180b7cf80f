"""A model on another day: the same, to the bit, as what a build on that day makes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_sites import ARTICLES, BUILT_AT, article, write_files

from recommender.build.pipeline import fit_model
from recommender.dates import days_of
from recommender.model.array_schema import to_arrays, to_header
from recommender.model.model import Model
from recommender.model.redating import hidden_on, on_day
from recommender.model.store import save_model
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.system.clock import EPOCH

DAY = 86_400
SETTINGS = Settings(no_list=("/n*",), never_suggest=("/e*",), floor=0.01)
WORDS = ["moon", "tide", "sea", "salt", "sun", "star", "orbit", "gravity", "water", "earth", "ebb", "flood"]


def day(text: str) -> int:
    found = days_of(text)
    assert found is not None
    return found[0]


def at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(number * DAY + 1))


def same(one: Model, other: Model) -> bool:
    arrays, others = to_arrays(one), to_arrays(other)
    differ = [name for name in arrays if not np.array_equal(arrays[name], others[name])]
    assert (differ, to_header(one)) == ([], to_header(other))
    return True


def site(seed: int) -> Mapping[str, str]:
    """Make articles that come and go on ten days, some of them copies, drafts, or without a list."""
    draw = random.Random(seed)
    files = {}
    for number in range(60):
        name = "abcdens"[number % 7] + str(number)
        dates = {}
        if draw.random() < 0.4:
            dates["date"] = f"2030-01-{draw.randint(1, 10):02}"
        if draw.random() < 0.3:
            dates["expires"] = f"2030-01-{draw.randint(1, 10):02}"
        extra = "draft: true\n" if draw.random() < 0.1 else ""
        answer = " ".join(draw.choices(WORDS, k=draw.randint(3, 9)))
        title = f"What is {' '.join(draw.choices(WORDS, k=3))} of {name}"
        files[f"{name}.md"] = article(name, title=title, answer=answer, subject=draw.choice("AB"), extra=extra, **dates)
    # Copies in two subjects under titles of their own: for one that is hidden another stands.
    for number in range(16):
        answer = f"{' '.join(WORDS[number % 4 : number % 4 + 8])} make one answer under several urls of the site."
        date = f"2030-01-{draw.randint(1, 10):02}" if draw.random() < 0.5 else ""
        title = " ".join(draw.choices(WORDS, k=4))
        files[f"c{number}.md"] = article(f"c{number}", title=title, answer=answer, subject=draw.choice("AB"), date=date)
    # A small group that fills no list, even where the whole site is looked at.
    for number in range(6):
        date = f"2030-01-{18 - 3 * number:02}" if number > 2 else ""
        files[f"g{number}.md"] = article(f"g{number}", title="Banjo tuning", answer=f"Banjo peg {number}.", date=date)
    return files


@pytest.mark.slow  # generated sites, two builds each
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("candidates", [4, 12, 64])
def test_a_model_turns_into_that_of_another_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, candidates: int
) -> None:
    # With four candidates most lists go beyond them, with twelve not all copies are among them.
    settings = replace(SETTINGS, candidates=candidates)
    root = write_files(tmp_path / "site", site(seed))
    start = day("2029-12-31")
    built = {}
    for number in (start, start + 3, start + 6, start + 12):
        at(monkeypatch, number)
        built[number] = fit_model(read_corpus(root, settings), settings, BUILT_AT)
    sets = {bytes(model.catalogue.hidden) for model in built.values()}
    assert len(sets) == len(built)
    for model in built.values():
        for number, wanted in built.items():
            assert same(on_day(model, number), wanted)
            turned = hidden_on(model, number)
            assert turned.corpus_digest == wanted.corpus_digest
            assert turned is model or not len(turned.chosen.rows)
            for row in range(0, len(model), 7):
                assert turned.choose_for(row) == wanted.choose_for(row)


def test_the_sample_site_loses_and_gains_what_its_dates_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, day("2026-11-28"))
    files = {str(path.relative_to(ARTICLES)): path.read_text() for path in sorted(ARTICLES.rglob("*.md"))}
    dated = {path: text for path, text in files.items() if "\ndate: " in text}
    assert dated
    name, text = next(iter(dated.items()))
    before, _, rest = text.partition("\ndate: ")
    files[name] = f"{before}\nexpires: 2027-01-01\ndate: {rest}"
    corpus = read_corpus(write_files(tmp_path / "site", files), Settings())
    model = fit_model(corpus, Settings(), BUILT_AT)
    expiring = next(row for row, one in enumerate(corpus.articles) if one.path == name)
    assert expiring in model.chosen.rows
    later = on_day(model, day("2027-01-02"))
    assert expiring not in later.chosen.rows
    assert on_day(model, day("2027-01-01")) is model
    untouched = [
        row for row in range(len(model)) if expiring not in [c.row for c in model.nearest.of(row)] and row != expiring
    ]
    assert all(model.chosen.of(row) == later.chosen.of(row) for row in untouched)


def read(tmp_path: Path) -> Corpus:
    return read_corpus(tmp_path / "site", SETTINGS)


def test_a_day_that_changes_nothing_gives_the_same_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path / "site", site(1))
    versions = {}
    for text in ("2030-02-01", "2030-02-02", "2031-01-01", "2030-01-04"):
        at(monkeypatch, day(text))
        versions[text] = save_model(fit_model(read(tmp_path), SETTINGS, BUILT_AT), tmp_path / "model")
    first, second, third, other = versions.values()
    assert first == second == third != other


def test_what_was_made_of_a_catalogue_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path / "site", site(1))
    at(monkeypatch, day("2029-12-31"))
    model = fit_model(read(tmp_path), SETTINGS, BUILT_AT)
    names, numbers = model.catalogue.names, model.catalogue.subject_numbers
    later = on_day(model, day("2030-01-05"))
    assert later.catalogue.hidden is not model.catalogue.hidden
    assert (later.catalogue.names, later.catalogue.subject_numbers) == (names, numbers)
    assert later.catalogue.names is names


def test_days_count_from_1970() -> None:
    assert (day("1970-01-01"), EPOCH) == (0, 719_163)
