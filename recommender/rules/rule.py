"""Rules on who takes part, as the settings ``hidden``, ``never_suggest`` and ``no_list`` write them, and checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from recommender import patterns
from recommender.addresses import unescaped
from recommender.errors import SettingsError
from recommender.problems import printable, shorten

HIDDEN = (
    "no_index",
    "noindex",
    "seo.noindex",
    "robots|seo.robots|meta.robots: noindex",
    "draft",
    "unlisted",
    "hidden",
    "private",
    "visibility: private",
    "headless",
    "search.exclude",
    "eleventyExcludeFromCollections",
    "_build.list|build.list: never",
    "_build.render|build.render: never",
    "published: false",
    "publish: false",
    "status|state: draft",
    "permalink: false",
    "date: future",
    "publishDate|publish_date|pubDate|pubDatetime|publishedAt|published_at|published: future",
    "expiryDate|expiry_date|expires|unpublishdate|unpublish_date: past",
    "path: _drafts/**",
)
# Of these, what keeps a page out of lists and searches alone: readers may still be led to it.
UNLISTED = frozenset(
    [
        "unlisted",
        "hidden",
        "headless",
        "robots",
        "seo.robots",
        "meta.robots",
        "seo.noindex",
        "search.exclude",
        "eleventyexcludefromcollections",
        "_build.list",
        "build.list",
    ]
)
TRUE, FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
DATED = ("future", "past")
ANY = "*"
# What readers shall not find any more, or never: links to it are dropped. All else may still be shown to them.
FOR_GOOD = {("no_index", True), ("noindex", True), ("published", False), ("publish", False)}
# The keys of dates in the default rules: any other word behind one of them is a slip of the pen, but for `published`.
DATES = {key.lower() for rule in HIDDEN if rule.endswith(DATED) for key in rule.partition(":")[0].split("|")}
DATES -= {"published"}
HIDDEN_FORMS = "a rule is a key, `key: value`, `key: future`, `key: past` or `path: PATTERN`"
TARGET_FORMS = "a rule is a pattern of urls (/legal/*), {subject: News}, {title: PATTERN} or {key: layout, is: landing}"


class Rule(NamedTuple):
    """One rule, ``text`` as it is written.

    It holds where one of the front matter's ``keys`` has the ``value`` (True and False for all that means them, a
    text in lower case, or ``ANY``), or where the noun of the page that ``of`` names fits the pattern.
    """

    text: str
    keys: tuple[str, ...] = ()
    value: bool | str = True
    of: str = ""
    pattern: re.Pattern[str] = re.compile("")
    for_good: bool = False


# What is never suggested, whatever the settings: error pages, pages left out of the sitemap, and pages that lead on.
NOT_FOUND = Rule("404 page", of="name", pattern=re.compile(r"404(\..*)?"))
_NO_SITEMAP = ("sitemap.ignore", "sitemap.exclude", "sitemap.disable", "sitemap_exclude", "exclude_from_sitemap")
BUILT_IN = (
    NOT_FOUND,
    Rule("layout: 404", ("layout",), value="404"),
    Rule("layout: redirect", ("layout",), value="redirect"),
    *(Rule(key, (key,), value=ANY) for key in ("redirect_to", "redirectTo", "redirect")),
    Rule("sitemap: false", ("sitemap",), value=False),
    *(Rule(f"{key}: true", (key,)) for key in _NO_SITEMAP),
)


def hidden_rule(text: str, date_key: str = "date", hidden_key: str = "no_index") -> Rule:
    """Read one rule of ``hidden``; ``date_key`` and ``hidden_key`` stand for the keys ``date`` and ``no_index``.

    Raises:
        ValueError: it is none, in words.
    """
    named, colon, value = (part.strip() for part in text.partition(":"))
    keys = tuple(key.strip() for key in named.split("|"))
    if not all(keys) or (colon and not value) or not text.isprintable() or re.search(r"[{}[\]]", named):
        raise ValueError(HIDDEN_FORMS)
    if named == "path":
        return Rule(text, of="path", pattern=re.compile(f"(?:.*/)?{patterns.of_texts(value)}", re.DOTALL))
    if not colon and any(re.search(r"[\s=]", key) for key in keys):
        raise ValueError("a key and its value stand on both sides of a colon, as in `status: draft`")
    wanted = meaning(value or "true")
    if DATES.intersection(map(str.lower, keys)) and wanted not in DATED:
        raise ValueError("a date is compared with `future` or `past`")
    good = wanted == "past" or all((key.lower(), wanted) in FOR_GOOD for key in keys)
    actual = {"date": date_key, "no_index": hidden_key}
    return Rule(text, tuple(actual.get(key, key) for key in keys), wanted, for_good=good)


def target_rule(text: str) -> Rule:
    """Read one rule of ``never_suggest`` or ``no_list``; what is no pattern of urls stands in braces.

    Raises:
        ValueError: it is none, in words.
    """
    named = re.fullmatch(r"\{(subject|title): (.+)\}|\{key: (.+?), is: (.+)\}", text)
    if not text.isprintable() or not text or (not named and re.search(r"[\s{}]", text)):
        raise ValueError(TARGET_FORMS)
    if not named:
        path = unescaped(re.sub(r"^[a-z]+://[^/]*", "", text)).strip("/")
        return Rule(text, of="url", pattern=re.compile(f"/?{patterns.of_texts(path)}", re.DOTALL))
    if named[3]:
        return Rule(text, (named[3].strip(),), meaning(named[4]))
    wanted = named[2].strip().casefold()
    expression = re.escape(wanted) if named[1] == "subject" else patterns.of_texts(wanted)
    return Rule(text, of=named[1], pattern=re.compile(expression, re.DOTALL))


def rules_in(name: str, value: Any, file: Path) -> tuple[str, ...]:
    """Read the rules of a setting: a list of texts and mappings, or one of them; each as one text.

    Raises:
        SettingsError: one of them is none.
    """
    found = []
    for one in value if isinstance(value, tuple) else (value,):
        try:
            found.append(parsed_rule(name, one))
        except ValueError as error:
            text = shorten(printable(_text_for(name, one)))
            raise SettingsError(f"{file}: {name}: no rule: '{text}'; {error}") from None
    return tuple(found)


def parsed_rule(name: str, one: Any) -> str:
    """Read one rule of a setting, a text or a mapping, as one text.

    Raises:
        ValueError: it is none, in words.
    """
    text = _text_for(name, one)
    if name == "hidden":
        hidden_rule(text)
    elif isinstance(one, Mapping) and sorted(one) not in (["subject"], ["title"], ["is", "key"]):
        raise ValueError(TARGET_FORMS)
    else:
        target_rule(text)
    return text


def _text_for(name: str, one: Any) -> str:
    text = _as_text(one)
    return text[1:-1] if name == "hidden" and isinstance(one, Mapping) and len(one) == 1 else text


def _as_text(one: Any) -> str:
    """Write a rule as one text: a mapping as YAML has it on one line, with ``key`` before ``is``."""
    if isinstance(one, str):
        return one.strip()
    if isinstance(one, Mapping):
        texts = {name: one[name] if isinstance(one[name], str) else "" for name in sorted(one, key="is".__eq__)}
        return f"{{{', '.join(f'{name}: {text}' for name, text in texts.items())}}}"
    return "{a list}" if isinstance(one, tuple) else "{}"


def says(text: str, value: bool | str) -> bool:
    """Tell whether a text, or an item of it between commas, has the value of a rule; ``ANY`` is all but empty or false.

    ``robots: noindex, nofollow`` says ``noindex``.
    """
    if value == ANY:
        return bool(text.strip()) and meaning(text) is not False
    return meaning(text) == value or any(meaning(item) == value for item in text.split(","))


def meaning(text: str) -> bool | str:
    """Give what a text says: True, False, or the text in lower case."""
    text = text.strip().casefold()
    return True if text in TRUE else False if text in FALSE else text
