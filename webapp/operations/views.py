"""For monitors: does the process answer, is it fit to serve, and its figures."""

import hmac
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify, make_response, request

from webapp.operations import health
from webapp.web import metrics
from webapp.web.errors import SiteError
from webapp.web.responses import never_store

bp = Blueprint("operations", __name__)


@bp.get("/livez")
def livez() -> Response:
    """The process answers."""
    return never_store(_text("ok\n"))


@bp.get("/readyz")
def readyz() -> Response:
    """Fit to serve, fit with something missing, or not fit (503); who has the token is told why."""
    parts = health.parts(datetime.now(UTC))
    word = "ok" if all(part.is_good for part in parts) else "degraded"
    can_serve = all(part.is_good for part in parts if part.is_vital)
    response = _text(f"{word}\n")
    if _has_token():
        found = {part.name: {"good": part.is_good, "found": part.found} for part in parts}
        response = jsonify(status=word, serves=can_serve, parts=found)
    response.status_code = HTTPStatus.OK if can_serve else HTTPStatus.SERVICE_UNAVAILABLE
    return never_store(response)


@bp.get("/metrics")
def figures() -> Response:
    """Figures for Prometheus. Without an OPS_TOKEN nobody may have them, and there is no such page."""
    if not current_app.extensions["config"].ops_token:
        raise SiteError(404)
    if not _has_token():
        response = never_store(_text("Send the OPS_TOKEN of this site: Authorization: Bearer …\n"))
        response.status_code = HTTPStatus.UNAUTHORIZED
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    body, content_type = metrics.exposition(health.gauges(datetime.now(UTC)))
    return never_store(make_response(body, HTTPStatus.OK, {"Content-Type": content_type}))


def _has_token() -> bool:
    wanted: str = current_app.extensions["config"].ops_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    is_right = hmac.compare_digest(given.strip().encode(), wanted.encode())
    return bool(wanted) and scheme.lower() == "bearer" and is_right


def _text(body: str) -> Response:
    return make_response(body, HTTPStatus.OK, {"Content-Type": "text/plain; charset=utf-8"})
