"""The links that stand in the text of a page, as they are written; images and embeds show, and are none."""

from __future__ import annotations

import re
from html import unescape

# Parentheses within an address are balanced once; a title may stand behind it.
_INLINE = re.compile(r"\]\(\s*+<?([^()\s<>]++(?:\([^()\s<>]*+\)[^()\s<>]*+)*+)>?(?:\s[^()\n]*+)?\)")
_IMAGE = re.compile(r"!\[[^\[\]]*+\]\([^()\s]*+(?:\s[^()\n]*+)?\)|!\[\[[^\[\]\n]*+\]\]")
_DEFINED = re.compile(r"^ {0,3}\[[^\^\[\]\n][^\[\]\n]*+\]:[ \t]*+<?([^\s<>]++)", re.MULTILINE)
_FENCED = re.compile(r"^[ \t>]*+(`{3,}+|~{3,}+)[^\n]*+\n.*?(?:^[ \t>]*+\1[`~]*+[ \t]*+$|\Z)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)`[^`\n]++`(?!`)|(?<!`)``(?!`)[^\n]*?``(?!`)")
_WIKILINK = re.compile(r"\[\[[^\[\]\n]++\]\]")
_ANCHOR = re.compile(r"<a\s[^<>]*?\bhref=(?:\"([^\"<>]*+)\"|'([^'<>]*+)'|([^\s\"'<>]++))", re.IGNORECASE)


def links_in(text: str) -> tuple[str, ...]:
    """Give the targets of a text's links, each once, in any order that is the same each time: wikilinks in brackets."""
    found = dict.fromkeys(list[str]())
    if "`" in text or "~~~" in text:
        text = _CODE.sub(" ", _FENCED.sub("", text))
    if "[" in text:
        text = _IMAGE.sub("", text)
        found |= dict.fromkeys([*_INLINE.findall(text), *_WIKILINK.findall(text)])
    if "]:" in text:
        found |= dict.fromkeys(_DEFINED.findall(text))
    if "<a" in text or "<A" in text:
        found |= dict.fromkeys(unescape(double or single or bare) for double, single, bare in _ANCHOR.findall(text))
    return tuple(target for target in found if target.isprintable() and not target.startswith(("#", "mailto:")))
