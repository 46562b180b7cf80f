"""``recommender serve``: the application under waitress, one process, until a signal asks it to stop."""

from __future__ import annotations

import logging.config
import signal
import socket
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from flask import Flask
from waitress.server import BaseWSGIServer, create_server

from recommender.errors import ModelError
from recommender.service.app import NAME
from recommender.service.log_lines import configuration
from recommender.system.parallel import one_heap
from recommender.system.threads import NoThread

THREADS = 8
# Requests that are at work or on their way out when a stop is asked for get so many seconds.
DRAIN = 10.0
# The application refuses more than 256 KiB itself; beyond this the server does, before it has read it all.
MAX_BODY, MAX_HEADERS = 16 * 1024 * 1024, 32 * 1024


def serve(app: Flask, sockets: Sequence[socket.socket], listening: Callable[[], None]) -> None:
    """Answer requests until SIGTERM or Ctrl-C, then finish those at work; ``listening`` is called before the first.

    The sockets listen already, and are closed at the end.

    Raises:
        ModelError: there is no model, or it is broken.
        NoThread: the system starts none.
    """
    state = app.extensions[NAME]
    try:
        if state.current.served is None:
            raise ModelError(state.current.refused)
        logging.config.dictConfig(configuration())
        one_heap()
        stop = _Stop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        server = _Server(app, sockets)
        state.watch()
        listening()
        while not stop.asked:
            server.turn(0.5)
        server.drain()
    finally:
        state.close()


class _Stop:
    """A signal handler that only notes that it was called."""

    asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


class _Server:
    """Waitress on several sockets, which share its loop and its threads."""

    def __init__(self, app: Flask, sockets: Sequence[socket.socket]) -> None:
        self._loop: dict[int, Any] = {}
        try:
            made: Any = create_server(
                app,
                map=self._loop,
                sockets=list(sockets),
                threads=THREADS,
                ident=None,
                channel_timeout=30,
                cleanup_interval=5,
                connection_limit=1000,
                max_request_header_size=MAX_HEADERS,
                max_request_body_size=MAX_BODY,
                clear_untrusted_proxy_headers=False,  # the review is not there where a proxy passes it
            )
        except RuntimeError:  # a thread could not be started
            raise NoThread from None
        self._turn, self._threads = made.asyncore.loop, made.task_dispatcher
        self._doors: list[Any] = [one for one in self._loop.values() if isinstance(one, BaseWSGIServer)]

    def turn(self, seconds: float) -> None:
        """Take what comes within some seconds."""
        self._turn(timeout=seconds, map=self._loop, count=1)

    def drain(self) -> None:
        """Take no further connection, finish what is at work, send what is written, then close."""
        for _ in range(5):  # who has connected already is let in, and what they sent is read
            self.turn(0.02)
        for door in self._doors:
            door.del_channel()
            door.socket.close()
        until = time.monotonic() + DRAIN
        while time.monotonic() < until and self._busy():
            self.turn(0.05)
        self._threads.shutdown(timeout=1)

    def _busy(self) -> bool:
        channels = [channel for door in self._doors for channel in door.active_channels.values()]
        return any(channel.requests or channel.total_outbufs_len for channel in channels)
