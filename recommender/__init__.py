"""Related-article links for Markdown sites: audit, rank, compare, fill and serve them."""

__version__ = "0.1.0"
