"""The parts put together: state, hooks, routes and pages of one Flask application."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from recommender.service.access import Access
from recommender.service.api import add_api
from recommender.service.app_state import State
from recommender.service.error_handlers import add_failures
from recommender.service.health import add_probes
from recommender.service.live_content import Content
from recommender.service.live_model import LiveModel
from recommender.service.metrics import Metrics
from recommender.service.pages import add_pages
from recommender.service.requests import MAX_BODY
from recommender.service.review import add_review
from recommender.service.review_jobs import ReviewJobs
from recommender.service.site_scanner import SiteScanner
from recommender.service.wsgi_hooks import add_hooks
from recommender.settings import Settings

# Where the application's state is found: app.extensions[NAME].
NAME = "recommender"


def make_app(model_folder: Path, settings: Settings, content: Path | None, access: Access) -> Flask:
    """Make the application; its model is opened here, so that forked workers share what was made of it."""
    static = "static" if access.pages else None
    app = Flask("recommender.service", static_folder=static, static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 300
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    surveys = SiteScanner(content, settings) if content is not None else None
    files = Content(content, settings) if content is not None else None
    state = State(settings, files, LiveModel(model_folder, settings.rules_file), surveys, Metrics())
    app.extensions[NAME] = state
    try:
        state.current.look()
    except BaseException:  # a signal too, which leaves nothing behind either
        state.close()
        raise
    add_hooks(app, state, access)
    add_failures(app, state, access)
    add_probes(app, state, access)
    add_api(app, state, access)
    if access.pages:
        add_pages(app, state)
    app.jinja_env.globals["editing"] = access.pages and access.edit and content is not None
    if access.pages and access.edit and content is not None:
        add_review(app, state, ReviewJobs(content, model_folder, settings), access)
    return app
