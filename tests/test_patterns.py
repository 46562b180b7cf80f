"""Patterns of settings: of paths, where a star stops at a slash, and of texts, where it does not."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.patterns import of_paths, of_texts


@pytest.mark.parametrize(
    ("pattern", "fits", "others"),
    [
        ("*.md", ["a.md", ".md"], ["a/b.md", "a.mdx"]),
        ("**/*.md", ["a.md", "a/b/c.md"], ["a.txt"]),
        ("a/**/b.md", ["a/b.md", "a/x/y/b.md"], ["ab.md", "a/xb.md"]),
        ("a/**", ["a/b", "a/b/c"], ["b/a"]),
        ("a?.md", ["ab.md"], ["a/.md", "a.md"]),
        ("[slug].md", ["[slug].md"], ["s.md"]),
        ("a.b(c)+", ["a.b(c)+"], ["aXb(c)+"]),
    ],
)
def test_paths(pattern: str, fits: list[str], others: list[str]) -> None:
    compiled = re.compile(of_paths(pattern))
    assert [text for text in (*fits, *others) if compiled.fullmatch(text)] == fits


@given(st.text(alphabet="ab*?[]!-/.\\", max_size=8), st.text(alphabet="ab[]!-/.\\", max_size=8))
def test_texts_fit_as_the_shell_has_it(pattern: str, text: str) -> None:
    if "**" in pattern or "-" in pattern or "[" in text:
        return
    expected = re.compile(fnmatch.translate(pattern)).match(text) is not None
    assert (re.compile(of_texts(pattern), re.DOTALL).fullmatch(text) is not None) == expected
