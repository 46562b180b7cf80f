"""The compiled loops that merge and weigh counted words, held to their plain twins over random sites."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.settings import Settings
from recommender.text import tfidf, tfidf_compiled, vocabulary, vocabulary_compiled
from recommender.text.tfidf import Scales, stem
from recommender.text.tokens import Tokenized, columns_of_lines, number_words, say

SETTINGS = Settings(fields={"title": 0.3, "text": 0.7}, text={"answer": 1, "title": 2}, lead_words=2)
# Words that are one term in some forms: cut to five letters, or without the s.
WORDS = ["moon", "moons", "orbit", "orbits", "orbital", "é", "tide", "tides", "salt"]
TEXT = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
FORMS = [str, stem, lambda word: word.removesuffix("s")]


@st.composite
def sites(draw: st.DrawFn) -> Tokenized:
    """Draw a site tokenized in two parts, of whose rows some are no article's, in any order."""
    texts = draw(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8))
    cut = draw(st.integers(0, len(texts)))
    parts = tuple(number_words([say(some, SETTINGS)], SETTINGS) for some in (texts[:cut], texts[cut:]))
    order = draw(st.lists(st.sampled_from(range(len(texts))), unique=True))
    return Tokenized(parts, np.array(order, np.int64))


def same(one: object, other: object) -> None:
    """Compare arrays bit for bit, and their types; all else as it is."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    else:
        assert one == other


@given(sites(), st.sampled_from(FORMS), st.data())
def test_any_site_is_merged_and_weighed_as_by_the_plain_twin(site: Tokenized, form, data: st.DataObject) -> None:
    assert vocabulary_compiled.words_in_use(site) == vocabulary.words_in_use(site)
    for counting in (columns_of_lines(SETTINGS).titles, columns_of_lines(SETTINGS)):
        merged, plain = vocabulary_compiled.merge(site, form, counting), vocabulary.merge(site, form, counting)
        for name in ("vocabulary", "indptr", "indices", "data"):
            same(getattr(merged, name), getattr(plain, name))
    fields, words = len(SETTINGS.weighted), len(plain.vocabulary)
    frequency = vocabulary.frequencies(plain, fields)
    same(vocabulary_compiled.frequencies(merged, fields), frequency)
    columns = np.where(frequency, np.arange(fields * words).reshape(fields, words), -1).astype(np.int32)
    idf = np.where(frequency, np.log(1 + len(site.order) / np.maximum(frequency, 1)), 0.0)
    text = data.draw(st.sampled_from([-1, 1]))
    scales = Scales(columns, idf, np.array(list(SETTINGS.weighted.values())), text)
    weighed = zip(tfidf_compiled.weigh_rows(merged, scales), tfidf.weigh_rows(plain, scales), strict=True)
    for one, other in weighed:
        same(one, other)
