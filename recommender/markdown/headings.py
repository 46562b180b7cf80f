"""The first heading of a Markdown text, as CommonMark finds it, and its words without markup. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_ATX = re.compile(r" {0,3}#[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_SETEXT = re.compile(r" {0,3}=+[ \t]*")
# What ends a paragraph, or begins none: other headings, rules, quotes, items of lists, code by its indentation.
_NO_PARAGRAPH = re.compile(r" {0,3}(?:#{1,6}(?:[ \t]|$)|[-*_=]{3,}[ \t]*$|>|(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$))|\t| {4}")
_COMMENT = re.compile(r"<!--.*?-->")
_SPANS = re.compile(r"(`+)[^`].*?(?<!`)\1(?!`)")
# Blocks of HTML in which no Markdown stands (CommonMark 4.6, kind 1), and comments.
_RAW = re.compile(r" {0,3}<(pre|script|style|textarea)\b", re.IGNORECASE)
_H1 = re.compile(r"<h1\b[^>]*>(.*?)</h1>", re.IGNORECASE | re.DOTALL)
_H1_LINES = 10
LONGEST = 1000  # characters of a line that are looked at: no heading takes endless time
# Lines of a list, a quote or code, which go on until a blank line.
NO_HEADING = [""]

_EXPRESSION = re.compile(r"\{[^{}]*\}")  # of a template

_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_TARGET = r"""\(\s*(?:<[^<>]*>|(?:[^()\s]|\((?:[^()]|\([^()]*\))*\))*)(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)"""
_LINK = re.compile(rf"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\](?:{_TARGET}|\[[^\[\]]*\])")
_WIKILINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]")
_AUTOLINK = re.compile(r"<([a-z][a-z0-9+.-]*:[^<>\s]*)>", re.IGNORECASE)
_REST = re.compile(
    r"\[\^[^\]]*\]|</?[a-zA-Z][^<>]*>|<!--.*?-->|\{\s*[#:.%{][^}]*\}+|(?<![\w])[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?![\w])"
)
_KEPT = re.compile("\0(\\d+)\0")
_SPACE = re.compile(r"\s+")


def heading_of(body: str) -> str:
    """Give the text of the first heading of the first level, without its markup; "" for none.

    What stands in code, in comments or in raw HTML is none.
    """
    lines = [line[:LONGEST] for line in body.replace("\r\n", "\n").replace("\0", "").split("\n")]
    closing, paragraph = "", list[str]()
    for number, line in enumerate(lines):
        if closing:
            closing = "" if _closes(line, closing) else closing
            continue
        if closing := _opened(line):
            paragraph = []
            continue
        plain = _COMMENT.sub("", line) if "<" in line else line
        if title := _title_in(plain, lines, number):
            return title
        if paragraph and paragraph != NO_HEADING and _SETEXT.fullmatch(line):
            return plain_heading(" ".join(paragraph)[:LONGEST])
        if not line.strip():
            paragraph = []
        elif _NO_PARAGRAPH.match(line) and (not paragraph or not line.startswith((" ", "\t"))):
            paragraph = [*NO_HEADING]
        elif paragraph != NO_HEADING:
            paragraph.append(plain)
    return ""


def _title_in(line: str, lines: Sequence[str], number: int) -> str:
    """Give the heading that a line is, or that begins in it as HTML; "" for none."""
    found = _ATX.fullmatch(line)
    if not found and "<" in line and "<h1" in _SPANS.sub("", line).lower():
        found = _H1.search("\n".join(lines[number : number + _H1_LINES]))
    title = plain_heading(found[1]) if found else ""
    return "" if _EXPRESSION.fullmatch(title) else title


def _opened(line: str) -> str:
    """Give what closes the block that a line opens and does not close: a fence, the end of a comment or of raw HTML."""
    if fence := _FENCE.match(line):
        return fence[1]
    if "<" not in line:
        return ""
    bare = _COMMENT.sub("", _SPANS.sub("", line))
    if "<!--" in bare:
        return "-->"
    raw = _RAW.match(line)
    return f"</{raw[1].lower()}>" if raw and f"</{raw[1].lower()}>" not in line.lower() else ""


def _closes(line: str, closing: str) -> bool:
    if closing[0] in "`~":
        end = line.strip()
        return end.startswith(closing) and not end.strip(closing[0]) and not line.startswith("    ")
    return closing in line.lower()


def plain_heading(text: str) -> str:
    """Take the markup out of a heading: links to their texts, code, escapes, tags, emphasis, attributes."""
    kept: list[str] = []

    def keep(part: str) -> str:
        kept.append(part)
        return f"\0{len(kept) - 1}\0"

    text = _CODE.sub(lambda found: keep(found[2].strip()), text)
    text = _ESCAPE.sub(lambda found: keep(found[1]), text)
    for _ in range(2):  # an image may stand in a link
        text = _LINK.sub(r"\1", text)
    text = _WIKILINK.sub(r"\1", text)
    text = _AUTOLINK.sub(lambda found: keep(found[1]), text)
    text = html.unescape(_REST.sub("", text).replace("`", ""))
    text = _KEPT.sub(lambda found: kept[int(found[1])], text)
    return _SPACE.sub(" ", text).strip()
