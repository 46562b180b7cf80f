"""Every rule of choosing as a line of a table, and what must hold whatever the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.ranking.selection import RULES, Asking, Candidate, Choice, Rejected, Rules, choose, representative
from recommender.site.corpus import members_of

# Row: subject. Rows 2 and 3 are copies, 5 is hidden, 6 is of another language, 9 is never suggested; 1 and 4 ask the
# same question, likewise 7 and 8.
SUBJECTS = ["A", "A", "A", "B", "A", "A", "A", "B", "B", "B"]
FAMILIES = [0, 1, 2, 2, 4, 5, 6, 7, 8, 9]
BARRED = ["", "", "", "", "", "hidden", "", "", "", "never-suggested"]
LIKE = {1: {4: 0.9}, 4: {1: 0.9}, 7: {8: 0.5}, 8: {7: 0.5}}


def site(**changes: object) -> Rules:
    rules = Rules(
        families=FAMILIES,
        excluded=BARRED,
        subject=SUBJECTS.__getitem__,
        members=members_of(FAMILIES),
        like=lambda row: LIKE.get(row, {}),
        floor=0.1,
        same_question_article=0.6,
        same_question_list=0.6,
        apart=lambda asking, other: (asking == 6) != (other == 6),
    )
    return replace(rules, **changes)


@dataclass(frozen=True)
class Case:
    """One candidate list, given as rows with scores, and the outcome."""

    candidates: list[tuple[int, float]]
    shown: list[int]
    rejected: list[tuple[int, str, int]] = field(default_factory=list)
    rest: list[int] = field(default_factory=list)
    family: int = 0
    subject: str = "A"
    like: Mapping[int, float] = field(default_factory=dict)
    kept: tuple[int, ...] = ()
    limit: int = 5
    changes: Mapping[str, object] = field(default_factory=dict)
    linked: frozenset[int] = frozenset()
    pinned: tuple[tuple[int, float], ...] = ()
    blocked: frozenset[int] = frozenset()


CASES = {
    "all is well": Case([(1, 0.9), (7, 0.8)], [1, 7]),
    "no candidate": Case([], []),
    "itself": Case([(0, 1.0), (1, 0.9)], [1], [(0, "family", -1)]),
    "a copy of itself": Case([(3, 1.0), (1, 0.9)], [1], [(3, "family", -1)], family=2),
    "a draft has no family": Case([(0, 1.0)], [0], family=-1),
    "blocked": Case([(1, 0.9), (7, 0.8)], [7], [(1, "blocked", -1)], blocked=frozenset({1})),
    "pinned, then by score": Case([(1, 0.9), (7, 0.8)], [7, 1], [(7, "linked", 7)], pinned=((7, 0.0),)),
    "pins in their order": Case([], [7, 1], pinned=((7, 0.1), (1, 0.9))),
    "a pin that is kept already": Case([(1, 0.9)], [1], kept=(7,), pinned=((7, 0.5),)),
    "more pins than places": Case([(8, 0.9)], [7], [], [8], limit=1, pinned=((7, 0.1), (1, 0.2))),
    "a pin that is blocked": Case([], [], blocked=frozenset({7}), pinned=((7, 0.1),)),
    "a pin that is hidden": Case([(5, 0.9)], [], [(5, "hidden", -1)], pinned=((5, 0.9),)),
    "a pin to itself": Case([], [], pinned=((0, 0.9),)),
    "what repeats a pin": Case([(4, 0.9)], [1], [(4, "repeats-link", 1)], pinned=((1, 0.5),)),
    "hidden": Case([(5, 0.9), (1, 0.8)], [1], [(5, "hidden", -1)]),
    "never suggested": Case([(9, 0.9), (1, 0.8)], [1], [(9, "never-suggested", -1)]),
    "another language": Case([(6, 0.9), (1, 0.8)], [1], [(6, "other-language", -1)]),
    "the copy in the own subject stands for both": Case([(3, 0.9), (2, 0.8)], [2], [(3, "other-copy", 2)]),
    "also in the other subject": Case([(2, 0.9), (3, 0.8)], [3], [(2, "other-copy", 3)], subject="B"),
    "else the smallest url": Case([(3, 0.9), (2, 0.8)], [2], [(3, "other-copy", 2)], subject="C"),
    "a hidden copy does not stand": Case(
        [(2, 0.9), (3, 0.8)], [3], [(2, "hidden", -1)], changes={"excluded": ["", "", "hidden", *BARRED[3:]]}
    ),
    "linked in the text": Case([(1, 0.9), (7, 0.8)], [7], [(1, "linked-in-text", -1)], linked=frozenset({1})),
    "a copy is linked in the text": Case([(3, 0.9)], [], [(3, "linked-in-text", -1)], linked=frozenset({2})),
    "on the floor": Case([(1, 0.1)], [1]),
    "below the floor": Case([(1, 0.09)], [], [(1, "below-floor", -1)]),
    "floor 0 still wants a common word": Case([(1, 0.0)], [], [(1, "below-floor", -1)], changes={"floor": 0.0}),
    "same question": Case([(1, 0.9), (4, 0.8)], [4], [(1, "same-question", -1)], like={1: 0.6, 4: 0.59}),
    "same question off": Case([(1, 0.9)], [1], like={1: 1.0}, changes={"same_question_article": 0.0}),
    "linked already": Case([(1, 0.9), (7, 0.8)], [7], [(1, "linked", 1)], kept=(1,)),
    "a copy is linked already": Case([(2, 0.9)], [], [(2, "linked", 3)], kept=(3,)),
    "repeats a link that is kept": Case([(4, 0.9)], [], [(4, "repeats-link", 1)], kept=(1,)),
    "repeats a link that is shown": Case([(1, 0.9), (7, 0.8), (4, 0.7)], [1, 7], [(4, "repeats-link", 1)]),
    "not alike enough to repeat": Case([(7, 0.9), (8, 0.8)], [7, 8]),
    "repeating off": Case([(1, 0.9), (4, 0.8)], [1, 4], changes={"same_question_list": 0.0}),
    "just alike enough to repeat": Case(
        [(7, 0.9), (8, 0.8)], [7], [(8, "repeats-link", 7)], changes={"same_question_list": 0.5}
    ),
    "the list is full": Case([(1, 0.9), (5, 0.8), (7, 0.7)], [1], [], [5, 7], limit=1),
    "full exactly at the end": Case([(5, 0.9), (1, 0.8)], [1], [(5, "hidden", -1)], limit=1),
    "no slot is free": Case([(1, 0.9)], [], [], [1], limit=0),
    "more is kept than slots": Case([(1, 0.9)], [], [], [1], kept=(7, 8), limit=-1),
    "the family speaks first": Case([(5, 0.0)], [], [(5, "family", -1)], family=5),
    "hidden before the floor": Case([(5, 0.0)], [], [(5, "hidden", -1)]),
    "the floor before the question": Case([(1, 0.05)], [], [(1, "below-floor", -1)], like={1: 1.0}),
    "the question before what is linked": Case([(1, 0.9)], [], [(1, "same-question", -1)], like={1: 1.0}, kept=(1,)),
    "linked before repeated": Case([(4, 0.9)], [], [(4, "linked", 4)], kept=(1, 4)),
}


@pytest.mark.parametrize("name", CASES)
def test_each_rule(name: str) -> None:
    case = CASES[name]
    candidates = [Candidate(row, score) for row, score in case.candidates]
    pinned = tuple(Candidate(*pin) for pin in case.pinned)
    asking = Asking(
        case.family, case.subject, case.like, row=0, linked=case.linked, pinned=pinned, blocked=case.blocked
    )
    choice = choose(asking, candidates, case.kept, case.limit, site(**case.changes))
    assert [candidate.row for candidate in choice.shown] == case.shown
    assert [(r.row, r.rule, r.by) for r in choice.rejected] == case.rejected
    assert [candidate.row for candidate in choice.rest] == case.rest


def test_the_table_reaches_every_rule_that_choosing_gives() -> None:
    reached = {rule for case in CASES.values() for _, rule, _ in case.rejected}
    assert reached == RULES.keys() - {"list-full", "not-near", "not-a-candidate", "no-list"}


@pytest.mark.parametrize(
    ("row", "subject", "standing"), [(0, "B", 0), (2, "A", 2), (2, "B", 3), (3, "A", 2), (3, "B", 3), (3, "", 2)]
)
def test_who_stands_for_a_family(row: int, subject: str, standing: int) -> None:
    assert representative(row, subject, site()) == standing


def test_a_family_of_hidden_copies_has_no_other_to_stand_for_it() -> None:
    assert representative(3, "A", site(excluded=["hidden"] * 10)) == 3


@st.composite
def situations(draw: st.DrawFn) -> tuple[Asking, list[Candidate], list[int], int, Rules]:
    n = draw(st.integers(1, 10))
    families: list[int] = []
    for row in range(n):
        own = [other for other in range(row) if families[other] == other]
        families.append(draw(st.sampled_from([row, row, *own])))
    like: dict[int, dict[int, float]] = {}
    rows = st.integers(0, n - 1)
    for one, other, score in draw(st.lists(st.tuples(rows, rows, st.sampled_from([0.3, 0.6, 1.0])), max_size=8)):
        like.setdefault(one, {})[other] = like.setdefault(other, {})[one] = score
    thresholds = st.sampled_from([0.0, 0.5, 0.9])
    rules = Rules(
        families=families,
        excluded=draw(st.lists(st.sampled_from(["", "", "hidden", "never-suggested"]), min_size=n, max_size=n)),
        subject=draw(st.lists(st.sampled_from("AB"), min_size=n, max_size=n)).__getitem__,
        members=members_of(families),
        like=lambda row: like.get(row, {}),
        floor=draw(st.sampled_from([0.0, 0.4])),
        same_question_article=draw(thresholds),
        same_question_list=draw(thresholds),
    )
    scores = st.lists(st.sampled_from([0.0, 0.2, 0.4, 0.8]), min_size=n, max_size=n)
    ranked = sorted(zip(draw(st.permutations(range(n))), draw(scores), strict=True), key=lambda pair: -pair[1])
    candidates = [Candidate(row, score) for row, score in ranked[: draw(st.integers(0, n))]]
    asker = draw(st.integers(-1, n - 1))
    asking = Asking(families[asker], "A", like.get(asker, {})) if asker >= 0 else Asking(-1, "", {})
    kept = draw(st.lists(rows, max_size=2, unique=True))
    return asking, candidates, kept, draw(st.integers(-1, n + 1)), rules


def test_who_gets_no_list_is_offered_nothing() -> None:
    asking = Asking(0, "A", {}, no_list="/index, {subject: A}")
    assert choose(asking, [Candidate(1, 0.9)], (), 5, site()) == Choice((), (), no_list="/index, {subject: A}")


@given(situations())
def test_what_is_shown_keeps_every_promise(situation: tuple[Asking, list[Candidate], list[int], int, Rules]) -> None:
    asking, candidates, kept, limit, rules = situation
    choice = choose(asking, candidates, kept, limit, rules)
    shown = [candidate.row for candidate in choice.shown]
    assert [c for c in candidates if c in choice.shown] == list(choice.shown)
    assert len(shown) <= max(0, limit)
    families = [rules.families[row] for row in [*shown, *kept]]
    assert len(set(families)) == len(shown) + len({rules.families[row] for row in kept})
    assert asking.family not in families[: len(shown)]
    assert not any(rules.excluded[row] for row in shown)
    assert all(c.score >= rules.floor and c.score > 0 for c in choice.shown)
    if rules.same_question_article:
        assert all(asking.like.get(row, 0) < rules.same_question_article for row in shown)
    if rules.same_question_list:
        for place, row in enumerate(shown):
            before = [*kept, *shown[:place]]
            assert all(rules.like(other).get(row, 0) < rules.same_question_list for other in before)


@given(situations())
def test_every_candidate_is_shown_or_rejected_or_left(
    situation: tuple[Asking, list[Candidate], list[int], int, Rules],
) -> None:
    asking, candidates, kept, limit, rules = situation
    choice = choose(asking, candidates, kept, limit, rules)
    rejected = [Candidate(r.row, r.score) for r in choice.rejected]
    looked_at = len(candidates) - len(choice.rest)
    assert list(choice.rest) == candidates[looked_at:]
    assert not choice.rest or len(choice.shown) == max(0, limit)
    assert sorted([*choice.shown, *rejected], key=candidates.index) == candidates[:looked_at]
    assert choice.copies == len(rules.members.get(asking.family, "1")) - 1
    for one in choice.rejected:
        assert one.rule in RULES
        assert (one.by >= 0) == (one.rule in ("other-copy", "linked", "repeats-link"))
        if one.rule != "other-copy":
            assert one.by < 0 or one.by in [*kept, *(c.row for c in choice.shown)]


@given(situations())
def test_a_lower_limit_shows_the_beginning_of_the_same_list(
    situation: tuple[Asking, list[Candidate], list[int], int, Rules],
) -> None:
    asking, candidates, kept, limit, rules = situation
    whole = choose(asking, candidates, kept, len(candidates), rules).shown
    assert choose(asking, candidates, kept, limit, rules).shown == whole[: max(0, limit)]


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        (Choice((Candidate(1, 0.5), Candidate(2, 0.4)), ()), ""),
        (Choice((), ()), "no other article shares a word that counts with this one"),
        (Choice((), (), (), 5), "0 of 2 found; stopped: 5 family"),
        (
            Choice((), (Rejected(1, 0.5, "family"), Rejected(2, 0.4, "below-floor")), (), 3),
            "0 of 2 found; stopped: 1 below-floor, 3 family",
        ),
        (Choice((Candidate(1, 0.5),), ()), "1 of 2 found; stopped: none, there are no more candidates"),
        (
            Choice((), (Rejected(1, 0.5, "hidden"), Rejected(2, 0.4, "below-floor"), Rejected(3, 0.3, "below-floor"))),
            "0 of 2 found; stopped: 2 below-floor, 1 hidden",
        ),
        (Choice((), (), no_list="/index"), "the article gets no list (no_list: /index)"),
    ],
)
def test_the_reason_for_a_short_list(choice: Choice, reason: str) -> None:
    assert choice.reason(2) == reason
