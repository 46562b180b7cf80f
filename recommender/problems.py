"""What can be wrong with a file or a link: one table, which also makes the page of problems and the ``--json``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Kind:
    """What one code means: its severity, the stage that finds it, what it says and what to do."""

    severity: str
    stage: str
    summary: str
    remedy: str


KINDS: dict[str, Kind] = {
    # The file cannot be an article.
    "unreadable": Kind("error", "read", "the file cannot be read", "check its permissions and the disk"),
    "not-a-file": Kind(
        "error", "read", "not a regular file of this folder", "replace the link, pipe or device by a file"
    ),
    "too-large": Kind("error", "read", "larger than 1 MiB, or its front matter than 256 KiB", "split the article"),
    "not-utf8": Kind("error", "read", "not UTF-8 text", "save the file as UTF-8"),
    "broken-fence": Kind(
        "error",
        "read",
        "the line that opens or closes the front matter is not just ---",
        "put --- alone on the first line and on the line after the last key",
    ),
    "bad-yaml": Kind("error", "read", "the front matter is not valid YAML", "mend the line that is named"),
    "bad-toml": Kind("error", "read", "the front matter is not valid TOML", "mend the line that is named"),
    "bad-json": Kind("error", "read", "the data file is not valid JSON", "mend the line that is named"),
    "unsafe-yaml": Kind(
        "error",
        "read",
        "the front matter is nested or repeated beyond reason",
        "write its values out plainly",
    ),
    "not-a-mapping": Kind(
        "error", "read", "the front matter is not a list of keys", "write it as lines of `key: value`"
    ),
    "missing-url": Kind("error", "read", "the article has no url", "add its url to the front matter"),
    "bad-url": Kind(
        "error",
        "read",
        "the url is no address of a page: it holds spaces, a host without http(s):, or a scheme such as javascript:",
        "write the url as the path of the page",
    ),
    "missing-title": Kind("error", "read", "the article has no title", "add a title to the front matter"),
    "duplicate-url": Kind(
        "error",
        "read",
        "another file has the same url, so neither is an article",
        "give each file its own url",
    ),
    "missing-id": Kind(
        "note", "read", "the article has no id, and nine in ten others have one", "give the article an id"
    ),
    "bad-id": Kind(
        "warning",
        "read",
        "the id is not a whole number of at most 15 digits, so links by id do not find the article",
        "write the id as digits without leading zeros",
    ),
    "bad-date": Kind(
        "note",
        "read",
        "no date that can be read, so it hides nothing",
        "write the year first, as in 2026-11-28, or 2026-11-28 10:00 +0200",
    ),
    "bad-include": Kind(
        "warning",
        "read",
        "a text that the file includes is left out",
        "mend the path, or take the line out",
    ),
    "unused-rule": Kind(
        "note", "read", "no article fits this rule of the settings", "correct the rule, or take it out"
    ),
    # A rule of recommender.rules.yml; the others hold.
    "bad-rule": Kind("error", "rule", "no rule of the site", "write it as the page on rules shows, or take it out"),
    "stale-rule": Kind("warning", "rule", "the rule fits no page", "correct the rule, or take it out"),
    "rule-conflict": Kind("warning", "rule", "the rule speaks against another", "keep one of the two"),
    "duplicate-rule": Kind("note", "rule", "the rule stands twice", "take one of the two out"),
    "no-front-matter": Kind("note", "read", "no front matter, so not an article", "none needed for a plain page"),
    "bad-file-name": Kind(
        "warning", "read", "the name of the file is not UTF-8, so no edit reaches it", "rename the file"
    ),
    # A curated link, by its verdict.
    "dead": Kind("error", "link", "no article has this url or id", "remove the link: `recommender fill`"),
    "ambiguous": Kind(
        "error", "link", "the url or id belongs to several different articles", "name one of them by its url"
    ),
    "self": Kind("error", "link", "the article links to itself", "remove the link: `recommender fill`"),
    "copy": Kind("error", "link", "links to a copy of the article itself", "remove the link: `recommender fill`"),
    "blocked": Kind("error", "link", "a rule of the site forbids the link", "remove the link: `recommender fill`"),
    "hidden": Kind("error", "link", "links to a hidden article", "remove the link: `recommender fill`"),
    "repeated": Kind(
        "error", "link", "an earlier slot links to the same article", "remove the link: `recommender fill`"
    ),
    "malformed-link": Kind(
        "error", "link", "the related block is not a list of texts", "remove or rewrite the block by hand"
    ),
    "other-shape": Kind(
        "error",
        "link",
        "the key holds links in another shape than the settings say",
        "name its shape in recommender.yml under `links:`, or mend the key",
    ),
    "duplicate-slot": Kind(
        "error",
        "link",
        "the slot stands twice, and readers of YAML take the first, the last or neither",
        "keep one of the two blocks",
    ),
    "moved": Kind("warning", "link", "the url is an old address of the page", "correct it: `recommender fill`"),
    "drifted-id": Kind("warning", "link", "the id is not the target's", "correct it: `recommender fill`"),
    "drifted-title": Kind("warning", "link", "the title is not the target's", "correct it: `recommender fill`"),
    "drifted-subject": Kind("warning", "link", "the subject is not the target's", "correct it: `recommender fill`"),
    "drifted-url": Kind("warning", "link", "the url is not the target's", "correct it: `recommender fill`"),
    "unknown-page": Kind(
        "note", "link", "the data file has a list for a page that is no article", "correct its url, or remove the list"
    ),
    "gap": Kind("warning", "link", "an empty slot before a filled one", "close it: `recommender fill`"),
    "too-many": Kind("warning", "link", "more links than slots", "remove the weakest links by hand"),
    # Worth knowing.
    "elsewhere": Kind("note", "link", "leads to a page of the site that is no article", "none needed: it is kept"),
    "same-page": Kind(
        "note",
        "link",
        "an earlier slot leads to the same page, with another fragment or query",
        "none needed: both are kept",
    ),
    "unknown-host": Kind(
        "note",
        "link",
        "links with these hosts count as links to other sites, for the site's own host is not known",
        "if one is yours, name it in recommender.yml: `url: {host: example.org}`",
    ),
    "alias-conflict": Kind(
        "warning",
        "read",
        "an old address of the article is also that of another page, so links to it are not its own",
        "leave the alias with one of them",
    ),
    "no-links": Kind("note", "link", "the article links to no other", "fill its slots: `recommender fill`"),
    "orphan": Kind("note", "link", "no article links to this one", "fill other articles: `recommender fill`"),
    "shared-id": Kind("note", "read", "several files use this id", "none needed for copies of one article"),
    "copies": Kind("note", "read", "the same answer stands under several urls", "keep one, redirect the others"),
    "same-question": Kind("note", "read", "another article asks the same question", "merge the two, or set them apart"),
    # The file cannot be written.
    "not-editable": Kind(
        "error",
        "edit",
        "the file cannot be edited safely and was left as it is",
        "mend what is named, then run again",
    ),
    "conflict": Kind(
        "error", "edit", "the file changed after it was read and was left as it is", "run the command again"
    ),
}


# What a code means where the finding is a mild one.
MILD: dict[str, Kind] = {
    "dead": Kind("warning", "link", "a link in the text leads to no page", "correct it in the text"),
    "hidden": Kind(
        "warning",
        "link",
        "links to a page that is not published yet, or not listed",
        "none needed: the link stays; or remove it by hand",
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: what, where (path, line from 1, slot from 1; 0 where none applies) and the value at fault.

    A ``mild`` one is of the lesser kind of its code; ``remedy`` is what to do, where it is not what its kind says.
    ``target`` is the url of the link that it is about, where ``value`` says more than that.
    """

    code: str
    path: str
    line: int = 0
    slot: int = 0
    value: str = ""
    reason: str = ""
    mild: bool = False
    remedy: str = ""
    target: str = ""

    @property
    def kind(self) -> Kind:
        """What the finding means."""
        return MILD[self.code] if self.mild else KINDS[self.code]

    @property
    def severity(self) -> str:
        """Severity of the finding: error, warning or note."""
        return self.kind.severity

    def as_dict(self) -> dict[str, str | int]:
        """Give the finding as plain values for ``--json``, with severity, stage, reason and remedy spelled out."""
        kind = self.kind
        return {
            "code": self.code,
            "severity": kind.severity,
            "stage": kind.stage,
            "path": printable(self.path),
            "line": self.line,
            "slot": self.slot,
            "value": printable(self.value),
            "reason": printable(self.reason or kind.summary),
            "remedy": self.remedy or kind.remedy,
        }

    def sentence(self) -> str:
        """Say the finding in one line: place, severity, code, reason, value and remedy."""
        row = self.as_dict()
        place = f"{row['path']}:{self.line}" if self.line else str(row["path"])
        slot = f" slot {self.slot}" if self.slot else ""
        value = f": {shorten(str(row['value']))}" if self.value else ""
        return f"{place}: {row['severity']} {self.code}{slot}: {row['reason']}{value} ({row['remedy']})"


def unread(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Give those that keep a file from being an article."""
    return tuple(p for p in problems if p.severity == "error" and KINDS[p.code].stage == "read")


def worst_reached(problems: Iterable[Problem], severity: str) -> bool:
    """Tell whether any problem is of the given severity or worse."""
    limit = SEVERITIES.index(severity)
    return any(SEVERITIES.index(problem.severity) <= limit for problem in problems)


def unusable(problems: Iterable[Problem]) -> list[str]:
    """Name the files that an error keeps out, each once."""
    return list(dict.fromkeys(problem.path for problem in problems if problem.severity == "error"))


def printable(text: str) -> str:
    """Escape what would break a line or a terminal: control characters, lone surrogates, line separators."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shorten(text: str, width: int = 120) -> str:
    """Cut a long value for a message, with an ellipsis."""
    return text if len(text) <= width else text[: width - 1] + "…"
