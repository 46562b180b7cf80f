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
        pytest.param("<!-- [a](/b)\n-->[c](/d)<!-- [e](/f)", ("/d",), id="comments"),
        pytest.param("<https://x.org/a> <b@x.org>", ("https://x.org/a",), id="autolinks"),
        pytest.param(
            "[a]({{< ref \"b\" >}}) [c]({{% relref '/d/e.md#f' %}}) [g]({{<ref path='h' lang='de'>}})",
            ("[[b]]", "[[/d/e.md#f]]", "[[h]]"),
            id="hugo",
        ),
        pytest.param(
            "[a]({% link _b/c.md %}) [d]({% post_url 2020-01-02-e %}) {% post_link f 'g' %} {% linked x %}",
            ("[[_b/c.md]]", "[[2020-01-02-e]]", "[[f]]"),
            id="jekyll-and-hexo",
        ),
        pytest.param(
            "[a]({{ '/b' | relative_url }}) [c]({{ \"/d/\" | url }}) [e]({{ site.baseurl }}/f) [g]({{base_path}}/h/)",
            ("/b", "/d/", "/f", "/h/"),
            id="filters",
        ),
        pytest.param("[a](@/b/c.md#d) [e](@f)", ("/b/c.md#d", "@f"), id="zola"),
        pytest.param(
            "<Link to=\"/a\">x</Link> <Card title='b' href='/c' /> <a href={'/d'}>x</a> "
            "<router-link to='./f'>x</router-link> <Trans to=\"de\"/> <link href='/g.css'> <a href={h}>x</a>",
            ("/a", "/c", "/d", "./f"),
            id="components",
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
        "<!--",
        "{{< ref ",
        "{% link ",
        "{{ '",
        "{{ 'a' |",
        "{{ site.url",
        "<Ab ",
        "<a-link to=",
        "<http://",
    ],
)
def test_no_text_takes_quadratic_time(opening: str) -> None:
    for text in (opening, f"{opening}\n"):
        links_in(text * (1_000_000 // len(text)))
