"""Misspelt names: what the index gives against sets of letters, who is found, and that no text asks for more work."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.addresses import unescaped
from recommender.arrays.sparse_rows import Texts, pack
from recommender.model import lookup
from recommender.model import name_index as index
from recommender.model.catalogue import Catalogue
from recommender.model.lookup import closest
from recommender.model.model import Model
from recommender.model.name_index import index_names

NAMES = st.text("aAbB-éÉ/ 1", max_size=9)
HOSTILE = [
    "x" * 300, "why " * 75, "/learn/" + "a-" * 140, "how does the " * 150, "/" * 2000, "ж" * 300, "🙂" * 99, "", "\0",
    "what is the " + "q" * 1900, "-" * 300, "0123456789" * 30, "\udcff", "/learn/questions/",
]  # fmt: skip


def bucket_of(triple: bytes) -> int:
    return int.from_bytes(triple, "big") * 2654435761 % 2**32 >> 16


def buckets_of(name: str) -> set[int]:
    letters = bytes(c if c > 127 or chr(c).isalnum() else 32 for c in f" {name} ".lower().encode())
    return {bucket_of(letters[place : place + 3]) for place in range(len(letters) - 2)}


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=9), NAMES, st.integers(0, 3))
def test_who_shares_letters_is_near_by_how_rare_they_are(names: list[tuple[str, str]], asked: str, common: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "COMMON", common)
        built = index_names(map(" ".join, names))
    own = [buckets_of(" ".join(pair)) for pair in names]
    count = {one: sum(one in other for other in own) for one in buckets_of(asked)}
    rarity = {one: math.log(1 + len(names) / n) for one, n in count.items() if 0 < n <= common}
    wanted = {row: sum(rarity.get(one, 0) for one in held) for row, held in enumerate(own)}
    rows, shares = built.near(asked, len(names))
    assert rows.tolist() == [row for row, value in wanted.items() if value]
    assert shares * sum(rarity.values()) == pytest.approx([wanted[row] for row in rows.tolist()])


def test_the_most_alike_are_given_where_many_are_alike() -> None:
    built = index_names(f"{'kepler'[:size]} {size}" for size in (3, 6, 2, 5, 4))
    assert built.near("kepler", 2)[0].tolist() == [1, 3]


def test_rare_letters_are_looked_up_first_and_the_rest_only_within_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    built = index_names(f"alpha{'xyz' * (row == 7)}" for row in range(40))
    assert len(built.near("alphaxyz", 99)[0]) == 40
    monkeypatch.setattr(index, "BUDGET", 6)
    rows, shares = built.near("alphaxyz", 99)
    assert (rows.tolist(), shares.tolist()) == ([7], [1.0])


def test_a_site_without_articles_has_an_index_too() -> None:
    rows, shares = index_names([]).near("kepler", 3)
    assert (len(rows), len(shares)) == (0, 0)


def misspelt(text: str, dice: random.Random) -> str:
    """Swap two letters, leave one out or double one: what most typos are."""
    while True:
        place = dice.randrange(len(text) - 1)
        one, two = text[place : place + 2]
        typo = dice.choice([two + one, two, one + one + two])
        if typo != one + two:
            return text[:place] + typo + text[place + 2 :]


@pytest.fixture(scope="module")
def large(model: Model) -> Model:
    """A site of 4,000 articles as far as its names go: three of 300 made-up words in each."""
    dice = random.Random(4)
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    words = ["".join(dice.choices(syllables, k=dice.randint(2, 4))) for _ in range(300)]
    names = sorted({"-".join(dice.sample(words, 3)) for _ in range(4100)})[:4000]
    urls = pack(f"/guide/{name[0]}/pages/{name}" for name in names)
    titles = pack(name.replace("-", " ") for name in names)
    ids = sorted(dice.sample(range(10**7, 10**8), len(names)))
    order = np.arange(len(names), dtype=np.int32)
    catalogue = replace(model.catalogue, urls=urls, titles=titles, ids=pack(map(str, ids)), order_by_id=order)
    return replace(model, catalogue=with_names(catalogue))


def with_names(catalogue: Catalogue) -> Catalogue:
    """Index the names of a catalogue anew, as a build does."""
    columns = (map(unescaped, catalogue.urls.all()), catalogue.titles.all(), catalogue.ids.all())
    return replace(catalogue, names=index_names(map(" ".join, zip(*columns, strict=True))))


@pytest.mark.parametrize("form", ["url", "address", "name", "words"])
def test_of_two_hundred_typos_all_but_a_few_find_their_article_first(large: Model, form: str) -> None:
    dice, urls = random.Random(5), large.catalogue.urls.all()
    found = 0
    for url in dice.sample(urls, 200):
        name = url.rsplit("/", 1)[-1]
        forms = {"url": url, "address": f"https://example.org{url}/", "name": name, "words": name.replace("-", " ")}
        typo = misspelt(name, dice)
        found += closest(large, forms[form].replace(name, typo).replace(name.replace("-", " "), typo))[0] == url
    assert found >= 198


def test_a_typo_in_the_words_of_a_title_of_the_sample_site_finds_its_article(model: Model) -> None:
    dice, families = random.Random(6), model.rules.families
    for row in range(len(model)):
        url = closest(model, misspelt(model.catalogue.titles[row], dice))[0]
        assert families[model.catalogue.urls.find(url)] == families[row]


@pytest.mark.parametrize(
    "written",
    [
        "/статьи/почему-мерцают-звёзды",
        "/%D1%81%D1%82%D0%B0%D1%82%D1%8C%D0%B8/%D0%BF%D0%BE%D1%87%D0%B5%D0%BC%D1%83-%D0%BC%D0%B5%D1%80%D1%86%D0%B0%D1%8E%D1%82-%D0%B7%D0%B2%D1%91%D0%B7%D0%B4%D1%8B",
    ],
)
@pytest.mark.parametrize(
    "asked", ["/статьи/почему-мерцют-звёзды", "Почему мерцают ЗВЁЗЫД", quote("/статьи/почему-мерцют-звёзды")]
)
def test_a_typo_beyond_ascii_finds_its_article_however_it_is_written(large: Model, written: str, asked: str) -> None:
    urls = [*large.catalogue.urls.all()[:-1], written]
    titles = pack([""] * len(urls))
    own = replace(large, catalogue=with_names(replace(large.catalogue, urls=pack(urls), titles=titles)))
    assert closest(own, asked)[0] == written


def test_an_id_with_a_wrong_digit_finds_its_article(large: Model) -> None:
    dice = random.Random(7)
    for row in dice.sample(range(4000), 200):
        with pytest.raises(lookup.LookupProblem) as caught:
            lookup.look_up(large, misspelt(large.catalogue.ids[row], dice))
        assert caught.value.matches[0] == large.catalogue.urls[row]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:9]))
def test_no_text_asks_for_more_work_than_another(large: Model, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from rapidfuzz import process

    seen: list[Any] = []
    cdist = process.cdist

    def counted(asked: list[str], names: list[str], **more: Any) -> Any:
        seen.append((len(asked), len(names), max(map(len, [*asked, *names]))))
        return cdist(asked, names, **more)

    monkeypatch.setattr(process, "cdist", counted)
    looked_at, entries = [], index.entries_of

    def measured(starts: Any, buckets: Any) -> Any:
        found = entries(starts, buckets)
        looked_at.append(len(found[1]))
        return found

    monkeypatch.setattr(index, "entries_of", measured)
    monkeypatch.setattr(Texts, "all", None)  # nobody decodes the whole site
    assert len(closest(large, text)) == 3
    ((asked, names, longest),) = seen
    assert (asked, names <= lookup.COMPARED + 6, longest <= lookup.LONGEST) == (1, True, True)
    assert max(looked_at) <= index.BUDGET


def test_a_build_indexes_the_names_of_its_articles(model: Model) -> None:
    wanted, found = with_names(model.catalogue).names, model.catalogue.names
    for part in ("buckets", "starts", "rows", "articles"):
        assert np.array_equal(getattr(found, part), getattr(wanted, part)), part
