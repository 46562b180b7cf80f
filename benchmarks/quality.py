"""Recompute the tables of docs/explanation/quality.md: every ranker that needs no network, in one run.

RECOMMENDER_CORPORA names the folder of the unpacked corpora: quicktakes/content/learn with quicktakes-judgments.jsonl,
sites/*.jsonl, and real-sites with the whole folders of sites. Means have 95 % bootstrap intervals over the articles.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import peers
import real_sites
import yaml

from recommender.build.pipeline import fit_model
from recommender.evaluation.ablation import WHOLE, ablations
from recommender.evaluation.evaluate import Report, evaluate_judged, evaluate_lists
from recommender.evaluation.ground_truth import Truth, graded_truth
from recommender.evaluation.judgments import read_judgments
from recommender.evaluation.rankers import LENGTH, Lists, lists_of, lists_of_urls, written_lists
from recommender.evaluation.significance import bootstrap_means, percentile_interval
from recommender.model.model import Model
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus

JUDGED: dict[str, peers.Ranker] = {
    "Hugo's related content (keywords)": peers.hugo_keywords,
    "latent semantic analysis, 256 dimensions": peers.latent_semantics,
    "TfidfVectorizer's defaults": peers.tfidf_defaults,
    "BM25 (query: title and keywords)": peers.bm25,
    "fields .3 .4 .3, sublinear": peers.fields_343,
    "fields .2 .6 .2, near-duplicate titles removed": peers.fields_without_twins,
}
LINKED: dict[str, peers.Ranker] = {
    "TF-IDF defaults": peers.tfidf_defaults,
    "fields .2 .6 .2": peers.fields_262,
    "BM25": peers.bm25,
}
CURATED, OURS = "the site's curated links, where an article has any", "recommender"
WITH_EMBEDDINGS = "with embeddings of titles"
SHARES = ("same@5", "repeats@5", "unjudged@5")
# Its links are duplicates that users marked: to find the same question is the aim there.
SAME_QUESTION_WANTED = ("askubuntu_dup",)
# Targets of links would give the answers away.
TARGETS = re.compile(r"\]\([^)]*\)")
WIDTH = 52


def judged_table(content: Path, judgments: Path) -> None:
    """Print how well each ranker does against an editor's grades, and ours with each of its parts off."""
    settings = Settings()
    corpus = read_corpus(content, settings)
    graded = graded_truth(corpus, read_judgments(judgments))
    texts, asking = peers.texts_of(corpus, settings), sorted(graded.labels)
    print(f"{len(corpus.articles):,} articles, {len(asking):,} of them judged; an unjudged link counts as useless")
    print(f"{'':{WIDTH}}{'nDCG@5':<22}{'useful@5':<22}" + "".join(f"{name:<12}" for name in SHARES))

    def row(name: str, lists: Lists) -> None:
        report = evaluate_judged(name, corpus, lists, graded, (5,))
        # An editor who linked nothing was not asked; a ranker that links nothing gains nothing.
        asked = report.only(report.answered(5)) if name == CURATED else report
        cells = [cell(asked, "nDCG@5"), cell(asked, "useful@5")]
        print(f"{name:{WIDTH}}" + "".join(f"{one:<22}" for one in cells), end="")
        print("".join(f"{report.means()[share]:<12.3f}" for share in SHARES), flush=True)

    row(CURATED, written_lists(corpus, {}, curated_only=True))
    for name, ranker in JUDGED.items():
        row(name, families(corpus, asking, ranker(texts, asking, LENGTH)))
    for name, lists in ablations(corpus, settings):
        row(OURS if name == WHOLE else f"  {name}", lists)
    row(f"  {WITH_EMBEDDINGS}", lists_of_urls(corpus, lists_of(with_embeddings(corpus, settings), LENGTH)))


def sites_table(files: Sequence[Path]) -> None:
    """Print how well each ranker finds the curated links of other sites, with the default settings."""
    print(f"\nnDCG@10 against curated links\n{'':<18}{'articles':>9}{'asking':>8}  ", end="")
    print("".join(f"{name:<22}" for name in (*LINKED, OURS, WITH_EMBEDDINGS)))
    found = []
    for file in files:
        reports = site_reports(file)
        found.append([report.means()["nDCG@10"] for report in reports.values()])
        print("".join(f"{cell(report, 'nDCG@10'):<22}" for report in reports.values()), flush=True)
    means = [sum(column) / len(column) for column in zip(*found, strict=True)]
    print(f"{'mean of the sites':<37}" + "".join(f"{mean:<22.3f}" for mean in means))


def site_reports(file: Path) -> dict[str, Report]:
    """Measure every ranker on one site."""
    lines = file.read_text(encoding="utf-8").split("\n")
    entries = [json.loads(line) for line in lines if line.strip()]
    settings = Settings()
    if file.stem in SAME_QUESTION_WANTED:
        settings = replace(settings, same_question_article=0.0, same_question_list=0.0)
    with tempfile.TemporaryDirectory() as folder:
        write_site(entries, Path(folder))
        corpus = read_corpus(Path(folder), settings)
    truth = truth_of(corpus, entries)
    asking = sorted(truth.links)
    print(f"{file.stem:<18}{len(corpus.articles):>9,}{len(asking):>8,}  ", end="", flush=True)
    texts = peers.texts_of(corpus, settings)
    lists: dict[str, Lists] = {
        name: families(corpus, asking, ranker(texts, asking, LENGTH)) for name, ranker in LINKED.items()
    }
    for name, model in {
        OURS: fit_model(corpus, settings, ""),
        WITH_EMBEDDINGS: with_embeddings(corpus, settings),
    }.items():
        lists[name] = lists_of_urls(corpus, lists_of(model, LENGTH))
    return {name: evaluate_lists(name, own, truth, (10,)) for name, own in lists.items()}


def with_embeddings(corpus: Corpus, settings: Settings) -> Model:
    """Rank a site by what its titles mean, too."""
    return fit_model(corpus, replace(settings, embeddings="titles"), "")


def write_site(entries: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Write a site's articles as Markdown in the article schema, without their links."""
    for number, entry in enumerate(entries, 1):
        front = {
            "id": number,
            "title": entry["title"],
            "seo": {"page_keywords": entry["keywords"]},
            "answer": TARGETS.sub("]", entry["body"]).replace("\n", "\\n"),
            "subject": entry["category"],
            "url": entry["url"],
        }
        text = yaml.dump(front, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=2**30)
        (folder / f"{number}.md").write_text(f"---\n{text}---\n\n&nbsp;", encoding="utf-8")


def truth_of(corpus: Corpus, entries: Sequence[Mapping[str, Any]]) -> Truth:
    """Collect the curated links of every family that has any."""
    links: dict[int, set[int]] = {}
    related = {entry["url"]: entry["related"] for entry in entries}
    for row, targets in lists_of_urls(corpus, related).items():
        links.setdefault(corpus.families[row], set()).update(targets)
    others = {family: frozenset(targets - {family}) for family, targets in links.items()}
    return Truth({family: targets for family, targets in others.items() if targets}, 0)


def families(corpus: Corpus, asking: Sequence[int], ranked: Sequence[Sequence[int]]) -> Lists:
    """Turn ranked rows into ranked families."""
    return {row: [corpus.families[other] for other in own] for row, own in zip(asking, ranked, strict=True)}


def cell(report: Report, measure: str) -> str:
    """Write a mean with its interval."""
    place = report.measures.index(measure)
    columns = slice(place, place + 1)
    low, high = percentile_interval(bootstrap_means(report.values[:, columns], report.weights[:, columns])).ravel()
    return f"{report.means()[measure]:.3f} [{low:.3f}, {high:.3f}]"


def timed(work: Callable[[], None]) -> None:
    """Run a piece of work and say how long it took."""
    start = time.perf_counter()
    work()
    print(f"{time.perf_counter() - start:,.0f} s")


def main() -> int:
    """Print all tables."""
    corpora = Path(os.environ.get("RECOMMENDER_CORPORA", ""))
    content, judgments = corpora / "quicktakes/content/learn", corpora / "quicktakes-judgments.jsonl"
    sites = sorted((corpora / "sites").glob("*.jsonl"))
    whole = corpora / "real-sites"
    if not (content.is_dir() and judgments.is_file() and sites and whole.is_dir()):
        print("RECOMMENDER_CORPORA must name the folder of the unpacked corpora:", file=sys.stderr)
        print("quicktakes/content/learn, quicktakes-judgments.jsonl, sites/*.jsonl and real-sites", file=sys.stderr)
        return 2
    timed(lambda: judged_table(content, judgments))
    timed(lambda: sites_table(sites))
    timed(lambda: real_sites.print_table(whole))
    timed(lambda: real_sites.print_builds(whole))
    return 0


if __name__ == "__main__":
    sys.exit(main())
