"""The only file that knows htmx's headers: is a fragment wanted, answer with one, redirect both kinds of client."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Response, make_response, render_template, request
from jinja2_fragments.flask import render_block
from werkzeug.urls import iri_to_uri


def wants_fragment() -> bool:
    """Did htmx ask for a part of a page? A boosted link or a restored history entry wants the whole page."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def current_path() -> str:
    """The path of the page that a request comes from: where htmx says it is, else the Referer, else this address."""
    return urlsplit(request.headers.get("HX-Current-URL") or request.referrer or request.path).path


def render(
    template: str, fragment: str | None = None, status: int = HTTPStatus.OK, **context: Any
) -> Response:
    """A page, or the block of it that htmx wants. The view names the block; its element's id is the same with hyphens."""
    if fragment is not None and wants_fragment():
        body = render_block(template, fragment, **context)
    else:
        body = render_template(template, **context)
    return make_response(body, status)


def redirect(location: str) -> Response:
    """Lead on after a good POST: 303 for browsers, HX-Redirect for htmx."""
    if wants_fragment():
        return make_response("", HTTPStatus.OK, {"HX-Redirect": location})
    return make_response("", HTTPStatus.SEE_OTHER, {"Location": iri_to_uri(location)})


def tell_script(event: str, **detail: str) -> Response:
    """Have htmx fire an event that site.js listens for; the page stays as it is."""
    return make_response("", HTTPStatus.NO_CONTENT, {"HX-Trigger": json.dumps({event: detail})})


def at(location: str, response: Response) -> Response:
    """Let the browser show the address of the page that a fragment is part of."""
    response.headers["HX-Push-Url"] = location
    return response


def moved(location: str) -> Response:
    """A page that has another address for good; a form is sent there once more."""
    is_form = request.method == "POST"
    status = HTTPStatus.PERMANENT_REDIRECT if is_form else HTTPStatus.MOVED_PERMANENTLY
    return make_response("", status, {"Location": iri_to_uri(location)})
