"""The visit pack, and the short links on its sheet."""

from flask import Blueprint, Response, current_app, request, url_for

from webapp.catalog.translations import headings_in_current_language
from webapp.visit_pack import pack
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.qr_codes import qr_picture

bp = Blueprint("visit_pack", __name__)
bp.add_app_template_global(lambda: pack.MOST, "pack_limit")


@bp.app_template_global("pack_in_address")
def in_address() -> list[str]:
    """The pack that the address of the current page holds; a browser with scripts has the reader's own."""
    return pack.read_list(request.args.get("s", ""))


@bp.app_template_global("pack_with")
def list_with(entry: str) -> str:
    """The list of the pack in the address and one more entry."""
    entries = in_address()
    return pack.write_list(entries if entry in entries else [*entries, entry])


@bp.get("/visit-pack")
def show() -> Response:
    """The chosen summaries and answers on one sheet, and ways to add, remove and move some."""
    packed = pack.packed(in_address())
    entries = [one.entry for one in packed]
    this_list = pack.write_list(entries)
    address = current_app.config["SITE_URL"] + url_for("visit_pack.show", s=this_list or None)
    words = request.args.get("q", "").strip()[:200]
    return htmx.render(
        "visit_pack/show.html",
        packed=packed,
        open_questions=pack.open_questions,
        suggestions=headings_in_current_language(pack.suggestions(words, entries)),
        this_list=this_list,
        address=address,
        picture=qr_picture(address) if entries else "",
        words=words,
        is_full=len(entries) >= pack.MOST,
    )


@bp.get("/s/<int:number>")
def short_link(number: int) -> Response:
    """The short address of a summary, as printed on a sheet."""
    slug = pack.find_slug(number)
    if slug is None:
        raise SiteError(404, "We have no summary with this number. Try a search.")
    return htmx.moved(url_for("articles.article", slug=slug))
