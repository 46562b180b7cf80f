"""Measure how a build grows with the site: time, processor time, peak memory and disk at several sizes.

python benchmarks/scale.py [CONTENT] [--sizes 36000,72000,...] [--files N] [--folder DIR] [--plot FILE]

Sites are made up in the shape of CONTENT (see ``matching``) and each is built in a process of its own. Up to
``--files`` articles are written as Markdown and built as ``recommender build`` builds them; larger ones are counted as
they are made, which leaves reading out. Memory is the highest sum of PSS over the process and its children, sampled
twice a second at most; recall is that of the kept neighbours of 320 articles, against every other article.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from bench import pss_of_tree
from corpora import TITLE, Subjects, counted, spelled, tables_of, words_of, write
from matching import ROOT, fitted_shape
from numba import njit
from shapes import Shape, shape_of, with_numbers

from recommender.article import Article, Style
from recommender.build import collection, pipeline, read_cache, site_build
from recommender.build.collection import collect
from recommender.model import store
from recommender.model.model import Model
from recommender.ranking import same_question_compiled
from recommender.ranking.nearest.matrix import LANES
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus

SIZES = "36000,72000,144000,288000,1000000"
STAGES = [
    (collection, "collect", "reading"),
    (read_cache, "save_index", "index"),
    (pipeline, "fit_vectors", "vectors"),
    (pipeline, "_nearest", "nearest"),
    (pipeline, "_rescored", "rescoring"),
    (same_question_compiled, "find_likeness", "same questions"),
    (pipeline, "_with_chosen", "choosing"),
    (store, "save_model", "saving"),
    (site_build, "build_site", "build"),
    (site_build, "publish", "build"),
]
RANKING = ("nearest", "rescoring")
SAMPLE, FIRST = 320, 10
Figures = dict[str, float]


class Watch:
    """Notes wall and processor seconds and the memory's peak of every stage of this process and its children."""

    def __init__(self) -> None:
        self.figures: Figures = {}
        self.peaks: list[float] = []
        threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self) -> None:
        while True:
            begun = time.perf_counter()
            self._note(pss_of_tree())
            # Of many gigabytes it takes a while, and the build waits for it.
            time.sleep(max(0.5, 20 * (time.perf_counter() - begun)))

    def _note(self, memory: float) -> None:
        self.peaks = [max(peak, memory) for peak in self.peaks]

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Give the same function, watched; of watched functions that call each other the outer one counts last."""

        def watched(*arguments: Any, **options: Any) -> Any:
            self.peaks.append(0.0)
            wall, used = time.perf_counter(), _processor()
            result = work(*arguments, **options)
            self.figures[name] = time.perf_counter() - wall
            self.figures[f"{name}, processor"] = _processor() - used
            self._note(pss_of_tree())
            self.figures[f"{name}, GiB"] = self.peaks.pop() / 1024
            return result

        return watched


def _processor() -> float:
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in parts)


def measure(shape: Shape, articles: int, files: int, folder: Path) -> Figures:
    """Make, read, build and save a site of one size in this process."""
    watch, settings = Watch(), Settings()
    for module, name, stage in STAGES:
        setattr(module, name, watch.timed(stage, getattr(module, name)))
    with pipeline.engines(settings, articles) as load:
        load()
    words_of(tables_of(shape, 1), 0, 1, TITLE)  # compiled before it is timed
    if articles <= files:
        watch.timed("making", write)(shape, articles, folder / "content")
        model = site_build.build_site(folder / "content", settings, folder / "model").model
    else:
        described = pipeline.describe(watch.timed("making", made_corpus)(shape, articles, settings), settings)
        vectorised = pipeline.vectorise(described, settings)
        del described
        model = site_build.publish(vectorised, settings, folder / "model")
    figures = watch.figures
    figures["disk, GiB"] = sum(file.stat().st_size for file in (folder / "model").rglob("*.np[yz]")) / 2**30
    figures["recall"], figures["recall, first"] = recall(model, settings.candidates)
    return figures


def made_corpus(shape: Shape, articles: int, settings: Settings) -> Corpus:
    """Give the corpus that reading the files would give, but for the texts, the links and the order."""
    tables, subjects = tables_of(shape, 1), Subjects(shape)
    starts, words = words_of(tables, 0, articles, TITLE)
    made = [
        Article(
            url=f"/learn/{number:09d}",
            id=str(number + 1),
            title=" ".join(spelled(words[starts[number] : starts[number + 1]])),
            subject=subjects.of(tables, number),
            date="",
            path=f"{number}.md",
            hidden=False,
            texts=(),
            answer_digest="",
            source_digest=f"{number:032x}",
            file_digest="",
            links=(),
            style=None,
        )
        for number in range(articles)
    ]
    held = counted(tables, articles, settings)
    return Corpus(Path(), made, (), articles, Style(), frozenset(), families=range(articles), counted=held)


def recall(model: Model, kept: int) -> tuple[float, float]:
    """Give the shares of the truly nearest articles, and of the first ten, that a build found, on a sample."""
    rows, n = model.vectors.rows, len(model)
    sample = np.sort(np.random.default_rng(0).choice(n, min(SAMPLE, n), replace=False))
    found = np.zeros((2, 2))
    for first in range(0, len(sample), LANES):
        block = sample[first : first + LANES]
        table = np.zeros((rows.columns, LANES))
        for lane, row in enumerate(block.tolist()):
            columns, values = rows.row(row)
            table[columns, lane] = values
        scores = _scores(rows.indptr, rows.indices, rows.data, table)
        for lane, row in enumerate(block.tolist()):
            scores[row, lane] = 0.0
            own = np.round(scores[:, lane], 9)
            best = np.lexsort((np.arange(n), -own))[:kept] if n <= kept else _best(own, kept)
            wanted = best[own[best] > 0]
            start, stop = model.nearest.indptr[row : row + 2]
            held = np.isin(wanted, model.nearest.rows[start:stop])
            found += [[held.sum(), len(held)], [held[:FIRST].sum(), len(held[:FIRST])]]
    shares = found[:, 0] / np.maximum(1, found[:, 1])
    return float(shares[0]), float(shares[1])


def _best(scores: Any, kept: int) -> Any:
    last = np.partition(scores, len(scores) - kept)[len(scores) - kept]
    near = np.flatnonzero(scores >= last)
    return near[np.lexsort((near, -scores[near]))][:kept]


@njit(nogil=True)
def _scores(indptr: Any, indices: Any, data: Any, table: Any) -> Any:
    scores = np.zeros((indptr.size - 1, table.shape[1]))
    for row in range(indptr.size - 1):
        for place in range(indptr[row], indptr[row + 1]):
            for lane in range(table.shape[1]):
                scores[row, lane] += data[place] * table[indices[place], lane]
    return scores


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Fit the power of the size that the seconds grow with (least squares of the logarithms)."""
    if len(sizes) < 2:
        return float("nan")
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(seconds, 1e-3)), 1)[0])


def table_of(results: dict[int, Figures]) -> str:
    """Give the figures as a table in Markdown: a stage is wall / processor seconds and GiB at its peak."""
    sizes = sorted(results)
    stages = list(
        dict.fromkeys(name for size in sizes for name in results[size] if f"{name}, processor" in results[size])
    )
    lines = [f"| stage | {' | '.join(f'{size:,}' for size in sizes)} | grows by n to the |"]
    lines.append("|---" * (len(sizes) + 2) + "|")
    for name in [*stages, "ranking"]:
        parts = RANKING if name == "ranking" else (name,)
        held = [size for size in sizes if parts[0] in results[size]]
        used = [sum(results[size][f"{part}, processor"] for part in parts) for size in held]
        cells = []
        for size in sizes:
            own = results[size]
            if size not in held:
                cells.append("")
                continue
            wall, cpu = (sum(own[f"{part}{kind}"] for part in parts) for kind in ("", ", processor"))
            cells.append(f"{wall:.1f} s / {cpu:.1f} s, {max(own[f'{part}, GiB'] for part in parts):.1f} GiB")
        lines.append(f"| {name} | {' | '.join(cells)} | {exponent(held, used):.2f} |")
    disk = " | ".join(f"{results[size]['disk, GiB']:.2f} GiB" for size in sizes)
    found = " | ".join(f"{results[size]['recall']:.2%}" for size in sizes)
    first = " | ".join(f"{results[size]['recall, first']:.2%}" for size in sizes)
    ends = [("model and index on disk", disk), ("of the 64 nearest found", found), (f"of the {FIRST} nearest", first)]
    return "\n".join([*lines, *(f"| {name} | {cells} | |" for name, cells in ends)])


def plot(results: dict[int, Figures], file: Path) -> None:
    """Draw processor seconds by size, both axes logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    sizes = sorted(results)
    for name in ("build", "reading", "vectors", "nearest", "rescoring", "choosing", "saving"):
        held = [size for size in sizes if name in results[size]]
        used = [results[size][f"{name}, processor"] for size in held]
        if held:
            axes.loglog(held, used, marker="o", label=f"{name}: n^{exponent(held, used):.2f}")
    axes.set(xlabel="articles", ylabel="processor seconds", title="How a build grows with the site")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(file, dpi=110)


def main() -> int:
    """Build every size in a child, print the table, draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("content", nargs="?", type=Path, default=ROOT / "data/articles")
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--files", type=int, default=1_000_000, help="articles up to which files are written and read")
    parser.add_argument("--tries", type=int, default=40, help="steps of the search for the free numbers")
    parser.add_argument("--folder", type=Path, help="where sites and models are kept meanwhile")
    parser.add_argument("--results", type=Path, help="JSON of earlier runs, which is added to")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        task = json.loads(Path(options.child).read_text(encoding="utf-8"))
        shape = with_numbers(Shape(**task["shape"]), task["shape"]["free"])
        print(json.dumps(measure(shape, task["articles"], options.files, options.folder)))
        return 0
    settings = Settings()
    shape = shape_of(read_corpus(options.content, settings), settings)
    if options.tries:
        words = collect(options.content, settings).words()
        assert words is not None, "reading was asked to count"
        shape = fitted_shape(shape, words, options.tries)
    results: dict[int, Figures] = {}
    if options.results and options.results.exists():
        results = {int(size): own for size, own in json.loads(options.results.read_text()).items()}
    for articles in map(int, filter(None, options.sizes.split(","))):
        results[articles] = in_child(shape, articles, options)
        if options.results:
            options.results.write_text(json.dumps(results, indent=1), encoding="utf-8")
        print(table_of(results) + "\n", flush=True)
    if options.plot:
        plot(results, options.plot)
    return 0


def in_child(shape: Shape, articles: int, options: argparse.Namespace) -> Figures:
    """Measure one size in a process of its own, with a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        task = Path(folder) / "task.json"
        task.write_text(json.dumps({"articles": articles, "shape": asdict(shape)}), encoding="utf-8")
        call = [sys.executable, __file__, "--child", str(task), "--files", str(options.files), "--folder", folder]
        found: Figures = json.loads(subprocess.check_output(call, env=os.environ))
    return found


if __name__ == "__main__":
    sys.exit(main())
