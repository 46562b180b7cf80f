"""A site to a published model, as the command line and a library user build it; progress comes in as a callable."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from recommender.errors import ModelError
from recommender.model.model import Model
from recommender.model.redating import hidden_on
from recommender.model.store import load_model, save_model
from recommender.problems import Problem
from recommender.settings import OFF
from recommender.system import parallel
from recommender.system.clock import stamp
from recommender.text.title_embeddings import require

if TYPE_CHECKING:
    from recommender.build.pipeline import Vectorised
    from recommender.ranking.same_question import Likeness
    from recommender.settings import Settings
    from recommender.site.corpus import Corpus

# Articles from which on memory is given back while a model is built; a smaller site has some 200 MB to give.
LARGE = 100_000


@dataclass(frozen=True)
class Built:
    """A published model, how many files were found for it, articles or not, and what is wrong with them.

    ``read`` counts the files that were read; None where no earlier build had read any.
    """

    model: Model
    files: int
    read: int | None
    problems: Sequence[Problem]


@parallel.no_collection()
def build_site(
    content: Path,
    settings: Settings,
    folder: Path,
    progress: parallel.Progress = parallel.silent,
    *,
    verify: bool = False,
) -> Built:
    """Read the site in ``content`` as it is now, rank it, choose the links, and publish that as a model in ``folder``.

    Files that did not change since the last build there are not read again, unless ``verify`` compares the bytes of
    all. A model of this content, these settings and this code stays as it is.

    Raises:
        ContentError: ``content`` is no folder or holds no article.
        ModelError: ``folder`` cannot be written to.
        RecommenderError: titles are to be embedded, and the extra is not installed.
    """
    # Ranking is imported late: who fills with a model that fits has no use for it.
    from recommender.build.incremental import find_changes  # noqa: PLC0415
    from recommender.build.pipeline import vectorise  # noqa: PLC0415
    from recommender.build.title_vectors import embed_site  # noqa: PLC0415

    if settings.embeddings != OFF:
        require()
    found = find_changes(content, settings, folder, progress, verify=verify)
    described, model, files, read, problems = found.described, found.model, found.files, found.read, found.problems
    if described is None:
        return Built(cast("Model", model), files, read, problems)
    # Of a million articles their counts take gigabytes, which ranking needs.
    del found
    if len(described.catalogue) > LARGE:
        parallel.give_back()
    vectorised = vectorise(described, settings, again=model is not None)
    del described
    embeddings = embed_site(vectorised.catalogue.titles, settings, progress, folder)
    vectorised = dataclasses.replace(vectorised, embeddings=embeddings)
    return Built(publish(vectorised, settings, folder, progress, model), files, read, problems)


def publish(
    vectorised: Vectorised,
    settings: Settings,
    folder: Path,
    progress: parallel.Progress = parallel.silent,
    before: Model | None = None,
) -> Model:
    """Rank a site, with the help of a model that was made alike, and save the model."""
    from recommender.build.pipeline import rank  # noqa: PLC0415

    model = rank(vectorised, settings, stamp(), progress, before)
    save_model(model, folder)
    return model


def rank_corpus(
    corpus: Corpus, settings: Settings, progress: parallel.Progress = parallel.silent, folder: Path | None = None
) -> Model:
    """Rank a corpus that was read already, and save the model where a folder is given."""
    from recommender.build.pipeline import fit_model  # noqa: PLC0415

    model = fit_model(corpus, settings, stamp(), progress)
    if folder is not None:
        save_model(model, folder)
    return model


def fitting_model(corpus: Corpus, settings: Settings, folder: Path, rebuild: Callable[[str], Model]) -> Model:
    """Load the saved model if it fits the content as it is now, else have the content ranked anew, with the reason.

    It follows the editors' rules.
    """
    try:
        model = hidden_on(load_model(folder), corpus.day)
        if not model.fits(corpus, settings):
            model = rebuild(f"the model in {folder} was built from other content or settings")
    except ModelError as error:
        model = rebuild(str(error).split(";")[0])
    return dataclasses.replace(model, settings=settings, decisions=corpus.decisions)


def fitting_likeness(corpus: Corpus, settings: Settings, folder: Path) -> Likeness | None:
    """Give what a saved model knows of same questions, None where no model fits: an audit needs none."""
    try:
        model = load_model(folder)
    except ModelError:
        return None
    return model.likeness if hidden_on(model, corpus.day).fits(corpus, settings) else None
