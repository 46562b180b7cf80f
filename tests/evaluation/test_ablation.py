"""Lists without a part, against the full model's own parts added up without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.build.pipeline import fit_model
from recommender.evaluation.ablation import WHOLE, ablations
from recommender.evaluation.rankers import Lists, lists_of, lists_of_urls
from recommender.model.model import Model
from recommender.ranking.score import NAMES
from recommender.ranking.selection import Candidate, choose
from recommender.settings import PARTS, Settings
from recommender.site.corpus import Corpus


@pytest.fixture(scope="module")
def found(corpus: Corpus) -> dict[str, Lists]:
    return dict(ablations(corpus, Settings()))


def test_every_part_is_left_out_once_and_the_same_question_rule_too(corpus: Corpus, model: Model, found: dict) -> None:
    parts = [f"without {name}" for name in PARTS]
    assert list(found) == [WHOLE, *parts, "without the same-question rule"]
    assert found[WHOLE] == lists_of_urls(corpus, lists_of(model, 20))


@pytest.mark.parametrize("part", PARTS)
def test_what_is_left_out_adds_nothing(corpus: Corpus, model: Model, found: dict, part: str) -> None:
    weights = np.array([PARTS[name] * (name != part) for name in NAMES])
    weights[NAMES.index("same_subject")] *= model.lift
    rules = replace(model.rules, floor=0.0)
    changed = 0
    for row in range(len(corpus.articles)):
        near = np.array([candidate.row for candidate in model.candidates(row)])
        scores = model.part_values(model.query(row), near) @ weights
        order = np.lexsort((near, -np.round(scores, 9)))
        ranked = [Candidate(int(near[place]), float(scores[place])) for place in order]
        shown = [corpus.families[c.row] for c in choose(model.asking(row), ranked, (), 5, rules).shown]
        own = found[f"without {part}"][row][:5]
        assert own == shown[: len(own)]
        changed += own != found[WHOLE][row][:5]
    assert changed


def test_what_is_off_already_is_not_left_out_again(corpus: Corpus) -> None:
    settings = Settings(parts={**PARTS, "title_covered": 0.0}, same_question_article=0.0, same_question_list=0.0)
    names = [name for name, _ in ablations(corpus, settings)]
    assert names == [WHOLE, *(f"without {name}" for name in PARTS if name != "title_covered")]


@pytest.mark.slow  # nine fits
def test_embeddings_are_left_out_at_the_end(corpus: Corpus, found: dict) -> None:
    settings = Settings(embeddings="titles")
    lists = dict(ablations(corpus, settings))
    assert list(lists) == [*found, "without embeddings"]
    assert lists["without embeddings"] == found[WHOLE]
    assert lists[WHOLE] == lists_of_urls(corpus, lists_of(fit_model(corpus, settings, ""), 20)) != found[WHOLE]
