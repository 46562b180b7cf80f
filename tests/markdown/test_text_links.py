"""The links of a text, as they are written."""

from __future__ import annotations

import pytest

from recommender.markdown.text_links import links_in


@pytest.mark.parametrize(
    ("text", "links"),
    [
        pytest.param("no link", (), id="none"),
        pytest.param("[a](/b) and [c](../d.md#e), [a](/b) again", ("/b", "../d.md#e"), id="inline"),
        pytest.param('[a](/b "title") [c](</d>) [e](/f_(g))', ("/b", "/d", "/f_(g)"), id="titles-and-brackets"),
        pytest.param("![a](b.png) ![[Embed]] [![a](b.png)](/c)", ("/c",), id="images-show"),
        pytest.param(
            "[a][1], [b] and [^2]\n\n[1]: /a 'Title'\n[b]: <https://x.org/b>\n[^2]: no",
            ("/a", "https://x.org/b"),
            id="references",
        ),
        pytest.param(
            "[[Note]] and [[Folder/Note#Part|shown]]", ("[[Note]]", "[[Folder/Note#Part|shown]]"), id="wikilinks"
        ),
        pytest.param(
            "<a href=\"/a?b&amp;c\">x</a> <A class=y HREF='/d'>x</A> <a href=/e>x</a>",
            ("/a?b&c", "/d", "/e"),
            id="html",
        ),
        pytest.param("[a](#part) [b](mailto:a@b.c) [c](/d#part)", ("/d#part",), id="not-to-pages"),
        pytest.param(
            "`[a](/b)` [c](/d) `` [`x`](/e) ``\n\n```md\n[f](/g)\n```\n[h](/i)\n~~~\n[j](/k)", ("/d", "/i"), id="code"
        ),
        pytest.param("# Head\\n\\n[a](/b)\\n[c](/d)", ("/b", "/d"), id="line-breaks-of-two-characters"),
    ],
)
def test_links(text: str, links: tuple[str, ...]) -> None:
    assert links_in(text) == links


@pytest.mark.parametrize(
    "opening",
    [
        "[",
        "](",
        "](a(",
        "](a ",
        "![",
        "![a](",
        "[[",
        "![[",
        "[a]: ",
        "<a ",
        '<a href="',
        "<a\n",
        "`",
        "``a",
        "```\n",
        "~~~\n",
        "```a",
        "``` ",
    ],
)
def test_no_text_takes_quadratic_time(opening: str) -> None:
    for text in (opening, f"{opening}\n"):
        links_in(text * (1_000_000 // len(text)))
