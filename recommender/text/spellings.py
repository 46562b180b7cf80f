"""Spellings and plurals of one word, as the site itself tells them: without marks, and singular."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

# Words that differ in a mark alone are kept apart where so many articles have each, and the one not so many times more.
APART, RATIO = 5, 10
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]+")

# Letters that Unicode does not take apart, as those write them who lack the key; kinds of one Arabic letter; umlauts.
_LETTERS = str.maketrans(
    {"ı": "i", "ł": "l", "đ": "d", "ħ": "h", "ø": "o", "æ": "ae", "œ": "oe"} | dict(zip("ىیکة", "ييكه", strict=True))
)
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


def fold(word: str, known: Mapping[str, int]) -> str:
    """Give the form of a word that is its term: the plainest that the site has, by how many articles have each.

    Where many articles have a word with a mark as well as the one without, the language keeps them apart.
    """
    for form in plainer(word):
        if form in known:
            few, many = sorted((known[word], known[form]))
            apart = form[0] == word[0] and len(form) == len(word) and few >= APART and few * RATIO >= many
            return word if apart else fold(form, known)
    return word


def plainer(word: str) -> list[str]:
    """Give the forms that a word may be another spelling or the plural of, those that the site has to tell.

    Without the accents of Latin, Greek and Cyrillic and the vowels of Hebrew and Arabic; with letters for umlauts; then
    the singulars of words of more than 3 letters in -s, -es, -ies, -x (châteaux). What ends in ss is no plural.
    """
    forms = list[str]()
    if not word.isascii():
        plain = word.translate(_LETTERS)
        bare = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", plain)))
        forms += [form for form in dict.fromkeys((bare, plain, word.translate(_SPELT_OUT))) if form != word]
    if len(word) > 3:
        if word[-1] == "s" != word[-2]:
            forms += [word[:-1], *[f"{word[:-3]}y"] * (word[-3:] == "ies" and len(word) > 4)]
            forms += [word[:-2]] * (word[-2] == "e" and word[-3] in "sxzh" and len(word) > 4)
        elif word[-3:] in ("aux", "eux"):
            forms.append(word[:-1])
    return [form for form in forms if form]
