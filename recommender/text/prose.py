r"""Markdown to the text that a reader reads: markup, templates, scripts and styles go, what they frame stays.

A scanner of few passes, each linear in the text and left out where the character that it looks for is missing. A parser
of Markdown would take several times as long as all other reading, and knows neither shortcodes nor Liquid nor JSX.

Long texts of the real site hold the two characters ``\n`` where a line break is meant (35,803 of 35,915 files).
"""

from __future__ import annotations

import re
from html import unescape

# In a text on one line ``\n`` is a line break, but for the commands of LaTeX; in one of several lines it is a command.
_BREAKS_OF_ONE_LINE = re.compile(
    r"\\n(?!(?:abla|atural|earrow|eg|eq|ewcommand|ewline|exists|e|geq|i|leftarrow|leq|mid|onumber|otin|ot|parallel"
    r"|rightarrow|subseteq|u|warrow)(?![a-z]))"
)
_BREAKS = re.compile(r"\\n(?![a-zA-Z])")
_FENCE = re.compile(r"^[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)?(`{3,}+|~{3,}+)([^`\n]*+)$", re.MULTILINE)
# Fences of MyST and Obsidian that frame text for a reader.
_FRAMES = re.compile(
    r"\{(?:note|tip|hint|important|warning|caution|danger|attention|error|seealso|admonition|dropdown|tab\S*|card\S*"
    r"|grid\S*|versionadded|versionchanged|deprecated)\}|ad-\w"
)
_CODE_ELEMENTS = re.compile(r"<(pre)\b[^<>]*+>([^<]*+(?:<(?!/?\1\b)[^<]*+)*+)</\1>", re.IGNORECASE)
_INLINE_CODE = re.compile(r"(?<!`)`([^`\n]++)`(?!`)")
# Blocks of code of Jekyll, Hexo and Hugo.
_CODE_TAGS = re.compile(
    r"\{[{%][%<-]?\s*+(highlight|codeblock)\b[^{}]*+\}\}?"
    r"([^{]*+(?:\{(?![{%][%<-]?\s*+(?:end|/\s*+)?\1\b)[^{]*+)*+)\{[{%][%<-]?\s*+(?:end|/\s*+)\1\b[^{}]*+\}\}?"
)
_COMMENT_TAGS = re.compile(
    r"\{%-?\s*+comment\b[^{}]*+\}[^{]*+(?:\{(?!%-?\s*+(?:end)?comment\b)[^{]*+)*+\{%-?\s*+endcomment\b[^{}]*+\}"
)
_MARKS_IN_CODE = re.compile(r"</?[a-z]+\b[^<>]*+>")
ELEMENTS = re.compile(r"<(script|style|svg)\b[^<>]*+>[^<]*+(?:<(?!/?\1\b)[^<]*+)*+</\1>", re.IGNORECASE)
# Comments, those of MDX, shortcodes of Hugo, Liquid, and templates of PHP and of EJS.
_SPANS = (("<!--", "-->"), ("{/*", "*/}"), ("{{<", ">}}"), ("{{%", "%}}"), ("{%", "%}"), ("<?", "?>"), ("<%", "%>"))
# Braces of LaTeX stand behind a command, a bracket, ^ or _.
_EXPRESSIONS = re.compile(r"(?<![\w^}\\])\{\{[^{}\n]*+\}\}")
_QUOTED = re.compile(r"[\"']([^\"'{}]*+)[\"']")
_ATTRIBUTES = re.compile(r"\{(?:[:.#]|(?<=[)\]]\{)[^{}\n\\=]*+=)[^{}\n\\]*+\}")
_MODULES = re.compile(
    r"^(?:import\s(?:[^\n]*?\bfrom\s++)?[\"'][^\n]*+|import\s*+\{[^{}]*+\}\s*+from\s[^\n]*+"
    r"|export\s(?:const|let|var|default|function|async|class|\{|\*)[^\n]*+(?:\n(?!\n)[^\n]*+)*+)$",
    re.MULTILINE,
)
# A component as the value of another's attribute.
_ELEMENT_VALUES = re.compile(r"=\{\s*+<[a-zA-Z][^<>{}]*+(?:>[^<>{}]*+</[\w.]*+)?>\s*+\}")
# What stands in quotes behind = may hold >.
_TAGS = re.compile(
    r"</?[a-zA-Z][\w.:-]*+"
    r"(?:\s(?:=(?:\"[^\"<]*+\"|'[^'<]*+')|[^<>{}\"']|\"[^\"<>]*+\"|'[^'<>]*+'|\{(?:=>|[^{}<>]|\{(?:=>|[^{}<>])*+\})*+\}|[{}\"'])*+)?+/?>"
    r"|<>|</>"
)
_READ_VALUES = re.compile(r"\b(?:alt|caption|title)=(?:\"([^\"]*)\"|'([^']*)')")
_TARGETS = re.compile(
    r"\]\([^()\s]*+(?:\([^()\s]*+\)[^()\s]*+)*+(?:\s++(?:\"[^\"\n]*+\"|'[^'\n]*+'))?\s*+\)"
    r"|\[![\w-]++\]"
)
_DEFINITIONS = re.compile(r"^ {0,3}\[[^\^\[\]\n][^\[\]\n]*+\]:[ \t]*+\S[^\n]*+$", re.MULTILINE)
# What a reader does not see of references: labels, marks of footnotes.
_LABELS = re.compile(r"\]\[[^\[\]\n]*+\]")
_FOOTNOTES = re.compile(r"\[\^[^\[\]\n]*+\]:?")
# Names of emoji and of roles, and the comments of Obsidian.
_EMOJI = re.compile(r":(?<![\w:]:)(?:[a-z][\w+-]*+|[+-]1):(?![\w:])")
_HIDDEN = re.compile(r"%%(?<![\w%]%%)[^%]*+%%(?![\w%])")
_ADMONITIONS = re.compile(r"^[ \t]*+(?::{3,}+|!!!|\?\?\?\+?)[ \t]*+[\w-]*+", re.MULTILINE)
_COMMANDS = re.compile(r"\\(?:(?:begin|end|label|ref|eqref|cite)\{[^{}\n]*+\}|[a-zA-Z]+)")
_LONG = 60
_RUNS = re.compile(rf"[!-~]{{{_LONG},}}+")
_BASE64 = re.compile(r"(?:.*,)?[A-Za-z0-9+/=]+")
_MINIFIED, _DENSE = 200, 8


def plain_text(text: str) -> str:
    """Give a Markdown text without its markup; its code stays where it is."""
    return _without_markup(with_line_breaks(text))


def prose_and_code(text: str) -> tuple[str, str]:
    """Give the prose of a Markdown text without its markup, and the code of its blocks."""
    text, code = with_line_breaks(text), list[str]()
    if "```" in text or "~~~" in text:
        text = _without_blocks(text, code)
    if "<pre" in text:
        code += [unescape(_MARKS_IN_CODE.sub("", found[2])) for found in _CODE_ELEMENTS.finditer(text)]
        text = _CODE_ELEMENTS.sub(" ", text)
    if "highlight" in text or "codeblock" in text:
        code += [found[2] for found in _CODE_TAGS.finditer(text)]
        text = _CODE_TAGS.sub(" ", text)
    return _without_markup(text), _without_runs(" ".join(code))


def with_line_breaks(text: str) -> str:
    r"""Put a line break for each ``\n`` of two characters that means one."""
    if "\\n" not in text:
        return text
    one_line = text.count("\\n") > text.strip().count("\n")
    return (_BREAKS_OF_ONE_LINE if one_line else _BREAKS).sub("\n", text)


def _without_blocks(text: str, code: list[str]) -> str:
    """Take the blocks of code between fences out; one that nothing closes goes to the end."""
    parts, end, opened, frames = list[str](), 0, "", False
    for found in _FENCE.finditer(text):
        mark, info = found[1], found[2].strip()
        if opened and (info or not mark.startswith(opened)):
            continue
        (code if opened and not frames else parts).append(text[end : found.start()])
        end, opened, frames = found.end(), "" if opened else mark, _FRAMES.match(info) is not None
    (code if opened and not frames else parts).append(text[end:])
    return "\n".join(parts)


def _without_markup(text: str) -> str:
    if "<" in text or "{" in text:
        text = ELEMENTS.sub(" ", text)
        # What stands in inline code is shown as it is: every second part.
        parts = _INLINE_CODE.split(text) if "`" in text else [text]
        parts[::2] = map(_without_templates, parts[::2])
        text = " ".join(parts)
    if "import" in text or "export" in text:
        text = _MODULES.sub(" ", text)
    if "[" in text:
        text = _without_references(text)
    if ":" in text:
        text = _EMOJI.sub(" ", text)
    if "%%" in text:
        text = _HIDDEN.sub(" ", text)
    if ":::" in text or "!!!" in text or "???" in text:
        text = _ADMONITIONS.sub(" ", text)
    if "\\" in text:
        text = _COMMANDS.sub(" ", text)
    text = _without_runs(text)
    return unescape(text) if "&" in text else text


def _without_references(text: str) -> str:
    if "[^" in text:
        text = _FOOTNOTES.sub(" ", text)
    if "]:" in text:
        text, defined = _DEFINITIONS.subn(" ", text)
        text = _LABELS.sub("]", text) if defined else text
    return _TARGETS.sub(" ", text)


def _without_templates(text: str) -> str:
    if "endcomment" in text:
        text = _COMMENT_TAGS.sub(" ", text)
    for opening, closing in _SPANS:
        if opening in text:
            text = _cut(text, opening, closing)
    if "{{" in text:
        text = _EXPRESSIONS.sub(_quoted, text)
    if "{" in text:
        text = _ATTRIBUTES.sub(" ", text)
    if "={" in text:
        text = _ELEMENT_VALUES.sub(" ", text)
    return _TAGS.sub(_read_values if "=" in text else " ", text) if "<" in text else text


def _cut(text: str, opening: str, closing: str) -> str:
    """Take out what stands between two marks, but for what it shows of it; an opening that nothing closes stays."""
    parts, end, start = list[str](), 0, text.find(opening)
    while start >= 0:
        stop = text.find(closing, start + len(opening))
        if stop < 0:
            break
        shown = _values(text[start:stop]) if "=" in text[start:stop] and opening[-1] in "<%" else ""
        parts += [text[end:start], shown]
        end = stop + len(closing)
        start = text.find(opening, end)
    return " ".join([*parts, text[end:]])


def _values(markup: str) -> str:
    return " ".join(double or single for double, single in _READ_VALUES.findall(markup))


def _quoted(found: re.Match[str]) -> str:
    """Give the texts that an expression names: ``{{ link("Array") }}``."""
    return f" {' '.join(_QUOTED.findall(found.group()))} "


def _read_values(found: re.Match[str]) -> str:
    markup = found.group()
    return f" {_values(markup)} " if "=" in markup else " "


def _without_runs(text: str) -> str:
    """Take out base64 and minified code: what no reader reads has no spaces.

    A text with as many spaces as sentences have holds too little of it to tell, and is not searched.
    """
    dense = len(text) > _LONG and len(text) > _DENSE * (text.count(" ") + text.count("\n"))
    return _RUNS.sub(_readable, text) if dense else text


def _readable(found: re.Match[str]) -> str:
    run = found.group()
    return " " if len(run) >= _MINIFIED or _BASE64.fullmatch(run) else run
