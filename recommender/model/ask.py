"""Questions to a model: what an article or a draft should link to, why, and why not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from recommender.errors import FileProblem, LookupProblem, RecommenderError
from recommender.markdown import front_matter
from recommender.markdown.formats import read_front
from recommender.markdown.link_blocks import fold
from recommender.model.catalogue import ANY, Partition
from recommender.model.lookup import Found, look_up
from recommender.model.model import Model
from recommender.ranking.score import Part, Query
from recommender.ranking.selection import RULES, Asking, Candidate, Choice, Rejected, choose
from recommender.ranking.title_meaning import PART
from recommender.settings import Settings
from recommender.site.files import MAX_BYTES
from recommender.site.page_urls import own_url, title_of
from recommender.text.title_embeddings import REMEDY


@dataclass(frozen=True)
class Answer:
    """What is shown for an article or a draft (``row`` -1), and everything that was not."""

    model: Model
    row: int
    copies: tuple[int, ...]
    title: str
    query: Query
    asking: Asking
    choice: Choice
    limit: int

    def parts(self, other: int) -> tuple[Part, ...]:
        """Split the score of one article into its terms."""
        return self.model.explain(self.query, other)

    @property
    def note(self) -> str:
        """Say what a draft is ranked without; "" where nothing is missing."""
        if self.model.embeddings is None or self.query.meaning is not None:
            return ""
        return f"ranked without {PART}, for the title of a draft cannot be embedded here: {REMEDY}"


@dataclass(frozen=True)
class CandidateFilter:
    """What a candidate must be to be looked at: of a subject ("" for any), and of at least a score."""

    subject: str = ""
    min_score: float = 0.0

    def passes(self, model: Model, candidate: Candidate) -> bool:
        """Tell whether a candidate may be chosen."""
        of_subject = not self.subject or model.catalogue.subjects[candidate.row] == self.subject
        return of_subject and candidate.score >= self.min_score


@dataclass(frozen=True)
class Linker:
    """A published article that should link to a draft: the score, and the place that the draft would take."""

    row: int
    score: float
    place: int


@dataclass(frozen=True)
class Reason:
    """Why one article is shown (``rank`` from 1) or not (rank 0, with the rule and what it collided with)."""

    answer: Answer
    row: int
    score: float
    rank: int
    rule: str
    by: int

    @property
    def sentence(self) -> str:
        """Say it in words."""
        model, asking = self.answer.model, self.answer.row
        if self.rank:
            pinned = self.row in model.decisions.pins.get(asking, ())
            rule = f": it is pinned ({model.decisions.place('pin', asking, self.row)})" if pinned else ""
            return f"shown at rank {self.rank}{rule}"
        if self.row == self.answer.row:
            return "not shown: it is the article itself"
        collided = f": {model.catalogue.urls[self.by]}" if self.by >= 0 else ""
        if self.rule == "blocked" and ("block", asking, self.row) in model.decisions.lines:
            collided = f": {model.decisions.place('block', asking, self.row)}"
        row = asking if self.rule == "no-list" else self.row
        return f"not shown: {rule_in_words(model, self.rule, row)}{collided}{self._alike} ({self.rule})"

    @property
    def _alike(self) -> str:
        """Say how far titles and texts are alike where that is why."""
        settings, like = self.answer.model.settings, self.answer.asking.like
        least = settings.same_question_article
        if self.rule == "repeats-link":
            like, least = self.answer.model.likeness.of(self.by), settings.same_question_list
        elif self.rule != "same-question":
            return ""
        return f"; title and text are alike to {like[self.row]:.2f}, {least:g} is enough"


def rule_in_words(model: Model, rule: str, row: int) -> str:
    """Say what a rule means for an article, with what the settings or the article have to do with it."""
    visibility = model.catalogue.visibility_of(row)
    details = {
        "hidden": f" ({model.catalogue.hidden_because(row)})",
        "never-suggested": f" ({', '.join(visibility.never)})",
        "no-list": f" ({', '.join(visibility.no_list)})",
        "below-floor": f" {model.floor:g}",
    }
    return f"{RULES[rule]}{details.get(rule, '')}"


def ask(model: Model, text: str, limit: int, wanted: Partition = ANY) -> Answer:
    """Answer for one article, named by url, id, path or slug, of a language and version where several are meant.

    Raises:
        LookupProblem: no article, or several different ones, are meant.
    """
    found: Found = look_up(model, text, wanted)
    return replace(ask_row(model, found.row, limit), copies=found.copies)


def ask_row(model: Model, row: int, limit: int, only: CandidateFilter | None = None) -> Answer:
    """Answer for one article by its row; with ``only``, choose among the candidates that pass it."""
    choice = _choose_among(model, row, limit, only) if only else model.choose_for(row, limit=limit)
    title = model.catalogue.titles[row]
    return Answer(model, row, (), title, model.query(row), model.asking(row), choice, limit)


def _choose_among(model: Model, row: int, limit: int, only: CandidateFilter) -> Choice:
    asking, choice = model.asking(row), Choice((), ())
    # Of copies the one in the wanted subject stands for all.
    asking = replace(asking, subject=only.subject or asking.subject)
    least = max(only.min_score, model.floor)
    among = model.catalogue.of_subject(only.subject) if only.subject else None
    for pool in model.pools(row, among):
        choice = choose(asking, [c for c in pool if only.passes(model, c)], (), limit, model.rules)
        if len(choice.shown) >= limit or choice.no_list or model.exhausted(row, least):
            break
    return choice


def ask_draft(model: Model, data: bytes, limit: int) -> Answer:
    """Answer for an unpublished article: a Markdown file with front matter, or plain text with its title first.

    Raises:
        RecommenderError: the draft is too large or not UTF-8, its front matter cannot be read, or it holds no word.
    """
    if len(data) > MAX_BYTES:
        raise RecommenderError("the draft is larger than 1 MiB; shorten it and ask again")
    try:
        draft = read_draft(data, model.settings)
    except FileProblem as problem:
        line = f", line {problem.line}" if problem.line else ""
        raise RecommenderError(f"the draft{line}: {problem.reason}; mend it and ask again") from None
    return ask_texts(model, draft.texts, limit)


def ask_texts(model: Model, texts: dict[str, str], limit: int, subject: str = "", own: int = -1) -> Answer:
    """Answer for an unpublished article whose texts are given by source, or for a revision of the one in a row.

    Raises:
        RecommenderError: the draft holds no word.
    """
    if not any(text.strip() for text in texts.values()):
        raise RecommenderError("the draft holds no text; give a title and an answer")
    query, asking, candidates = model.ask_draft(texts, subject, own)
    choice = choose(asking, candidates, (), limit, model.rules)
    return Answer(model, -1, (), fold(texts.get(model.settings.keys.title, "")), query, asking, choice, limit)


def draft_linkers(answer: Answer, limit: int) -> list[Linker]:
    """Name the published articles whose own lists would take up a draft, best first, one of each family."""
    model, found, families = answer.model, list[Linker](), {answer.asking.family}
    rows = [candidate.row for candidate in _candidates(answer.choice)]
    scores = model.scores_of_askers(answer.query, rows).tolist()
    for candidate in sorted(map(Candidate, rows, scores), key=lambda c: (-round(c.score, 9), c.row)):
        family = model.rules.families[candidate.row]
        if len(found) >= limit or candidate.score < model.floor:
            break
        if family in families or same_question(answer, candidate.row) or model.catalogue.no_list(candidate.row):
            continue
        families.add(family)
        start, stop = (int(number) for number in model.chosen.indptr[candidate.row : candidate.row + 2])
        scores = model.chosen.scores[start : min(stop, start + model.settings.slots)]
        place = int(np.count_nonzero(scores >= candidate.score)) + 1
        if place <= model.settings.slots:
            found.append(Linker(candidate.row, candidate.score, place))
    return found


def same_question(answer: Answer, row: int) -> bool:
    """Tell whether an article asks the asking article's or draft's own question."""
    return 0 < answer.model.settings.same_question_article <= answer.asking.like.get(row, 0.0)


def _candidates(choice: Choice) -> list[Candidate]:
    return [*choice.shown, *(Candidate(r.row, r.score) for r in choice.rejected), *choice.rest]


@dataclass(frozen=True)
class Draft:
    """A file that is not published yet: its texts by source, and what its front matter, of a form or none, says."""

    texts: dict[str, str]
    form: str
    subject: str = ""
    url: str = ""


def read_draft(data: bytes, settings: Settings) -> Draft:
    """Read a draft as a page of the site is read; without front matter its first line is the title.

    Raises:
        FileProblem: not UTF-8, or its front matter cannot be read.
    """
    sources, keys, front = settings.sources, settings.keys, read_front(data)
    if front.form == "none":
        lines = front.body.strip().split("\n", 1)
        long_text = keys.answer if keys.answer in sources else "body"
        return Draft({keys.title: lines[0].lstrip("# ").strip(), long_text: "".join(lines[1:])}, front.form)
    at = partial(front_matter.text_at, front.values)
    texts = {name: front.body if name == "body" else at(name) for name in sources}
    titles = [one for one in settings.pages.title or (keys.title, "heading") if one != "file"]
    texts[keys.title] = texts[keys.title] or title_of(titles, front.values, front.body, "")
    url = own_url(settings.pages, keys.url, front.values)
    return Draft(texts, front.form, at(keys.subject).strip(), url)


def why(model_answer: Answer, text: str) -> Reason:
    """Say why one article is or is not among the links of an answer.

    Raises:
        LookupProblem: the text names no article.
    """
    model = model_answer.model
    # Of several it is that of the article's own language and version.
    own = model.catalogue.partition_of(model_answer.row) if model_answer.row >= 0 else ANY
    try:
        row = look_up(model, text).row
    except LookupProblem as problem:
        if not problem.ambiguous:
            raise
        row = look_up(model, text, own).row
    return why_row(model_answer, row)


def why_row(model_answer: Answer, row: int) -> Reason:
    """Say why one article, by its row, is or is not among the links of an answer."""
    model = model_answer.model
    if model_answer.choice.no_list:
        return Reason(model_answer, row, model.score(model_answer.query, row), 0, "no-list", -1)
    for rank, candidate in enumerate(model_answer.choice.shown, 1):
        if candidate.row == row:
            return Reason(model_answer, row, candidate.score, rank, "", -1)
    for rejected in model_answer.choice.rejected:
        if rejected.row == row:
            return Reason(model_answer, row, rejected.score, 0, rejected.rule, rejected.by)
    values = model.part_values(model_answer.query, np.array([row]))
    score = float(model.weighed(values)[0])
    # No candidate, or ranked below the last that is shown: a rule may speak against it all the same.
    shown = [candidate.row for candidate in model_answer.choice.shown]
    alone = choose(model_answer.asking, [Candidate(row, score)], shown, 1, model.rules)
    passed = "list-full" if len(shown) >= model_answer.limit else "not-near"
    rejected = alone.rejected[0] if alone.rejected else Rejected(row, score, passed)
    if values[0, 0] <= 0 and rejected.rule not in ("family", "other-language"):
        rejected = Rejected(row, score, "not-a-candidate")
    return Reason(model_answer, row, score, 0, rejected.rule, rejected.by)
