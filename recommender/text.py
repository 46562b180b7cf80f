r"""Markup to words: the analyzer of articles and drafts, plain ``re``.

Long texts of the real site hold the two characters ``\n`` where a line break is meant (35,803 of 35,915 files).
"""

from __future__ import annotations

import re

# A literal \n or \t only where no LaTeX command can be meant: \nabla and \theta begin alike, so a lower-case
# letter may follow \n only when the letters do not continue a known command.
_LATEX_N = "abla|e[^a-z]|eg|eq|earrow|i[^a-z]|ot|otin|u[^a-z]|earrow|exists|mid|parallel|subseteq|warrow|leq|geq"
_ESCAPED_BREAK = re.compile(rf"\\r\\n|\\n(?!(?:{_LATEX_N}))|\\t(?=[\s|-])")
_MARKUP = re.compile(
    r"<[a-zA-Z/!][^<>]*>"  # HTML tags and comments
    r"|&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,6});"  # entities
    r"|(?<=\])\([^()\s]*\)"  # the target of a link
    r"|https?://\S+"
    r"|\\[a-zA-Z]+"  # LaTeX commands
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def analyze(text: str) -> list[str]:
    """Give the words of a text in order, lower-cased, without markup; hyphenated words fall apart."""
    plain = _MARKUP.sub(" ", _ESCAPED_BREAK.sub(" ", text))
    return [word.replace("’", "'") for word in _WORD.findall(plain.lower())]
