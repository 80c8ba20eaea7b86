"""Endpoints for monitoring: liveness, readiness and metrics."""

import hmac
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify, request

from webapp.config import VERSION
from webapp.operations import health
from webapp.web import metrics
from webapp.web.errors import SiteError
from webapp.web.http import never_store

bp = Blueprint("operations", __name__)


@bp.get("/livez")
def livez() -> Response:
    return never_store(Response("ok\n", mimetype="text/plain"))


@bp.get("/readyz")
def readyz() -> Response:
    """Answer "ok" or "degraded", with 503 if the process cannot serve; with the token, the result of each check."""
    checks = health.checks(datetime.now(UTC))
    status = "ok" if all(check.passed for check in checks) else "degraded"
    can_serve = all(check.passed for check in checks if check.is_critical)
    response = Response(f"{status}\n", mimetype="text/plain")
    if _has_token():
        results = {check.name: {"passed": check.passed, "value": check.value} for check in checks}
        response = jsonify(status=status, can_serve=can_serve, version=VERSION, checks=results)
    response.status_code = HTTPStatus.OK if can_serve else HTTPStatus.SERVICE_UNAVAILABLE
    return never_store(response)


@bp.get("/metrics")
def prometheus_metrics() -> Response:
    """Metrics for Prometheus, for requests with the OPS_TOKEN; a site without one answers 404."""
    if not current_app.extensions["config"].ops_token:
        raise SiteError(404)
    if not _has_token():
        sentence = "Send the OPS_TOKEN of this site: Authorization: Bearer …\n"
        headers = {"WWW-Authenticate": "Bearer"}
        return never_store(Response(sentence, HTTPStatus.UNAUTHORIZED, headers, mimetype="text/plain"))
    body, content_type = metrics.exposition(health.gauges(datetime.now(UTC)))
    return never_store(Response(body, content_type=content_type))


def _has_token() -> bool:
    expected: str = current_app.extensions["config"].ops_token
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    is_equal = hmac.compare_digest(sent.strip().encode(), expected.encode())
    return bool(expected) and scheme.lower() == "bearer" and is_equal
