"""A commented recommender.yml for the folder that ``init`` finds."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recommender.errors import ContentError, FileProblem, SettingsError
from recommender.markdown import front_matter, yaml_nodes
from recommender.markdown.link_blocks import is_block, quote
from recommender.presets import PRESETS
from recommender.settings import FILE_NAME, MODEL_FOLDER, Keys, Settings, settings_in
from recommender.site.detection import Detected, detect, has_articles, is_writable, nested_title, sampled_keys
from recommender.site.files import printed
from recommender.site.proof import Proof, choose_lists, prove
from recommender.site.url_detection import CODED, patterns_of_links
from recommender.site_settings import ListSettings
from recommender.system.user_files import check_kept, rewrite, write_target


@dataclass(frozen=True)
class Scaffolded:
    """A settings file that was written, what told the site's generator, and the proof of what the settings read.

    ``writable`` tells whether links can be written: into a data file, or the front matter that most pages have.
    """

    file: Path
    detected: Detected
    settings: Settings
    proof: Proof
    writable: bool

    @property
    def to_do(self) -> tuple[str, ...]:
        """What is to be set before the site is read as its owner means it."""
        return (*self.detected.notes, *self.proof.todo)


def write_settings(folder: Path, *, force: bool, preset: str = "") -> Scaffolded:
    """Find out what site a folder holds, write recommender.yml there, and prove it by reading the site.

    Raises:
        SettingsError: there is one already, it cannot be written, or the preset is unknown.
        ContentError: no Markdown file is below the folder.
    """
    file = folder / FILE_NAME
    if file.exists() and not force:
        raise SettingsError(f"{file} is there already; edit it, or run `recommender init --force`")
    if not has_articles(folder):
        raise ContentError(f"no Markdown file below {folder}; run init at the top of the site")
    check_kept(file)
    detected, keys, shape = _found(folder, preset)
    text, settings = _made(file, detected, shape)
    writable = is_writable(folder, detected.content)
    lists = choose_lists(settings) if shape or not _has_blocks(keys) else ()
    if shape and not lists:
        lists = (_first_list(detected, writable=writable),)
    if lists:
        text, settings = _made(file, detected, shape + _list_lines(lists))
    rewrite(file, text.encode("utf-8"))
    return Scaffolded(file, detected, settings, prove(settings), writable or settings.data_file is not None)


def assume_settings(folder: Path) -> tuple[Detected, Settings]:
    """Give the settings that ``write_settings`` would write, but for the lists of links, and write nothing.

    Raises:
        ContentError: no Markdown file is below the folder.
    """
    if not has_articles(folder):
        raise ContentError(f"no Markdown file below {folder}; run this at the top of the site")
    detected, _, shape = _found(folder, "")
    lists = _list_lines([_first_list(detected, writable=is_writable(folder, detected.content))]) if shape else ""
    return detected, _made(folder / FILE_NAME, detected, shape + lists)[1]


def _found(folder: Path, preset: str) -> tuple[Detected, Counter[str], str]:
    """Detect a site; give that, the keys of its front matter, and what the settings say of its shape."""
    detected = detect(folder, preset)
    keys = sampled_keys(folder, detected.content)
    shape = _shape(keys, detected)
    if shape and detected.preset in CODED:
        settings = _made(folder / FILE_NAME, detected, shape)[1]
        with contextlib.suppress(ContentError):  # the proof says it
            told = patterns_of_links(settings.content or folder, settings)
            detected = replace(detected, patterns={**detected.patterns, **told})
            shape = _shape(keys, detected)
    return detected, keys, shape


def _made(file: Path, detected: Detected, shape: str) -> tuple[str, Settings]:
    text = _text(detected.content, shape, Settings())
    return text, settings_in(text, file)


def _first_list(detected: Detected, *, writable: bool) -> ListSettings:
    """Give the list that a site without any gets.

    It is in the generator's data file, if it has one, else in the front matter, if most pages have any.
    """
    preset = PRESETS[detected.preset]
    if data_file := detected.data_file or ("" if writable else "related.json"):
        return ListSettings("", "mappings", preset.refer, {"url": "url", "title": "title"}, data_file)
    return ListSettings(preset.list_key, "texts", preset.refer)


def _has_blocks(keys: Counter[str]) -> bool:
    return any(is_block(key, Keys().related) for key in keys)


def _shape(keys: Counter[str], detected: Detected) -> str:
    """Write what the settings say of the site's shape; "" for numbered blocks on pages that state their urls."""
    classic = (_has_blocks(keys) or 2 * keys["id"] >= keys[""]) and 2 * keys["url"] >= keys[""] > 0
    if classic and not detected.marker:
        return ""
    lines = [f"site: {detected.preset}"]
    if 2 * keys["title"] < keys[""] and (nested := nested_title(keys)):
        lines.append(f"title: [{nested}, heading, file]")
    lines += _apart_lines(detected.apart)
    url = []
    if detected.host:
        url.append(f"  host: {detected.host[0]}")
    if detected.patterns:
        url.append("  patterns:")
        url += [
            f"    {_value(name) if name else quote(name)}: {quote(text)}" for name, text in detected.patterns.items()
        ]
    return "\n".join([*lines, *(["url:", *url] if url else []), ""])


def _apart_lines(apart: Mapping[str, str]) -> list[str]:
    if not apart.get("language") and not apart.get("version"):
        return []
    written = {name: f"[{text}]" if name == "codes" else text for name, text in apart.items() if text}
    return ["apart:", *(f"  {name}: {text}" for name, text in written.items())]


def _list_lines(lists: Sequence[ListSettings]) -> str:
    lines = ["links:"]
    for own in lists:
        first = f"write: {_value(own.write)}" if own.write else f"key: {own.key}"
        lines += [f"- {first}", f"  shape: {own.shape}", f"  refer: {own.refer}"]
        if own.fields:
            lines.append("  fields: {" + ", ".join(f"{noun}: {name}" for noun, name in own.fields.items()) + "}")
    return "\n".join([*lines, ""])


def _value(text: str) -> str:
    if printed(text) != text:
        raise SettingsError(f"{printed(text)}: the name of the folder is not UTF-8: rename the folder")
    return text if re.fullmatch(r"[\w./-]*\w", text) and text != "null" else quote(text)


def _lines(values: Mapping[str, object]) -> str:
    return "".join(f"#   {name}: {value}\n" for name, value in values.items())


_WHAT = """\
# What site this is: the generator whose preset says which urls, titles and files its pages have. Each line overrides
# it. `except`: patterns of files that are no pages; `title`: keys, heading or file, the first that has one; `links`:
# lists of links by key, shape (texts, mappings, grouped, url-to-title), refer (url, slug, file, wikilink, title, id,
# key NAME), fields, and write (front matter, or a data file such as data/related.yml, without key); null: numbered
# blocks as below. `apart`: where the language and the version of a page stand (folder N, key NAME; for the language
# suffix, of `codes`, as in x.de.md); null: keys, else folders that tell.
"""
_SITE = ("# site: null\n", "# except: null\n", "# title: null\n", "# apart: null\n", "# links: null\n")

_ADDRESSES = """\
# Which addresses are the site's own. `host`: its hosts (null: that of the articles' urls, if they have any; links with
# another host are kept as they are). `aliases`: further keys of old addresses, beside aliases, alias and
# redirect_from. `elsewhere`: patterns of pages that are no articles, such as /shop/*; `sitemap` (a file) or `built` (a
# folder) list them all, so that every other link is known to be dead. `keys`: where a page states its url; `patterns`:
# by folder, the url of a page that states none, of {path}, {folder}, {section}, {slug}, {title}, {year}, {month}, {day}
# and {key NAME}.
# url:
#   host: null
#   ignore_case: false
#   aliases: null
#   elsewhere: null
#   sitemap: null
#   built: null
#   keys: null
#   patterns: null

"""


def _rules(settings: Settings) -> str:
    hidden = "".join(f"#   - {quote(rule) if ': ' in rule else rule}\n" for rule in settings.hidden)
    return f"""
# Pages that the site does not show are never suggested. A rule is a key that is true, `key: value`, a date as in
# `key: future` or `key: past`, or `path: PATTERN` below any folder. A list of your own replaces this one.
# hidden:
{hidden}
# Pages that are never suggested, though links to them are sound, and pages whose lists are only repaired: patterns of
# urls (/legal/*), {{subject: News}}, {{title: PATTERN}}, {{key: layout, is: landing}}; * stands for any characters.
# never_suggest: null
# no_list: null
"""


def _text(content: Sequence[str], shape: str, settings: Settings) -> str:
    folders = _value(content[0]) if len(content) == 1 else "[" + ", ".join(map(_value, content)) + "]"
    stated = re.findall(r"(?m)^(\w+):", shape)
    unset = "".join(line for line in _SITE if line[2:].partition(":")[0] not in stated)
    return (
        f"""# Settings of recommender. Lines that begin with # show the defaults.

# The folder of the whole site's articles, and where the model is kept; relative to this file.
content: {folders}
model: {MODEL_FOLDER}

{_WHAT}{shape}{unset}
# Links per article: related_article1 … related_article{settings.slots}.
# slots: {settings.slots}

# Where an article's nouns stand in the front matter (dotted for nested keys).
# keys:
{_lines(vars(settings.keys))}
# Keys whose values answers give beside id, title, subject and url: description, image, date.
# answers: null

# Where the pages of `serve` lead to: the live page, as https://example.org{{url}}, and its file, as
# https://github.com/OWNER/REPOSITORY/edit/main/content/{{path}}; {{path}} is relative to the content.
# page_link: null
# file_link: null

{_ADDRESSES}"""
        + _ranking(settings)
        + _fills(settings)
        + _embeddings(settings)
        + _rules(settings)
    )


def _embeddings(settings: Settings) -> str:
    return f"""
# Compare what titles mean, too: titles or off. Needs `pip install 'recommender[embeddings]'`; for titles in English.
# embeddings: {settings.embeddings}
"""


def _ranking(settings: Settings) -> str:
    fields, text, parts = map(_lines, (settings.fields, settings.text, settings.parts))
    return f"""# What articles are compared by, and how much each counts; 0: off. `text` is all that a reader reads.
# fields:
{fields}
# How often the words of each part count in `text`; `body` is the Markdown below the front matter.
# text:
{text}
# The first words of the answer or body, and how often they count beside that.
# lead_words: {settings.lead_words}
# lead_times: {settings.lead_times}
# How often a word of an article's code blocks counts at most. 0: code is no text.
# code_times: {settings.code_times}

# The parts of a score and how much each counts: how alike two articles are; how much of the article's head (title,
# keywords, first words) and of its text the other one speaks of, how much of the other's title the article speaks of;
# whether it is near in return; the same subject, where the site's subjects tell anything. 0: off.
# parts:
{parts}
# The lowest score of a link that is shown; null: half of what near candidates of the site usually score.
# floor: null

# Neighbours kept for each article, and the articles up to which they are exact (beyond, nearly all).
# candidates: {settings.candidates}
# exact_up_to: {settings.exact_up_to}

# From which likeness two articles ask the same question: with the article itself, and within one list. 0: off.
# same_question_article: {settings.same_question_article:g}
# same_question_list: {settings.same_question_list:g}

# Suggestions pass over what the text of the asking article links to.
# skip_linked: {str(settings.skip_linked).lower()}

# Days that changes may wait for a build before `recommender status` exits with 1. 0: no limit.
# max_age: {settings.max_age}
"""


def _fills(settings: Settings) -> str:
    return f"""
# By what share a link must score more than a generated one to take its place; a large number keeps generated links.
# replace_margin: {settings.replace_margin:g}

# Whether every fill gives each article a link to it, and how many it then lets lead to one article at most.
# balance: {str(settings.balance).lower()}
# max_in_links: {settings.max_in_links}
"""


def write_parts(file: Path, parts: Mapping[str, float]) -> str:
    """Set ``parts`` in a settings file, all else as it is, comments too, and say so.

    Raises:
        SettingsError: the file cannot be read or edited.
        NotWritten, WriteStopped: or written.
    """
    weights = {name: f"{weight:g}" for name, weight in parts.items()}
    try:
        text = file.read_bytes().decode("utf-8")
        bom, front = text[: text.startswith("\ufeff")], text.removeprefix("\ufeff")
        line_end = "\r\n" if 2 * front.count("\r\n") > front.count("\n") else "\n"
        whole = front.endswith("\n") or not front
        front += "" if whole else line_end
        before = front_matter.parse(front)
        after = _with_parts(front, before, weights, line_end)
        wanted = {entry.key: entry.value for entry in before}
        own = wanted.get("parts")
        wanted["parts"] = {**(own if isinstance(own, Mapping) else {}), **weights}
        if {entry.key: entry.value for entry in front_matter.parse(after)} != wanted:
            raise FileProblem("not-editable", "the edited file would not read back as written")
    except (OSError, UnicodeDecodeError, FileProblem) as error:
        raise SettingsError(f"{file}: cannot be edited ({error}); write the parts yourself") from None
    write_target(file, (bom + (after if whole else after.removesuffix(line_end))).encode("utf-8"))
    return f"{file}: parts written; build the model again"


def _with_parts(front: str, entries: Sequence[front_matter.Entry], weights: Mapping[str, str], line_end: str) -> str:
    """Give the text of settings with other weights in the places of the old ones, and new lines for the others."""
    entry = next((entry for entry in entries if entry.key == "parts"), None)
    if entry is None:
        lines = ["parts:", *(f"  {name}: {weight}" for name, weight in weights.items())]
        return front + "".join(line + line_end for line in lines)
    mapping = entry.node if isinstance(entry.node, yaml_nodes.Mapped) else None
    if yaml_nodes.find_property(front, entry.node) is not None or (mapping is None and entry.value is not None):
        raise FileProblem("not-editable", "parts are no plain lines of `name: value`")
    known = front_matter.entries(front, mapping) if mapping else ()
    changes = [
        (inner.node.start_mark.index, inner.node.end_mark.index, weights[inner.key])
        for inner in known
        if inner.key in weights
    ]
    missing = [f"{name}: {weight}" for name, weight in weights.items() if name not in {inner.key for inner in known}]
    if mapping and mapping.flow_style:
        at = known[-1].node.end_mark.index if known else mapping.start_mark.index + 1
        changes.append((at, at, ("" if not known or not missing else ", ") + ", ".join(missing)))
    else:
        at, column = (known[-1].span.end, known[-1].column) if known else (entry.span.end, 2)
        changes.append((at, at, "".join(f"{' ' * column}{line}{line_end}" for line in missing)))
        if not mapping:  # null
            changes.append((entry.node.start_mark.index, entry.node.end_mark.index, ""))
    for start, end, text in sorted(changes, reverse=True):
        front = front[:start] + text + front[end:]
    return front
