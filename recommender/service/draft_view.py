"""A draft that an editor pastes into the page: what it says of itself, and what is found for it as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommender.errors import FileProblem, LookupProblem, RecommenderError
from recommender.model import documents
from recommender.model.ask import Answer, ask_texts, draft_linkers, read_draft
from recommender.model.lookup import look_up
from recommender.model.model import Model
from recommender.service.api import draft_texts
from recommender.service.page_views import card, nearness, shortfall, suggestions

FIELDS = ("answer", "title", "keywords", "subject", "url")


@dataclass(frozen=True)
class Pasted:
    """A draft as it was pasted: its texts, and the form of its front matter, none where it is a text alone.

    ``own`` is the row of the article that it is a revision of, -1 for none.
    """

    texts: dict[str, str]
    form: str
    subject: str
    url: str
    own: int


def read_form(form: Mapping[str, str], model: Model) -> Pasted:
    """Read a draft: a whole file, of which the fields beside it change what they hold, or the texts of the fields.

    Raises:
        RecommenderError: the front matter cannot be read.
    """
    try:
        file = read_draft(form["answer"].encode("utf-8", "replace"), model.settings)
    except FileProblem as problem:
        line = f", line {problem.line}" if problem.line else ""
        raise RecommenderError(f"the draft{line}: {problem.reason}; mend it and ask again") from None
    texts = draft_texts({name: form[name] for name in ("title", "answer", "keywords")}, model.settings)
    if file.form != "none":
        title = model.settings.keys.title
        texts = {**file.texts, title: form["title"] or file.texts[title]}
    url = form["url"].strip() or file.url
    return Pasted(texts, file.form, form["subject"].strip() or file.subject, url, row_of(model, url))


def row_of(model: Model, url: str) -> int:
    """Find the article that a draft is a revision of; -1 where there is none yet."""
    try:
        return look_up(model, url, suggest=False).row if url else -1
    except LookupProblem:
        return -1


def asked(model: Model, pasted: Pasted) -> Answer:
    """Answer for a draft.

    Raises:
        RecommenderError: it holds no word.
    """
    return ask_texts(model, pasted.texts, model.settings.slots, pasted.subject, pasted.own)


def found(answer: Answer, pasted: Pasted, block: str) -> dict[str, Any]:
    """Give what a draft should link to, who should link to it, and who asks its question already."""
    model = answer.model
    return {
        "title": answer.title,
        "of": card(model, pasted.own) if pasted.own >= 0 else None,
        "url": pasted.url,
        "subject": pasted.subject,
        "known_subject": not pasted.subject or pasted.subject in model.catalogue.subject_numbers[0],
        "file": pasted.form != "none",
        "suggestions": suggestions(answer),
        "block": block,
        "reason": shortfall(answer.choice, len(answer.choice.shown), answer.limit),
        "note": answer.note,
        "same": [{**card(model, row), "likeness": like} for row, like in documents.same_questions(answer)],
        "linkers": [
            {**card(model, one.row), "score": one.score, "near": nearness(model, one.score), "rank": one.place}
            for one in draft_linkers(answer, 10)
        ],
    }
