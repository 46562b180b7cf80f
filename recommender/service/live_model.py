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
from typing import Any, NamedTuple

import numpy as np

from recommender.dates import iso
from recommender.errors import ModelError, SettingsError
from recommender.model.lookup import closest
from recommender.model.model import Model
from recommender.model.redating import on_day, with_rules
from recommender.model.store import MANIFEST, let_go, open_model, read_manifest
from recommender.rules.editor_rules import NO_RULES, EditorRules
from recommender.service.prepared_answers import PreparedAnswers
from recommender.service.problem_documents import Refusal
from recommender.settings import load_rules
from recommender.system.clock import today
from recommender.system.parallel import give_back

LOG = logging.getLogger("recommender.service")
# A model that was refused is tried again after so many seconds: the disk may have been at fault.
PATIENCE = 10.0


class Published(NamedTuple):
    """One model as its build published it; ``tag`` tells it from all others."""

    model: Model
    version: str
    tag: str


@dataclass(frozen=True)
class Served:
    """One published model as it is on a day; ``tag`` differs where anything that it answers differs."""

    model: Model
    version: str
    tag: str

    @property
    def facts(self) -> dict[str, str]:
        """Say which model answers."""
        return {"version": self.version, "built_at": self.model.built_at}

    @cached_property
    def prepared(self) -> PreparedAnswers:
        """What look-ups need of the model."""
        return PreparedAnswers(self.model, self.version)


class LiveModel:
    """The newest model of a folder that could be opened; ``refused`` says what is wrong with a newer one."""

    def __init__(self, folder: Path, rules_file: Path | None = None) -> None:
        self.folder, self._rules_file = folder, rules_file
        self._rules = NO_RULES
        self._rules_seen: tuple[int, ...] = ()
        self.served: Served | None = None
        self.refused = self._said = ""
        self._published: Published | None = None
        self._day = 0
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

        On another day the model is served as it is on that day. Who looks while another does waits, and finds what
        that one opened.
        """
        with self._lock:
            return self._look()

    def _look(self) -> bool:
        first, seen = self._seen is None, self._signature()
        if seen == self._seen and not (self.refused and time.monotonic() >= self._retry_at):
            self._turn()
            return False
        self._seen = seen
        try:
            fresh = _open(self.folder)
        except ModelError as error:
            self.refused, self._retry_at = str(error), time.monotonic() + PATIENCE
            if not first and self._said != self.refused:  # at the start whoever starts it says so
                LOG.warning("model refused: %s", error)
                self._said = self.refused
            self._turn()
            return False
        self.refused = self._said = ""
        if self._published is not None and self._published.tag == fresh.tag:
            self._turn()
            return False
        self._published, self._day = fresh, today()
        self._read_rules()
        self.served = _warmed(as_of(fresh, self._day, self._rules))
        give_back()
        LOG.info("model %s of %s is served", fresh.version, fresh.model.built_at)
        return True

    def _turn(self) -> None:
        """Serve the model as it is today and by the rules of today, where one of them is another than before."""
        day = today()
        if self._published is None or self.served is None or not (self._read_rules() or self._day != day):
            return
        served, self._day = as_of(self._published, day, self._rules), day
        if served.tag != self.served.tag:
            self.served = _warmed(served)
            give_back()
            hidden = np.count_nonzero(served.model.catalogue.hidden)
            LOG.info("model %s is served as of %s: %d articles are hidden", served.version, iso(day), hidden)

    def _read_rules(self) -> bool:
        """Read the rules where the file is another one than before; those of before hold while it is broken."""
        seen = _signature(self._rules_file) if self._rules_file else ()
        if self._rules_file is None or seen == self._rules_seen:
            return False
        self._rules_seen = seen
        try:
            self._rules = load_rules(self._rules_file)
        except SettingsError as error:
            LOG.warning("rules refused: %s", error)
            return False
        return True

    def _signature(self) -> tuple[int, ...]:
        return _signature(self.folder / MANIFEST)


def _signature(file: Path) -> tuple[int, ...]:
    try:
        info = os.stat(file)
    except OSError:
        return ()
    return info.st_ino, info.st_mtime_ns, info.st_size


def _open(folder: Path) -> Published:
    manifest = read_manifest(folder)
    model = open_model(folder, manifest)
    return Published(model, manifest["version"], tag_of(manifest))


def as_of(published: Published, day: int, rules: EditorRules = NO_RULES) -> Served:
    """Give a published model as it is on a day, with the lists that the editors' rules ask for."""
    model, version, tag = published
    turned = with_rules(on_day(model, day), rules)
    return Served(turned, version, tag_as_of(tag, model, turned))


def _warmed(served: Served) -> Served:
    """Make what requests need before the first one, and before workers are forked: a first draft took 25 ms more."""
    model = served.model
    model.rules  # noqa: B018
    model.ask_draft({model.settings.keys.title: "warm"})
    closest(model, "warm")
    model.catalogue.path_rows  # noqa: B018
    served.prepared  # noqa: B018
    let_go(model)
    for texts in (model.catalogue.urls, model.catalogue.titles, model.catalogue.ids, model.catalogue.subjects):
        texts.blob[::4096].max(initial=0)  # brings in the pages that every answer reads
    return served


def tag_of(manifest: Mapping[str, Any]) -> str:
    """Give what tells one published model from another: the version does not know of settings and times."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:16]


def tag_as_of(tag: str, published: Model, model: Model) -> str:
    """Give what tells a published model, with others hidden than in its build or with rules, from all other such."""
    if model is published:
        return tag
    decisions = repr(sorted(model.decisions.lines)) if model.decisions.lines else ""
    return hashlib.sha256(f"{tag} {model.corpus_digest}{decisions}".encode()).hexdigest()[:16]
