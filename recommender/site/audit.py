"""A corpus and its links to Problems: what an editor should know before and after a fill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from recommender.addresses import alias_key, host_name, parse
from recommender.problems import KINDS, MILD, Kind, Problem
from recommender.settings import FILE_NAME
from recommender.site.corpus import Corpus, members_of
from recommender.site.generated_links import Generated
from recommender.site.link_verdicts import Judged, judge_links
from recommender.site.text_links import TextLinks, judge_texts, line_of_link

SameQuestions = Callable[[int], Iterable[int]]


@dataclass(frozen=True)
class Audit:
    """All findings, by path, and the counts that sum them up: verdicts of links, and of the site."""

    problems: tuple[Problem, ...]
    verdicts: dict[str, int]
    totals: dict[str, int]

    def counts(self) -> dict[str, int]:
        """Count the findings by code, in the order of the table of codes."""
        found = Counter(problem.code for problem in self.problems)
        return {code: found[code] for code in KINDS if found[code]}

    def kinds(self) -> list[tuple[str, Kind, int]]:
        """Count the findings by code and kind, in the order of the table of codes; mild ones behind the others."""
        found = Counter((problem.code, problem.mild) for problem in self.problems)
        pairs = [(code, mild) for code in KINDS for mild in (False, True) if found[code, mild]]
        return [(code, MILD[code] if mild else KINDS[code], found[code, mild]) for code, mild in pairs]


def audit_site(
    corpus: Corpus, slots: int, generated: Generated = MappingProxyType({}), same: SameQuestions | None = None
) -> Audit:
    """Find every problem of files and links.

    ``slots`` are the links that an article may have, ``generated`` those that a fill made, by the url of their
    article. Same questions are found only where ``same`` gives the rows of those of a row, as ``Model.likeness.of``.
    """
    judged = [
        judge_links(corpus, row, generated.get(article.url, frozenset())) for row, article in enumerate(corpus.articles)
    ]
    problems = [*corpus.problems, *corpus.decisions.problems]
    for row, links in enumerate(judged):
        problems += _link_problems(corpus, row, links, slots)
    texts = judge_texts(corpus)
    problems += [*_dead_in_texts(corpus, texts), *_site_problems(corpus, judged, texts)]
    problems += _same_questions(corpus, same) if same else []
    verdicts = Counter(j.verdict for links in judged for j in links)
    linked = _linked(judged, texts)
    totals = {
        "files": corpus.files,
        "articles": len(corpus.articles),
        "families": len(set(corpus.families)),
        "links": sum(verdicts.values()),
        "articles with links": sum(bool(links) for links in judged),
        "articles linked from nowhere": len(corpus.articles) - len(linked),
    }
    ordered = tuple(sorted(problems, key=lambda p: (p.path, p.line, p.slot, p.code, p.value)))
    return Audit(ordered, dict(sorted(verdicts.items())), totals)


def _link_problems(corpus: Corpus, row: int, links: Sequence[Judged], slots: int) -> list[Problem]:
    article = corpus.articles[row]
    found = []
    for judged in links:
        link = judged.link
        place = (article.path, link.line, link.slot)
        target = link.url or link.id or link.title
        if judged.verdict == "hidden":
            found.append(Problem("hidden", *place, target, judged.explanation, mild=judged.stays))
        found += [Problem(code, *place, text, target=target) for code, text in _findings(corpus, judged)]
    held = [judged.link.slot for judged in links]
    for (slot, _), (after, line) in pairwise(sorted((link.slot, link.line) for link in article.links)):
        if slot == after:
            found.append(Problem("duplicate-slot", article.path, line, slot))
    gaps = set(range(1, max(held, default=0))).difference(held)
    if not held and not article.visibility.no_list:
        found.append(Problem("no-links", article.path))
    elif gaps:
        found.append(Problem("gap", article.path, slot=min(gaps)))
    if len(held) > slots:
        found.append(Problem("too-many", article.path, slot=max(held), value=f"{len(held)} links, {slots} slots"))
    return found


def _findings(corpus: Corpus, judged: Judged) -> Iterator[tuple[str, str]]:
    """Give the codes and values of what there is to say of one link."""
    link = judged.link
    if judged.verdict not in ("sound", "external", "hidden"):
        yield judged.verdict, link.url or link.id or link.title
    if judged.again:
        yield "same-page", link.url
    for key in judged.drift:
        if key in ("url", "moved"):
            yield ("moved" if key == "moved" else "drifted-url"), f"{link.url!r} is {judged.url!r}"
        else:
            yield f"drifted-{key}", f"{getattr(link, key)!r} is {getattr(corpus.articles[judged.target], key)!r}"


def _dead_in_texts(corpus: Corpus, texts: TextLinks) -> Iterator[Problem]:
    """Name the links of texts that lead to no page; no fill edits them."""
    for row, targets in texts.dead.items() if texts.known else ():
        path = corpus.articles[row].path
        for target in targets:
            yield Problem("dead", path, line_of_link(corpus.root, path, target), value=target, mild=True)


def _linked(judged: Sequence[Sequence[Judged]], texts: TextLinks) -> set[int]:
    """Give the articles that a list or a text links to."""
    return {j.target for links in judged for j in links if j.sound}.union(*texts.linked.values())


def _site_problems(corpus: Corpus, judged: Sequence[Sequence[Judged]], texts: TextLinks) -> list[Problem]:
    articles = corpus.articles
    linked = _linked(judged, texts)
    found = [
        Problem("orphan", article.path)
        for row, article in enumerate(articles)
        if row not in linked and article.suggestible
    ]
    for identity, rows in corpus.rows_of_id.items():
        if len(rows) > 1:
            found.append(Problem("shared-id", articles[rows[0]].path, value=f"{identity} in {len(rows)} files"))
    for rows in members_of(corpus.families).values():
        urls = ", ".join(articles[row].url for row in rows)
        found.append(Problem("copies", articles[rows[0]].path, value=urls))
    return [*found, *_alias_conflicts(corpus), *_unknown_hosts(corpus, judged)]


def _alias_conflicts(corpus: Corpus) -> Iterator[Problem]:
    """Find the old addresses that lead to several pages: each article that has one, and who else has it."""
    for row, article in enumerate(corpus.articles):
        for alias in article.aliases:
            rows, old = corpus.address_index.at(alias_key(corpus.address_index, article.url, alias))
            others = [corpus.articles[other].url for other in dict.fromkeys((*rows, *old)) if other not in (row, -2)]
            if others:
                yield Problem("alias-conflict", article.path, value=f"{alias} of {', '.join(others)}", target=alias)


def _unknown_hosts(corpus: Corpus, judged: Sequence[Sequence[Judged]]) -> list[Problem]:
    """Say once to which hosts links lead, where none is known to be the site's own."""
    outside = (parse(j.link.url) for links in judged for j in links if j.verdict == "external")
    hosts = Counter(host_name(address.host) for address in outside if address.host)
    if corpus.address_index.hosts or not hosts:
        return []
    named = ", ".join(f"{host} ({count:,})" for host, count in hosts.most_common(5))
    return [Problem("unknown-host", FILE_NAME, value=named)]


def _same_questions(corpus: Corpus, same: SameQuestions) -> list[Problem]:
    return [
        Problem("same-question", article.path, value=corpus.articles[other].url)
        for row, article in enumerate(corpus.articles)
        for other in same(row)
        if row < other and corpus.families[row] != corpus.families[other]
    ]
