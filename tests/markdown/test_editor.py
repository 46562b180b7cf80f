"""Edits of generated and of mutated files, as five readers of front matter see them: all of a file but its related
blocks keeps its bytes and its values, the blocks hold what was wanted, and what is not certain is refused."""

from __future__ import annotations

import dataclasses
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ledger import EDITS
from nightly import EXAMPLES, NIGHTLY
from readers import Readers, Seen, install
from small_sites import ARTICLES

from recommender.article import Link, Style
from recommender.errors import FileProblem
from recommender.markdown import front_matter
from recommender.markdown.link_blocks import KEYS, Wanted, fold, read_blocks, splice
from tests.markdown.test_link_blocks import HOSTILE, LINK_TEXTS, PREFIX, edits, outside

pytestmark = pytest.mark.slow  # thousands of generated files


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    install()
    made = Readers()
    yield made
    made.close()


@dataclasses.dataclass(frozen=True)
class Case:
    """A whole file, and the links that it shall hold."""

    text: str
    wanted: tuple[Wanted, ...]


def links_in(text: str) -> dict[int, Link]:
    """Give the links of a file by slot; none where it cannot be read."""
    try:
        document = front_matter.split(text.encode())
        blocks = read_blocks(front_matter.parse(document.front), PREFIX) if document else ()
    except FileProblem:
        return {}
    return {block.slot: block.link for block in blocks if block.link}


def front_of(text: str) -> str:
    document = front_matter.split(text.encode())
    assert document is not None
    return document.front


# --- the property


def check(case: Case, readers: Readers) -> str:
    """Edit a file and hold the edit to all that is promised; say what became of it."""
    try:
        document = front_matter.split(case.text.encode())
        if document is None:
            return "no front matter"
        after = splice(document, case.wanted, Style(), PREFIX)
    except FileProblem as problem:
        assert problem.reason
        return f"refused: {problem.code}"
    after = "\ufeff" + after if document.bom else after
    if after == case.text:
        return "nothing to change"
    front = front_of(after)
    head, tail = case.text[: len(case.text) - len(document.text) + document.start], document.text[document.end :]
    assert after.startswith(head)
    assert after.endswith(tail)
    assert outside(front) == outside(document.front), "a byte outside the blocks changed"
    again = tuple(dataclasses.replace(want, source=want.slot) for want in case.wanted)
    second = front_matter.split(after.encode())
    assert second is not None
    assert splice(second, again, Style(), PREFIX) == second.text, "a second edit is not empty"
    held = links_in(case.text)
    before_seen, after_seen = readers(case.text, document.front), readers(after, front)
    for name, before in before_seen.items():
        if before is not None:
            compare(name, before, after_seen[name], case.wanted, held)
            EDITS[f"edited, and read as before by {name}"] += 1
    return "edited"


def compare(name: str, before: Seen, after: Seen | None, wanted: Sequence[Wanted], held: dict[int, Link]) -> None:
    """Hold what a reader sees after the edit to what it saw before, and to what was wanted."""
    assert after is not None, f"{name} refuses the edited file"
    ours = re.compile(rf"{PREFIX}[1-9][0-9]{{0,2}}")
    rest = [{key: value for key, value in seen.items() if not ours.fullmatch(key)} for seen in (before, after)]
    assert rest[0] == rest[1], f"{name} sees another key changed"
    assert [key for key in after if ours.fullmatch(key)] != [] or not wanted
    assert {key for key in after if ours.fullmatch(key)} == {f"{PREFIX}{want.slot}" for want in wanted}
    for want in wanted:
        block, source = after[f"{PREFIX}{want.slot}"], held.get(want.source)
        for key in KEYS:
            text = getattr(want, key)
            if source and fold(getattr(source, key)) == fold(text):
                stood = before[f"{PREFIX}{want.source}"].get(key)
                # A key that is rewritten with its block is a text then; else it is what it was, whatever its type.
                assert block.get(key) in (stood, text) or str(block.get(key)) == text or not text, f"{name}: {key}"
            elif key == "id" and re.fullmatch("-?[0-9]+", text):
                assert str(block[key]) == text, f"{name}: {key}"
            else:
                assert block.get(key, "") == text, f"{name}: {key}"


def run(strategy: st.SearchStrategy[Case], cases: int, readers: Readers) -> Counter[str]:
    outcomes: Counter[str] = Counter()

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(strategy)
    def hold(case: Case) -> None:
        outcomes[check(case, readers)] += 1

    hold()
    EDITS.update(outcomes)
    return outcomes


# --- generated files


BODIES = st.sampled_from(["", "\n&nbsp;", "\n---\nrelated_article1: x\n---\n", "\r\n\x85\u2028", "\nx\x00\n"])


@st.composite
def generated(draw: st.DrawFn) -> Case:
    front, wanted = draw(edits())
    newline = "\r\n" if "\r\n" in front else "\n"
    bom = draw(st.sampled_from(["", "", "\ufeff"]))
    fence = draw(st.sampled_from(["---", "---", "--- "]))
    return Case(f"{bom}---{newline}{front}{fence}{newline}{draw(BODIES)}", tuple(wanted))


def test_generated_files(readers: Readers) -> None:
    outcomes = run(generated(), EXAMPLES // 2, readers)
    assert outcomes["edited"] > EXAMPLES // 5, outcomes


# --- mutated files


def bases() -> list[str]:
    """Give whole files of the sample site, and by night of the real ones where they are at hand."""
    folders = [ARTICLES]
    corpora = os.environ.get("RECOMMENDER_CORPORA")
    if NIGHTLY and corpora:
        folders.append(Path(corpora))
    files = [sorted(folder.rglob("*.md"))[:: 1 if folder == ARTICLES else 97] for folder in folders]
    texts = [file.read_bytes().decode("utf-8", "replace") for found in files for file in found if file.is_file()]
    return [text for text in texts if text.startswith("---") and len(text) < 20_000]


TOKENS = [
    *(
        "\t",
        "\r",
        "\r\n",
        "\n",
        "\n\n",
        " ",
        "  ",
        "\x85",
        "\u2028",
        "\u2029",
        "\xa0",
        "\ufeff",
        "\x00",
        "\x7f",
        "\x1b",
    ),
    *("&a ", "*a", "!!str ", "!x ", "<<: ", "# c", " # c", "#", "---", "...", "\n---\n", "\n...\n", "%YAML 1\n"),
    *("? ", "- ", ": ", ":", "|", ">-", "|2", ">+\n", '"', "'", "{", "}", "[", "]", ",", "@", "`", "~", "null", "\\"),
    *("related_article1", "related_article2:", "\nrelated_article3:\n", '\n"related_article4": {url: /x}\n', "id: 5\n"),
    *("\nk: >-\n\n  x\n\n", "\nk: |+\n  x\n\n\n", "\nk: 'x\n\n  y'\n", '\nk: "x\\\n  y"\n', "\n  k: v\n", "\n# c\n"),
    *('\nk: "x\u2028y"\n', "\nk: 'x\r  y'\n", "\nk: &a {x: y}\nl: *a\n", "\nk: &a {x: y}\n<<: *a\n", "\n? [a]\n: b\n"),
    *("\n? k\n", "\n? - |+\n    x\n\n", "\nk: &a |+\n  x\n\n", "\nk: !!str\n  x\n", "\n*a : b\n", "\n!!str k: v\n"),
    *(text for text in HOSTILE if len(text) < 40),
]


@st.composite
def mutated(draw: st.DrawFn, texts: Sequence[str]) -> Case:
    text = draw(st.sampled_from(texts))
    end = text.find("\n---", 4) + 5
    head, tail = text[:end], text[end:]
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["insert", "insert", "insert", "drop", "double", "move", "cut", "indent"]))
        if kind == "insert":
            at = draw(st.integers(4, len(head)))
            head = head[:at] + draw(st.sampled_from(TOKENS)) + head[at:]
            continue
        lines = head.split("\n")
        at = draw(st.integers(1, max(1, len(lines) - 2)))
        to = draw(st.integers(1, max(1, len(lines) - 2)))
        if kind == "cut":
            del lines[min(at, to) : max(at, to)]
        elif kind == "indent":
            pad = draw(st.sampled_from([" ", "  ", "\t", "-"]))
            lines[at] = pad + lines[at] if draw(st.booleans()) else lines[at].strip()
        else:
            line = lines[at] if kind == "double" else lines.pop(at)
            lines[to:to] = [] if kind == "drop" else [line]
        head = "\n".join(lines)
    if draw(st.integers(0, 9)) == 0:
        head = head.replace("\n", "\r\n")
    return Case(head + tail[:300], draw(wanted_for(links_in(head + tail[:300]))))


@st.composite
def wanted_for(draw: st.DrawFn, held: dict[int, Link]) -> tuple[Wanted, ...]:
    """Links of the file as they are, moved or corrected, and new ones."""
    wanted = []
    for slot in range(1, draw(st.integers(0, 5)) + 1):
        fresh = draw(LINK_TEXTS)
        link = held[draw(st.sampled_from(sorted(held)))] if held and draw(st.booleans()) else None
        texts = (link.id, link.title, link.subject, link.url) if link else fresh
        if link and draw(st.booleans()):
            place = draw(st.integers(0, 3))
            texts = (*texts[:place], fresh[place], *texts[place + 1 :])
        wanted.append(Wanted(slot, *texts, source=link.slot if link else 0))
    return tuple(wanted)


def test_mutated_files(readers: Readers) -> None:
    outcomes = run(mutated(bases()), EXAMPLES // 2, readers)
    assert outcomes["edited"] > EXAMPLES // 20, outcomes
    assert sum(count for name, count in outcomes.items() if name.startswith("refused")) > EXAMPLES // 20, outcomes


# --- every failure ever found

NEW = Wanted(1, "7", "New title", "Physics", "/new")
FOUND = [
    pytest.param("---\na: |+\n  x\n\n---\n", (NEW,), "refused: not-editable", id="kept-breaks-before-the-fence"),
    pytest.param("---\na: |+\n  x\n\n# c\n---\n", (NEW,), "edited", id="kept-breaks-before-a-comment"),
    pytest.param(
        "---\nrelated_article1:\n id: 1\n title: ''\n   \n subject: S\n url: /old\n---\n",
        (Wanted(1, "1", "---", "S", "/old", source=1),),
        "refused: not-editable",
        id="a-line-of-spaces-that-the-new-title-takes-in",
    ),
]


@pytest.mark.parametrize(("text", "wanted", "outcome"), FOUND)
def test_what_failed_once(readers: Readers, text: str, wanted: tuple[Wanted, ...], outcome: str) -> None:
    assert check(Case(text, wanted), readers) == outcome
