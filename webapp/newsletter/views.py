"""Views."""

from flask import Blueprint

bp = Blueprint("newsletter", __name__)


@bp.get("/subscribe")
def subscribe() -> str:
    """Subscribe."""
    return ""
