"""The commands of evaluation as users type them: several rankers, judging by keys, and in a real terminal."""

from __future__ import annotations

import csv
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_sites import article, link, write_files

from recommender.cli.main import cli, main
from recommender.evaluation.judgments import parse_label, read_judgments
from recommender.evaluation.rankers import BASELINES, CURATED, WRITTEN

KEPLER = "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion"
TELESCOPES = "/learn/astronomy/questions/compare-refracting-and-reflecting-telescopes"
DWARFS = "/learn/astronomy/questions/compare-white-dwarfs-neutron-stars-and-black-holes"


@pytest.fixture
def at(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(site)
    return site


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def write_judgments(file: Path, *rows: tuple[str, dict[str, str]]) -> str:
    file.write_text("".join(json.dumps({"url": url, "labels": labels}) + "\n" for url, labels in rows))
    return str(file)


def test_rankings_stand_beside_the_model_under_names_that_hide_nothing(at: Path, capsys) -> None:
    assert main(["export", "--output", "random", "--limit", "20"]) == 0
    assert capsys.readouterr() == ("", "142 lists written to random\n")
    alone = document(capsys, "evaluate")
    assert list(alone["means"]) == ["model", *BASELINES]
    assert list(alone["catalogue"]) == ["model", CURATED, *BASELINES]
    both = document(capsys, "evaluate", "--rankings", "random")
    assert list(both["means"]) == ["model", "./random", *BASELINES]
    assert both["means"]["./random"] == both["means"]["model"] == alone["means"]["model"]
    assert both["means"]["random"] == alone["means"]["random"]
    assert alone["means"]["model"]["nDCG@10"] > 2 * alone["means"]["random"]["nDCG@10"]
    same = [one for one in both["comparisons"] if one["other"] == "./random"]
    assert {(one["one"], one["difference"], one["p"]) for one in same} == {("model", 0.0, 1.0)}
    Path("bad.jsonl").write_text("{}\n")
    assert main(["evaluate", "--rankings", "bad.jsonl"]) == 2
    assert "bad.jsonl, line 1" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["evaluate"], ["judge"]])
@pytest.mark.parametrize(("text", "count"), [('{"url": "/elsewhere", "related": ["/a"]}\n', 1), ("", 0)])
def test_rankings_of_another_site_are_wrong_use(at: Path, capsys, arguments: list[str], text: str, count: int) -> None:
    Path("other.jsonl").write_text(text)
    assert main([*arguments, "--rankings", "other.jsonl"]) == 2
    words = f"other.jsonl: none of its {count} ranked lists is of an article in content; name one of this site"
    assert words in capsys.readouterr().err


def test_a_model_of_another_site_is_wrong_use(at: Path, tmp_path: Path, capsys) -> None:
    write_files(tmp_path / "other", {f"{n}.md": article(n, answer=f"Of tides and {n * 3}.") for n in "ab"})
    assert main(["build", str(tmp_path / "other"), "--model", "other-model"]) == 0
    capsys.readouterr()
    assert main(["evaluate", "--model", "other-model"]) == 2
    assert "other-model: none of its 2 ranked lists is of an article in content" in capsys.readouterr().err


def test_two_models_and_rankings_without_a_model(at: Path, capsys) -> None:
    settings = at / "recommender.yml"
    before = settings.read_text()
    settings.write_text(before + "fields:\n  title: 1\n")
    assert main(["build", "--model", "titles"]) == 0
    settings.write_text(before)
    capsys.readouterr()
    found = document(capsys, "evaluate", "--model", "titles", "--model", "models/default", "--depth", "3")
    assert list(found["means"])[:2] == ["titles", "models/default"]
    assert {measure.split("@")[1] for measure in found["means"]["titles"]} == {"3"}
    assert found["means"]["titles"] != found["means"]["models/default"]
    assert next(iter(document(capsys, "evaluate", "--model", "titles")["means"])) == "model"
    assert main(["export", "--output", "lists.jsonl"]) == 0
    settings.write_text(before.replace("models/default", "none"))
    capsys.readouterr()
    assert list(document(capsys, "evaluate", "--rankings", "lists.jsonl")["means"]) == ["lists.jsonl", *BASELINES]
    assert main(["evaluate"]) == 2
    assert main(["evaluate", "--rankings", "lists.jsonl", "--model", "none"]) == 2


def test_judgments_values_subjects_and_the_files_after_a_fill(at: Path, capsys) -> None:
    file = write_judgments(at / "j.jsonl", (TELESCOPES, {DWARFS: "3", KEPLER: "1"}), ("/gone", {DWARFS: "2"}))
    assert main(["fill", "--write"]) == 0
    capsys.readouterr()
    found = document(capsys, "evaluate", "--judgments", file)
    assert list(found["judged"]["means"]) == ["model", CURATED, WRITTEN, *BASELINES]
    assert (found["judged"]["articles"], found["judged"]["articles not in the content"]) == (1, 1)
    assert found["generated links left out"] > 150
    catalogue = found["catalogue"]
    assert catalogue[WRITTEN]["linked from nowhere@5"] < catalogue[CURATED]["linked from nowhere@5"]
    assert main(["evaluate", "--judgments", file, "--csv", "values.csv", "--subjects", "--seed", "5"]) == 0
    out, err = capsys.readouterr()
    assert ("seed 5" in out, "nDCG@5 by subject" in out, "Astronomy" in out) == (True, True, True)
    with (at / "values.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert err == f"{len(rows):,} lines written to values.csv\n"
    assert {row["ranker"] for row in rows if row["against"] == "judgments"} == set(found["judged"]["means"])
    own = next(row for row in rows if row["against"] == "judgments" and row["ranker"] == "model")
    assert float(own["nDCG@10"]) == pytest.approx(found["judged"]["means"]["model"]["nDCG@10"])


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("/gone", {"/a": "3"})], "none of the 1 judged articles is in content; name judgments of this site"),
        ([(KEPLER, {"/a": "7"})], "j.jsonl, line 1: /a: '7' is not a label"),
        ([], "none of the 0 judged articles"),
    ],
)
def test_judgments_of_no_use_are_wrong_use(at: Path, capsys, rows: list, words: str) -> None:
    file = write_judgments(at / "j.jsonl", *rows)
    assert main(["evaluate", "--judgments", file]) == 2
    assert words in capsys.readouterr().err


def test_disagreements_of_a_subject_and_of_old_content(at: Path, capsys) -> None:
    assert main(["disagreements", "--subject", "music", "--limit", "1"]) == 0
    out, err = capsys.readouterr()
    assert (out.count("        better   "), out.count("        rank 1"), err) == (1, 1, "")
    assert main(["disagreements", "--subject", "Alchemy"]) == 2
    assert "no article has the subject 'Alchemy'; there are: Astronomy, " in capsys.readouterr().err
    write_files(at, {"content/new.md": article("new", link(1, "a"))})
    assert main(["disagreements"]) == 0
    assert (
        "the model in models/default was built from other content; run `recommender build`" in capsys.readouterr().err
    )


def judged(*arguments: str, keys: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["judge", *arguments], input=keys)
    assert done.exception is None, done.exception
    return done.exit_code, done.output


def test_judging_goes_on_where_it_stopped(at: Path, capsys) -> None:
    code, out = judged("--articles", TELESCOPES, "--articles", KEPLER, keys="2\nb3a\n1q")
    assert (code, "article 1 of 2, candidate 1 of " in out) == (0, True)
    assert out.splitlines()[-1] == "2 candidates of 1 articles are graded in judgments.jsonl"
    first = read_judgments(at / "judgments.jsonl")
    assert (list(first), list(first[TELESCOPES].values()).count("3a"), len(first[TELESCOPES])) == ([TELESCOPES], 1, 2)
    code, out = judged("--articles", TELESCOPES, "--articles", KEPLER, keys="D")
    assert "article 1 of 2, candidate 3 of " in out.split("3 excellent")[0]
    second = read_judgments(at / "judgments.jsonl")
    assert len(second[TELESCOPES]) == 3
    assert first[TELESCOPES].items() < second[TELESCOPES].items()
    code, out = judged("--articles", TELESCOPES, "--articles", KEPLER, keys="0" * 60)
    assert "all candidates are graded; b back, q quit" in out
    everything = read_judgments(at / "judgments.jsonl")
    assert set(everything) == {TELESCOPES, KEPLER}
    assert main(["evaluate", "--judgments", "judgments.jsonl", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["judged"]
    assert found["articles"] == 2
    # The pool held all that the rankers show.
    assert found["means"]["model"]["unjudged@10"] == 0
    assert found["means"]["random"]["unjudged@10"] > 0


def test_what_is_judged_is_saved_at_every_key(at: Path) -> None:
    sizes = []
    for keys in ("", "s", "3", "3b", "3x", "32"):
        (at / "judgments.jsonl").unlink(missing_ok=True)
        judged("--articles", "3", "--depth", "2", keys=keys)
        found = read_judgments(at / "judgments.jsonl") if (at / "judgments.jsonl").exists() else {}
        sizes.append("".join(label for labels in found.values() for label in sorted(labels.values())))
    assert sizes == ["", "", "3", "3", "3x", "23"]


def test_other_rankings_join_the_pool(at: Path) -> None:
    lists = [{"url": KEPLER, "related": [DWARFS, TELESCOPES, "/gone"]}]
    (at / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lists))
    judged("--articles", KEPLER, "--depth", "1", "--rankings", "mine.jsonl", "--judgments", "j2.jsonl", keys="1" * 40)
    (found,) = read_judgments(at / "j2.jsonl").values()
    assert DWARFS in found
    assert "/gone" not in found


def test_agreement_of_two_files(at: Path, capsys) -> None:
    one = write_judgments(at / "a.jsonl", ("/a", {"/b": "3", "/c": "0", "/d": "2a"}))
    other = write_judgments(at / "b.jsonl", ("/a", {"/b": "3", "/c": "1", "/d": "2"}))
    assert main(["judge", "--agreement", one, other]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "3 candidates of 1 articles graded by both, 66.7% alike"
    assert out[1] == "kappa 1.0000  useful or not"
    assert main(["judge", "--agreement", one, other, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kappa"]["useful or not"] == 1.0
    for arguments, words in (
        (["--json"], "--json is for --agreement"),
        (["--agreement", one, "none.jsonl"], "none.jsonl: cannot be read"),
        (["--articles", "/nowhere"], "no article has the url '/nowhere'"),
    ):
        assert main(["judge", *arguments]) == 2
        assert words in capsys.readouterr().err


def test_bytes_that_are_no_text_are_no_key(at: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "recommender", "judge", "--articles", KEPLER],
        cwd=at,
        input=b"\xff3",
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, b"is no key here" in done.stdout) == (0, True)
    assert list(read_judgments(at / "judgments.jsonl")[KEPLER].values()) == ["3"]


@pytest.mark.skipif(sys.platform == "win32", reason="a pty needs a POSIX system")
def test_a_real_terminal_needs_no_return_key(at: Path) -> None:
    import pty

    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "recommender", "judge", "--articles", KEPLER],
        cwd=at,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(follower)
    seen = b""

    def until(words: bytes) -> None:
        nonlocal seen
        end = time.monotonic() + 30
        while words not in seen and time.monotonic() < end:
            if select.select([leader], [], [], 1)[0]:
                seen += os.read(leader, 65536)
        assert words in seen, seen.decode("utf-8", "replace")
        seen = seen.partition(words)[2]

    try:
        until(b"candidate 1 of ")
        until(b"q quit")
        os.write(leader, b"3")
        until(b"candidate 2 of ")
        assert list(read_judgments(at / "judgments.jsonl")[KEPLER].values()) == ["3"]
        os.write(leader, b"e")
        until(b"the last is 3e now")
        os.write(leader, b"q")
        until(b"1 candidates of 1 articles are graded")
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(leader)
    assert list(read_judgments(at / "judgments.jsonl")[KEPLER].values()) == ["3e"]
    assert parse_label("3e").group == "e"
