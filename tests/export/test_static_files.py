"""Static files of links: names that any disk can hold, only what changed is written, nothing of others is touched."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_sites import BUILT_AT, article, contents

from recommender.build.pipeline import fit_model
from recommender.cli.main import main
from recommender.errors import RecommenderError
from recommender.export.static_files import DECIMALS, INDEX, Exported, export_files, file_of
from recommender.model.model import Model
from recommender.service import create_app
from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.system.disk import LockHeld, locked

Site = Callable[[Mapping[str, str | bytes]], Corpus]
LONG = "/" + "x" * 450

NAMES = [
    ("/a", "a.json"),
    ("/a/b", "a/b.json"),
    ("/a/", "a.json"),
    ("a", "a.json"),
    ("https://example.org/a#top", "a.json"),
    ("/A", "_41.json"),
    ("/a_b", "a_5fb.json"),
    ("/é", "_c3_a9.json"),
    ("/%C3%A9", "_c3_a9.json"),
    ("/100%", "100_25.json"),
    ("/../../etc/passwd", "_2e_2e/_2e_2e/etc/passwd.json"),
    ("/a/./b.html", "a/_2e/b_2ehtml.json"),
    ("/a\\..\\b", "a_5c_2e_2e_5cb.json"),
    ("/a//b", "a_2f/b.json"),
    ("/page?id=1", "page_3fid_3d1.json"),
    ("/", "_.json"),
    ("/index", "index.json"),
    ("/index.html", "_.json"),
    ("/a/index.html", "a.json"),
    ("/a/index.htm?x", "a_3fx.json"),
    ("/a/reindex.html", "a/reindex_2ehtml.json"),
    ("/_index", "_5findex.json"),
    ("/nul\0", "nul_00.json"),
    (LONG, f"{'x' * 200}_/{'x' * 200}_/{'x' * 50}.json"),
    (f"/{'x' * 200}/b", f"{'x' * 200}/b.json"),
    ("http://[a", "http_3a_2f/_5ba.json"),
]


@pytest.mark.parametrize(("url", "name"), NAMES)
def test_a_url_has_its_file(url: str, name: str) -> None:
    assert file_of(url) == name


def read_back(name: str) -> bytes:
    """Give the bytes that a name stands for, by the rule that is documented, backwards."""
    text = name.removesuffix(".json").replace("_/", "")
    return re.sub(rb"_(..)", lambda found: bytes.fromhex(found[1].decode()), text.encode())


@given(st.text("aZ09-_./\\%é ~:*?\0\U0001f600", min_size=1, max_size=300).filter(lambda text: text.strip("/")))
def test_any_name_is_safe_and_tells_its_url(text: str) -> None:
    path = quote(text.strip("/"), safe="/")
    name = file_of("/" + path)
    *folders, file = name.split("/")
    assert all(re.fullmatch(r"[a-z0-9_-]{1,201}", part) for part in [*folders, file.removesuffix(".json")])
    assert file.endswith(".json")
    assert name != INDEX
    assert read_back(name) == unquote_to_bytes(path)


def export(model: Model, folder: Path, limit: int = 5) -> Exported:
    return export_files(model, "v", limit, folder)


def counts(done: Exported) -> tuple[int, int, int]:
    return done.written, done.unchanged, done.deleted


def marks(folder: Path) -> dict[str, tuple[int, int]]:
    """Give what changes when a file is written: even with the same bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(file.relative_to(folder)): (file.stat().st_mtime_ns, file.stat().st_ino) for file in files}


def site_of(urls: list[str], small: Site, words: str = "") -> Model:
    files = {
        f"{n}.md": article(f"n{n}", url=f'"{url}"', answer=f"Word{n} and moon. {words}") for n, url in enumerate(urls)
    }
    corpus = small(files)
    assert len(corpus.articles) == len(urls)
    return fit_model(corpus, Settings(), BUILT_AT)


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """Give an answer of the service without what a file leaves out."""
    for link in answer["related"]:
        link["score"] = round(link["score"], DECIMALS)
    return {key: value for key, value in answer.items() if key != "model"}


@pytest.mark.parametrize("limit", [5, 20])
def test_a_file_is_what_the_service_answers(model: Model, saved: Path, tmp_path: Path, limit: int) -> None:
    folder = tmp_path / "related"
    assert counts(export(model, folder, limit)) == (142, 0, 0)
    client = create_app(saved, Settings()).test_client()
    kinds = set()
    for url in model.catalogue.urls.all():
        reply = client.get("/v1/related", query_string={"url": url, "limit": limit})
        assert reply.status_code == 200
        document = json.loads((folder / file_of(url)).read_bytes())
        assert list(document.items()) == list(plain(reply.json).items())
        kinds |= set(document)
    assert {"article", "related", "copies"} <= kinds
    index = json.loads((folder / INDEX).read_bytes())
    assert index["model"] == {"version": "v", "built_at": BUILT_AT}
    assert sorted([*index["files"], INDEX]) == sorted(contents(folder))


def test_the_next_run_touches_nothing_and_the_bytes_are_the_same_everywhere(model: Model, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    export(model, one)
    before = marks(one)
    assert counts(export(model, one)) == (0, 142, 0)
    assert marks(one) == before
    export(model, other)
    assert contents(one) == contents(other)


def test_only_what_changed_is_written_and_what_has_gone_is_deleted(model: Model, small: Site, tmp_path: Path) -> None:
    folder = tmp_path / "related"
    first = site_of(["/a", "/a/b", "/c/d", "/e"], small)
    assert counts(export(first, folder)) == (4, 0, 0)
    before = marks(folder)
    chosen = replace(first, built_at="2027-01-01T00:00:00Z")
    assert counts(export(chosen, folder)) == (0, 4, 0)
    assert {name for name, mark in marks(folder).items() if mark != before[name]} == {INDEX}
    (folder / "a" / "own.txt").write_text("mine")
    (folder / "a.json").write_text("spoiled")
    (tmp_path / "content").rename(tmp_path / "old")
    second = site_of(["/e", "/a"], small)
    done = export(second, folder)
    assert done.deleted == 2
    assert sorted(contents(folder)) == [INDEX, "a.json", "a/own.txt", "e.json"]
    assert not (folder / "c").exists()
    fresh = tmp_path / "fresh"
    export(second, fresh)
    assert {**contents(fresh), "a/own.txt": b"mine"} == contents(folder)


def test_urls_that_want_one_file_and_urls_that_are_too_long(small: Site, tmp_path: Path) -> None:
    long = "/" + "Ä" * 200
    odd = ["/a", "/a/", "https://example.org/a", "/A", "/../up", "/%C3%A9", "/é", LONG, long, "/", "/a.json/b"]
    done = export(site_of(odd, small), tmp_path / "related")
    assert dict(done.left_out) == {
        "/a/": "another article's url needs the same file a.json",
        "https://example.org/a": "another article's url needs the same file a.json",
        "/é": "another article's url needs the same file _c3_a9.json",
        long: "its file's name would have 1,215 characters, more than 900",
    }
    assert counts(done) == (7, 0, 0)
    files = contents(tmp_path / "related")
    assert len({name.lower() for name in files}) == 8
    for url in set(odd) - dict(done.left_out).keys():
        assert json.loads(files[file_of(url)])["article"]["url"] == url
    assert sorted(path.name for path in tmp_path.iterdir()) == ["content", "related"]


def own(folder: Path) -> Path:
    """Put what an export of one gone article leaves into a folder."""
    folder.mkdir()
    (folder / INDEX).write_text('{"format":1,"model":null,"files":["gone.json"]}')
    (folder / "gone.json").write_text("{}")
    return folder


INDEXES = [
    ('{"format":2,"files":[]}', "newer than 1; upgrade"),
    ('{"format":1,"files":["../outside.json"]}', "not as an export wrote it"),
    ('{"format":1,"files":["/etc/outside.json"]}', "not as an export wrote it"),
    ('{"format":1,"files":["a/../../outside.json"]}', "not as an export wrote it"),
    ('{"format":1,"files":["_index.json"]}', "not as an export wrote it"),
    ('{"format":1,"files":[["a.json"]]}', "not as an export wrote it"),
    ('{"format":1}', "not as an export wrote it"),
    ("[]", "not as an export wrote it"),
    ("[" * 100_000, "not as an export wrote it"),
    ("\udcff", "not as an export wrote it"),
    ("", "not as an export wrote it"),
]


@pytest.mark.parametrize(("text", "words"), INDEXES)
def test_an_index_that_no_export_wrote_deletes_nothing(model: Model, tmp_path: Path, text: str, words: str) -> None:
    folder = own(tmp_path / "related")
    (tmp_path / "outside.json").write_text("{}")
    (folder / INDEX).write_text(text, encoding="utf-8", errors="surrogateescape")
    before = contents(tmp_path)
    with pytest.raises(RecommenderError, match=words):
        export(model, folder)
    assert contents(tmp_path) == before


def linked_folder(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder / "learn").symlink_to("../elsewhere")


def linked_gone_folder(folder: Path) -> None:
    (folder / INDEX).write_text('{"format":1,"model":null,"files":["old/x.json"]}')
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere" / "x.json").write_text("{}")
    (folder / "old").symlink_to("../elsewhere")


def linked_index(folder: Path) -> None:
    (folder / INDEX).rename(folder.parent / "index")
    (folder / INDEX).symlink_to("../index")


def foreign_file(folder: Path) -> None:
    kepler = folder / "learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion.json"
    kepler.parent.mkdir(parents=True)
    kepler.write_text("mine")


def foreign_link(folder: Path) -> None:
    foreign_file(folder)
    file = next(folder.rglob("explain*.json"))
    file.rename(folder.parent / "target")
    file.symlink_to(folder.parent / "target")


FOREIGN = [
    (linked_folder, "learn: not a folder, or a linked one; move it away"),
    (linked_gone_folder, "old: not a folder, or a linked one"),
    (linked_index, "not as an export wrote it"),
    (foreign_file, "motion.json: not written by an export; move it"),
    (foreign_link, "motion.json: not written by an export; move it"),
    (lambda folder: (folder / INDEX).unlink(), "holds files that no export wrote"),
    (lambda folder: (folder / "learn").write_text("a file"), "learn: not a folder"),
]


@pytest.mark.parametrize(("make", "words"), FOREIGN)
def test_what_is_not_ours_is_refused_before_the_first_byte(
    model: Model, tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    folder = own(tmp_path / "related")
    make(folder)
    before = contents(tmp_path)
    with pytest.raises(RecommenderError, match=words):
        export(model, folder)
    assert contents(tmp_path) == before


def test_a_link_in_the_place_of_a_file_of_ours_is_replaced_not_followed(small: Site, tmp_path: Path) -> None:
    folder, outside = tmp_path / "related", tmp_path / "outside"
    found = site_of(["/a", "/b"], small)
    export(found, folder)
    (folder / "a.json").rename(outside)
    (folder / "a.json").symlink_to(outside)
    before = outside.read_bytes()
    assert counts(export(found, folder)) == (1, 1, 0)
    assert not (folder / "a.json").is_symlink()
    outside.write_text("kept")
    (folder / "b.json").unlink()
    (folder / "b.json").symlink_to(outside)
    assert (folder / "a.json").read_bytes() == before
    (tmp_path / "content").rename(tmp_path / "old")
    assert export(site_of(["/a", "/c"], small), folder).deleted == 0
    assert ((folder / "b.json").is_symlink(), outside.read_text()) == (True, "kept")


# Ends the process as kill -9 does, in place of its n-th rename.
KILLED = """
import os, sys
from pathlib import Path
from recommender.cli.main import main
point, plain = int(sys.argv[1]), Path.replace
def replace(self, target):
    global point
    point -= 1
    if point < 0:
        os._exit(9)
    return plain(self, target)
Path.replace = replace
sys.exit(main(["export", "--format", "json-files", "related"]))
"""


@pytest.mark.slow  # kills many runs
@pytest.mark.parametrize("point", [0, 1, 60, 142, 143])
def test_a_killed_run_leaves_each_file_old_or_new_and_the_next_one_ends_the_same(site: Path, point: int) -> None:
    folder, old = site / "related", b"of an earlier run"
    final = site.parent / "final"
    assert main(["export", "--format", "json-files", "--model", str(site / "models/default"), str(final)]) == 0
    new = contents(final)
    shutil.copytree(final, folder)
    names = sorted(name for name in new if name != INDEX)
    gone, kept = names[0], names[1:]
    for name in kept[::2]:
        (folder / name).write_bytes(old)
    for name in kept[1::2]:
        (folder / name).unlink()
    listed = [*kept[::2], "learn/gone.json"]
    (folder / gone).unlink()
    (folder / "learn" / "gone.json").write_bytes(old)
    (folder / INDEX).write_text(json.dumps({"format": 1, "model": None, "files": listed}))
    done = subprocess.run([sys.executable, "-c", KILLED, str(point)], cwd=site, check=False, capture_output=True)
    assert done.returncode == 9
    found = contents(folder)
    left = [name for name in found if name.endswith(".reltmp")]
    assert len(left) == 1
    for name in set(found) - {INDEX, *left}:
        assert found[name] in {old, new.get(name)}
    assert main(["export", "--format", "json-files", "--model", str(site / "models/default"), str(folder)]) == 0
    assert contents(folder) == new


def test_one_run_at_a_time(model: Model, tmp_path: Path) -> None:
    folder = tmp_path / "related"
    folder.mkdir()
    with locked(folder), pytest.raises(LockHeld, match="another run is writing"):
        export(model, folder)


def test_a_full_disk_leaves_what_was_there(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "related"

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        export(model, folder)
    assert os.listdir(folder) == []


def test_the_command_says_what_it_did(site: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(site)
    words = ["export", "--format", "json-files"]
    assert main([*words, "public/related", "--limit", "2"]) == 0
    said = "142 files in public/related: 142 written, 0 as they were, 0 of gone articles deleted\n"
    assert capsys.readouterr() == ("", said)
    document = json.loads(next((site / "public").rglob("explain-keplers*.json")).read_bytes())
    assert [link["rank"] for link in document["related"]] == [1, 2]
    assert main([*words, "content"]) == 2
    assert "content holds files that no export wrote" in capsys.readouterr().err
    assert main([*words, "recommender.yml"]) == 2
    assert "recommender.yml is not a folder" in capsys.readouterr().err
    file = next((site / "content").rglob("*.md"))
    text = re.sub(r"^url: .*$", rf"url: /{'x' * 900}", file.read_text(), flags=re.MULTILINE, count=1)
    file.with_name("far.md").write_text(text)
    assert main(["build"]) == 0
    capsys.readouterr()
    assert main([*words, "public/related", "--limit", "2"]) == 1
    err = capsys.readouterr().err
    assert re.search(r"^/x+…: no file: its file's name would have 913 characters, more than 900$", err, re.MULTILINE)
    assert "142 files in public/related: " in err
