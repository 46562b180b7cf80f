"""Which articles the texts of a site link to, found as the links of its lists are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.article import Article, Link
from recommender.site.corpus import Corpus
from recommender.site.link_verdicts import find_target

_FILES = (".md", ".markdown", ".mdx")


def links_of_texts(corpus: Corpus) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Give the rows that the text of each article links to, ascending: ``rows[starts[i]:starts[i + 1]]``."""
    lists = [_linked(corpus, row, article) for row, article in enumerate(corpus.articles)]
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in lists])]).astype(np.int64)
    return starts, np.array([other for rows in lists for other in rows], np.int32)


def _linked(corpus: Corpus, row: int, article: Article) -> list[int]:
    found = {_target(corpus, row, text) for text in article.mentions}
    return sorted(found - {-1, row})


def _target(corpus: Corpus, row: int, text: str) -> int:
    forms = ["wikilink"] if text.startswith("[[") else ["file"] if _names_file(text) else []
    return find_target(corpus, row, Link(0, 0, "", "", "", text), forms).row


def _names_file(text: str) -> bool:
    """Tell whether a target names a file of the content rather than a page: a url that no page has is dead."""
    return text.startswith(("./", "../")) or text.partition("#")[0].endswith(_FILES)
