"""Which code made something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from recommender.system import code_version as module
from recommender.system.code_version import edition


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    edition.cache_clear()
    yield
    edition.cache_clear()


def edited(file: str) -> Callable[[pytest.MonkeyPatch], None]:
    read = module.pkgutil.get_data

    def changed(package: str, name: str) -> Any:
        return read(package, name) + (b"#" if name == file else b"")

    return lambda patch: patch.setattr(module.pkgutil, "get_data", changed)


FIT, EXACT = "recommender.build.pipeline", "recommender.ranking.nearest.exact_scores"
CHANGES: list[tuple[str, str, Callable[[pytest.MonkeyPatch], None], bool]] = [
    ("its own file", FIT, edited("build/pipeline.py"), True),
    ("a file that it imports", FIT, edited("text/tfidf.py"), True),
    ("a file that it imports late", FIT, edited("ranking/selection_compiled.py"), True),
    ("a file at third hand", FIT, edited("text/tokenizer.py"), True),
    ("numpy", FIT, lambda patch: patch.setattr(np, "__version__", "9.9"), True),
    ("a help text", FIT, edited("cli/main.py"), False),
    ("the service", FIT, edited("service/app.py"), False),
    ("the rules of choosing, for a loop that does not choose", EXACT, edited("ranking/selection_compiled.py"), False),
]


@pytest.mark.parametrize(("name", "of", "change", "differs"), CHANGES, ids=[row[0] for row in CHANGES])
def test_an_edition_is_of_the_code_that_decides(
    name: str, of: str, change: Callable[[pytest.MonkeyPatch], None], differs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = edition(of)
    assert len(before) == 64
    edition.cache_clear()
    assert edition(of) == before
    edition.cache_clear()
    change(monkeypatch)
    assert (edition(of) != before) is differs
    assert (edition("recommender.service.app") != before) is True


def test_a_sub_package_counts_where_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    before = edition("recommender.service")
    edition.cache_clear()
    edited("service/app.py")(monkeypatch)
    assert edition("recommender.service") != before


def test_the_package_itself_which_names_everything_for_type_checkers_counts_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert b"from recommender.service import" in module.pkgutil.get_data("recommender", "__init__.py")
    before = edition("recommender.model.store")  # it imports the version from there
    edition.cache_clear()
    edited("__init__.py")(monkeypatch)
    assert edition("recommender.model.store") == before
    edition.cache_clear()
    monkeypatch.undo()
    edited("service/app.py")(monkeypatch)
    assert edition("recommender.model.store") == before
