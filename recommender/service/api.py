"""The JSON routes: an article's links, drafts, batches, articles by words."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from recommender.article import is_id
from recommender.errors import LookupProblem, RecommenderError
from recommender.model import documents
from recommender.model.ask import ask_texts
from recommender.model.catalogue import ANY, Partition
from recommender.model.documents import RelatedRequest
from recommender.model.lookup import by_id, check_partition, closest, row_of_slug, row_of_url, rows_of_id, search
from recommender.model.model import Model
from recommender.service.access import Access
from recommender.service.app_state import State
from recommender.service.list_options import (
    OPTIONS,
    REPEATABLE,
    ListOptions,
    fallback_of,
    fields_of,
    fragment,
    only_fields,
    values_of,
)
from recommender.service.list_options import document as list_document
from recommender.service.live_model import Served
from recommender.service.problem_documents import Refusal, shown
from recommender.service.requests import (
    MAX_TEXT,
    check_keys,
    flag_of,
    limit_in,
    limit_of,
    read_body,
    read_query,
    read_related_request,
    text_of,
    wants_html,
)
from recommender.service.responses import cached_reply, encode, json_reply
from recommender.settings import TEXT, Settings

WHICH = ("lang", "version")
OF_LIST = (*WHICH, "limit", "subject", "min_score", "explain", *OPTIONS)
RELATED = ("url", *OF_LIST)
OF_ID = ("copy", *OF_LIST)
DRAFT = ("title", "question", "answer", "keywords", "limit")
BATCH, LINKERS = 100, 10
# Articles that are found beyond the limit where hidden ones are left out.
SPARE = 200
# A query that is the url of an article and nothing else, without a character that stands for another.
WIDGET = Path(__file__).with_name("static") / "recommender.js"
ONLY_URL = re.compile(rb"url=([!-$'-*,-~]{1,2000})")


def add_api(app: Flask, state: State, access: Access) -> None:
    """Register the routes below /v1."""
    api = _Api(state, access)
    app.add_url_rule("/recommender.js", "widget", view_func=widget, methods=["GET"])
    app.add_url_rule("/v1/related", "api_related", view_func=api.related, methods=["GET"])
    app.add_url_rule("/v1/related", "api_draft", view_func=api.draft, methods=["POST"])
    app.add_url_rule("/v1/related:batch", "api_batch", view_func=api.batch, methods=["POST"])
    app.add_url_rule("/v1/articles", "api_search", view_func=api.search, methods=["GET"])
    app.add_url_rule("/v1/articles/<identity>", "api_article", view_func=api.article, methods=["GET"])
    app.add_url_rule("/v1/linkers", "api_linkers", view_func=api.linkers, methods=["GET"])
    app.add_url_rule(
        "/v1/articles/<identity>/linkers", "api_linkers_of_id", view_func=api.linkers_of_id, methods=["GET"]
    )
    app.add_url_rule(
        "/v1/articles/<identity>/related", "api_related_of_id", view_func=api.related_of_id, methods=["GET"]
    )


def widget() -> Response:
    """Give the script of <related-articles>, which pages of any origin may load."""
    read_query(request.query_string, ())
    body = WIDGET.read_bytes()
    response = cached_reply(hashlib.blake2b(body).hexdigest(), lambda: body)
    response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


class _Api:
    def __init__(self, state: State, access: Access) -> None:
        self.state = state
        # Without the pages others are served than the editors: no list tells of hidden articles, no answer of files.
        self.editors = access.pages

    def related(self) -> Response:
        served, alone = self.state.current.served, ONLY_URL.fullmatch(request.query_string)
        if served is not None and alone is not None and (row := served.prepared.find(alone[1])) >= 0:
            return self._related(served, row, RelatedRequest(), ListOptions())
        query = read_query(request.query_string, RELATED, REPEATABLE)
        served = self.state.current.require()
        url, wish = text_of(query, "url"), read_related_request(query)
        row = find_url(served, url, partition_of(served, query))
        return self._related(served, row, wish, self._options(served, query))

    def related_of_id(self, identity: str) -> Response:
        query = read_query(request.query_string, OF_ID, REPEATABLE)
        served = self.state.current.require()
        wish = read_related_request({"id": identity, **query})
        row = find_id(served, identity, partition_of(served, query), query.get("copy"))
        return self._related(served, row, wish, self._options(served, query))

    def _options(self, served: Served, query: Mapping[str, str]) -> ListOptions:
        if not query.keys() & set(OPTIONS):
            return ListOptions()
        rows: dict[str, list[int]] = {name: [] for name in REPEATABLE}
        for name, found in rows.items():
            for url in values_of(request.query_string, name):
                text = text_of({name: url}, name)
                with contextlib.suppress(Refusal):  # what is no article is in no list
                    found.append(find_url(served, text, suggest=False))
        fields, fallback = fields_of(served.model, query.get("fields")), fallback_of(query.get("fallback"))
        return ListOptions(tuple(rows["also"]), tuple(rows["exclude"]), fields, fallback)

    def _related(self, served: Served, row: int, wish: RelatedRequest, options: ListOptions) -> Response:
        as_html = "HTTP_ACCEPT" in request.environ and wants_html(request)
        curated = self.state.curated(served, row)

        def make() -> bytes:
            if as_html:
                return fragment(listed(served, row, wish, options, curated or ())["related"])
            return answer(served, row, wish, options, curated or ())

        if curated is None:  # what is no more than a guess must not be kept
            return _negotiated(Response(make()), as_html=as_html)
        only = (wish.only.subject, wish.only.min_score) if wish.only else ""
        asked = f"{wish.limit} {only} {wish.explain} {options} {as_html} {sorted(curated)}"
        return _negotiated(cached_reply(f"{served.tag} related {row} {asked}", make), as_html=as_html)

    def linkers(self) -> Response:
        query = read_query(request.query_string, ("url", *WHICH, "limit"))
        served = self.state.current.require()
        url, limit = text_of(query, "url"), limit_of(query.get("limit")) or LINKERS
        return self._linkers(served, find_url(served, url, partition_of(served, query)), limit)

    def linkers_of_id(self, identity: str) -> Response:
        query = read_query(request.query_string, ("copy", *WHICH, "limit"))
        served = self.state.current.require()
        limit = limit_of(query.get("limit")) or LINKERS
        return self._linkers(served, find_id(served, identity, partition_of(served, query), query.get("copy")), limit)

    def _linkers(self, served: Served, row: int, limit: int) -> Response:
        survey = self.state.surveys.of(served.tag) if self.state.surveys else None
        linking = survey.linking(row) if survey else None
        key = f"{served.tag} linkers {row} {limit} {linking}"
        return cached_reply(
            key, lambda: encode({**documents.linkers(served.model, row, limit, linking), "model": served.facts})
        )

    def article(self, identity: str) -> Response:
        query = read_query(request.query_string, ("copy", *WHICH))
        served = self.state.current.require()
        row = find_id(served, identity, partition_of(served, query), query.get("copy"))
        return json_reply(self._details(served, row))

    def _details(self, served: Served, row: int) -> dict[str, Any]:
        model = served.model
        out: dict[str, Any] = {"article": documents.article(model, row)}
        if self.editors:
            out["path"] = model.catalogue.paths[row]
        out["hidden"] = bool(model.catalogue.hidden[row])
        if out["hidden"]:
            out["hidden_because"] = model.catalogue.hidden_because(row)
        out["copies"] = [model.catalogue.urls[other] for other in documents.copies(model, row)]
        if self.state.files is not None and (curated := self.state.curated(served, row)) is not None:
            out["curated"] = documents.articles(model, list(curated))
        if self.state.surveys is not None and (survey := self.state.surveys.of(served.tag)):
            out["linked_from"] = int(survey.in_links[row])
        return {**out, "model": served.facts}

    def search(self) -> Response:
        query = read_query(request.query_string, ("query", "limit", "matches"))
        served = self.state.current.require()
        text, limit = text_of(query, "query"), limit_of(query.get("limit")) or 10
        matches = flag_of(query, "matches", default="true")
        key = f"{served.tag} search {limit} {matches} {text}"
        return cached_reply(key, lambda: encode(found(served, text, limit, suggest=matches, hidden=self.editors)))

    def draft(self) -> Response:
        served = self.state.current.require()
        document = body_of_request()
        check_keys(document, DRAFT)
        limit = limit_in(document) or served.model.settings.slots
        texts = draft_texts(document, served.model.settings)
        try:
            answer = ask_texts(served.model, texts, limit)
        except RecommenderError as error:
            raise Refusal("no-words", str(error)) from None
        return json_reply({**documents.draft(answer, hidden=self.editors), "model": served.facts})

    def batch(self) -> Response:
        served = self.state.current.require()
        document = body_of_request()
        check_keys(document, ("requests",))
        asked = document.get("requests")
        if not isinstance(asked, list) or not 1 <= len(asked) <= BATCH:
            raise Refusal("bad-body", f"requests must be a list of 1 to {BATCH} objects", "requests")
        responses = [self._one(served, one, f"requests[{number}].") for number, one in enumerate(asked)]
        return json_reply({"responses": responses})

    def _one(self, served: Served, one: Any, where: str) -> dict[str, Any]:
        """Answer one request of a batch, or say what is wrong with it."""
        try:
            if not isinstance(one, Mapping):
                raise Refusal("bad-body", "a request must be an object with url or id", where[:-1])
            check_keys(one, ("url", "id", "limit", *WHICH), where)
            limit = limit_in(one, where)
            name = "url" if "url" in one else "id"
            text = one.get(name)
            if ("url" in one) == ("id" in one) or not isinstance(text, str) or not 1 <= len(text) <= MAX_TEXT:
                raise Refusal("bad-body", "give either url or id, as a text", where + name)
            find = find_url if name == "url" else find_id
            row = find(served, text, _partition_in(served, one, where), suggest=False)
            return document(served, row, RelatedRequest(limit), self.state.curated(served, row) or ())
        except Refusal as refusal:
            return refusal.document()


def _negotiated(response: Response, *, as_html: bool) -> Response:
    """Name the kind of an answer that is JSON or HTML by what is accepted, which caches must know."""
    response.headers["Content-Type"] = "text/html; charset=utf-8" if as_html else "application/json"
    response.headers["Vary"] = "Accept"
    return response


def answer(served: Served, row: int, wish: RelatedRequest, options: ListOptions, curated: Collection[int]) -> bytes:
    """Write the answer for one article, from prepared bytes where it is a look-up only."""
    if options or wish.only or wish.explain:
        return encode(only_fields(listed(served, row, wish, options, curated), options.fields))
    return served.prepared.related(row, wish.limit or served.model.settings.slots, curated)


def listed(
    served: Served, row: int, wish: RelatedRequest, options: ListOptions, curated: Collection[int]
) -> dict[str, Any]:
    """Answer for one article, with other links where a front end asks for them."""
    if not options.other_links:
        return document(served, row, wish, curated)
    return {**list_document(served.model, row, wish, options, curated), "model": served.facts}


def document(served: Served, row: int, wish: RelatedRequest, curated: Collection[int]) -> dict[str, Any]:
    """Answer for one article, and say which model did."""
    return {**documents.related(served.model, row, wish, curated), "model": served.facts}


def partition_of(served: Served, query: Mapping[str, str]) -> Partition:
    """Read lang and version of a query.

    Raises:
        Refusal: the site has no article of one of them.
    """
    wanted = Partition(*(text_of(query, name, "") for name in WHICH))
    try:
        check_partition(served.model, wanted)
    except LookupProblem as problem:
        raise Refusal("unknown-article", str(problem), " ".join(name for name in WHICH if name in query)) from None
    return wanted


def _partition_in(served: Served, one: Mapping[str, Any], where: str) -> Partition:
    """Read lang and version of a request of a batch."""
    for name in WHICH:
        if not isinstance(one.get(name, ""), str):
            raise Refusal("bad-body", f"{name} must be a text", where + name)
    return partition_of(served, {name: one[name] for name in WHICH if name in one})


def find_url(served: Served, url: str, wanted: Partition = ANY, *, suggest: bool = True) -> int:
    """Find the row of a url, absolute or not, or of the last segment of one.

    Raises:
        Refusal: no article of the language and version has it, or several have; with the closest, but not without
            ``suggest``.
    """
    row = _row_of_url(served, url, "url", wanted)
    if row < 0:
        matches = {"matches": list(closest(served.model, url))} if suggest else {}
        raise Refusal("unknown-article", f"no article has the url {shown(url)}", "url", **matches)
    return row


def _row_of_url(served: Served, url: str, parameter: str, wanted: Partition) -> int:
    model = served.model
    try:
        row = row_of_url(model, url, wanted)
        return row if row >= 0 else row_of_slug(model, url, wanted)
    except LookupProblem as problem:
        raise Refusal("ambiguous-url", str(problem), parameter, **_candidates(model, problem)) from None


def _candidates(model: Model, problem: LookupProblem) -> dict[str, Any]:
    """Give the urls that may be meant, and on a site that has several languages or versions of which each is."""
    more: dict[str, Any] = {"candidates": list(problem.matches)}
    if model.catalogue.is_partitioned:
        rows = [model.catalogue.urls.find(url) for url in problem.matches]
        more["pages"] = [
            {"url": url, **dict(zip(WHICH, model.catalogue.partition_of(row), strict=True))}
            for url, row in zip(problem.matches, rows, strict=True)
        ]
    return more


def find_id(
    served: Served, identity: str, wanted: Partition = ANY, copy: str | None = None, *, suggest: bool = True
) -> int:
    """Find the row of an id: of copies the one named by ``copy``, else the one with the smallest url.

    Where no article has it, the closest are told, but not without ``suggest``.

    Raises:
        Refusal: it is no id, no article has it, different articles have it, or ``copy`` is none of them.
    """
    if not is_id(identity):
        raise Refusal("bad-parameter", f"an id is a whole number of at most 15 digits, got {shown(identity)}", "id")
    if copy is not None:
        row = _row_of_url(served, text_of({"copy": copy}, "copy"), "copy", wanted)
        rows = rows_of_id(served.model, identity)
        if row not in rows:
            detail = f"no article has both the id {identity} and the url of copy"
            raise Refusal("unknown-article", detail, "copy", matches=served.model.catalogue.urls.some(rows))
        return row
    try:
        return by_id(served.model, identity, wanted, suggest=suggest).row
    except LookupProblem as problem:
        matches = list(problem.matches)
        if problem.ambiguous:
            detail = f"the id {identity} belongs to different articles; ask for one of them by its url, or with copy="
            raise Refusal("ambiguous-id", detail, "id", **_candidates(served.model, problem)) from None
        more = {"matches": matches} if suggest else {}
        raise Refusal("unknown-article", f"no article has the id {identity}", "id", **more) from None


def found(served: Served, text: str, limit: int, *, suggest: bool, hidden: bool) -> dict[str, Any]:
    """Answer a search: the articles, and with ``suggest``, where there are none, the closest urls."""
    rows = search(served.model, text, limit if hidden else limit + SPARE)
    rows = rows if hidden else documents.public(served.model, rows)[:limit]
    out: dict[str, Any] = {"articles": documents.listed(served.model, rows)}
    if suggest and not rows:
        matches = closest(served.model, text)
        out["matches"] = list(matches) if hidden else documents.public_urls(served.model, matches)
    return {**out, "model": served.facts}


def body_of_request() -> dict[str, Any]:
    """Read the JSON object of a POST.

    Raises:
        Refusal: another media type, or no such object.
    """
    read_query(request.query_string, ())
    if request.mimetype != "application/json":
        raise Refusal("wrong-type", "send the body as application/json")
    return read_body(request.get_data(cache=False))


def draft_texts(document: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    """Give a draft's texts by the sources that the site is compared by.

    Raises:
        Refusal: one of them is not a text.
    """
    for name in ("title", "question", "answer", "keywords"):
        if not isinstance(document.get(name, ""), str):
            raise Refusal("bad-body", f"{name} must be a text", name)
    title, question, answer, keywords = (document.get(n, "") for n in ("title", "question", "answer", "keywords"))
    texts = dict.fromkeys(settings.sources, "")
    texts[settings.keys.title] = title or question
    long = settings.keys.answer if settings.keys.answer in texts else "body"
    # A question that only repeats the title says nothing new.
    texts[long] = answer if question.strip() in ("", texts[settings.keys.title].strip()) else f"{question}\n\n{answer}"
    named = [name for name in settings.sources if "keyword" in name or "tag" in name]
    if named:
        texts[named[0]] = keywords
    elif TEXT in settings.weighted:
        texts[long] += f"\n\n{keywords}"
    return texts
