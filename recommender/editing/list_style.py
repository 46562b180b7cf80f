"""How the lists of links of a site are written, read off some of its files."""

from __future__ import annotations

import os
from collections import Counter

from recommender.errors import FileProblem
from recommender.markdown.link_editing import document_of, style_of_links
from recommender.markdown.list_editing import ListStyle
from recommender.site.corpus import Corpus
from recommender.site.files import read_bytes
from recommender.site_settings import ListSettings

# Files that are looked at, evenly spread.
SAMPLE = 100


def list_style(corpus: Corpus) -> ListStyle:
    """Give the style of most lists of a site; where there is none, the usual one of its references."""
    rows = [row for row, article in enumerate(corpus.articles) if any(link.place == 0 for link in article.links)]
    styles: Counter[ListStyle] = Counter()
    for row in rows[:: max(1, len(rows) // SAMPLE)]:
        path = os.path.join(corpus.root, corpus.articles[row].path)
        if style := _style_in(path, corpus.lists[0]):
            styles[style] += 1
    usual = ListStyle(corpus.reference_style.quote)
    return min(styles, key=lambda style: (-styles[style], repr(style)), default=usual)


def _style_in(path: str, own: ListSettings) -> ListStyle | None:
    try:
        document = document_of(read_bytes(path)[0])
        return style_of_links(document, own) if document else None
    except (FileProblem, ValueError):
        return None
