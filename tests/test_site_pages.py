"""Pages about the site, a reader's preferences, and addresses that must not vanish."""

import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask

from tests.factories import STARTER, add_answer, add_article, change_settings
from tests.pages import PageClient
from webapp.catalog.site_pages import starter_pages
from webapp.content.page_text import BlockKind
from webapp.content.readability import reading_grade
from webapp.db.session import db
from webapp.models import Correction
from webapp.models.values import ReviewerKind, SignOff
from webapp.web.forms import press_token
from webapp.web.templating import Preferences

ROUTES = Path(__file__).parent / "routes.txt"
TEXT_PAGES = ["/start", "/find-a-trial", "/about", "/how-we-write", "/disclaimer", "/accessibility"]


@pytest.mark.parametrize("path", [*TEXT_PAGES, "/glossary", "/preferences", "/categories", "/research"])
def test_a_page_opens(client: PageClient, path: str) -> None:
    client.get(path)


def test_about_names_who_runs_the_site_or_says_that_nobody_is_named(
    client: PageClient,
) -> None:
    assert "No person or group is named here" in client.get("/about").text
    change_settings(run_by="The Example Foundation")
    page = client.get("/about").text
    assert "The Example Foundation runs this site." in page and "No person or group" not in page


def test_how_we_write_counts_what_was_checked_and_corrected(client: PageClient) -> None:
    assert "No summary is on this site yet." in client.get("/how-we-write").text
    add_article()
    corrected, checked = add_article(), add_article()
    corrected.corrections = [
        Correction(published_on=day, text="12, not 21.") for day in (date(2026, 3, 1), date(2026, 4, 1))
    ]
    checked.sign_offs = [
        SignOff(name=name, role="", kind=kind, on=date(2026, 3, 1))
        for name, kind in (("Ana", ReviewerKind.CLINICIAN), ("Bo", ReviewerKind.CLINICIAN))
    ]
    db.session.commit()
    said = "Of the 3 summaries on this site, a clinician has checked 1, and we have corrected 1 since we published them."
    assert said in client.get("/how-we-write").text


@pytest.mark.parametrize("path", TEXT_PAGES)
def test_our_own_words_are_easy_enough(client: PageClient, path: str) -> None:
    main = re.search(r"<main.*</main>", client.get(path).text, re.DOTALL)
    assert main is not None
    text = re.sub(r"</(p|li|h\d)>", "\n", main.group(0))
    assert reading_grade(re.sub(r"<[^>]+>", "", text)) <= 8


def test_each_question_of_a_guide_is_one_that_the_starter_library_answers() -> None:
    lines = {
        line
        for page in starter_pages().values()
        for section in page.sections
        for block in section.blocks
        if block.kind is BlockKind.LEADS_ON
        for line in block.lines
    }
    asked = {line for line in lines if not line.startswith("[")}
    files = STARTER.glob("answers/*.toml")
    answered = {tomllib.loads(file.read_text(encoding="utf-8"))["question"] for file in files}
    assert len(asked) > 15
    assert asked <= answered


def test_a_guide_leads_to_an_answer_or_to_a_search(client: PageClient) -> None:
    add_answer(slug="will-i-walk-again", question="Will I walk again?")
    page = client.get("/start").text
    assert 'href="/answers/will-i-walk-again">Will I walk again?</a>' in page
    assert 'href="/search?q=Can+I+have+kids?">Can I have kids?</a>' in page


def test_no_address_vanishes(app: Flask) -> None:
    """Every route is listed in routes.txt; a removed or renamed one has to be taken out there on purpose."""
    rules = sorted(
        f"{','.join(sorted((rule.methods or set()) - {'HEAD', 'OPTIONS'}))} {rule.rule} {rule.endpoint}"
        for rule in app.url_map.iter_rules()
    )
    assert rules == ROUTES.read_text(encoding="utf-8").splitlines()


def test_preferences_are_a_plain_cookie_that_the_reader_sets(client: PageClient) -> None:
    response = client.post(
        "/preferences", {"text": "large", "theme": "dark", "spacing": "wide", "token": press_token()}
    )
    assert response.headers["Set-Cookie"].startswith("reading=large.dark.wide.forget;")
    page = client.flask.get("/about", headers={"Cookie": "reading=large.dark.wide"}).text
    assert '<html lang="en" data-text="large" data-theme="dark" data-spacing="wide">' in page


@pytest.mark.parametrize("cookie", ["", "x", "huge.pink.none", "large", '"><script>', "large.dark.wide.more"])
def test_a_strange_cookie_is_the_default_or_less(client: PageClient, cookie: str) -> None:
    read = Preferences.from_cookie(cookie)
    assert read.text in ("normal", "large") and not read.keeps_read and read.theme in ("device", "dark")
    assert (
        "<script>"
        not in client.flask.get("/about", headers={"Cookie": f"reading={cookie}"}).text.split("</head>")[1][
            :200
        ]
    )


def test_another_site_cannot_set_preferences(client: PageClient) -> None:
    client.post("/preferences", {"text": "large"}, status=403, headers={"Sec-Fetch-Site": "cross-site"})


def test_robots_and_sitemap_name_the_public_pages(client: PageClient) -> None:
    article = add_article()
    assert "Disallow: /editor/" in client.get("/robots.txt").text
    tree = ElementTree.fromstring(client.get("/sitemap.xml").text)
    places = [element.text for element in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert f"http://localhost/research/{article.slug}" in places
    assert len(places) == len(set(places))


def test_there_is_an_address_for_reports_of_a_hole(client: PageClient) -> None:
    lines = dict(line.split(": ", 1) for line in client.get("/.well-known/security.txt").text.splitlines())
    assert lines["Contact"] == "http://localhost/contact"
    assert lines["Expires"] > datetime.now(UTC).isoformat()


def test_the_process_answers(client: PageClient) -> None:
    assert client.get("/livez").text == "ok\n"


def test_every_link_from_the_home_page_leads_somewhere(client: PageClient) -> None:
    add_article()
    seen, waiting = set(), ["/"]
    while waiting:
        path = waiting.pop()
        response = client.get(path, follow_redirects=True)
        seen.add(path)
        if response.mimetype != "text/html":
            continue
        for address in re.findall(r'href="([^"]+)"', response.text):
            link = address.split("#")[0].replace("&amp;", "&")
            if link.startswith("/") and link not in seen and link not in waiting:
                waiting.append(link)
    assert len(seen) > 30
