"""Titles of a series: equal but for a number, be it a part, a year or a version."""

from __future__ import annotations

import re
import unicodedata
from operator import ne

# Words between spaces in which titles of a series differ.
MOST = 4
DIGIT = re.compile(r"\d")
_CHINESE = "〇零一二三四五六七八九十百千"
# Nothing but a list tells those that are spelled out: up to ten in English, German, French, Spanish, Italian,
# Portuguese and Dutch. A cardinal before a word counts things ("three kinds"), so only one at an end
# or before "of" is a part's.
_CARDINALS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn"
    "|deux|trois|quatre|cinq|sept|huit|neuf|dix|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez"
    "|due|tre|quattro|cinque|sei|sette|otto|nove|dieci|um|dois|três|quatro|sete|oito|dez"
    "|een|twee|drie|vijf|zes|zeven|negen|tien"
)
_OF = "of|von|de|di|van"
_ORDINALS = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|(?:erste|zweite|dritte|vierte|fünfte)[rs]?"
    "|premier|première|deuxième|seconde|troisième|quatrième|cinquième"
    "|(?:primer|segund|tercer|cuart|quint|prim|second|terz|quart|primeir|terceir)[ao]"
    "|eerste|tweede|derde|vierde|vijfde"
)
# The next number or word of a title. A number is also a word with a digit (2, 1.86, v2, 3rd, MP3), a numeral of Chinese
# and Japanese, a Roman one (in small letters of two and more, up to 39), and a capital letter alone ("Part B").
_TOKEN = re.compile(
    rf"""(?P<number>[a-zA-Z]*\d(?:[\d.,]*\d)?[a-zA-Z]*
        |[{_CHINESE}]+
        |\b(?:(?=[MDCLXVI]+\b)M{{0,3}}(?:CM|CD|D?C{{0,3}})(?:XC|XL|L?X{{0,3}})(?:IX|IV|V?I{{0,3}})
            |(?=[xvi]{{2,}}\b)x{{0,3}}(?:ix|iv|v?i{{0,3}})
            |[A-Z]
            |(?i:{_ORDINALS}|(?:{_CARDINALS})(?!\s*(?!(?:{_OF})\b)\w)))\b)
    |[^\W\d_{_CHINESE}]+""",
    re.VERBOSE,
)


def of_series(one: str, other: str) -> bool:
    """Tell whether two titles name two things by their numbers.

    They differ in nothing but numbers, where one alone may have a number behind the other's; or each has a number of
    digits that the other has not, as two releases of different months.
    """
    if DIGIT.search(one) and DIGIT.search(other):
        mine, theirs = ({number for number in _parted(title)[1] if DIGIT.search(number)} for title in (one, other))
        if mine - theirs and theirs - mine:
            return True
    left, right = one.lower().split(), other.lower().split()
    # A tenth of the time, and nearly all pairs end here.
    if abs(len(left) - len(right)) > 1 or sum(map(ne, left, right)) > MOST:
        return False
    (words, numbers), (others, numbered) = _parted(one), _parted(other)
    return numbers != numbered and (others in (words, [*words, "#"]) or words == [*others, "#"])


# Letters of a title that are looked at: to compose many marks of one letter takes quadratic time.
LONGEST = 1_000


def _parted(title: str) -> tuple[list[str], list[str]]:
    """Give the words of a title with # for each number, and the numbers."""
    found = list(_TOKEN.finditer(unicodedata.normalize("NFKC", title[:LONGEST])))
    words = ["#" if one["number"] else one.group().casefold() for one in found]
    return words, [one.group().casefold() for one in found if one["number"]]
