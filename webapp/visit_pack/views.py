"""The visit pack, a reader's own pack, and the short links on its sheet."""

from flask import Blueprint, Response, request, url_for

from webapp.visit_pack import pack
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.forms import check_press
from webapp.web.http import never_store, set_reader_cookie

bp = Blueprint("visit_pack", __name__)

COOKIE = "pack"
STORED_DAYS = 30


@bp.get("/visit-pack")
def show() -> Response:
    """The chosen summaries on one sheet, and a way to add and remove some."""
    numbers = pack.read_list(request.args.get("s", ""))
    words = request.args.get("q", "").strip()[:200]
    return htmx.render(
        "visit_pack/show.html",
        summaries=pack.packed(numbers),
        suggestions=pack.suggestions(words, numbers),
        list_with=lambda number: pack.write_list([*numbers, number]),
        this_list=pack.write_list(numbers),
        words=words,
        is_full=len(numbers) >= pack.MOST,
    )


@bp.get("/visit-pack/mine")
def mine() -> Response:
    """Lead on to the pack that the reader made in this browser."""
    numbers = pack.read_list(request.cookies.get(COOKIE, ""))
    return never_store(htmx.redirect(url_for("visit_pack.show", s=pack.write_list(numbers) or None)))


@bp.post("/visit-pack/mine")
def change_mine() -> Response:
    """Add a summary to the reader's own pack, or put another list in its place."""
    check_press()
    chosen = request.form.get("s", request.cookies.get(COOKIE, ""))
    numbers = pack.write_list(pack.read_list(f"{chosen},{request.form.get('add', '')}"))
    response = htmx.redirect(url_for("visit_pack.show", s=numbers or None))
    # No other page is sent the cookie, so that all of them stay the same for everybody.
    return set_reader_cookie(response, COOKIE, numbers, STORED_DAYS, path=url_for("visit_pack.show"))


@bp.get("/s/<int:number>")
def short_link(number: int) -> Response:
    """The short address of a summary, as printed on a sheet."""
    slug = pack.find_slug(number)
    if slug is None:
        raise SiteError(404, "We have no summary with this number. Try a search.")
    return htmx.moved(url_for("articles.article", slug=slug))
