"""Related blocks: read them, emit them, splice them into a front matter, verify the result. Pure: text in, text out.

Every key that stays keeps its bytes. The text is cut at the marks of the YAML nodes and never dumped again:
a dump-and-load round trip changes each of the 35,915 real files, a splice none (measured).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from recommender.article import Link, Style, is_id
from recommender.errors import FileProblem
from recommender.markdown import front_matter
from recommender.markdown.editable import check_editable, check_others, reread
from recommender.markdown.front_matter import Document, Entry, Span
from recommender.problems import shorten

KEYS = ("id", "title", "subject", "url")
_SPACE = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True, slots=True)
class Block:
    """One ``related_articleN`` of a file."""

    slot: int
    entry: Entry

    @property
    def span(self) -> Span:
        """Whole lines of the block."""
        return self.entry.span

    @property
    def link(self) -> Link | None:
        """What it links to; None where the slot is empty or malformed."""
        texts = self._texts
        if not texts:
            return None
        identity, title, subject, url = (text or "" for text in texts)
        return Link(self.slot, self.entry.line, identity, title, subject, url)

    @property
    def malformed(self) -> bool:
        """Whether it holds anything but texts by the keys of a link."""
        return bool(self.entry.value) and self._texts is None

    @property
    def _texts(self) -> list[str | None] | None:
        values = self.entry.value
        if not isinstance(values, Mapping):
            return None
        texts = [text for text in map(values.get, KEYS) if text is None or isinstance(text, str)]
        return texts if any(texts) and len(texts) == len(KEYS) else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one slot shall hold; ``source`` is the slot whose bytes are reused, 0 for a new block.

    ``further`` are the words that a new item of a list of mappings says besides, by their keys.
    """

    slot: int
    id: str
    title: str
    subject: str
    url: str
    source: int = 0
    further: tuple[tuple[str, str], ...] = ()


def read_blocks(entries: Sequence[Entry], prefix: str) -> tuple[Block, ...]:
    """Find the related blocks of a file by the prefix of their keys (``related_article``), in order of their slots."""
    named = [entry for entry in entries if entry.key.startswith(prefix)]
    blocks = [Block(int(entry.key[len(prefix) :]), entry) for entry in named if is_block(entry.key, prefix)]
    return tuple(sorted(blocks, key=lambda block: block.slot))


def is_block(key: str, prefix: str) -> bool:
    """Tell whether a key names a slot: the prefix and a number from 1 to 999, without leading zeros."""
    if not key.startswith(prefix):
        return False
    slot = key[len(prefix) :]
    return slot.isascii() and slot.isdigit() and slot[0] != "0" and len(slot) < 4


# What every YAML reader takes as it stands: folded, plain, and in double quotes.
_ODD = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff"
_FOLDED, _VALUE = rf"(?! )[^{_ODD}]+", rf"(?:[a-zA-Z/][\w ,.;!?()'’/%+&~-]*|\"[^\"\\{_ODD}]*\")"
SHORT = 16 * 1024


def end_of_others(front: str, prefix: str) -> int:
    """Give where the blocks begin that end a front matter, one behind the other and each as ``emit`` writes it.

    What such a block says needs no parser, if a key may stand there. Gives -1 where no such blocks end it, or it is
    long: so many values may be too many.
    """
    place = front.find("\n" + prefix) + 1
    return place if place and len(front) < SHORT and _plain_blocks(prefix).fullmatch(front, place) else -1


@cache
def _plain_blocks(prefix: str) -> re.Pattern[str]:
    if not re.fullmatch(r"[a-zA-Z_]\w*", prefix, re.ASCII):
        return re.compile(r"(?!)")
    title = rf"title: (?:>-\n\1 +{_FOLDED}|{_VALUE})\n"
    keys = rf"( +)(?:id: -?[0-9]{{1,15}}\n\1)?{title}(?:\1subject: {_VALUE}\n)?\1url: {_VALUE}\n"
    return re.compile(rf"(?:{prefix}[1-9][0-9]{{0,2}}:\n{keys})+")


def style_of(blocks: Sequence[Block]) -> Style | None:
    """Read a file's style from its first block with a title; None where it has none."""
    for block in blocks[:1]:
        for entry in front_matter.inner_entries(block.entry):
            if entry.key == "title" and 1 <= entry.column <= 16:
                return Style(entry.column, entry.style == ">")
    return None


def fold(text: str) -> str:
    """Fold white space as a title is folded on its way through YAML."""
    return _SPACE.sub(" ", text).strip(" ")


def emit(prefix: str, wanted: Wanted, style: Style, newline: str) -> str:
    """Write one block, in the style of the file; an id or subject that the target lacks is left out."""
    pad = " " * style.indent
    lines = [f"{prefix}{wanted.slot}:"]
    lines += [
        pad + _emit_value(key, text, style, newline)
        for key in KEYS
        if (text := getattr(wanted, key)) or key in ("title", "url")
    ]
    return newline.join(lines) + newline


def _emit_value(key: str, text: str, style: Style, newline: str) -> str:
    folded = key == "title" and (style.folded_title or not _plain_safe(text))
    if folded and _fold_safe(text):
        return f"{key}: >-{newline}{' ' * 2 * style.indent}{text}"
    if (key == "id" and is_id(text)) or _plain_safe(text):
        return f"{key}: {text}"
    return f"{key}: {quote(text)}"


def quote(text: str) -> str:
    r"""Double-quote a text so that every YAML reader agrees: ``\xNN`` and ``\uNNNN`` escapes, astral characters raw.

    Raises:
        FileProblem: a lone surrogate, which no file can hold.
    """
    out = []
    for char in text:
        code = ord(char)
        if 0xD800 <= code <= 0xDFFF:
            raise FileProblem("not-editable", f"a lone surrogate {char!r} in a text to be written")
        if char in '"\\':
            out.append("\\" + char)
        elif code < 0x20 or 0x7F <= code <= 0xA0:
            out.append(f"\\x{code:02x}")
        elif code in (0x2028, 0x2029, 0xFEFF) or 0xFFFE <= code <= 0xFFFF:
            out.append(f"\\u{code:04x}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
# Starts with a letter or a slash, so no number, date or indicator; no ": ", no " #", nothing that flow style reads.
_PLAIN = re.compile(r"[^\W\d_](?:[\w'’.,;!()/?%+&~-]| (?=[\w'’(&-]))*[\w'’.;!()?%]|/[\w.~%/+-]*")
# What YAML 1.1 or 1.2 readers take for a bool or a null.
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "none"}


def _plain_safe(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS and not _UNSAFE.search(text)


def _fold_safe(text: str) -> bool:
    return bool(text) and not _UNSAFE.search(text) and text == text.strip() and "  " not in text


def splice(document: Document, wanted: Sequence[Wanted], style: Style, prefix: str) -> str:
    """Give the file's new text with the wanted blocks in place of its own, verified.

    A slot that stays keeps its place, so comments between blocks stay too; new slots follow the last block, or
    close the front matter where there was none.

    Raises:
        FileProblem: the file cannot be edited safely, or the result did not verify; nothing is guessed.
    """
    front = document.front
    entries = check_editable(document, partial(is_block, prefix=prefix))
    blocks = read_blocks(entries, prefix)
    for entry in entries:
        if entry.key == prefix and isinstance(entry.value, (tuple, Mapping)) and entry.value:
            raise FileProblem("not-editable", f"{prefix} is a list, which blocks beside it would repeat", entry.line)
    for block in blocks:
        if block.malformed:
            raise FileProblem("not-editable", f"{block.entry.key} is not a block of texts", block.entry.line)
    writing = _Writing(prefix, style, newline_of(document))
    after = _splice_front(front, blocks, wanted, writing)
    _verify(entries, after, wanted, prefix)
    return document.text[: document.start] + after + document.text[document.end :]


def newline_of(document: Document) -> str:
    """Line break of the front matter, read off its opening fence."""
    return "\r\n" if document.text[: document.start].endswith("\r\n") else "\n"


@dataclass(frozen=True, slots=True)
class _Writing:
    prefix: str
    style: Style
    newline: str


def _splice_front(front: str, blocks: Sequence[Block], wanted: Sequence[Wanted], writing: _Writing) -> str:
    by_slot = {block.slot: block for block in blocks}
    rendered = {want.slot: _render(front, by_slot.get(want.source), want, writing) for want in wanted}
    pieces, position = [], 0
    for block in sorted(blocks, key=lambda block: block.span.start):
        pieces += [front[position : block.span.start], rendered.pop(block.slot, "")]
        position = block.span.end
    if blocks:
        pieces += [rendered[slot] for slot in sorted(rendered)]
        return "".join([*pieces, front[position:]])
    return front + "".join(rendered[slot] for slot in sorted(rendered))


def _render(front: str, source: Block | None, want: Wanted, writing: _Writing) -> str:
    link = source.link if source else None
    if source is None or link is None:
        return emit(writing.prefix, want, writing.style, writing.newline)
    text, start = front[source.span.start : source.span.end], source.span.start
    edits = []
    for key in KEYS:
        if getattr(want, key) != getattr(link, key) and not _same_text(want, link, key):
            held = [entry for entry in front_matter.inner_entries(source.entry) if entry.key == key]
            if not held:
                return _write_anew(source, want, writing)
            edits.append((held[0].span, key))
    for span, key in sorted(edits, key=lambda edit: -edit[0].start):
        line = front[span.start : span.end]
        pad = line[: len(line) - len(line.lstrip(" "))]
        if not line.lstrip(" ").startswith(key):
            return _write_anew(source, want, writing)
        style = Style(len(pad) or 4, writing.style.folded_title)
        value = pad + _emit_value(key, getattr(want, key), style, writing.newline) + writing.newline
        text = text[: span.start - start] + value + text[span.end - start :]
    return re.sub(rf"({re.escape(writing.prefix)}){source.slot}(?=['\"]?\s*:)", rf"\g<1>{want.slot}", text, count=1)


def _write_anew(source: Block, want: Wanted, writing: _Writing) -> str:
    """Emit a block that cannot be corrected line by line (flow style, quoted or missing keys)."""
    others = [key for key in source.entry.value if key not in KEYS] if isinstance(source.entry.value, Mapping) else []
    if others:
        reason = f"{source.entry.key} must be written anew, which would lose its key {others[0]!r}"
        raise FileProblem("not-editable", reason, source.entry.line)
    return emit(writing.prefix, want, writing.style, writing.newline)


def _same_text(want: Wanted, link: Link, key: str) -> bool:
    return key != "id" and fold(getattr(want, key)) == fold(getattr(link, key))


def _verify(before: Sequence[Entry], after: str, wanted: Sequence[Wanted], prefix: str) -> None:
    touched = partial(is_block, prefix=prefix)
    entries = reread(after, touched)
    held = {block.slot: block for block in read_blocks(entries, prefix)}
    stood = {block.slot: block for block in read_blocks(before, prefix)}
    for want in wanted:
        _check_held(held.get(want.slot), want, stood.get(want.source))
    if len(held) != len(wanted):
        raise FileProblem("not-editable", "the edited blocks would not read back as written")
    check_others(before, entries, touched)


def _check_held(block: Block | None, want: Wanted, source: Block | None) -> None:
    """Refuse a slot that would not read as wanted: what was written to the letter, what was kept as it stood."""
    link, before = block.link if block else None, source.link if source else None
    for key in KEYS:
        found, text = getattr(link, key, None), getattr(want, key)
        kept = before is not None and _same_text(want, before, key) and found == getattr(before, key)
        if not kept and found != text:
            raise FileProblem(
                "not-editable",
                f"slot {want.slot} would not read back as written: its {key} would be {shorten(repr(found), 60)}, "
                f"not {shorten(repr(text), 60)}",
                source.entry.line if source else 0,
            )
