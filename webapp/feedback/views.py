"""Views."""

from flask import Blueprint

bp = Blueprint("feedback", __name__)


@bp.get("/contact")
def contact() -> str:
    """Contact."""
    return ""
