"""recommender.yml: what it may say, and the sentence for what it may not."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_sites import open_to_others, write_files
from strace import DONE, in_child

from recommender.errors import SettingsError
from recommender.settings import FILE_NAME, PARTS, Keys, Settings, find_settings, load_settings, make_settings


def load(folder: Path, text: str | bytes) -> Settings:
    file = folder / FILE_NAME
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_settings(file)


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    message = str(caught.value)
    assert message.startswith(str(folder / FILE_NAME)) and "\n" not in message
    return message.removeprefix(str(folder / FILE_NAME))


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        pytest.param("", {}, id="empty"),
        pytest.param("# only a comment", {}, id="comment"),
        pytest.param("slots: 3", {"slots": 3}, id="no-final-newline"),
        pytest.param("slots: 3\r\nfloor: 0.25\r\n", {"slots": 3, "floor": 0.25}, id="crlf"),
        pytest.param("\ufeffslots: 3\n", {"slots": 3}, id="byte-order-mark"),
        pytest.param("---\nslots: 3\n", {"slots": 3}, id="document-start"),
        pytest.param('slots: "3"\n', {"slots": 3}, id="quoted-number"),
        pytest.param("slots:\nfloor: ~\ncontent: null\nfields:\nparts:\n", {}, id="null-means-default"),
        pytest.param("floor: null\n", {"floor": None}, id="no-floor"),
        pytest.param("floor: 0\n", {"floor": 0.0}, id="floor-0-is-a-floor"),
        pytest.param("slots: 1\ncandidates: 1000\n", {"slots": 1, "candidates": 1000}, id="bounds"),
        pytest.param("floor: 1\n", {"floor": 1.0}, id="a-whole-number-is-a-number"),
        pytest.param("floor: .5\n", {"floor": 0.5}, id="no-leading-zero"),
        pytest.param(
            "same_question_article: 0\nsame_question_list: 1e-2\n",
            {"same_question_article": 0.0, "same_question_list": 0.01},
            id="likeness",
        ),
        pytest.param("embeddings: titles\n", {"embeddings": "titles"}, id="titles"),
        pytest.param("embeddings: off\n", {"embeddings": "off"}, id="off"),
        pytest.param("skip_linked: false\ncode_times: 0\n", {"skip_linked": False, "code_times": 0}, id="flag"),
        pytest.param("lead_words: 0\nlead_times: 0\n", {"lead_words": 0, "lead_times": 0}, id="lead-off"),
        pytest.param(
            "fields:\n  title: 1\n  body: 0\n  seo.x: .5\n",
            {"fields": {"title": 1.0, "body": 0.0, "seo.x": 0.5}},
            id="fields",
        ),
        pytest.param("text: {body: 1, title: 0}\n", {"text": {"body": 1, "title": 0}}, id="text"),
        pytest.param("parts:\n  cosine: 1\n", {"parts": {**PARTS, "cosine": 1.0}}, id="the-other-parts-stay"),
        pytest.param(
            "parts: {same_subject: -10, head_covered: 0, text_covered: 10}\n",
            {"parts": {**PARTS, "same_subject": -10.0, "head_covered": 0.0, "text_covered": 10.0}},
            id="parts-may-be-negative",
        ),
        pytest.param("keys:\n  id: No\n  url: meta.url\n", {"keys": Keys(id="No", url="meta.url")}, id="keys-are-text"),
    ],
)
def test_load(tmp_path: Path, text: str, changed: dict[str, object]) -> None:
    settings = load(tmp_path, text)
    assert settings == dataclasses.replace(Settings(), home=tmp_path, **changed)
    for name, value in changed.items():
        assert type(getattr(settings, name)) is type(value)


KNOWN = (
    "known: content, model, slots, lead_words, lead_times, code_times, floor, candidates, exact_up_to, "
    "same_question_article, same_question_list, max_age, replace_margin, max_in_links, skip_linked, balance, "
    "hidden, never_suggest, no_list, site, except, title, apart, page_link, file_link, embeddings, keys, url, "
    "links, fields, text, parts, answers"
)


def parts_of(others: float, **given: float) -> str:
    return f"parts: {{{', '.join(f'{name}: {given.get(name, others)}' for name in PARTS)}}}\n"


@pytest.mark.parametrize(
    "text",
    [
        parts_of(0, near_in_return=0.1),
        parts_of(-1, cosine=0.1),
        "text: {}\nfields: {title: 1}\n",
        "text: {}\nfields: {title: 1, text: 1}\n",
        parts_of(0, cosine=0.5) + "floor: 0.49\n",
        "floor: 1\n",  # the weights of the parts add up to 1.1
        "floor: 0\nsame_question_article: 0\nsame_question_list: 0\nlead_words: 0\nlead_times: 0\nexact_up_to: 0\n",
        "slots: 99\ncandidates: 1\n",
    ],
)
def test_little_is_enough(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    load_settings(tmp_path / FILE_NAME)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("slot: 3\n", f": unknown setting 'slot'; did you mean 'slots'? {KNOWN}", id="unknown"),
        pytest.param("ngram: 3\n", f": unknown setting 'ngram'; {KNOWN}", id="unknown-and-unlike"),
        pytest.param("home: /x\n", f": unknown setting 'home'; {KNOWN}", id="not-for-users"),
        pytest.param(
            "keys: {uri: x}\n",
            ": unknown key 'uri'; did you mean 'url'? known: id, title, subject, url, date, hidden, answer, related",
            id="unknown-key",
        ),
        pytest.param(
            "url: {hosts: x}\n",
            ": unknown setting of url 'hosts'; did you mean 'host'? known: host, ignore_case, aliases, elsewhere, "
            "sitemap, built, keys, patterns",
            id="unknown-of-url",
        ),
        *(
            pytest.param(
                f"url: {{host: {host!r}}}\n", f": url.host {host!r} is no host; write it as example.org", id=host
            )
            for host in ("a b", "https://a.org/path", "a/b", "javascript:x", "https://", "a.org?x", "[x")
        ),
        pytest.param("url: {host: [a.org, 3: 4]}\n", ": url.host must be a text, got a mapping", id="host-of-another"),
        pytest.param("embeddings: yes\n", ": embeddings must be titles or off, got 'yes'", id="embeddings"),
        pytest.param("url: {ignore_case: yes}\n", ": url.ignore_case must be true or false, got 'yes'", id="flag"),
        pytest.param("url: /x\n", ": url must be lines of `name: value`, got '/x'", id="url-of-another-type"),
        pytest.param("slots: 3\nslots: 4\n", ", line 2: setting 'slots' stands twice; keep one", id="twice"),
        pytest.param(
            "fields:\n  title: 1\n  title: 2\n", ", line 3: setting 'fields.title' stands twice; keep one", id="nested"
        ),
        pytest.param("slots: five\n", ": slots must be a whole number from 1 to 99, got 'five'", id="word"),
        pytest.param("slots: 3.0\n", ": slots must be a whole number from 1 to 99, got '3.0'", id="fraction"),
        pytest.param("slots: 0\n", ": slots must be a whole number from 1 to 99, got '0'", id="too-small"),
        pytest.param("slots: 100\n", ": slots must be a whole number from 1 to 99, got '100'", id="too-large"),
        pytest.param("slots: 1_0\n", ": slots must be a whole number from 1 to 99, got '1_0'", id="underscore"),
        pytest.param("slots: ٣\n", ": slots must be a whole number from 1 to 99, got '٣'", id="other-digits"),
        pytest.param("slots: [3]\n", ": slots must be a whole number from 1 to 99, got a list", id="list"),
        pytest.param("slots: {a: 3}\n", ": slots must be a whole number from 1 to 99, got a mapping", id="mapping"),
        pytest.param('slots: ""\n', ": slots must be a whole number from 1 to 99, got ''", id="empty-text"),
        pytest.param("floor: nan\n", ": floor must be a number from 0 to 1, got 'nan'", id="nan"),
        pytest.param("floor: .inf\n", ": floor must be a number from 0 to 1, got '.inf'", id="yaml-infinity"),
        pytest.param("floor: inf\n", ": floor must be a number from 0 to 1, got 'inf'", id="infinity"),
        pytest.param("floor: -0.1\n", ": floor must be a number from 0 to 1, got '-0.1'", id="negative"),
        pytest.param("floor: 0x1\n", ": floor must be a number from 0 to 1, got '0x1'", id="hexadecimal"),
        pytest.param("floor: 10 %\n", ": floor must be a number from 0 to 1, got '10 %'", id="percent"),
        pytest.param("content: {a: b}\n", ": content must be a text, got a mapping", id="path-mapping"),
        pytest.param('model: " "\n', ": model must be a text, got ' '", id="path-blank"),
        pytest.param("keys: id\n", ": keys must be lines of `name: value`, got 'id'", id="keys-text"),
        pytest.param("keys: [id]\n", ": keys must be lines of `name: value`, got a list", id="keys-list"),
        pytest.param("keys: {id: }\n", ": keys.id must be a text, got nothing", id="key-null"),
        pytest.param("keys: {id: {a: b}}\n", ": keys.id must be a text, got a mapping", id="key-mapping"),
        pytest.param("fields: 1\n", ": fields must be lines of `name: value`, got '1'", id="fields-number"),
        pytest.param("fields: {a: -1}\n", ": fields.a must be a number from 0 to 1000, got '-1'", id="weight"),
        pytest.param("fields: {a: }\n", ": fields.a must be a number from 0 to 1000, got nothing", id="weight-null"),
        pytest.param(
            "fields: {title: 0, body: 0.0}\n",
            ": no weight in fields is above 0; give at least one a weight above 0",
            id="all-off",
        ),
        pytest.param("text: {a: 1.5}\n", ": text.a must be a whole number from 0 to 100, got '1.5'", id="text-times"),
        pytest.param(
            "parts: {title_cover: 1}\n",
            ": unknown part 'title_cover'; did you mean 'title_covered'? known: cosine, head_covered, text_covered, "
            "title_covered, near_in_return, same_subject",
            id="unknown-part",
        ),
        pytest.param("parts: 1\n", ": parts must be lines of `name: value`, got '1'", id="parts-number"),
        pytest.param(
            "parts: {cosine: 11}\n", ": parts.cosine must be a number from -10 to 10, got '11'", id="part-too-large"
        ),
        pytest.param(
            "parts: {cosine: }\n", ": parts.cosine must be a number from -10 to 10, got nothing", id="part-null"
        ),
        pytest.param(
            "parts:\n  cosine: 1\n  cosine: 2\n",
            ", line 3: setting 'parts.cosine' stands twice; keep one",
            id="part-twice",
        ),
        pytest.param(
            "slots: 3\nparts: {cosine: 1, near_in_return: 0,\n  cosine: 0}\n",
            ", line 3: setting 'parts.cosine' stands twice; keep one",
            id="part-twice-in-braces",
        ),
        pytest.param(
            "url:\n  host: [{a: 1}, {b: 1, a: 2, b: 3}]\n",
            ", line 2: setting 'url.host.b' stands twice; keep one",
            id="twice-in-a-list",
        ),
        pytest.param(
            parts_of(0), ": no weight in parts is above 0; give at least one a weight above 0", id="no-part-counts"
        ),
        pytest.param(
            parts_of(0, cosine=-1, same_subject=-0.5),
            ": no weight in parts is above 0; give at least one a weight above 0",
            id="parts-below-0",
        ),
        *(
            pytest.param(
                text + "fields: {text: 1, title: 0}\n",
                ": no weight in text is above 0; give at least one a weight above 0",
                id=text.strip(),
            )
            for text in ("text: {}\n", "text: {answer: 0, body: 0}\n")
        ),
        pytest.param(
            "fields: {}\n", ": no weight in fields is above 0; give at least one a weight above 0", id="no-field"
        ),
        pytest.param(
            parts_of(0, cosine=0.5) + "floor: 0.5\n",
            ": floor 0.5 is not below 0.5, the highest score with these parts; lower it",
            id="floor",
        ),
        pytest.param("slots: 3\nb: {\n", ", line 3: did not find expected node content; mend the YAML", id="yaml"),
        pytest.param("slots: 3\nb: *x\n", ", line 2: found undefined alias; mend the YAML", id="alias"),
        pytest.param(
            "# é\nslots: \x01\n",
            ", line 2: unacceptable character #x0001: control characters are not allowed; mend the YAML",
            id="control",
        ),
        pytest.param(
            "slots: 3\n---\nslots: 4\n", ", line 2: but found another document; mend the YAML", id="documents"
        ),
        pytest.param("- slots\n", ", line 1: the front matter is a list or a text; mend the YAML", id="list-file"),
        pytest.param("[" * 25_000, ", line 1: values are nested deeper than 16 levels; mend the YAML", id="bomb"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text) == message


def test_a_number_of_thousands_of_digits_is_out_of_range(tmp_path: Path) -> None:
    assert "slots must be a whole number from 1 to 99" in refusal(tmp_path, f"slots: {'9' * 5000}\n")


def test_unreadable_files(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path, b"slots: \xff\n")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "missing.yml")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("site", "a/site"),
        ("./site/", "a/site"),
        ("../site", "site"),
        ("b/../../site", "site"),
        (".", "a"),
        ("/abs/x/../y", "/abs/y"),
    ],
)
def test_paths_are_relative_to_the_file(tmp_path: Path, written: str, path: str) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    settings = load(folder, f"content: {written}\nmodel: {written}\n")
    assert settings.content == settings.model == Path(os.path.join(tmp_path, path))
    assert settings.home == folder


def test_the_nearest_file_upwards_counts(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / FILE_NAME).write_text("slots: 7\n")
    assert find_settings(deep).slots == 7
    (tmp_path / "a" / FILE_NAME).write_text("slots: 8\n")
    assert (find_settings(deep).slots, find_settings(tmp_path / "a").home) == (8, tmp_path / "a")
    # A folder of that name is no settings file.
    (deep / FILE_NAME).mkdir()
    assert find_settings(deep).slots == 8
    (deep / FILE_NAME).rmdir()
    (deep / FILE_NAME).symlink_to("gone.yml")
    with pytest.raises(SettingsError, match=r"recommender.yml is a link that leads nowhere; mend or delete it"):
        find_settings(deep)


def test_a_folder_that_may_not_be_entered_is_named(tmp_path: Path) -> None:
    """Not the settings of a folder above it."""
    if os.name != "posix":
        pytest.skip("modes of folders are not this system's")
    closed = tmp_path / "closed"
    write_files(tmp_path, {FILE_NAME: "slots: 7\n", f"closed/{FILE_NAME}": "slots: 8\n"})
    closed.chmod(0o600)

    def find() -> None:
        if not os.geteuid():
            os.setuid(65534)
        with pytest.raises(SettingsError, match=r"closed may not be entered, so its recommender.yml is not known"):
            find_settings(closed)

    open_to_others(tmp_path)
    assert in_child(find) == DONE


def test_defaults_where_there_is_no_file(tmp_path: Path) -> None:
    assert find_settings(tmp_path) == Settings()


def test_weight_0_turns_a_field_off() -> None:
    settings = Settings(fields={"title": 1.0, "body": 0.0, "text": 0.0, "x": 2.0})
    assert settings.weighted == {"title": 1.0, "x": 2.0}
    assert settings.sources == ("title", "x")


@pytest.mark.parametrize(
    ("settings", "sources"),
    [
        (Settings(), ("title", "seo.page_keywords", "answer", "body")),
        (Settings(fields={"body": 1.0}), ("title", "body")),
        (Settings(fields={"text": 1.0}, text={"b": 1, "a": 0, "title": 2}), ("title", "b")),
        (Settings(fields={"text": 1.0, "b": 1.0}, text={"a": 1, "b": 1}), ("title", "b", "a")),
        (Settings(fields={"name": 1.0}, keys=Keys(title="name")), ("name",)),
    ],
)
def test_sources_are_read_once_and_the_title_first(settings: Settings, sources: tuple[str, ...]) -> None:
    assert settings.sources == sources


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().slots = 3  # type: ignore[misc]


VALUES = st.recursive(
    st.none() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
NAMES = [field.name for field in dataclasses.fields(Settings)]


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), VALUES, max_size=3))
def test_any_value_is_taken_or_refused_in_one_sentence(values: dict[str, object]) -> None:
    try:
        settings = make_settings(values, Path("/x/recommender.yml"))
    except SettingsError as error:
        assert re.match(r"/x/recommender\.yml: \S", str(error))
    else:
        assert 1 <= settings.slots <= 99 and settings.weighted
        assert settings.floor is None or 0 <= settings.floor <= 1
        assert settings.parts.keys() == PARTS.keys()


def test_model_links_and_judgments_stand_beside_the_settings_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE_NAME).write_text("slots: 3\n")
    names = ["models/default", "recommender.links.jsonl", "judgments.jsonl"]
    settings = load_settings(tmp_path / FILE_NAME)
    assert [settings.model_folder, settings.links_file, settings.judgments_file] == [tmp_path / n for n in names]
    monkeypatch.chdir(tmp_path)
    settings = Settings()
    assert [settings.model_folder, settings.links_file, settings.judgments_file] == [tmp_path / n for n in names]
    (tmp_path / FILE_NAME).write_text("model: other\n")
    assert load_settings(tmp_path / FILE_NAME).model_folder == tmp_path / "other"
