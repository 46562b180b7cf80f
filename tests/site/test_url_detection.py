"""What the links of texts tell of urls where the configuration of a generator is program code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from small_sites import write_files

from recommender.site.corpus import read_corpus
from recommender.site.settings_file import assume_settings

TOPICS = ("bread", "rye", "salt", "oven")


def pages(folder: str, names: Mapping[str, str] | None = None, extra: str = "") -> dict[str, str]:
    """Give a page for each topic, by the name of its file."""
    names = names or {topic: f"{topic}.md" for topic in TOPICS}
    return {
        f"{folder}/{name}": f"---\ntitle: About {topic}\n{extra.format(topic)}---\nOn {topic}.\n"
        for topic, name in names.items()
    }


def linking(pattern: str, topics: tuple[str, ...] = TOPICS) -> str:
    links = " ".join(f"[{topic}]({pattern.replace('TOPIC', topic)})" for topic in topics)
    return f"---\ntitle: All\n---\n{links}\n"


DATED = {topic: f"2026-01-0{n}-{topic}.md" for n, topic in enumerate(TOPICS, 1)}


@pytest.mark.parametrize(
    ("files", "found", "url"),
    [
        pytest.param(
            {"docusaurus.config.js": "", **pages("docs/a"), "docs/all.md": linking("/a/TOPIC")},
            {"": "/{path}"},
            "/a/bread",
            id="docusaurus-at-the-root",
        ),
        pytest.param(
            {"docusaurus.config.js": "", **pages("docs/a"), "docs/all.md": linking("/docs/a/TOPIC")},
            {"": "/docs/{path}"},
            "/docs/a/bread",
            id="as-the-preset-has-it",
        ),
        pytest.param(
            {"next.config.js": "", **pages("posts", DATED), "posts/all.md": linking("/blog/TOPIC/")},
            {"": "/blog/{folder}/{slug}/"},
            "/blog/bread/",
            id="dates-of-names-left-out",
        ),
        pytest.param(
            {"next.config.js": "", **pages("posts/x"), "posts/all.md": linking("/blog/x/TOPIC.html")},
            {"": "/blog/{path}.html"},
            "/blog/x/bread.html",
            id="html",
        ),
        pytest.param(
            {
                "next.config.js": "",
                **pages("a/b"),
                **pages("a/c", {"tea": "tea.md"}),
                "a/all.md": linking("/b-of-a/TOPIC"),
            },
            {"b/": "/b-of-a/{path}"},
            "/b-of-a/bread",
            id="of-one-folder",
        ),
        pytest.param(
            {"next.config.js": "", **pages("posts"), "posts/all.md": linking("/blog/TOPIC", TOPICS[:2])},
            {},
            "/bread/",
            id="two-pages-are-too-few",
        ),
        pytest.param(
            {
                "next.config.js": "",
                **pages("posts"),
                "posts/all.md": linking("/blog/TOPIC", TOPICS[:3]) + linking("/TOPIC/"),
            },
            {},
            "/bread/",
            id="more-links-fit",
        ),
        pytest.param(
            {"next.config.js": "", **pages("posts", extra="url: /said/{}\n"), "posts/all.md": linking("/blog/TOPIC")},
            {},
            "/said/bread",
            id="stated-urls",
        ),
        pytest.param(
            {
                "next.config.js": "",
                **pages("posts", DATED),
                "posts/2027-01-01-bread.md": "---\ntitle: Bread again\n---\nMore.\n",
                "posts/all.md": linking("/blog/TOPIC/"),
            },
            {},
            "/2026-01-01-bread/",
            id="two-pages-would-share-a-url",
        ),
        pytest.param(
            {
                ".eleventy.js": "",
                **pages("src/posts", extra="permalink: /blog/{{{{ page.fileSlug }}}}/\n"),
                "src/posts/all.md": linking("/blog/TOPIC/"),
            },
            {"posts/": "/blog/{path}/"},
            "/blog/bread/",
            id="a-template-states-no-url",
        ),
        pytest.param(
            {"mkdocs.yml": "site_name: x\n", **pages("docs/a"), "docs/all.md": linking("/old/a/TOPIC/")},
            {},
            "/a/bread/",
            id="configured-by-data",
        ),
    ],
)
def test_the_patterns_that_links_tell(
    tmp_path: Path, files: Mapping[str, str], found: Mapping[str, str], url: str
) -> None:
    detected, settings = assume_settings(write_files(tmp_path, files))
    assert settings.content is not None
    assert dict(detected.patterns) == found
    assert next(one.url for one in read_corpus(settings.content, settings).articles if "bread" in one.path) == url
