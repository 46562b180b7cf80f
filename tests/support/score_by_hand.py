"""The parts of a score in plain Python, from their descriptions alone; and small sites to compute them for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from hypothesis import strategies as st
from small_sites import BUILT_AT

from recommender.article import Article, Style
from recommender.build.pipeline import fit_model
from recommender.model.model import Model
from recommender.settings import PARTS, Settings
from recommender.site.corpus import Corpus
from recommender.text.compounds import Spellings
from recommender.text.spellings import fold
from tests.text.test_tfidf import article, by_source_of, idf_of, reference, spellings_of, title_of, words_of

# Plurals of words that are there and of one that is not, and words that only few texts have.
WORDS = ["moon", "moons", "sun", "tide", "tides", "waves", "gas", "cell", "virus", "glass"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join)
Counts = Mapping[str, int]


@dataclass(frozen=True)
class Site:
    """Articles with their families and the settings that they are ranked by."""

    articles: tuple[Article, ...]
    families: tuple[int, ...]
    settings: Settings

    def build(self) -> Model:
        corpus = Corpus(Path(), self.articles, (), 0, Style(), frozenset(), families=self.families)
        return fit_model(corpus, self.settings, BUILT_AT)

    def texts(self, row: int) -> dict[str, str]:
        return dict(zip(self.settings.sources, self.articles[row].texts, strict=True))


@dataclass(frozen=True)
class TokenBytes:
    """The folded words of one article: counts of its text, its head and its title, and how long its text is."""

    text: Counts
    head: Counts
    title: Counts
    length: int


def head_of(one: Article, settings: Settings, spellings: Spellings) -> list[str]:
    """Give what names an article: all of the composed text but answer and body, and the first words of those."""
    by_source = by_source_of(one, settings, spellings)
    head = (by_source.get("answer", []) + by_source.get("body", []))[: settings.lead_words]
    for name, times in settings.text.items():
        if name not in ("answer", "body"):
            head = head + by_source.get(name, []) * times
    return head


@dataclass(frozen=True)
class ByHand:
    """Every part of every pair of a site."""

    site: Site

    @cached_property
    def rows(self) -> list[dict[tuple[str, str], float]]:
        return reference(self.site.articles, self.site.settings)

    @cached_property
    def spellings(self) -> Spellings:
        return spellings_of(self.site.articles, self.site.settings)

    @cached_property
    def said(self) -> list[TokenBytes]:
        settings, found = self.site.settings, []
        for one in self.site.articles:
            text = words_of(one, settings, self.spellings).get("text", [])
            titles = title_of(one.texts[settings.sources.index("title")], self.spellings)
            # Only words of the text itself count.
            counts = Counter(map(self.fold, text))
            head, title = (
                Counter(word for word in map(self.fold, own) if word in counts)
                for own in (head_of(one, settings, self.spellings), titles)
            )
            found.append(TokenBytes(counts, head, title, len(text)))
        return found

    @cached_property
    def known(self) -> Counter[str]:
        settings, words = self.site.settings, Counter[str]()
        for one in self.site.articles:
            title = title_of(one.texts[settings.sources.index("title")], self.spellings)
            fields = (word for own in words_of(one, settings, self.spellings).values() for word in own)
            words.update({*fields, *head_of(one, settings, self.spellings), *title})
        return words

    def fold(self, word: str) -> str:
        return fold(word, self.known)

    @cached_property
    def seen(self) -> Counter[str]:
        return Counter(word for one in self.said for word in one.text)

    @cached_property
    def mean(self) -> float:
        mean = sum(one.length for one in self.said) / len(self.said)
        return round(mean, 1 - math.floor(math.log10(mean))) if mean else 0.0  # two digits

    def idf(self, word: str) -> float:
        articles = len(self.said)
        if articles >= 100 and self.seen[word] > articles / 2:
            return 0.0
        return idf_of(articles, self.seen[word])

    def saturations(self, row: int, word: str) -> float:
        """Saturate a count as BM25 does with k1 = 1.5 and b = 0.75."""
        own = self.said[row]
        count = own.text.get(word, 0) if self.idf(word) else 0
        return count / (count + 1.5 * (0.25 + 0.75 * own.length / self.mean)) if count else 0.0

    def shares(self, counts: Counts, weight: Callable[[float, int], float]) -> dict[str, float]:
        values = {word: weight(self.idf(word), count) for word, count in counts.items() if self.idf(word)}
        whole = math.fsum(values.values())
        return {word: value / whole for word, value in values.items()}

    def covered_terms(self, asking: int, target: int) -> dict[str, dict[str, float]]:
        """Give the three coverages by part and word."""
        head = self.shares(self.said[asking].head, lambda idf, count: idf**2 * count)
        text = self.shares(self.said[asking].text, lambda idf, count: idf * math.sqrt(count))
        title = self.shares(self.said[target].title, lambda idf, count: idf)
        found = {
            "head_covered": {word: share * self.saturations(target, word) for word, share in head.items()},
            "text_covered": {word: share * self.saturations(target, word) for word, share in text.items()},
            "title_covered": {word: share * self.saturations(asking, word) for word, share in title.items()},
        }
        return {name: {word: value for word, value in terms.items() if value} for name, terms in found.items()}

    def cosine_terms(self, asking: int, target: int) -> dict[tuple[str, str], float]:
        one, other = self.rows[asking], self.rows[target]
        return {key: one[key] * other[key] for key in one.keys() & other.keys()}

    def cosine(self, asking: int, target: int) -> float:
        return math.fsum(self.cosine_terms(asking, target).values())

    @cached_property
    def near(self) -> list[list[int]]:
        """Give the candidates of every article by their cosines, without its own family."""
        families, found = self.site.families, []
        for row in range(len(families)):
            cosines = {o: round(self.cosine(row, o), 9) for o in range(len(families)) if families[o] != families[row]}
            ranked = sorted((o for o in cosines if cosines[o] > 0), key=lambda o: (-cosines[o], o))
            found.append(ranked[: self.site.settings.candidates])
        return found

    def near_in_return(self, asking: int, target: int) -> float:
        own = self.near[target]
        kept = self.site.settings.candidates
        return 1 - math.log(own.index(asking) + 1) / math.log(kept + 1) if asking in own else 0.0

    def same_subject(self, asking: int, target: int) -> float:
        subjects = [one.subject for one in self.site.articles]
        return float(subjects[asking] == subjects[target] != "")

    @cached_property
    def lift(self) -> float:
        subjects = [one.subject for one in self.site.articles]
        chance = math.fsum((count / len(subjects)) ** 2 for count in Counter(subjects).values())
        # As many nearest as an article has fellows of its subject on average, rounded up.
        fellows = [subjects.count(subject) - 1 for subject in subjects]
        most = max(1, math.ceil(Fraction(sum(fellows), len(fellows))))
        pairs = [subjects[row] == subjects[other] for row, own in enumerate(self.near) for other in own[:most]]
        # With one subject for all there is nothing to tell.
        if not pairs or len(set(subjects)) == 1:
            return 0.0
        return max(0.0, round(round((sum(pairs) / len(pairs) - chance) / (1 - chance), 9), 2))

    def parts(self, asking: int, target: int) -> dict[str, float]:
        covered = {name: math.fsum(own.values()) for name, own in self.covered_terms(asking, target).items()}
        return {
            "cosine": self.cosine(asking, target),
            **covered,
            "near_in_return": self.near_in_return(asking, target),
            "same_subject": self.same_subject(asking, target),
        }

    def score(self, asking: int, target: int) -> float:
        weights = {**self.site.settings.parts}
        weights["same_subject"] *= self.lift
        return math.fsum(weights[name] * value for name, value in self.parts(asking, target).items())

    def strangers(self, asking: int, target: int) -> bool:
        """Tell whether two articles are of different families, so that one may be a candidate of the other."""
        return self.site.families[asking] != self.site.families[target]

    def share_a_word(self, asking: int, target: int) -> bool:
        return self.cosine(asking, target) > 0


def site_of(
    texts: Sequence[Mapping[str, str]], settings: Settings, families: Sequence[int] = (), subjects: Sequence[str] = ()
) -> Site:
    """Make a site of texts by source."""
    count = len(texts)
    own = [
        replace(article(n, settings, **{k.replace(".", "__"): v for k, v in texts[n].items()})) for n in range(count)
    ]
    named = [replace(one, subject=subject) for one, subject in zip(own, subjects or [""] * count, strict=True)]
    # A digest of 16 bytes, as reading gives it.
    whole = tuple(replace(one, source_digest=f"{number:032x}") for number, one in enumerate(named))
    return Site(whole, tuple(families) or tuple(range(count)), settings)


SETTINGS = [
    Settings(),
    Settings(candidates=1),
    Settings(candidates=2, lead_words=2, lead_times=3),
    Settings(fields={"title": 1.0, "answer": 0.5}),
    Settings(fields={"text": 1.0}, text={"answer": 1, "body": 2}, lead_words=3, lead_times=1),
    Settings(fields={"seo.page_keywords": 0.5, "text": 1.0}, text={"title": 1}, lead_times=0),
    Settings(fields={"text": 1.0, "answer": 1.0}, text={"title": 2, "answer": 0}, lead_words=1, lead_times=0),
]
PART_WEIGHTS = st.fixed_dictionaries({name: st.sampled_from([0.0, -0.3, 0.1, 0.7, 2.0]) for name in PARTS})


@st.composite
def sites(draw: st.DrawFn, most: int = 6) -> Site:
    """Draw a site: empty titles and texts, none or few subjects, copies, one article alone, other settings."""
    settings = draw(st.sampled_from(SETTINGS))
    settings = replace(settings, parts=draw(st.just(PARTS) | PART_WEIGHTS))
    texts: list[dict[str, str]] = []
    families: list[int] = []
    for number in range(draw(st.integers(1, most))):
        if number and draw(st.integers(0, 5)) == 0:
            first = draw(st.integers(0, number - 1))
            texts.append({**texts[first], "title": draw(TEXTS)})
            families.append(families[first])
        else:
            texts.append({name: draw(TEXTS) for name in ("title", "seo.page_keywords", "answer", "body")})
            families.append(number)
    subjects = [draw(st.sampled_from(["", "A", "A", "B"])) for _ in texts]
    return site_of(texts, settings, families, subjects)
