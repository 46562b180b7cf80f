"""All that a look at a site's links needs, gathered once: articles, a model that fits, and what it is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recommender.build.site_build import fitting_model, rank_corpus
from recommender.errors import SettingsError
from recommender.evaluation.ground_truth import Graded, Truth, curated_truth, graded_truth
from recommender.evaluation.judgments import Label, read_judgments
from recommender.evaluation.rankers import LENGTH, Lists, beside_references, compared_lists, lists_of_urls
from recommender.model.model import Model
from recommender.settings import FILE_NAME, Settings, load_settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.site.generated_links import Generated, read_generated
from recommender.system import parallel


@dataclass(frozen=True)
class Study:
    """One site: ``graded`` is None where it has no judgments.

    ``grades`` is ``graded`` or, in its place, what the curated links tell, and ``against`` says which; ``rankers``
    has the model first, the curated links and the baselines behind it.
    """

    settings: Settings
    corpus: Corpus
    model: Model
    generated: Generated
    rankers: Mapping[str, Lists]
    truth: Truth
    graded: Graded | None
    grades: Graded
    against: str


def open_study(site: Path, progress: parallel.Progress = parallel.silent) -> Study:
    """Read the site whose recommender.yml stands in a folder, its judgments.jsonl and its model, or fit one.

    Raises:
        SettingsError: the folder has no recommender.yml, or one that names no content.
        RecommenderError: something in it cannot be used.
    """
    file = site / FILE_NAME
    if not file.is_file():
        raise SettingsError(
            f"{file} does not exist; name the folder of a site's {FILE_NAME}, or run `recommender init`"
        )
    settings = load_settings(file)
    if settings.content is None:
        raise SettingsError(f"{file}: content is missing; write `content: FOLDER`, the folder of the site's articles")
    judgments = read_judgments(settings.judgments_file) if settings.judgments_file.exists() else None
    corpus = read_corpus(settings.content, settings, progress)
    folder = settings.model_folder
    model = fitting_model(corpus, settings, folder, lambda reason: rank_corpus(corpus, settings, progress))
    generated = read_generated(settings.links_file)
    truth = curated_truth(corpus, generated)
    graded = graded_truth(corpus, judgments) if judgments is not None else None
    ours = {"model": lists_of_urls(corpus, compared_lists(model, LENGTH))}
    return Study(
        settings=settings,
        corpus=corpus,
        model=model,
        generated=generated,
        rankers=beside_references(corpus, ours, generated, truth.links, LENGTH),
        truth=truth,
        graded=graded,
        grades=graded or grades_of_links(corpus, truth, model),
        against="judgments" if graded else "curated links, all others counted as useless",
    )


def grades_of_links(corpus: Corpus, truth: Truth, model: Model) -> Graded:
    """Grade by the curated links alone: 3 for what a curator linked, 0 for the model's other candidates.

    A lower bound: a good link that no curator thought of counts as useless. Of copies the first asks.
    """
    urls = model.catalogue.urls
    labels = {}
    for family, targets in truth.links.items():
        row = urls.find(corpus.articles[family].url)
        if row >= 0 and targets:
            near = [corpus.row_of.get(urls[candidate.row], -1) for candidate in model.candidates(row)]
            labels[family] = {
                **{corpus.families[other]: Label(0) for other in near if other >= 0},
                **dict.fromkeys(targets, Label(3)),
            }
    return Graded(labels, 0, 0)
