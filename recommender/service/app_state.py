"""What the views of one application share: settings, the model in use, the survey of the content."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

from recommender.errors import SettingsError
from recommender.service.live_content import Content
from recommender.service.live_model import LiveModel, Served
from recommender.service.metrics import Metrics
from recommender.service.site_scanner import SiteScanner
from recommender.settings import Settings
from recommender.system.threads import start

LOG = logging.getLogger("recommender.service")
# How often a new model and a new survey are looked for: two calls of stat.
TICK = 0.5


@dataclass
class State:
    """One application's state; each process watches the disk for itself, from its first request on."""

    settings: Settings
    files: Content | None
    current: LiveModel
    surveys: SiteScanner | None
    metrics: Metrics
    _watched_by: int = field(default=0, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def watch(self) -> None:
        """Begin to watch the disk in this process; again after a fork, for threads do not survive one."""
        if self._watched_by == os.getpid():
            return
        with self._lock:
            if self._watched_by != os.getpid():
                # Where a limit allows no other thread the next request tries again.
                self._watched_by = os.getpid() if start(partial(_watch, weakref.ref(self)), "watch") else 0

    def curated(self, served: Served, row: int) -> Collection[int] | None:
        """Give the rows of a model that a person linked to from an article; None where nobody can tell.

        Before the content is surveyed, which takes minutes for a large site, the article's file is read on the spot.
        """
        survey = self.surveys.of(served.tag) if self.surveys else None
        if survey is not None:
            return survey.links_of(row)
        try:
            return self.files.curated(served.model, row) if self.files else ()
        except SettingsError:
            return None

    def changed(self) -> int | None:
        """Give how many files changed since the model was built, None where nobody has counted them."""
        served = self.current.served
        survey = self.surveys.of(served.tag) if self.surveys and served else None
        return survey.changed if survey else None

    def trouble(self) -> str:
        """Say why the content could not be surveyed for the model in use, "" where it could, or nobody has tried."""
        served = self.current.served
        return self.surveys.trouble(served.tag) if self.surveys and served else ""

    def close(self) -> None:
        """Remove what was kept on the disk for this application."""
        if self.surveys is not None:
            self.surveys.close()

    def tick(self) -> None:
        """Look for a new model and a new survey once, and have the content surveyed where that is due."""
        if self.current.look():
            self.metrics.swapped(self.current.require().tag)
        if self.surveys is not None:
            self.surveys.look()
            self.surveys.order_if_due(self.current)


def _watch(reference: weakref.ref[State]) -> None:
    """Tick until the application is gone."""
    while (state := reference()) is not None:
        try:
            state.tick()
        except Exception:  # the watch must outlive any trouble of the disk
            LOG.exception("watching the disk failed")
        del state
        time.sleep(TICK)
