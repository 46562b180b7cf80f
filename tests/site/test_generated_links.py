"""The list of generated links: read, refused line by line, and written so that diffs stay small."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import RecommenderError, SettingsError
from recommender.settings import LINKS_FILE
from recommender.site.generated_links import format_generated, generated_of, read_generated

# Urls as they can stand in a file: any text without lone surrogates.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def write(folder: Path, data: bytes) -> Path:
    file = folder / LINKS_FILE
    file.write_bytes(data)
    return file


def test_no_file_means_no_generated_link(tmp_path: Path) -> None:
    assert read_generated(tmp_path / LINKS_FILE) == {}


def test_read(tmp_path: Path) -> None:
    data = '{"url": "/a", "generated": ["/b", "/c", "/b"]}\r\n\n  \n{"generated": [], "url": "/é\u2028", "x": 1}'
    file = write(tmp_path, data.encode())
    assert read_generated(file) == {"/a": frozenset({"/b", "/c"}), "/é\u2028": frozenset()}


def test_format_is_sorted_and_leaves_empty_lists_out() -> None:
    generated = {
        "/b": frozenset({"/z", "/a"}),
        "/ä": frozenset({"/x\u2028"}),
        "/c": frozenset(),
        "/a": frozenset({"/"}),
    }
    assert (
        format_generated(generated)
        == (
            '{"url": "/a", "generated": ["/"]}\n'
            '{"url": "/b", "generated": ["/a", "/z"]}\n'
            '{"url": "/ä", "generated": ["/x\u2028"]}\n'
        ).encode()
    )
    assert format_generated({}) == b""


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "[]",
        "1",
        "null",
        "{}",
        '{"url": "/a"}',
        '{"url": 1, "generated": []}',
        '{"url": "/a", "generated": "/b"}',
        '{"url": "/a", "generated": [1]}',
        '{"url": "/a", "generated": [null]}',
        '{"url": "/a", "generated": ["/b"]',
        "[" * 100_000,
        "<<<<<<< HEAD",
    ],
    ids=lambda line: line[:40],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    file = write(tmp_path, f'{{"url": "/ok", "generated": []}}\n{line}\n'.encode())
    with pytest.raises(RecommenderError, match=r"jsonl, line 2: not .*; restore the file from git"):
        read_generated(file)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecommenderError, match="cannot be read"):
        read_generated(write(tmp_path, b"\xff\n"))
    with pytest.raises(RecommenderError, match="cannot be read"):
        read_generated(tmp_path)


@given(st.dictionaries(TEXTS, st.frozensets(TEXTS)))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, links: dict[str, frozenset[str]]
) -> None:
    file = write(tmp_path_factory.getbasetemp(), format_generated(links))
    assert read_generated(file) == {url: urls for url, urls in links.items() if urls}


def test_one_articles_line_is_found_among_all(tmp_path: Path) -> None:
    generated = {"/a": frozenset({"/b"}), '/a"é': frozenset({"/x", "/y"}), "/aa": frozenset({"/c"})}
    file = write(tmp_path, format_generated(generated))
    for url, urls in generated.items():
        assert generated_of(file, url) == urls == read_generated(file)[url]
    assert generated_of(file, "/b") == frozenset()
    assert generated_of(tmp_path / "none", "/a") == frozenset()
    with pytest.raises(SettingsError, match="damaged"):
        generated_of(write(tmp_path, b'{"url": "/a", "generated": ['), "/a")
