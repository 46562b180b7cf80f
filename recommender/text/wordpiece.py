"""A text to the token numbers that BERT models read: uncased words, cut to the longest pieces of a vocabulary.

As the tokenizer of BERT does it (Devlin et al. 2019; WordPiece: Wu et al. 2016). The vocabulary in ``wordpiece.txt`` is
that of bert-base-uncased, which all-MiniLM-L6-v2 has too: Apache License 2.0, as in ``wordpiece.license``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

CLS, SEP, UNKNOWN = 101, 102, 100
LONGEST = 100  # letters of a word; a longer one is unknown
# Blocks of characters that are words of their own.
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


@cache
def vocabulary() -> dict[str, int]:
    """Read the number of every piece; those that go on within a word begin with ##."""
    lines = Path(__file__).with_name("wordpiece.txt").read_text(encoding="utf-8").split("\n")
    return {piece: number for number, piece in enumerate(lines[:-1])}


def token_numbers(text: str, most: int) -> list[int]:
    """Give the tokens of a text, between the marks of its begin and end, at most so many with these."""
    found: list[int] = []
    for word in _words(text):
        if len(found) >= most - 2:
            break
        found += _pieces(word)
    return [CLS, *found[: most - 2], SEP]


def _words(text: str) -> list[str]:
    """Fold letters as the model's training did, and set punctuation and ideographs apart."""
    folded = unicodedata.normalize("NFD", "".join(_cleaned(text)))
    letters = (letter.lower() for letter in folded if unicodedata.category(letter) != "Mn")
    return "".join(f" {letter} " if _is_punctuation(letter) else letter for letter in letters).split()


def _cleaned(text: str) -> Iterator[str]:
    for letter in text:
        number, kind = ord(letter), unicodedata.category(letter)
        if number == 0xFFFD or (kind.startswith("C") and letter not in "\t\n\r"):
            continue
        if letter.isspace():
            yield " "
        elif any(first <= number <= last for first, last in _IDEOGRAPHS):
            yield f" {letter} "
        else:
            yield letter


def _is_punctuation(letter: str) -> bool:
    return unicodedata.category(letter).startswith("P") or letter in "$+<=>^`|~"


def _pieces(word: str) -> list[int]:
    """Cut a word into the longest pieces from its begin on; one that has no such cut is unknown."""
    numbers, found, start = vocabulary(), list[int](), 0
    if len(word) > LONGEST:
        return [UNKNOWN]
    while start < len(word):
        mark = "##" if start else ""
        stop = next((end for end in range(len(word), start, -1) if mark + word[start:end] in numbers), 0)
        if not stop:
            return [UNKNOWN]
        found.append(numbers[mark + word[start:stop]])
        start = stop
    return found
