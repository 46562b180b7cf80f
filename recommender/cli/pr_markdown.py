"""The review of a pull request as a comment: short, the same for the same change, and safe whatever titles hold."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from recommender.problems import printable, shorten

# A program that keeps one comment up to date knows it by this line.
MARKER = "<!-- recommender: related links -->"
# Articles that are open; the others are folded.
OPEN = 5
# Articles, links and files that are named at all.
MOST = 50
# GitHub takes 65,536 characters.
LONGEST = 60_000
PATCH = 12_000
_VERBS = {"added": "Added", "changed": "Changed", "renamed": "Renamed"}
# An empty character after it keeps a name from being told, an issue from being linked, a url from being one.
_APART = "&#8203;"
_SIGNS = re.compile(r"[\\`*_\[\]()<>&~$|#!@:]")
_MAY_LINK = re.compile(r"(?i)(@|#|\bgh-|://|\bwww(?=\.))")
_COMMIT = re.compile(r"\b[0-9a-f]{7,40}\b")
Page = Mapping[str, Any]


def text(value: str) -> str:
    """Write a text so that Markdown, HTML and GitHub's own marks in it mean nothing, on one line."""
    plain = shorten(" ".join(printable(value).split()), 160)
    parts = _MAY_LINK.split(_COMMIT.sub(lambda found: "\0".join(re.findall(".{1,6}", found[0])), plain))
    written = (_APART.join((_escaped(part), "")) if number % 2 else _escaped(part) for number, part in enumerate(parts))
    return "".join(written).replace("\0", _APART)


def _escaped(value: str) -> str:
    return _SIGNS.sub(lambda found: html.escape(found[0]) if found[0] in "&<>" else f"\\{found[0]}", value)


def code(value: str) -> str:
    """Write a text as code, whatever backticks it holds."""
    plain = shorten(printable(value), 200)
    fence = "`" * (1 + max(map(len, re.findall("`+", plain)), default=0))
    pad = " " if plain.startswith("`") or plain.endswith("`") or plain.strip() != plain else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def markdown(review: Mapping[str, Any], base: str) -> str:
    """Give a review as a comment in GitHub's Markdown, no longer than GitHub takes."""
    articles: Sequence[Page] = review["articles"]
    parts = [*_broken(review), *_patch(review["patch"], base)]
    parts += [_article(one) for one in articles[:OPEN]]
    folded = [_article(one) for one in articles[OPEN:MOST]]
    head = f"{MARKER}\n## Related links\n\n{_summary(review)}\n"
    found = [head]
    for part in parts:
        if sum(map(len, found)) + len(part) < LONGEST:
            found.append(part)
    room = LONGEST - sum(map(len, found))
    while folded and sum(map(len, folded)) > room:
        folded.pop()
    if folded:
        found.append(_details(f"{len(folded):,} more articles", "\n".join(folded)))
    shown = sum(part in found for part in parts[len(parts) - min(OPEN, len(articles)) :]) if articles else 0
    left = len(articles) - shown - len(folded)
    if left > 0:
        found.append(f"{left:,} more articles are in `recommender pr --format json`.\n")
    return "\n".join(found)


def _summary(review: Mapping[str, Any]) -> str:
    counts = {kind: sum(one["change"] == kind for one in review["articles"]) for kind in _VERBS}
    counts["deleted"] = len(review["deleted"])
    said = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
    if not said and not review["unread"]:
        return "This change adds, changes, renames and deletes no article."
    return f"Articles of this change: {said}." if said else "This change makes files that are no articles."


def _broken(review: Mapping[str, Any]) -> list[str]:
    """Say which links lead nowhere, or to an old address, since the change."""
    found = []
    for page in review["deleted"]:
        if page["linked_from"]:
            found.append(f"**Deleted, and still linked to:** {_named(page)}\n\n{_referring(page['linked_from'])}")
    for page in review["hidden"]:
        if page["linked_from"]:
            found.append(f"**Hidden now, and still linked to:** {_named(page)}\n\n{_referring(page['linked_from'])}")
    for page in review["moved"]:
        if page["linked_from"]:
            old, new = code(page["before"]["url"]), code(page["url"])
            found.append(
                f"**Moved** from {old} to {new}; still linked to by its old address:\n\n"
                + _referring(page["linked_from"])
            )
    for problem in review["unread"]:
        found.append(f"**No article:** {code(str(problem['path']))}: {_problem(problem)}\n")
    return found


def _patch(diff: str, base: str) -> list[str]:
    if not diff:
        return []
    command = f"{code(f'recommender fill --base {base} --write')} corrects the lists."
    if len(diff) > PATCH:
        return [f"{command}\n"]
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", diff)), default=0))
    body = "\n".join(printable(line) for line in diff.rstrip("\n").split("\n"))
    return [f"{command}\n\n" + _details("The patch", f"{fence}diff\n{body}\n{fence}\n")]


def _article(page: Page) -> str:
    lines = [f"### {_VERBS[page['change']]}: {text(page['title'])}\n", code(page["path"])]
    if page.get("hidden"):
        lines.append(f"\nNot published: {text(page['hidden'])}.")
    for problem in page["problems"][:MOST]:
        lines.append(f"\n**{text(problem['code'])}** in line {problem['line']}: {_problem(problem)}")
    for title, others in (
        ("Asks a question that is answered already", [_named(one) for one in page["same_question"]]),
        ("Should link to", [_reasoned(one) for one in page["links_to_add"]]),
        ("Should be linked from", [_reasoned(one) for one in page["linked_from"]]),
    ):
        if others:
            lines.append(f"\n{title}:\n\n" + "\n".join(f"- {one}" for one in others))
    if len(lines) == 2:
        lines.append("\nIts list is full, and nothing is missing.")
    return "\n".join(lines) + "\n"


def _problem(problem: Mapping[str, Any]) -> str:
    value = f" {code(problem['value'])}" if problem["value"] else ""
    return f"{text(problem['reason'])}{value} ({text(problem['remedy'])})"


def _named(page: Page) -> str:
    return f"{text(page['title'])} {code(page['url'])}"


def _reasoned(page: Page) -> str:
    return f"{_named(page)}: {text(page['reason'])}"


def _referring(pages: Sequence[Page]) -> str:
    lines = [f"- {code(page['path'])}, line {page['line']}, in its {page['in']}" for page in pages[:MOST]]
    lines += [f"- and {len(pages) - MOST:,} more"] if len(pages) > MOST else []
    listed = "\n".join(lines) + "\n"
    return listed if len(lines) <= OPEN else _details(f"{len(pages):,} links", listed)


def _details(summary: str, body: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{body}\n</details>\n"
