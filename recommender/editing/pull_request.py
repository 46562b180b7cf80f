"""What a change of some articles means for the links of a site: what to add, what asks the same, what it breaks."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from recommender.article import Link
from recommender.editing.data_edit import make_data_edit
from recommender.editing.git_changes import Change
from recommender.editing.link_plan import moved_links, plan_links
from recommender.editing.plan import Filling, make_edit
from recommender.editing.planned_links import link_of
from recommender.errors import FileProblem
from recommender.model.ask import ask_row, same_question
from recommender.model.linkers import linkers_to_some
from recommender.model.model import Model
from recommender.model.reasons import reasons_in_words
from recommender.problems import Problem
from recommender.site.corpus import Corpus
from recommender.site.link_verdicts import find_target, judge_links
from recommender.site.pages_before import PagesBefore
from recommender.site.reader import read_article
from recommender.site.text_links import line_of_link, target_in_text

# Pages that should link to an article, and that ask its question.
NAMED = 5


@dataclass(frozen=True)
class Review:
    """The work of reviewing a change; ``whole`` are the paths of the files whose texts and links were read.

    ``filling`` has the site as it is, where links to pages that moved count as such.
    """

    pages: PagesBefore
    filling: Filling
    model: Model
    whole: Collection[str]

    def of(self, files: Sequence[Change]) -> dict[str, Any]:
        """Give plain values for JSON: of each article that was added or changed, of those that moved or are gone."""
        now, before = self.filling.corpus, self.pages.before
        rows = {article.path: row for row, article in enumerate(now.articles)}
        old = {article.path: row for row, article in enumerate(before.articles)}
        changed = [(file, rows[file.path]) for file in files if file.path in rows]
        moved = [
            (old[file.before], row)
            for file, row in changed
            if file.before in old and before.articles[old[file.before]].url != now.articles[row].url
        ]
        hidden = [old[file.before] for file, row in changed if file.before in old and self._hid(old[file.before], row)]
        gone = [old[file.before] for file in files if file.before in old and file.path not in rows]
        referring = self._referring({*(row for row, _ in moved), *hidden, *gone})
        no_articles = {file.path for file in files} - {*rows}
        patch, stopped = self._patch({row for _, row in moved}) if moved else ("", [])
        unread = [one for one in now.problems if one.severity == "error" and one.path in no_articles]
        return {
            "articles": [self._article(file, row) for file, row in changed],
            "moved": [
                {**_page(now, row), "before": _page(before, was), "linked_from": referring[was]} for was, row in moved
            ],
            "hidden": [{**_page(before, row), "linked_from": referring[row]} for row in hidden],
            "deleted": [{**_page(before, row), "linked_from": referring[row]} for row in gone],
            "unread": [problem.as_dict() for problem in [*unread, *stopped]],
            "patch": patch,
        }

    def _hid(self, before: int, now: int) -> bool:
        return bool(self.filling.corpus.articles[now].hidden and not self.pages.before.articles[before].hidden)

    @cached_property
    def _whole_rows(self) -> list[int]:
        articles, lists = self.filling.corpus.articles, self.filling.corpus.data_links
        return [row for row, article in enumerate(articles) if lists or article.path in self.whole]

    def _referring(self, targets: Collection[int]) -> Mapping[int, list[dict[str, Any]]]:
        """Give by the rows before of some pages the links to them that lead there no longer, sorted by place."""
        found = defaultdict[int, list[dict[str, Any]]](list)
        for row in self._whole_rows if targets else ():
            for was, line, place in self._stale(row):
                if was in targets:
                    found[was].append({**_page(self.filling.corpus, row), "line": line, "in": place})
        return found

    def _stale(self, row: int) -> Iterator[tuple[int, int, str]]:
        """Give the links of a page that led to a page before and need a new address, or none: row, line and place."""
        now, before = self.filling.corpus, self.pages.before
        for judged in judge_links(now, row, frozenset()):
            if judged.verdict in ("dead", "hidden") or {"moved", "url"} & {*judged.drift}:
                yield self.pages.led_to(row, judged.link), judged.link.line, "list"
        own, path = self.pages.row_before.get(row, -1), now.articles[row].path
        for mention in now.articles[row].mentions if own >= 0 else ():
            if target_in_text(self.pages.now, row, mention).kind == "unknown":
                was = target_in_text(before, own, mention).row
                yield was, line_of_link(now.root, path, mention) if was >= 0 else 0, "text"

    def _patch(self, moved: Collection[int]) -> tuple[str, list[Problem]]:
        """Give the diff that corrects every list that names one of some pages by its old address, and what stops it."""
        filling, corpus = self.filling, self.filling.corpus
        ours = {row: filling.generated.get(corpus.articles[row].url, frozenset()) for row in self._whole_rows}
        targets = [target for row in ours if (target := moved_links(corpus, row, moved, ours[row])).changes]
        diffs, problems = list[str](), list[Problem]()
        if links := corpus.data_links:
            try:
                edit = make_data_edit(filling, links, targets, whole=False)
                return edit.diff if edit else "", []
            except FileProblem as problem:
                return "", [Problem(problem.code, links.name, problem.line, reason=problem.reason)]
        for target in targets:
            article = corpus.articles[target.row]
            try:
                edit = make_edit(filling, article, target)
                diffs += [edit.diff] if edit else []
            except FileProblem as problem:
                problems.append(Problem(problem.code, article.path, problem.line, reason=problem.reason))
        return "".join(diffs), problems

    def _article(self, file: Change, row: int) -> dict[str, Any]:
        article = self.filling.corpus.articles[row]
        answer = ask_row(self.model, row, self.filling.settings.slots)
        same = {other for other in answer.asking.like if same_question(answer, other)}
        copies = {*self.model.rules.members.get(self.model.rules.families[row], ())} - {row}
        return {
            **_page(self.filling.corpus, row),
            "change": file.kind,
            **({"hidden": article.hidden} if article.hidden else {}),
            "links_to_add": self._to_add(row),
            "linked_from": self._linkers(row),
            "same_question": [
                {**_page(self.filling.corpus, other), "copy": other in copies} for other in sorted(same | copies)
            ],
            "problems": [problem.as_dict() for problem in self._new_problems(row)],
        }

    def _to_add(self, row: int) -> list[dict[str, Any]]:
        """Give the links that a fill would add to an article, best first."""
        filling = self.filling
        target = plan_links(filling.corpus, row, "repair", self.model, (filling.settings, filling.generated))
        added = [find_target(filling.corpus, row, link_of(want)).row for want in target.wanted if not want.source]
        return [self._reasoned(other, row, other) for other in added if other >= 0]

    def _linkers(self, row: int) -> list[dict[str, Any]]:
        """Name the articles that should link to one and do not, best first."""
        found = list[dict[str, Any]]()
        for linker in linkers_to_some(self.model, [row]).of(row, 4 * NAMED):
            if len(found) < NAMED and not self._links_to(linker.row, row):
                found.append(self._reasoned(linker.row, linker.row, row))
        return found

    def _links_to(self, row: int, target: int) -> bool:
        """Tell whether a list or the text of an article leads to another, or to a copy of it."""
        corpus = self.filling.corpus
        links: Sequence[Link] = corpus.articles[row].links
        if row not in self._whole_set and not corpus.data_links:
            read, _ = read_article(corpus.root, corpus.articles[row].path, self.filling.settings)
            links = read.links if read else ()
        rows = {find_target(corpus, row, link).row for link in links} | {*self.model.catalogue.linked(row)}
        return corpus.families[target] in {corpus.families[other] for other in rows if other >= 0}

    @cached_property
    def _whole_set(self) -> frozenset[int]:
        return frozenset(self._whole_rows)

    def _reasoned(self, shown: int, row: int, other: int) -> dict[str, Any]:
        return {**_page(self.filling.corpus, shown), "reason": reasons_in_words(self.model, row, [other])[0]}

    def _new_problems(self, row: int) -> Iterator[Problem]:
        """Give the links of an article that help no reader, and that were not in its file before."""
        now, own = self.filling.corpus, self.pages.row_before.get(row, -1)
        judged = judge_links(self.pages.before, own, frozenset()) if own >= 0 else ()
        known = Counter((one.verdict, one.link.url or one.link.id) for one in judged)
        for one in judge_links(now, row, frozenset()):
            key = one.verdict, one.link.url or one.link.id
            if one.stays or (one.verdict == "dead" and self.pages.led_to(row, one.link) >= 0):
                continue
            if known[key]:
                known[key] -= 1
                continue
            yield Problem(one.verdict, now.articles[row].path, one.link.line, one.link.slot, key[1], one.explanation)


def has_findings(review: Mapping[str, Any]) -> bool:
    """Tell whether the change breaks a link, leaves one to an old address, or makes a file no article."""
    referred = any(page["linked_from"] for page in [*review["moved"], *review["hidden"], *review["deleted"]])
    return bool(referred or review["unread"] or any(article["problems"] for article in review["articles"]))


def _page(corpus: Corpus, row: int) -> dict[str, Any]:
    article = corpus.articles[row]
    return {"title": article.title, "url": article.url, "path": article.path.replace(os.sep, "/")}
