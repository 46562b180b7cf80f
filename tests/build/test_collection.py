"""What a build reads: counted words, and after edits of any kind just what a reading from scratch would give."""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_sites import article, write_files

from recommender.build import collection as module
from recommender.build.collection import Collected, collect
from recommender.build.read_cache import UNREAD, Index, load_index, load_tokens, save_index
from recommender.markdown import front_matter
from recommender.settings import Settings
from recommender.site import reader
from recommender.site.corpus import read_corpus
from recommender.system import parallel
from recommender.text.tfidf import Fitted, fit_vectors
from recommender.text.tokens import Tokenized, Tokens, join, take, title_words, tokenize_articles
from recommender.text.vocabulary_compiled import words_in_use

SETTINGS = Settings()
OLD = 1_600_000_000  # s; long before any test


@pytest.mark.parametrize("cores", [1, 3])
@pytest.mark.parametrize("long", [0, 100, reader.LONG])
def test_words_counted_while_reading_are_those_of_the_articles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, long: int
) -> None:
    # Paths and urls sort differently, the words of what is no article after all are no words of the site.
    files: dict[str, str | bytes] = {
        f"{n:03}.md": article(str(n), url=f"/{(n * 7) % 31:02}", title=f"Moon {n}", answer=f"stars and word{n} {n}")
        for n in range(31)
    }
    files |= {"bad.md": b"\xff", "twice.md": article("40", url="/07", title="Lost", answer="nowhere else")}
    monkeypatch.setattr(parallel, "cores", lambda: cores)
    monkeypatch.setattr(parallel, "CHUNK", 4)
    monkeypatch.setattr(parallel, "FEW", 1)
    monkeypatch.setattr(reader, "LONG", long)
    called: list[int] = []

    def loading(files: int) -> Callable[[], None]:
        called.append(files)
        return lambda: called.append(-1)

    write_files(tmp_path, files)
    plain = read_corpus(tmp_path, SETTINGS)
    counted = collect(tmp_path, SETTINGS, meanwhile=loading)
    assert called == [33, -1]
    assert len(plain.articles) == 30
    assert counted.corpus.articles == tuple(replace(one, **UNREAD) for one in plain.articles)
    words = counted.words(), tokenize_articles(plain.articles, SETTINGS)
    equal(*(fit_vectors(own, SETTINGS) for own in words))


# Only what changed is read again.


def site(root: Path, count: int = 12) -> Path:
    answers = [f"stars of word{n} and {n % 3}" for n in range(count)]
    write_files(root, {f"{n:02}.md": article(str(n), url=f"/{n:02}", answer=own) for n, own in enumerate(answers)})
    age(root)
    return root


def age(root: Path) -> None:
    """Make every file old enough to be trusted: times of before, and an index made later than its last change."""
    for file in root.rglob("*.md"):
        os.utime(file, (OLD, OLD))


def trusted(found: Collected) -> Collected:
    """Give an index as if it were made an hour from now: files that were just made are older than it."""
    return replace(found, index=replace(found.index, read_at=found.index.read_at + 3_600_000_000_000))


def same(found: Collected, before: Tokens | None, wanted: Collected) -> None:
    assert found.corpus == wanted.corpus
    words, fresh = found.words(before), wanted.words()
    assert rows(words) == rows(fresh)
    assert set(words_in_use(words)) == set(words_in_use(fresh))
    assert title_words(words).tolist() == title_words(fresh).tolist()
    equal(fit_vectors(words, SETTINGS), fit_vectors(fresh, SETTINGS))


def equal(found: Fitted, wanted: Fitted) -> None:
    for name in ("texts", "heads", "titles", "lengths"):
        assert getattr(found.coverage, name).tobytes() == getattr(wanted.coverage, name).tobytes()
    for one, other in ((found.main, wanted.main), (found.titles, wanted.titles)):
        assert one.space.terms.all() == other.space.terms.all() and "lost" not in one.space.terms.all()
        assert one.space.idf.tobytes() == other.space.idf.tobytes()
        for name in ("indptr", "indices", "data"):
            assert getattr(one.rows, name).tobytes() == getattr(other.rows, name).tobytes()


def rows(site: Tokenized) -> list[list[str]]:
    tokens = take(join(site.parts), site.order)
    words = [*tokens.vocabulary, ""]
    return [[words[n] for n in tokens.numbers[a:b]] for a, b in itertools.pairwise(tokens.starts.tolist())]


def test_nothing_is_read_again_where_nothing_changed(tmp_path: Path) -> None:
    first = collect(site(tmp_path), SETTINGS)
    before = trusted(first)
    second = collect(tmp_path, SETTINGS, before=before.index)
    assert (first.read, second.read) == (12, 0)
    assert second.index is before.index
    same(second, first.indexed(), first)


def edit(file: Path) -> None:
    file.write_text(file.read_text().replace("stars", "comets"))


def same_size_and_times(file: Path) -> None:
    """Edit as an editor that restores the time would; the inode's own time of change cannot be set."""
    info = file.stat()
    file.write_text(file.read_text().replace("stars", "moons"))
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))


def replaced(file: Path) -> None:
    new = file.with_suffix(".new")
    new.write_text(file.read_text().replace("stars", "moons"))
    os.utime(new, (OLD, OLD))
    new.rename(file)


def touched(file: Path) -> None:
    os.utime(file, (OLD + 9, OLD + 9))


def broken(file: Path) -> None:
    file.write_bytes(b"---\nurl: [\n---\n")


def twin(file: Path) -> None:
    shutil.copy(file, file.with_name("twin.md"))


CHANGES: dict[str, tuple[Callable[[Path], None], int]] = {
    "edited": (edit, 1),
    "edited, its size and time kept": (same_size_and_times, 1),
    "replaced": (replaced, 1),
    "touched": (touched, 1),
    "no article any more": (broken, 1),
    "another file with its url": (twin, 1),
    "deleted": (Path.unlink, 0),
    "moved": (lambda file: Path(file.rename(file.with_name("moved.md"))).touch(), 1),
    "no Markdown file any more": (lambda file: Path(file.rename(file.with_suffix(".txt"))).touch(), 0),
    "a link to another file": (lambda file: (file.unlink(), file.symlink_to(file.with_name("03.md")))[0], 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_alone_is_read_again(tmp_path: Path, change: str) -> None:
    before = trusted(collect(site(tmp_path), SETTINGS))
    work, count = CHANGES[change]
    work(tmp_path / "05.md")
    found = collect(tmp_path, SETTINGS, before=before.index)
    assert found.read == count
    same(found, before.indexed(), collect(tmp_path, SETTINGS))


def test_a_file_that_may_have_changed_after_it_was_read_is_compared_by_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = collect(site(tmp_path), SETTINGS)
    monkeypatch.setattr(front_matter, "parse", lambda _: pytest.fail("parsed"))
    found = collect(tmp_path, SETTINGS, before=first.index)
    # They were made within two seconds of the index. None is parsed.
    assert found.read == 12
    assert found.index is first.index
    same(found, first.indexed(), first)


@pytest.mark.parametrize("stale", [3, 512])
def test_another_checkout_of_the_same_files_is_not_parsed_nor_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stale: int
) -> None:
    """A cache that CI restores beside a fresh checkout: other inodes, other times, the same bytes."""
    monkeypatch.setattr(module, "STALE", stale)
    before = trusted(collect(site(tmp_path / "one"), SETTINGS))
    other = Path(shutil.copytree(tmp_path / "one", tmp_path / "other"))
    edit(other / "05.md")
    parsed = []
    parse = reader.Reading._article
    monkeypatch.setattr(reader.Reading, "_article", lambda *a: parsed.append(a[1]) or parse(*a))
    found = collect(other, SETTINGS, before=before.index)
    assert (found.read, parsed) == (12, ["05.md"])
    monkeypatch.undo()
    same(found, before.indexed(), collect(other, SETTINGS))


def test_an_index_that_spares_little_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALE", 3)
    before = trusted(collect(site(tmp_path), SETTINGS))
    for name in ("01", "02", "03"):
        edit(tmp_path / f"{name}.md")
    assert collect(tmp_path, SETTINGS, before=before.index).index is before.index
    edit(tmp_path / "04.md")
    found = collect(tmp_path, SETTINGS, before=before.index)
    assert found.read == 4 and found.index is not before.index
    again = collect(tmp_path, SETTINGS, before=trusted(found).index)
    assert again.read == 0
    same(again, found.indexed(before.indexed()), collect(tmp_path, SETTINGS))


@pytest.mark.parametrize("seed", range(12))
def test_random_edits_additions_deletions_and_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    draw = random.Random(seed)
    monkeypatch.setattr(module, "STALE", draw.choice([0, 2, 99]))
    index: Index | None = None
    counts: Tokens | None = None
    site(tmp_path / "site", 20)
    for _ in range(6):
        for _ in range(draw.randrange(5)):
            file = draw.choice(sorted((tmp_path / "site").glob("*.md")))
            draw.choice([work for work, _ in CHANGES.values()])(file)
            name = f"new{draw.randrange(100)}"
            write_files(tmp_path / "site", {f"{name}.md": article(name, url=f"/{name}", answer=f"word {name}")})
        found = collect(tmp_path / "site", SETTINGS, before=index)
        wanted = collect(tmp_path / "site", SETTINGS)
        same(found, counts, wanted)
        kept = counts if found.index is index and counts else found.indexed(counts)
        save_index(found.index, kept, tmp_path)
        index = load_index(tmp_path, SETTINGS, verify=draw.random() < 0.3)
        loaded = load_tokens(tmp_path, SETTINGS)
        assert index is not None and loaded is not None and loaded[0] == index.read_at
        counts = loaded[1]
