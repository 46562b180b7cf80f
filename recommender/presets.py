"""What is known of each site generator: one row a generator, which the settings of a site override line by line.

To add a generator, add a row: its marker files tell ``recommender init`` that a site is of it, all else says where
its pages stand, which urls they get, and where their titles are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

# What no reader of a site sees, in any generator.
README = "**/README.md"
EXCLUDED = (
    README,
    "**/CONTRIBUTING.md",
    "**/CODE_OF_CONDUCT.md",
    "**/CLAUDE.md",
    "**/AGENTS.md",
    "**/SUMMARY.md",  # the contents of a book
)


@dataclass(frozen=True)
class Include:
    """How a page takes in the text of another file: a pattern whose group ``path`` names it.

    A group ``name`` is that of a component, which stands for the text wherever it is used. The path is looked for from
    the ``bases``: ``file`` is the folder of the page, ``content`` that of all pages, ``site`` the top; all else is a
    folder below the content.
    """

    pattern: str
    bases: tuple[str, ...] = ("file",)


IMPORT = Include(
    r"""^import\s+(?P<name>[A-Z]\w*)\s+from\s+['"](?P<path>[^'"\n]+\.mdx?)['"];?[ \t]*$""", ("file", "site")
)


@dataclass(frozen=True)
class Preset:
    """A site generator.

    ``markers`` are patterns of paths at the top of a site, of which one tells the generator; a row further up wins.
    ``unsure_markers`` tell it where no marker of any generator is found.
    ``content`` are the folders of its pages, of which all that exist count; ``excluded`` are patterns of files that are
    no pages. ``url_keys`` are the front matter keys of a page's url or of its place; ``patterns`` give, by folder,
    the url of a page that has none. ``title`` says where the title is: keys, ``heading`` or ``file``, the first that
    holds one. In paths, ``index`` names stand for their folder, ``number_prefixes`` (01-) are cut where they are no
    part of urls, and ``lower_case`` tells that capitals of paths are small letters in urls, and spaces hyphens.
    ``bare`` tells that a file without front matter is a page, ``slug_keys`` are front matter keys that stand for
    the file's name, ``dated_names`` that a date before the name is part of the path in urls.
    ``includes`` are how pages take in the texts of other files; in the front matter ``source_key`` names, from the
    content, the file that holds the whole text of a page, and is no page itself then.
    Where a site has no links yet, ``refer`` is how they name a page, and they stand in the list ``list_key`` of the
    front matter, or in ``data_file``, below the generator's folder; ``{content}`` stands for the folder of its pages.
    """

    markers: tuple[str, ...]
    unsure_markers: tuple[str, ...] = ()
    content: tuple[str, ...] = (".",)
    excluded: tuple[str, ...] = ()
    url_keys: tuple[str, ...] = ("url", "permalink")
    patterns: Mapping[str, str] = field(default_factory=lambda: {"": "/{path}/"})
    title: tuple[str, ...] = ("title", "heading", "file")
    index: tuple[str, ...] = ("index",)
    number_prefixes: bool = False
    lower_case: bool = False
    bare: bool = True
    slug_keys: tuple[str, ...] = ()
    dated_names: bool = True
    includes: tuple[Include, ...] = ()
    source_key: str = ""
    refer: str = "url"
    list_key: str = "related"
    data_file: str = ""

    @property
    def readme_pages(self) -> bool:
        """Whether a README.md is the page of its folder: it is, where pages have a folder of their own."""
        return "readme" in self.index and "." not in self.content


JEKYLL_POST = "/{categories}/{year}/{month}/{day}/{slug}.html"

PRESETS: Mapping[str, Preset] = {
    "hexo": Preset(
        data_file="source/_data/related.yml",
        markers=("scaffolds",),
        content=("source",),
        excluded=("_data/**",),
        url_keys=("permalink",),
        patterns={"": "/{path}.html", "_posts/": "/{year}/{month}/{day}/{slug}/"},
    ),
    "jekyll": Preset(
        includes=(
            Include(r"\{%-?\s*include_relative\s+(?P<path>[^\s%]+)[^%]*%\}"),
            Include(r"\{%-?\s*include\s+(?P<path>[^\s%]+)[^%]*%\}", ("_includes",)),
        ),
        data_file="_data/related.yml",
        # Blogs of other programs have a folder _posts too, beside the package.json of those.
        markers=(
            *(f"_config.y*ml&{folder}" for folder in ("_posts", "_layouts", "_articles")),
            *(f"{folder}&!package.json" for folder in ("_posts", "_layouts", "_articles")),
        ),
        # A theme may hold all else; books of Jupyter have a table of contents beside it.
        unsure_markers=("_config.y*ml&!_toc.yml",),
        excluded=("_includes/**", "_layouts/**", "_site/**", "_data/**", "vendor/**"),
        url_keys=("permalink",),
        patterns={"": "/{path}.html", "_posts/": JEKYLL_POST, "_drafts/": JEKYLL_POST},
        title=("title", "file"),
        bare=False,
        index=("index", "readme"),
    ),
    "zola": Preset(
        data_file="data/related.yml",
        markers=("config.toml&templates", "config.toml&content&!config/_default&!hugo.toml&!archetypes&!layouts"),
        content=("content",),
        url_keys=("path",),
        index=("index", "_index"),
        bare=False,
        lower_case=True,
        slug_keys=("slug",),
        dated_names=False,
    ),
    "hugo": Preset(
        source_key="source",
        data_file="data/related.yml",
        markers=(
            "hugo.toml",
            "hugo.yaml",
            "hugo.yml",
            "hugo.json",
            "config/_default",
            "config.toml&content",
            "config.yaml&content",
            "config.yml&content",
            "archetypes&content",
        ),
        content=("content",),
        url_keys=("url",),
        index=("index", "_index"),
        lower_case=True,
        slug_keys=("slug",),
    ),
    "docusaurus": Preset(
        includes=(IMPORT,),
        markers=("docusaurus.config.*",),
        content=("docs", "blog"),
        excluded=("**/_*",),
        url_keys=(),
        patterns={"docs/": "/docs/{path}", "blog/": "/blog/{year}/{month}/{day}/{slug}", "": "/{path}"},
        index=("index", "readme"),
        number_prefixes=True,
        slug_keys=("slug", "id"),
    ),
    "mkdocs": Preset(
        includes=(
            Include(r"""\{%-?\s*include-markdown\s+['"](?P<path>[^'"]+)['"][^%]*%\}""", ("file", "content")),
            Include(r"""\{%-?\s*include\s+['"](?P<path>[^'"]+)['"][^%]*%\}""", ("content", "file")),
            Include(r"""^[ \t]*-{1,2}8<-{1,2}[ \t]+['"](?P<path>[^'"]+)['"][ \t]*$""", ("site", "content")),
        ),
        data_file="data/related.yml",
        markers=("mkdocs.yml", "mkdocs.yaml"),
        content=("docs",),
        url_keys=(),
        title=("title", "heading", "file"),
        index=("index", "readme"),
    ),
    "vitepress": Preset(
        markers=(".vitepress", "docs/.vitepress"),
        content=("docs", "."),
        patterns={"": "/{path}.html"},
        includes=(Include(r"<!--\s*@include:\s*(?:@/)?(?P<path>[^\s{#]+).*?-->", ("file", "content")),),
    ),
    "quartz": Preset(
        refer="wikilink",
        markers=("quartz.config.*",),
        content=("content",),
        patterns={"": "/{path}"},
        title=("title", "file"),
    ),
    "obsidian": Preset(
        refer="wikilink",
        markers=(".obsidian",),
        patterns={"": "/{path}"},
        title=("title", "file"),
        excluded=(".obsidian/**",),
    ),
    "starlight": Preset(
        includes=(IMPORT,),
        refer="slug",
        markers=("astro.config.*&src/content/docs",),
        content=("src/content/docs",),
        lower_case=True,
        slug_keys=("slug",),
    ),
    "astro": Preset(
        includes=(IMPORT,),
        refer="slug",
        markers=("astro.config.*",),
        content=("src/content", "src/pages"),
        lower_case=True,
        slug_keys=("slug",),
    ),
    "eleventy": Preset(
        includes=(Include(r"""\{%-?\s*include\s+['"](?P<path>[^'"]+)['"][^%]*%\}""", ("_includes", "file")),),
        data_file="{content}/_data/related.json",
        markers=(".eleventy.js", "eleventy.config.*"),
        content=("src", "content", "."),
        index=("index", "readme"),
    ),
    "cloudcannon": Preset(
        markers=("cloudcannon.config.yml", "cloudcannon.config.yaml", "cloudcannon.config.json"),
        index=("index", "_index"),
    ),
    "plain": Preset(markers=("next.config.*", "gatsby-config.*", "contentlayer.config.*"), index=("index", "_index")),
}

# ISO 639-1, the languages that have a code of two letters, and what stands behind it: a script, a country.
_LANGUAGE = re.compile(
    "aa|ab|ae|af|ak|am|an|ar|as|av|ay|az|ba|be|bg|bh|bi|bm|bn|bo|br|bs|ca|ce|ch|co|cr|cs|cu|cv|cy|da|de|dv|dz|ee"
    "|el|en|eo|es|et|eu|fa|ff|fi|fj|fo|fr|fy|ga|gd|gl|gn|gu|gv|ha|he|hi|ho|hr|ht|hu|hy|hz|ia|id|ie|ig|ii|ik|io|is"
    "|it|iu|ja|jv|ka|kg|ki|kj|kk|kl|km|kn|ko|kr|ks|ku|kv|kw|ky|la|lb|lg|li|ln|lo|lt|lu|lv|mg|mh|mi|mk|ml|mn|mr|ms"
    "|mt|my|na|nb|nd|ne|ng|nl|nn|no|nr|nv|ny|oc|oj|om|or|os|pa|pi|pl|ps|pt|qu|rm|rn|ro|ru|rw|sa|sc|sd|se|sg|si|sk"
    "|sl|sm|sn|so|sq|sr|ss|st|su|sv|sw|ta|te|tg|th|ti|tk|tl|tn|to|tr|ts|tt|tw|ty|ug|uk|ur|uz|ve|vi|vo|wa|wo|xh|yi"
    "|yo|za|zh|zu",
    re.IGNORECASE,
)
_REGION = re.compile(r"[a-z]{2}|[A-Z]{2}|[0-9]{3}|[A-Za-z][a-z]{3}")


@lru_cache(maxsize=4096)  # asked for every folder of every file
def is_language(text: str) -> bool:
    """Tell whether a folder's name or a key's value is the code of a language: de, pt-br, zh_Hant."""
    language, *others = re.split("[-_]", text)
    return _LANGUAGE.fullmatch(language) is not None and len(others) < 3 and all(map(_REGION.fullmatch, others))
