"""One look at the whole content, in a process of its own: what changed since the model, and who links to whom.

Reading a site takes a gigabyte for a moment; no worker of the service should ever have held it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import types
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast, get_args, get_origin, get_type_hints

import numpy as np

from recommender.arrays.sparse_rows import pack
from recommender.editing.fill import Order, filling_of
from recommender.editing.link_exchange import exchanges
from recommender.editing.planned_links import Exchanged, as_json, planned_lists
from recommender.model.catalogue import NEVER
from recommender.model.model import Model
from recommender.model.redating import hidden_on, with_decisions
from recommender.model.store import open_model, read_manifest
from recommender.problems import Problem
from recommender.rules.editor_rules import NO_RULES
from recommender.service.live_model import tag_as_of, tag_of
from recommender.settings import Settings, load_rules
from recommender.site.audit import Audit, audit_site
from recommender.site.corpus import Corpus, read_corpus
from recommender.site.files import is_article_name, walk
from recommender.site.generated_links import Generated, read_generated
from recommender.site.link_graph import front_page, pairs_of, text_links
from recommender.site.link_verdicts import curated_targets, judge_links
from recommender.site.text_links import judge_texts
from recommender.system.clock import today
from recommender.system.disk import replace_file
from recommender.system.processes import run_behind_others
from recommender.visibility import VISIBLE

# What is kept of each finding; its code, severity and remedy are those of its kind.
FINDING = ("path", "line", "slot", "value", "reason")
# So many articles with the most unsound links are named on the first page.
WORST = 12


def order_of(model_folder: Path, content: Path, settings: Settings, out: Path) -> bytes:
    """Write down what is to be surveyed, for the process that does it."""
    values = dataclasses.asdict(dataclasses.replace(settings, editor_rules=NO_RULES))  # read again there
    order = {"model": model_folder, "content": content, "settings": values, "out": out}
    return json.dumps(order, default=os.path.realpath).encode()


def settings_of(order: Mapping[str, Any]) -> Settings:
    """Give the settings of an order, with the editors' rules as they are now."""
    places = {"content": Path(order["content"]), "model": Path(order["model"])}
    settings: Settings = dataclasses.replace(made_of(Settings, order["settings"]), **places)
    return dataclasses.replace(settings, editor_rules=load_rules(settings.rules_file))


def main(order: bytes) -> None:
    """Survey the content unless nothing changed since the survey that is there, and put the new one in its place."""
    values = json.loads(order)
    folder, content, out = Path(values["model"]), Path(values["content"]), Path(values["out"])
    settings = settings_of(values)
    links_file = settings.links_file
    generated = read_generated(links_file)  # first: where it is damaged nothing else needs to be read
    manifest = read_manifest(folder)
    # A verdict may be another on another day.
    beside = [file for file in (links_file, settings.rules_file, settings.data_file) if file]
    fingerprint = fingerprint_of(content, beside, f"{tag_of(manifest)} {today()}")
    if out.exists() and fingerprint == _fingerprint_in(out):
        return
    opened = open_model(folder, manifest)
    corpus = read_corpus(content, settings)
    model, tag = with_decisions(hidden_on(opened, corpus.day), settings.editor_rules), tag_of(manifest)
    arrays, own = survey(corpus, model, settings, generated), {"tag": tag_as_of(tag, opened, model)}
    whole = Order(corpus.root, links_file=links_file, with_diff=False, model_folder=folder)
    filling = filling_of(whole, corpus, dataclasses.replace(model, settings=settings), settings)
    if exchanges(filling) and model.fits(corpus, settings):  # which takes longer: first what needs none of it
        _write(out, {**arrays, **_exchanged([])}, {**own, "fingerprint": "", "planned": False})
        arrays |= _exchanged([one for one in planned_lists(filling) if one.target.rows != one.planned])
    else:
        arrays |= _exchanged([])
    _write(out, arrays, {**own, "fingerprint": fingerprint, "planned": True})


def _exchanged(lists: Sequence[Exchanged]) -> dict[str, Any]:
    """Give the lists of which exchanges make others, as JSON, by the rows of their articles."""
    said = pack(map(as_json, lists))
    rows = np.array([one.target.row for one in lists], np.int32)
    return {"exchanged": said.blob, "exchanged_offsets": said.offsets, "exchanged_rows": rows}


def _write(out: Path, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    stream = io.BytesIO()
    told = np.frombuffer(json.dumps({**arrays["facts"], **facts}).encode(), np.uint8)
    np.savez(stream, **{**arrays, "facts": told})
    replace_file(out, stream.getvalue())


def made_of(kind: Any, value: Any) -> Any:
    """Make of plain values what they were before ``dataclasses.asdict`` and JSON, by the types of the fields."""
    options = [one for one in get_args(kind) if one is not type(None)]
    if get_origin(kind) is types.UnionType:
        return None if value is None else made_of(options[0], value)
    if get_origin(kind) is tuple:
        return tuple(made_of(options[0], one) for one in value)
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return cast("Any", kind)(**{name: made_of(hints[name], one) for name, one in value.items()})
    return Path(value) if kind is Path else value


def fingerprint_of(content: Path, beside: Sequence[Path], tag: str) -> str:
    """Give a digest of the names, sizes and times of all files that a survey reads."""
    state = hashlib.sha256(tag.encode())
    files = [os.fspath(file) for file in beside]
    for folder, _, names in walk(str(content)):
        files += sorted(os.path.join(folder, name) for name in names if is_article_name(name))
    for file in files:
        try:
            info = os.stat(file, follow_symlinks=False)
        except OSError:
            continue
        state.update(f"{file}\0{info.st_mtime_ns}\0{info.st_size}\0{info.st_ino}\0".encode("utf-8", "surrogateescape"))
    return state.hexdigest()


def _fingerprint_in(out: Path) -> str:
    try:
        with np.load(out, allow_pickle=False) as found:
            return str(json.loads(found["facts"].tobytes())["fingerprint"])
    except (OSError, ValueError, KeyError):
        return ""


def survey(corpus: Corpus, model: Model, settings: Settings, generated: Generated) -> dict[str, Any]:
    """Judge every link of a site; rows are the model's."""
    urls = model.catalogue.urls.all()
    row_of = {url: row for row, url in enumerate(urls)}
    rows = [row_of.get(article.url, -1) for article in corpus.articles]
    in_links = np.zeros(len(model), np.int32)
    curated: list[list[int]] = [[] for _ in urls]
    every: list[list[int]] = [[] for _ in urls]
    per_article: Counter[int] = Counter()
    unsound: Counter[int] = Counter()
    for number, article in enumerate(corpus.articles):
        ours = generated.get(article.url, frozenset())
        judged = judge_links(corpus, number, ours)
        per_article[len(judged)] += 1
        if rows[number] >= 0:
            unsound[rows[number]] = sum(not one.stays for one in judged)
        for one in judged:
            if one.sound and rows[one.target] >= 0:
                in_links[rows[one.target]] += 1
        if rows[number] >= 0:
            curated[rows[number]] = [rows[target] for target in curated_targets(judged) if rows[target] >= 0]
            every[rows[number]] = [rows[one.target] for one in judged if one.sound and rows[one.target] >= 0]
    likeness = model.likeness if model.corpus_digest == corpus.digest else None
    audit = audit_site(corpus, settings.slots, generated, likeness.of if likeness else None)
    facts = {
        "changed": count_changed(corpus, model, rows),
        "totals": audit.totals,
        "verdicts": audit.verdicts,
        "problems": [{**dataclasses.asdict(kind), "code": code, "count": count} for code, kind, count in audit.kinds()],
        "links_per_article": sorted(per_article.items()),
        "worst": sorted(((r, c) for r, c in unsound.items() if c), key=lambda pair: (-pair[1], pair[0]))[:WORST],
        "style": [corpus.style.indent, corpus.style.folded_title],
        "ambiguous": sorted(corpus.ambiguous_urls),
    }
    indptr = np.concatenate([[0], np.cumsum([len(targets) for targets in curated])]).astype(np.int32)
    flat = np.array([target for targets in curated for target in targets], np.int32)
    links = {"in_links": in_links, "links_indptr": indptr, "links_rows": flat, "lists": pairs_of(every)}
    return {"facts": facts, **links, **_graph_of(corpus, model, rows), **_findings(audit, corpus, rows)}


def _graph_of(corpus: Corpus, model: Model, rows: list[int]) -> dict[str, Any]:
    """Give the links of texts, and what the graph of a model's articles needs beside the links of lists."""
    catalogue, of_site = model.catalogue, text_links(judge_texts(corpus))
    places = np.array(rows, np.int64)[of_site].reshape(-1, 2)
    shown, names = catalogue.hidden == VISIBLE, catalogue.subject_numbers[0]
    return {
        "texts": places[(places >= 0).all(axis=1)],
        "families": catalogue.families,
        "shown": shown,
        "wanted": shown & (catalogue.bars & NEVER == 0),
        "subjects": np.where(catalogue.subject_numbers[1] == names.get("", -1), -1, catalogue.subject_numbers[1]),
        "front": np.array([rows[front] if (front := front_page(corpus)) >= 0 else -1]),
    }


def _findings(audit: Audit, corpus: Corpus, rows: list[int]) -> dict[str, Any]:
    """Give the findings by their kinds, each as JSON, with the row of its article, -1 where it is about none."""
    row_of_path = {article.path: row for row, article in zip(rows, corpus.articles, strict=True)}
    kinds = {(code, kind.severity): number for number, (code, kind, _) in enumerate(audit.kinds())}
    ordered = sorted(audit.problems, key=lambda problem: kinds[problem.code, problem.severity])
    said = pack(json.dumps(_finding(problem), ensure_ascii=False) for problem in ordered)
    owners = np.array([row_of_path.get(problem.path, -1) for problem in ordered], np.int32)
    return {"findings": said.blob, "findings_offsets": said.offsets, "findings_rows": owners}


def _finding(problem: Problem) -> list[str | int]:
    values = problem.as_dict()
    return [values[name] for name in FINDING]


def count_changed(corpus: Corpus, model: Model, rows: list[int]) -> int:
    """Count the articles that are new, gone, or differ in what ranking reads; links play no part."""
    pairs = [(row, article) for row, article in zip(rows, corpus.articles, strict=True) if row >= 0]
    sources = model.catalogue.sources
    changed: int = sum(sources[row].tobytes().hex() != article.source_digest for row, article in pairs)
    return changed + (len(corpus.articles) - len(pairs)) + (len(model) - len(pairs))


if __name__ == "__main__":
    run_behind_others(main)
