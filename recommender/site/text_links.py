"""Which articles the texts of a site link to, found as the links of its lists are."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.addresses import Resolved, parse, resolve
from recommender.article import Article, Link
from recommender.errors import FileProblem
from recommender.site.corpus import Corpus
from recommender.site.files import read_bytes
from recommender.site.link_verdicts import find_target, names_file


def links_of_texts(corpus: Corpus) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Give the rows that the text of each article links to, ascending: ``rows[starts[i]:starts[i + 1]]``."""
    lists = [_linked(corpus, row, article) for row, article in enumerate(corpus.articles)]
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in lists])]).astype(np.int64)
    return starts, np.array([other for rows in lists for other in rows], np.int32)


def _linked(corpus: Corpus, row: int, article: Article) -> list[int]:
    found = {target_in_text(corpus, row, text).row for text in article.mentions}
    return sorted(found - {-1, -2, row})


def target_in_text(corpus: Corpus, row: int, text: str) -> Resolved:
    """Find the article that a link of a text means; a relative one by the page's address with and without a slash."""
    forms = ["wikilink"] if text.startswith("[[") else ["file"] if _names_file(text) else []
    found = find_target(corpus, row, Link(0, 0, "", "", "", text), forms)
    if found.kind != "unknown" or forms == ["wikilink"] or _is_rooted(text):
        return found
    url = corpus.articles[row].url
    return resolve(corpus.address_index, text, url.rstrip("/") if url.endswith("/") else f"{url}/")


def _names_file(text: str) -> bool:
    """Tell whether a target names a file of the content rather than a page: a url that no page has is dead."""
    return text.startswith(("./", "../")) or names_file(text)


def _is_rooted(text: str) -> bool:
    address = parse(text)
    return address.path.startswith("/") or address.host is not None or bool(address.scheme)


@dataclass(frozen=True)
class TextLinks:
    """What the links of all texts lead to: the rows that each article links to, and by row the targets of dead ones."""

    linked: Mapping[int, frozenset[int]]
    dead: Mapping[int, tuple[str, ...]]

    @property
    def known(self) -> bool:
        """Whether most links of texts lead to articles: else the addresses of the site are others than is known."""
        return sum(map(len, self.linked.values())) >= sum(map(len, self.dead.values()))


def judge_texts(corpus: Corpus) -> TextLinks:
    """Find the articles that the texts of a site link to, and the links that lead to no page."""
    linked, dead = dict[int, frozenset[int]](), dict[int, tuple[str, ...]]()
    for row, article in enumerate(corpus.articles):
        targets = {text: target_in_text(corpus, row, text) for text in article.mentions}
        rows = frozenset(found.row for found in targets.values() if found.row >= 0) - {row}
        gone = [text for text, found in targets.items() if found.kind == "unknown" and _is_page(corpus, text)]
        linked |= {row: rows} if rows else {}
        dead |= {row: tuple(gone)} if gone else {}
    return TextLinks(linked, dead)


def _is_page(corpus: Corpus, text: str) -> bool:
    """Tell whether a link should lead to an article: no wikilink or name of code, and no page of another kind."""
    plain = not text.startswith("[[") and not re.search(r"[{}<>$|]", text)
    return plain and not corpus.form.is_elsewhere(text)


def line_of_link(root: Path, path: str, target: str) -> int:
    """Give the line of a file in which a link's target stands first, 0 where it is not found."""
    try:
        before, found, _ = read_bytes(os.path.join(root, path))[0].partition(target.encode())
    except FileProblem:
        return 0
    return before.count(b"\n") + 1 if found else 0
