"""The settings file that init writes: it loads, equals the defaults, and names the folder of all articles."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest
from small_sites import article, write_files

from recommender.errors import ContentError, SettingsError, WriteStopped
from recommender.settings import FILE_NAME, PARTS, Settings, load_settings
from recommender.site.detection import SAMPLE
from recommender.site.settings_file import write_parts, write_settings


def written(folder: Path) -> Settings:
    write_settings(folder, force=False)
    return load_settings(folder / FILE_NAME)


def without_places(settings: Settings) -> Settings:
    return dataclasses.replace(settings, content=None, model=None, home=None)


def test_the_file_loads_and_is_the_defaults(tmp_path: Path) -> None:
    write_files(tmp_path, {"content/a.md": article("a")})
    found = write_settings(tmp_path, force=False)
    assert (found.detected.content, found.proof.pages, found.proof.todo) == (("content",), 1, ())
    settings = load_settings(tmp_path / FILE_NAME)
    assert without_places(settings) == Settings()
    assert (settings.content, settings.model) == (tmp_path / "content", tmp_path / "models" / "default")
    assert settings.home == tmp_path


def test_the_commented_lines_are_the_defaults_of_every_setting(tmp_path: Path) -> None:
    write_files(tmp_path, {"content/a.md": article("a")})
    write_settings(tmp_path, force=False)
    text = (tmp_path / FILE_NAME).read_text()
    plain = re.sub(r"^# ((?:  )?[a-z_.]+:(?: [\w.]+)?|  - .+)$", r"\1", text, flags=re.MULTILINE)
    named = re.findall(r"^([a-z_]+):", plain, re.MULTILINE)
    fields = {field.name for field in dataclasses.fields(Settings)} - {"home", "pages", "editor_rules"}
    assert sorted(named) == sorted(fields | {"site", "except", "title", "apart"})
    (tmp_path / FILE_NAME).write_text(plain)
    assert without_places(load_settings(tmp_path / FILE_NAME)) == Settings()
    assert load_settings(tmp_path / FILE_NAME).hidden is not Settings().hidden
    # The lines do something: the same file with another number gives another setting.
    (tmp_path / FILE_NAME).write_text(plain.replace("slots: 5", "slots: 7").replace("lead_words: 40", "lead_words: 41"))
    changed = load_settings(tmp_path / FILE_NAME)
    assert (changed.slots, changed.lead_words) == (7, 41)


@pytest.mark.parametrize(
    ("paths", "content"),
    [
        (["a.md"], "."),
        (["content/a.md", "content/deep/b.md"], "content"),
        (["site/content/x/a.md", "site/content/y/b.md"], "site/content"),
        (["content/a.md", "docs/b.md"], "."),
        (["content/x/a.md"], "content/x"),
        (["content/a.MARKDOWN", "content/b.mdx"], "content"),
        (["content/a.md", "node_modules/b/c.md", "venv/c.md", "venv/pyvenv.cfg", ".hidden/d.md"], "content"),
    ],
)
def test_content_is_the_deepest_folder_that_holds_all_articles(tmp_path: Path, paths: list[str], content: str) -> None:
    write_files(tmp_path, {path: article("a") for path in paths})
    assert written(tmp_path).content == Path(os.path.normpath(tmp_path / content))


def test_files_that_are_no_articles_do_not_widen_it(tmp_path: Path) -> None:
    files = {
        "README.md": "# Site\n",
        "content/a.md": article("a"),
        "broken/b.md": b"---\nid: \xff\n---\n",
        "other/c.md": "---\n[\n---\n",
        "notes/d.txt": article("d"),
    }
    assert written(write_files(tmp_path, files)).content == tmp_path / "content"


def test_a_large_first_folder_does_not_hide_the_others(tmp_path: Path) -> None:
    files = {f"content/algebra/{n}.md": article(f"a{n}") for n in range(SAMPLE + 1)}
    write_files(
        tmp_path, {**files, "content/zoology/notes.md": "no front matter", "content/zoology/z.md": article("z")}
    )
    assert written(tmp_path).content == tmp_path / "content"


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "a #b",
        "a: b",
        "null",
        "~",
        "@x",
        "*x",
        "[x]",
        "'x",
        '"x',
        "x:",
        "-",
        "{x}",
        "%x",
        "é",
        "x\\y",
        "x ",
        "12",
    ],
)
def test_a_folder_of_any_name_can_be_read_back(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, {f"{name}/a.md": article("a")})
    assert written(tmp_path).content == tmp_path / name


def test_a_file_that_is_there_stays_unless_forced(tmp_path: Path) -> None:
    write_files(tmp_path, {"content/a.md": article("a"), FILE_NAME: "slots: 3\n"})
    with pytest.raises(SettingsError, match=r"is there already; edit it, or run `recommender init --force`"):
        write_settings(tmp_path, force=False)
    assert (tmp_path / FILE_NAME).read_text() == "slots: 3\n"
    write_settings(tmp_path, force=True)
    assert load_settings(tmp_path / FILE_NAME).slots == 5


def test_a_folder_without_articles_gets_no_file(tmp_path: Path) -> None:
    write_files(tmp_path, {"notes.txt": "# Site\n"})
    with pytest.raises(ContentError, match=r"no Markdown file below .*; run init at the top"):
        write_settings(tmp_path, force=False)
    assert not (tmp_path / FILE_NAME).exists()


def test_a_folder_without_pages_gets_a_file_and_is_not_called_done(tmp_path: Path) -> None:
    write_files(tmp_path, {"README.md": "# Site\n"})
    found = write_settings(tmp_path, force=False)
    assert (tmp_path / FILE_NAME).exists() and found.proof.pages == 0
    assert "holds no Markdown file" in found.proof.todo[0]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"content/a.md": article("a")})

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("recommender.system.user_files.replace_file", full)
    with pytest.raises(WriteStopped, match=r"cannot be written \(No space left on device\); free space"):
        write_settings(tmp_path, force=False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "parts:\n  cosine: 0.4\n  same_subject: 0.125\n"),
        ("content: a\n", "content: a\nparts:\n  cosine: 0.4\n  same_subject: 0.125\n"),
        ("content: a", "content: a\nparts:\n  cosine: 0.4\n  same_subject: 0.125"),
        (
            "content: a\r\nslots: 3\r\n",
            "content: a\r\nslots: 3\r\nparts:\r\n  cosine: 0.4\r\n  same_subject: 0.125\r\n",
        ),
        ("content: a\r\nslots: 3", "content: a\r\nslots: 3\r\nparts:\r\n  cosine: 0.4\r\n  same_subject: 0.125"),
        ("\ufeffslots: 3\n", "\ufeffslots: 3\nparts:\n  cosine: 0.4\n  same_subject: 0.125\n"),
        (
            "\ufeffparts:\r\n  cosine: 1\r\nslots: 3\r\n",
            "\ufeffparts:\r\n  cosine: 0.4\r\n  same_subject: 0.125\r\nslots: 3\r\n",
        ),
        # What stands beside the numbers stays, and what is not learned.
        (
            "# mine\nparts:  # ours\n    # first\n    cosine: 1  # old\n    title_covered: 2\n\n# slots\nslots: 3\n",
            "# mine\nparts:  # ours\n    # first\n    cosine: 0.4  # old\n    title_covered: 2\n"
            "    same_subject: 0.125\n\n# slots\nslots: 3\n",
        ),
        ('parts:\n  "cosine": "1"', 'parts:\n  "cosine": 0.4\n  same_subject: 0.125'),
        ("parts: {cosine: 1}  # here\nslots: 3\n", "parts: {cosine: 0.4, same_subject: 0.125}  # here\nslots: 3\n"),
        ("parts: {}\nslots: 3\n", "parts: {cosine: 0.4, same_subject: 0.125}\nslots: 3\n"),
        ("parts:  # none\nslots: 3\n", "parts:  # none\n  cosine: 0.4\n  same_subject: 0.125\nslots: 3\n"),
        ("parts: ~\nslots: 3\n", "parts: \n  cosine: 0.4\n  same_subject: 0.125\nslots: 3\n"),
    ],
)
def test_learned_parts_are_written_and_all_else_stays(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / FILE_NAME
    file.write_bytes(before.encode())
    file.chmod(0o664)
    assert write_parts(file, {"cosine": 0.4, "same_subject": 0.125}).startswith(f"{file}: parts written")
    assert file.read_bytes() == after.encode()
    assert file.stat().st_mode & 0o777 == 0o664
    parts = {"cosine": 0.4, "same_subject": 0.125, **({"title_covered": 2.0} if "title_covered" in before else {})}
    assert load_settings(file).parts == PARTS | parts
    write_parts(file, {"cosine": 0.4, "same_subject": 0.125})
    assert file.read_bytes() == after.encode()


@pytest.mark.parametrize(
    "text", ["parts: &a\n  cosine: 1\n", "parts: [1, 2]\n", "parts: text\n", "parts: {cosine: !!int 1}\n"]
)
def test_parts_in_a_form_that_cannot_be_edited_are_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / FILE_NAME
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"cannot be edited \(.*\); write the parts yourself"):
        write_parts(file, {"cosine": 0.4})
    assert file.read_text() == text


def test_a_settings_file_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    file.write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="cannot be edited"):
        write_parts(file, {"cosine": 1.0})
    assert file.read_bytes() == b"\xff"
