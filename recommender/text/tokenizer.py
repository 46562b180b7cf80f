r"""Markup to words: the analyzer of articles and drafts, plain ``re``, and no word of any one language.

Long texts of the real site hold the two characters ``\n`` where a line break is meant (35,803 of 35,915 files).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

# LaTeX arguments, code and bare addresses stay: they are what technical articles share (without addresses one of
# seven sites loses 0.027 nDCG@10).
_MARKUP = re.compile(
    r"\\n"  # the two characters
    r"|<!--.*?-->"
    r"|</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?>"  # HTML tags, but not <https://...>
    r"|\]\([^()\s]*\)"  # targets of links and images
    r"|&\#?\w+;"  # entities
    r"|\\[a-zA-Z]+",  # LaTeX commands
    re.DOTALL,
)
# What a site's generator puts a text of its own for. Braces are innermost first, so they go round by round:
# ``{{< video >}}``, ``{% include %}``, ``{title}``, ``style={{ width: 1 }}``. Then tags of HTML, components and
# templates, shortcodes in brackets, embedded pages, bare addresses, the imports of MDX and the snippets of MkDocs.
_ELEMENTS = re.compile(r"<(script|style)\b[^<>]*>[^<]*+(?:<(?!/?\1\b)[^<]*+)*+</\1>", re.IGNORECASE)
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
# A table of bytes is faster than a pattern; what is beyond ASCII stays.
_WORDS = bytes(code if code > 127 or chr(code).isalnum() else 32 for code in range(256))
# A text with one of these characters has letters that combine, or no spaces between its words.
_RARE = re.compile("[\u0300-\u036f\u0483-\u1dff\u20d0-\u20ff\u2cef-\U0010ffff]")
# Thai, Lao, Burmese, Khmer; kana and Han.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)


# Combining marks end here in Unicode 16, but for the variation selectors far above.
_LAST_MARK, _SELECTORS = 0x1EFFF, "\U000e0100-\U000e01ef"


def analyze(text: str) -> list[str]:
    """Give the words of a text in order: lower case, no markup, hyphenated words in parts, digits included.

    Runs of a script without spaces become overlapping pairs of characters (Chinese, Japanese, Thai and others).
    """
    return spaced(text).decode().split()


def spaced(text: str) -> bytes:
    """Give the words of a text as ``analyze`` does, in UTF-8 with one space or more between."""
    if "<!--" in text:  # those that nothing closes would each be searched to the end: quadratic
        closed = text.rfind("-->") + 3
        text = text[:closed] + text[closed:].replace("<!--", " ")
    # Lower case first: that of the Turkish İ has a combining mark.
    text = _MARKUP.sub(" ", text).lower()
    if not text.isascii():
        if _RARE.search(text):
            patterns = _rare_patterns()
            words = patterns[0].findall(unicodedata.normalize("NFC", text))
            return " ".join(part for word in words for part in _pairs(word, patterns[1])).encode()
        text = _BEYOND_ASCII.sub(_letters, text)
    return text.encode().translate(_WORDS)


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
    text = _ELEMENTS.sub(" ", text)
    for _ in range(_ROUNDS):
        text = _BRACES.sub(" ", text)
    return _MADE.sub(" ", text)


def _letters(found: re.Match[str]) -> str:
    text = found.group()
    return text if text.isalnum() else "".join(char if char.isalnum() else " " for char in text)


def single_spaced(text: str) -> str:
    """Put one space for all that is white between words, as ``" ".join(text.split())`` in half the time."""
    text = text.strip()
    # Of printable characters the space alone is white.
    return text if text.isprintable() and "  " not in text else " ".join(text.split())


def opening(text: str, count: int) -> list[str]:
    """Give the first words of a text as a reader sees them, without its markup."""
    # Enough of the text for the words: a long one is not read to its end.
    plain = _MARKUP.sub(" ", text[: 40 * count])
    return _BLOCKS.sub(" ", _EMPHASIS.sub("", plain)).split()[:count]


def _pairs(word: str, unspaced: re.Pattern[str]) -> list[str]:
    parts, place = [], 0
    for run in unspaced.finditer(word):
        characters = run.group()
        parts += [word[place : run.start()]]
        parts += [characters[i : i + 2] for i in range(len(characters) - 1)] or [characters]
        place = run.end()
    return [part for part in [*parts, word[place:]] if part]


@cache
def _rare_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compile what texts with combining marks need: 0.1 s that most processes never spend."""
    marks = _ranges(lambda char: unicodedata.category(char) in ("Mn", "Mc")) + _SELECTORS
    word = re.compile(f"(?:[^\\W_]|[{marks}])+")
    unspaced = re.compile(f"[{_UNSPACED}][{_UNSPACED}{marks}]*")
    return word, unspaced


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
