"""The review page: what a fill would change, file by file; accept, reject and pin links, and write what is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from recommender.editing.changes import ListChange, Reviewed, as_csv, reviewed
from recommender.editing.review_session import rules_for
from recommender.editing.rules_writer import write_rules
from recommender.errors import RecommenderError
from recommender.model.model import Model
from recommender.service import review_views
from recommender.service.access import Access
from recommender.service.app_state import State
from recommender.service.page_views import page_number
from recommender.service.problem_documents import Refusal, shown
from recommender.service.requests import read_query, score_of
from recommender.service.review_access import FIELD, ReviewAccess
from recommender.service.review_jobs import ReviewJobs
from recommender.service.review_views import FILTERS, Filter

# Lists on one page: each has some ten links, whose reasons take a millisecond.
SHOWN = 20
# Seconds that another editor's decision, which is written at the same time, is waited for.
PATIENCE = 5.0
Reply = TypeVar("Reply", bound=AnyResponse)
DECISIONS = {"accept": "accepted", "reject": "rejected", "pin": "pinned", "open": ""}


def add_review(app: Flask, state: State, jobs: ReviewJobs, access: Access) -> None:
    """Register the routes of the review, behind its checks."""
    guard = ReviewAccess(access)
    views = _Review(state, jobs, guard)

    def before() -> AnyResponse | None:
        return guard.refuse(request) if request.endpoint in endpoints else None

    endpoints = {"review", "review_csv", "review_progress", "review_decide", "review_plan", "review_write"}
    app.before_request(before)
    app.add_url_rule("/review", "review", views.page, methods=["GET"])
    app.add_url_rule("/review.csv", "review_csv", views.csv, methods=["GET"])
    app.add_url_rule("/review/progress", "review_progress", views.progress, methods=["GET"])
    app.add_url_rule("/review/decide", "review_decide", views.decide, methods=["POST"])
    app.add_url_rule("/review/plan", "review_plan", views.plan, methods=["POST"])
    app.add_url_rule("/review/write", "review_write", views.write, methods=["POST"])


class _Review:
    def __init__(self, state: State, jobs: ReviewJobs, guard: ReviewAccess) -> None:
        self.state, self.jobs, self.guard = state, jobs, guard
        self._known: tuple[object, Reviewed] = None, Reviewed({})
        self._found: tuple[tuple[object, ...], list[ListChange], int] = (), [], 0

    def page(self) -> Response:
        query = read_query(request.query_string, (*FILTERS, "page"))
        served = self.state.current.require()
        number, wanted = page_number(query.get("page")), review_views.filter_of(query)
        if self.jobs.planned is None and not self.jobs.trouble:
            self.jobs.plan()
        planned, decisions = self.jobs.planned, self._decisions(served.model)
        orphans = planned.orphans if planned else frozenset[str]()
        chosen, undecided = self._chosen(wanted, decisions)
        pages = max(1, -(-len(chosen) // SHOWN))
        number = min(number, pages)
        first = (number - 1) * SHOWN
        html = render_template(
            "review.html",
            served=served,
            site=review_views.site(self.jobs, decisions),
            files=review_views.files(served.model, chosen[first : first + SHOWN], decisions, orphans),
            first=first,
            found=len(chosen),
            undecided=undecided,
            wanted=wanted,
            page=number,
            pages=pages,
            rules_file=self.jobs.settings.rules_file.name,
            token=(FIELD, self.guard.form_token),
        )
        return _own(Response(html, content_type="text/html; charset=utf-8"))

    def csv(self) -> Response:
        wanted = review_views.filter_of(read_query(request.query_string, FILTERS))
        decisions = self._decisions(self.state.current.require().model)
        text = as_csv(self._chosen(wanted, decisions)[0], decisions)
        reply = Response(text.encode("utf-8", "surrogateescape"), content_type="text/csv; charset=utf-8")
        reply.headers["Content-Disposition"] = 'attachment; filename="review.csv"'
        return _own(reply)

    def progress(self) -> Response:
        read_query(request.query_string, ())
        job = self.jobs.job
        return jsonify({"step": job.step, "done": job.done, "total": job.total} if job else {})

    def decide(self) -> AnyResponse:
        """Write the decision on the checked links, on one list, or on all that the filter finds."""
        form = request.form
        decision, scope = self._wish(form)
        wanted = review_views.filter_of({name: form[name] for name in FILTERS if form.get(name)})
        decisions = self._decisions(self.state.current.require().model)
        pairs: list[tuple[str, str]] = []
        if scope == "checked":
            pairs = [review_views.pair_of(text) for text in form.getlist("link")]
        elif scope == "all":
            least = score_of(form.get("least") or None)
            pairs = review_views.open_pairs(self._chosen(wanted, decisions)[0], decisions, least)
        elif self.jobs.planned is not None:
            own = [one for one in self.jobs.planned.lists if one.url == scope]
            pairs = review_views.open_pairs(own, decisions, 0.0)
        if pairs:
            try:
                write_rules(self.jobs.settings.rules_file, *rules_for(decision, pairs), patience=PATIENCE)
            except RecommenderError as error:
                raise Refusal("refused", str(error)) from None
        self.jobs.said = review_views.decided(decision, pairs)
        return self._back(form, pairs)

    @staticmethod
    def _wish(form: Mapping[str, str]) -> tuple[str, str]:
        name, _, scope = form.get("do", "").partition(" ")
        if name not in DECISIONS or not scope:
            raise Refusal(
                "bad-parameter", f"do must be a decision and its scope, got {shown(form.get('do', ''))}", "do"
            )
        return DECISIONS[name], scope

    def _back(self, form: Mapping[str, str], pairs: list[tuple[str, str]]) -> AnyResponse:
        """Lead back to where the form stood, at the list that was decided."""
        where: dict[str, Any] = {name: form[name] for name in (*FILTERS, "page") if form.get(name)}
        place = form.get("at", "")
        anchor = f"list-{place}" if place.isascii() and place.isdigit() else "said"
        return _own(redirect(url_for("review", **where, _anchor=anchor), 303))

    def plan(self) -> AnyResponse:
        self.jobs.plan()
        return _own(redirect(url_for("review"), 303))

    def write(self) -> AnyResponse:
        self.jobs.write()
        return _own(redirect(url_for("review"), 303))

    def _decisions(self, model: Model) -> Reviewed:
        """Read what is decided, as the rules are now; made once for a state of their file."""
        try:
            rules = self.jobs.rules()
        except RecommenderError as error:
            raise Refusal("refused", str(error)) from None
        if self._known[0] is not rules:
            self._known = rules, reviewed(rules, lambda url: review_views.own_url(model, url))
        return self._known[1]

    def _chosen(self, wanted: Filter, decisions: Reviewed) -> tuple[list[ListChange], int]:
        """Give the lists that a filter finds, in its order, and their undecided links; found once for all its pages."""
        planned = self.jobs.planned
        if planned is None:
            return [], 0
        asked, found = (planned, wanted, decisions), self._found  # read at once: other threads answer too
        if found[0] != asked:
            chosen = review_views.filtered(planned, wanted, decisions)
            found = self._found = asked, chosen, review_views.undecided(planned, chosen, decisions)
        return found[1:]


def _own(reply: Reply) -> Reply:
    """Have the browser say where a form comes from: with no-referrer it names no origin."""
    reply.headers["Referrer-Policy"] = "same-origin"
    return reply
