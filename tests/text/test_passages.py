"""What stands in several articles tells no topic: footers, frames of code, copied paragraphs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.settings import Settings
from recommender.text import passages
from recommender.text.passages import Repeated, without_repeated
from recommender.text.tokens import (
    Tokenized,
    Tokens,
    join,
    lines_of,
    number_words,
    say,
    take,
    tokenize_texts,
    words_by_source,
)

SETTINGS = Settings(fields={"text": 1.0}, text={"body": 1})
LINES = lines_of(SETTINGS)
FOOTER = "Thanks for reading!\nIf you liked this post, follow me. No *spam*, ever."
FOOTER_WORDS = "thanks for reading if you liked this post follow me no spam ever"
OWN = ["Lentils cook with cumin", "Hang the tent up to dry", "Blow dust off the lens", "Two voices sing a song"]


def tokenized(*parts: list[str], titles: str = "") -> Tokenized:
    tokens = tuple(number_words([say([(titles, text) for text in part], SETTINGS)], SETTINGS) for part in parts)
    return Tokenized(tokens, np.arange(sum(map(len, parts))))


def texts(site: Tokenized, families: list[int] | None = None, partitions: list[int] | None = None) -> list[str]:
    """Give what is left of every article's body."""
    left = split(site, families, partitions)[0]
    return bodies_of(take(join(left.parts), left.order))


def split(
    site: Tokenized, families: list[int] | None = None, partitions: list[int] | None = None
) -> tuple[Tokenized, Repeated]:
    count = len(site.order)
    numbers = (np.array(own, np.int32) for own in (families or range(count), partitions or [0] * count))
    return without_repeated(site, LINES, *numbers)


def bodies_of(tokens: Tokens) -> list[str]:
    words = [tokens.vocabulary[n] if n >= 0 else "" for n in tokens.numbers.tolist()]
    lines = [" ".join(filter(None, words[a:b])) for a, b in itertools.pairwise(tokens.starts.tolist())]
    return [" ".join(filter(None, lines[n + 1 : n + 3])) for n in range(0, len(lines), 3)]


def plain(text: str) -> str:
    return text.lower()


def test_a_footer_of_several_articles_is_left_out() -> None:
    site = tokenized([f"{own}.\n\n{FOOTER}" for own in OWN])
    assert texts(site) == list(map(plain, OWN))


def test_what_stands_in_two_articles_counts() -> None:
    found = texts(tokenized([f"{own}.\n\n{FOOTER}" for own in OWN[:2]]))
    assert all("thanks for reading" in text for text in found)


def test_a_frame_of_code_is_left_out_line_by_line_and_what_is_between_stays() -> None:
    frame = (
        "import argparse\nimport logging\n\n{}\nif __name__ == '__main__':\n    sys.exit(main(argv, names, home, end))"
    )
    code = ["draw(tide)", "weigh(flour)", "add(receipt)"]
    found = texts(
        tokenized([f"{own}\n\n```\n{frame.format(line)}\n```\n" for own, line in zip(OWN, code, strict=False)])
    )
    # Four words of the first lines alone may be the same by chance.
    assert found == [
        f"{plain(own)} import argparse import logging {line}"
        for own, line in zip(OWN, ["draw tide", "weigh flour", "add receipt"], strict=False)
    ]


def test_short_lines_that_articles_share_by_chance_stay() -> None:
    assert texts(tokenized([f"See also.\n{own}.\nNever mind" for own in OWN])) == [
        f"see also {plain(own)} never mind" for own in OWN
    ]


def test_the_words_of_a_passage_count_elsewhere() -> None:
    found = texts(tokenized([*(f"{own}.\n\n{FOOTER}" for own in OWN), "Thanks for reading on: follow the spam."]))
    assert found[-1] == "thanks for reading on follow the spam"


def test_copies_are_one_article_and_a_title_is_never_left_out() -> None:
    answer = "An own answer that stands under several urls as a whole, word for word"
    site = tokenized([answer] * 4, titles=FOOTER)
    for families in ([0, 0, 0, 0], [0, 0, 1, 1]):
        assert texts(site, families) == [answer.lower().replace(",", "")] * 4
    assert texts(site) == [""] * 4
    left, _ = split(site)
    assert left.parts[0].numbers.size == 4 * len(number_words([say([(FOOTER, "")], SETTINGS)], SETTINGS).numbers)


def test_each_language_and_version_has_passages_of_its_own() -> None:
    site = tokenized([f"{own}. {FOOTER}" for own in OWN])
    assert texts(site, None, [0, 0, 0, 1]) == [*map(plain, OWN[:3]), f"{plain(OWN[3])} {FOOTER_WORDS}"]


# A draft's text, the language it is in, and what counts of it; the footer is repeated in language 1 alone.
DRAFTS: list[tuple[str, int | None, str]] = [
    ("", None, ""),
    ("A new one.", None, "a new one"),
    (f"A new one.\n\n{FOOTER}", None, "a new one"),
    (f"A new one.\n\n{FOOTER}", 1, "a new one"),
    (f"A new one.\n\n{FOOTER}", 0, f"a new one {FOOTER_WORDS}"),
    (f"A new one.\n\n{FOOTER}", 7, f"a new one {FOOTER_WORDS}"),
    (FOOTER, None, ""),
    # In another order, and with what is new between: ten words and three.
    (
        "No spam, ever! If you liked this post, follow me. A new one. Thanks for reading!",
        1,
        "a new one thanks for reading",
    ),
    (FOOTER.replace("post", "page"), 1, FOOTER_WORDS.replace("post", "page")),
    # As much as fits into a draft.
    (f"{FOOTER}\n\n" * 14_000, None, ""),
    ("a b " * 250_000, None, ("a b " * 250_000).strip()),
]


@pytest.mark.parametrize(("text", "partition", "kept"), DRAFTS)
def test_a_draft_loses_what_articles_lose(text: str, partition: int | None, kept: str) -> None:
    site = tokenized([f"{own}. {FOOTER}" for own in OWN], ["Three four"])
    repeated = split(site, None, [1, 1, 1, 0, 0])[1]
    tokens = repeated.left_out_of(tokenize_texts({"title": FOOTER, "body": text}, SETTINGS), LINES, partition)
    words = words_by_source(tokens, SETTINGS)
    assert {name: " ".join(own) for name, own in words.items()} == {"title": FOOTER_WORDS, "body": kept}


def test_without_repeated_passages_a_draft_keeps_all() -> None:
    for site in (tokenized([]), tokenized(OWN)):
        repeated = split(site)[1]
        assert [(len(own), own.dtype.str) for own in repeated] == [(0, "<u8"), (0, "<i4")]
        draft = tokenize_texts({"body": FOOTER}, SETTINGS)
        assert repeated.left_out_of(draft, LINES, None) is draft


def test_a_word_has_one_hash_in_all_vocabularies(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["a", "ab", "ba", "b", "日本", "本日", "", "c++"]
    hashes = dict(zip(words, passages._of_words(words).tolist(), strict=True))
    assert len(set(hashes.values())) == len(words)
    # Those of another build must be these: models keep them.
    assert hashes["a"] == 0xFD26CB9FC1D36E1C
    monkeypatch.setattr(passages, "_PASSAGES", 3)
    assert passages._of_words(words[::-1]).tolist() == [hashes[word] for word in words[::-1]]


SENTENCES = st.sampled_from(["One two three four five six.", "Seven eight nine ten!", "Eleven", "Twelve\n", "```\n"])
BODIES = st.lists(st.lists(SENTENCES, max_size=6).map(" ".join), min_size=1, max_size=7)


@given(BODIES, st.integers(0, 7), st.integers(1, 40))
def test_it_is_the_same_however_the_articles_are_cut(bodies: list[str], cut: int, chunk: int) -> None:
    whole, parts = tokenized(bodies), tokenized(bodies[:cut], bodies[cut:])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passages, "_PASSAGES", chunk)
        found = texts(parts)
    assert found == texts(whole)
    assert all(map(np.array_equal, split(parts)[1], split(whole)[1]))
    # What an article loses a draft of its texts loses.
    repeated = split(whole)[1]
    drafts = [repeated.left_out_of(tokenize_texts({"body": body}, SETTINGS), LINES, 0) for body in bodies]
    assert [bodies_of(draft)[0] for draft in drafts] == found
    # What is no article any more counts nowhere.
    some = np.arange(0, len(bodies), 2)
    rest = tokenized([bodies[place] for place in some.tolist()])
    assert texts(Tokenized(parts.parts, some)) == texts(rest)


@given(BODIES)
def test_it_leaves_out_what_a_count_by_hand_leaves_out(bodies: list[str]) -> None:
    site = tokenized(bodies)
    tokens, marks = site.parts[0], [*site.parts[0].vocabulary, "|"]
    lines = [" ".join(marks[n] for n in tokens.numbers[a:b]) for a, b in itertools.pairwise(tokens.starts.tolist())]
    articles = [[own.split("|") for own in lines[n + 1 : n + 3]] for n in range(0, len(lines), 3)]
    holders: dict[tuple[str, ...], set[int]] = {}
    for number, article in enumerate(articles):
        for passage in itertools.chain(*article):
            holders.setdefault(tuple(sorted(passage.split())), set()).add(number)
    wanted = []
    for article in articles:
        kept = list[str]()
        for line in article:
            for shared, run in itertools.groupby(
                line, lambda own: len(holders[tuple(sorted(own.split()))]) >= passages.ARTICLES
            ):
                words = " ".join(run).split()
                kept += [] if shared and len(words) >= passages.WORDS else words
        wanted.append(" ".join(kept))
    assert texts(site) == wanted
