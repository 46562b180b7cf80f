"""How the lists of links of a site are written, read off some of its files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from recommender.article import Article
from recommender.errors import FileProblem
from recommender.markdown.link_editing import document_of, style_of_links
from recommender.markdown.list_editing import ListStyle
from recommender.settings import Settings
from recommender.site.files import read_bytes
from recommender.site.references import ReferenceStyle

# Files that are looked at, evenly spread.
SAMPLE = 100


def list_style(root: Path, articles: Sequence[Article], settings: Settings, references: ReferenceStyle) -> ListStyle:
    """Give the style of most lists of some articles; where there is none, the usual one of such references."""
    paths = [article.path for article in articles if any(link.place == 0 for link in article.links)]
    styles: Counter[ListStyle] = Counter()
    for path in paths[:: max(1, len(paths) // SAMPLE)]:
        if style := _style_in(os.path.join(root, path), settings):
            styles[style] += 1
    return min(styles, key=lambda style: (-styles[style], repr(style)), default=ListStyle(references.quote))


def _style_in(path: str, settings: Settings) -> ListStyle | None:
    try:
        document = document_of(read_bytes(path)[0])
        return style_of_links(document, settings.links[0]) if document else None
    except (FileProblem, ValueError):
        return None
