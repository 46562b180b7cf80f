"""Pages before a change: only those that are called otherwise now can have left a link behind."""

from __future__ import annotations

import pytest
from small_sites import article

from recommender.settings import Settings
from recommender.site.pages_before import maybe_gone, read_texts

WAS = article("a", id="7")


@pytest.mark.parametrize(
    ("now", "path", "gone"),
    [
        (article("a", id="7", body="Other words."), "a.md", []),
        (article("b", id="7"), "a.md", ["/a"]),
        (article("a", id="8"), "a.md", ["/a"]),
        (article("a", id="7", title="Another title"), "a.md", ["/a"]),
        (article("a", id="7").replace("---\n", "---\nno_index: true\n", 1), "a.md", ["/a"]),
        ("---\ntitle: [\n---\n", "a.md", ["/a"]),
        (WAS, "b.md", ["/a"]),
        ("", "", ["/a"]),
    ],
)
def test_a_page_that_is_called_as_before_leaves_no_link_behind(now: str, path: str, gone: list[str]) -> None:
    old = read_texts({"a.md": WAS.encode()}, Settings())
    fresh = read_texts({path: now.encode()} if path else {}, Settings())
    assert [page.url for page in maybe_gone([("a.md", path)], old, fresh)] == gone


def test_a_page_whose_url_another_one_takes_may_be_gone_and_a_new_one_never_is() -> None:
    old = read_texts({"a.md": WAS.encode()}, Settings())
    fresh = read_texts({"a.md": WAS.encode(), "new.md": article("a", id="9").encode()}, Settings())
    assert [page.path for page in maybe_gone([("a.md", "a.md"), ("", "new.md")], old, fresh)] == ["a.md"]
