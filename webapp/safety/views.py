"""The page with every safety card, and the card for the wallet."""

from flask import Blueprint, Response, current_app

from webapp.web import htmx

bp = Blueprint("safety", __name__)


@bp.get("/emergency")
def emergency() -> Response:
    """What to do now, for every kind of emergency that a spinal cord injury brings."""
    return htmx.render("safety/emergency.html", cards=current_app.extensions["safety_cards"].cards)


@bp.get("/emergency/dysreflexia-card")
def wallet_card() -> Response:
    """Autonomic dysreflexia explained to an ambulance crew, to print and carry."""
    return htmx.render("safety/wallet_card.html")
