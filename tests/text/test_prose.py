"""Markdown to what a reader reads: a table of markup, and texts made to take long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.text.prose import plain_text, prose_and_code, with_line_breaks
from recommender.text.tokenizer import analyze, spaced_article


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param('{{< figure src="/a.webp" width="800" caption="A lamp" >}} on', "a lamp on", id="shortcode"),
        pytest.param("{{% notice tip %}}Salt{{% /notice %}} {{</* x */>}}", "salt", id="shortcode-with-a-body"),
        pytest.param("{% include video.html id='x' %}{{ page.title | upcase }} on", "on", id="liquid"),
        pytest.param('See {{HTMLElement("section")}}.', "see section", id="macro-that-names-what-it-shows"),
        pytest.param("run `tar {{path/to/file}} <dir>`", "run tar path to file dir", id="inline-code-is-shown"),
        pytest.param("$x^{{2}} \\frac{{a}}{{b}}$", "x 2 a b", id="braces-of-latex"),
        pytest.param("$\\nabla^2 \\phi$ and $\\nu \\neq 0$", "2 and 0", id="latex-that-begins-with-n"),
        pytest.param("one\\ntwo\\n\\nThree \\nabla", "one two three", id="line-breaks-of-two-characters"),
        pytest.param("one\n\nprint('\\n') \\newthing two", "one print two", id="a-command-in-a-text-of-lines"),
        pytest.param('<Tabs values={[{a: "b", c: () => 1}]} alt="Seen">in</Tabs><>x</>', "seen in x", id="jsx"),
        pytest.param('import A from "b"\nimport {\n  a\n} from "c"\n\nImport taxes', "import taxes", id="imports"),
        pytest.param("export const meta = {\n  a: 1,\n}\n\nExport taxes", "export taxes", id="exports"),
        pytest.param("a {/* gone */} <!-- gone --> b <? gone ?>", "a b", id="comments"),
        pytest.param("<style>.a { b: c }</style><SCRIPT>x<y</SCRIPT> on", "on", id="style-and-script"),
        pytest.param("<svg><title>Gone</title><path d='M1 2'/></svg> on", "on", id="drawing"),
        pytest.param('[a](b "title") ![alt](x_(y).png) [r][1]\n\n[1]: http://x.y', "a alt r", id="links"),
        pytest.param("[^1]: A footnote\n[[Target|shown]] [[Note]]", "a footnote target shown note", id="notes"),
        pytest.param("> [!NOTE]\n> quoted", "quoted", id="alert"),
        pytest.param(':::tip Mind\nbody\n:::\n!!! note "X"\n    inner', "mind body x inner", id="admonitions"),
        pytest.param("## Head {#head}\n{: .wide}\n| a | b |\n|---|---|", "head a b", id="attributes-and-tables"),
        pytest.param("<a title=\"a > b\" class='c > d'>in</a>", "a b in", id="greater-than-in-quotes"),
        pytest.param('<a href="{% link a.md %}" alt="Seen {{ x.y }}">in</a>', "seen in", id="liquid-in-an-attribute"),
        pytest.param(
            '<Card\n  title="Seen"\n  icon={<Icon name="gone" />}\n>\nin\n</Card>', "seen in", id="element-as-a-value"
        ),
        pytest.param("{{< a >}}{{< b c='d' />}}in{{< /a >}}", "in", id="nested-shortcodes"),
        pytest.param("![x](y.png){width=50% .z} [in]{lang=fr}", "x in", id="attributes-of-pandoc"),
        pytest.param("a :tada: b :+1: 10:30:45 std::vector::size", "a b 10 30 45 std vector size", id="emoji"),
        pytest.param("text[^1] more[^n].\n\n[^n]: Note", "text more note", id="footnotes"),
        pytest.param("a[i][j]", "a i j", id="no-reference-where-none-is-defined"),
        pytest.param("a %%gone\nby%% 100%% for %%i in %%j", "a 100 for i in j", id="comments-of-obsidian"),
        pytest.param("> [!WARNING]- Title\n??? tip 'Other'", "title other", id="titles-of-admonitions"),
        pytest.param("{% comment %}gone {{ a }}{% endcomment %} in", "in", id="comment-of-liquid"),
        pytest.param(
            "\\begin{align} x &= \\text{if} \\label{eq:gone} \\end{align}", "x if", id="environments-of-latex"
        ),
        pytest.param(":ref:`Shown` and :func:`name`", "shown and name", id="roles"),
        pytest.param("![x](data:image/png;base64,iVBORw0KGgo=) on", "x on", id="base64-target"),
        pytest.param("iVBORw0KGgoAAAANSUhEUgAA+/" * 5 + " on", "on", id="base64"),
        pytest.param("a=b;" * 60 + " on", "on", id="minified"),
        pytest.param(
            "word, " * 300 + "https://x.org/" + "a" * 50, "word " * 300 + "https x org " + "a" * 50, id="long"
        ),
    ],
)
def test_what_a_reader_reads(text: str, words: str) -> None:
    assert analyze(text) == words.split()


@pytest.mark.parametrize(
    ("text", "prose", "code"),
    [
        ("a\n```js\nfoo()\n```\nb", "a b", "foo()"),
        ("a\\n```js\\nfoo()\\n```\\nb", "a b", "foo()"),
        ("a\n~~~~\n```\nfoo\n```\n~~~~\nb", "a b", "``` foo ```"),
        ("- a\n  ```\n  foo\n  ```\n> ```\n> bar\n> ```\nb", "a b", "foo > bar"),
        ("a\n```\nnever closed", "a", "never closed"),
        ("a ```foo``` `bar` b", "a foo bar b", ""),
        ("```{note}\nread\n```\n```{code-block} python\nfoo\n```", "read", "foo"),
        ("```ad-tip\nread\n```", "read", ""),
        ("<pre>foo &lt;b&gt;</pre> a", "a", "foo <b>"),
        ("```\n{{< x >}} <b> $\\alpha$\n```", "", "{{< x >}} <b> $\\alpha$"),
        ("{% highlight ruby %}\nfoo {x}\n{% endhighlight %} a", "a", "foo {x}"),
        ("{{< highlight go >}}foo{{< /highlight >}} a", "a", "foo"),
        ("{% codeblock %}foo{% endcodeblock %} {% highlight %} a", "a", "foo"),
        ('<pre><code class="x">foo <span class="y">b</span></code></pre> a', "a", "foo b"),
        ("```html hidden\nfoo\n```\nb", "b", "foo"),
    ],
)
def test_code_blocks_are_told_from_prose(text: str, prose: str, code: str) -> None:
    found = prose_and_code(text)
    assert analyze(found[0]) == prose.split()
    assert found[1].split() == code.split()


OPENINGS = [
    *("<!--", "{/*", "{{<", "{{%", "{{", "{%", "<?", "<%", "{.", "{#", "{", "}"),
    *("<a ", "<a {", '<a "', "<a '", "<a {{", "<style>", "<pre>", "<svg ", "<", "=>", 'a="', "alt='"),
    *("```", "```\n", "~~~\n", "````a\n", "`", "`a", "`a\n", "- ", "> ", "1. ```"),
    *("[", "](", "[[", "![", "[!a", "](a ", '](a "', "[a]: ", "](a(", "\\n", "\\a", "&", "&a", "&#", ":::", "!!! "),
    *("{% highlight x %}", "{{< highlight", "{% comment %}", "={<a", "={<a>", '="', "='", "%%", "%%a", "[^", "[^a]"),
    *(":a", ":a:", "\\begin{", "[[a|", "]{a="),
    *("import ", "import {", "export const ", "export {\n", "a", "a+/", "'a", "a'", "a++", "a#", "a*", ".a", "\u0301"),
]


@pytest.mark.parametrize("opening", OPENINGS)
def test_no_text_takes_quadratic_time(opening: str) -> None:
    # The quadratic way takes minutes for each of these, so a regression shows as a hanging test.
    for text in (opening, f"{opening}\n", f"{opening} "):
        assert len(spaced_article(text * (1_000_000 // len(text)))) < 8_000_000


@given(st.lists(st.one_of(st.sampled_from(OPENINGS), st.sampled_from(["}", ">", "]", ")", "a b", ">}}", "-->", "\n"]))))
def test_any_markup_is_read_and_no_letter_is_made_up(pieces: list[str]) -> None:
    text = "".join(pieces)
    prose, code = prose_and_code(text)
    for part in (prose, code, plain_text(text), with_line_breaks(text)):
        assert len(part) <= 2 * len(text) + 2
    assert {letter for letter in prose + code if letter.isalpha() and letter.isascii()} <= set(text)
