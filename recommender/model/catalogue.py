"""What a model knows of each article beside its vector, and where its articles are found by their addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.addresses import Addresses, own_hosts, page_key
from recommender.arrays.sparse_rows import Finder, Ints, Terms, Texts, numbered, pack
from recommender.model.name_index import NameIndex
from recommender.ranking.selection import VERSIONS, apart
from recommender.settings import UrlSettings
from recommender.visibility import GONE, TO_COME, VISIBLE, Visibility, read_visibility

# What bars an article whatever the day, as bits: it is no target, or gets no list.
NEVER, NO_LIST = 1, 2


class Partition(NamedTuple):
    """A language and a version, "" for any; of an article "" for none."""

    language: str = ""
    version: str = ""

    def holds(self, other: Partition) -> bool:
        """Tell whether an article's language and version are these, whatever the case of their letters."""
        return all(not own or own.lower() == name.lower() for own, name in zip(self, other, strict=True))


ANY = Partition()


@dataclass(frozen=True)
class Catalogue:
    """What is known of each article, sorted by url; ``order_by_id`` sorts rows by (id, row).

    ``keys`` are the other spellings under which articles are found, sorted; ``key_rows`` their rows, and ``~row`` for
    an old address. ``title_words`` counts the words of each title. ``sources`` has the 16 bytes of each article's
    ``source_digest``: they tell which files changed since. ``names`` finds what a misspelt url, title or id means.

    The text of article i links to the articles ``linked_rows[linked_starts[i]:linked_starts[i + 1]]``.

    ``partitions`` numbers the language and version of each article, as ``packed_partitions`` does, by their places in
    ``languages`` and ``versions``. ``further`` are the values that answers give besides, as JSON objects, "" for none.

    ``hidden`` is the state of each article on the day of the model; what decides on any day stands in ``days``, the
    first and the last day on which it is shown: (articles, 2) int32. ``bars`` are the bits NEVER and NO_LIST,
    ``visibility`` says in words what the rules say, as ``Visibility.written``.
    """

    urls: Texts
    ids: Texts
    titles: Texts
    subjects: Texts
    paths: Texts
    visibility: Texts
    further: Texts
    keys: Texts
    languages: Texts
    versions: Texts
    key_rows: Terms
    hidden: NDArray[np.uint8]
    days: NDArray[np.int32]
    bars: NDArray[np.uint8]
    families: Terms
    partitions: Terms
    order_by_id: Terms
    title_words: Terms
    sources: NDArray[np.uint8]
    linked_starts: Ints
    linked_rows: Terms
    names: NameIndex

    def __len__(self) -> int:
        return len(self.urls)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The commonest host of the urls."""
        # Most sites have no host in any url: no need to decode a million of them.
        return own_hosts((), self.urls.all() if re.search(b"//", self.urls.blob.data) else ())

    @cached_property
    def path_rows(self) -> Finder:
        """The articles by the paths of their files."""
        return Finder(self.paths)

    @cached_property
    def subject_numbers(self) -> tuple[dict[str, int], Ints]:
        """A number for each subject, and that of each article."""
        return numbered(self.subjects[row] for row in range(len(self)))

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The nouns that answers name an article by: those that any article has."""
        return tuple(name for name in ("id", "title", "subject", "url") if len(getattr(self, f"{name}s").blob))

    @cached_property
    def is_partitioned(self) -> bool:
        """Whether the site has several languages or versions."""
        return bool(len(self.partitions) and np.any(self.partitions != self.partitions[0]))

    @cached_property
    def groups(self) -> Terms:
        """The group in which the words of each article count, numbered from 0."""
        return groups_of(self.partitions)

    def partition_of(self, row: int) -> Partition:
        """Give the language and the version of an article."""
        language, version = divmod(int(self.partitions[row]), VERSIONS)
        return Partition(self.languages[language], self.versions[version])

    @cached_property
    def shared(self) -> frozenset[int]:
        """The rows of articles whose url, or the one that their files state, is that of another one elsewhere."""
        found: set[int] = set()
        if not self.is_partitioned:
            return frozenset()
        holders: dict[str, list[int]] = {}
        for key, row in zip(self.keys.all(), self.key_rows.tolist(), strict=True):
            if row >= 0:
                holders.setdefault(key, []).append(row)
        for key, rows in holders.items():
            own = self.urls.find(key)
            together = {*rows, own} if own >= 0 else set(rows)
            if len({int(self.partitions[row]) for row in together}) > 1:
                found |= together
        return frozenset(found)

    def apart(self, asking: int, other: int) -> bool:
        """Tell whether an article is of another language or version than the one that asks, and so no candidate."""
        return bool(apart(int(self.partitions[asking]), int(self.partitions[other])))

    def of_subject(self, subject: str, rows: Ints | slice = slice(None)) -> NDArray[np.bool_]:
        """Tell of some articles whether they are of a subject; of none where it is ""."""
        known, numbers = self.subject_numbers
        found: NDArray[np.bool_] = numbers[rows] == (known.get(subject, -1) if subject else -1)
        return found

    def visibility_of(self, row: int) -> Visibility:
        """Give what the rules say of an article."""
        return read_visibility(self.visibility[row])

    def hidden_because(self, row: int) -> str:
        """Say why an article is not shown; "" where it is."""
        return self.visibility_of(row).reason(int(self.hidden[row]))

    def no_list(self, row: int) -> str:
        """Give the rules by which an article gets no list; "" where it gets one."""
        return ", ".join(self.visibility_of(row).no_list) if self.bars[row] & NO_LIST else ""

    def states(self, day: int) -> NDArray[np.uint8]:
        """Give the state of every article on a day."""
        first, last = self.days[:, 0], self.days[:, 1]
        return np.where(day > last, GONE, np.where(day < first, TO_COME, VISIBLE)).astype(np.uint8)

    def linked(self, row: int) -> list[int]:
        """Give the rows that the text of an article links to."""
        rows: list[int] = self.linked_rows[slice(*self.linked_starts[row : row + 2].tolist())].tolist()
        return rows

    def with_hidden(self, states: NDArray[np.uint8]) -> Catalogue:
        """Give the same with other articles hidden; what was made of the other columns is kept, not made again."""
        fresh, columns = replace(self, hidden=states), {column.name for column in fields(self)}
        vars(fresh).update({name: made for name, made in vars(self).items() if name not in columns})
        return fresh

    def excluded(self) -> list[str]:
        """Give for each article the rule of choosing that bars it from every list; "" for none."""
        hidden, never = self.hidden != VISIBLE, self.bars & NEVER != 0
        found: list[str] = np.select([hidden, never], ["hidden", "never-suggested"], "").tolist()
        return found


def within(partitions: Terms, own: int) -> NDArray[np.bool_]:
    """Tell which articles one of a partition may be linked to: those of its language and version, or of no version."""
    allowed: NDArray[np.bool_] = ~apart(own, partitions)
    return allowed


def groups_of(partitions: Terms) -> Terms:
    """Number the groups whose words count together: none of their articles may be linked to another group's.

    They are languages, or the versions of a language where each article has one.
    """
    languages = partitions - partitions % VERSIONS
    open_to_all = np.isin(languages, partitions[partitions % VERSIONS == 0])
    return np.unique(np.where(open_to_all, languages, partitions), return_inverse=True)[1].astype(np.int32)


def packed_partitions(pairs: Sequence[tuple[str, str]]) -> tuple[Terms, Texts, Texts]:
    """Number the languages and versions of articles: a language times VERSIONS, plus a version, 0 for none.

    Gives their names, sorted, too.
    """
    languages = {name: number for number, name in enumerate(sorted({language for language, _ in pairs}))}
    versions = {name: number for number, name in enumerate(sorted({"", *(version for _, version in pairs)}))}
    numbers = [languages[one] * VERSIONS + versions[other] % VERSIONS for one, other in pairs]
    return np.array(numbers, np.int32), pack(languages), pack(versions)


def packed_keys(address_index: Addresses) -> tuple[Texts, Terms]:
    """Give ``keys`` and ``key_rows`` of a catalogue."""
    pairs = [(key.encode("utf-8"), row) for key, rows in address_index.spelt.items() for row in rows]
    pairs += [(key.encode("utf-8"), ~row) for key, rows in address_index.aliases.items() for row in rows]
    pairs.sort()
    return pack(key.decode("utf-8") for key, _ in pairs), np.array([row for _, row in pairs], np.int32)


@dataclass(frozen=True)
class SavedAddresses:
    """The book of a model's articles, by binary search."""

    catalogue: Catalogue
    settings: UrlSettings

    @property
    def ignore_case(self) -> bool:
        """Whether the site's host takes capitals for small letters."""
        return self.settings.ignore_case

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts of the site itself."""
        return own_hosts(self.settings.host, ()) if self.settings.host else self.catalogue.hosts

    def row(self, url: str) -> int:
        """Give the row of the article with exactly this url, -1 for none."""
        return self.catalogue.urls.find(url)

    def at(self, key: str) -> tuple[Sequence[int], Sequence[int]]:
        """Give the rows whose url has a key, and those with an alias that has it."""
        keys, rows = self.catalogue.keys, list[int]()
        wanted = key.encode("utf-8", "surrogatepass")
        own = self.catalogue.urls.find(key)
        if own >= 0 and page_key(key, self.hosts, ignore_case=self.ignore_case) == key:
            rows.append(own)
        place, aliases = keys.place(wanted), list[int]()
        while place < len(keys) and keys[place] == key:
            row = int(self.catalogue.key_rows[place])
            (rows if row >= 0 else aliases).append(row if row >= 0 else ~row)
            place += 1
        return rows, aliases

    def url(self, row: int) -> str:
        """Give the url of a row."""
        return self.catalogue.urls[row]
