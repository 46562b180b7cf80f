"""Settings: one frozen object, from recommender.yml or the defaults; unknown keys and wrong types are errors."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from recommender import addresses
from recommender.errors import FileProblem, SettingsError
from recommender.markdown import front_matter
from recommender.rules.editor_rules import NO_RULES, RULES_FILE, EditorRules
from recommender.rules.reader import Reader, reader_of
from recommender.rules.rule import HIDDEN, rules_in
from recommender.rules.rules_copy import rules_by_copy
from recommender.settings_values import (
    check_known,
    flag_in,
    mapping_in,
    number_in,
    some_above_zero,
    text_in,
    texts_in,
    web_pattern_in,
)
from recommender.site_settings import ListSettings, PageSettings, lists_in, pages_in

FILE_NAME = "recommender.yml"
# What a site has beside it, unless it or the command line says otherwise.
MODEL_FOLDER = "models/default"
LINKS_FILE = "recommender.links.jsonl"
JUDGMENTS_FILE = "judgments.jsonl"


@dataclass(frozen=True)
class Keys:
    """Where an article's nouns stand in its front matter; dotted for nested keys."""

    id: str = "id"
    title: str = "title"
    subject: str = "subject"
    url: str = "url"
    date: str = "date"
    hidden: str = "no_index"
    answer: str = "answer"
    related: str = "related_article"


@dataclass(frozen=True)
class UrlSettings:
    """Which addresses are the site's own, and what else there is under them; paths are absolute.

    ``host`` are its hosts, ``aliases`` the keys of an article's old addresses, ``elsewhere`` patterns of pages that
    are no articles; a ``sitemap`` and the ``built`` folder list them all.
    """

    host: tuple[str, ...] = ()
    ignore_case: bool = False
    aliases: tuple[str, ...] = ("aliases", "redirect_from", "redirectFrom", "alias")
    elsewhere: tuple[str, ...] = ()
    sitemap: Path | None = None
    built: Path | None = None


# Parts of a score -> their default weights: round numbers near the optimum over 160 judged articles and the curated
# links of seven other sites. Weights learned on the seven sites alone rank the judged articles as well: nDCG@5 0.762
# instead of 0.764.
PARTS = {
    "cosine": 0.4,
    "head_covered": 0.2,
    "text_covered": 0.2,
    "title_covered": 0.1,
    "near_in_return": 0.1,
    "same_subject": 0.1,
}
# The field that is composed of others: all that a reader of the article reads.
TEXT = "text"
# What is embedded: nothing, or the titles.
OFF, TITLES = "off", "titles"


@dataclass(frozen=True)
class Settings:
    """Everything that changes a result.

    ``content`` and ``model`` are absolute paths or None. Weight 0 means that a field is off. ``text`` says how often
    the words of each source count in the composed field ``text``; ``lead_times`` how often the first ``lead_words``
    of its answer or body count beside that, and ``code_times`` how often a word of its code blocks counts at most.
    With 1, 3, 5 and all: nDCG@5 0.547, 0.552, 0.559 and 0.557 against ESLint's own lists, 0.217, 0.211, 0.209 and 0.204
    against those of a blog with scripts. ``skip_linked`` passes over what the text of an article links
    to. A generated link gives way to one that scores more by ``replace_margin``, a share; ``balance`` and
    ``max_in_links`` are for fills alone. ``embeddings`` "titles" compares what titles mean, by a model that the extra
    of that name brings. ``floor`` None is half of what the site's near candidates usually score. ``answers`` are keys
    whose values answers give besides. ``page_link`` and ``file_link`` are patterns of the addresses of a live page and
    of its file, for the pages of the service. ``hidden``, ``never_suggest`` and ``no_list`` are rules, as ``rules``
    reads them, ``editor_rules`` those of ``recommender.rules.yml``. The defaults of numbers were chosen by their means
    over 160 judged articles of one site and the curated links of seven others, the same for all of them.
    """

    content: Path | None = None
    model: Path | None = None
    slots: int = 5
    keys: Keys = field(default_factory=Keys)
    url: UrlSettings = field(default_factory=UrlSettings)
    fields: Mapping[str, float] = field(default_factory=lambda: {"title": 0.15, TEXT: 0.7, "seo.page_keywords": 0.15})
    text: Mapping[str, int] = field(
        default_factory=lambda: {"answer": 1, "body": 1, "title": 3, "seo.page_keywords": 2}
    )
    lead_words: int = 40
    lead_times: int = 2
    code_times: int = 5
    parts: Mapping[str, float] = field(default_factory=lambda: dict(PARTS))
    floor: float | None = None
    candidates: int = 64
    exact_up_to: int = 200_000
    same_question_article: float = 0.5
    same_question_list: float = 0.5
    skip_linked: bool = True
    embeddings: str = OFF
    max_age: int = 0
    replace_margin: float = 0.1
    balance: bool = False
    max_in_links: int = 60
    hidden: tuple[str, ...] = HIDDEN
    never_suggest: tuple[str, ...] = ()
    no_list: tuple[str, ...] = ()
    pages: PageSettings = field(default_factory=PageSettings)
    links: tuple[ListSettings, ...] = ()
    answers: tuple[str, ...] = ()
    page_link: str = ""
    file_link: str = ""
    editor_rules: EditorRules = NO_RULES
    home: Path | None = None

    @property
    def model_folder(self) -> Path:
        """Folder of the model: ``model``, or models/default beside the settings file."""
        return self.model or self._beside(MODEL_FOLDER)

    @property
    def data_file(self) -> Path | None:
        """File into which links are written instead of the articles; None where they stand in front matter."""
        write = self.links[0].write if self.links else ""
        return Path(os.path.normpath(self._beside(write))) if write else None

    @property
    def links_file(self) -> Path:
        """File that says which links were generated."""
        return self._beside(LINKS_FILE)

    @property
    def judgments_file(self) -> Path:
        """File of an editor's grades, where ``judge`` writes them."""
        return self._beside(JUDGMENTS_FILE)

    @property
    def rules_file(self) -> Path:
        """File of the editors' rules."""
        return self._beside(RULES_FILE)

    def _beside(self, name: str) -> Path:
        return (self.home or Path.cwd()) / name

    @cached_property
    def weighted(self) -> dict[str, float]:
        """Fields that count: those with a weight above 0, in the order in which they are written."""
        return {name: weight for name, weight in self.fields.items() if weight > 0}

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Texts to read from each file: front matter keys, or ``body``; the title first."""
        composed = [name for name, times in self.text.items() if times > 0] if TEXT in self.weighted else []
        plain = [name for name in self.weighted if name != TEXT]
        return tuple(dict.fromkeys([self.keys.title, *plain, *composed]))

    @cached_property
    def rules(self) -> Reader:
        """What tells who takes part."""
        never, no_list = self.page_rules
        return reader_of(self.hidden, never, no_list, (self.keys.date, self.keys.hidden))

    @property
    def page_rules(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Rules of both files: what is never suggested, and what gets no list."""
        editors = self.editor_rules
        return (
            self.never_suggest + editors.page_rules("never_suggest"),
            self.no_list + editors.page_rules("no_list"),
        )


def ranking_settings(settings: Settings) -> dict[str, object]:
    """Give the settings that change which links are chosen, as plain values; the order of the fields counts."""
    names = (
        "slots",
        "lead_words",
        "lead_times",
        "code_times",
        "floor",
        "candidates",
        "exact_up_to",
        "same_question_article",
        "same_question_list",
        "skip_linked",
    )
    fields = [[name, weight] for name, weight in settings.weighted.items()]
    parts = [[name, weight] for name, weight in settings.parts.items()]
    text = [[name, times] for name, times in settings.text.items() if times]
    return {
        "fields": fields,
        "text": text,
        "parts": parts,
        "keys": vars(settings.keys),
        "url": {"host": list(settings.url.host), "ignore_case": settings.url.ignore_case},
        "answers": list(settings.answers),
        "hidden": list(settings.hidden),
        "never_suggest": list(settings.page_rules[0]),
        "no_list": list(settings.page_rules[1]),
        **{name: getattr(settings, name) for name in names},
        # Only where it is on: a model without is as it was before there was the setting.
        **({"embeddings": settings.embeddings} if settings.embeddings != OFF else {}),
    }


# What a user may write, beside the paths: name -> (type, lowest, highest, what it is).
NUMBERS: dict[str, tuple[type, float, float, str]] = {
    "slots": (int, 1, 99, "links per article"),
    "lead_words": (int, 0, 10_000, "first words of the answer or body that count more"),
    "lead_times": (int, 0, 100, "how often they count beside the once that every word counts"),
    "code_times": (int, 0, 100, "how often a word of an article's code blocks counts at most; 0: code is no text"),
    "floor": (float, 0.0, 1.0, "lowest score of a link that is shown"),
    "candidates": (int, 1, 1000, "neighbours kept for each article"),
    "exact_up_to": (int, 0, 100_000_000, "articles up to which every pair is compared; beyond, nearly all near ones"),
    "same_question_article": (
        float,
        0.0,
        1.0,
        "likeness from which two articles ask the same question; 0: off",
    ),
    "same_question_list": (float, 0.0, 1.0, "the same between two links of one list; 0: off"),
    "max_age": (int, 0, 36_500, "days that changes may wait for a build, for `status`; 0: no limit"),
    "replace_margin": (float, 0.0, 100.0, "by what share a link must score more than a generated one to replace it"),
    "max_in_links": (int, 1, 1_000_000, "links that a balanced fill lets lead to one article"),
}
_PATHS = ("content", "model")
# Settings of rules on who takes part.
RULES = ("hidden", "never_suggest", "no_list")
FLAGS = {
    "skip_linked": "suggestions pass over what the text of the asking article links to",
    "balance": "every fill balances the links, as fill --balance",
}
# Patterns of addresses on the pages for editors, and what stands in each for the article.
PATTERNS = {"page_link": "{url}", "file_link": "{path}"}
_SITE = ("site", "except", "title", "apart")
EMBEDDINGS = (OFF, TITLES)
_KNOWN = (*_PATHS, *NUMBERS, *FLAGS, *RULES, *_SITE, *PATTERNS)
_KNOWN += ("embeddings", "keys", "url", "links", "fields", "text", "parts", "answers")
# What answers say of an article anyway.
ANSWERED = ("id", "title", "subject", "url", "score", "rank", "source", "terms", "hidden", "likeness")


def find_settings(folder: Path) -> Settings:
    """Load recommender.yml from a folder or the nearest one above it; the defaults where there is none.

    Raises:
        SettingsError: the file cannot be read or holds a wrong setting.
    """
    for place in (folder, *folder.parents):
        file = place / FILE_NAME
        if os.path.isfile(file):
            return load_settings(file)
        if os.path.islink(file) and not os.path.exists(file):
            raise SettingsError(f"{file} is a link that leads nowhere; mend or delete it")
        if place == folder and not os.access(place, os.X_OK):
            raise SettingsError(f"{place} may not be entered, so its {FILE_NAME} is not known; change its mode")
    return Settings()


def load_settings(file: Path) -> Settings:
    """Read one settings file; the paths in it are relative to it.

    Raises:
        SettingsError: not readable, not YAML, or a wrong setting, with the known names and the remedy.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"byte {error.start} is not UTF-8"
        raise SettingsError(f"{file}: cannot be read ({reason}); check the file") from None
    settings = settings_in(text, file)
    return dataclasses.replace(settings, editor_rules=load_rules(settings.rules_file))


def load_rules(file: Path) -> EditorRules:
    """Read the editors' rules; none where there is no file.

    Raises:
        SettingsError: it cannot be read, or is not YAML. A single rule that is none is a problem.
    """
    try:
        return rules_by_copy(file.read_text(encoding="utf-8-sig"), file)
    except FileNotFoundError:
        return NO_RULES
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"byte {error.start} is not UTF-8"
        raise SettingsError(f"{file}: cannot be read ({reason}); check the file") from None


def settings_in(text: str, file: Path) -> Settings:
    """Read the text of a settings file that stands, or would stand, at ``file``; the paths in it are relative to it.

    Raises:
        SettingsError: not YAML, or a wrong setting, with the known names and the remedy.
    """
    try:
        entries = front_matter.parse(text if text.endswith("\n") else text + "\n")
    except FileProblem as problem:
        line = f", line {problem.line - 1}" if problem.line else ""
        raise SettingsError(f"{file}{line}: {problem.reason}; mend the YAML") from None
    for name, entry in front_matter.twins(entries):
        raise SettingsError(f"{file}, line {entry.line - 1}: setting {name!r} stands twice; keep one")
    return make_settings({entry.key: entry.value for entry in entries}, file)


def make_settings(values: Mapping[str, Any], file: Path) -> Settings:
    """Check the texts of a settings file and make Settings of them.

    Raises:
        SettingsError: an unknown name, a wrong type, or a number out of range.
    """
    check_known(values, _KNOWN, "setting", file)
    made: dict[str, Any] = {"home": file.parent}
    for name, value in values.items():
        if value is None or name in _SITE:
            continue
        if name == "content":
            made |= _content(value, file)
        elif name in NUMBERS:
            kind, low, high, _ = NUMBERS[name]
            made[name] = number_in(name, value, (kind, low, high), file)
        elif name in FLAGS:
            made[name] = flag_in(name, value, file)
        elif name in PATTERNS:
            made[name] = web_pattern_in(name, value, PATTERNS[name], file)
        elif name in RULES:
            made[name] = rules_in(name, value, file)
        else:
            made[name] = _READERS[name](value, file)
    keys = made.get("keys", Keys())
    pages = pages_in(values, file, keys.title)
    made["pages"] = dataclasses.replace(pages, folders=made.pop("folders", ()))
    settings = Settings(**made)
    _check_weights(settings, file)
    _check_hidden(settings, file)
    return settings


def _content(value: Any, file: Path) -> dict[str, Any]:
    """Read one folder or several: of several what they have in common is the content, of which they are parts."""
    folders = [os.path.normpath(file.parent / text) for text in texts_in("content", value, file)]
    if not folders:
        raise SettingsError(f"{file}: content is an empty list; name the folder of the site's Markdown files")
    if len(folders) == 1:
        return {"content": Path(folders[0])}
    top = os.path.commonpath(folders)
    parts = sorted(os.path.relpath(folder, top).replace(os.sep, "/") for folder in folders)
    return {"content": Path(top), "folders": tuple(parts)}


def _check_hidden(settings: Settings, file: Path) -> None:
    """Refuse the old and the new way to name what hides a page beside each other."""
    if settings.hidden != HIDDEN and settings.keys.hidden != Keys().hidden:
        raise SettingsError(f"{file}: hidden and keys.hidden say the same; move {settings.keys.hidden!r} into hidden")


def _check_weights(settings: Settings, file: Path) -> None:
    """Refuse weights with which no article could have a link, whatever its text."""
    some_above_zero("parts", settings.parts, file)
    some_above_zero("fields", settings.fields, file)
    if [name for name, weight in settings.fields.items() if weight > 0] == [TEXT]:
        some_above_zero("text", settings.text, file)
    # No part of a score is above 1.
    highest = sum(weight for weight in settings.parts.values() if weight > 0)
    if settings.floor is not None and settings.floor >= highest:
        raise SettingsError(
            f"{file}: floor {settings.floor:g} is not below {highest:g}, the highest score with these parts; lower it"
        )


def _parts(value: Any, file: Path) -> dict[str, float]:
    values = mapping_in("parts", value, file)
    check_known(values, list(PARTS), "part", file)
    bounds = (float, -10.0, 10.0)
    return PARTS | {key: number_in(f"parts.{key}", weight, bounds, file) for key, weight in values.items()}


def _keys(value: Any, file: Path) -> Keys:
    values = mapping_in("keys", value, file)
    check_known(values, [key.name for key in dataclasses.fields(Keys)], "key", file)
    return Keys(**{key: text_in(f"keys.{key}", text, file) for key, text in values.items()})


def _url(value: Any, file: Path) -> UrlSettings:
    values = mapping_in("url", value, file)
    known = [own.name for own in dataclasses.fields(UrlSettings)]
    check_known(values, [*known, "keys", "patterns"], "setting of url", file)
    made: dict[str, Any] = {}
    for name, own in values.items():
        field_name = f"url.{name}"
        if own is None or name not in known:
            continue
        if name == "ignore_case":
            made[name] = flag_in(field_name, own, file)
        elif name in ("sitemap", "built"):
            made[name] = Path(os.path.normpath(file.parent / text_in(field_name, own, file)))
        else:
            made[name] = texts_in(field_name, own, file)
    made["host"] = tuple(_host(text, file) for text in made.get("host", ()))
    made["aliases"] = tuple(dict.fromkeys((*UrlSettings.aliases, *made.get("aliases", ()))))
    return UrlSettings(**made)


def _host(text: str, file: Path) -> str:
    """Read a host, with or without http(s):// before it and a slash behind."""
    address = addresses.parse(text if "//" in text else f"//{text}")
    alone = address.path in ("", "/") and not address.decoration and address.scheme in addresses.WEB
    if not alone or not addresses.is_host(address.host or ""):
        raise SettingsError(f"{file}: url.host {text!r} is no host; write it as example.org")
    return addresses.host_name(address.host or "")


def _fields(value: Any, file: Path) -> dict[str, float]:
    return {
        key: float(number_in(f"fields.{key}", weight, (float, 0.0, 1000.0), file))
        for key, weight in mapping_in("fields", value, file).items()
    }


def _text(value: Any, file: Path) -> dict[str, int]:
    pairs = mapping_in("text", value, file)
    return {key: int(number_in(f"text.{key}", times, (int, 0, 100), file)) for key, times in pairs.items()}


def _answers(value: Any, file: Path) -> tuple[str, ...]:
    names = texts_in("answers", value, file)
    taken = [name for name in names if name in ANSWERED]
    if taken:
        raise SettingsError(f"{file}: answers {taken[0]!r} has a meaning of its own in answers; leave it out")
    return tuple(dict.fromkeys(names))


def _embeddings(value: Any, file: Path) -> str:
    text = text_in("embeddings", value, file)
    if text not in EMBEDDINGS:
        raise SettingsError(f"{file}: embeddings must be titles or off, got {text!r}")
    return text


def _model(value: Any, file: Path) -> Path:
    return Path(os.path.normpath(file.parent / text_in("model", value, file)))


_READERS: dict[str, Callable[[Any, Path], Any]] = {
    "model": _model,
    "embeddings": _embeddings,
    "keys": _keys,
    "url": _url,
    "links": lists_in,
    "answers": _answers,
    "fields": _fields,
    "text": _text,
    "parts": _parts,
}
