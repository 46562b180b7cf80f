"""A report on the link graph as one HTML file: plots as inline SVG, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from recommender.cli.report_text import ROWS, counted, in_sentences, place_in_words, start_in_words, unfollowed_in_words

if TYPE_CHECKING:
    from recommender.cli.report import Report

# Orphans of each subject that the page names, those first that a fill leaves.
NAMED = 50
# Bins of the plot of in-links: from, to (None: and more).
BINS: tuple[tuple[int, int | None], ...] = (
    (0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (6, 8), (9, 12), (13, 20), (21, 40), (41, None),
)  # fmt: skip
STYLE = """
:root { color-scheme: light dark; --text: #1b2333; --quiet: #566176; --ground: #fff; --line: #dfe3ea; --one: #75809a;
--two: #2450bd; --link: #2450bd; }
@media (prefers-color-scheme: dark) { :root { --text: #e7ebf3; --quiet: #a3aec2; --ground: #11151d; --line: #2e3746;
--one: #8d99b0; --two: #7d9efb; --link: #9db8ff; } }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem; background: var(--ground); color: var(--text);
font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
h1 { line-height: 1.2; } h2 { margin-top: 2.4rem; } a { color: var(--link); } .quiet { color: var(--quiet); }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--quiet); padding-bottom: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-top: 1px solid var(--line); }
tbody th { font-weight: 400; }
.number { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--text); font-size: 13px; }
.one { fill: var(--one); } .two { fill: var(--two); } .axis { stroke: var(--line); }
.scroll { overflow-x: auto; } .scroll > * { min-width: 34rem; }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin: 0 .3rem 0 .8rem; }
.key.one { background: var(--one); margin-left: 0; } .key.two { background: var(--two); }
summary { cursor: pointer; padding: .25rem 0; } details ul { margin-top: .2rem; } li { margin: .3rem 0; }
@media (forced-colors: active) { .key, svg rect { forced-color-adjust: none; } svg text { fill: CanvasText; } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def as_page(made: Report) -> str:
    """Write the page."""
    from recommender.cli.report import document

    found = document(made)
    said = "".join(f"<p>{escape(line)}</p>" for line in in_sentences(found))
    parts = [
        _numbers(found),
        _in_links(found),
        _clicks(found),
        _busiest(found),
        _apart(found),
        _orphans(found),
        _unfollowed(found),
    ]
    body = "".join(parts) if found["pages"] > 1 else ""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Report on the link graph</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>Report on the link graph</h1>\n{said}\n{body}</main>\n</body>\n</html>\n"
    )


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a table of which the first column names its rows and the others are numbers; cells are HTML."""
    named = "".join(f'<th scope="col"{_class(place)}>{cell}</th>' for place, cell in enumerate(head))
    lines = (
        "<tr>"
        + "".join(
            f'<td class="number">{cell}</td>' if place else f'<th scope="row">{cell}</th>'
            for place, cell in enumerate(row)
        )
        + "</tr>\n"
        for row in rows
    )
    return (
        f"<table><caption>{caption}</caption><thead><tr>{named}</tr></thead><tbody>\n{''.join(lines)}</tbody></table>\n"
    )


def _class(place: int) -> str:
    return ' class="number"' if place else ""


def _numbers(found: dict[str, Any]) -> str:
    rows = ((name, of(found["before"]), of(found["after"])) for name, of in ROWS)
    caption = f"Today, and after a fill in mode {escape(found['mode'])}. Copies of one text count as one page."
    return f"<h2>Numbers</h2>\n{_table(caption, ('what', 'today', 'after a fill'), rows)}"


def _binned(counts: Sequence[int]) -> list[int]:
    """Add up counts of pages by their number of in-links to the bins of the plot."""
    return [sum(counts[low : None if high is None else high + 1]) for low, high in BINS]


def _in_links(found: dict[str, Any]) -> str:
    labels = [str(low) if low == high else f"{low}–{high}" if high else f"{low}+" for low, high in BINS]
    series = [_binned(found[name]["in_links"]) for name in ("before", "after")]
    return f"<h2>Links to a page</h2>\n{_plot('How many pages have how many links to them', 'links', labels, series)}"


def _clicks(found: dict[str, Any]) -> str:
    series = [found[name]["clicks"] for name in ("before", "after")]
    text = f"<h2>Clicks from the start</h2>\n<p>{escape(start_in_words(found))}</p>\n"
    count = max(map(len, series))
    if not count:
        return text
    series = [
        [*own, *[0] * (count - len(own)), found[name]["unreached"]]
        for own, name in zip(series, ("before", "after"), strict=True)
    ]
    labels = [*map(str, range(count)), "never"]
    return text + _plot("How many pages are reached by how many clicks", "clicks", labels, series)


def _plot(title: str, unit: str, labels: Sequence[str], series: Sequence[Sequence[int]]) -> str:
    """Draw two series as bars, and give the same numbers as a table."""
    highest = max(1, *(number for own in series for number in own))
    step, height = 900 / len(labels), 180
    bars = []
    for place, label in enumerate(labels):
        for number, own in enumerate(series):
            tall = height * own[place] / highest
            left = place * step + (0.14 + 0.36 * number) * step
            kind = ("one", "two")[number]
            bars.append(
                f'<rect class="{kind}" x="{left:.1f}" y="{height - tall:.1f}" width="{0.34 * step:.1f}" '
                f'height="{tall:.1f}"/>'
            )
        bars.append(f'<text x="{(place + 0.5) * step:.1f}" y="{height + 18}" text-anchor="middle">{label}</text>')
    keys = '<p class="quiet"><span class="key one"></span>today<span class="key two"></span>after a fill</p>\n'
    rows = ((label, f"{one:,}", f"{two:,}") for label, one, two in zip(labels, *series, strict=True))
    table = _table(title, (unit, "today", "after a fill"), rows)
    return (
        f'{keys}<div class="scroll" tabindex="0" role="group" aria-label="{title}: plot">'
        f'<svg viewBox="0 0 916 {height + 26}" role="img" aria-label="{title}; the numbers follow as a table">'
        f'<line class="axis" x1="0" x2="900" y1="{height}" y2="{height}"/>{"".join(bars)}</svg></div>\n'
        f"<details><summary>The numbers</summary>\n{table}</details>\n"
    )


def _busiest(found: dict[str, Any]) -> str:
    parts = ["<h2>Most linked to</h2>\n"]
    for name, when in (("before", "Today"), ("after", "After a fill")):
        busiest = found[name]["busiest"]
        rows = ((_named(one), f"{one['in_links']:,}", f"{one['lists']:,}", f"{one['texts']:,}") for one in busiest)
        table = _table(when, ("page", "links to it", "from lists", "from texts"), rows)
        parts.append(f"<details{' open' * (name == 'after')}><summary>{when}</summary>\n{table}</details>\n")
    return "".join(parts) if found["after"]["busiest"] else ""


def _named(page: dict[str, Any]) -> str:
    return f'{escape(page["title"])} <span class="quiet">{escape(page["url"])}</span>'


def _apart(found: dict[str, Any]) -> str:
    pairs = found["after"]["subjects_apart"]
    if not pairs["count"]:
        return ""
    named = "".join(f"<li>{escape(a)} and {escape(b)}</li>" for a, b in pairs["largest"])
    more = f"<p>The {len(pairs['largest'])} largest of them:</p>" if pairs["count"] > len(pairs["largest"]) else ""
    said = counted(pairs["count"], "pair of subjects", "pairs of subjects")
    today = found["before"]["subjects_apart"]["count"]
    return (
        f"<h2>Subjects that would not link to each other</h2>\n<p>{said}; {today:,} today.</p>\n"
        f"{more}<details><summary>The pairs</summary><ul>{named}</ul></details>\n"
    )


def _orphans(found: dict[str, Any]) -> str:
    groups = found["orphans"]
    total, left = found["before"]["orphans"], found["after"]["orphans"]
    said = f"{counted(total, 'page')} without a link from a list or a text; {left:,} would be after a fill."
    parts = [f"<h2>Pages that nobody links to</h2>\n<p>{said}</p>\n"]
    for one in groups:
        pages = "".join(f"<li>{_orphan(page, found)}</li>\n" for page in one["pages"][:NAMED])
        more = one["count"] - NAMED
        rest = f'<p class="quiet">And {more:,} more; <code>--format csv</code> has all.</p>' if more > 0 else ""
        title = f"{escape(one['subject'] or 'no subject')}: {one['count']:,} today, {one['left']:,} after a fill"
        parts.append(f"<details><summary>{title}</summary>\n<ul>\n{pages}</ul>\n{rest}</details>\n")
    return "".join(parts)


def _orphan(page: dict[str, Any], found: dict[str, Any]) -> str:
    helped = f"a fill gives it {counted(page['after'], 'link')}" if page["after"] else "a fill leaves it without"
    linkers = "".join(
        f"<li>{_named(one)}: score {one['score']:.3f}, {escape(place_in_words(one, found))}</li>"
        for one in page["linkers"]
    )
    who = f"Could be linked from:<ul>{linkers}</ul>" if linkers else "No page is near enough to link to it."
    return f"{_named(page)}; {helped}. {who}"


def _unfollowed(found: dict[str, Any]) -> str:
    if "unfollowed" not in found:
        return ""
    rows = (
        (f"{_named(one['article'])} links to {_named(one['link'])}", f"{one['shown']:,}") for one in found["unfollowed"]
    )
    table = _table("Links without a click", ("link", "shown"), rows) if found["unfollowed"] else ""
    return f"<h2>Links that nobody follows</h2>\n<p>{escape(unfollowed_in_words(found))}</p>\n{table}"
