"""``related`` without settings: the site is detected as ``init`` does, and nothing is written into it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from generator_sites import SITES, TEXTS
from small_sites import in_process, write_files

from recommender.cli.main import main
from recommender.system.user_files import cache_folder

REAL = os.environ.get("RECOMMENDER_CORPORA", "")


def state(top: Path) -> dict[str, tuple[int, int, bytes]]:
    """Give times and bytes of all that is below a folder, the folder itself included."""
    found = {}
    for place, _, names in os.walk(top):
        for path in (Path(place), *(Path(place, name) for name in names)):
            info = path.lstat()
            found[str(path)] = (info.st_mtime_ns, info.st_ino, path.read_bytes() if path.is_file() else b"")
    return found


def test_a_site_of_hugo_is_answered_for_and_not_touched(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(top, SITES["hugo"].files)
    before = state(top)
    assert main(["related", "content/docs/moon.md", "--json"]) == 0
    out, said = capsys.readouterr()
    found = json.loads(out)
    assert found["article"]["url"] == "/docs/moon/"
    assert len(found["related"]) == len(TEXTS) - 1
    assert said.count("\n") == 1
    assert f"{top} is taken for a site of hugo (hugo.toml) with its pages in content" in said
    assert "`recommender init`" in said
    assert state(top) == before
    assert (cache_folder(top) / "manifest.json").is_file()


def test_it_answers_as_with_init_and_build(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(top, SITES["hugo"].files)
    main(["related", "/docs/moon/", "--json"])
    without = json.loads(capsys.readouterr().out)
    main(["init"])
    main(["build"])
    capsys.readouterr()
    assert main(["related", "/docs/moon/", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == without


def test_a_changed_file_is_read_again_and_no_other(
    top: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(top, SITES["hugo"].files)
    main(["related", "/docs/moon/"])
    built = (cache_folder(top) / "manifest.json").stat().st_mtime_ns
    main(["related", "/docs/moon/"])
    assert (cache_folder(top) / "manifest.json").stat().st_mtime_ns == built, "nothing changed, nothing is built"
    capsys.readouterr()
    write_files(top, {"content/docs/sun.md": "---\ntitle: Another title\n---\n\nThe moon pulls the sea.\n"})
    assert main(["related", "/docs/moon/"]) == 0
    assert "Another title" in capsys.readouterr().out


@pytest.mark.parametrize("folder", [".", "content", "content/docs"])
def test_any_folder_of_the_site_will_do(top: Path, folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(top, SITES["hugo"].files)
    done = in_process(top / folder, "related", "/docs/moon/")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "How the moon pulls the sea")
    assert str(top) in done.stderr
    elsewhere = in_process(top.parent, "related", str(top / "content/docs/moon.md"))
    assert (elsewhere.returncode, elsewhere.stdout) == (0, done.stdout)


def test_a_draft_is_answered_too_and_an_unknown_article_is_not(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(top, {**SITES["hugo"].files, "draft.txt": "The sea and the moon\nThe moon pulls the sea.\n"})
    assert main(["related", "--text", "draft.txt"]) == 0
    assert "How the moon pulls the sea" in capsys.readouterr().out
    assert main(["related", "/docs/gone/"]) == 2
    assert "no article is known as '/docs/gone/'" in capsys.readouterr().err


def test_where_nothing_tells_of_a_site_nothing_is_read(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(top, {"notes/a.md": "# A\n\nText.\n"})
    assert main(["related", "/notes/a"]) == 2
    assert "no recommender.yml is here or above; run `recommender init`" in capsys.readouterr().err
    (top / ".git").mkdir()
    assert main(["related", "notes/a.md"]) == 0, "a checkout is a site"


@pytest.mark.skipif(not REAL, reason="RECOMMENDER_CORPORA names no folder of real sites")
@pytest.mark.parametrize(
    ("name", "path"),
    [("hexojs__site", "source/docs/writing.md"), ("letsencrypt__website", "content/de/docs/faq.md")],
)
def test_a_real_site_is_answered_for_and_not_touched(
    name: str, path: str, top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(Path(REAL, "real-sites", name), top, dirs_exist_ok=True, symlinks=True)
    before = state(top)
    assert main(["related", path, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["related"]) == 5
    assert state(top) == before
