"""Which links were generated: ``recommender.links.jsonl``, kept beside recommender.yml and meant to be committed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from recommender.errors import SettingsError
from recommender.system.json_lines import Form, read_by_url, texts

FORM = Form(
    '{"url": "...", "generated": ["..."]}', "restore the file from git", lambda row: frozenset(texts(row["generated"]))
)

Generated = Mapping[str, frozenset[str]]


def read_generated(file: Path) -> dict[str, frozenset[str]]:
    """Read the urls of generated links by the url of their article; none where there is no file.

    Raises:
        RecommenderError: the file cannot be read, a line is not ``{"url": "...", "generated": ["...", ...]}``, or two
            are about one article.
    """
    return read_by_url(file, FORM, optional=True)


def generated_of(file: Path, url: str) -> frozenset[str]:
    """Read the generated links of one article, without those of all others; none where there is no file.

    Raises:
        SettingsError: its line is not of the agreed form.
    """
    try:
        data = file.read_bytes()
    except OSError:
        return frozenset()
    start = data.find(b'{"url": %s,' % json.dumps(url, ensure_ascii=False).encode("utf-8"))
    line = data[start:].partition(b"\n")[0] if start >= 0 else b""
    try:
        return frozenset(json.loads(line)["generated"]) if line else frozenset()
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SettingsError(f"{file}: the line of {url} is damaged; restore the file from git") from None


def format_generated(generated: Generated) -> bytes:
    """Write the file's text: one line an article, sorted by url, articles without generated links left out."""
    lines = [
        json.dumps({"url": url, "generated": sorted(urls)}, ensure_ascii=False) + "\n"
        for url, urls in sorted(generated.items())
        if urls
    ]
    return "".join(lines).encode("utf-8")
