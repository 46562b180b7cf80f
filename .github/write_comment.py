"""Write a review to its pull request: into the comment that is there, or a new one.

Without the right to write, as for a pull request from a fork, it says so and succeeds: the summary has the review.
It uses no library, so that nothing is installed where the token is.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

AUTHOR = os.environ.get("AUTHOR") or "github-actions[bot]"
# A marker, a heading and a sentence: nothing to say.
EMPTY = 3
PAGE = 100


def ask(method: str, url: str, body: str | None = None) -> Any:
    """Ask the API of GitHub."""
    request = urllib.request.Request(  # noqa: S310  (the runner's own address of the API)
        url,
        method=method,
        data=None if body is None else json.dumps({"body": body}).encode(),
        headers={"Authorization": f"Bearer {os.environ['TOKEN']}", "Accept": "application/vnd.github+json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def own_comment(comments: str, marker: str) -> str:
    """Find the address of the comment that an earlier run wrote; "" for none."""
    number = 1
    while True:
        page = ask("GET", f"{comments}?per_page={PAGE}&page={number}")
        for comment in page:
            # Anybody may write the marker.
            if comment["user"]["login"] == AUTHOR and comment["body"].startswith(marker):
                return str(comment["url"])
        if len(page) < PAGE:
            return ""
        number += 1


def write(body: str) -> str:
    """Write the comment, and say what was done."""
    api, repository = os.environ["GITHUB_API_URL"], os.environ["GITHUB_REPOSITORY"]
    comments = f"{api}/repos/{repository}/issues/{int(os.environ['NUMBER'])}/comments"
    lines = [line for line in body.splitlines() if line.strip()]
    found = own_comment(comments, lines[0])
    if found:
        ask("PATCH", found, body)
        return "comment updated"
    if len(lines) <= EMPTY:
        return "no comment needed"
    ask("POST", comments, body)
    return "comment written"


def main() -> int:
    """Write the review in the file that is named."""
    body = Path(sys.argv[1]).read_text(encoding="utf-8")
    try:
        said = write(body)
    except urllib.error.HTTPError as error:
        if error.code in (401, 403, 404):
            said = "no right to write a comment here, as for a pull request from a fork; the summary has the review"
        else:
            said = f"::warning::no comment was written: the API answered {error.code}; the summary has the review"
    except OSError as error:
        reason = type(getattr(error, "reason", error)).__name__
        said = f"::warning::no comment was written: {reason}; the summary has the review"
    sys.stdout.write(f"{said}\n")
    return 0


sys.exit(main())
