"""The page for editors: find an article, see what it links to, what it should, and why; drafts; the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Flask, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from recommender.editing.link_plan import MODES
from recommender.errors import RecommenderError, SettingsError
from recommender.model.ask import Answer, ask_row
from recommender.model.lookup import look_up
from recommender.problems import KINDS, SEVERITIES
from recommender.service import article_view, draft_view, page_views, site_view
from recommender.service.api import WHICH, find_url, partition_of
from recommender.service.app_state import State
from recommender.service.live_content import NOTHING, Known
from recommender.service.live_model import Served
from recommender.service.problem_documents import Refusal, shown
from recommender.service.requests import MAX_BODY, read_query, subject_of, text_of
from recommender.service.site_scanner import SiteScan

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
    app.add_url_rule("/site.csv", "site_csv", pages.site_csv, methods=["GET"])
    app.add_url_rule("/findings", "findings", pages.findings, methods=["GET"])
    app.add_url_rule("/findings.csv", "findings_csv", pages.findings_csv, methods=["GET"])
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
        query = read_query(request.query_string, ("query", "subject", "page"))
        served = self.state.current.require()
        text, page = query.get("query", "").strip(), page_views.page_number(query.get("page"))
        subject = subject_of(query)
        if not text:
            return self._front(served)
        text_of({"query": text}, "query")
        exact = exact_row(served, text)
        if exact >= 0 and len(query) == 1:
            where: dict[str, Any] = page_views.address(served.model, exact)
            return redirect(url_for("article", **where))
        found = page_views.found(served.model, text, subject, page)
        if page > found["pages"]:
            return redirect(url_for("home", query=text, subject=subject or None, page=found["pages"]))
        shown_here = {"found": found, "query": text, "subject": subject, "page": page}
        return render_template("search_results.html", served=served, **shown_here)

    def _front(self, served: Served) -> str:
        survey = self._survey(served)
        facts = survey.facts if survey else {"worst": [], "problems": []}
        return render_template(
            "home.html",
            served=served,
            worst=[(page_views.card(served.model, row), count) for row, count in facts["worst"]],
            numbers=site_view.numbers(served.model, survey) if survey else [],
            problems=facts["problems"],
            **self._reading(survey),
        )

    def _reading(self, survey: SiteScan | None) -> dict[str, Any]:
        """Give what keeps the state of the files from being known, and how many of them changed since the build."""
        waiting = self.state.surveys is not None and survey is None
        return {"waiting": waiting, "trouble": self.state.trouble(), "changed": self.state.changed()}

    def article(self) -> str:
        query = read_query(request.query_string, ("url", *WHICH, "mode"))
        served = self.state.current.require()
        mode = query.get("mode", MODES[0])
        if mode not in MODES:
            raise Refusal("bad-parameter", f"mode must be one of {', '.join(MODES)}, got {shown(mode)}", "mode")
        row = find_url(served, text_of(query, "url"), partition_of(served, query))
        model, survey = served.model, self._survey(served)
        found, trouble = self._list(ask_row(model, row, model.settings.slots), mode, survey)
        return render_template(
            "article.html",
            served=served,
            article=page_views.card(model, row),
            facts=article_view.about(model, row, self.state.settings, survey),
            found=found,
            trouble=trouble,
            mode=mode,
            modes=article_view.MODES,
            changed=self.state.changed(),
            waiting=self.state.files is not None and not (survey and survey.facts["planned"]),
        )

    def _list(self, answer: Answer, mode: str, survey: SiteScan | None) -> tuple[dict[str, Any], str]:
        """Give the links of an article after a fill, and why only those of the ranking can be told, where it is so."""
        files = self.state.files
        if files is None:
            return article_view.the_list(answer, NOTHING, None), "the service was started without the content"
        known = Known(survey.facts["ambiguous"], survey.style, survey.exchanged(answer.row)) if survey else Known()
        try:
            today = files.today(answer.model, answer.row, known.ambiguous)
            planned = files.fill(answer.model, answer.row, mode, known) if today.article else None
        except SettingsError as error:
            return article_view.the_list(answer, NOTHING, None), str(error)
        return article_view.the_list(answer, today, planned), article_view.missing(today)

    def draft(self) -> str:
        read_query(request.query_string, ())
        return self._draft_page({}, None, "")

    def ask_draft(self) -> AnyResponse | str:
        read_query(request.query_string, ())
        served = self.state.current.require()
        # A draft that is too large is read all the same, and shown again: its author may have it nowhere else.
        request.max_content_length = request.max_form_memory_size = MAX_FORM
        form = {name: request.form.get(name, "") for name in draft_view.FIELDS}
        size = sum(len(text.encode("utf-8")) for text in form.values())
        if size > MAX_BODY:
            said = f"the draft has {size / 1024:,.0f} KiB; shorten it to {MAX_BODY // 1024}"
            return Response(self._draft_page(form, None, said), 413)
        try:
            pasted = draft_view.read_form(form, served.model)
            answer = draft_view.asked(served.model, pasted)
        except RecommenderError as error:
            return self._draft_page(form, None, str(error))
        return self._draft_page(form, draft_view.found(answer, pasted, self._block(served, answer, pasted.form)), "")

    def _block(self, served: Served, answer: Answer, form: str) -> str:
        """Give the links of a draft as its front matter would have them; "" where the content is not at hand."""
        survey, rows = self._survey(served), [candidate.row for candidate in answer.choice.shown]
        if self.state.files is None:
            return ""
        return self.state.files.draft_list(served.model, rows, form, survey.style if survey else None)

    def _draft_page(self, form: Mapping[str, str], result: dict[str, Any] | None, error: str) -> str:
        served = self.state.current.require()
        best = max((one["score"] for one in result["suggestions"]), default=1.0) if result else 1.0
        return render_template("draft.html", served=served, form=form, result=result, error=error, best=best)

    def site(self) -> AnyResponse | str:
        query = read_query(request.query_string, ("page", *site_view.SORTS))
        served, sorts = self.state.current.require(), sorts_in(query)
        survey, page = self._survey(served), page_views.page_number(query.get("page"))
        view = site_view.site(served.model, survey, page, sorts)
        if survey is not None and page > view["pages"]:  # articles have got links since, or nobody counted
            where: dict[str, Any] = {**sorts, "page": view["pages"], "_anchor": "orphans"}
            return redirect(url_for("site", **where))
        asked = {"page": page, "sorts": sorts, "known": site_view.SORTS}
        return render_template("site.html", served=served, site=view, **asked, **self._reading(survey))

    def site_csv(self) -> Response:
        query = read_query(request.query_string, ("table", *site_view.SORTS))
        table = text_of(query, "table")
        if table not in site_view.SORTS:
            raise Refusal("bad-parameter", f"table must be one of {', '.join(site_view.SORTS)}", "table")
        served, sorts = self.state.current.require(), sorts_in(query)
        return csv_reply(site_view.as_csv(served.model, self._surveyed(served), table, sorts), table)

    def findings(self) -> AnyResponse | str:
        query = read_query(request.query_string, ("code", "severity", "subject", "page"))
        served, wanted = self.state.current.require(), wanted_in(query)
        survey, page = self._survey(served), page_views.page_number(query.get("page"))
        found = site_view.findings(served.model, survey, wanted, page) if survey else None
        if found and page > found["pages"]:
            where: dict[str, Any] = {**asked_for(wanted), "page": found["pages"]}
            return redirect(url_for("findings", **where))
        return render_template(
            "findings.html", served=served, found=found, wanted=wanted, asked=asked_for(wanted), page=page,
            **self._reading(survey),
        )  # fmt: skip

    def findings_csv(self) -> Response:
        wanted = wanted_in(read_query(request.query_string, ("code", "severity", "subject")))
        served = self.state.current.require()
        return csv_reply(site_view.findings_csv(served.model, self._surveyed(served), wanted), "findings")

    def _surveyed(self, served: Served) -> SiteScan:
        """Give the survey of the content.

        Raises:
            Refusal: there is none, or none yet.
        """
        survey = self._survey(served)
        if survey is None:
            raise Refusal("no-survey", "the content is not read, or is being read; ask again in a moment")
        return survey

    def _survey(self, served: Served) -> SiteScan | None:
        return self.state.surveys.of(served.tag) if self.state.surveys else None


def sorts_in(query: Mapping[str, str]) -> dict[str, str]:
    """Read by what the tables of the site are sorted.

    Raises:
        Refusal: by something that they are not.
    """
    found = {table: query[table] for table in site_view.SORTS if table in query}
    for table, name in found.items():
        if name not in site_view.SORTS[table]:
            known = ", ".join(site_view.SORTS[table])
            raise Refusal("bad-parameter", f"{table} are sorted by one of {known}, got {shown(name)}", table)
    return found


def wanted_in(query: Mapping[str, str]) -> site_view.Wanted:
    """Read which findings are wanted.

    Raises:
        Refusal: there is no such code or severity.
    """
    for name, known in (("code", KINDS), ("severity", SEVERITIES)):
        if query.get(name, "") and query[name] not in known:
            raise Refusal("bad-parameter", f"there is no {name} {shown(query[name])}", name)
    return site_view.Wanted(query.get("code", ""), query.get("severity", ""), subject_of(query))


def asked_for(wanted: site_view.Wanted) -> dict[str, str]:
    """Give the parameters that ask for some findings."""
    return {name: value for name, value in asdict(wanted).items() if value}


def csv_reply(text: str, name: str) -> Response:
    """Give a table that a browser saves as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    data = text.encode("utf-8", "backslashreplace")
    return Response(data, headers=headers, content_type="text/csv; charset=utf-8")


def exact_row(served: Served, text: str) -> int:
    """Give the row of an article that a text names by its url, id or path; -1 where it names none."""
    try:
        return look_up(served.model, text, suggest=False).row
    except RecommenderError:
        return -1
