"""One file as the settings of its site read it: url, title, links and why, or why it is no page."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recommender.article import Article
from recommender.errors import ContentError
from recommender.problems import Problem
from recommender.settings import Settings, find_settings
from recommender.site.corpus import is_page_path, read_corpus
from recommender.site.link_verdicts import judge_links


@dataclass(frozen=True)
class OneFile:
    """What is read of one file: its article or None, its problems, and its links with their verdicts and targets."""

    path: str
    article: Article | None
    problems: tuple[Problem, ...]
    links: tuple[tuple[str, str, str], ...] = ()
    why: str = ""

    def lines(self) -> list[str]:
        """Say it, a line for each thing."""
        out = [self.path]
        if self.article is None:
            out.append(f"  no page: {self.why or '; '.join(problem.sentence() for problem in self.problems)}")
            return out
        names = ("url", "title", "id", "subject", "language", "version", "hidden")
        out += [f"  {name}: {value}" for name in names if (value := getattr(self.article, name))]
        out += [f"  link: {written}  ->  {target or verdict}" for written, verdict, target in self.links]
        return out + [f"  {problem.sentence()}" for problem in self.problems]

    def as_dict(self) -> dict[str, Any]:
        """Give the same as plain values."""
        names = ("url", "title", "language", "version", "hidden")
        return {
            "path": self.path,
            "page": self.article is not None,
            "why": self.why,
            **{name: getattr(self.article, name, "") for name in names},
            "links": [
                {"written": written, "verdict": verdict, "url": target} for written, verdict, target in self.links
            ],
            "problems": [problem.as_dict() for problem in self.problems],
        }


def read_one(file: Path) -> OneFile:
    """Read the site of a file, and tell what it is there.

    Raises:
        ContentError: the file does not exist, or the settings name no content.
    """
    full = Path(os.path.abspath(file))
    if not full.is_file():
        raise ContentError(f"{file} is no file; name a Markdown file of the site")
    settings = find_settings(full.parent)
    content = settings.content
    if content is None or not full.is_relative_to(content):
        return OneFile(
            str(file), None, (), why=f"it is not in the content folder, {content or 'which no setting names'}"
        )
    path = full.relative_to(content).as_posix()
    if not is_page_path(path, settings.pages):
        return OneFile(str(file), None, (), why="`except:` names it, or it is in none of the content folders")
    return _read(settings, content, path, str(file))


def _read(settings: Settings, content: Path, path: str, name: str) -> OneFile:
    corpus = read_corpus(content, settings)
    own = tuple(problem for problem in corpus.problems if problem.path.replace(os.sep, "/") == path)
    row = next((row for row, one in enumerate(corpus.articles) if one.path.replace(os.sep, "/") == path), -1)
    if row < 0:
        return OneFile(name, None, own)
    judged = judge_links(corpus, row, frozenset())
    links = tuple(
        (j.link.url or j.link.id, j.verdict, corpus.articles[j.target].url if j.target >= 0 else "") for j in judged
    )
    return OneFile(name, corpus.articles[row], own, links)
