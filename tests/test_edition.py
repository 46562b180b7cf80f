"""Which code made something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from recommender import edition as module
from recommender.edition import edition


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    edition.cache_clear()
    yield
    edition.cache_clear()


CHANGES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a room": lambda patch: patch.setattr(module.pkgutil, "get_data", edited(module.pkgutil.get_data)),
    "numpy": lambda patch: patch.setattr(np, "__version__", "9.9"),
}


def edited(read: Any) -> Callable[[str, str], bytes]:
    return lambda package, name: read(package, name) + (b"#" if name == "vectors.py" else b"")


@pytest.mark.parametrize("change", CHANGES)
def test_other_code_is_another_edition(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = edition()
    assert len(before) == 64
    edition.cache_clear()
    assert edition() == before
    edition.cache_clear()
    CHANGES[change](monkeypatch)
    assert edition() != before
