"""Languages and versions of a site's pages: what keeps them apart, so that none suggests a page of another."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from recommender.addresses import parse, with_page
from recommender.article import Article
from recommender.presets import is_language
from recommender.site_settings import Apart

# No year, which alone is no version.
_VERSION = re.compile(r"v\d+([._]\d+)*([._]x)?|\d{1,3}(\.\d+)+(\.x)?|\d{1,3}\.x|version-.+")
# A language as BCP 47 names it, here where the key says that it is one.
_CODE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
# Folders of a path that may be the one of the language, or of the version.
DEEPEST = 3
ANYWHERE = Apart()
# Articles that a value needs to be one of at least as many values.
ENOUGH = 2


def apart(articles: Sequence[Article], told: Apart = ANYWHERE) -> list[Article]:
    """Give articles with the language and the version of each, "" where the site has only one.

    Front matter tells, where at least two values have two articles each, else the first folder that does, or one alone
    whose pages are those beside it once more. Articles without a language are of the most frequent one where front
    matter tells, else of one of their own, as are those without a version. Where settings have ``told`` a place, it
    alone counts.
    """
    languages = _told(articles, told.language, is_language)
    languages = languages or _values([article.language for article in articles], _is_code)
    if languages:
        usual = Counter(filter(None, languages)).most_common(1)
        languages = [language or told.default or (usual[0][0] if usual else "") for language in languages]
    else:
        languages = _folders(articles, is_language)
    versions = _told(articles, told.version, _is_version)
    versions = versions or _values([article.version for article in articles], bool)
    versions = versions or _folders(articles, _is_version)
    return [
        article
        if (article.language, article.version) == (language, version)
        else replace(article, language=language, version=version)
        for article, language, version in zip(
            articles, languages or [""] * len(articles), versions or [""] * len(articles), strict=True
        )
    ]


def with_full_urls(articles: Sequence[Article]) -> list[Article]:
    """Give articles of which pages in other languages or versions state the url too one that has theirs before it.

    So are all of a language and version of which at least half of the urls are shared. The main language, that of pages
    without one or the most frequent, and the main version, that of pages without one or the highest, keep their urls.
    """
    held: dict[str, set[tuple[str, str]]] = {}
    for article in articles:
        held.setdefault(article.url, set()).add((article.language, article.version))
    shared = {url for url, partitions in held.items() if len(partitions) > 1}
    if not shared:
        return list(articles)
    language = _main(
        [article.language for article in articles], lambda counts: min(counts, key=lambda name: (-counts[name], name))
    )
    version = _main([article.version for article in articles], lambda counts: max(counts, key=_number))
    totals = Counter((article.language, article.version) for article in articles)
    common = Counter((article.language, article.version) for article in articles if article.url in shared)
    found = []
    for article in articles:
        partition = article.language, article.version
        names = [name for name, main in zip(partition, (language, version), strict=True) if name != main and name]
        if names and (article.url in shared or 2 * common[partition] >= totals[partition]):
            url = _below(names, article.url)
            found.append(article if url == article.url else replace(article, url=url, stated=article.url))
        else:
            found.append(article)
    return found


def _main(names: Sequence[str], choose: Callable[[Counter[str]], str]) -> str:
    return "" if "" in names else choose(Counter(names))


def _number(version: str) -> tuple[list[int], str]:
    return [int(digits) for digits in re.findall(r"\d+", version)], version


def as_named(article: Article, url: str, partition: tuple[str, str]) -> Article:
    """Give an article as it was just read the url that it has in its site, if its language and version make that."""
    language, version = partition
    made = (_below(names, article.url) for names in ((language,), (version,), partition) if all(names))
    return replace(article, url=url, stated=article.url) if article.url != url and url in made else article


def _below(names: Sequence[str], url: str) -> str:
    """Put folders before the path of a url, but those that it has."""
    address = parse(url)
    segments = [segment.lower() for segment in address.path.split("/")]
    folders = "".join(f"/{name}" for name in names if name.lower() not in segments)
    return with_page(url, f"{folders}{address.path if address.path.startswith('/') else f'/{address.path}'}")


def _is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def _is_version(text: str) -> bool:
    return _VERSION.fullmatch(text.lower()) is not None


def _named(texts: Iterable[str], is_one: Callable[[str], bool]) -> dict[str, str]:
    """Give each text that is a name in small letters, "" for any other; a site has few, and each is judged once."""
    return {text: text.lower() if is_one(text) else "" for text in set(texts)}


def _values(texts: Sequence[str], is_one: Callable[[str], bool]) -> list[str]:
    """Give the values that tell articles apart, in small letters; nothing where they do not."""
    named = _named(texts, is_one)
    found = [named[text] for text in texts] if any(named.values()) else []
    return found if _tell_apart(found) else []


def _tell_apart(names: Sequence[str]) -> bool:
    counts = Counter(filter(None, names))
    return sum(count >= ENOUGH for count in counts.values()) >= ENOUGH


def _told(articles: Sequence[Article], place: str, is_one: Callable[[str], bool]) -> list[str]:
    """Give what stands where settings say, in the first of some folders; nothing where they name none."""
    if place == "suffix":
        return [article.language.lower() for article in articles]
    if not place.startswith("folder "):
        return []
    depths = [int(depth) - 1 for depth in place.split()[1:]]
    paths = [article.path.replace(os.sep, "/").split("/")[:-1] for article in articles]
    found = [[path[depth].lower() for depth in depths if len(path) > depth and is_one(path[depth])] for path in paths]
    return [names[0].removeprefix("version-") if names else "" for names in found]


def _folders(articles: Sequence[Article], is_one: Callable[[str], bool]) -> list[str]:
    folders = [article.path.replace(os.sep, "/").rpartition("/")[0] for article in articles]
    parts = {folder: folder.split("/") for folder in set(folders)}
    for depth in range(DEEPEST):
        names = {folder: names[depth] for folder, names in parts.items() if len(names) > depth}
        named = _named(names.values(), is_one)
        if not any(named.values()):
            continue
        found = [named[names[folder]] if folder in names else "" for folder in folders]
        # Two folders may have such names by chance: it, hr.
        if _tell_apart(found) and (len(set(found)) > ENOUGH + 1 or 2 * sum(map(bool, found)) >= len(found)):
            return found
        if len({*found} - {""}) == 1 and _are_translations(articles, found, depth):
            return found
    return []


def _are_translations(articles: Sequence[Article], names: Sequence[str], depth: int) -> bool:
    """Tell whether most pages in the folder of one name, at least two, are those of the same path without it."""
    paths = [article.path.replace(os.sep, "/").split("/") for article in articles]
    others = {tuple(path) for path, name in zip(paths, names, strict=True) if not name}
    inside = [(*path[:depth], *path[depth + 1 :]) for path, name in zip(paths, names, strict=True) if name]
    return len(inside) >= ENOUGH and 2 * sum(path in others for path in inside) >= len(inside)
