"""The first heading of a text: what is one, and its words without markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.markdown.headings import heading_of


@pytest.mark.parametrize(
    ("body", "heading"),
    [
        ("# One\n", "One"),
        ("text\n\n#   One   #\n", "One"),
        ("## Two\n\n# One\n", "One"),
        ("One\n===\n", "One"),
        ("```sh\n# no heading\n```\n# One\n", "One"),
        ("~~~\n# no\n```\n# no\n~~~\n# One\n", "One"),
        ("````\n```\n# no\n````\n# One\n", "One"),
        ("# [A link](/x) and *an* `x` __b__\n", "A link and an x b"),
        ("# One {#anchor}\r\n", "One"),
        ("# One { #anchor }\n", "One"),
        ('<h1 class="x">One <b>more</b></h1>\n', "One more"),
        ("# C# and F#\n", "C# and F#"),
        ("# C# #\n", "C#"),
        ("<!--\n# no\n-->\n# One\n", "One"),
        ("#hashtag\n", ""),
        ("    # code\n", ""),
        ("# snake_case_name\n", "snake_case_name"),
        ("", ""),
        ("Of two\nlines\n===\n", "Of two lines"),
        ("A text.\n\nOne\n===\n", "One"),
        ("- item\n===\n\n# One\n", "One"),
        ("> quote\n===\n\n# One\n", "One"),
        ("Two\n---\n\nOne\n===\n", "One"),
        ("\n===\n\n# One\n", "One"),
        ("\\# no heading\n\n# C\\# \\*as\\* it is\n", "C# *as* it is"),
        ("# Ends with \\#\n", "Ends with #"),
        ('# The `*args*` and `` a`b `` of [f(x)](/f_(x).html "F")\n', "The *args* and a`b of f(x)"),
        ("# [![logo](/l.png)](/home) One\n", "logo One"),
        ("# [One [more]](</a b>) and [two][ref]\n", "One [more] and two"),
        ("# [[notes/one|One]] of [[two]]\n", "One of two"),
        ("# A &amp; B &lt; `&amp;`\n", "A & B < &amp;"),
        ("# Why a < b and <https://e.org/a_b_c>\n", "Why a < b and https://e.org/a_b_c"),
        ("text <!-- a comment\n# no\n--> \n# One\n", "One"),
        ("`<!--` opens a comment\n\n# One\n", "One"),
        ("```\n<!--\n```\n\n# One\n\n```\n-->\n```\n", "One"),
        ("<pre>\n# no\n</pre>\n# One\n", "One"),
        ("<script>\n# no\n\n# no\n</script>\n\n# One\n", "One"),
        ("```a``` is code\n\n# One\n", "One"),
        ('<h1 align="center">\n  One\n  <br>more\n</h1>\n', "One more"),
        ("# <!-- only a comment -->\n\n# One\n", "One"),
        ("# **One**_two_ 2*3*4\n", "Onetwo 2*3*4"),
        ("#\tOne\n", "One"),
        ("The `<h1>` tag\nopens `</h1>` it.\n\n# One\n", "One"),
        ("<h1>{title}</h1>\n\n# One\n", "One"),
    ],
)
def test_the_first_heading(body: str, heading: str) -> None:
    assert heading_of(body) == heading


@given(st.text(alphabet="#=`~<>!-[]()*_\\\\ \n\tab1{}|", max_size=200))
def test_any_text_has_a_heading_of_one_line_or_none(text: str) -> None:
    heading = heading_of(text)
    assert "\n" not in heading and "\0" not in heading and heading == heading.strip()


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "`" * 20_000, "(" * 20_000 + "]" * 20_000, "<!--" * 10_000, "*_" * 20_000]
)
def test_endless_markup_takes_no_endless_time(text: str) -> None:
    heading_of(f"# {text}\n")
