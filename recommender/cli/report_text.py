"""A report on the link graph as text, JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recommender.cli.report import Report

# Orphans, targets and pairs of subjects that the text names; the other formats have all.
NAMED, PAIRS = 10, 5


def as_json(made: Report) -> str:
    """Write one JSON document."""
    from recommender.cli.report import document

    return json.dumps(document(made), ensure_ascii=False, indent=1) + "\n"


def as_text(made: Report) -> str:
    """Write a summary."""
    from recommender.cli.report import document
    from recommender.problems import printable

    found = document(made)
    lines = [*_counts(found), *_clicks(found), *_busiest(found), *_apart(found), *_orphans(found), *_unfollowed(found)]
    return "".join(f"{printable(line)}\n" for line in lines)


def counted(number: int, noun: str, several: str = "") -> str:
    """Give a number with its noun."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def in_sentences(found: dict[str, Any]) -> list[str]:
    """Say what a table of numbers would leave one to guess: what was counted, and where nothing could be."""
    pages, before, mode = found["pages"], found["before"], found["mode"]
    said = [f"{counted(found['articles'], 'article')}, {counted(pages, 'page')} that are shown (copies are one page)."]
    if pages < 2:
        one = "it" if pages else "them"
        return [*said, f"There is nothing to link {one} to."]
    if not before["links"]["either"]:
        said.append("No page links to another yet.")
    if not found["after"]["links"]["either"]:
        said.append(f"A fill (mode {mode}) would add no link: no two pages are near enough.")
    return said


State = dict[str, Any]
# A row of the table of numbers: its name, and what it says of the site today or after a fill.
ROWS: tuple[tuple[str, Callable[[State], str]], ...] = (
    ("links of lists", lambda one: f"{one['links']['lists']:,}"),
    ("links in texts", lambda one: f"{one['links']['texts']:,}"),
    ("pages without a link to them", lambda one: f"{one['orphans']:,}"),
    ("pages that link to none", lambda one: f"{one['dead_ends']:,}"),
    ("most links to one page", lambda one: f"{one['busiest'][0]['in_links'] if one['busiest'] else 0:,}"),
    ("Gini of list links to a page", lambda one: f"{one['gini']:.3f}"),
    ("links that are returned", lambda one: f"{one['reciprocity']:.1%}"),
    ("pages out of reach", lambda one: f"{one['unreached']:,}"),
    ("pairs of subjects without a link", lambda one: f"{one['subjects_apart']['count']:,}"),
)


def _counts(found: dict[str, Any]) -> list[str]:
    lines = in_sentences(found)
    if found["pages"] < 2:
        return lines
    lines += ["", f"{'':<34}{'today':>10}{'after fill':>12}"]
    return lines + [f"{name:<34}{of(found['before']):>10}{of(found['after']):>12}" for name, of in ROWS]


def start_in_words(found: dict[str, Any]) -> str:
    """Say from which page clicks are counted."""
    if found["start"] is None:
        return "Clicks are not counted: no page is linked to, and none is the front page."
    which = "the front page" if found["front_page"] else "the most linked page"
    return f"Clicks are counted from {which}, {found['start']['url']}."


def _clicks(found: dict[str, Any]) -> list[str]:
    if found["pages"] < 2:
        return []
    lines = ["", start_in_words(found)]
    for name in ("before", "after"):
        clicks = found[name]["clicks"]
        if clicks:
            far = counted(len(clicks) - 1, "click")
            when = "today" if name == "before" else "after a fill"
            lines.append(
                f"{when}: {counted(sum(clicks), 'page')} within {far}, {found[name]['unreached']:,} out of reach"
            )
    return lines


def _busiest(found: dict[str, Any]) -> list[str]:
    busiest = found["after"]["busiest"][:NAMED]
    lines = ["", "Most linked to after a fill:"] if busiest else []
    for one in busiest:
        texts = f" ({one['texts']:,} from texts)" if one["texts"] else ""
        lines.append(f"{one['in_links']:>7,}  {one['title']}{texts}")
    return lines


def _apart(found: dict[str, Any]) -> list[str]:
    pairs = found["after"]["subjects_apart"]
    named = "; ".join(f"{a} and {b}" for a, b in pairs["largest"][:PAIRS])
    return (
        ["", f"Subjects that would not link to each other: {named}{' …' * (pairs['count'] > PAIRS)}"] if named else []
    )


def _orphans(found: dict[str, Any]) -> list[str]:
    groups = found["orphans"]
    if not groups or found["pages"] < 2:
        return []
    lines = []
    if any(one["subject"] for one in groups):
        lines += ["", "Pages without a link to them, and how many of them a fill leaves without:"]
        lines += [f"{one['count']:>7,}{one['left']:>7,}  {one['subject'] or 'no subject'}" for one in groups]
    pages = sorted((page for one in groups for page in one["pages"]), key=lambda page: page["after"] > 0)
    lines += ["", "Who could link to the pages that nobody links to:"]
    for page in pages[:NAMED]:
        helped = "a fill links to it" if page["after"] else "a fill leaves it without"
        lines.append(f"  {page['title']}  {page['url']}  ({helped})")
        lines += [f"    {one['score']:.3f}  {one['title']}  ({place_in_words(one, found)})" for one in page["linkers"]]
        lines += [] if page["linkers"] else ["    nobody: no page is near enough"]
    if len(pages) > NAMED:
        lines.append(f"  and {len(pages) - NAMED:,} more; --format csv has all")
    return lines


def unfollowed_in_words(found: dict[str, Any]) -> str:
    """Say how many links nobody follows, and by what that is told."""
    count = len(found["unfollowed"])
    if not count:
        return "Every link that was shown often enough to tell was followed."
    told = "at the mean of all links at its rank each would have had 3 clicks or more"
    return f"{counted(count, 'link')} that nobody followed; {told}."


def _unfollowed(found: dict[str, Any]) -> list[str]:
    if "unfollowed" not in found:
        return []
    links = found["unfollowed"]
    lines = ["", unfollowed_in_words(found)]
    lines += [f"{one['shown']:>7,}  {one['article']['title']} -> {one['link']['title']}" for one in links[:NAMED]]
    return [*lines, f"  and {len(links) - NAMED:,} more; --format json has all"] if len(links) > NAMED else lines


def place_in_words(linker: dict[str, Any], found: dict[str, Any]) -> str:
    """Say where a link would stand in the list of who could give it."""
    return (
        f"its suggestion {linker['place']}"
        if linker["place"] <= found["slots"]
        else "its list is full with better links"
    )


def as_csv(made: Report) -> str:
    """Write a table of all shown articles: links to each by kind, clicks, and who could link to an orphan."""
    from recommender.cli.report import LINKERS
    from recommender.system.csv_tables import csv_text

    before, after, corpus = made.before, made.after, made.corpus
    lists, texts, in_links = before.in_links(before.lists), before.in_links(before.texts), before.in_links()
    columns = (in_links, lists, texts, before.out_links(), before.depths, after.in_links(), after.depths)
    names = ("in_links", "from_lists", "from_texts", "out_links", "clicks", "in_links_after_fill", "clicks_after_fill")
    rows: list[list[str | int]] = [["url", "title", "subject", "path", *names, "linker_1", "linker_2", "linker_3"]]
    for row in range(len(corpus.articles)):
        if not before.pages.shown[row]:
            continue
        article, family = corpus.articles[row], int(before.pages.families[row])
        numbers = [int(column[family]) for column in columns]
        linkers = [corpus.articles[one.row].url for one in made.linkers.get(family, ())]
        linkers += [""] * (LINKERS - len(linkers))
        named = [article.url, article.title, article.subject, article.path]
        rows.append([*named, *("" if number < 0 else number for number in numbers), *linkers])
    return csv_text(rows)
