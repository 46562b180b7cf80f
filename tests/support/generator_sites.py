"""Small sites in the layouts of the generators, written for the tests: five pages about tides each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TEXTS = {
    "moon": ("How the moon pulls the sea", "The moon pulls the sea, and the sea rises into a tide below the moon."),
    "sun": (
        "How the sun helps the moon",
        "The sun pulls the sea too: sun and moon pull as one at a spring tide.",
    ),
    "ebb": ("What an ebb tide is", "An ebb is the tide that goes out, when the moon has passed and the sea falls."),
    "flood": ("What a flood tide is", "A flood is the tide that comes in, when the moon pulls the sea to the shore."),
    "mill": (
        "How a tide mill works",
        "A tide mill keeps the sea of a flood in a pond and grinds while the ebb falls.",
    ),
}


@dataclass(frozen=True)
class Site:
    """Files of a site, the preset that they tell, some urls by path, and the references that are found of all."""

    files: Mapping[str, str]
    preset: str
    urls: Mapping[str, str]
    references: tuple[int, int] = (0, 0)
    settings: Mapping[str, str] = field(default_factory=dict)
    pages: int = 5


def page(name: str, front: str = "", *, heading: bool = False) -> str:
    """Write one page: with front matter of lines, its title among them, or with a heading alone."""
    title, text = TEXTS[name]
    if heading:
        return f"# {title}\n\n{text}\n"
    return f"---\ntitle: {title}\n{front}---\n\n{text}\n"


def pages(folder: str, suffix: str = ".md", **fronts: str) -> dict[str, str]:
    """Write all pages into a folder; ``fronts`` give further lines of front matter by page."""
    return {f"{folder}{name}{suffix}": page(name, fronts.get(name, "")) for name in TEXTS}


def toml(folder: str, **fronts: str) -> dict[str, str]:
    """Write all pages with front matter in TOML."""
    return {
        f"{folder}{name}.md": f'+++\ntitle = "{title}"\n{fronts.get(name, "")}+++\n\n{text}\n'
        for name, (title, text) in TEXTS.items()
    }


POSTS = {
    f"_posts/2024-05-0{day}-{name}.md": page(
        name, "related_posts:\n  - /2024/05/02/sun.html\n" if name == "moon" else ""
    )
    for day, name in enumerate(TEXTS, 1)
}

SITES: dict[str, Site] = {
    "hugo": Site(
        {
            **pages("content/docs/", moon="related:\n  - /docs/ebb/\n  - /gone/\n"),
            "hugo.toml": 'baseURL = "https://e.org/"\n',
        },
        "hugo",
        {"docs/moon.md": "/docs/moon/"},
        (1, 2),
    ),
    "hugo, permalinks, slugs and bundles": Site(
        {
            **pages("content/post/", moon="date: 2024-01-02\n", sun="date: 2024-01-03\nslug: the-sun\n")
            | {f"content/post/{name}.md": page(name, "date: 2024-02-03\n") for name in ("ebb", "flood")},
            "content/post/mill.md": page("mill", "url: /old/mill/\n"),
            "content/about/_index.md": page("moon"),
            "hugo.yaml": "permalinks:\n  post: /:year/:month/:slug/\n",
        },
        "hugo",
        {
            "post/moon.md": "/2024/01/how-the-moon-pulls-the-sea/",
            "post/sun.md": "/2024/01/the-sun/",
            "post/mill.md": "/old/mill/",
            "about/_index.md": "/about/",
        },
        pages=6,
    ),
    "hugo, permalinks below languages": Site(
        {
            f"content/{language}/{folder}/{name}.md": page(name, f"date: 2024-01-0{day}\nslug: same\n")
            for language in ("en", "de")
            for folder in ("post", "docs")
            for day, name in enumerate(TEXTS, 1)
        }
        | {"hugo.toml": '[permalinks]\npost = "/:year/:month/:day/:slug/"\n'}
        | pages("content/en/docs/")
        | pages("content/de/docs/"),
        "hugo",
        {"en/post/moon.md": "/en/2024/01/01/same/", "de/post/sun.md": "/de/2024/01/02/same/"},
        pages=20,
    ),
    "jekyll": Site(
        {**POSTS, "_config.yml": "title: Tides\n", "README.md": "# Not a page\n"},
        "jekyll",
        {"_posts/2024-05-01-moon.md": "/2024/05/01/moon.html"},
        (1, 1),
    ),
    "jekyll, all but the pages in a theme": Site(
        {
            "_config.yml": "remote_theme: a/theme\ncollections:\n  guides:\n    output: true\n",
            "index.md": page("moon"),
            **pages("_guides/"),
        },
        "jekyll",
        {"_guides/moon.md": "/guides/moon.html", "index.md": "/"},
        pages=6,
    ),
    "a blog with a program's package.json": Site(
        {**pages("_posts/"), "package.json": "{}", "next.config.mjs": ""},
        "plain",
        {"moon.md": "/moon/"},
    ),
    "plain, a book with its contents": Site(
        {**pages("src/"), "src/SUMMARY.md": "# Summary\n\n- [Moon](moon.md)\n", "book.toml": ""},
        "plain",
        {"moon.md": "/moon/"},
    ),
    "jekyll, pretty permalinks": Site(
        {**POSTS, "_config.yml": "permalink: pretty\n"},
        "jekyll",
        {"_posts/2024-05-02-sun.md": "/2024/05/02/sun/"},
        (1, 1),
    ),
    "jekyll, a collection beside posts": Site(
        {
            **POSTS,
            "_guides/start.md": page("ebb"),
            "_config.yml": "collections:\n  guides:\n    permalink: /:collection/:path/\n",
        },
        "jekyll",
        {"_posts/2024-05-02-sun.md": "/2024/05/02/sun.html", "_guides/start.md": "/guides/start/"},
        (1, 1),
        pages=6,
    ),
    "mkdocs": Site(
        {**{f"docs/{name}.md": page(name, heading=True) for name in TEXTS}, "mkdocs.yml": "site_name: Tides\n"},
        "mkdocs",
        {"moon.md": "/moon/"},
    ),
    "docusaurus": Site(
        {
            **pages("docs/01-basics/", ".mdx", moon="slug: the-moon\n"),
            "docs/01-basics/_part.mdx": "A part of pages.\n",
            "docusaurus.config.js": "",
        },
        "docusaurus",
        {"01-basics/moon.mdx": "/docs/basics/the-moon", "01-basics/sun.mdx": "/docs/basics/sun"},
    ),
    "docusaurus, a blog": Site(
        {**{f"blog/2024-05-0{n}-{name}.md": page(name) for n, name in enumerate(TEXTS, 1)}, "docusaurus.config.ts": ""},
        "docusaurus",
        {"2024-05-01-moon.md": "/blog/2024/05/01/moon"},
    ),
    "hexo": Site(
        {
            **{f"source/_posts/{name}.md": page(name, "date: 2024-05-06 10:00:00\n") for name in TEXTS},
            "scaffolds/post.md": "---\n---\n",
            "_config.yml": "permalink: :year/:month/:day/:title/\nurl: https://e.org\n",
        },
        "hexo",
        {"_posts/moon.md": "/2024/05/06/moon/"},
    ),
    "zola": Site(
        {
            **toml("content/", moon='[extra]\nrelated = ["/sun/", "/ebb/"]\n'),
            "config.toml": 'base_url = "https://e.org"\n',
            "templates/index.html": "",
        },
        "zola",
        {"moon.md": "/moon/"},
        (2, 2),
    ),
    "eleventy": Site(
        {**pages("src/", moon="related_rules:\n- sun\n- ebb\n", sun="permalink: /the/sun/\n"), ".eleventy.js": ""},
        "eleventy",
        {"moon.md": "/moon/", "sun.md": "/the/sun/"},
        (2, 2),
    ),
    "astro": Site(
        {**pages("src/content/posts/", moon="relatedPosts: [sun, ebb]\n"), "astro.config.mjs": ""},
        "astro",
        {"posts/moon.md": "/posts/moon/"},
        (2, 2),
    ),
    "starlight": Site(
        {**pages("src/content/docs/guides/", ".mdx"), "astro.config.mjs": ""},
        "starlight",
        {"guides/moon.mdx": "/guides/moon/"},
    ),
    "vitepress": Site(
        {**{f"docs/{name}.md": page(name, heading=True) for name in TEXTS}, "docs/.vitepress/config.ts": ""},
        "vitepress",
        {"moon.md": "/moon.html"},
    ),
    "quartz": Site(
        {
            **pages("content/notes/", moon='related:\n  - "[[notes/sun|The sun]]"\n  - "[[ebb]]"\n'),
            "quartz.config.ts": "",
        },
        "quartz",
        {"notes/moon.md": "/notes/moon"},
        (2, 2),
    ),
    "obsidian, titles from file names": Site(
        {**{f"{title}.md": text for title, text in TEXTS.values()}, ".obsidian/app.json": "{}"},
        "obsidian",
        {"What an ebb tide is.md": "/What%20an%20ebb%20tide%20is"},
    ),
    "plain, uuids in a nested list": Site(
        {
            f"articles/{name}.mdx": "---\n_uuid: 00000000-0000-4000-8000-00000000000" + str(n) + "\ndetails:\n"
            f"  title: {title}\n"
            + (
                "  related_articles:\n    - _type: articles\n      item: 00000000-0000-4000-8000-000000000001\n"
                if name == "moon"
                else ""
            )
            + f"---\n\n{text}\n"
            for n, (name, (title, text)) in enumerate(TEXTS.items())
        },
        "plain",
        {"moon.mdx": "/moon/"},
        (1, 1),
    ),
    "plain, path and title in one text": Site(
        pages("content/", moon="related:\n  - /sun/, The sun in short\n  - https://example.org/x\n"),
        "plain",
        {"moon.md": "/moon/"},
        (1, 2),
    ),
    "plain, mappings of text and url": Site(
        pages(
            "app/",
            moon="related_resources:\n  - text: The sun\n    url: /sun/\n  - text: Away\n    url: https://e.org/\n",
        ),
        "plain",
        {"moon.md": "/moon/"},
        (1, 2),
    ),
    "plain, a group of paths without slashes": Site(
        {
            f"docs/0{n}-{name}.mdx": page(
                name, "related:\n  title: Next\n  links:\n    - sun\n" if name == "moon" else ""
            )
            for n, name in enumerate(TEXTS, 1)
        },
        "plain",
        {"01-moon.mdx": "/01-moon/"},
        (1, 1),
    ),
    "plain, keys with capitals and a flag of the list's name": Site(
        {
            f"content/{name}.md": f"---\nTitle: {title}\nrelated_posts: true\n---\n\n{text}\n"
            for name, (title, text) in TEXTS.items()
        },
        "plain",
        {"moon.md": "/moon/"},
    ),
    "hugo, languages by suffix": Site(
        {
            **pages("content/docs/"),
            **pages("content/docs/", ".de.md", sun="slug: sonne\n"),
            "content/docs/_index.de.md": page("moon"),
            "hugo.toml": 'defaultContentLanguage = "en"\n[languages.en]\n[languages.de]\n',
        },
        "hugo",
        {
            "docs/moon.md": "/docs/moon/",
            "docs/moon.de.md": "/de/docs/moon/",
            "docs/sun.de.md": "/de/docs/sonne/",
            "docs/_index.de.md": "/de/docs/",
        },
        pages=11,
    ),
    "hugo, a folder a language and permalinks": Site(
        {
            **{
                f"content/{code}/post/{name}.md": page(name, "date: 2024-01-02\n")
                for code in ("en", "fr")
                for name in TEXTS
            },
            "content/fr/about/index.md": page("moon"),
            "content/shared/part.md": page("sun"),
            "config/_default/hugo.toml": 'defaultContentLanguage = "en"\n',
            "config/_default/languages.toml": '[en]\ncontentDir = "content/en"\n[fr]\ncontentDir = "content/fr"\n',
            "config/_default/permalinks.toml": '[page]\npost = "/:year/:contentbasename/"\n',
        },
        "hugo",
        {
            "en/post/moon.md": "/2024/moon/",
            "fr/post/moon.md": "/fr/2024/moon/",
            "fr/about/index.md": "/fr/about/",
        },
        pages=11,
    ),
    "hugo, sections and a bundle in toml": Site(
        {
            **toml("content/notes/", moon='slug = "luna"\n'),
            "content/notes/_index.md": "+++\ntitle = 'Notes'\n+++\n",
            "content/notes/shore/index.md": "+++\ntitle = 'Shore'\n+++\n\nThe sea meets the land at the shore.\n",
            "hugo.toml": "",
        },
        "hugo",
        {"notes/moon.md": "/notes/luna/", "notes/_index.md": "/notes/", "notes/shore/index.md": "/notes/shore/"},
        pages=7,
    ),
    "docusaurus, versions and translations": Site(
        {
            **pages("docs/"),
            **pages("versioned_docs/version-2.0/"),
            **pages("versioned_docs/version-1.0/"),
            **pages("i18n/fr/docusaurus-plugin-content-docs/current/"),
            **pages("i18n/fr/docusaurus-plugin-content-docs/version-1.0/"),
            "i18n/fr/docusaurus-plugin-content-blog/2024-05-01-moon.md": page("moon"),
            "versions.json": '["2.0", "1.0"]\n',
            "docusaurus.config.js": "",
        },
        "docusaurus",
        {
            "docs/moon.md": "/docs/next/moon",
            "versioned_docs/version-2.0/moon.md": "/docs/moon",
            "versioned_docs/version-1.0/moon.md": "/docs/1.0/moon",
            "i18n/fr/docusaurus-plugin-content-docs/current/moon.md": "/fr/docs/next/moon",
            "i18n/fr/docusaurus-plugin-content-docs/version-1.0/moon.md": "/fr/docs/1.0/moon",
            "i18n/fr/docusaurus-plugin-content-blog/2024-05-01-moon.md": "/fr/blog/2024/05/01/moon",
        },
        pages=26,
    ),
    "mkdocs, languages by suffix": Site(
        {
            **{f"docs/{name}{code}.md": page(name, heading=True) for name in TEXTS for code in ("", ".fr", ".de")},
            "docs/guide/index.fr.md": page("moon", heading=True),
            "mkdocs.yml": "plugins:\n  - search\n  - i18n:\n      docs_structure: suffix\n      languages:\n"
            "        - locale: en\n          default: true\n        - locale: fr\n        - locale: de\n",
        },
        "mkdocs",
        {"moon.md": "/moon/", "moon.fr.md": "/fr/moon/", "guide/index.fr.md": "/fr/guide/"},
        pages=16,
    ),
    "zola, languages, dates and sections": Site(
        {
            **toml("content/", moon='slug = "luna"\n', sun='path = "the/sun"\n'),
            **{f"content/{name}.fr.md": f"+++\ntitle = '{name} fr'\n+++\n\nLa mer.\n" for name in TEXTS},
            "content/blog/_index.md": "+++\ntitle = 'Blog'\n+++\n",
            "content/blog/2024-05-01-Neap Tide.md": "+++\ntitle = 'Neap'\n+++\n\nA neap tide.\n",
            "config.toml": 'base_url = "https://e.org"\ndefault_language = "en"\n',
            "templates/index.html": "",
        },
        "zola",
        {
            "moon.md": "/luna/",
            "sun.md": "/the/sun",
            "ebb.fr.md": "/fr/ebb/",
            "blog/_index.md": "/blog/",
            "blog/2024-05-01-Neap Tide.md": "/blog/neap-tide/",
        },
        pages=12,
    ),
    "jekyll, permalinks by kind": Site(
        {
            **POSTS,
            "docs/one.md": page("moon"),
            "_notes/two.md": page("sun"),
            "three.md": page("ebb", "permalink: /:path/:basename/\n"),
            "_config.yml": "collections:\n  notes:\n    output: true\ndefaults:\n"
            "  - scope: {path: '', type: posts}\n    values: {permalink: '/blog/:title/'}\n"
            "  - scope: {path: docs}\n    values: {permalink: '/:path/:basename/'}\n",
        },
        "jekyll",
        {"_posts/2024-05-02-sun.md": "/blog/sun/", "_notes/two.md": "/notes/two.html", "three.md": "/three.html"},
        pages=8,
    ),
    "eleventy, permalinks of templates": Site(
        {
            **pages("src/", moon='permalink: "/tides/{{ title | slugify }}/"\n', sun="permalink: /sun/\n"),
            ".eleventy.js": "",
        },
        "eleventy",
        {"moon.md": "/moon/", "sun.md": "/sun/"},
    ),
    "hugo, bundles with slugs": Site(
        {
            **pages("content/notes/"),
            "content/notes/shore/index.md": page("sun", "slug: coast\n"),
            "content/notes/deep/_index.md": page("moon", "slug: no\n"),
            "hugo.toml": "",
        },
        "hugo",
        {"notes/shore/index.md": "/notes/coast/", "notes/deep/_index.md": "/notes/deep/"},
        pages=7,
    ),
    "zola, a page with files of its own": Site(
        {
            **toml("content/"),
            "content/2024-05-01-shore/index.md": "+++\ntitle = 'Shore'\n+++\n\nThe shore.\n",
            "config.toml": "",
            "templates/index.html": "",
        },
        "zola",
        {"2024-05-01-shore/index.md": "/shore/"},
        pages=6,
    ),
    "docusaurus, ids and readmes": Site(
        {**pages("docs/", moon="id: luna\n"), "docs/deep/README.md": page("moon"), "docusaurus.config.js": ""},
        "docusaurus",
        {"moon.md": "/docs/luna", "deep/README.md": "/docs/deep"},
        pages=6,
    ),
    "mkdocs, readmes": Site(
        {
            **pages("docs/"),
            "docs/README.md": page("moon"),
            "README.md": "# No page\n",
            "mkdocs.yml": "docs_dir: docs\n",
        },
        "mkdocs",
        {"README.md": "/"},
        pages=6,
    ),
    "jekyll, categories and pages": Site(
        {
            **POSTS,
            "_posts/2024-05-09-neap.md": "---\ntitle: Neap\ncategories: [Sea, tides]\n---\n\nA neap tide.\n",
            "_posts/2024-05-10-spring.md": "---\ntitle: Spring\ncategory: Sea\n---\n\nA spring tide.\n",
            "about.md": page("moon"),
            "guide/index.md": page("sun"),
            "_config.yml": "title: Tides\n",
        },
        "jekyll",
        {
            "_posts/2024-05-09-neap.md": "/sea/tides/2024/05/09/neap.html",
            "_posts/2024-05-10-spring.md": "/sea/2024/05/10/spring.html",
            "about.md": "/about.html",
            "guide/index.md": "/guide/",
        },
        (1, 1),
        pages=9,
    ),
    "vitepress, a folder's own page": Site(
        {**{f"docs/{name}/index.md": page(name, heading=True) for name in TEXTS}, "docs/.vitepress/config.ts": ""},
        "vitepress",
        {"moon/index.md": "/moon/"},
    ),
    "hexo, pages": Site(
        {
            **{f"source/{name}/index.md": page(name) for name in TEXTS},
            "scaffolds/post.md": "---\n---\n",
            "_config.yml": "permalink: :year/:title/\n",
        },
        "hexo",
        {"moon/index.md": "/moon/"},
    ),
    "cloudcannon": Site(
        {
            **pages(
                "site/posts/",
                moon="date: 2024-05-06\n",
                **dict.fromkeys(("sun", "ebb", "flood", "mill"), "date: 2024-06-07\n"),
            ),
            "site/pages/about/index.md": page("moon"),
            "site/pages/team.md": page("sun"),
            "site/data/part.md": page("ebb"),
            "cloudcannon.config.yml": "source: site\ncollections_config:\n  posts:\n    path: posts\n"
            "    url: '/blog/{date|year}/{title|slugify}/'\n  data:\n    path: data\n",
            ".cloudcannon/pages.yml": "collections_config:\n  pages:\n    url: '/[relative_base_path]/[slug]/'\n",
        },
        "cloudcannon",
        {"moon.md": "/blog/2024/how-the-moon-pulls-the-sea/"},
    ),
    "cloudcannon, collections in files of their own": Site(
        {
            **pages("posts/"),
            "pages/about/index.md": page("moon"),
            "pages/team.md": page("sun"),
            "cloudcannon.config.yml": "collections_config_from_glob:\n  - /.cloudcannon/*.yml\n",
            ".cloudcannon/pages.yml": "collections_config:\n  pages:\n    url: '/[full_slug]/'\n",
            ".cloudcannon/posts.yml": "collections_config:\n  posts:\n    path: posts\n    url: '/blog/[slug]/'\n",
        },
        "cloudcannon",
        {"posts/moon.md": "/blog/moon/", "pages/team.md": "/team/", "pages/about/index.md": "/about/"},
        pages=7,
    ),
}
