"""The name of a page as the lists of a site would write it."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import replace

from recommender.addresses import parse
from recommender.article import Article, Link
from recommender.site.corpus import Corpus
from recommender.site.link_verdicts import find_target
from recommender.site.references import ReferenceStyle, ends_of
from recommender.site_settings import INDEX, ListSettings


def reference_to(corpus: Corpus, row: int, target: int, style: ReferenceStyle) -> str:
    """Give the text by which a page's list names another page; "" where no text would mean that page alone."""
    own = corpus.lists[0]
    for text in _names(own, corpus.articles[row], corpus.articles[target], style):
        link = Link(1, 0, "", "", "", text)
        if text and find_target(corpus, row, link).row == target:
            return text
    return ""


def _names(own: ListSettings, asking: Article, target: Article, style: ReferenceStyle) -> Iterator[str]:
    """Give the texts that may name a page, the most usual one first."""
    path = target.path.replace(os.sep, "/")
    bare = path.rpartition(".")[0]
    if own.refer == "url":
        # The page of a folder has no file in its address.
        if style.html and bare.rpartition("/")[2].lower() in INDEX:
            style = replace(style, html=False, trailing=True)
        yield from _urls(target.stated or target.url, style)
        yield from _urls(target.url, style) if target.stated else ()
    elif own.refer == "slug":
        yield from target.names
        yield from ends_of(parse(target.url).path.strip("/").removesuffix(".html").split("/"))
        yield from ends_of(bare.split("/"))
    elif own.refer in ("file", "path"):
        relative = posixpath.relpath(path, posixpath.dirname(asking.path.replace(os.sep, "/")) or ".")
        if not style.dotted:
            yield from (path, relative) if style.folders else (relative, path)
        yield relative if relative.startswith("../") else f"./{relative}"
    elif own.refer == "wikilink":
        ends = ends_of(bare.split("/"))
        names = [bare, *ends] if style.folders else [*ends, bare]
        title = target.title.replace("[", "(").replace("]", ")").replace("|", "-")
        for name in names:
            yield f"[[{name}|{title}]]" if style.titled else f"[[{name}]]"
    elif own.refer == "title":
        yield target.title
    elif own.refer == "id":
        yield target.id
    else:
        yield from target.names


def _urls(url: str, style: ReferenceStyle) -> Iterator[str]:
    """Give a url as most references are written, then as it is."""
    path = parse(url).path
    bare = path.removesuffix("/").removesuffix(".html")
    shaped = bare + (".html" if style.html else "/" if style.trailing else "")
    yield shaped if style.leading else shaped.lstrip("/")
    yield url
