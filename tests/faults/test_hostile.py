"""Hostile files on their way through the corpus: each is a Problem or plain text, in bounded memory and processor time,
and the rest of the site is read. The limits are the kernel's, set for a child process."""

from __future__ import annotations

import ast
import os
import resource
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from nightly import NIGHTLY
from small_sites import article, write_files

from recommender.build.collection import collect
from recommender.settings import Settings
from recommender.site.audit import audit_site
from recommender.site.corpus import read_corpus
from tests.editing.test_writer import forked
from tests.markdown.test_yaml_nodes import BOMBS

pytestmark = [
    pytest.mark.slow,  # injects faults
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

MEMORY = 192 * 1024 * 1024
SECONDS = 10
GOOD = {"good.md": article("good"), "z/good.md": article("other")}


def within(memory: int, seconds: int, work: Callable[[], object]) -> str:
    """Run work in a child that may take so many more bytes and seconds of processor time; give its answer as text."""

    def bounded() -> object:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + memory, -1))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        return work()

    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc to tell how much memory this process has")
    answer = forked(bounded)
    assert answer.startswith("("), answer or f"killed after {seconds} s of processor time"
    return answer


def limited(root: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """Read, count and audit a site in a child with little memory and time; give its articles and problems."""

    def work() -> object:
        corpus = collect(root, Settings()).corpus
        audit_site(corpus, 5, {})
        assert all(problem.sentence().isprintable() for problem in corpus.problems)
        return [one.path for one in corpus.articles], [(p.path, p.code) for p in corpus.problems]

    found: tuple[list[str], list[tuple[str, str]]] = ast.literal_eval(within(MEMORY, SECONDS, work))
    assert {"good.md", "z/good.md"} <= set(found[0]), "the rest of the site"
    return found


def front(text: str) -> bytes:
    return f"---\nid: 1\ntitle: T\nurl: /hostile\n{text}---\n\n&nbsp;".encode("utf-8", "surrogatepass")


REFUSED = [
    *(
        pytest.param(front(f"{case.values[0]}\n"), {"unsafe-yaml", "bad-yaml", "too-large"}, id=case.id)
        for case in BOMBS
    ),
    pytest.param(front("k: &a {x: y}\n" * 20_000), {"too-large", "unsafe-yaml", "bad-yaml"}, id="anchors"),
    pytest.param(front("k: " + "x" * 262_144 + "\n"), {"too-large"}, id="giant-scalar"),
    pytest.param(front("") + b"x" * 1024 * 1024, {"too-large"}, id="giant-body"),
    pytest.param(front("k: a\x00b\n"), {"bad-yaml"}, id="nul"),
    pytest.param(front("k: a\x08b\n"), {"bad-yaml"}, id="backspace"),
    pytest.param(front("k: a\x1bb\n"), {"bad-yaml"}, id="escape"),
    pytest.param(front("k: a\x9bb\n"), {"bad-yaml"}, id="c1"),
    pytest.param(front('k: "\\ud83d\\ude00"\n'), {"bad-yaml"}, id="surrogate-escapes"),
    pytest.param(front("k: \ud83d\n"), {"not-utf8"}, id="surrogate-bytes"),
    pytest.param(front("").decode().encode("utf-16"), {"not-utf8"}, id="utf-16"),
    pytest.param(front("").decode().encode("utf-16-be"), {"no-front-matter"}, id="utf-16-be"),
    pytest.param(front("").decode().encode("utf-32"), {"not-utf8"}, id="utf-32"),
    pytest.param(front("k: é\n").decode().encode("latin-1"), {"not-utf8"}, id="latin-1"),
    pytest.param(b"---\n" * 250_000, {"no-front-matter", "missing-url"}, id="fences"),
    pytest.param(b"-" * 1_000_000, {"no-front-matter"}, id="dashes"),
    pytest.param(b"\x00" * 1_000_000, {"no-front-matter"}, id="nothing-but-nul"),
    pytest.param(b"---\n" + b"\r" * 1_000_000, {"broken-fence"}, id="carriage-returns"),
    pytest.param(b"--- " + b"\t " * 500_000, {"broken-fence", "no-front-matter"}, id="a-fence-without-end"),
]


@pytest.mark.parametrize(("data", "codes"), REFUSED)
def test_a_hostile_file_is_a_problem(tmp_path: Path, data: bytes, codes: set[str]) -> None:
    articles, problems = limited(write_files(tmp_path, {**GOOD, "hostile.md": data}))
    assert len(articles) == 2
    assert [path for path, _ in problems] == ["hostile.md"]
    assert {code for _, code in problems} <= codes


TEXTS = [
    pytest.param("".join(f"{n * (2**61 - 1)}: x\n" for n in range(9_000)), id="hash-flood"),
    pytest.param("k: 1" + ":59" * 80_000 + "\n", id="sexagesimal"),
    pytest.param("k: " + "9" * 200_000 + "\nx: 0x" + "f" * 50_000 + "\n", id="long-numbers"),
    pytest.param("d: 2020-13-45\nx: 0x_\nb: !!bool no\nt: !!timestamp foo\nf: 1:59.5e999\ne: =\nm: <<\n", id="traps"),
    pytest.param(
        "m0: &m0 {x: y}\n" + "".join(f"m{n}: &m{n}\n  <<: [{', '.join([f'*m{n - 1}'] * 3)}]\n" for n in range(1, 6)),
        id="merges",
    ),
    pytest.param('k: "' + "\\x41" * 60_000 + '"\n', id="escapes"),
    pytest.param("k: '" + "''" * 120_000 + "'\n", id="quotes"),
    pytest.param("".join(f"related_article{n}: {{url: /good}}\n" for n in range(1, 1_000)), id="999-links"),
    pytest.param("# " + "x" * 250_000 + "\n", id="a-comment"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_odd_but_small_is_text(tmp_path: Path, text: str) -> None:
    articles, problems = limited(write_files(tmp_path, {**GOOD, "hostile.md": front(text)}))
    assert (len(articles), problems) == (3, [])


# Every sign that opens something in Markdown, HTML or LaTeX, many times and never closed, or nested.
SIGNS = [
    *("[", "![", "](", "[](", "<", "</", "<!--", "<a ", "<a href='", "<br", "&", "&#", "&#x", "`", "``` ", "~~~\n"),
    *("$", "$$", "{", "{{", "{%", "\\", "\\(", "\\[", "\\begin{", "\\frac{", "*", "_", "**_", "> ", "- ", "1. "),
    *("| ", "# ", "^", "https://a.", "a@", "a*", "* a", "(a", '"', "'", "\u0301", "中", "a-", "-\n", "=\n", " \n"),
    *("\t", "\\n", "\\\\n", "[^"),
]


@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
def test_markdown_takes_no_more_time_than_its_length_asks_for(tmp_path: Path, sign: str) -> None:
    body = sign * (500_000 // len(sign.encode()))
    inner = "".join(f"    {sign.strip() or 'x'}" * 40 + "\n" for _ in range(400))
    files = {
        "body.md": article("body") + body,
        "answer.md": article("answer", answer="", extra=f"answer: |\n{inner}" if sign != "\t" else ""),
    }
    articles, problems = limited(write_files(tmp_path, {**GOOD, **files}))
    assert (len(articles), problems) == (4, [])


# --- what is no file, or no whole one


def device(path: Path) -> None:
    if os.geteuid():
        pytest.skip("making a device file needs root")
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except OSError as error:
        pytest.skip(f"no device file can be made here: {error}")


def link_to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def link_out(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def link_to_itself_through_folders(path: Path) -> None:
    (path.parent / "round").symlink_to(path.parent)
    path.symlink_to("round/round/round/hostile.md")


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 1024**3)


@pytest.mark.parametrize("make", [device, link_to_device, link_out, link_to_itself_through_folders, huge])
def test_what_is_no_article_of_this_folder(tmp_path: Path, make: Callable[[Path], None]) -> None:
    write_files(tmp_path, GOOD)
    make(tmp_path / "hostile.md")
    articles, problems = limited(tmp_path)
    assert len(articles) == 2
    assert ("hostile.md", "too-large" if make is huge else "not-a-file") in problems


GROW = """
import sys
with open(sys.argv[1], "ab", buffering=0) as stream:
    print(flush=True)
    while stream.tell() < 1 << 29:
        stream.write(b"x" * 4096)
"""


def test_a_file_that_grows_while_the_site_is_read(tmp_path: Path) -> None:
    write_files(tmp_path, {**GOOD, "hostile.md": article("hostile")})
    words = [sys.executable, "-c", GROW, str(tmp_path / "hostile.md")]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        try:
            _, problems = limited(tmp_path)
        finally:
            writer.kill()
    assert set(problems) <= {("hostile.md", "too-large")}


def test_very_many_tiny_files(tmp_path: Path) -> None:
    count = 1_000_000 if NIGHTLY else 5_000
    for number in range(count):
        if number % 1000 == 0:
            folder = tmp_path / str(number)
            folder.mkdir()
        (folder / f"{number}.md").write_bytes(b"")
    write_files(tmp_path, GOOD)

    def work() -> object:
        corpus = read_corpus(tmp_path, Settings())
        audit = audit_site(corpus, 5, {})
        return len(corpus.articles), audit.counts()["no-front-matter"], len(corpus.problems)

    # A file that is no article costs some 0.9 kB and 0.05 ms.
    answer = within(2 * MEMORY + 1_500 * count, SECONDS + count // 5_000, work)
    assert ast.literal_eval(answer) == (2, count, count)
    shutil.rmtree(tmp_path)  # pytest would keep a million files
