"""Settings of gunicorn for several worker processes behind a proxy.

``gunicorn --config python:recommender.service.workers`` in the folder of recommender.yml, or below it. The variables
of the environment that it looks at:

RECOMMENDER_BIND      address, or unix:PATH (default 127.0.0.1:8080)
RECOMMENDER_WORKERS   worker processes (default: two for each core, at most 8)
RECOMMENDER_MODEL     folder of the model (default: that of recommender.yml, else models/default beside it)
RECOMMENDER_ORIGINS   web origins whose scripts may read the API, with spaces between them (default: none)
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.errors import ModelError
from recommender.service import create_app
from recommender.settings import find_settings

if TYPE_CHECKING:
    from flask import Flask

_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_FOLDERS = contextlib.ExitStack()

wsgi_app = "recommender.service.workers:application()"
bind = os.environ.get("RECOMMENDER_BIND", "127.0.0.1:8080")
workers = int(os.environ.get("RECOMMENDER_WORKERS", str(min(8, 2 * (os.cpu_count() or 1)))))
worker_class = "gthread"
threads = 4
# The model is opened once, before the workers are forked, so that they share what was made of it.
preload_app = True
timeout = 60
graceful_timeout = 15
keepalive = 5
limit_request_line = 8190
limit_request_fields = 60
# gunicorn 25.1 and later open a socket in the home folder otherwise, one for all services of a user.
control_socket_disable = True
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {
        "recommender.access": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        "recommender.service": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        "gunicorn.error": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        "gunicorn.access": {"level": "ERROR", "handlers": ["stderr"], "propagate": False},
    },
}


def post_worker_init(worker: Any) -> None:
    """Let each worker look for new models from its start."""
    from recommender.service.app import NAME  # noqa: PLC0415  (after Prometheus knows its folder)

    worker.wsgi.extensions[NAME].watch()


def on_exit(server: Any) -> None:
    """Remove the folder of the counters."""
    _FOLDERS.close()


def child_exit(server: Any, worker: Any) -> None:
    """Drop the gauges of a worker that ended; its counts stay."""
    if os.environ.get(_METRICS):
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def application() -> Flask:
    """Make the application from recommender.yml and the environment.

    Raises:
        ModelError: there is no model, or it is broken.
    """
    if not os.environ.get(_METRICS):
        # Fresh at every start: what the workers of an earlier one counted is not of this one.
        os.environ[_METRICS] = _FOLDERS.enter_context(tempfile.TemporaryDirectory(prefix="recommender-metrics-"))
    settings = find_settings(Path.cwd())
    default = settings.model or (settings.home or Path.cwd()) / "models" / "default"
    folder = Path(os.environ.get("RECOMMENDER_MODEL") or default)
    app = create_app(folder, settings, settings.content, os.environ.get("RECOMMENDER_ORIGINS", "").split())
    current = app.extensions["recommender"].current
    if current.served is None:
        raise ModelError(current.refused)
    return app
