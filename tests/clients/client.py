"""Asks a running service through the client that openapi-python-client makes of its document; prints what it got."""

from __future__ import annotations

import json
import sys

from recommender_client import Client
from recommender_client.api.articles import search
from recommender_client.api.links import batch, draft, related, related_of_id
from recommender_client.models import Batch, BatchAnswer, ById, ByUrl, Draft, DraftAnswer, Problem, Related, Search


def main(base_url: str, url: str, identity: str) -> None:
    client = Client(base_url=base_url, raise_on_unexpected_status=True)
    answer = related.sync(client=client, url_query=url, limit=3, min_score=0.1 + 0.2 - 0.3, explain=True)
    by_id = related_of_id.sync(identity, client=client, limit=1)
    russian = draft.sync_detailed(client=client, body=Draft(title="Почему мерцают звёзды?", limit=2))
    chinese = draft.sync_detailed(client=client, body=Draft(answer="星星为什么会闪烁", keywords="moon"))
    asked = Batch(requests=[ByUrl(url=url), ById(id=identity, limit=2), ByUrl(url="/nowhere")])
    answers = batch.sync(client=client, body=asked)
    found = search.sync(client=client, query="why do stars twin", limit=1, matches=False)
    error = related.sync(client=client, url_query="/nowhere")
    # What the document does not allow is no program: mypy fails where one of these needs no word for it.
    Draft(limit="3")  # type: ignore[arg-type]
    Batch(requests=[{}])  # type: ignore[list-item]

    assert isinstance(answer, Related)
    assert isinstance(by_id, Related)
    assert isinstance(answers, BatchAnswer)
    assert isinstance(found, Search)
    assert isinstance(error, Problem)
    drafts = [(int(one.status_code), one.parsed) for one in (russian, chinese)]
    seen = {
        "related": [[link.url, link.score] for link in answer.related],
        "terms": [sum(term.value for term in link.terms or []) for link in answer.related],
        "by_id": [link.url for link in by_id.related],
        "drafts": [[status, one.article.title] for status, one in drafts if isinstance(one, DraftAnswer)],
        "batch": [len(one.related) if isinstance(one, Related) else one.status for one in answers.responses],
        "search": [one.url for one in found.articles],
        "error": [error.status, len(error.matches or [])],
    }
    json.dump(seen, sys.stdout)


main(*sys.argv[1:])
