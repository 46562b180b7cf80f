"""Look-ups from packed texts: byte for byte the plain document, whatever the texts hold; urls against a dictionary."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.arrays.sparse_rows import Finder, pack, pack_bytes
from recommender.model import documents
from recommender.model.documents import RelatedRequest
from recommender.model.model import Model
from recommender.service import create_app
from recommender.service.live_model import Served
from recommender.service.prepared_answers import rounded
from recommender.settings import Settings

TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
STRANGE = [
    'say "tide"',
    "back\\slash",
    "tab\tand\nline",
    "\x01\x1f\x7f",
    "\u2028 \u2029",
    "𝕄oon é ü",
    "</script>&#39;",
    "",
]


def plain(served: Served, row: int, limit: int, curated: Any = ()) -> bytes:
    return orjson.dumps({**documents.related(served.model, row, RelatedRequest(limit), curated), "model": served.facts})


@pytest.mark.parametrize("limit", [1, 5, 20, 50])
def test_every_answer_has_the_bytes_of_the_plain_document(model: Model, limit: int) -> None:
    served = Served(model, "v", "t")
    rows = range(0, len(model), 1 if limit < 20 else 11)
    for row in rows:
        curated = {candidate.row for candidate in model.chosen.of(row)[1:3]}
        assert served.prepared.related(row, limit, curated) == plain(served, row, limit, curated)
    assert any(b'"reason":' in served.prepared.related(row, 50, ()) for row in rows)
    assert any(b'"copies":' in served.prepared.related(row, 5, ()) for row in range(len(model)))


def test_texts_that_json_writes_otherwise_are_written_so(model: Model) -> None:
    """The titles are put into the model: no build of the sample site would have them all."""
    count = len(model)
    titles = [STRANGE[row % len(STRANGE)] for row in range(count)]
    subjects = [STRANGE[row % 7] for row in range(count)]
    catalogue = replace(model.catalogue, titles=pack(titles), subjects=pack(subjects))
    served = Served(replace(model, catalogue=catalogue), 'v"1', "t")
    for row in range(count):
        assert served.prepared.related(row, 5, ()) == plain(served, row, 5)


@pytest.mark.parametrize("broken", [[b"a\xff", b"b", b"c"], [b"a\xc3", b"\xa9b", b"c"], [b"a", b"b\xe2\x82", b"\xacc"]])
def test_bytes_that_are_no_text_are_shown_like_in_the_plain_document(model: Model, broken: list[bytes]) -> None:
    """No build writes them; a file from elsewhere may."""
    titles = pack_bytes([broken[row % 3] for row in range(len(model))])
    served = Served(replace(model, catalogue=replace(model.catalogue, titles=titles)), "v", "t")
    for row in range(0, len(model), 5):
        assert served.prepared.related(row, 5, ()) == plain(served, row, 5)


@given(st.floats(0, 3) | st.integers(0, 2 * 10**9).map(lambda number: number / 10**9))
def test_a_score_is_written_like_its_rounded_self(score: float) -> None:
    assert rounded(score) == orjson.dumps(round(score, 9))


def test_every_url_is_found_through_the_route(saved: Path, model: Model) -> None:
    """Plain and escaped forms of an address take different ways to the same bytes."""
    client = create_app(saved, Settings()).test_client()
    for row in range(0, len(model), 9):
        url = model.catalogue.urls[row]
        escaped = url.replace("-", "%2D")
        assert Finder(model.catalogue.urls).find(url.encode()) == row
        replies = [client.get(f"/v1/related?url={form}") for form in (url, escaped, f"https://x.org{url}/")]
        assert {reply.status_code for reply in replies} == {200}
        assert len({reply.data for reply in replies}) == len({reply.headers["ETag"] for reply in replies}) == 1


def test_why_a_list_is_short_is_worked_out_once(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    choose_for = Model.choose_for
    monkeypatch.setattr(
        Model, "choose_for", lambda self, row, limit: asked.append((row, limit)) or choose_for(self, row, limit=limit)
    )
    served = Served(model, "v", "t")
    answers = {served.prepared.related(3, 50, ()) for _ in range(3)}
    assert len(answers) == 1
    assert asked == [(3, 50)]


def test_a_replaced_model_is_let_go_at_once(model: Model) -> None:
    """Not at the next collection of cycles: its maps would stay in memory."""
    own = replace(model)
    served = Served(own, "v", "t")
    served.prepared.related(3, 50, ())
    held = weakref.ref(own)
    gc.disable()
    try:
        del own, served
        assert held() is None
    finally:
        gc.enable()
