"""Related-article links for Markdown sites: audit, rank, compare, fill and serve them.

All that a program needs of it stands in ``__all__``. Each name loads its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

try:
    from recommender._version import __version__ as __version__
except ModuleNotFoundError:  # a checkout that nobody installed
    __version__ = "0+unknown"

__all__ = [  # noqa: RUF022  (the reference shows them in this order)
    "Settings",
    "load_settings",
    "find_settings",
    "Article",
    "Corpus",
    "Problem",
    "read_corpus",
    "audit_site",
    "Model",
    "build_site",
    "load_model",
    "save_model",
    "ask",
    "ask_draft",
    "look_up",
    "plan_fill",
    "write_plan",
    "plan_undo",
    "evaluate_rankers",
    "read_judgments",
    "create_app",
    "RecommenderError",
]

if TYPE_CHECKING:
    from recommender.article import Article
    from recommender.build.site_build import build_site
    from recommender.editing.fill import plan_fill, write_plan
    from recommender.editing.undo import plan_undo
    from recommender.errors import RecommenderError
    from recommender.evaluation.evaluate import evaluate_rankers
    from recommender.evaluation.judgments import read_judgments
    from recommender.model.ask import ask, ask_draft
    from recommender.model.lookup import look_up
    from recommender.model.model import Model
    from recommender.model.store import load_model, save_model
    from recommender.problems import Problem
    from recommender.service import create_app
    from recommender.settings import Settings, find_settings, load_settings
    from recommender.site.audit import audit_site
    from recommender.site.corpus import Corpus, read_corpus
else:  # a type checker that saw this function would take every name for one of ours

    def __getattr__(name: str) -> object:
        """Load a name from the module that defines it (PEP 562)."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        return found


_MODULES = {
    "Article": "article",
    "Corpus": "site.corpus",
    "Model": "model.model",
    "Problem": "problems",
    "RecommenderError": "errors",
    "Settings": "settings",
    "ask": "model.ask",
    "ask_draft": "model.ask",
    "audit_site": "site.audit",
    "build_site": "build.site_build",
    "create_app": "service",
    "evaluate_rankers": "evaluation.evaluate",
    "find_settings": "settings",
    "load_model": "model.store",
    "load_settings": "settings",
    "look_up": "model.lookup",
    "plan_fill": "editing.fill",
    "plan_undo": "editing.undo",
    "read_corpus": "site.corpus",
    "read_judgments": "evaluation.judgments",
    "save_model": "model.store",
    "write_plan": "editing.fill",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
