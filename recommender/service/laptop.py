"""``recommender serve``: the application under waitress, one process, until a signal asks it to stop."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from flask import Flask
from waitress.server import create_server

from recommender.errors import ModelError, RecommenderError
from recommender.service.app import NAME
from recommender.threads import NoThread

THREADS = 8
# Requests that are at work or on their way out when a stop is asked for get so many seconds.
DRAIN = 10.0
# The application refuses more than 256 KiB itself; beyond this the server does, before it has read it all.
MAX_BODY, MAX_HEADERS = 16 * 1024 * 1024, 32 * 1024


def serve(app: Flask, host: str, port: int, say: Callable[[str], None]) -> None:
    """Answer requests until SIGTERM or Ctrl-C, then finish those at work; ``say`` gets one line once it listens.

    Raises:
        ModelError: there is no model, or it is broken.
        RecommenderError: the address cannot be listened on.
        NoThread: the system starts none.
    """
    state = app.extensions[NAME]
    if state.current.served is None:
        state.close()
        raise ModelError(state.current.refused)
    log_as_json()
    try:
        server: Any = create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            channel_timeout=30,
            cleanup_interval=5,
            connection_limit=1000,
            max_request_header_size=MAX_HEADERS,
            max_request_body_size=MAX_BODY,
        )
    except OSError as error:
        state.close()
        raise RecommenderError(f"{host}:{port} cannot be listened on ({error.strerror}); give another --port") from None
    except RuntimeError:
        state.close()
        raise NoThread from None
    stop = _Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    state.watch()
    shown = f"[{host}]" if ":" in host else host
    say(f"serving http://{shown}:{server.effective_port}/ (Ctrl-C stops it)")
    while not stop.asked:
        server.asyncore.loop(timeout=0.5, map=server._map, count=1)
    _drain(server)
    state.close()


class _Stop:
    """A signal handler that only notes that it was called."""

    asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def _drain(server: Any) -> None:
    """Take no further connection, finish what is at work, send what is written, then close."""
    for _ in range(5):  # who has connected already is let in, and what they sent is read
        server.asyncore.loop(timeout=0.02, map=server._map, count=1)
    server.del_channel()
    server.socket.close()
    until = time.monotonic() + DRAIN
    while time.monotonic() < until and any(_busy(channel) for channel in server.active_channels.values()):
        server.asyncore.loop(timeout=0.05, map=server._map, count=1)
    server.task_dispatcher.shutdown(timeout=1)


def _busy(channel: Any) -> bool:
    return bool(channel.requests or channel.total_outbufs_len)


def log_as_json() -> None:
    """Write the service's log to stderr: JSON lines for requests, sentences for all else."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    for name in ("recommender.access", "recommender.service"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
