"""Measure recommender beside its peers, in one run on one machine: seconds, ratios and peak memory.

RECOMMENDER_CORPORA names the folder of the unpacked corpora; without it the sample site is measured, whose
figures say little. Memory is the highest sum of PSS over a process and its children, sampled four times a second.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numba import njit

from recommender.arrays.sparse_rows import Rows
from recommender.build.collection import collect
from recommender.ranking.nearest.bounds import add_row
from recommender.ranking.nearest.matrix import LANES
from recommender.ranking.nearest.search import FREQUENT, nearest
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.system import parallel
from recommender.text.tfidf import fit_vectors
from recommender.text.tokens import tokenize_articles

ROOT = Path(__file__).resolve().parent.parent
QUERIES = 2_000


@dataclass(frozen=True)
class Measured:
    """Wall seconds, and MiB at the peak."""

    seconds: float
    memory: float


def measure(work: Callable[[], Any]) -> tuple[Any, Measured]:
    """Run a piece of work in this process and watch it and its children."""
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            peak[0] = max(peak[0], pss_of_tree())
            done.wait(0.25)

    thread = threading.Thread(target=watch)
    thread.start()
    start = time.perf_counter()
    try:
        result = work()
    finally:
        seconds = time.perf_counter() - start
        done.set()
        thread.join()
    return result, Measured(seconds, peak[0])


def pss_of_tree() -> float:
    """Sum the proportional set sizes of this process and its children, in MiB."""
    total = 0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            info = process.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(info, "pss", info.rss)
    return total / 2**20


def row(name: str, measured: Measured) -> None:
    """Print one line: seconds and memory."""
    print(f"{name:<58} {measured.seconds:8.2f} s {measured.memory:8.0f} MiB", flush=True)


def ratio(name: str, longer: Measured, shorter: Measured) -> None:
    """Print how many times as long one took as the other."""
    print(f"  {name:<56} {longer.seconds / shorter.seconds:8.2f} x", flush=True)


def bench_reading(content: Path) -> Corpus:
    """Compare reading articles with reading the bytes of their files."""
    files = sorted(content.rglob("*.md"))
    for file in files:  # fills the page cache, so that both read from memory
        file.read_bytes()
    _, raw = measure(lambda: [len(file.read_bytes()) for file in files])
    corpus, read = measure(lambda: read_corpus(content, Settings()))
    _, counted = measure(lambda: collect(content, Settings()))
    row(f"read the bytes of {len(files):,} files", raw)
    row(f"read {len(corpus.articles):,} articles", read)
    row("read them and count their words, as a build does", counted)
    ratio("reading takes, against the bytes alone,", read, raw)
    return corpus


def bench_ranking(corpus: Corpus) -> None:
    """Compare the exact ranking with sparse_dot_topn's full product and scikit-learn's brute force."""
    import scipy.sparse
    from sklearn.neighbors import NearestNeighbors
    from sparse_dot_topn import sp_matmul_topn

    settings, threads = Settings(), parallel.cores()
    fitted, weighing = measure(lambda: fit_vectors(tokenize_articles(corpus.articles, settings), settings))
    row("count and weigh the words", weighing)
    rows, k, families = fitted.main.rows, settings.candidates, np.array(corpus.families, np.int32)
    _, first = measure(lambda: nearest(head(rows, 512), k, families[:512], 0.0, threads))
    row("rank 512 articles, compilation or its cache included", first)
    matrix = scipy.sparse.csr_matrix((rows.data, rows.indices, rows.indptr), shape=(len(rows), rows.columns))
    _, ours = measure(lambda: nearest(rows, k, families, 0.0, threads))
    row(f"rank {len(rows):,} articles, exact top {k}", ours)
    bench_bound(rows, ours.seconds, threads)
    transposed = matrix.T.tocsr()
    _, peer = measure(lambda: sp_matmul_topn(matrix, transposed, top_n=k, n_threads=threads))
    row("  sparse_dot_topn, full product, float64", peer)
    ratio("ranking is faster by", peer, ours)
    queries = min(QUERIES, len(rows))
    near = NearestNeighbors(n_neighbors=min(k, len(rows)), algorithm="brute", metric="cosine", n_jobs=threads)
    near.fit(matrix)
    _, brute = measure(lambda: near.kneighbors(matrix[:queries], return_distance=True))
    whole = Measured(brute.seconds * len(rows) / queries, brute.memory)
    row(f"  scikit-learn, brute cosine ({queries:,} rows, scaled to all)", whole)
    ratio("ranking is faster by", whole, ours)


def bench_bound(rows: Rows, seconds: float, threads: int) -> None:
    """Print what the ranking has to do at least, and how near to the machine's limits it does it.

    A pair's bound takes a 16-bit multiply-add for every frequent term of the earlier row; the index of these terms,
    4 bytes each, is read once for 32 asking rows. The limits are measured: one block's sums with all it reads in the
    cache, and copying memory.
    """
    n, frequency = len(rows), np.bincount(rows.indices, minlength=rows.columns)
    frequent = np.sort(frequency)[::-1][:FREQUENT].sum()
    product, bounds = float((frequency.astype(np.float64) ** 2).sum() / 2), float(frequent) * n / 2
    block = np.zeros(1 << 27, np.uint8)
    _, copied = measure(block.copy)
    read = bounds / LANES * 4
    print(f"  a full product has {product / 1e9:,.1f} G multiply-adds of float64, each pair once")
    print(f"  its bounds have {bounds / 1e9:,.0f} G of 16 bits: {bounds / 1e9 / seconds:,.0f} G a second")
    print(f"  limit: {peak_rate(threads) / 1e9:,.0f} G a second with all in the cache")
    print(
        f"  index read: {read / 1e9 / seconds:,.1f} GB/s; copying: {2 * block.nbytes / 1e9 / copied.seconds:,.1f} GB/s"
    )


def peak_rate(threads: int) -> float:
    """Measure the multiply-adds a second of the bounds on rows that stay in the cache."""
    size, terms = 256, 128
    index = np.tile(np.arange(terms, dtype=np.uint16), size)
    weights, sums = np.full(size * terms, 300, np.uint16), np.zeros((size, LANES), np.uint16)
    table = np.full((terms, LANES), 300, np.uint16)
    _sum_rows(sums, index, weights, table, 1)
    repeats = 2000
    _, found = measure(lambda: _sum_rows(sums, index, weights, table, repeats))
    return threads * repeats * size * terms * LANES / found.seconds


@njit
def _sum_rows(sums: Any, index: Any, weights: Any, table: Any, repeats: int) -> None:
    terms = table.shape[0]
    for _ in range(repeats):
        for y in range(sums.shape[0]):
            add_row((sums, y, y * terms, (y + 1) * terms, index, weights, table))


def head(rows: Rows, count: int) -> Rows:
    """Give the first rows alone."""
    count = min(count, len(rows))
    stop = int(rows.indptr[count])
    return Rows(rows.indptr[: count + 1], rows.indices[:stop], rows.data[:stop], rows.columns)


def bench_commands(content: Path) -> None:
    """Time whole commands in a git checkout of the site: build, related, and planning and writing each fill."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        shutil.copytree(content, site / "content")
        (site / "recommender.yml").write_text("content: content\n", encoding="utf-8")
        git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-C", str(site)]
        for arguments in (["init", "-q"], ["add", "content"], ["commit", "-qm", "site"]):
            subprocess.run([*git, *arguments], check=True)
        environment = {**os.environ, "XDG_STATE_HOME": str(Path(folder) / "state"), "PYTHONPATH": str(ROOT)}
        cold = {**environment, "NUMBA_CACHE_DIR": str(Path(folder) / "numba")}

        def command(*arguments: str, env: dict[str, str] = environment) -> Measured:
            call = [sys.executable, "-m", "recommender", *arguments]
            return measure(lambda: subprocess.run(call, cwd=site, env=env, check=True, stdout=subprocess.DEVNULL))[1]

        row("recommender build, kernels compiled anew", command("build", env=cold))
        shutil.rmtree(site / "models")
        scratch = command("build")
        row("recommender build, from scratch", scratch)
        again = command("build")
        row("recommender build, nothing changed", again)
        edit_ten(site / "content")
        edited = command("build")
        row("recommender build, ten files edited", edited)
        ratio("from scratch takes, against nothing changed,", scratch, again)
        ratio("from scratch takes, against ten files edited,", scratch, edited)
        subprocess.run([*git, "checkout", "-q", "--", "content"], check=True)
        command("build")
        url = json.loads(
            subprocess.check_output(
                [sys.executable, "-m", "recommender", "export", "--output", "-"], cwd=site, env=environment
            ).split(b"\n", 1)[0]
        )["url"]
        row("recommender related URL", command("related", url))
        for mode in ("empty", "repair", "regenerate"):
            row(f"recommender fill --mode {mode} (plan and diff)", command("fill", "--mode", mode))
            row(f"recommender fill --mode {mode} --write", command("fill", "--mode", mode, "--write"))
            subprocess.run([*git, "checkout", "-q", "--", "content"], check=True)
            (site / "recommender.links.jsonl").unlink(missing_ok=True)


def edit_ten(content: Path) -> None:
    """Add a few words to the text of ten articles, spread over the site."""
    files = sorted(content.rglob("*.md"))
    for file in files[:: max(1, len(files) // 10)][:10]:
        head, mark, rest = file.read_text(encoding="utf-8").partition("answer: >-\n    ")
        file.write_text(f"{head}{mark}Some further words about all of it. {rest}", encoding="utf-8")


def main() -> int:
    """Run every part and print one table."""
    corpora = os.environ.get("RECOMMENDER_CORPORA")
    content = Path(corpora) / "quicktakes/content/learn" if corpora else ROOT / "data/articles"
    print(f"{content}, {parallel.cores()} cores, Python {sys.version.split()[0]}")
    if not corpora:
        print("RECOMMENDER_CORPORA is not set: this is the sample site, too small to say much")
    corpus = bench_reading(content)
    bench_ranking(corpus)
    bench_commands(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
