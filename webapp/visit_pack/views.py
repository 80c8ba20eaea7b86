"""The visit pack and the short links on its sheet."""

from flask import Blueprint, Response, request, url_for

from webapp.visit_pack import pack
from webapp.web import htmx
from webapp.web.errors import SiteError

bp = Blueprint("visit_pack", __name__)


@bp.get("/visit-pack")
def show() -> Response:
    """The chosen summaries on one sheet, and a way to add and remove some."""
    numbers = pack.read_list(request.args.get("s", ""))
    words = request.args.get("q", "").strip()[:200]
    return htmx.render(
        "visit_pack/show.html",
        summaries=pack.packed(numbers),
        suggestions=pack.suggestions(words, numbers),
        numbers=numbers,
        list_with=lambda number: pack.write_list([*numbers, number]),
        this_list=pack.write_list(numbers),
        words=words,
        is_full=len(numbers) >= pack.MOST,
    )


@bp.get("/s/<int:number>")
def short_link(number: int) -> Response:
    """The short address of a summary, as printed on a sheet."""
    slug = pack.find_slug(number)
    if slug is None:
        raise SiteError(404, "We have no summary with this number. Try a search.")
    return htmx.moved(url_for("articles.article", slug=slug))
