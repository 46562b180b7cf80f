"""Hyphenated and joined spellings: which counts is told by how many articles have each."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from small_sites import BUILT_AT

from recommender.arrays import compiling
from recommender.arrays.sparse_rows import pack
from recommender.build.pipeline import fit_model
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.text.compounds import Spellings, by_spellings, spellings_of
from recommender.text.tokens import Tokens, tokenize_articles
from tests.text.test_tfidf import article


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        # More articles have the joined word.
        ({"e-mail": 1, "email": 2}, {"e-mail": "email", "e-mails": "emails"}),
        ({"utf-8": 1, "utf8": 2}, {"utf-8": "utf8", "utf-8s": "utf8s"}),
        # No more have it: then its parts are the words, which those meet who write two.
        ({"time-zone": 1, "timezone": 1}, {"timezone": "time zone", "timezones": "time zones"}),
        ({"time-zone": 3, "timezone": 1}, {"timezone": "time zone", "timezones": "time zones"}),
        # Nobody joins them.
        ({"well-known": 5, "well": 9, "known": 9}, {}),
        ({"email": 5}, {}),
        # Too short to tell.
        ({"b-y": 1, "by": 9}, {}),
        # Within longer words, and counted there.
        ({"e-mail-address": 1, "email": 2}, {"e-mail": "email", "e-mails": "emails"}),
        ({"e-mail-address": 3, "email": 2}, {"email": "e mail", "emails": "e mails"}),
        # Plurals go with their singular, whichever of them the site has.
        ({"e-mails": 1, "email": 2}, {"e-mails": "emails"}),
        ({"e-mail": 2, "e-mails": 1, "email": 2, "emails": 2}, {"e-mail": "email", "e-mails": "emails"}),
        ({"e-mail": 3, "e-mails": 2, "email": 1, "emails": 3}, {"email": "e mail", "emails": "e mails"}),
        # Of two ways to part a word the usual one.
        ({"data-base": 3, "dat-abase": 1, "database": 2}, {"database": "data base", "databases": "data bases"}),
        # What a plural leaves of the first part alone is not parted.
        ({"gras-s": 2, "gras": 1}, {}),
    ],
)
def test_the_spelling_of_more_articles_counts(counts: dict[str, int], words: dict[str, str]) -> None:
    assert {spelling: " ".join(own) for spelling, own in spellings_of(counts).words.items()} == words


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("mail", "mail"),
        ("e-mail", "email"),
        ("timezone", "time zone"),
        ("e-mail-address", "email address"),
        ("bulk-e-mail", "bulk email"),
        ("e-mail-time-zone", "email time zone"),
        ("state-of-the-art", "state of the art"),
        ("e", "e"),
    ],
)
def test_a_word_counts_as_its_spelling(word: str, words: str) -> None:
    spellings = Spellings(pack(["e-mail email", "timezone time zone"]))
    assert " ".join(spellings.of(word)) == words


WORDS = st.sampled_from(
    ["e-mail", "email", "emails", "e-mails", "time-zone", "timezone", "time", "a-b-c", "ab", "mail"]
)
LINES = st.lists(st.lists(WORDS | st.just(""), max_size=6), min_size=1, max_size=5)


@given(LINES, st.lists(st.sampled_from(["e-mail email", "e-mails emails", "timezone time zone"]), unique=True))
def test_lines_are_spelled_word_by_word(lines: list[list[str]], said: list[str]) -> None:
    """An empty word stands for a break between passages."""
    spellings = Spellings(pack(sorted(said)))
    vocabulary = sorted({word for line in lines for word in line if word})
    number = {"": -1} | {word: place for place, word in enumerate(vocabulary)}
    flat = np.array([number[word] for line in lines for word in line], np.int32)
    starts = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
    found = spellings.put_into(Tokens(vocabulary, starts, flat, 1))
    words = [*found.vocabulary, ""]
    spelled = [[words[n] for n in found.numbers[a:b].tolist()] for a, b in pairwise(found.starts.tolist())]
    assert spelled == [[own for word in line for own in (spellings.of(word) if word else [""])] for line in lines]
    assert (found.numbers.dtype, found.starts.dtype) == (np.int32, np.int64)
    assert len(set(found.vocabulary)) == len(found.vocabulary)


@given(st.dictionaries(WORDS, st.integers(1, 5)))
@hypothesis_settings(max_examples=300)
def test_what_counts_is_spelled_as_itself(counts: dict[str, int]) -> None:
    spellings = spellings_of(counts)
    for words in spellings.words.values():
        assert [own for word in words for own in spellings.of(word)] == list(words)
    once = Counter[str]()
    for word, articles in counts.items():
        once.update(dict.fromkeys(spellings.of(word), articles))
    assert not spellings_of(once).words


def test_both_ways_to_count_give_the_same_spellings() -> None:
    made = [article(n, title=title) for n, title in enumerate(["E-mail", "Email in bulk", "Bulk email", "Time-zone"])]
    plain = by_spellings(tokenize_articles(made, Settings()))[1].words
    with compiling.always():
        compiled = by_spellings(tokenize_articles(made, Settings()))[1].words
    assert plain == compiled == {"e-mail": ("email",), "e-mails": ("emails",)}


def test_articles_meet_by_either_spelling_and_a_draft_is_read_as_they_are(tmp_path: Path) -> None:
    titles = [
        "Set up e-mail",
        "Email that bounces",
        "Why an email is late",
        "A timezone of one's own",
        "Time-zone maps",
    ]
    for number, title in enumerate(titles):
        (tmp_path / f"{number}.md").write_text(f"---\ntitle: {title}\nurl: /{number}\n---\n\nWords {number}.\n")
    settings = Settings(same_question_article=0.0, same_question_list=0.0)
    model = fit_model(read_corpus(tmp_path, settings), settings, BUILT_AT)
    named = [{model.catalogue.urls[link.row] for link in model.chosen.of(row)} for row in range(5)]
    assert named[0] >= {"/1", "/2"}
    assert "/0" in named[1]
    assert "/4" in named[3]
    assert "/3" in named[4]
    for draft, wanted in {"E-mail": "/1", "Timezone": "/4", "A time zone": "/3", "E\u2010mails": "/2"}.items():
        _, _, candidates = model.ask_draft({"title": draft})
        assert wanted in {model.catalogue.urls[candidate.row] for candidate in candidates}, draft
