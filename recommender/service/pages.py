"""The page for editors: find an article, see what it links to, what it should, and why; drafts; the site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from recommender.editing.link_plan import MODES
from recommender.errors import RecommenderError, SettingsError
from recommender.model.ask import Answer, ask_row, ask_texts
from recommender.model.lookup import closest, look_up, search
from recommender.service import page_views
from recommender.service.api import WHICH, draft_texts, find_url, partition_of
from recommender.service.app_state import State
from recommender.service.live_model import Served
from recommender.service.problem_documents import Refusal, shown
from recommender.service.requests import MAX_BODY, read_query, text_of
from recommender.service.site_scanner import SiteScan

ORPHANS = 50
# Bytes of a form that are read at most: percent-encoded, a text of 256 KiB has up to 768.
MAX_FORM = 4 * 1024 * 1024


def add_pages(app: Flask, state: State) -> None:
    """Register the routes for people."""
    pages = _Pages(state)
    app.add_url_rule("/", "home", pages.home, methods=["GET"])
    app.add_url_rule("/article", "article", pages.article, methods=["GET"])
    app.add_url_rule("/draft", "draft", pages.draft, methods=["GET"])
    app.add_url_rule("/draft", "ask_draft", pages.ask_draft, methods=["POST"])
    app.add_url_rule("/site", "site", pages.site, methods=["GET"])
    app.add_url_rule("/favicon.ico", "icon", lambda: redirect(url_for("static", filename="mark.svg")), methods=["GET"])
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(page_views.FILTERS)
    # Compiled before the first request, and once for all workers: sixteen first visitors compiled each anew.
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)


def error_page(state: State, refusal: Refusal, identity: str) -> Response:
    """Give an error to a person: what is wrong, and where to go from here."""
    matches = refusal.more.get("matches") or refusal.more.get("candidates") or []
    served = state.current.served
    # The matches are of the model that refused, which a newer one may have replaced since.
    rows = [served.model.catalogue.urls.find(url) for url in matches] if served else []
    cards = [page_views.card(served.model, row) for row in rows if row >= 0] if served else []
    html = render_template("problem.html", problem=refusal.document(), identity=identity, cards=cards, served=served)
    reply = Response(html, refusal.status, content_type="text/html; charset=utf-8")
    if refusal.status == 503:
        reply.headers["Retry-After"] = "5"
    return reply


class _Pages:
    def __init__(self, state: State) -> None:
        self.state = state

    def home(self) -> AnyResponse | str:
        query = read_query(request.query_string, ("query",))
        served = self.state.current.require()
        text = query.get("query", "").strip()
        if not text:
            survey = self._survey(served)
            worst = (
                [(page_views.card(served.model, row), count) for row, count in survey.facts["worst"]] if survey else []
            )
            return render_template("home.html", served=served, worst=worst, cards=[], query="")
        text_of({"query": text}, "query")
        exact = exact_row(served, text)
        if exact >= 0:
            where: dict[str, Any] = page_views.address(served.model, exact)
            return redirect(url_for("article", **where))
        rows = search(served.model, text, 30)
        near = [] if rows else [served.model.catalogue.urls.find(url) for url in closest(served.model, text)]
        cards = [page_views.card(served.model, row) for row in rows or near]
        return render_template("home.html", served=served, worst=[], cards=cards, query=text, near=bool(near))

    def article(self) -> str:
        query = read_query(request.query_string, ("url", *WHICH, "mode"))
        served = self.state.current.require()
        mode = query.get("mode", MODES[0])
        if mode not in MODES:
            raise Refusal("bad-parameter", f"mode must be one of {', '.join(MODES)}, got {shown(mode)}", "mode")
        row = find_url(served, text_of(query, "url"), partition_of(served, query))
        model, survey = served.model, self._survey(served)
        answer = ask_row(model, row, model.settings.slots)
        now = self._now(answer, mode, survey)
        links = now["today"]["links"] if now["today"] else []
        linked = {link["row"] for link in links}
        return render_template(
            "article.html",
            served=served,
            article=page_views.card(model, row),
            facts=page_views.article_facts(model, row, survey),
            suggestions=page_views.suggestions(answer, linked),
            passed=page_views.passed_over(answer),
            reason=answer.choice.reason(answer.limit),
            best=page_views.best(answer, links),
            mode=mode,
            modes=MODES,
            changed=self.state.changed(),
            **now,
        )

    def _now(self, answer: Answer, mode: str, survey: SiteScan | None) -> dict[str, Any]:
        """Give what stands in an article's file and what a fill would make of it, or why neither can be told."""
        shown_here: dict[str, Any] = {"today": None, "fill": None, "trouble": ""}
        files = self.state.files
        if files is None:
            return {**shown_here, "trouble": "Not available here: the service was started without the content"}
        known = (survey.facts["ambiguous"], survey.style) if survey else ((), None)
        try:
            today = files.today(answer.model, answer.row, known[0])
            shown_here["today"] = page_views.today(answer, today)
            if today.article is not None:
                shown_here["fill"] = page_views.fill(files.fill(answer.model, answer.row, mode, known))
        except SettingsError as error:
            return {**shown_here, "trouble": f"Not available: {error}"}
        return shown_here

    def draft(self) -> str:
        read_query(request.query_string, ())
        return self._draft_page({}, None, "")

    def ask_draft(self) -> AnyResponse | str:
        read_query(request.query_string, ())
        served = self.state.current.require()
        # A draft that is too large is read all the same, and shown again: its author may have it nowhere else.
        request.max_content_length = request.max_form_memory_size = MAX_FORM
        form = {name: request.form.get(name, "") for name in ("title", "answer", "keywords")}
        size = sum(len(text.encode("utf-8")) for text in form.values())
        if size > MAX_BODY:
            said = f"the draft has {size / 1024:,.0f} KiB; shorten it to {MAX_BODY // 1024}"
            return Response(self._draft_page(form, None, said), 413)
        try:
            answer = ask_texts(served.model, draft_texts(form, served.model.settings), served.model.settings.slots)
        except RecommenderError as error:
            return self._draft_page(form, None, str(error))
        return self._draft_page(form, page_views.draft(answer), "")

    def _draft_page(self, form: Mapping[str, str], result: dict[str, Any] | None, error: str) -> str:
        served = self.state.current.require()
        best = max((one["score"] for one in result["suggestions"]), default=1.0) if result else 1.0
        return render_template("draft.html", served=served, form=form, result=result, error=error, best=best)

    def site(self) -> AnyResponse | str:
        query = read_query(request.query_string, ("page",))
        served = self.state.current.require()
        survey = self._survey(served)
        page = page_views.page_number(query.get("page"))
        view = page_views.site(served.model, survey, (page - 1) * ORPHANS, ORPHANS)
        if survey is not None and page > view["pages"]:  # articles have got links since, or nobody counted
            return redirect(url_for("site", page=view["pages"], _anchor="orphans"))
        return render_template(
            "site.html",
            served=served,
            site=view,
            page=page,
            waiting=self.state.surveys is not None and survey is None,
            trouble=self.state.trouble(),
            changed=self.state.changed(),
        )

    def _survey(self, served: Served) -> SiteScan | None:
        return self.state.surveys.of(served.tag) if self.state.surveys else None


def exact_row(served: Served, text: str) -> int:
    """Give the row of an article that a text names by its url, id or path; -1 where it names none."""
    try:
        return look_up(served.model, text, suggest=False).row
    except RecommenderError:
        return -1
