"""Who may decide and write over HTTP: our own page alone, on this machine or with the token, and through no proxy."""

from __future__ import annotations

import hmac
import ipaddress
import secrets

from flask import Request, Response

from recommender.service.access import Access
from recommender.service.problem_documents import Refusal

FIELD = "form_token"
# What proxies add: behind one nobody here knows who asks.
_PROXIES = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")


class ReviewAccess:
    """The checks of one start of the service; ``form_token`` stands in each form and is another one at each start."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.form_token = secrets.token_urlsafe(32)

    def refuse(self, asked: Request) -> Response | None:
        """Look at a request to the review before its view does; a form has to come from our own page.

        Raises:
            Refusal: it comes through a proxy, from another machine or page, or several processes answer.
        """
        environ = asked.environ
        if environ.get("wsgi.multiprocess"):
            raise Refusal("not-here", "several processes answer here; `recommender serve --edit` is one")
        if any(name in _PROXIES or name.startswith("HTTP_X_FORWARDED") for name in environ):
            raise Refusal("not-here", "the request came through a proxy; open the page without one")
        if not self.access.token and not _is_loopback(environ.get("REMOTE_ADDR", "")):
            raise Refusal("not-here", "the request came from another machine, and no RECOMMENDER_EDIT_TOKEN is set")
        if self.access.token and not self._knows_token(asked):
            said = "The review needs the token: any name, and RECOMMENDER_EDIT_TOKEN as the password.\n"
            header = {"WWW-Authenticate": 'Basic realm="recommender review", charset="UTF-8"'}
            return Response(said, 401, header, content_type="text/plain; charset=utf-8")
        if asked.method == "POST":
            self._check_form(asked)
        return None

    def _knows_token(self, asked: Request) -> bool:
        given = asked.authorization
        password = (given.password or "") if given is not None and given.type == "basic" else ""
        return hmac.compare_digest(password.encode("utf-8", "replace"), self.access.token.encode("utf-8"))

    def _check_form(self, asked: Request) -> None:
        environ = asked.environ
        own = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
        if environ.get("HTTP_ORIGIN") != own or environ.get("HTTP_SEC_FETCH_SITE", "same-origin") != "same-origin":
            raise Refusal("not-here", "the form was not sent by this page; open the review and decide there")
        if not hmac.compare_digest(asked.form.get(FIELD, "").encode("utf-8", "replace"), self.form_token.encode()):
            raise Refusal("not-here", "the page is of an earlier start of the service; open the review again")


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False
