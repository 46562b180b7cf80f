"""What the service refuses: one exception, and its RFC 9457 document."""

from __future__ import annotations

from typing import Any

from recommender.problems import printable, shorten

# Name in the type URI -> status and title.
REFUSALS = {
    "bad-parameter": (400, "A parameter is missing, unknown, repeated or malformed"),
    "bad-body": (400, "The body is not the JSON that this route takes"),
    "not-here": (403, "Nothing is decided or written for this request"),
    "unknown-article": (404, "No such article"),
    "unknown-route": (404, "No such route"),
    "wrong-method": (405, "This route does not take that method"),
    "ambiguous-id": (409, "Several different articles share this id"),
    "ambiguous-url": (409, "Several different articles may be meant by this url"),
    "too-large": (413, "The body is too large"),
    "too-long": (414, "The address is too long"),
    "other-host": (421, "The request is for another host"),
    "wrong-type": (415, "The body must be application/json"),
    "no-words": (422, "The draft holds no text"),
    "bug": (500, "A bug of the service"),
    "no-model": (503, "No model is loaded yet"),
    "no-survey": (404, "The content is not read, or not yet"),
    "refused": (400, "The request was refused"),
}
TYPE = "urn:recommender:problem:"
LONGEST = 200


class Refusal(Exception):
    """A request that is answered with a problem document; ``more`` are its further members."""

    def __init__(self, kind: str, detail: str, parameter: str = "", **more: Any) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.parameter = parameter
        self.more = more
        self.status = REFUSALS[kind][0]

    def document(self, request_id: str = "") -> dict[str, Any]:
        """Give the members of the problem document; nothing of the request is echoed at length."""
        out: dict[str, Any] = {
            "type": TYPE + self.kind,
            "title": REFUSALS[self.kind][1],
            "status": self.status,
            "detail": self.detail,
        }
        if request_id:
            out["instance"] = f"urn:recommender:request:{request_id}"
        if self.parameter:
            out["errors"] = [{"parameter": self.parameter, "detail": self.detail}]
        return {**out, **self.more}


def shown(text: str) -> str:
    """Quote a text of the request, short and printable."""
    return repr(shorten(printable(text), LONGEST // 2))
