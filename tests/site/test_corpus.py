"""A folder as a Corpus: strange files are problems, never crashes, and the order of files plays no part."""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recommender.article import Link
from recommender.errors import ContentError, FileProblem
from recommender.markdown.link_blocks import Style
from recommender.problems import KINDS
from recommender.settings import Keys, Settings
from recommender.site.corpus import Corpus, assemble, read_corpus
from recommender.site.files import MAX_BYTES, read_bytes
from recommender.system import parallel

SETTINGS = Settings()


def article(number: int = 1, extra: str = "", answer: str = "", **values: str) -> str:
    front = {"id": str(number), "title": f"Title {number}", "url": f"/u{number}", **values}
    lines = "".join(f"{key}: {value}\n" for key, value in front.items() if value != "-")
    return f"---\n{lines}answer: {answer or f'Answer {number}'}\n{extra}---\n\n&nbsp;"


def site(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read(folder: Path, files: dict[str, str | bytes], settings: Settings = SETTINGS) -> Corpus:
    return read_corpus(site(folder, files), settings)


def problems(corpus: Corpus) -> list[tuple[str, str, int, str]]:
    return [(p.code, p.path, p.line, p.value) for p in corpus.problems]


def test_an_article(tmp_path: Path) -> None:
    text = (
        "\ufeff---\nid: 7\ntitle: >-\n  A   long\n  title\nurl: ' /u '\nsubject: Physics \n"
        "date: 2020-13-45\nno_index: yes\n"
        "seo:\n  page_keywords: [a, b]\nanswer: |\n  One\n   two\nrelated_article1: {id: 8, url: /v}\n"
        "related_article2:\nrelated_article3: x\n---  \nThe body\n---\n"
    )
    corpus = read(tmp_path, {"deep/er/x.MD": text})
    (found,) = corpus.articles
    assert (found.id, found.title, found.url, found.subject) == ("7", "A long title", "/u", "Physics")
    assert (found.date, found.hidden, found.path) == ("2020-13-45", "no_index: yes", os.path.join("deep", "er", "x.MD"))
    assert found.texts == ("A   long title", "a, b", "One\n two\n", "The body\n---\n")
    assert found.links == (Link(1, 15, "8", "", "", "/v"),)
    assert found.file_digest == hashlib.sha256(text.encode()).hexdigest()
    assert problems(corpus) == [
        ("bad-date", found.path, 8, "date: 2020-13-45"),
        ("malformed-link", found.path, 17, ""),
    ]
    assert (corpus.files, corpus.row_of, corpus.rows_of_id, corpus.families) == (1, {"/u": 0}, {"7": (0,)}, (0,))


# Files that are no articles.


@pytest.mark.parametrize(
    ("content", "code", "line", "value"),
    [
        pytest.param("", "no-front-matter", 0, "", id="empty-file"),
        pytest.param("# Only text\n", "no-front-matter", 0, "", id="note"),
        pytest.param("+++\ntitle = 'x'\n+++\n", "missing-url", 0, "", id="toml"),
        pytest.param("+++\ntitle = x\n+++\n", "bad-toml", 2, "", id="bad-toml"),
        pytest.param("+++\ntitle = 'x'\n", "broken-fence", 1, "", id="unclosed-toml"),
        pytest.param("---\nid: 1\n", "broken-fence", 1, "", id="unclosed"),
        pytest.param("---id: 1\n---\n", "broken-fence", 1, "", id="fused-fence"),
        pytest.param(b"---\nid: \xff\n---\n", "not-utf8", 2, "", id="latin-1"),
        pytest.param(article().encode("utf-16"), "not-utf8", 1, "", id="utf-16"),
        pytest.param("---\nid: 1\ntitle: a: b\n---\n", "bad-yaml", 3, "", id="colon"),
        pytest.param("---\r\nid: 1\r\nx: \x07\r\n---\r\n", "bad-yaml", 3, "", id="control"),
        pytest.param("---\n- a\n---\n", "not-a-mapping", 2, "", id="list"),
        pytest.param("---\n" + "[" * 25_000 + "\n---\n", "unsafe-yaml", 2, "", id="depth-bomb"),
        pytest.param("---\na: &a [*a]\n---\n", "unsafe-yaml", 0, "", id="alias-bomb"),
        pytest.param("---\na: " + "x" * 262_144 + "\n---\n", "too-large", 0, "", id="huge-front-matter"),
        pytest.param(b"x" * (MAX_BYTES + 1), "too-large", 0, "", id="huge-file"),
        pytest.param("---\n---\n", "missing-url", 0, "", id="empty-front-matter"),
        pytest.param(article(url="-"), "missing-url", 0, "", id="no-url"),
        pytest.param(article(url=""), "missing-url", 4, "", id="null-url"),
        pytest.param(article(url="/a b"), "bad-url", 4, "/a b", id="url-with-a-space"),
        pytest.param(article(url="javascript:alert(1)"), "bad-url", 4, "javascript:alert(1)", id="url-of-a-script"),
        pytest.param(article(url="//evil.example/x"), "bad-url", 4, "//evil.example/x", id="url-of-another-host"),
        pytest.param(article(url="/\\\\evil.example"), "bad-url", 4, "/\\\\evil.example", id="backslashes"),
        pytest.param(article(url='"/a\\u202eb"'), "bad-url", 4, "/a\u202eb", id="url-with-a-control"),
        pytest.param(article(url="/a\u00a0b"), "bad-url", 4, "/a\u00a0b", id="url-with-nbsp"),
        pytest.param(article(title="-"), "missing-title", 0, "", id="no-title"),
        pytest.param(article(title='" \\t "'), "missing-title", 3, "", id="blank-title"),
        pytest.param(article(title="null"), "missing-title", 3, "", id="null-title"),
    ],
)
def test_one_file_that_is_no_article_stops_no_other(
    tmp_path: Path, content: str | bytes, code: str, line: int, value: str
) -> None:
    corpus = read(tmp_path, {"bad.md": content, "good.md": article(9, url="/good")})
    assert problems(corpus) == [(code, "bad.md", line, value)]
    assert [found.url for found in corpus.articles] == ["/good"]
    assert corpus.files == 2


@pytest.mark.parametrize("title", ["No", "off", "null x", "'null'", "012", "1:30", "2020-01-01", "0"])
def test_a_title_is_text(tmp_path: Path, title: str) -> None:
    (found,) = read(tmp_path, {"a.md": article(title=title)}).articles
    assert found.title == title.strip("'")


@pytest.mark.parametrize(
    ("written", "found_id", "expected"),
    [
        ("-13", "-13", []),
        ("'7'", "7", []),
        ("0", "0", []),
        ("-", "", []),
        ("", "", []),
        ("~", "", []),
        ("012", "", [("bad-id", "a.md", 2, "012")]),
        ("1.0", "", [("bad-id", "a.md", 2, "1.0")]),
        ("1:30", "", [("bad-id", "a.md", 2, "1:30")]),
        ("1" * 16, "", [("bad-id", "a.md", 2, "1" * 16)]),
        ("abc", "", [("bad-id", "a.md", 2, "abc")]),
    ],
)
def test_ids(tmp_path: Path, written: str, found_id: str, expected: list[tuple[str, str, int, str]]) -> None:
    corpus = read(tmp_path, {"a.md": article(id=written)})
    assert corpus.articles[0].id == found_id
    assert problems(corpus) == expected
    assert corpus.rows_of_id == ({found_id: (0,)} if found_id else {})


@pytest.mark.parametrize(("count", "named"), [(9, False), (10, True)])
def test_a_missing_id_is_noted_where_nine_in_ten_have_one(tmp_path: Path, count: int, named: bool) -> None:
    files = {f"{n}.md": article(url=f"/{n}", id=str(n)) for n in range(count - 1)}
    corpus = read(tmp_path, {**files, "without.md": article(url="/without", id="")})
    assert ("missing-id" in {problem.code for problem in corpus.problems}) is named
    assert len(corpus.articles) == count


@pytest.mark.parametrize(
    ("written", "hidden"),
    [
        *((text, text) for text in ("true", "True", "TRUE", "yes", "YES", "on", "1")),
        ("'true'", "true"),
        ("[yes]", "yes"),
        *((text, "") for text in ("false", "no", "off", "0", "", "~", "y", "t", "2", "01", "{a: yes}", "true x")),
    ],
)
def test_hidden(tmp_path: Path, written: str, hidden: str) -> None:
    found = read(tmp_path, {"a.md": article(no_index=written)}).articles[0]
    assert (found.hidden, found.hidden_for_good) == (f"no_index: {hidden}" if hidden else "", bool(hidden))


def test_keys_are_found_where_the_settings_say(tmp_path: Path) -> None:
    settings = Settings(
        keys=Keys(id="meta.nr", title="name", url="meta.at", answer="text", related="see"), fields={"x.y": 1}
    )
    text = "---\nmeta: {nr: 5, at: /a}\nname: N\ntext: T\nx:\n  y: [k, l]\nsee1: {url: /b}\n---\n"
    (found,) = read(tmp_path, {"a.md": text}, settings).articles
    assert (found.id, found.title, found.url, found.texts) == ("5", "N", "/a", ("N", "k, l"))
    assert [link.url for link in found.links] == ["/b"]


# What is no regular file.


def fifo(path: Path) -> None:
    os.mkfifo(path)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def loop(path: Path) -> None:
    path.symlink_to(path)


def link_to_article(path: Path) -> None:
    (path.parent / "target.txt").write_text(article(2))
    path.symlink_to("target.txt")


def directory(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [fifo, dangling, loop, link_to_article, directory], ids=lambda make: make.__name__)
def test_what_is_no_regular_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    site(tmp_path, {"good.md": article()})
    make(tmp_path / "x.md")
    corpus = read_corpus(tmp_path, SETTINGS)
    assert problems(corpus) == [("not-a-file", "x.md", 0, "")]
    assert len(corpus.articles) == 1


def test_a_socket_is_no_article(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site(tmp_path, {"good.md": article()}))  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("x.md")
        corpus = read_corpus(Path(), SETTINGS)
    assert [(p.path, p.severity) for p in corpus.problems] == [("x.md", "error")]


def test_folders(tmp_path: Path) -> None:
    outside = site(tmp_path / "outside", {"out.md": article(5)})
    names = [
        "a.md",
        "b.markdown",
        "c.MDX",
        "d/e.md",
        "f.md/g.md",
        ".hidden.md",
        ".git/h.md",
        "node_modules/i.md",
        "j.txt",
    ]
    folder = site(tmp_path / "in", {name: article(number) for number, name in enumerate(names)})
    (folder / "linked").symlink_to(outside)
    corpus = read_corpus(folder, SETTINGS)
    assert [found.path for found in corpus.articles] == ["a.md", "b.markdown", "c.MDX", "d/e.md", "f.md/g.md"]
    assert problems(corpus) == [("not-a-file", "f.md", 0, ""), ("not-a-file", "linked", 0, "")]


def test_unreadable() -> None:
    # Root reads every file, so nobody (65534) reads here, in a folder that nobody may enter (pytest's own is root's).
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = site(Path(place), {"good.md": article(), "bad.md": article(2), "shut/x.md": article(3)})
        (folder / "bad.md").chmod(0)
        (folder / "shut").chmod(0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            corpus = read_corpus(folder, SETTINGS)
        finally:
            os.seteuid(user)
        (folder / "shut").chmod(0o700)
    assert [(p.code, p.path) for p in corpus.problems] == [("unreadable", "bad.md"), ("unreadable", "shut")]


def test_an_error_of_the_system_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    folder = site(tmp_path, {"a.md": article()})
    monkeypatch.setattr(os, "read", fail)
    with pytest.raises(ContentError, match=r"holds no article in 1 files \(1 unreadable\)"):
        read_corpus(folder, SETTINGS)


def test_a_file_that_no_guard_foresaw_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def digits(text: str) -> bool:
        return int(text) > 0

    monkeypatch.setattr("recommender.site.reader.is_id", digits)
    corpus = read(tmp_path, {"a.md": article(1), "b.md": article(2, id="x")})
    assert [(p.code, p.path, p.reason[:10]) for p in corpus.problems] == [("unreadable", "b.md", "ValueError")]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (b"new\nline.md", "new\nline.md"),
        (b"\xff\xfe.md", "\\xff\\xfe.md"),
        ("é 中😀.md".encode(), "é 中😀.md"),
        (b"-x.md", "-x.md"),
        (b"\x1b[31m.md", "\x1b[31m.md"),
        (b"x" * 251 + b".md", "x" * 251 + ".md"),
        (b"\xe9/a.md", "\\xe9/a.md"),
    ],
    ids=ascii,
)
def test_strange_names(tmp_path: Path, name: bytes, path: str) -> None:
    for folder, content in (("good", article(extra="related_article1: x\n")), ("bad", "no article")):
        file = os.path.join(os.fsencode(tmp_path), folder.encode(), name)
        try:
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "wb") as stream:
                stream.write(content.encode())
        except OSError as error:
            pytest.skip(f"this file system has no such names: {error}")
    corpus = read_corpus(tmp_path, SETTINGS)
    assert [found.path for found in corpus.articles] == ["good/" + path]
    # A page without front matter is none of ours, whatever its name.
    assert [(p.code, p.path) for p in corpus.problems] == [
        ("no-front-matter", "bad/" + path),
        *([("bad-file-name", "good/" + path)] if "\\" in path else []),
        ("malformed-link", "good/" + path),
    ]
    assert all(problem.sentence().isprintable() for problem in corpus.problems)


# Reading bytes.


@pytest.mark.parametrize("size", [0, 1, 70_000, MAX_BYTES])
def test_read_bytes(tmp_path: Path, size: int) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"x" * size)
    data, info = read_bytes(str(file))
    assert data == b"x" * size and info.st_size == size


def test_a_file_that_grows_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"x")
    monkeypatch.setattr(os, "read", lambda descriptor, limit: b"x" * min(limit, 65_536))
    with pytest.raises(FileProblem, match="grew beyond 1 MiB"):
        read_bytes(str(file))


def test_a_short_read_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, once = tmp_path / "x", os.read
    file.write_bytes(b"abcdefghij")
    monkeypatch.setattr(os, "read", lambda descriptor, limit: once(descriptor, min(limit, 3)))
    assert read_bytes(str(file))[0] == b"abcdefghij"


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("no /proc on this system")
    site(tmp_path, {"x": b"x" * (MAX_BYTES + 1), "y": b"y"})
    os.mkfifo(tmp_path / "z")
    before = len(os.listdir(folder))
    for name in "xyz":
        try:
            read_bytes(str(tmp_path / name))
        except FileProblem as problem:
            assert problem.code in ("too-large", "not-a-file")
    assert len(os.listdir(folder)) == before


# The whole.


def test_two_files_with_one_url_are_neither_articles(tmp_path: Path) -> None:
    files = {"a.md": article(1), "b.md": article(2, url="/u1"), "c.md": article(3), "d.md": article(4, url="/u1/")}
    corpus = read(tmp_path, dict(files))
    assert [found.url for found in corpus.articles] == ["/u1/", "/u3"]
    assert problems(corpus) == [("duplicate-url", "a.md", 0, "/u1"), ("duplicate-url", "b.md", 0, "/u1")]
    assert corpus.ambiguous_urls == {"/u1"}


TWELVE = "one two three four five six seven eight nine ten eleven twelve"


def test_copies_are_equal_answers_after_folding(tmp_path: Path) -> None:
    answers = [
        TWELVE,
        f'" {TWELVE.replace(" ", "   ")} "',
        f'"{TWELVE.replace(" ", chr(92) + "u00a0" + chr(92) + "n" + chr(92) + "t", 3)}"',
        TWELVE.capitalize(),
        f"{TWELVE}.",
        f'"{TWELVE.replace(" ", chr(92) * 2 + "n", 1)}"',
    ]
    files = {f"{n}.md": article(n, answer=answer, id="5") for n, answer in enumerate(answers)}
    corpus = read(tmp_path, dict(files))
    assert corpus.families == (0, 0, 0, 3, 4, 5)
    assert corpus.rows_of_id == {"5": (0, 1, 2, 3, 4, 5)}
    assert len({found.answer_digest for found in corpus.articles}) == 4


@pytest.mark.parametrize("key", ["answer", "body"])
@pytest.mark.parametrize(
    ("text", "one_title", "two_titles"),
    [
        ("", False, False),
        ("&nbsp;", False, False),
        ("{{< video >}}", False, False),
        ("Coming soon.", False, False),
        ("<!-- write this page about bread, flour, salt, water, yeast and all that takes time -->", False, False),
        ("敬请期待", False, False),
        ("There is nothing here", True, False),
        ("{{< note >}} Text will follow here. {{< /note >}}", True, False),
        (TWELVE.removesuffix(" twelve"), True, False),
        (TWELVE, True, True),
        (f"{{{{< video >}}}}\n\n{TWELVE}", True, True),
        ("这是一篇关于面包发酵的文章，解释为什么面团会变大", True, True),
    ],
)
def test_short_answers_are_copies_under_one_title_and_those_without_own_words_never(
    tmp_path: Path, key: str, text: str, one_title: bool, two_titles: bool
) -> None:
    heads = {"a": "T", "b": "T", "c": "U", "d": "  T"}
    keys = [f'---\nid: {n}\ntitle: "{title}"\nurl: /{name}\n' for n, (name, title) in enumerate(heads.items())]
    written = f"answer: {json.dumps(text)}\n---\n\n&nbsp;" if key == "answer" else f"---\n\n{text}\n"
    corpus = read(tmp_path, {f"{name}.md": head + written for name, head in zip(heads, keys, strict=True)})
    assert [corpus.families[row] == 0 for row in (1, 2, 3)] == [one_title, two_titles, one_title]
    assert {found.answer_digest == "" for found in corpus.articles} == {not one_title}


def test_articles_without_an_answer_are_no_copies(tmp_path: Path) -> None:
    files = {"a.md": article(1, answer='""'), "b.md": article(2, answer="~"), "c.md": article(3, answer="' '")}
    corpus = read(tmp_path, dict(files))
    assert corpus.families == (0, 1, 2)
    assert {found.answer_digest for found in corpus.articles} == {""}


def test_the_body_answers_where_no_answer_stands(tmp_path: Path) -> None:
    heads = [f"---\nid: {n}\ntitle: T\nurl: /u{n}\n---\n" for n in range(3)]
    files = {"a.md": f"{heads[0]}One\n\n{TWELVE}", "b.md": f"{heads[1]}One {TWELVE}\n", "c.md": f"{heads[2]}1 {TWELVE}"}
    assert read(tmp_path, dict(files)).families == (0, 0, 2)


BLOCK = "related_article1:\n{0}id: 1\n{0}title: {1}x\n{0}url: /u\n"


@pytest.mark.parametrize(
    ("styles", "expected"),
    [
        ([], Style(4, True)),
        ([(2, False)], Style(2, False)),
        ([(2, False), (4, True), (4, True)], Style(4, True)),
        ([(4, True), (2, True)], Style(2, True)),
        ([(3, True), (3, False)], Style(3, False)),
    ],
)
def test_the_most_frequent_style_counts(tmp_path: Path, styles: list[tuple[int, bool]], expected: Style) -> None:
    files: dict[str, str | bytes] = {"z.md": article(99)}
    for number, (indent, folded) in enumerate(styles):
        pad = " " * indent
        files[f"{number}.md"] = article(number, BLOCK.format(pad, f">-\n{pad * 2}" if folded else ""))
    assert read(tmp_path, files).style == expected


def test_the_order_of_files_plays_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{n % 7}/{n}.md": article(n, answer=f"A {n % 5}", id=str(n % 11)) for n in range(60)}
    files |= {
        "x.md": article(3),
        "y.md": "note",
        "z.md": article(70, BLOCK.format("  ", "")),
        "w.md": article(71, id="x"),
    }
    first = read(tmp_path / "one", dict(files))
    shuffled = list(files.items())
    random.Random(7).shuffle(shuffled)
    second = read(tmp_path / "two", dict(shuffled))
    assert second.articles == first.articles and second.problems == first.problems
    assert (second.digest, second.families, second.rows_of_id) == (first.digest, first.families, first.rows_of_id)

    def assembled(seed: int) -> Corpus:
        def shuffle(*args: object, **options: object) -> Iterator[object]:
            results = [*work(*args, **options)]  # type: ignore[arg-type]
            random.Random(seed).shuffle(results)
            return iter(results)

        monkeypatch.setattr(parallel, "run", shuffle)
        monkeypatch.setattr(parallel, "CHUNK", 1)
        return read_corpus(tmp_path / "one", SETTINGS)

    work = parallel.run
    assert [assembled(seed) for seed in range(5)] == [first] * 5


def test_the_digest_is_of_all_that_ranking_reads(tmp_path: Path) -> None:
    def digest_of(name: str, text: str) -> str:
        return read(tmp_path / name, {"a.md": text, "b.md": article(2)}).digest

    base = digest_of("base", article())
    assert digest_of("link", article(extra="related_article1: {url: /u2}\n")) == base
    assert digest_of("unread-key", article(extra="layout: x\n")) == base
    changes = {"title": "T", "subject": "S", "date": "2020", "no_index": "yes", "id": "8", "url": "/x"}
    changed = {digest_of(key, article(**{key: value})) for key, value in changes.items()}
    changed |= {digest_of("answer", article(answer="x")), digest_of("body", article() + "x")}
    assert len(changed) == len(changes) + 2 and base not in changed


def test_many_files_are_read_alike_by_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str | bytes] = {
        f"{n % 10}/{n:04}.md": article(n, "related_article1: {url: /u1}\n", answer=f"A {n % 300}") for n in range(580)
    }
    files |= {"bad.md": b"\xff", "twice.md": article(7), "x.md": "---\n" + "[" * 25_000}
    steps: list[int] = []

    def progress(label: str, total: int) -> parallel.Step:
        assert (label, total) == ("reading", 583)
        return steps.append

    monkeypatch.setattr(parallel, "cores", lambda: 1)
    serial = read_corpus(site(tmp_path, files), SETTINGS)
    assert len(serial.articles) == 579 and len(serial.problems) == 4
    monkeypatch.setattr(parallel, "cores", lambda: 2)
    assert read_corpus(tmp_path, SETTINGS, progress) == serial
    assert sum(steps) == 583 and len(steps) == 31


# Folders without an article.


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ContentError) as caught:
        read_corpus(tmp_path / "x", SETTINGS)
    assert str(caught.value) == (
        f"CONTENT {tmp_path / 'x'} does not exist; name the folder that holds the site's Markdown files"
    )


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    site(tmp_path, {"x.md": article()})
    with pytest.raises(ContentError, match=r"x\.md is not a folder; name the folder"):
        read_corpus(tmp_path / "x.md", SETTINGS)


def test_a_folder_without_markdown(tmp_path: Path) -> None:
    site(tmp_path, {"x.txt": article(), ".y.md": article()})
    with pytest.raises(ContentError) as caught:
        read_corpus(tmp_path, SETTINGS)
    assert str(caught.value) == (
        f"CONTENT {tmp_path} holds no Markdown file (.md, .markdown, .mdx); name the site's folder"
    )


def test_a_folder_without_an_article(tmp_path: Path) -> None:
    files = {"a.md": "", "b.md": "x", "c.md": b"\xff", "d.md": article(), "e.md": article(id="x")}
    with pytest.raises(ContentError) as caught:
        read(tmp_path, dict(files))
    assert str(caught.value) == (
        f"CONTENT {tmp_path} holds no article in 5 files (2 no-front-matter, 2 duplicate-url, 1 not-utf8); "
        "an article needs at least url and title in its front matter: see `recommender init`"
    )


def test_nothing_assembled_is_an_empty_corpus(tmp_path: Path) -> None:
    corpus = assemble(tmp_path, [], [], Settings())
    assert (corpus.articles, corpus.files, corpus.style, corpus.families) == ((), 0, Style(), ())


# Real strange files, where they are at hand.

STRANGE = {
    "01": "broken-fence",
    "02": "broken-fence",
    "07": "broken-fence",
    "10": "no-front-matter",
    "11": "broken-fence",
    "14": "bad-yaml",
    "19": "bad-yaml",
    "23": "bad-yaml",
    "26": "bad-yaml",
    "29": "no-front-matter",
    "34": "missing-url",
    "37": "bad-yaml",
    "38": "not-utf8",
    "41": "bad-yaml",
    "43": "no-front-matter",
    "47": "bad-yaml",
    "49": "missing-url",
    "52": "no-front-matter",
    "56": "missing-url",
}


def test_strange_files_of_real_sites(tmp_path: Path) -> None:
    corpora = os.environ.get("RECOMMENDER_CORPORA")
    if not corpora:
        pytest.skip("RECOMMENDER_CORPORA does not name the folder of the real corpora")
    folder = Path(corpora) / "strange"
    names = sorted(name for name in os.listdir(folder) if name[:2].isdigit())
    assert len(names) > 30
    site(tmp_path, {"good.md": article()} | {name: (folder / name).read_bytes() for name in names})
    corpus = read_corpus(tmp_path, SETTINGS)
    codes = {problem.path[:2]: problem.code for problem in corpus.problems}
    assert set(codes.values()) <= set(KINDS)
    # The others are whole pages of sites that write no url; three of those have no title either.
    assert {name: codes.get(name) for name in STRANGE} == STRANGE
    read = {article.path[:2] for article in corpus.articles}
    assert read == {"go", *(name[:2] for name in names)} - STRANGE.keys()


KEYS = "id: 1\ntitle: T\nurl: /t\n"
NO_FENCE = "broken-fence"


@pytest.mark.parametrize(
    ("text", "code", "line", "reason"),
    [
        pytest.param(f"------\n{KEYS}------\nBody\n", NO_FENCE, 1, "------ opens the front matter, not ---", id="six"),
        pytest.param(f"----\r\n{KEYS}---\r\nBody", NO_FENCE, 1, "---- opens the front matter, not ---", id="crlf"),
        pytest.param(f"\ufeff-----\n{KEYS}---", NO_FENCE, 1, "----- opens the front matter, not ---", id="bom"),
        pytest.param(f"\n \n---\n{KEYS}---\nBody\n", NO_FENCE, 3, "front matter begins below", id="blank-lines"),
        pytest.param(f"---\n{KEYS}------\nBody\n", NO_FENCE, 5, "------ does not close the front matter", id="closed"),
        pytest.param(f"---\n{KEYS}----  \r\nBody\n---\nx\n", NO_FENCE, 5, "---- does not close", id="a-rule-below"),
        pytest.param(f"---\n{KEYS}", NO_FENCE, 1, "no line --- closes the front matter", id="never"),
        pytest.param("------\nA page: with a colon\n------\n", "no-front-matter", 0, "", id="a-page-with-rules"),
        pytest.param("------\nurl: [\n------\n", "no-front-matter", 0, "", id="no-yaml"),
        pytest.param(f"------\n{KEYS}", "no-front-matter", 0, "", id="opened-by-a-rule-alone"),
        pytest.param(f"Title\n-----\n{KEYS}-----\n", "no-front-matter", 0, "", id="a-heading"),
        pytest.param("\n\n", "no-front-matter", 0, "", id="nothing"),
        pytest.param("-" * 999_999, "no-front-matter", 0, "", id="dashes"),
        pytest.param("\n" * 999_999 + "---", "no-front-matter", 0, "", id="line-breaks"),
        pytest.param("---\nk: |\n  ------\n" + KEYS + "---\n", "", 0, "", id="dashes-in-a-text"),
    ],
)
def test_front_matter_between_other_fences_is_named(small, text: str, code: str, line: int, reason: str) -> None:
    corpus = small({"odd.md": text, "good.md": article()})
    assert [(p.code, p.line) for p in corpus.problems] == ([(code, line)] if code else [])
    assert all(p.reason.startswith(reason) for p in corpus.problems)
    assert len(corpus.articles) == (1 if code else 2)
