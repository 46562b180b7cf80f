"""The HTTP service and its page: ``create_app``, and nothing at import time.

Answers from a model and from the files as they are now. Must not import build, evaluation, export or cli.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recommender.service.access import Access
from recommender.settings import Settings

if TYPE_CHECKING:
    from flask import Flask


def create_app(
    model_folder: Path, settings: Settings, content: Path | None = None, access: Access | None = None
) -> Flask:
    """Make the WSGI application that answers from a saved model, and follows it when a new one is published.

    Without ``content`` (the site's folder) the diff of a fill, the curated links and staleness are not available.
    ``access`` says whose scripts may read the API, which hosts are answered, and whether the editors' pages are there:
    by default no script of another origin, any host, and yes.
    Where there is no model yet, everything but ``/healthz`` is 503 until one is built.
    """
    # Inside: Prometheus decides at import whether it counts for several processes, so its variable must be set before.
    from recommender.service.app import make_app  # noqa: PLC0415

    return make_app(Path(model_folder), settings, None if content is None else Path(content), access or Access())
