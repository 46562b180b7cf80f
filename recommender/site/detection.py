"""Which generator made a site, where its pages stand, and what their front matter holds."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from recommender.errors import FileProblem
from recommender.markdown.formats import read_front
from recommender.markdown.yaml_nodes import Value
from recommender.presets import PRESETS, is_language
from recommender.settings_values import check_known
from recommender.site.files import is_article_name, read_bytes, walk
from recommender.site.generator_config import configuration

# Files whose front matter is looked at, evenly spread: enough for keys that one page in a hundred has.
SAMPLE = 3000
DEPTH = 3
# Files of one folder that are looked at, and folders that are named one by one.
FEW, MANY = 100, 3
# Generators whose pages stand in several folders; files that make a language, and languages that make it several.
SEVERAL, ENOUGH = ("docusaurus", "astro"), 2


@dataclass(frozen=True)
class Detected:
    """What a site looks like: its generator and the file that tells it, its folders, urls and host.

    ``place`` is the folder of the generator's configuration.
    """

    preset: str
    marker: str
    content: tuple[str, ...]
    patterns: Mapping[str, str]
    host: tuple[str, ...]
    notes: tuple[str, ...] = ()
    apart: Mapping[str, str] = field(default_factory=dict)
    place: str = "."

    @property
    def data_file(self) -> str:
        """The file in which its generator looks for data, by its path from the top; "" for none."""
        known = PRESETS[self.preset].data_file.replace("{content}", os.path.relpath(self.content[0], self.place))
        return os.path.normpath(os.path.join(self.place, known)).replace(os.sep, "/") if known else ""


def detect(top: Path, preset: str = "") -> Detected:
    """Look at a site: at the files that tell generators apart, the generator's own configuration, the front matter.

    Raises:
        SettingsError: an unknown preset is named.
    """
    if preset:
        check_known({preset: None}, list(PRESETS), "preset", top)
    found, places = _generator(top, preset)
    name, marker = found or (preset or "plain", "")
    place = places[0] if places else "."
    config = configuration(top / place, name)
    named = [(place, folder) for folder in config.content] or [
        (one, own) for one in places for own in PRESETS[name].content
    ]
    content = tuple(dict.fromkeys(_content(top, named, every=bool(config.content) or name in SEVERAL)))
    content = content or tuple(
        dict.fromkeys(_content(top, [(one, own) for one in places for own in PRESETS[name].content], every=False))
    )
    if not content or (content == (".",) and name in ("plain", "cloudcannon")):
        content = _plain_content(top)
    patterns = _rebased(config.patterns, place, content)
    if name == "mkdocs" and len(content) == 1:
        content, own = _languages_beside(top, content[0])
        patterns = patterns or own
    if len(content) == 1:
        patterns = {**patterns, **_patterns_of_languages(top / content[0], patterns)}
    own_pattern = PRESETS[name].patterns.get(f"{content[0].rpartition('/')[2]}/") if len(content) == 1 else None
    if own_pattern:
        patterns = {"": own_pattern, **patterns}  # patterns are of folders below the content
    apart = _suffixes(top, content, config.apart)
    return Detected(name, marker, content, patterns, config.host, config.notes, apart, place)


def _rebased(patterns: Mapping[str, str], place: str, content: Sequence[str]) -> dict[str, str]:
    """Give patterns of folders below a place by their folders below the content; the deepest above it holds all."""
    base = os.path.commonpath(content) if len(content) > 1 else content[0]
    found: dict[str, str] = {}
    for folder, pattern in sorted(patterns.items(), key=lambda pair: len(pair[0])):
        inside = os.path.relpath(os.path.join(place, folder), base).replace(os.sep, "/") if folder else "."
        if inside == "." or set(inside.split("/")) == {".."}:
            found[""] = pattern
        elif not inside.startswith("../"):
            found[f"{inside}/"] = pattern
    return found


def _suffixes(top: Path, content: Sequence[str], told: Mapping[str, str]) -> Mapping[str, str]:
    """Tell whether names of files end with their language: of at least two languages at least two files do.

    A file without one is of the default language, where one that has a language stands beside it.
    """
    if told.get("language"):
        return told
    names = [os.path.splitext(path)[0] for folder in content for path in _articles(top / folder)]
    known, codes, plain = set(names), Counter[str](), set[str]()
    for name in names:
        stem, _, code = name.rpartition(".")
        if stem and is_language(code) and not stem.endswith(("/", os.sep)):
            codes[code.lower()] += 1
            plain |= {stem} & known
    codes = Counter({code: count for code, count in codes.items() if count >= ENOUGH})
    if len(codes) + (len(plain) >= ENOUGH) < ENOUGH:
        return {}
    default = told.get("default") or ("en" if "en" not in codes or len(plain) < ENOUGH else "")
    return {"language": "suffix", "codes": ", ".join(sorted(codes)), "default": default}


def find_site(folder: Path) -> Path | None:
    """Find the site that a folder is in or holds; None where no generator and no checkout tells.

    That is the nearest folder above with a generator's marker (of nested ones the outermost), else the top of the
    checkout, else the folder itself, where a marker is below it. Home folders and the root of the disk hold many sites.
    """
    homes = (Path.home(), Path(folder.anchor))
    above = list(itertools.takewhile(lambda place: place not in homes, (folder, *folder.parents)))
    top = next((place for place in above if (place / ".git").exists()), None)
    within = above[: above.index(top) + 1] if top else above
    nested = itertools.dropwhile(lambda place: not _is_marked(place), within)
    marked = list(itertools.takewhile(_is_marked, nested))
    if marked:
        return marked[-1]
    return top or (folder if above and _generator(folder, "")[0] else None)


def _is_marked(folder: Path) -> bool:
    return any(_marker(folder, known.markers) for known in PRESETS.values())


def _languages_beside(top: Path, content: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Give the folders of other languages beside docs/LANG/docs, with the urls of all."""
    parts = content.split("/")
    if len(parts) < 3 or not is_language(parts[-2]):
        return (content,), {}
    above, name = "/".join(parts[:-2]), parts[-1]
    codes = [code for code in _subfolders(top / above) if is_language(code) and (top / above / code / name).is_dir()]
    patterns = {f"{code}/{name}/": f"/{code}/{{path}}/" for code in codes}
    return tuple(f"{above}/{code}/{name}" for code in codes), {**patterns, f"{parts[-2]}/{name}/": "/{path}/"}


def _patterns_of_languages(content: Path, patterns: Mapping[str, str]) -> dict[str, str]:
    """Give the patterns of sections, as post/, once more for those of each language, as en/post/."""
    return {
        f"{code}/{section}": f"/{code}{pattern}"
        for code in _subfolders(content)
        if is_language(code)
        for section, pattern in patterns.items()
        if section and (content / code / section).is_dir()
    }


def _generator(top: Path, preset: str) -> tuple[tuple[str, str] | None, list[str]]:
    """Find the generator by its markers, in the folder nearest to the top; and all folders that have the same."""
    known = {name: own for name, own in PRESETS.items() if name == (preset or name)}
    for markers in (
        {name: own.markers for name, own in known.items()},
        {name: own.unsure_markers for name, own in known.items()},
    ):
        for depth in range(DEPTH):
            hits = [
                (name, marker, place)
                for place in _folders(top, depth)
                for name, own in markers.items()
                if (marker := _marker(top / place, own))
            ]
            if hits:
                order = list(PRESETS)
                name, marker, _ = min(hits, key=lambda hit: order.index(hit[0]))
                return (name, marker), [place for own, _, place in hits if own == name]
    return None, []


def _folders(top: Path, depth: int) -> list[str]:
    found = ["."]
    for _ in range(depth):
        found = [os.path.normpath(os.path.join(place, name)) for place in found for name in _subfolders(top / place)]
    return found


def _subfolders(folder: Path) -> list[str]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
    return [
        name for name in names if not name.startswith((".", "_")) and name not in ("node_modules", "vendor", "build")
    ]


def _marker(folder: Path, markers: Sequence[str]) -> str:
    """Give the name of the file by which a folder has one of the markers; "" for none."""
    try:
        names = os.listdir(folder)
    except OSError:
        return ""
    for marker in markers:
        first = ""
        for part in marker.split("&"):
            wanted = part.removeprefix("!")
            hit = next((name for name in sorted(names) if fnmatchcase(name, wanted)), "")
            hit = hit or (wanted if "/" in wanted and (folder / wanted).exists() else "")
            if bool(hit) == part.startswith("!"):
                break
            first = first or hit
        else:
            return first
    return ""


def _content(top: Path, named: Sequence[tuple[str, str]], *, every: bool) -> Iterator[str]:
    """Give the folders below some places that hold pages: the first of each place, or ``every`` one."""
    done: set[str] = set()
    for place, folder in named:
        own = os.path.normpath(os.path.join(place, folder))
        inside = not os.path.isabs(own) and not own.startswith("..")
        if place not in done and inside and has_articles(top / own):
            yield own.replace(os.sep, "/")
            if folder == "." or not every:
                done.add(place)


def _articles(folder: Path) -> Iterator[str]:
    for place, _, names in walk(str(folder)):
        yield from (os.path.join(place, name) for name in sorted(names) if is_article_name(name))


def has_articles(folder: Path) -> bool:
    """Tell whether any Markdown file is below a folder."""
    return next(_articles(folder), None) is not None


def _plain_content(top: Path) -> tuple[str, ...]:
    """Give the folders of a site of no known generator: the deepest ones that hold all pages.

    Where more than a half of a folder's files have no front matter, it is no folder of pages, if others are.
    """
    folder = top
    while True:
        parts: dict[str, list[str]] = {}
        for path in _articles(folder):
            parts.setdefault(os.path.relpath(path, folder).split(os.sep)[0], []).append(path)
        used = [name for name, paths in parts.items() if _half_stated(paths)] or list(parts)
        alone = all((folder / name).is_dir() for name in used)
        if len(used) != 1 or not alone:
            break
        folder = folder / used[0]
    found = [folder / name for name in sorted(used)] if alone and 0 < len(used) <= MANY else [folder]
    return tuple(os.path.relpath(one, top).replace(os.sep, "/") for one in found)


def _half_stated(paths: Sequence[str]) -> bool:
    """Tell of some files whether at least half have front matter."""
    some = paths[:: max(1, len(paths) // FEW)]
    return 2 * sum(bool(front_values(path)) for path in some) >= len(some)


def front_values(path: str) -> Mapping[str, Value]:
    """Give the front matter of a page; none for a page without, or one that cannot be read."""
    try:
        return read_front(read_bytes(path)[0]).values
    except FileProblem:
        return {}


def sampled_keys(top: Path, content: Sequence[str]) -> Counter[str]:
    """Count the front matter keys of some pages, dotted ones of the second level too; "" counts the pages."""
    paths = [path for folder in content for path in _articles(top / folder)]
    counts: Counter[str] = Counter()
    for path in paths[:: max(1, len(paths) // SAMPLE)]:
        values = front_values(path)
        counts[""] += bool(values)
        counts.update(values.keys())
        counts.update(
            f"{key}.{inner}" for key, value in values.items() if isinstance(value, Mapping) for inner in value
        )
    return counts


def nested_title(keys: Counter[str]) -> str:
    """Give the dotted key of the titles, where most pages have one; "" where they do not."""
    found = [(count, key) for key, count in keys.items() if key.endswith(".title")]
    count, key = max(found, default=(0, ""))
    return key if 2 * count >= keys[""] else ""


def is_writable(top: Path, content: Sequence[str]) -> bool:
    """Tell whether at least half of some pages have front matter into which links can be written: YAML or TOML."""
    paths = [path for folder in content for path in _articles(top / folder)]
    some = paths[:: max(1, len(paths) // FEW)]
    return 2 * sum(_form(path) in ("yaml", "toml") for path in some) >= len(some)


def _form(path: str) -> str:
    try:
        return read_front(read_bytes(path)[0]).form
    except FileProblem:
        return ""
