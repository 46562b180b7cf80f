"""Who takes part, from the files to what users see: hidden pages, pages that are never suggested or get no list."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from small_sites import Ranker, article, in_process, link, write_files

from recommender.editing.link_plan import MODES, plan_links
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.site.link_verdicts import judge_links

pytestmark = pytest.mark.slow  # builds a site for every day and rule

DAY = 86_400
TODAY = 20_785  # 2026-11-28


def at(monkeypatch: pytest.MonkeyPatch, day: int) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(day * DAY + 43_200))


@pytest.fixture(autouse=True)
def _on_a_known_day(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, TODAY)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = in_process(folder, *arguments)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def document(folder: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, *arguments, "--json").stdout)
    return found


HIDDEN = {
    "no_index: true": ("error", "links to a hidden article (no_index: true)"),
    "noindex: true": ("error", "links to a hidden article (noindex: true)"),
    "published: false": ("error", "links to a hidden article (published: false)"),
    "expires: 2026-11-27": ("error", "links to a hidden article (expires: 2026-11-27 is past)"),
    "draft: true": ("warning", "links to a page that is not published yet (draft: true)"),
    "status: Draft": ("warning", "links to a page that is not published yet (status: Draft)"),
    "date: 2026-11-29": ("warning", "links to a page that is not published yet (date: 2026-11-29 is to come)"),
    "unlisted: true": ("warning", "links to a page that is not listed (unlisted: true)"),
    "robots: noindex, follow": ("warning", "links to a page that is not listed (robots: noindex, follow)"),
}


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One article that links to a hidden one of each kind, in slots of their own, and sound ones around them."""
    files = {f"h{n}.md": article(f"h{n}", extra=f"{line}\n", date="") for n, line in enumerate(HIDDEN)}
    links = [link(1, "a"), *(link(n, f"h{n - 2}") for n in range(2, 2 + len(HIDDEN)))]
    files |= {"asker.md": article("asker", *links), **{f"{name}.md": article(name) for name in "abc"}}
    return write_files(tmp_path_factory.mktemp("linked"), files)


@pytest.fixture
def corpus(linked: Path) -> Corpus:
    return read_corpus(linked, Settings())


@pytest.mark.parametrize("number", range(len(HIDDEN)), ids=list(HIDDEN))
def test_a_link_to_a_hidden_article(corpus: Corpus, number: int) -> None:
    severity, explanation = list(HIDDEN.values())[number]
    judged = judge_links(corpus, corpus.row_of["/asker"], frozenset())[number + 1]
    assert (judged.verdict, judged.sound, judged.stays) == ("hidden", False, severity == "warning")
    assert judged.explanation == explanation


def test_the_audit_tells_the_kinds_apart(linked: Path) -> None:
    found = document(linked, "audit", ".")
    problems = [p for p in found["problems"] if p["code"] == "hidden"]
    assert [(p["slot"], p["severity"], p["reason"], p["value"]) for p in problems] == [
        (slot, severity, reason, f"/h{slot - 2}") for slot, (severity, reason) in enumerate(HIDDEN.values(), 2)
    ]
    remedies = {p["severity"]: p["remedy"] for p in problems}
    assert remedies == {
        "error": "remove the link: `recommender fill`",
        "warning": "none needed: the link stays; or remove it by hand",
    }
    assert (found["counts"]["hidden"], found["verdicts"]) == (len(HIDDEN), {"hidden": len(HIDDEN), "sound": 1})
    text = run(linked, "audit", ".").stdout
    assert "      4  error    hidden           links to a hidden article\n" in text
    assert "      5  warning  hidden           links to a page that is not published yet, or not listed\n" in text
    assert (
        ": warning hidden slot 6: links to a page that is not published yet (draft: true): /h4 "
        "(none needed: the link stays; or remove it by hand)\n"
    ) in text


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1)])
def test_a_link_to_a_draft_fails_no_audit_for_errors(tmp_path: Path, fail_on: str, code: int) -> None:
    write_files(tmp_path, {"a.md": article("a", link(1, "b")), "b.md": article("b", link(1, "a"), draft="true")})
    assert run(tmp_path, "audit", ".", "--fail-on", fail_on).returncode == code


# In which slots the article's links stand after a fill with three new ones at hand, by mode.
STAY = ["/h4", "/h5", "/h6", "/h7", "/h8"]
AFTER = {
    ("repair", 9): ["/a", *STAY, "/b", "/c"],
    ("repair", 7): ["/a", *STAY, "/b"],
    ("repair", 5): ["/a", *STAY],
    ("empty", 12): ["/a", *(f"/h{n}" for n in range(9)), "/b", "/c"],
    ("empty", 5): ["/a", *(f"/h{n}" for n in range(9))],
    # The rankings' own list around those that stay, in their slots, which are 6 to 10.
    ("regenerate", 12): ["/a", "/b", "/c", *STAY],
    ("regenerate", 7): ["/a", "/b", *STAY],
    ("regenerate", 5): STAY,
}


@pytest.mark.parametrize(("mode", "slots"), AFTER)
def test_a_link_to_what_may_come_yet_stays_in_every_mode(corpus: Corpus, mode: str, slots: int) -> None:
    row = corpus.row_of["/asker"]
    ranker = Ranker(corpus, {"/asker": ["/h4", "/h0", "/a", "/b", "/c"]})
    target = plan_links(corpus, row, mode, ranker, (Settings(slots=slots), {}))
    assert [want.url for want in target.wanted] == AFTER[mode, slots]
    assert [want.slot for want in target.wanted] == list(range(1, len(target.wanted) + 1))
    assert target.tally.get("dropped hidden", 0) == (0 if mode == "empty" else 4)
    assert target.tally["kept"] >= len(STAY)


def test_a_generated_link_to_what_became_a_draft_gives_way(corpus: Corpus) -> None:
    ranker = Ranker(corpus, {"/asker": ["/b"]})
    ours = {"/asker": frozenset({"/h4", "/a"})}
    for mode in ("repair", "regenerate"):
        target = plan_links(corpus, corpus.row_of["/asker"], mode, ranker, (Settings(slots=9), ours))
        assert "/h4" not in [want.url for want in target.wanted]
        assert "/h5" in [want.url for want in target.wanted]


def test_the_bytes_of_what_stays_are_kept(tmp_path: Path) -> None:
    odd = "related_article1:\n  # to come in spring\n  url: '/draft'\n  title: \"An old  title\"\n"
    texts = ["tide moon sea", "tide moon salt", "moon sea salt", "tide sea moon salt"]
    files = {f"{name}.md": article(name, answer=f"The {text}.") for name, text in zip("bcde", texts, strict=True)}
    files |= {
        "a.md": article("a", odd, answer="The tide and the moon."),
        "draft.md": article("draft", answer="The tide, the moon, the sea.", draft="true"),
    }
    write_files(tmp_path, files)
    (tmp_path / "recommender.yml").write_text("content: .\nfloor: 0\n")
    for mode in MODES:
        run(tmp_path, "fill", "--write", "--allow-no-vcs", "--mode", mode)
        text = (tmp_path / "a.md").read_text()
        assert odd in text
        assert text.count("related_article") == 5
        for name in "bcde":
            assert "/draft" not in (tmp_path / f"{name}.md").read_text()
        # A hidden article gets links of its own.
        assert (tmp_path / "draft.md").read_text().count("related_article") == 5


NEVER = {
    "asker.md": article("asker", link(1, "about"), link(2, "index")),
    "about.md": article("about"),
    "index.md": article("index", link(1, "asker"), link(3, "nowhere"), link(4, "a"), link(5, "h")),
    "404.md": article("404"),
    "h.md": article("h", no_index="true"),
    **{f"{name}.md": article(name) for name in "abc"},
}
RULES = Settings(never_suggest=("/about",), no_list=("/index",))


@pytest.fixture
def never(tmp_path: Path) -> Corpus:
    return read_corpus(write_files(tmp_path / "never", NEVER), RULES)


@pytest.mark.parametrize("mode", MODES)
def test_a_curated_link_to_what_is_never_suggested_is_sound_and_no_new_one_is_made(never: Corpus, mode: str) -> None:
    asker, row = never.row_of["/asker"], never.row_of["/a"]
    assert [(one.verdict, one.stays) for one in judge_links(never, asker, frozenset())] == [("sound", True)] * 2
    ranker = Ranker(never, {url: ["/about", "/404", "/b", "/c"] for url in ("/asker", "/a")})
    kept = [want.url for want in plan_links(never, asker, mode, ranker, (RULES, {})).wanted]
    assert kept == (["/b", "/c"] if mode == "regenerate" else ["/about", "/index", "/b", "/c"])
    assert [want.url for want in plan_links(never, row, mode, ranker, (RULES, {})).wanted] == ["/b", "/c"]


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("repair", [(1, "/asker"), (2, "/a")]),
        ("regenerate", [(1, "/asker"), (2, "/a")]),
        ("empty", [(1, "/asker"), (3, "/nowhere"), (4, "/a"), (5, "/h")]),
    ],
)
@pytest.mark.parametrize("ours", [frozenset[str](), frozenset({"/a"})])
def test_an_article_without_a_list_is_repaired_and_never_filled(
    never: Corpus, mode: str, wanted: Sequence[tuple[int, str]], ours: frozenset[str]
) -> None:
    ranker = Ranker(never, {"/index": ["/b", "/c"]})
    target = plan_links(never, never.row_of["/index"], mode, ranker, (RULES, {"/index": ours}))
    assert [(want.slot, want.url) for want in target.wanted] == wanted
    assert "added" not in target.tally


def test_such_articles_are_no_orphans_and_lack_no_links(tmp_path: Path) -> None:
    write_files(tmp_path, {"about.md": article("about"), "index.md": article("index"), "a.md": article("a")})
    (tmp_path / "recommender.yml").write_text("never_suggest: [/about]\nno_list: [/index]\n")
    found = [(p["path"], p["code"]) for p in document(tmp_path, "audit", ".")["problems"]]
    assert found == [
        ("a.md", "no-links"), ("a.md", "orphan"), ("about.md", "no-links"), ("index.md", "orphan"),
    ]  # fmt: skip


# Six articles of one kind, of which one expires and one is to come.
TIDES = {
    f"{name}.md": article(name, title=f"What is {name} of the tide", answer=f"The tide, the moon and the sea, {name}.")
    for name in "abcd"
}
TIDES["soon.md"] = article("soon", answer="The tide, the moon and the sea, soon.", date="2026-12-01")
TIDES["old.md"] = article("old", answer="The tide, the moon and the sea, gone.", extra="expires: 2026-12-05\n")


@pytest.fixture
def tides(tmp_path: Path) -> Path:
    write_files(tmp_path / "site", TIDES)
    (tmp_path / "recommender.yml").write_text("content: site\nmodel: model\nfloor: 0\n")
    return tmp_path


def version(folder: Path) -> tuple[str, str]:
    manifest = json.loads((folder / "model" / "manifest.json").read_text())
    return manifest["version"], manifest["built_at"]


def related(folder: Path, url: str = "/a") -> set[str]:
    return {one["url"] for one in document(folder, "related", url)["related"]}


def test_each_day_decides_anew_without_a_build(tides: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(tides, "build").returncode == 0
    seen: Mapping[int, set[str]] = {}
    for day in (0, 2, 3, 7, 8):
        at(monkeypatch, TODAY + day)
        lists = [json.loads(line) for line in run(tides, "export", "--output", "-").stdout.splitlines()]
        linked_to = {url for one in lists for url in one["related"]} & {"/soon", "/old"}
        assert related(tides) & {"/soon", "/old"} == linked_to
        seen = {**seen, day: linked_to}
    assert seen == {0: {"/old"}, 2: {"/old"}, 3: {"/soon", "/old"}, 7: {"/soon", "/old"}, 8: {"/soon"}}
    why = document(tides, "related", "/a", "--why", "/old")
    assert (why["rule"], why["sentence"]) == (
        "hidden",
        "not shown: it is hidden (expires: 2026-12-05 is past) (hidden)",
    )


def test_a_build_publishes_only_where_another_set_is_hidden(tides: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = []
    for day in (0, 1, 2, 3, 4, 8, 400):
        at(monkeypatch, TODAY + day)
        assert run(tides, "build").returncode == 0
        versions.append(version(tides))
    assert versions[0] == versions[1] == versions[2]
    assert versions[3] == versions[4] != versions[2]
    assert versions[5] == versions[6] != versions[4]
    assert versions[0][1] == "2026-11-28T12:00:00Z"


def test_a_fill_takes_the_day_on_which_it_runs(tides: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(tides, "build").returncode == 0
    before = version(tides)
    at(monkeypatch, TODAY + 8)
    done = run(tides, "fill", "--write", "--allow-no-vcs")
    assert (done.returncode, "building" in done.stderr) == (0, False)
    filled = "".join(path.read_text() for path in (tides / "site").iterdir())
    assert filled.count("url: /soon\nrelated") + filled.count("url: /soon\n---") == 5
    assert "    url: /old\n" not in filled
    assert version(tides) == before


def test_a_changed_rule_chooses_anew_and_says_so(tides: Path) -> None:
    assert run(tides, "build").returncode == 0
    settings = tides / "recommender.yml"
    settings.write_text(f"{settings.read_text()}never_suggest: [/b]\nno_list: [/c]\n")
    done = run(tides, "fill", "--write", "--allow-no-vcs")
    assert "was built from other content or settings: building it from this content first" in done.stderr
    assert "    url: /b\n" not in (tides / "site" / "a.md").read_text()
    assert "related_article" not in (tides / "site" / "c.md").read_text()
    found = document(tides, "related", "/c")
    assert (found["related"], found["reason"]) == ([], "the article gets no list (no_list: /c)")
    assert "/b" not in related(tides)
