"""The links of a page that has no file yet, as the files of its site would have them."""

from __future__ import annotations

from collections.abc import Sequence

from recommender.article import Style
from recommender.errors import FileProblem
from recommender.markdown.link_blocks import Wanted, emit
from recommender.markdown.link_editing import document_of, splice_links
from recommender.markdown.list_editing import ListStyle
from recommender.settings import Settings

FENCES = {"yaml": "---", "toml": "+++"}


def list_text(wanted: Sequence[Wanted], settings: Settings, style: Style | ListStyle, form: str) -> str:
    """Write links as they stand in front matter of a form; "" where the site's links do not stand in any.

    ``style`` is that of the site's blocks or lists.
    """
    if settings.data_file or form not in FENCES or not wanted:
        return ""
    if isinstance(style, Style):
        return "".join(emit(settings.keys.related, want, style, "\n") for want in wanted) if form == "yaml" else ""
    fence = FENCES[form]
    try:
        document = document_of(f"{fence}\n{fence}\n".encode())
        text = splice_links(document, wanted, settings.links[0], style) if document else ""
    except FileProblem:  # a shape that this form cannot have
        return ""
    return text.removeprefix(f"{fence}\n").removesuffix(f"{fence}\n")
