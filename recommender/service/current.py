"""The model that is served: looked for on the disk, replaced while requests run, refused where it is broken."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from recommender.errors import ModelError
from recommender.lookup import closest
from recommender.model import Model
from recommender.service.quick import Quick
from recommender.service.refusals import Refusal
from recommender.store import MANIFEST, open_model, read_manifest

LOG = logging.getLogger("recommender.service")
# A model that was refused is tried again after so many seconds: the disk may have been at fault.
PATIENCE = 10.0


@dataclass(frozen=True)
class Served:
    """One published model; ``tag`` differs where anything that it answers differs."""

    model: Model
    version: str
    tag: str

    @cached_property
    def quick(self) -> Quick:
        """What look-ups need of the model."""
        return Quick(self.model, self.version)


class Current:
    """The newest model of a folder that could be opened; ``refused`` says what is wrong with a newer one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.served: Served | None = None
        self.refused = self._said = ""
        self._seen: tuple[int, ...] | None = None
        self._retry_at = 0.0
        self._lock = threading.Lock()

    def require(self) -> Served:
        """Give the model to answer from.

        Raises:
            Refusal: there is none yet.
        """
        if self.served is None:
            raise Refusal("no-model", "no model is loaded yet; build one: `recommender build`")
        return self.served

    def look(self) -> bool:
        """Open what is published now if it is not what was seen before; tell whether the model was replaced.

        Who looks while another does waits, and finds what that one opened.
        """
        with self._lock:
            return self._look()

    def _look(self) -> bool:
        first, seen = self._seen is None, self._signature()
        if seen == self._seen and not (self.refused and time.monotonic() >= self._retry_at):
            return False
        self._seen = seen
        try:
            fresh = _open(self.folder)
        except ModelError as error:
            self.refused, self._retry_at = str(error), time.monotonic() + PATIENCE
            if not first and self._said != self.refused:  # at the start whoever starts it says so
                LOG.warning("model refused: %s", error)
                self._said = self.refused
            return False
        self.refused = self._said = ""
        if self.served is not None and self.served.tag == fresh.tag:
            return False
        self.served = fresh
        LOG.info("model %s of %s is served", fresh.version, fresh.model.built_at)
        return True

    def _signature(self) -> tuple[int, ...]:
        try:
            info = os.stat(self.folder / MANIFEST)
        except OSError:
            return ()
        return info.st_ino, info.st_mtime_ns, info.st_size


def _open(folder: Path) -> Served:
    manifest = read_manifest(folder)
    model = open_model(folder, manifest)
    for texts in (model.catalogue.urls, model.catalogue.titles, model.catalogue.ids, model.catalogue.subjects):
        texts.blob[::4096].max(initial=0)  # brings in the pages that every answer reads
    # Made before the first request, and before workers are forked: the first draft took 25 ms more than the next.
    model.rules  # noqa: B018
    model.ask_draft({model.settings.keys.title: "warm"})
    closest(model, "warm")
    model.catalogue.path_rows  # noqa: B018
    served = Served(model, manifest["version"], tag_of(manifest))
    served.quick  # noqa: B018
    return served


def tag_of(manifest: Mapping[str, Any]) -> str:
    """Give what tells one published model from another: the version does not know of settings and times."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:16]
