"""Texts to words: the analyzer of articles and drafts, plain ``re``, and no word of any one language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from recommender.text.prose import ELEMENTS, plain_text, prose_and_code

# What a site's generator puts a text of its own for. Braces are innermost first, so they go round by round:
# ``{{< video >}}``, ``{% include %}``, ``{title}``, ``style={{ width: 1 }}``. Then tags of HTML, components and
# templates, shortcodes in brackets, embedded pages, bare addresses, the imports of MDX and the snippets of MkDocs.
_BRACES, _ROUNDS = re.compile(r"\{[^{}]*\}"), 3
_MADE = re.compile(
    r"</?(?!script\b|style\b)[a-zA-Z][^<>]*>|<[?%][^<>]*>"
    r"|\[!\w+(?:\s+\[[^\[\]]*\]\([^()]*\)|\s[^\[\]]*)?\]"
    r"|\[/?\w[\w-]*(?:\](?![(\[])|\s[^\[\]]*=[^\[\]]*\](?!\())"
    r"|!\[\[[^\[\]]*\]\]"
    r"|\bhttps?://[^\s<>()]+"
    r"|^(?:import|export)\b[^\n]*[\"'=;{][^\n]*$"
    r"|^;?-+8<-+[^\n]*$",
    re.MULTILINE,
)
_FENCE = "```"
_OPENED = re.compile(rf"[<{{\[]|{_FENCE}")
# Emphasis, code and the brackets of links vanish; cells of tables, headings, quotes and rules become space.
_EMPHASIS, _BLOCKS = (
    re.compile(r"[*`\[\]]+|(?<!\w)_+(?=[^\W_])|(?<=[^\W_])_+(?!\w)"),
    re.compile(r"[|#]+|(?<!\S)>+|-{2,}"),
)
_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")
# Between the parts of a word that is hyphenated, and what stands for it while all other signs go.
HYPHEN, _JOINT = "-", "\x02"
# A table of bytes is faster than a pattern; what is beyond ASCII stays.
_WORDS = bytes(
    code if code > 127 or chr(code).isalnum() else ord(HYPHEN) if chr(code) == _JOINT else ord(" ")
    for code in range(256)
)
# What stands between passages, which are sentences or lines: no word, and no white space.
BREAK = 1
_PASSAGES = bytes(BREAK if chr(code) == "\n" else space for code, space in enumerate(_WORDS))
# A list is one passage: an item that names another page is no frame of the pages that name it too.
_ITEMS = re.compile(r"\n[ \t]*+(?:[-*+]|(\d++)[.)])(?= )")
_ENDS = (". ", "! ", "? ", "\u3002", "\uff01", "\uff1f")
# What no reader sees inside a word: soft hyphens, zero widths, directions, variations, and what stretches Arabic.
_UNSEEN = tuple(
    "\u00ad\u034f\u061c\u0640\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062"
    "\u2063\u2064\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff"
)
# What people type for an apostrophe: typographic, the letter, the okina, full width.
_APOSTROPHES = ("\u2019", "\u02bc", "\u02bb", "\uff07")
# Quotes and accents alone are apostrophes within a word.
_WITHIN = re.compile("(?<=[^\\W\\d_])[\u2018\u00b4](?=[^\\W\\d_])")
# What would make another word of it; marks of our own that a text may hold.
_NO_LETTERS = ("\u2122", "\u2120", "\ue000", "\ue001", "\ue002", "\ue003", "\ue004")
# Signs that make a name of letters and digits stand for bytes that stay: C++, C#, A*, .NET.
_SIGNS = {"+": "\ue000", "#": "\ue001", "*": "\ue002", ".": "\ue003"}
_ELIDED = "\ue004"
_MARKS = "".join(_SIGNS.values()) + _JOINT
_KEPT = [(sign.encode(), mark.encode()) for sign, mark in _SIGNS.items()]
_PLUSES = re.compile(r"\+\+(?<=(?<![^\W_])[^\W\d_]\+\+)(?!\+)")
_SHARP = re.compile(r"#(?<=(?<![^\W_])[^\W\d_]#)(?![\w#])")
_STAR = re.compile(r"\*(?<=(?<![\w*])[^\W\d_]\*)(?=[\s,.;:?!)]|$)")
_POINT = re.compile(r"\.(?<![^\s(]\.)([a-z][a-z\d]+)")
# What one apostrophe parts from a word is no word of its own: Noah's, don't, l'eau.
_BEHIND_APOSTROPHE = re.compile(r"'[^\W\d_](?![^\W_])")
_BEFORE_APOSTROPHE = re.compile(r"'(?<=(?<![^\W_])[^\W\d_]')(?=[^\W\d_])")
_BEFORE_ELIDED = re.compile(f".{_ELIDED}")
# A text with one of these characters has letters that combine, or no spaces between its words.
_RARE = re.compile("[\u0300-\u036f\u0483-\u1dff\u20d0-\u20ff\u2cef-\U0010ffff]")
# Thai, Lao, Burmese, Khmer; kana and Han.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Between the parts of one word; other hyphens are typographic, one that breaks no line, and full width.
_HYPHEN_ASCII = re.compile(r"-(?<=[a-z]-)(?=[a-z\d])")
_HYPHEN = re.compile(f"-(?<=[^\\W\\d_{_UNSPACED}]-)(?=[^\\W_{_UNSPACED}])")
_HYPHENS = ("\u2010", "\u2011", "\uff0d")
# Beside a letter that compatible forms write as something else: \u2474 is (1).
_NO_JOINT = re.compile(f"{_JOINT}(?:(?![^\\W_])|(?<![^\\W_]{_JOINT}))")

_MOST_MARKS = 30  # of one letter
# Combining marks end here in Unicode 16, but for the variation selectors far above.
_LAST_MARK, _SELECTORS = 0x1EFFF, "\U000e0100-\U000e01ef"


def analyze(text: str) -> list[str]:
    """Give the words of a text in order: lower case, no markup, hyphenated words in parts, digits included.

    Runs of a script without spaces become overlapping pairs of characters (Chinese, Japanese, Thai and others).
    """
    return spaced(text).decode().replace(HYPHEN, " ").split()


def spaced(text: str) -> bytes:
    """Give the words of a text as ``analyze`` does, in UTF-8 with one space or more between, hyphenated ones whole."""
    return _words(plain_text(text))


def spaced_article(text: str, *, code: bool = True) -> bytes:
    """Give the words of the prose of an article and those of its code, a line each, with BREAK between passages."""
    prose, blocks = prose_and_code(text)
    prose = _ITEMS.sub(r" \1", prose)
    for end in _ENDS:
        prose = prose.replace(end, "\n")
    return b"\n".join([_words(prose, _PASSAGES), _words(blocks, _PASSAGES) if code and blocks else b""])


def at_most(words: list[str], times: int) -> list[str]:
    """Give the words that stand so many times at most."""
    seen = dict[str, int]()
    kept = list[str]()
    for word in words:
        seen[word] = seen.get(word, 0) + 1
        if seen[word] <= times:
            kept.append(word)
    return kept


def _words(text: str, table: bytes = _WORDS) -> bytes:
    plain = text.isascii()
    text = text.lower() if plain else _alike(text)
    if "'" in text:
        text = _BEFORE_APOSTROPHE.sub(_ELIDED, _BEHIND_APOSTROPHE.sub(" ", text))
        if _ELIDED in text:
            text = _BEFORE_ELIDED.sub(" ", text)
    named = _named(text, plain=plain)
    if not plain:
        if _RARE.search(text):
            patterns = _rare_patterns()
            words = patterns.words.findall(_compatible(patterns.marks.sub(r"\1", named)))
            named = " ".join(part for word in words for part in _pairs(word, patterns.unspaced))
        else:
            named = _BEYOND_ASCII.sub(_letters, named)
        named = _NO_JOINT.sub(" ", named)
    found = named.encode().translate(table)
    if b"\xee\x80" in found:
        for sign, mark in _KEPT:
            found = found.replace(mark, sign)
    return found


def _named(text: str, *, plain: bool) -> str:
    """Put marks for the signs that belong to a name, or to a word in parts."""
    if "++" in text:
        text = _PLUSES.sub(_SIGNS["+"] * 2 + " ", text)
    if "#" in text:
        text = _SHARP.sub(_SIGNS["#"], text)
    if "*" in text:
        text = _STAR.sub(_SIGNS["*"], text)
    text = text.replace(_JOINT, " ")
    if "-" in text:
        text = (_HYPHEN_ASCII if plain else _HYPHEN).sub(_JOINT, text)
    # Beside the part, which others write alone: .deb and deb.
    return _POINT.sub(rf"{_SIGNS['.']}\1 \1", text)


def _alike(text: str) -> str:
    """Write letters alike that readers take for the same: their case, full and half width, and what no one sees."""
    for unseen in _UNSEEN:
        if unseen in text:
            text = text.replace(unseen, "")
    for other in _NO_LETTERS:
        if other in text:
            text = text.replace(other, " ")
    for apostrophe in _APOSTROPHES:
        if apostrophe in text:
            text = text.replace(apostrophe, "'")
    for hyphen in _HYPHENS:
        if hyphen in text:
            text = text.replace(hyphen, "-")
    if "\u2018" in text or "\u00b4" in text:
        text = _WITHIN.sub("'", text)
    # Lower case of the Turkish İ has a mark.
    return text.replace("\u0130", "i").casefold()


def _compatible(text: str) -> str:
    """Write compatible forms alike; some have capitals that were none before."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def own_words(text: str, enough: int) -> int:
    """Count the words that a text has of its own, at most ``enough``: what a site's generator fills in has none.

    So a shortcode, an include, a component, an embedded page and a bare address do not count; code between fences does.
    """
    # Most texts begin with enough words, before anything that goes on behind the cut.
    beginning = _OPENED.split(_without_made(text[: 10 * enough]), maxsplit=1)[0]
    if len(analyze(beginning)) >= enough:
        return enough
    count = 0
    for place, part in enumerate(text.split(_FENCE)):
        count += len(analyze(part if place % 2 else _without_made(part)))
        if count >= enough:
            return enough
    return count


def _without_made(text: str) -> str:
    text = ELEMENTS.sub(" ", text)
    for _ in range(_ROUNDS):
        text = _BRACES.sub(" ", text)
    return _MADE.sub(" ", text)


def _letters(found: re.Match[str]) -> str:
    text = _compatible(found.group())
    return (
        text if text.isalnum() else "".join(char if char.isalnum() or char in f"{_MARKS}\n" else " " for char in text)
    )


def single_spaced(text: str) -> str:
    """Put one space for all that is white between words, as ``" ".join(text.split())`` in half the time."""
    text = text.strip()
    # Of printable characters the space alone is white.
    return text if text.isprintable() and "  " not in text else " ".join(text.split())


def opening(text: str, count: int) -> list[str]:
    """Give the first words of a text as a reader sees them, without its markup."""
    # Enough of the text for the words: a long one is not read to its end.
    plain = plain_text(text[: 40 * count])
    return _BLOCKS.sub(" ", _EMPHASIS.sub("", plain)).split()[:count]


def _pairs(word: str, unspaced: re.Pattern[str]) -> list[str]:
    parts, place = [], 0
    for run in unspaced.finditer(word):
        characters = run.group()
        parts += [word[place : run.start()]]
        parts += [characters[i : i + 2] for i in range(len(characters) - 1)] or [characters]
        place = run.end()
    return [part for part in [*parts, word[place:]] if part]


class _Patterns(NamedTuple):
    words: re.Pattern[str]
    unspaced: re.Pattern[str]
    marks: re.Pattern[str]  # too many of them, behind those that stay


@cache
def _rare_patterns() -> _Patterns:
    """Compile what texts with combining marks need: 0.1 s that most processes never spend."""
    marks = _ranges(lambda char: unicodedata.category(char) in ("Mn", "Mc")) + _SELECTORS
    # A mark without a letter is no word.
    word = re.compile(f"(?:[^\\W_]|[{_MARKS}])(?:[^\\W_]|[{marks}{_MARKS}])*|\n")
    unspaced = re.compile(f"[{_UNSPACED}][{_UNSPACED}{marks}]*")
    # To put many marks of one letter in order takes quadratic time; no language has letters of more (Unicode's
    # Stream-Safe Text Format, UAX #15).
    return _Patterns(word, unspaced, re.compile(f"([{marks}]{{{_MOST_MARKS}}})[{marks}]++"))


def _ranges(test: Callable[[str], bool]) -> str:
    """Give the inside of a regex class of all characters that pass a test."""
    out, start = [], -1
    for code in range(0x300, _LAST_MARK + 2):
        good = code <= _LAST_MARK and test(chr(code))
        if good and start < 0:
            start = code
        elif not good and start >= 0:
            out.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = -1
    return "".join(out)
