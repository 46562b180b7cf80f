"""Waiting for the survey of a site's content, which the service makes beside its answers."""

from __future__ import annotations

import contextlib
import time

from recommender.service.app_state import State


def wait_for_scan(state: State, seconds: float) -> bool:
    """Tick until the content is surveyed for the model in use."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            state.tick()
        if state.surveys and state.current.served and state.surveys.of(state.current.served.tag):
            return True
        time.sleep(0.05)
    return False
