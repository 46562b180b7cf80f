"""The analyzer: a table of markup and scripts, and any text at all."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recommender.text.tokenizer import analyze, opening, own_words, single_spaced, spaced, spaced_article


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("Hello, World!", "hello world", id="case"),
        pytest.param("one\\ntwo\\n\\nthree", "one two three", id="literal-line-break"),
        pytest.param("one\ntwo\r\nthree\tfour", "one two three four", id="white-space"),
        pytest.param("**bold** _it_ ~~no~~ `code` ## Head\n> quote", "bold it no code head quote", id="markdown"),
        pytest.param("| a | b |\n|---|:-:|\n- [x] c", "a b x c", id="table-and-list"),
        pytest.param("[text](http://x.y/z) then", "text then", id="link-target"),
        pytest.param("![alt](img.png) [a](b)c", "alt a c", id="image-target"),
        pytest.param("see <https://example.com/page>", "see https example com page", id="bare-address-stays"),
        pytest.param('<a href="x">y</a><br/><b>z</b>', "y z", id="html"),
        pytest.param("a <!-- b\nc --> d <!-- e --> f", "a d f", id="comments"),
        pytest.param("a <!-- b", "a b", id="unclosed-comment"),
        pytest.param("a --> b <!-- c", "a b c", id="comment-ends-before-it-starts"),
        pytest.param("<!--> x -->y", "y", id="comment-that-opens-like-a-close"),
        pytest.param("x < y and y > 3", "x y and y 3", id="comparison"),
        pytest.param("&nbsp;a&amp;b &lt;i&gt; M&uuml;nchen &#67;&#x2b;+", "a b i münchen c++", id="entities"),
        pytest.param("R&D", "r d", id="ampersand"),
        pytest.param(r"\frac{a}{b} \alpha x_1^2 \(y\)", "a b x 1 2 y", id="latex-arguments-stay"),
        pytest.param("snake_case state-of-the-art", "snake case state of the art", id="compounds"),
        pytest.param("3.14 H2O x² Python 2", "3 14 h2o x2 python 2", id="digits"),
        pytest.param("Noah's ark, don’t, l'eau d’un O'Brien", "noah ark don eau un brien", id="apostrophes"),
        pytest.param("lʼeau l＇eau l´eau s‘il ʻokina п’ять", "eau eau eau il okina ять", id="other-apostrophes"),
        pytest.param("‘quoted words’ ‘on’", "quoted words on", id="single-quotes"),
        pytest.param("we're rock'n'roll 5'3", "we re rock roll 5 3", id="apostrophes-of-longer-parts"),
        pytest.param("C++, C# and F#; A* in .NET", "c++ c# and f# a* in .net net", id="names-with-symbols"),
        pytest.param(
            "C++17 c+++ ab# *a* 2*a* #tag end.Next (.deb)", "c++ 17 c ab a 2 a tag end next .deb deb", id="symbols"
        ),
        pytest.param("Vitamin C heilt 人工 C++", "vitamin c heilt 人工 c++", id="symbols-beside-han"),
        pytest.param("Straße STRASSE ÉCOLE naïve", "strasse strasse école naïve", id="latin"),
        pytest.param("ｆｕｌｌ ﬁne ½ Python™ ㎏", "full fine 1 2 python kg", id="compatibility-forms"),
        pytest.param("Donau\u00addampf&shy;schiff \ufeffa\u2060b ن\u200cم", "donaudampfschiff ab نم", id="invisible"),
        pytest.param("a\u034fb a\u200eb a\u202ab a\u2066b a\ufe0f كـتـاب", "ab ab ab ab a كتاب", id="more-invisible"),
        pytest.param("\u0301 \u0301\u0302 \u0301b ❤\ufe0f", "b", id="marks-without-a-letter"),
        pytest.param("E\u0301cole", "école", id="decomposed"),
        pytest.param("x\u0301y", "x\u0301y", id="mark-without-a-composed-form"),
        pytest.param("İstanbul", "istanbul", id="turkish-capital-i"),
        pytest.param("Привет Ὀδυσσεύς", "привет ὀδυσσεύσ", id="cyrillic-greek"),
        pytest.param("Й и\u0306", "й й", id="cyrillic-decomposed"),
        pytest.param("שָׁלוֹם", "שָׁלוֹם", id="hebrew-points"),
        pytest.param("हिन्दी भाषा", "हिन्दी भाषा", id="hindi-whole-words"),
        pytest.param("தமிழ் ভাষা", "தமிழ் ভাষা", id="tamil-bengali"),
        pytest.param("한국어 문서", "한국어 문서", id="korean-whole-words"),
        pytest.param("人工智能", "人工 工智 智能", id="chinese"),
        pytest.param("你", "你", id="one-character"),
        pytest.param("x你y", "x 你 y", id="one-character-between-letters"),
        pytest.param("机器学习ABC，模型", "机器 器学 学习 abc 模型", id="chinese-and-latin"),
        pytest.param("東京タワー", "東京 京タ タワ ワー", id="japanese"),
        pytest.param("が か\u3099", "が が", id="kana-decomposed"),
        pytest.param("ไทย ok", "ไท ทย ok", id="thai"),
        pytest.param("ที่", "ที ี่", id="thai-marks"),
        pytest.param("x\u0301你好", "x\u0301 你好", id="a-mark-stays-with-its-letter"),
        pytest.param("\U00020000\U00020001", "\U00020000\U00020001", id="astral-han"),
        pytest.param("ab\u00a0c\u2028d\u3000e", "ab c d e", id="odd-spaces"),
        pytest.param("😀 !? …", "", id="no-word"),
    ],
)
def test_words(text: str, words: str) -> None:
    assert analyze(text) == [unicodedata.normalize("NFC", word) for word in words.split(" ") if word]


@pytest.mark.parametrize(
    ("text", "last"),
    [
        pytest.param("<!--" * 250_000 + " x", ["x"], id="unclosed-comments"),
        pytest.param("<!--" * 250_000 + "-->x", ["x"], id="one-closed-comment"),
        pytest.param("<a " * 300_000 + " x", ["a", "x"], id="unclosed-tags"),
        pytest.param("](" * 300_000 + " x", ["x"], id="unclosed-targets"),
        pytest.param("&a" * 300_000 + " x", ["x"], id="unclosed-entities"),
        pytest.param("a" + "\u0301" * 300_000 + " x", ["x"], id="marks"),
    ],
)
def test_no_text_takes_quadratic_time(text: str, last: list[str]) -> None:
    # The quadratic way takes minutes for each of these, so a regression shows as a hanging test.
    assert analyze(text)[-len(last) :] == last


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("&nbsp;", 0),
        ("Coming soon.", 2),
        ('{{< youtube id="abc" title="How bread rises" >}}', 0),
        ("{{% notice tip %}}Salt slows the yeast.{{% /notice %}}", 4),
        ("{% include video.html id='x' title='a b c' %}", 0),
        ("{%- render 'x' -%}{{ page.content | markdownify }}", 0),
        ('<Video src="a" onEnd={() => next()} style={{ width: 1 }} />', 0),
        ("import Video from '../video.mdx'\n\nexport const meta = { a: 1 }\n\n<Video />", 0),
        ("Import taxes are paid at the border; see the list.", 10),
        ("<!-- to do: write this page -->", 0),
        ("<script>if (1 < 2) { show('hello world') }</script>", 0),
        ("<style>.a { color: red }\np > a { color: blue }</style>", 0),
        ("<script>never closed", 2),
        (f"<script>{'show(x); ' * 50}</script>", 0),
        (f"<style>{'p b i u ' * 50}</style> Soon.", 1),
        ('[video src="a.mp4" width=3] [gallery] [embed]https://youtu.be/abc[/embed]', 0),
        ("![[Some embedded note]]", 0),
        ("[!INCLUDE [shared note](../includes/shared.md)]", 0),
        ("[!VIDEO https://www.youtube.com/embed/abc]", 0),
        ("https://www.youtube.com/watch?v=abc", 0),
        ('<iframe src="https://x.org" title="A video player"></iframe>', 0),
        ('--8<-- "includes/note.md"\n{!includes/note.md!}\n{: .wide #first}', 0),
        ("<?php include('x.php'); ?><%- include('x', {a: 1}) %>", 0),
        ("Read [the guide](https://x.org/a-b) and [see also][1].", 6),
        ('```json\n{"a": 1, "b": {"c": 2}}\n```', 6),
        ("{{< video >}} before ```a {b} c``` behind {{< video >}}", 5),
        ("word " * 11 + "{{< video >}} word word", 12),
        ("敬请期待", 3),
    ],
)
def test_own_words_are_those_that_no_generator_fills_in(text: str, count: int) -> None:
    assert own_words(text, 12) == count
    assert own_words(text, 2) == min(2, count)


OPENINGS = [
    "<!--",
    "<script>",
    "<a ",
    "{",
    "{a",
    "{%",
    "[",
    "[a ",
    "[!a [b](",
    "![[",
    "<?",
    "import",
    "](",
    "[/",
    "```",
]


@pytest.mark.slow  # measures long texts
@pytest.mark.parametrize("opening", [*OPENINGS, "https://", "-"])
def test_own_words_take_no_quadratic_time(opening: str) -> None:
    for text in (opening, f"{opening}\n"):
        assert own_words(text * (1_000_000 // len(text)), 12) <= 12


@given(
    st.lists(st.one_of(st.sampled_from(OPENINGS), st.sampled_from(["}", ">", "]", "a b", "{{< x >}}"])), max_size=30)
)
def test_own_words_are_never_more_than_all(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert 0 <= own_words(text, 10**6) <= len(analyze(text)) + len(pieces)
    assert own_words(text, 5) == min(5, own_words(text, 10**6))


@given(st.text(st.characters(codec=None)))
def test_any_text(text: str) -> None:
    words = analyze(text)
    assert all(word and word == word.casefold() and not any(c.isspace() for c in word) for word in words)
    assert analyze(text + " ") == words


# Neither markup, nor signs of names, nor letters that combine or have compatible forms, nor scripts without spaces.
PLAIN = [(0x0, 0x2FF), (0x370, 0x482), (0x1E00, 0x20CF), (0x2100, 0x2CEE)]
SIGNS = "<&\\[]{}'’‘´ʼʻ%+#*.:!?İ`~"
CHARACTERS = [
    st.characters(min_codepoint=low, max_codepoint=high, exclude_characters=SIGNS).filter(
        lambda char: (
            unicodedata.category(char) != "Cf"
            and unicodedata.normalize("NFKC", char) == char
            and char.casefold() == char.lower()
            and char not in "Σς"
        )
    )
    for low, high in PLAIN
]


@given(st.text(st.one_of(CHARACTERS), max_size=50))
def test_plain_texts_are_cut_at_all_but_letters_and_digits(text: str) -> None:
    assert analyze(text) == re.findall(r"[^\W_]+", text.lower())


MARKUP = st.sampled_from(
    ["<!--", "-->", "<b>", "</b", "](", ")", "[", "\\n", "\\alpha", "&", "amp;", "&#", "`", "$", "<", ">"]
)
PIECES = st.one_of(MARKUP, st.text(max_size=4), st.sampled_from(["人工", "ไทย", "\u0301", "İ", "हिन्दी", "x", " "]))


@given(st.lists(PIECES, max_size=30))
def test_any_markup(pieces: list[str]) -> None:
    words = analyze("".join(pieces))
    assert all(word and not set(word) & set("<>[]()&;\\`$_- ") for word in words)


@given(st.lists(st.text(st.characters(categories=["Ll", "Nd"], max_codepoint=0x2AF), min_size=1), max_size=9))
def test_plain_words_stay(words: list[str]) -> None:
    expected = [unicodedata.normalize("NFKC", word.casefold()) for word in words]
    assert [word for word in analyze(" ".join(words)) if word in expected] == [
        word for word in expected if word.isalnum()
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("**Bold**, _it_ and `code`: snake_case stays.", "Bold, it and code: snake_case stays."),
        ("# Head\\n\\n> A [link](http://x.y) - and | cells |\n|---|---|", "Head A link - and cells"),
        ("<b>x</b>&nbsp;-- $a_1$ <!-- gone -->well-known", "x $a_1$ well-known"),
        ("中文 *强*。", "中文 强。"),
    ],
)
def test_an_opening_is_what_a_reader_sees(text: str, words: str) -> None:
    assert " ".join(opening(text, 50)) == words


def test_an_opening_has_as_many_words_as_wanted() -> None:
    assert opening("one **two** three " * 100, 4) == ["one", "two", "three", "one"]
    assert len(opening("long" * 50 + " word " * 100, 20)) == 20


@given(st.text(st.one_of(st.characters(), st.sampled_from(" \t\n\x1c\x85\xa0\u2003\u2028ab"))))
def test_one_space_stands_for_all_that_is_white(text: str) -> None:
    assert single_spaced(text) == " ".join(text.split())


def test_no_printable_character_but_the_space_is_white() -> None:
    assert [char for char in map(chr, range(sys.maxunicode + 1)) if char.isspace() and char.isprintable()] == [" "]


# One letter of scripts that are cut in their own ways, marks that combine, what no one sees, and markup that opens.
HOSTILE = [
    "a", "\u0436", "\u4eba", "\u0e01\u0e34", "\ud55c", "\u05d0\u05b8", "\u0301", "\u0301\u0316", "\u200d", "\U0001f642",
    "\ufb01", "\u0130", "\ue000", "'", "word ", "a. ", "\n- a", "\n1. ", "[[", "> ", "*_", "<b>", "{{", "`", "\n```\n",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_endless_words_and_a_million_repetitions_take_linear_time_and_room(piece: str) -> None:
    # The quadratic way takes minutes for some of these, so a regression shows as a hanging test.
    for text in (piece * (1_000_000 // len(piece)), "a" + piece * (1_000_000 // len(piece))):
        assert len(spaced_article(text)) <= 8_000_000
        assert own_words(text, 12) <= 12
        assert len(opening(text, 20)) <= 20


@given(st.lists(st.tuples(st.sampled_from(HOSTILE), st.integers(1, 40)), max_size=12))
def test_mixed_scripts_and_lone_marks_give_words_without_spaces_and_no_more_than_their_letters(
    pieces: list[tuple[str, int]],
) -> None:
    text = "".join(piece * times for piece, times in pieces)
    found = analyze(text)
    assert all(word and not any(map(str.isspace, word)) for word in found)
    assert sum(map(len, found)) <= 4 * len(text)


def test_marks_of_one_letter_that_no_language_has_are_left_out() -> None:
    assert analyze("x" + "\u0316" * 5_000 + "y") == ["x" + "\u0316" * 30 + "y"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("E-mail, e\u2010mail, e\u2011mail and e\uff0dmail", "e-mail e-mail e-mail and e-mail"),
        ("state-of-the-art UTF-8", "state-of-the-art utf-8"),
        ("Naïve-Bayes, café-bar", "naïve-bayes café-bar"),
        ("2-step 3-4 --flag end- x--y a \u2013 b", "2 step 3 4 flag end x y a b"),
        ("C++-code .net-core C#-like", "c++ code .net net-core c# like"),
        ("中-文 日本-語", "中 文 日本 語"),
        ("\x02 a\x02b \x02-", "a b"),
        ("é \x02 a\x02b", "é a b"),
        ("\u2474-\u2474 a-\u2474 \u2474-a", "1 1 a 1 1 a"),
    ],
)
def test_a_hyphenated_word_stays_whole_until_the_site_tells_its_spelling(text: str, words: str) -> None:
    assert spaced(text).decode().split() == words.split()
    assert analyze(text) == words.replace("-", " ").split()


PIECES = st.sampled_from([*"ab1é.'*#+- \n\x02", "\u2010", "\u2474", "\u0301", "\u4e2d", "\uff71", "\ue004", "\ufb01"])


@given(st.lists(PIECES | st.characters(), max_size=12))
@example(["\u2474", "-", "\u2474"])
def test_every_part_of_a_hyphenated_word_is_a_word(pieces: list[str]) -> None:
    for word in spaced("".join(pieces)).decode().split():
        assert all(word.split("-")), word
