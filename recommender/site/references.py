"""Which article a reference means that is no address: a slug, a file, a wikilink, a title, an id, or a key's value."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from recommender.addresses import parse, unescaped
from recommender.article import Article
from recommender.markdown.link_blocks import fold
from recommender.markdown.link_lists import wiki_target
from recommender.site_settings import INDEX, ListSettings

_SUFFIX = re.compile(r"\.(md|markdown|mdx|html?)$", re.IGNORECASE)
# Numbers that only put files in order.
_NUMBER = re.compile(r"^\d{1,3}[-_. ](?=\S)")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}[-_]")


@dataclass
class References:
    """The articles of a site by what references call them, each name in small letters and composed.

    ``paths`` are all ends of a file's path without its extension, and of a url's; ``titles`` are folded; ``names``
    are what front matter gives: slugs, ids and the values of the keys that references name.
    """

    paths: dict[str, list[int]] = field(default_factory=dict)
    titles: dict[str, list[int]] = field(default_factory=dict)
    names: dict[str, list[int]] = field(default_factory=dict)

    def find(self, refer: str, text: str, base: str) -> Iterator[Sequence[int]]:
        """Give the rows of the articles that a reference may mean, those that it rather means first.

        ``base`` is the path of the file that holds it.
        """
        if refer.startswith("key ") or refer == "id":
            yield self.names.get(_plain(text), ())
        elif refer == "title":
            yield self.titles.get(_plain(fold(text)), ())
        elif refer == "wikilink":
            named = wiki_target(text)
            yield from self._by_path(named, base)
            yield self.titles.get(_plain(fold(named)), ())
            yield self.names.get(_plain(named), ())
        else:
            text = parse(text).path
            yield self.names.get(_plain(text.strip("/")), ())
            yield from self._by_path(text, base)

    def _by_path(self, text: str, base: str) -> Iterator[Sequence[int]]:
        text = unescaped(text).replace("\\", "/")
        if text.startswith(("./", "../")):
            text = posixpath.normpath(posixpath.join(posixpath.dirname(base.replace(os.sep, "/")), text))
            yield self.paths.get(_plain("/" + _bare(text)), ())
            return
        name = _plain(_bare(text))
        yield self.paths.get("/" + name, ())
        yield self.paths.get(name, ())


def make_references(articles: Iterable[Article]) -> References:
    """List a site's articles by all that references may call them."""
    found = References()
    for row, article in enumerate(articles):
        for place in dict.fromkeys((article.path.replace(os.sep, "/"), parse(article.url).path)):
            variants = segments_of(place)
            if variants[0]:
                _add(found.paths, "/" + "/".join(variants[0]), row)
            for segments in variants:
                for end in ends_of(segments):
                    _add(found.paths, end, row)
        _add(found.titles, fold(article.title), row)
        for name in (*article.names, article.id):
            if name:
                _add(found.names, name.strip("/"), row)
    return found


def segments_of(place: str) -> list[list[str]]:
    """Give the segments of a path, and once more without what puts files in order or dates them, where they have it."""
    segments = [one for one in _bare(place).split("/") if one]
    shorter = [_NUMBER.sub("", segment) for segment in segments]
    if segments and _DATE.match(segments[-1]):
        shorter[-1] = _DATE.sub("", segments[-1])
    return [segments, shorter] if shorter != segments else [segments]


def ends_of(segments: Sequence[str]) -> list[str]:
    """Give the ends of a path, the shortest first."""
    return ["/".join(segments[start:]) for start in range(len(segments) - 1, -1, -1)]


def _bare(path: str) -> str:
    """Give a path without extension, index name and slashes at its ends."""
    path = _SUFFIX.sub("", path.strip().rstrip("/"))
    folder, _, name = path.rpartition("/")
    return (folder if name.lower() in INDEX and folder else path).strip("/")


def _plain(text: str) -> str:
    return unescaped(text).casefold()


def _add(index: dict[str, list[int]], name: str, row: int) -> None:
    rows = index.setdefault(_plain(name), [])
    if row not in rows:
        rows.append(row)


@dataclass(frozen=True)
class ReferenceStyle:
    """What most references of a site have.

    A slash before and behind, .html, folders, a title in wikilinks, a dot before paths of files, quotes.
    """

    leading: bool = True
    trailing: bool = True
    html: bool = False
    folders: bool = True
    titled: bool = False
    dotted: bool = True
    quote: str = ""


def style_of_references(articles: Sequence[Article], own: ListSettings) -> ReferenceStyle:
    """Read the style off the references that stand in the first list of the settings."""
    texts = [link.url for article in articles for link in article.links if link.place == 0]
    texts = [text for text in texts if parse(text).host is None]
    if not texts:
        urls = [parse(article.url).path for article in articles]
        slashes = sum(url.endswith("/") for url in urls) > len(urls) / 2
        html = sum(url.endswith(".html") for url in urls) > len(urls) / 2
        return ReferenceStyle(
            trailing=slashes, html=html, folders=own.refer != "wikilink", quote='"' if own.refer == "wikilink" else ""
        )
    bare = [wiki_target(text) if own.refer == "wikilink" else parse(text).path for text in texts]
    most = len(bare) / 2
    return ReferenceStyle(
        leading=sum(text.startswith("/") for text in bare) > most,
        trailing=sum(text.endswith("/") for text in bare) > most,
        html=sum(text.endswith(".html") for text in bare) > most,
        folders=sum("/" in text.strip("/") for text in bare) > most,
        titled=sum("|" in text for text in texts) > most,
        dotted=sum(text.startswith(".") for text in texts) > most,
        quote='"' if sum("[[" in text for text in texts) > most else "",
    )
