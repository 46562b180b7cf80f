"""Target and verdict of every curated link, worked out once for audit, evaluate, fill and the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from recommender.addresses import Resolved, parse, resolve, same_page, with_page
from recommender.article import Article, Link, is_id
from recommender.markdown.link_blocks import fold
from recommender.rules.rule import UNLISTED
from recommender.site.corpus import Corpus
from recommender.site.files import SUFFIXES

# Nothing that can be judged: another site's page, or a page of ours that is no article.
BEYOND = ("external", "elsewhere")


@dataclass(frozen=True, slots=True)
class Judged:
    """One curated link with its verdict, the row of its target (-1 for none) and the keys that drifted.

    ``url`` is what its url should be; "moved" stands for the url among the drifted keys where it is an old address.
    ``again`` tells that an earlier link leads to the same page, with another fragment or query. Of a link to a hidden
    article, ``hidden`` is the reason, and ``for_good`` tells that it is not to be shown again. ``generated`` tells that
    the link stands as a fill wrote it; any other is a person's.
    """

    link: Link
    verdict: str
    target: int
    drift: tuple[str, ...] = ()
    url: str = ""
    again: bool = False
    hidden: str = ""
    for_good: bool = False
    generated: bool = False

    @property
    def sound(self) -> bool:
        """Whether a reader is helped by it."""
        return self.verdict == "sound"

    @property
    def stays(self) -> bool:
        """Whether a person's link of this verdict is kept."""
        return self.sound or self.verdict in BEYOND or (self.verdict == "hidden" and not self.for_good)

    @property
    def explanation(self) -> str:
        """What it leads to, where its verdict alone does not say it; "" otherwise."""
        if self.verdict != "hidden":
            return ""
        if self.for_good:
            return f"links to a hidden article ({self.hidden})"
        unlisted = self.hidden.lower().partition(":")[0] in UNLISTED
        return f"links to a page that is {'not listed' if unlisted else 'not published yet'} ({self.hidden})"


def judge_links(corpus: Corpus, row: int, generated: frozenset[str]) -> tuple[Judged, ...]:
    """Give the verdict of each link of one article, in order of the slots; the first verdict that applies.

    Links to the urls in ``generated`` are judged after the others: of two links to one family, a person's stays.
    """
    linked: dict[int, set[str]] = {}
    judged = []
    generated = undecided(corpus, row, generated)
    for link in sorted(corpus.articles[row].links, key=lambda link: link.url in generated):
        found = find_target(corpus, row, link)
        verdict = _verdict(corpus, row, found, link)
        ours, again = link.url in generated, False
        if verdict == "sound":
            decoration = parse(link.url).decoration
            earlier = linked.setdefault(corpus.families[found.row], set())
            again = bool(earlier)
            if earlier and (decoration in earlier or ours):
                verdict = "repeated"
            earlier.add(decoration)
        drift, url = _drift(corpus, link, found) if verdict == "sound" else ((), link.url)
        article = corpus.articles[found.row] if verdict == "hidden" else None
        hidden = (article.hidden, article.hidden_for_good) if article else ("", False)
        judged.append(Judged(link, verdict, found.row, drift, url, again and verdict == "sound", *hidden, ours))
    return tuple(sorted(judged, key=lambda one: one.link.slot))


def undecided(corpus: Corpus, row: int, generated: frozenset[str]) -> frozenset[str]:
    """Give the generated links of an article without those that an editor said yes to: these are a person's now."""
    decided = corpus.decisions.decided.get(row)
    return frozenset(url for url in generated if corpus.find(url) not in decided) if decided else generated


def curated_targets(judged: Iterable[Judged]) -> list[int]:
    """Give the targets of the sound links that a person made, in order of the slots."""
    return [one.target for one in judged if one.sound and not one.generated]


def find_target(corpus: Corpus, row: int, link: Link, forms: Iterable[str] | None = None) -> Resolved:
    """Find the article that a link means: by its url, else by its id or another reference; ``id`` says so.

    ``forms`` are those of references, where they are not the ones of the site's lists.
    """
    found = Resolved("unknown")
    if link.url.strip():
        own = partial(corpus.same_partition, row) if corpus.same_partition else None
        found = resolve(corpus.address_index, link.url, corpus.articles[row].url, own=own)
    if found.kind != "unknown" and not _is_elsewhere_named(corpus, row, found, link):
        return found
    rows = corpus.rows_of_id.get(link.id, ()) if is_id(link.id) else _named(corpus, row, link, forms)
    moved = corpus.moved(row, link) if corpus.moved else -1
    # Where a link led to says more than an id, which several pages may share.
    if moved >= 0 and moved not in rows:
        return Resolved("alias", moved)
    if not rows:
        return found
    if len({corpus.families[member] for member in rows}) > 1:
        return Resolved("ambiguous", rows=tuple(rows))
    return Resolved("id", representative(corpus, rows, corpus.articles[row].subject))


def _is_elsewhere_named(corpus: Corpus, row: int, found: Resolved, link: Link) -> bool:
    """Tell whether a word happens to be the address of a page of another language, and may name one of the own."""
    apart = found.row >= 0 and corpus.partitions[found.row] != corpus.partitions[row]
    return apart and "/" not in link.url


def _named(corpus: Corpus, row: int, link: Link, forms: Iterable[str] | None) -> Sequence[int]:
    """Give the rows of the own language that a reference may mean, by the first form that finds any.

    In blocks, which hold urls, only a Markdown file's name is one.
    """
    if forms is None:
        forms = dict.fromkeys(one.refer for one in corpus.lists) if corpus.lists else ["file"] * names_file(link.url)
    for refer in forms:
        for found in corpus.references.find(refer, link.url, corpus.articles[row].path):
            if rows := [one for one in found if corpus.partitions[one] == corpus.partitions[row]]:
                return rows
    return ()


def names_file(url: str) -> bool:
    """Tell whether an address names a Markdown file rather than a page."""
    return parse(url).path.lower().endswith(SUFFIXES)


def representative(corpus: Corpus, rows: Iterable[int], subject: str) -> int:
    """Choose a family's member for an article of a subject: the one in that subject, else the smallest url."""
    members = sorted(rows)
    visible = [member for member in members if not corpus.articles[member].hidden] or members
    return next((member for member in visible if corpus.articles[member].subject == subject), visible[0])


def drifted(target: Article, link: Link) -> tuple[str, ...]:
    """Name the keys of a link, but for its url, that differ from its target's; an id only where it has one."""
    pairs = {
        "id": (link.id, target.id or link.id),
        "title": (fold(link.title), fold(target.title)),
        "subject": (fold(link.subject), fold(target.subject)),
    }
    return tuple(key for key, (written, actual) in pairs.items() if written != actual)


def _drift(corpus: Corpus, link: Link, found: Resolved) -> tuple[tuple[str, ...], str]:
    """Name the keys of a sound link that drifted, and give the url that it should have."""
    target = corpus.articles[found.row]
    # What a list does not say of a page cannot differ, and a text of its own is no wrong title.
    drift = () if corpus.lists else drifted(target, link)
    if link.url == target.url:  # as nearly all are: no need to take the two apart
        return drift, link.url
    if corpus.lists:
        # A list spells addresses in its own way: only one that has moved is to be corrected.
        return (("moved",), with_page(link.url, target.url)) if found.kind == "alias" else ((), link.url)
    if found.kind == "id":
        return (*drift, "url"), with_page(link.url, target.url)
    if any(same_page(parse(link.url).path, parse(url).path) for url in (target.url, target.stated) if url):
        return drift, link.url
    return (*drift, "moved" if found.kind == "alias" else "url"), with_page(link.url, target.url)


def _verdict(corpus: Corpus, row: int, found: Resolved, link: Link) -> str:
    if found.kind in ("external", "ambiguous"):
        return found.kind
    if found.row < 0:
        return "elsewhere" if link.url.strip() and corpus.form.is_elsewhere(link.url) else "dead"
    if found.row == row:
        return "self"
    if corpus.families[found.row] == corpus.families[row]:
        return "copy"
    if corpus.articles[found.row].hidden:
        return "hidden"
    return "blocked" if found.row in corpus.decisions.blocks.get(row, ()) else "sound"
