"""Graded judgments of editors: the file format, and how far two editors agree; pure but for reading.

A line is ``{"url": "...", "labels": {"url": LABEL, ...}}``: 3 excellent next read, 2 good, 1 weak, 0 unrelated, D the
same question again; a lower-case letter behind a grade marks candidates of one article that repeat one another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recommender.errors import RecommenderError
from recommender.system.json_lines import Form, LineProblem, read_by_url

GRADES = ("3", "2", "1", "0", "D")
USEFUL = 2
_LABEL = re.compile("([0-3])([a-z]?)|D", re.ASCII)

# The url of a judged article -> the url of a candidate -> its label, as it stands in the file.
Judgments = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Label:
    """What an editor said of a candidate: ``grade`` 0 to 3, ``group`` the letter of what repeats it, or "".

    ``same`` stands for D, the same question again, whose grade is 0.
    """

    grade: int
    group: str = ""
    same: bool = False


@dataclass(frozen=True)
class Agreement:
    """How far two editors agree on the candidates that both graded (Cohen 1960, 1968).

    ``useful`` is kappa on grade 2 or 3 against the rest, ``plain`` on the five labels, ``weighted`` on the grades with
    quadratic weights, D as 0; ``same`` is the share of equal labels. The letters play no part. NaN stands for
    a kappa that is not defined, because both gave every candidate the same label.
    """

    articles: int
    candidates: int
    same: float
    plain: float
    useful: float
    weighted: float


def parse_label(text: str) -> Label:
    """Take a label apart.

    Raises:
        ValueError: it is not a grade from 0 to 3, with or without a letter, nor D.
    """
    found = _LABEL.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a label: write 3, 2, 1 or 0, with or without a letter a to z, or D")
    return Label(0, same=True) if text == "D" else Label(int(found[1]), found[2])


def read_judgments(file: Path) -> dict[str, dict[str, str]]:
    """Read the judgments of a file, in its order.

    Raises:
        RecommenderError: the file cannot be read, or a line has another form, an unknown label, or an article or
            candidate that was there before.
    """
    return read_by_url(file, FORM)


def format_judgments(judgments: Judgments, before: str = "") -> bytes:
    """Write the file's text: a line an article in the given order, its candidates by url, none without labels.

    The lines of a text from before stay where they are; those that say the same, as they are.
    """
    left = {url: dict(sorted(labels.items())) for url, labels in judgments.items() if labels}
    lines = []
    for line in before.removesuffix("\n").split("\n") if before else []:
        row = json.loads(line) if line.strip() else {}
        labels = left.pop(row.get("url", ""), None)
        if (labels or {}) == row.get("labels", {}):
            lines.append(line)
        elif labels:
            lines.append(json.dumps({**row, "labels": labels}, ensure_ascii=False))
    lines += [json.dumps({"url": url, "labels": labels}, ensure_ascii=False) for url, labels in left.items()]
    return "".join(line + "\n" for line in lines).encode("utf-8")


def agreement(one: Judgments, other: Judgments) -> Agreement:
    """Compare two editors on what both graded.

    Raises:
        RecommenderError: they graded no candidate of an article both.
    """
    articles = [url for url in one if one[url].keys() & other.get(url, {}).keys()]
    pairs = [
        (parse_label(one[url][candidate]), parse_label(other[url][candidate]))
        for url in articles
        for candidate in sorted(one[url].keys() & other[url].keys())
    ]
    if not pairs:
        raise RecommenderError("the two files have no graded candidate in common; name judgments of the same articles")
    plain = [(_category(left), _category(right)) for left, right in pairs]
    grades = [(left.grade, right.grade) for left, right in pairs]
    return Agreement(
        articles=len(articles),
        candidates=len(pairs),
        same=sum(left == right for left, right in plain) / len(pairs),
        plain=kappa(plain),
        useful=kappa([(int(left >= USEFUL), int(right >= USEFUL)) for left, right in grades]),
        weighted=kappa(grades, power=2),
    )


def kappa(pairs: Sequence[tuple[int, int]], power: int = 0) -> float:
    """Compute Cohen's kappa of two editors' categories 0, 1, …: 1 - observed / expected disagreement.

    A disagreement counts its distance to the given power: 0 all alike, 2 quadratic. NaN where none can be expected.
    """
    both = np.array(pairs, np.int64)
    size = int(both.max()) + 1
    distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    weights = np.where(distance, distance.astype(np.float64) ** power, 0.0)
    seen = np.zeros((size, size))
    np.add.at(seen, (both[:, 0], both[:, 1]), 1 / len(both))
    expected = float((weights * np.outer(seen.sum(axis=1), seen.sum(axis=0))).sum())
    return 1 - float((weights * seen).sum()) / expected if expected else float("nan")


def _category(label: Label) -> int:
    return 4 if label.same else label.grade


def _labels(row: Mapping[str, Any]) -> dict[str, str]:
    labels: dict[str, str] = row["labels"]
    if not isinstance(labels, dict) or not all(isinstance(label, str) for label in labels.values()):
        raise TypeError
    for candidate, label in labels.items():
        try:
            parse_label(label)
        except ValueError as error:
            raise LineProblem(f"{candidate}: {error}") from None
    return labels


FORM = Form('{"url": "...", "labels": {"url": "3", ...}}', "name a file that `judge` wrote", _labels)
