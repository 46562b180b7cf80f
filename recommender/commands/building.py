"""``build``: read what changed, rank, choose, and publish the model."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from recommender import output, parallel
from recommender.commands.site import CONTENT, JSON, MODEL, content_folder, model_folder
from recommender.errors import ModelError
from recommender.settings import Settings, find_settings

if TYPE_CHECKING:
    from recommender.collect import Collected
    from recommender.counts import Counts
    from recommender.fit import Described, Vectorised
    from recommender.model import Model
    from recommender.problems import Problem

    Kept = tuple[int, Counts]

# Articles from which on memory is given back while a model is built; a smaller site has some 200 MB to give.
LARGE = 100_000


@click.command()
@CONTENT
@click.option("--verify-bytes", is_flag=True, help="Compare the bytes of every file with what the last build read.")
@click.option("--scheduler", metavar="ADDRESS", help="Read and rank on the workers of this Dask scheduler.")
@MODEL
@JSON
def build(content: Path | None, verify_bytes: bool, scheduler: str | None, model: Path | None, as_json: bool) -> int:
    """Read the site, rank it, choose the links, and save all that as a model; unchanged files are not read again."""
    settings = find_settings(Path.cwd())
    folder, root = model_folder(model, settings), content_folder(content, settings)
    with contextlib.ExitStack() as stack:
        if scheduler is not None:
            from recommender.cluster import connected

            root = root.absolute()  # workers have other working directories
            stack.enter_context(parallel.on(stack.enter_context(connected(scheduler, root))))
        built = build_changed(root, settings, folder, verify=verify_bytes)
    output.show_build(built.model, built.files, built.problems, folder, as_json=as_json)
    return 1 if any(problem.severity == "error" for problem in built.problems) else 0


@dataclass(frozen=True)
class Built:
    """A published model, how many files were found for it, articles or not, and what is wrong with them."""

    model: Model
    files: int
    problems: Sequence[Problem]


@parallel.no_collection()
def build_changed(root: Path, settings: Settings, folder: Path, *, verify: bool = False) -> Built:
    """Build and publish a model from the site as it is now, with the help of the index and model of the last build.

    A model of this content, these settings and this code stays as it is.
    """
    from recommender.fit import load_engines, vectorise
    from recommender.index import load_counts
    from recommender.store import own_manifest

    look, model, kept = _Look(root, settings, folder, verify), cast("Model | None", None), cast("Kept | None", None)
    manifest = own_manifest(folder, settings)
    if manifest is None:
        found = look("", load_engines)
        kept = load_counts(folder, settings) if found.lacks else None
    else:
        digest = manifest["corpus_digest"]
        found, (model, kept) = parallel.both(lambda: look(digest, list), lambda: _load(folder, settings, manifest))
    damaged = found.lacks and (kept is None or kept[0] != found.lacks)
    if damaged or (found.described is None and model is None):
        found = replace(look, anew=True)("", list)
    if found.read is not None:
        output.note(f"{found.read:,} of {found.files:,} files read; the others are as the last build read them")
    files, problems, described = found.files, found.problems, found.described
    if described is None:
        return Built(cast("Model", model), files, problems)
    if found.lacks and kept:
        counted = replace(described.counted, parts=(kept[1], *described.counted.parts))
        described = replace(described, counted=counted)
    # Of a million articles their counts take gigabytes, which ranking needs.
    del found, kept
    if len(described.catalogue) > LARGE:
        parallel.give_back()
    vectorised = vectorise(described, settings, again=model is not None)
    del described
    return Built(publish(vectorised, settings, folder, model), files, problems)


@dataclass(frozen=True)
class _Found:
    """What ranking takes of a site, None where it is as it was; files, those read (None: all), and problems.

    Where its words lack those of an index, which go before them, ``lacks`` is the ``read_at`` of that, else 0.
    """

    described: Described | None
    files: int
    read: int | None
    problems: Sequence[Problem]
    lacks: int


@dataclass(frozen=True)
class _Look:
    root: Path
    settings: Settings
    folder: Path
    verify: bool
    anew: bool = False

    def __call__(self, digest: str, meanwhile: Callable[[], object]) -> _Found:
        """Read what changed, and keep the index; ``meanwhile`` is called while other processes read all of a site."""
        from recommender.collect import collect
        from recommender.fit import describe
        from recommender.index import load_counts, load_index

        before = None if self.anew else load_index(self.folder, self.settings, verify=self.verify)
        found = collect(self.root, self.settings, output.progress, list if before else meanwhile, before)
        corpus, read = found.corpus, found.read if before else None
        if before is found.index:
            corpus, lacks = replace(corpus, counted=found.words()), before.read_at
        else:
            kept = load_counts(self.folder, self.settings) if before else None
            if before and (kept is None or kept[0] != before.read_at):
                return replace(self, anew=True)(digest, meanwhile)
            counts = kept[1] if kept else None
            self._save(found, counts)
            corpus, lacks = replace(corpus, counted=found.words(counts)), 0
        described = None if corpus.digest == digest else describe(corpus, self.settings, output.progress)
        return _Found(described, corpus.files, read, corpus.problems, lacks)

    def _save(self, found: Collected, counts: Counts | None) -> None:
        from recommender.index import save_index
        from recommender.store import make_folder

        with contextlib.suppress(OSError):  # the next build then reads all files
            make_folder(self.folder)
            save_index(found.index, found.indexed(counts), self.folder)


def _load(folder: Path, settings: Settings, manifest: Mapping[str, Any]) -> tuple[Model | None, Kept | None]:
    """Load what ranks, and from the last build the model and the words, where they are whole."""
    from recommender.fit import load_kernels
    from recommender.index import load_counts
    from recommender.store import open_model

    load_kernels()
    model = None
    with contextlib.suppress(ModelError):
        model = open_model(folder, manifest)
    return model, load_counts(folder, settings)


def publish(vectorised: Vectorised, settings: Settings, folder: Path, before: Model | None = None) -> Model:
    """Rank a site, with the help of a model that was made alike, and save the model."""
    from recommender.fit import rank
    from recommender.store import save_model

    model = rank(vectorised, settings, output.now(), output.progress, before)
    save_model(model, folder)
    return model
