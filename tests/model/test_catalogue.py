"""Which articles count together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.model.catalogue import groups_of, packed_partitions, within


@pytest.mark.parametrize(
    ("partitions", "groups"),
    [
        ([], []),
        ([("", "")] * 2, [0, 0]),
        ([("en", ""), ("de", ""), ("en", "")], [1, 0, 1]),
        # Pages of no version are linked by those of all versions.
        ([("", "1"), ("", ""), ("", "2")], [0, 0, 0]),
        ([("", "2"), ("", "1"), ("", "2")], [1, 0, 1]),
        ([("en", "1"), ("de", "1"), ("en", "2"), ("de", "")], [1, 0, 2, 0]),
    ],
)
def test_a_language_counts_for_itself_and_a_version_where_all_pages_have_one(
    partitions: list[tuple[str, str]], groups: list[int]
) -> None:
    assert groups_of(packed_partitions(partitions)[0]).tolist() == groups


@given(st.lists(st.tuples(st.sampled_from(["", "de", "en"]), st.sampled_from(["", "1", "2"])), min_size=1, max_size=12))
def test_no_article_may_link_to_another_group(partitions: list[tuple[str, str]]) -> None:
    packed = packed_partitions(partitions)[0]
    groups = groups_of(packed)
    for row, own in enumerate(packed.tolist()):
        assert set(groups[np.flatnonzero(within(packed, own))].tolist()) == {groups[row]}
