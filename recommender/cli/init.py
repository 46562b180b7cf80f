"""``recommender init``: find out what site a folder holds, write its settings, prove them."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.options import JSON, exclude
from recommender.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.problems import Problem
    from recommender.site.proof import Found, Proof
    from recommender.site.settings_file import Scaffolded


# Files that are shown of each kind.
EXAMPLES = 3


@click.command()
@click.option("--preset", type=click.Choice(sorted(PRESETS)), help="Generator of the site, where init takes another.")
@click.option("--show", "file", metavar="FILE", help="Show what is read of one file, or why it is no page.")
@click.option("--force", is_flag=True, help="Replace a recommender.yml that is there already.")
@JSON
def init(preset: str | None, file: str | None, force: bool, as_json: bool) -> int:
    """Detect the site, write a commented recommender.yml, and prove it by what is read with it."""
    from recommender.site.settings_file import write_settings

    exclude("file", ["preset", "force"], "--show only reads")
    if file is not None:
        return _show(file, as_json=as_json)
    written = write_settings(Path.cwd(), force=force, preset=preset or "")
    if as_json:
        printing.print_json(_as_dict(written))
    else:
        for line in _lines(written):
            printing.say(line)
        printing.mention_embeddings()
    return 1 if written.to_do else 0


def _lines(written: Scaffolded) -> list[str]:
    """Say what was found, and what is to be set."""
    detected, proof = written.detected, written.proof
    marker = f" ({detected.marker})" if detected.marker else ""
    folders = ", ".join(detected.content)
    lines = [f"{detected.preset} site{marker}: {proof.pages:,} pages of {proof.files:,} files in {folders}"]
    lines += [f"  {path}  ->  {url}" for path, url in proof.examples]
    lines.append(
        f"  urls: {_urls(proof)}; titles from {', '.join(written.settings.pages.title or ('title', 'heading'))}"
    )
    lines.append(f"  {_apart('language', proof.languages)}; {_apart('version', proof.versions)}; {_hidden(proof)}")
    lines += [f"  {_list(one)}" for one in proof.lists] or ["  no lists of links in the front matter"]
    lines += _named("cannot be read", proof.unread) + _named("hold a list of another shape", proof.odd_lists)
    if not written.writable:
        lines.append(
            "  most pages have no front matter in YAML or TOML, so links are not written into them: "
            "name a data file, `write: data/related.yml` under `links:`"
        )
    lines.append(f"{written.file.name} written" + ("" if written.to_do else "; next: `recommender build`"))
    lines += [f"to do: {one}" for one in written.to_do]
    if proof.examples:
        place = written.settings.content
        lines.append(f"wrong? `recommender init --show {shlex.quote(_relative(place, proof.examples[0][0]))}`")
    return lines


def _named(what: str, problems: Sequence[Problem]) -> list[str]:
    """Count the files with a problem, and show some with line, reason and remedy."""
    paths = dict.fromkeys(problem.path for problem in problems)
    if not paths:
        return []
    head = f"  {len(paths):,} files {what}:" if len(paths) > 1 else f"  a file {what.replace('hold ', 'holds ')}:"
    more = [f"    … and {len(problems) - EXAMPLES:,} more: `recommender audit`"] if len(problems) > EXAMPLES else []
    return [head, *(f"    {problem.sentence()}" for problem in problems[:EXAMPLES]), *more]


def _relative(content: Path | None, path: str) -> str:
    full = (content or Path()) / path
    return str(full.relative_to(Path.cwd())) if full.is_relative_to(Path.cwd()) else str(full)


def _urls(proof: Proof) -> str:
    return f"{proof.repeated:,} files share one with another" if proof.repeated else f"{proof.pages:,}, all different"


def _apart(noun: str, counts: Counter[str]) -> str:
    named = [f"{name or 'none'} ({count:,})" for name, count in counts.most_common(8)]
    more = ", …" if len(counts) > 8 else ""
    return f"{len(counts)} {noun}s: {', '.join(named)}{more}" if len(counts) > 1 else f"no {noun}s"


def _hidden(proof: Proof) -> str:
    named = [f"{reason} ({count:,})" for reason, count in proof.hidden.most_common(3)]
    return f"hidden: {', '.join(named)}" if named else "nothing hidden"


def _list(one: Found) -> str:
    own = one.settings
    if not one.files and own.write:
        return f"no lists of links yet: `recommender fill` writes {own.write}, and touches no page"
    if not one.files:
        return f"no lists of links yet: `recommender fill` writes `{own.key}:`, {own.shape} by {own.refer}"
    return (
        f"{own.name}: {own.shape} by {own.refer} in {one.files:,} files: {one.references:,} references; "
        f"{one.found:,} found, {one.ambiguous:,} ambiguous, {one.external:,} to other sites, {one.missing:,} to no page"
    )


def _as_dict(written: Scaffolded) -> dict[str, Any]:
    proof = written.proof
    return {
        "file": str(written.file),
        "site": written.detected.preset,
        "marker": written.detected.marker,
        "content": list(written.detected.content),
        "files": proof.files,
        "pages": proof.pages,
        "repeated": proof.repeated,
        "examples": [{"path": path, "url": url} for path, url in proof.examples],
        "languages": dict(proof.languages),
        "versions": dict(proof.versions),
        "hidden": dict(proof.hidden),
        "links": [
            {
                "key": one.settings.key,
                "write": one.settings.write or "front matter",
                "shape": one.settings.shape,
                "refer": one.settings.refer,
                "files": one.files,
                "references": one.references,
                "found": one.found,
                "ambiguous": one.ambiguous,
                "external": one.external,
                "missing": one.missing,
            }
            for one in proof.lists
        ],
        "unread": [problem.as_dict() for problem in proof.unread],
        "odd_lists": [problem.as_dict() for problem in proof.odd_lists],
        "to_do": list(written.to_do),
    }


def _show(file: str, *, as_json: bool) -> int:
    """Show what one file is to the settings that stand, or to those that init would write."""
    from recommender.site.one_file import read_one

    found = read_one(Path(file))
    if as_json:
        printing.print_json(found.as_dict())
    else:
        for line in found.lines():
            printing.say(line)
    return 0 if found.article else 1
