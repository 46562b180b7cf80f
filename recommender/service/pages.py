from __future__ import annotations
from flask import Flask, Response
from recommender.service.refusals import Refusal
from recommender.service.state import State
def add_pages(app: Flask, state: State) -> None:
    """x."""
def error_page(state: State, refusal: Refusal, identity: str) -> Response:
    """x."""
    return Response("x")
