"""The site's files as they are now, one article at a time: its curated links, and what a fill would change.

The site is not held: an article is read when it is asked for, and what is known of the others comes from the model.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

from recommender.article import Article, Style
from recommender.editing.data_edit import make_data_edit
from recommender.editing.fill import diff_prefix
from recommender.editing.link_plan import MODES, Target, new_link, plan_links
from recommender.editing.list_style import list_style
from recommender.editing.new_list import list_text
from recommender.editing.plan import Edit, Filling
from recommender.editing.planned_links import Exchanged, link_of
from recommender.errors import FileProblem
from recommender.markdown.formats import read_front
from recommender.markdown.link_blocks import Wanted
from recommender.markdown.list_editing import ListStyle
from recommender.model.catalogue import Catalogue, SavedAddresses
from recommender.model.lookup import rows_of_id
from recommender.model.model import Model
from recommender.problems import Problem
from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.site.data_links import read_data_links, with_data_links_of
from recommender.site.files import read_bytes
from recommender.site.generated_links import generated_of
from recommender.site.link_kinds import LinkKinds, link_kinds
from recommender.site.link_verdicts import Judged, curated_targets, find_target, judge_links
from recommender.site.other_pages import SiteForm, form_of
from recommender.site.page_names import reference_to
from recommender.site.partitions import as_named
from recommender.site.reader import read_article
from recommender.site.references import References, ReferenceStyle, make_references, style_of_references
from recommender.visibility import GONE

# For verdicts of which nobody asks whether a page that is no article is there all the same.
# Files in which the style of lists is looked for.
SAMPLE = 300
NO_FORM = SiteForm(frozenset(), frozenset())


@dataclass(frozen=True)
class Today:
    """One article's file as it is now: its links with their verdicts, or what keeps it from being that article.

    ``article`` is None where the file is ``gone``, no article any more, or another one, with the url ``moved_to``.
    """

    article: Article | None
    judged: tuple[Judged, ...] = ()
    generated: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    gone: bool = False
    moved_to: str = ""


NOTHING = Today(None)


@dataclass(frozen=True)
class Known:
    """What only a look at the whole site tells: the urls that two files have, the commonest style of its blocks.

    ``exchanged`` is the list of the article after the exchanges of a fill; None where there are none.
    """

    ambiguous: Sequence[str] = ()
    style: Style | None = None
    exchanged: Exchanged | None = None


@dataclass(frozen=True)
class Planned:
    """What a fill would make of one article: its links, and the edit of its file, what forbids it, or None for none."""

    corpus: Corpus
    target: Target
    outcome: Edit | Problem | None

    def row_of(self, want: Wanted) -> int:
        """Find the article that a wanted link leads to; negative for none."""
        return find_target(self.corpus, self.target.row, link_of(want)).row


def _read(root: Path, settings: Settings, catalogue: Catalogue, row: int) -> tuple[Article | None, tuple[Problem, ...]]:
    """Read one article as it is in its site: by its url there, with the links of the data file."""
    article, problems = read_article(root, catalogue.paths[row], settings)
    article = article and as_named(article, catalogue.urls[row], catalogue.partition_of(row))
    return article and with_data_links_of(article, settings), problems


@dataclass(frozen=True)
class _Lists:
    """What lists of links call the pages of a site, and how most of them are written."""

    references: References | None = None
    reference_style: ReferenceStyle | None = None
    list_style: ListStyle | None = None
    link_kinds: LinkKinds | None = None


def _read_lists(root: Path, settings: Settings, catalogue: Catalogue) -> _Lists:
    """Read some files, evenly spread; all of them where references name a value that only front matter holds."""
    files, count = _Articles(root, settings, catalogue), len(catalogue)
    named = any(one.refer.startswith("key ") for one in settings.links)
    some = tuple(files[row] for row in _some(catalogue))
    pages = files[:] if named else [as_built(catalogue, row) for row in range(count)]
    style = style_of_references(some, settings.links[0])
    return _Lists(make_references(pages), style, list_style(root, some, settings, style))


def _some(catalogue: Catalogue) -> range:
    """Give some rows, evenly spread."""
    return range(0, len(catalogue), max(1, len(catalogue) // SAMPLE))


class Content:
    """The files of a site, beside the model that was built from them."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings
        self.links_file = settings.links_file
        self._diff_prefix = diff_prefix(root)
        self._form: tuple[weakref.ref[Catalogue] | None, SiteForm] = None, NO_FORM
        self._lists: tuple[weakref.ref[Catalogue] | None, _Lists] = None, _Lists()

    def today(self, model: Model, row: int, ambiguous: Sequence[str] = ()) -> Today:
        """Read one article's file and judge its links.

        Raises:
            SettingsError: the file that says which links were generated is damaged.
        """
        path, url = model.catalogue.paths[row], model.catalogue.urls[row]
        article, problems = _read(self.root, self.settings, model.catalogue, row)
        if article is None:
            gone = not os.path.lexists(self.root / path)
            return Today(None, problems=() if gone else problems, gone=gone)
        if article.url != url:
            return Today(None, problems=problems, moved_to=article.url)
        generated = generated_of(self.links_file, url)
        return Today(article, judge_links(self._corpus(model, ambiguous), row, generated), generated, problems)

    def fill(self, model: Model, row: int, mode: str, known: Known) -> Planned:
        """Give the links that one article would have after a fill, and the edit of its file.

        Raises:
            SettingsError: the file that says which links were generated is damaged.
        """
        url = model.catalogue.urls[row]
        filling = Filling(
            corpus=self._corpus(model, known.ambiguous, known.style),
            chooser=model,
            mode=mode,
            settings=self.settings,
            generated={url: generated_of(self.links_file, url)},
            diff_prefix=self._diff_prefix,
            known_list_style=self._lists_of(model).list_style,
        )
        target = plan_links(filling.corpus, row, mode, model, (self.settings, filling.generated))
        if known.exchanged is not None and mode == MODES[0]:
            target = known.exchanged.instead_of(target)
        outcome = self._fill_data(filling, target) if self.settings.data_file else filling.edit(target)
        return Planned(filling.corpus, target, outcome)

    def _fill_data(self, filling: Filling, target: Target) -> Edit | Problem | None:
        links = read_data_links(self.settings, self.root, lambda url: filling.corpus.row_of.get(url, -1))
        if links is None:
            return None
        try:
            return make_data_edit(filling, links, [target], whole=False)
        except FileProblem as problem:
            return Problem(problem.code, links.name, problem.line, reason=problem.reason)

    def draft_list(self, model: Model, rows: Sequence[int], form: str, known: Style | None) -> str:
        """Write links to some articles as the front matter of a page of the site has them; "" where it has none.

        ``form`` is that of the page; where it has none, that of the first of the articles. Where lists name files by
        their paths from the page, it is taken to stand beside that first one.
        """
        if not rows:
            return ""
        corpus, lists = self._corpus(model, (), known), self._lists_of(model)
        with contextlib.suppress(FileProblem, OSError):
            form = (
                form
                if form != "none"
                else read_front(read_bytes(os.path.join(self.root, model.catalogue.paths[rows[0]]))[0]).form
            )
        style = lists.list_style or corpus.style
        named = [(row, self._name(corpus, rows[0], row, lists)) for row in rows]
        wanted = [new_link(corpus, row, slot, name) for slot, (row, name) in enumerate(named, 1) if name]
        return list_text(wanted, self.settings, style, form)

    def _name(self, corpus: Corpus, beside: int, row: int, lists: _Lists) -> str:
        """Give the text by which the list of a page beside another one would name an article."""
        style = lists.reference_style
        return corpus.articles[row].url if style is None else reference_to(corpus, beside, row, style)

    def curated(self, model: Model, row: int) -> list[int]:
        """Read one article's file, and no other; give the rows that a person linked to, as a survey does.

        Raises:
            SettingsError: the file that says which links were generated is damaged.
        """
        url = model.catalogue.urls[row]
        article, _ = _read(self.root, self.settings, model.catalogue, row)
        if article is None or article.url != url:
            return []
        generated = generated_of(self.links_file, url)
        others = _Articles(self.root, self.settings, model.catalogue, (row, article))
        corpus = replace(self._corpus(model, (), form=NO_FORM), articles=others)
        return curated_targets(judge_links(corpus, row, generated))

    def _form_of(self, model: Model) -> SiteForm:
        """Give the form of a site's urls, made once a model: it takes 0.1 s, and reads what the settings name."""
        catalogue, form = self._form
        if catalogue is None or catalogue() is not model.catalogue:
            form = form_of(model.catalogue.urls.all(), self.settings.url)
            self._form = weakref.ref(model.catalogue), form
        return form

    def _lists_of(self, model: Model) -> _Lists:
        """Give what lists of links call the pages, made once a model; nothing where the links are numbered blocks."""
        catalogue, lists = self._lists
        if self.settings.links and (catalogue is None or catalogue() is not model.catalogue):
            lists = _read_lists(self.root, self.settings, model.catalogue)
            self._lists = weakref.ref(model.catalogue), lists
            if self.settings.links[0].shape == "mappings":
                corpus = self._corpus(model, (), form=NO_FORM)  # which asks for what was found so far
                lists = replace(lists, link_kinds=link_kinds(corpus, _some(model.catalogue)))
                self._lists = weakref.ref(model.catalogue), lists
        return lists

    def _corpus(
        self, model: Model, ambiguous: Sequence[str], style: Style | None = None, form: SiteForm | None = None
    ) -> Corpus:
        catalogue = model.catalogue
        return Corpus(
            root=self.root,
            known_decisions=model.decisions,
            articles=_Articles(self.root, self.settings, catalogue),
            problems=(),
            files=len(catalogue),
            style=style or Style(),
            ambiguous_urls=frozenset(ambiguous),
            row_of=_RowOf(catalogue),
            rows_of_id=_RowsOfId(model),
            families=model.rules.families,
            address_index=_Book(model.catalogue, model.settings.url, frozenset(ambiguous)),
            url=self.settings.url,
            known_form=form or self._form_of(model),
            lists=self.settings.links,
            known_references=self._lists_of(model).references,
            known_reference_style=self._lists_of(model).reference_style,
            known_link_kinds=self._lists_of(model).link_kinds,
            known_partitions=_Partitions(catalogue),
            same_partition=(lambda one, other: catalogue.partitions[one] == catalogue.partitions[other])
            if catalogue.shared
            else None,
        )


class _Articles(Sequence[Article]):
    """Articles by their rows, each read when it is asked for; as the model knew it where its file is gone.

    With ``only`` all but this one are as the model knew them.
    """

    def __init__(
        self, root: Path, settings: Settings, catalogue: Catalogue, only: tuple[int, Article] | None = None
    ) -> None:
        self._root = root
        self._settings = settings
        self._catalogue = catalogue
        self._read = dict([only] if only else ())
        self._reads = only is None

    def __len__(self) -> int:
        return len(self._catalogue)

    @overload
    def __getitem__(self, row: int) -> Article: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Article]: ...
    def __getitem__(self, row: int | slice) -> Article | Sequence[Article]:
        if isinstance(row, slice):
            return [self[number] for number in range(*row.indices(len(self)))]
        if row not in self._read:
            article = _read(self._root, self._settings, self._catalogue, row)[0] if self._reads else None
            same = article is not None and article.url == self._catalogue.urls[row]
            self._read[row] = article if article is not None and same else as_built(self._catalogue, row)
        return self._read[row]


class _Partitions(Sequence[tuple[str, str]]):
    """The language and the version of each article, without a look at its file."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def __len__(self) -> int:
        return len(self._catalogue)

    @overload
    def __getitem__(self, row: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[tuple[str, str]]: ...
    def __getitem__(self, row: int | slice) -> tuple[str, str] | Sequence[tuple[str, str]]:
        if isinstance(row, slice):
            return [self[number] for number in range(*row.indices(len(self)))]
        return self._catalogue.partition_of(row)


def as_built(catalogue: Catalogue, row: int) -> Article:
    """Give an article as the model knew it, without texts and links."""
    return Article(
        url=catalogue.urls[row],
        id=catalogue.ids[row],
        title=catalogue.titles[row],
        subject=catalogue.subjects[row],
        date="",
        path=catalogue.paths[row],
        hidden=catalogue.hidden_because(row),
        texts=(),
        answer_digest="",
        source_digest="",
        file_digest="",
        links=(),
        style=None,
        visibility=catalogue.visibility_of(row),
        hidden_for_good=int(catalogue.hidden[row]) == GONE,
    )


@dataclass(frozen=True)
class _Book(SavedAddresses):
    """The addresses of a model, and which urls two files have now."""

    ambiguous: frozenset[str] = frozenset()

    def row(self, url: str) -> int:
        """Give the row of the article with exactly this url, -1 for none, -2 where several files have it."""
        return -2 if url in self.ambiguous else super().row(url)

    def at(self, key: str) -> tuple[Sequence[int], Sequence[int]]:
        """Give the rows whose url has a key, and those with an alias that has it."""
        return ((-2,), ()) if key in self.ambiguous else super().at(key)


class _RowOf(Mapping[str, int]):
    """The row of a url, by binary search."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._urls = catalogue.urls

    def __getitem__(self, url: str) -> int:
        row = self._urls.find(url)
        if row < 0:
            raise KeyError(url)
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(self._urls.all())

    def __len__(self) -> int:
        return len(self._urls)


class _RowsOfId(Mapping[str, tuple[int, ...]]):
    """The rows of an id, by binary search."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def __getitem__(self, identity: str) -> tuple[int, ...]:
        rows = tuple(rows_of_id(self._model, identity)) if identity else ()
        if not rows:
            raise KeyError(identity)
        return rows

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(self._model.catalogue.ids.all()))

    def __len__(self) -> int:
        return len(self._model)
