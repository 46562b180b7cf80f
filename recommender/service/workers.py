"""Settings of gunicorn for several worker processes behind a proxy.

``gunicorn --config python:recommender.service.workers`` in the folder of recommender.yml, or below it. The variables
of the environment that it looks at:

RECOMMENDER_BIND      address, or unix:PATH (default 127.0.0.1:8080)
RECOMMENDER_WORKERS   worker processes (default: two for each core, at most 8)
RECOMMENDER_MODEL     folder of the model (default: that of recommender.yml, else models/default beside it)
RECOMMENDER_ORIGINS   web origins whose scripts may read the API, with spaces between them; *: all (default: none)
RECOMMENDER_HOSTS     host names that requests may be for, beside localhost and addresses (default: any)
RECOMMENDER_PAGES     1: with the pages for editors, which show diffs and hidden articles (default: the API alone)
RECOMMENDER_CONTENT   folder of the articles (default: that of recommender.yml)
RECOMMENDER_THREADS   requests that a worker answers at once, 1 to 64 (default: 4)
RECOMMENDER_TIMEOUT   seconds after which a worker that hangs is replaced (default: 60)
RECOMMENDER_LOG       least level of what is logged: debug, info (with a line for each request), warning, error
                      (default: info)
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.errors import ModelError, RecommenderError, SettingsError
from recommender.service import create_app
from recommender.service.access import Access
from recommender.service.log_lines import LEVELS, configuration
from recommender.settings import Settings, find_settings
from recommender.system.parallel import one_heap

if TYPE_CHECKING:
    from flask import Flask

_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_FOLDERS = contextlib.ExitStack()


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """End with one sentence and exit code 2 on wrong use, where gunicorn would print a traceback."""
    try:
        yield
    except RecommenderError as error:
        print(f"recommender: {error}", file=sys.stderr)  # noqa: T201  (gunicorn's log is not set up yet)
        sys.exit(error.exit_code)


def _variable(name: str, allowed: str, meaning: str, default: str) -> str:
    """Give the value of a variable; unset and empty are the same."""
    value = os.environ.get(name) or default
    if not re.fullmatch(allowed, value, re.ASCII):
        raise SettingsError(f"{name}: must be {meaning}, got {value!r}")
    return value


def _number(name: str, most: int, default: int) -> int:
    """Give a variable that is a whole number from 1 to ``most``."""
    value = _variable(name, "[0-9]{1,5}", f"a whole number from 1 to {most}", str(default))
    if not 1 <= int(value) <= most:
        raise SettingsError(f"{name}: must be a whole number from 1 to {most}, got {value!r}")
    return int(value)


def _access() -> Access:
    """Read who may ask, and name the variable that is wrong."""
    origins, hosts = (os.environ.get(f"RECOMMENDER_{name}", "").split() for name in ("ORIGINS", "HOSTS"))
    pages = _variable("RECOMMENDER_PAGES", "[01]", "1 or 0", "0") == "1"
    with _naming("RECOMMENDER_ORIGINS"):
        access = Access(origins=origins, pages=pages)
    with _naming("RECOMMENDER_HOSTS"):
        return dataclasses.replace(access, hosts=hosts or None)


@contextlib.contextmanager
def _naming(variable: str) -> Iterator[None]:
    """Name the variable that an error is about."""
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"{variable}: {error}") from None


with _said():
    bind = _variable("RECOMMENDER_BIND", r"unix:\S.*|\S+:[0-9]{1,5}", "address:port or unix:PATH", "127.0.0.1:8080")
    workers = _number("RECOMMENDER_WORKERS", 1000, min(8, 2 * (os.cpu_count() or 1)))
    threads = _number("RECOMMENDER_THREADS", 64, 4)
    timeout = _number("RECOMMENDER_TIMEOUT", 3600, 60)
    _LEVEL = _variable("RECOMMENDER_LOG", "|".join(LEVELS), f"one of {', '.join(LEVELS)}", "info")
    _ACCESS = _access()

wsgi_app = "recommender.service.workers:application()"
worker_class = "gthread"
# The model is opened once, before the workers are forked, so that they share what was made of it.
preload_app = True
graceful_timeout = 15
keepalive = 5
limit_request_line = 8190
limit_request_fields = 60
# gunicorn 25.1 and later open a socket in the home folder otherwise, one for all services of a user.
control_socket_disable = True
logconfig_dict = configuration(_LEVEL)


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
    """Make the application from recommender.yml and the environment; wrong use ends the process with a sentence."""
    if not os.environ.get(_METRICS):
        # Fresh at every start: what the workers of an earlier one counted is not of this one.
        os.environ[_METRICS] = _FOLDERS.enter_context(tempfile.TemporaryDirectory(prefix="recommender-metrics-"))
    one_heap()
    with _said():
        app = _application(find_settings(Path.cwd()))
    # What there is now is shared with the workers, until one of them writes to it as a collection of cycles does.
    gc.collect()
    gc.freeze()
    return app


def _application(settings: Settings) -> Flask:
    """Make the application from the settings of a site, where it has any.

    Raises:
        RecommenderError: no model, a broken one, or no content where it should be.
    """
    folder = Path(os.environ.get("RECOMMENDER_MODEL") or settings.model_folder)
    if settings.home is None and not folder.exists():
        raise ModelError(
            f"{folder} holds no model, and no recommender.yml is here or above; "
            "start it in the folder of the site, or name a model with RECOMMENDER_MODEL"
        )
    named = os.environ.get("RECOMMENDER_CONTENT")
    content = Path(named) if named else settings.content
    if content is not None and not content.is_dir():
        said = "RECOMMENDER_CONTENT" if named else "content"
        where = "" if named else " in recommender.yml"
        raise SettingsError(f"{said}: {content}{where} is not a folder; name the site's")
    app = create_app(folder, settings, content, _ACCESS)
    state = app.extensions["recommender"]
    if state.current.served is None:
        refused = state.current.refused
        state.close()
        raise ModelError(f"RECOMMENDER_MODEL: {refused}" if os.environ.get("RECOMMENDER_MODEL") else refused)
    return app
