"""What a site has become since its last build: all that ranking takes of it, beside the model from before."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from recommender.arrays.compiling import compiles
from recommender.build.collection import Collected, Loading, collect, nothing
from recommender.build.pipeline import Described, describe, engines, load_kernels
from recommender.build.read_cache import load_index, load_tokens, save_index
from recommender.errors import ModelError
from recommender.model.model import Model
from recommender.model.store import articles_in, make_folder, open_model, own_manifest
from recommender.problems import Problem
from recommender.settings import Settings
from recommender.system import parallel
from recommender.text.tokens import Tokenized, Tokens, numbering

Kept = tuple[int, Tokens]


@dataclass(frozen=True)
class Changes:
    """What ranking takes of a site, None where it is as it was, and a model that was made alike, if there is one.

    ``files`` counts what was found, articles or not, ``read`` those that were read, None where none was known.
    """

    described: Described | None
    model: Model | None
    files: int
    read: int | None
    problems: Sequence[Problem]


@dataclass(frozen=True)
class _Found:
    """The same without the model.

    Where its words are those of an index and then those in ``said``, none counted yet, ``lacks`` is the ``read_at`` of
    that index, else 0.
    """

    described: Described | None
    files: int
    read: int | None
    problems: Sequence[Problem]
    lacks: int
    said: Sequence[bytes]


def find_changes(
    root: Path, settings: Settings, folder: Path, progress: parallel.Progress, *, verify: bool = False
) -> Changes:
    """Read the files of a site that changed since the last build, and keep an index of all beside its model.

    Another process does that while this one loads what ranks, the model and the words of the last build. What of them
    is damaged, or of other code or settings, is done without.
    """
    look, manifest = _Look(root, settings, folder, progress, verify), own_manifest(folder, settings)
    model, kept = cast("Model | None", None), cast("Kept | None", None)
    if manifest is None:
        with contextlib.ExitStack() as until:
            found = look("", lambda files: until.enter_context(engines(settings, files)))
        kept = load_tokens(folder, settings) if found.lacks else None
    else:
        digest = manifest["corpus_digest"]
        found, (model, kept) = parallel.both(lambda: look(digest, nothing), lambda: _load(folder, settings, manifest))
    damaged = found.lacks and (kept is None or kept[0] != found.lacks)
    if damaged or (found.described is None and model is None):
        found = replace(look, anew=True)("", nothing)
    described = found.described
    if described and found.lacks and kept:
        described = described.with_words(kept[1], numbering(found.read or 0)(found.said, settings))
    return Changes(described, model, found.files, found.read, found.problems)


def _load(folder: Path, settings: Settings, manifest: Mapping[str, Any]) -> tuple[Model | None, Kept | None]:
    if compiles(articles_in(manifest)):
        load_kernels()
    model = None
    with contextlib.suppress(ModelError):
        model = open_model(folder, manifest)
    return model, load_tokens(folder, settings)


@dataclass(frozen=True)
class _Look:
    root: Path
    settings: Settings
    folder: Path
    progress: parallel.Progress
    verify: bool
    anew: bool = False

    def __call__(self, digest: str, meanwhile: Loading) -> _Found:
        """Read what changed, unless that leaves the digest of the site as it is, and keep the index.

        ``meanwhile`` is what is done while other processes read all of a site, as in ``collect``.
        """
        before = None if self.anew else load_index(self.folder, self.settings, verify=self.verify)
        found = collect(self.root, self.settings, self.progress, nothing if before else meanwhile, before)
        corpus, read, lacks, words = found.corpus, found.read if before else None, 0, Tokenized((), found.order)
        if before and found.index is before:
            lacks = before.read_at
        else:
            kept = load_tokens(self.folder, self.settings) if before else None
            if before and (kept is None or kept[0] != before.read_at):
                return replace(self, anew=True)(digest, meanwhile)
            words = found.words(kept and kept[1])
            self._save(found, kept and kept[1])
        described = None
        if corpus.digest != digest:
            described = describe(replace(corpus, counted=words), self.settings, self.progress)
        return _Found(described, corpus.files, read, corpus.problems, lacks, found.said)

    def _save(self, found: Collected, counts: Tokens | None) -> None:
        with contextlib.suppress(OSError):  # the next build then reads all files
            make_folder(self.folder)
            save_index(found.index, found.indexed(counts), self.folder)
