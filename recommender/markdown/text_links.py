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
# Of tags of HTML and components: what `to` says is an address where it begins like one.
_TAG = re.compile(
    r"<(?:[aA]|(?!LINK\b|BASE\b)[A-Z][\w.]*+|[a-z]++-link)\s[^<>]*?"
    r"\b(?:href|HREF|to(?==\{?[\"']?[./]))=(?:(?:\{\s*+)?(?:\"([^\"<>]*+)\"|'([^'<>]*+)')|([^\s\"'<>{}]++))"
)
_AUTOLINK = re.compile(r"<(https?://[^\s<>]++)>")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
# Pages that Hugo, Jekyll and Hexo find by their files, addresses that a filter completes, and the site's own address.
_PAGE = re.compile(
    r"\{\{[<%]\s*+(?:rel)?ref\s++(?:path=)?[\"'`]?([^\"'`\s{}]++)[^{}]*+\}\}"
    r"|\{%-?\s*+(?:link|post_url|post_link)\s++[\"']?([^\"'\s{}%]++)[^{}]*+\}"
)
_FILTERED = re.compile(r"\{\{-?\s*+(?:\"([^\"{}\s]*+)\"|'([^'{}\s]*+)')\s*+(?:\|[^{}]*+|-?)\}\}")
_SITE = re.compile(r"\{\{[-<%]?\s*+(?:site\.(?:base_?)?url|base_?(?:url|path))\b[^{}]*+\}\}", re.IGNORECASE)


def links_in(text: str) -> tuple[str, ...]:
    """Give the targets of a text's links, each once, in any order that is the same each time: wikilinks in brackets.

    What names a page by its file in a template (``{{< ref "x" >}}``, ``{% post_url x %}``) is a wikilink, ``@/x.md`` of
    Zola a file from the root.
    """
    found = dict.fromkeys(list[str]())
    if "`" in text or "~~~" in text:
        text = _CODE.sub(" ", _FENCED.sub("", text))
    if "<!--" in text:
        text = _COMMENT.sub("", text)
    if "{{" in text or "{%" in text:
        text = _without_templates(text)
    if "[" in text:
        text = _IMAGE.sub("", text)
        found |= dict.fromkeys([*_INLINE.findall(text), *_WIKILINK.findall(text)])
    if "]:" in text:
        found |= dict.fromkeys(_DEFINED.findall(text))
    if "<" in text:
        found |= dict.fromkeys(unescape("".join(forms)) for forms in _TAG.findall(text))
        found |= dict.fromkeys(_AUTOLINK.findall(text))
    found = dict.fromkeys(target.removeprefix("@") if target.startswith("@/") else target for target in found)
    return tuple(target for target in found if target.isprintable() and not target.startswith(("#", "mailto:")))


def _without_templates(text: str) -> str:
    """Write the links that templates stand for in their places."""
    text = _PAGE.sub(lambda page: f"[[{page[1] or page[2]}]]", text)
    text = _FILTERED.sub(lambda address: address[1] or address[2] or "", text)
    return _SITE.sub("", text)
