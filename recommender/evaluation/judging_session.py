"""An editor grades pooled candidates key by key: who is asked about what, and what each key does. Pure.

A session changes by ``press`` alone and never in place; what is graded is in its judgments, so the file that holds
those is all that a later session needs to go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from recommender.article import digest
from recommender.errors import RecommenderError
from recommender.evaluation.judgments import GRADES, Judgments
from recommender.evaluation.rankers import Lists, family_of
from recommender.evaluation.significance import SEED
from recommender.problems import printable, shorten
from recommender.settings import Settings
from recommender.site.corpus import Corpus, members_of
from recommender.site.link_verdicts import representative
from recommender.text.tokenizer import opening

KEYS = "3 excellent  2 good  1 weak  0 unrelated  D same question  letter: repeats  b back  s skip  q quit"
COMMANDS = "bdqs"
WORDS, WIDTH = 50, 100


@dataclass(frozen=True)
class Task:
    """One article to judge, and its candidates in an order that tells nothing of their ranks; all by url."""

    url: str
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class Session:
    """Where an editor stands: the candidate at ``place`` of a task; ``task`` is one too high when none is left.

    ``marked`` is what a letter goes to: the candidate graded last, or gone back to; None after a skip.
    """

    tasks: tuple[Task, ...]
    judgments: Judgments
    task: int = 0
    place: int = 0
    marked: tuple[str, str] | None = None
    message: str = ""
    ended: bool = False

    def label(self, task: int, place: int) -> str:
        """Give the label of a candidate, "" where it has none."""
        return self.judgments.get(self.tasks[task].url, {}).get(self.tasks[task].candidates[place], "")

    @property
    def left(self) -> int:
        """Count the candidates without a label."""
        return sum(not self.label(t, p) for t, task in enumerate(self.tasks) for p in range(len(task.candidates)))


def choose_articles(corpus: Corpus, judged: Iterable[str], wanted: Sequence[str], seed: int = SEED) -> list[int]:
    """Choose whom to judge: the articles that are named, and as many more as a number asks for.

    Those that are judged already count first, so that a later session goes on with the same. The others are drawn
    from the visible articles, one of each family, by a digest of seed and url: a changed site changes few.

    Raises:
        RecommenderError: a url is not that of an article.
    """
    rows: list[int] = []
    for url in (text for text in wanted if not text.isdecimal()):
        row = corpus.find(url)
        if row < 0:
            raise RecommenderError(f"no article has the url {url!r}; name one of the site, or a number of articles")
        rows.append(row)
    count = sum(int(text) for text in wanted if text.isdecimal())
    before = [row for row in (corpus.find(url) for url in judged) if row >= 0]
    firsts = [
        row
        for row, article in enumerate(corpus.articles)
        if corpus.families[row] == row and article.id and not article.hidden
    ]
    drawn = sorted(firsts, key=lambda row: digest(str(seed), corpus.articles[row].url))
    more = [row for row in dict.fromkeys([*before, *drawn]) if row not in rows]
    return [*dict.fromkeys(rows), *more[:count]]


def pool(
    corpus: Corpus, row: int, rankers: Sequence[tuple[Lists, int]], judged: Iterable[str], seed: int = SEED
) -> Task:
    """Put the first links of several rankers together for one article, each family once, and shuffle them.

    Each ranker comes with the depth to which its list is read. What is judged already stays in.
    """
    article = corpus.articles[row]
    own = corpus.families[row]
    held = list(judged)
    seen = {own, *(family_of(corpus, url) for url in held)}
    members = members_of(corpus.families)
    for lists, depth in rankers:
        for family in lists.get(row, ())[:depth]:
            if family >= 0 and family not in seen:
                seen.add(family)
                held.append(
                    corpus.articles[representative(corpus, members.get(family, (family,)), article.subject)].url
                )
    return Task(article.url, tuple(sorted(held, key=lambda url: digest(str(seed), article.url, url))))


def start(tasks: Sequence[Task], judgments: Judgments) -> Session:
    """Begin at the first candidate that has no label."""
    return _onward(Session(tuple(task for task in tasks if task.candidates), judgments, 0, -1))


def press(session: Session, key: str) -> Session:
    """Give the session after one key; an unknown key changes nothing but the message."""
    session = replace(session, message="")
    at_end = session.task >= len(session.tasks)
    grade = key.upper()
    if key == "q":
        return replace(session, ended=True)
    if key == "b":
        return _back(session)
    if key == "s" and not at_end:
        return _onward(replace(session, marked=None))
    if grade in GRADES and not at_end:
        task = session.tasks[session.task]
        url = task.candidates[session.place]
        letter = "" if grade == "D" else session.label(session.task, session.place)[1:]
        return _onward(replace(_labelled(session, task.url, url, grade + letter), marked=(task.url, url)))
    if len(key) == 1 and "a" <= key <= "z" and key not in COMMANDS:
        return _lettered(session, key)
    return replace(session, message=f"'{printable(key)}' is no key here")


def page(session: Session, corpus: Corpus, settings: Settings) -> list[str]:
    """Say in lines what an editor has to see: the article, the candidate, what is graded, and the keys."""
    if session.task >= len(session.tasks):
        left = f"{session.left:,} skipped, for the next time" if session.left else "all candidates are graded"
        return [*_graded(session, corpus, len(session.tasks) - 1), f"{left}; b back, q quit", *_said(session)]
    task = session.tasks[session.task]
    label = session.label(session.task, session.place)
    place = f"article {session.task + 1} of {len(session.tasks)}, candidate {session.place + 1}"
    return [
        "",
        f"{place} of {len(task.candidates)}" + (f", graded {label}" if label else ""),
        *_article(task.url, corpus, settings),
        "  next, a reader could open:",
        *_article(task.candidates[session.place], corpus, settings),
        *_graded(session, corpus, session.task),
        KEYS,
        *_said(session),
    ]


def _labelled(session: Session, article: str, candidate: str, label: str) -> Session:
    labels = {**session.judgments.get(article, {}), candidate: label}
    return replace(session, judgments={**session.judgments, article: labels})


def _lettered(session: Session, letter: str) -> Session:
    label = session.judgments.get(session.marked[0], {}).get(session.marked[1], "") if session.marked else ""
    if not session.marked or label in ("", "D"):
        return replace(session, message=f"{letter} marks the candidate graded last: give it 3, 2, 1 or 0 first")
    label = label[0] if label[1:] == letter else label[0] + letter
    return replace(_labelled(session, *session.marked, label), message=f"the last is {label} now")


def _onward(session: Session) -> Session:
    """Go to the next candidate without a label, or past the end."""
    task, place = session.task, session.place + 1
    while task < len(session.tasks):
        if place >= len(session.tasks[task].candidates):
            task, place = task + 1, 0
        elif session.label(task, place):
            place += 1
        else:
            break
    return replace(session, task=task, place=place)


def _back(session: Session) -> Session:
    task, place = session.task, session.place - 1
    if place < 0:
        task -= 1
        if task < 0:
            return replace(session, message="this is the first candidate")
        place = len(session.tasks[task].candidates) - 1
    found = session.tasks[task]
    return replace(session, task=task, place=place, marked=(found.url, found.candidates[place]))


def _article(url: str, corpus: Corpus, settings: Settings) -> list[str]:
    row = corpus.find(url)
    if row < 0:
        return [f"    {url} (not in the content)"]
    article = corpus.articles[row]
    texts: Mapping[str, str] = dict(zip(settings.sources, article.texts, strict=True))
    answer = texts.get(settings.keys.answer) or texts.get("body") or ""
    return [f"    {article.title}  ({article.subject})", *_wrapped(opening(answer, WORDS))]


def _wrapped(words: Sequence[str]) -> list[str]:
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) >= WIDTH - 6:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return [f"      {shorten(line)}" for line in lines if line]


def _graded(session: Session, corpus: Corpus, number: int) -> list[str]:
    """List what is graded of an article, so that repetitions are seen."""
    if not 0 <= number < len(session.tasks):
        return []
    task = session.tasks[number]
    rows = []
    for place, url in enumerate(task.candidates):
        label, row = session.label(number, place), corpus.find(url)
        if label:
            rows.append(f"  {label:<2} {shorten(corpus.articles[row].title if row >= 0 else url, WIDTH - 5)}")
    return [*rows, ""] if rows else []


def _said(session: Session) -> list[str]:
    return [f"  {session.message}"] if session.message else []
