"""Spellings and plurals of one word, told by how many articles have each."""

from __future__ import annotations

from collections import Counter

import pytest

from recommender.text.spellings import fold


@pytest.mark.parametrize(
    ("word", "known", "folded"),
    [
        ("cells", {"cell": 1}, "cell"),
        ("cells", {"cells": 1}, "cells"),
        ("gas", {"ga": 1}, "gas"),
        ("atom", {"ato": 1}, "atom"),
        ("princess", {"princes": 1, "princess": 1}, "princess"),
        ("princes", {"prince": 1, "princ": 1}, "prince"),
        ("puppies", {"puppy": 1}, "puppy"),
        ("movies", {"movie": 1, "movy": 1}, "movie"),
        ("boxes", {"box": 1}, "box"),
        ("notes", {"not": 1}, "notes"),
        ("châteaux", {"château": 1}, "château"),
        ("châteaux", {"château": 1, "chateau": 1}, "chateau"),
        ("cafés", {"café": 9, "cafe": 2}, "cafe"),
        ("éclair", {"eclair": 1}, "eclair"),
        ("éclair", {"éclair": 1}, "éclair"),
        ("ёлка", {"елка": 1}, "елка"),
        ("שָׁלוֹם", {"שלום": 1}, "שלום"),
        ("مُحَمَّد", {"محمد": 1}, "محمد"),
        ("ısı", {"isi": 1}, "isi"),
        ("ığdır", {"iğdir": 1}, "iğdir"),
        ("łódź", {"lodz": 1}, "lodz"),
        ("cœurs", {"coeur": 1, "cœur": 1}, "coeur"),
        ("münchen", {"muenchen": 1}, "muenchen"),
        ("ایران", {"ايران": 1}, "ايران"),
        ("が", {"か": 9}, "が"),
        ("s", {"": 1}, "s"),
        ("", {}, ""),
    ],
)
def test_a_word_is_folded_where_the_site_has_the_plainer_form(word: str, known: dict[str, int], folded: str) -> None:
    assert fold(word, Counter(known)) == folded


@pytest.mark.parametrize(
    ("marked", "plain", "folded"),
    [(5, 50, "schön"), (50, 5, "schön"), (4, 4, "schon"), (5, 51, "schon"), (99, 1, "schon")],
)
def test_words_that_differ_in_a_mark_are_kept_apart_where_many_articles_have_each(
    marked: int, plain: int, folded: str
) -> None:
    assert fold("schön", Counter({"schön": marked, "schon": plain})) == folded
