"""Pages about the site itself, and how it looks for one reader."""

import json
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, request, url_for

from webapp.catalog.answers import list_answers
from webapp.catalog.glossary import (
    articles_with,
    get_term,
    languages_of_glossary,
    languages_of_term,
    read_glossary,
    term_in,
    terms_by_letter,
)
from webapp.catalog.queries import track_record
from webapp.catalog.site_pages import english_questions, languages_of_page, site_page
from webapp.catalog.translations import headings_in_current_language
from webapp.languages.language import current_language
from webapp.web import assets, htmx
from webapp.web.errors import SiteError
from webapp.web.forms import check_press
from webapp.web.http import set_reader_cookie
from webapp.web.site_settings import site_settings
from webapp.web.templating import PREFERENCES_COOKIE, TEXT_SIZES, THEMES, Preferences

LOGO_TYPES = {"svg": "image/svg+xml", "png": "image/png"}

bp = Blueprint("pages", __name__)
bp.add_app_template_global(track_record)
bp.add_app_template_global(site_page)


@bp.app_template_global()
def answers_by_question() -> dict[str, str]:
    """The address of each answer by its question, as the pages of the current language ask it."""
    slugs = {answer.question: answer.slug for answer in list_answers()}
    lines = {line: slugs[english] for line, english in english_questions().items() if english in slugs}
    return slugs | lines


@bp.get("/about")
def about() -> Response:
    """Who makes this site, and why."""
    return _show("about")


@bp.get("/start")
def start() -> Response:
    """Where to begin: doors for the first days, the first weeks, the time at home, and for those who care."""
    return _show("start", "pages/start.html")


@bp.get("/find-a-trial")
def find_a_trial() -> Response:
    """How to find a trial, what to ask before joining, and how to tell a trial from a sale."""
    return _show("find-a-trial", "pages/guide.html")


@bp.get("/how-we-write")
def how_we_write() -> Response:
    """How a summary is made, who checks it, what its labels mean, and what we never do."""
    return _show("how-we-write")


@bp.get("/disclaimer")
def disclaimer() -> Response:
    """What summaries are not."""
    return _show("disclaimer")


def _show(name: str, template: str = "pages/page.html") -> Response:
    return htmx.render(template, page=site_page(name), translations=languages_of_page(name))


@bp.get("/accessibility")
def accessibility() -> Response:
    """What works, what does not yet, and how to tell us."""
    return htmx.render("pages/accessibility.html")


@bp.get("/glossary")
def glossary() -> Response:
    """The words that summaries use, explained; ?q= shows only those that contain it."""
    wanted = request.args.get("q", "").strip()[:100]
    return htmx.render(
        "pages/glossary.html",
        "glossary_terms",
        letters=terms_by_letter(wanted),
        wanted=wanted,
        translations=languages_of_glossary(),
        glossary=read_glossary(current_language()),
    )


@bp.get("/glossary/<slug>")
def glossary_term(slug: str) -> Response:
    """One word explained, and the summaries that use it."""
    term = get_term(slug)
    shown = current_app.extensions["safety_cards"].match(term.term)
    return htmx.render(
        "pages/glossary_term.html",
        term=term_in(current_language(), term),
        translations=languages_of_term(term),
        shown=shown,
        articles=headings_in_current_language(articles_with(term)),
        glossary=read_glossary(current_language()),
    )


@bp.get("/preferences")
def preferences() -> Response:
    """Text size, colors and spacing."""
    return htmx.render(
        "pages/preferences.html", sizes=TEXT_SIZES, themes=THEMES, is_saved="saved" in request.args
    )


@bp.post("/preferences")
def save_preferences() -> Response:
    """Keep the choice in a cookie of the reader's own browser, and nowhere else."""
    check_press()
    chosen = Preferences.from_cookie(
        ".".join(request.form.get(name, "") for name in ("text", "theme", "spacing", "offline"))
    )
    response = htmx.redirect(url_for("pages.preferences", saved="yes"))
    return set_reader_cookie(response, PREFERENCES_COOKIE, chosen.to_cookie(), days=365)


@bp.get("/robots.txt")
def robots() -> Response:
    """What search engines may read."""
    lines = [
        "User-agent: *",
        "Disallow: /editor/",
        "Disallow: /search?",
        f"Sitemap: {current_app.config['SITE_URL']}/sitemap.xml",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@bp.get("/.well-known/security.txt")
def security() -> Response:
    """Where to tell us of a hole (RFC 9116); the date by which this has to be looked at again is the end of next year."""
    site_url = current_app.config["SITE_URL"]
    lines = [
        f"Contact: {site_url}/contact",
        f"Expires: {datetime.now(UTC).year + 1}-12-31T23:59:59Z",
        "Preferred-Languages: en",
        f"Canonical: {site_url}/.well-known/security.txt",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@bp.get("/favicon.ico")
def favicon() -> Response:
    """The site's mark, for browsers that ask at this address."""
    return assets.well_known("img/favicon.ico")


@bp.get("/icon-512.png")
def large_icon() -> Response:
    """The site's mark for home screens."""
    return assets.well_known("img/icon-512.png")


@bp.get("/site.webmanifest")
def manifest() -> Response:
    """What a phone needs to put the site on its home screen."""
    settings = site_settings()
    described = {
        "name": settings.name,
        "short_name": settings.short_name,
        "description": settings.strapline,
        "start_url": "/",
        "display": "browser",
        "background_color": "#FBFAF6",
        "theme_color": "#0B3D3B",
        "icons": [
            {"src": "/favicon.ico", "sizes": "32x32", "type": "image/x-icon"},
            {"src": "/icon-512.png", "sizes": "512x512", "type": "image/png", "purpose": "any maskable"},
        ],
    }
    return Response(json.dumps(described), mimetype="application/manifest+json")


@bp.get("/site-logo-<mark>.<any(svg, png):ending>")
def site_logo(mark: str, ending: str) -> Response:
    """The logo that an admin chose; another one has another address."""
    logo = site_settings().logo
    if logo is None or (logo.mark, logo.kind) != (mark, ending):
        raise SiteError(404)
    return Response(logo.body, mimetype=LOGO_TYPES[logo.kind])


@bp.get("/sw.js")
def service_worker() -> Response:
    """Keeps summaries that were read, for readers who asked for it. At the root, so that it may speak for all pages."""
    return assets.well_known("js/sw.js")


@bp.get("/offline")
def offline() -> Response:
    """What is shown without a connection: the summaries stored on this device."""
    return htmx.render("pages/offline.html")
