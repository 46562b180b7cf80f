"""``serve``: the HTTP service and its pages, on this machine unless told otherwise."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.options import CONTENT, MODEL, exclude, saved_model
from recommender.errors import RecommenderError
from recommender.settings import find_settings

if TYPE_CHECKING:
    from recommender.service.access import Access

# Variable of the environment with what the review asks for; a command line is seen by all users of a machine.
TOKEN, SHORTEST = "RECOMMENDER_EDIT_TOKEN", 16


@click.command()
@CONTENT
@click.option("--host", default="127.0.0.1", show_default=True, help="Name or address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port; 0: any free one.")
@click.option("--api-only", is_flag=True, help="Without the pages for editors, which show diffs and hidden articles.")
@click.option("--edit", is_flag=True, help="With the review page, which decides and writes; on this machine alone.")
@click.option(
    "--allow-origin", multiple=True, metavar="ORIGIN", help="Web origin whose scripts may read the API; *: all."
)
@click.option(
    "--allow-host", multiple=True, metavar="NAME", help="Answer requests for this host, that of a proxy in front."
)
@MODEL
def serve(**options: Any) -> int:
    """Answer over HTTP, and show the pages for editors, until Ctrl-C."""
    from recommender.service import create_app
    from recommender.service.access import Access
    from recommender.service.listen_addresses import is_loopback, listen, url_of
    from recommender.service.waitress_server import serve as run_server
    from recommender.site.corpus import check_content

    settings = find_settings(Path.cwd())
    root = options["content"] or settings.content
    if root is not None:
        check_content(root)
    model = saved_model(options["model"], settings)
    access = Access(options["allow_origin"], options["allow_host"] or None, not options["api_only"])
    if options["edit"]:
        access = _editing(access, root)
    sockets = listen(options["host"], options["port"])
    try:
        if access.edit and not access.token and not all(map(is_loopback, sockets)):
            raise RecommenderError(
                f"--edit is for this machine alone: leave out --host, or set {TOKEN} to a secret that the page asks for"
            )
        # Elsewhere the names that the machine goes by are not known here.
        if options["allow_host"] or (access.pages and all(map(is_loopback, sockets))):
            access = dataclasses.replace(access, hosts=(options["host"], *options["allow_host"]))
        app = create_app(model, settings, root, access)
        urls = " and ".join(url_of(one) + ("" if access.pages else "v1/") for one in sockets)
        run_server(app, sockets, lambda: printing.note(f"serving {urls} (Ctrl-C stops it)"))
    finally:
        for one in sockets:
            one.close()
    return 0


def _editing(access: Access, root: Path | None) -> Access:
    """Let editors decide and write, with the token that the environment sets."""
    exclude("edit", ["api_only", "allow_host"], "the review is a page, and no proxy may stand before it")
    if root is None:
        raise click.UsageError("--edit needs the site's files: name CONTENT, or write `content:` in recommender.yml")
    token = os.environ.get(TOKEN, "")
    if token and (len(token) < SHORTEST or not token.isprintable()):
        raise RecommenderError(f"{TOKEN}: must have {SHORTEST} printable characters or more")
    return dataclasses.replace(access, edit=True, token=token)
