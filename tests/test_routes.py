"""What holds for every address of the site, by walking all of them."""

import hashlib
import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from itertools import product
from urllib.parse import unquote, urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update
from werkzeug.routing import Rule

from tests.accounts.people import EditorClient, sign_in
from tests.factories import add_article
from tests.hostile.world import EMAIL, World
from tests.pages import PageClient
from tests.writers import another_writer
from webapp.accounts.editor_access import SEEN_EVERY
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.models import SignIn
from webapp.models.values import PaperStatus, Result
from webapp.search import indexing

# The one form that mail programs send from anywhere (RFC 8058).
FROM_ANYWHERE = {"newsletter.unsubscribe_now"}
FOREIGN: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "Same-Origin"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://evil.example/localhost"},
    {"Referer": "http://evil.example/http://localhost/"},
    {"Referer": "http://localhost@evil.example/"},
    {},
)


@pytest.fixture
def client(app: Flask, world: World) -> PageClient:
    """A browser without JavaScript."""
    return EditorClient(app)


def posts(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]


def is_public(rule: Rule) -> bool:
    return not rule.rule.startswith("/editor")


@pytest.mark.proves("Promise 4: a cross-site POST is refused everywhere", "ASVS 3.5.1", "ASVS 3.5.3")
def test_a_form_from_another_site_is_refused_everywhere(app: Flask, client: PageClient, world: World) -> None:
    sign_in(client, EMAIL)
    walked = [rule for rule in posts(app) if rule.endpoint not in FROM_ANYWHERE]
    for rule in walked:
        for headers in FOREIGN:
            answer = client.flask.post(world.address(app, rule), data={"x": "y"}, headers=headers)
            assert answer.status_code == 403, f"{rule.endpoint} {headers}: {answer.status}"
    assert len(walked) > 30


@pytest.mark.proves("Promise 4: a public page sets no cookie and is the same for everybody")
def test_no_public_page_sets_a_cookie_or_differs_for_somebody_signed_in(
    app: Flask, client: PageClient, world: World
) -> None:
    signed_in = EditorClient(app)
    sign_in(signed_in, EMAIL)
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and is_public(rule):
            path = world.address(app, rule)
            first, second = client.flask.get(path), signed_in.flask.get(path)
            assert "Set-Cookie" not in first.headers and "Set-Cookie" not in second.headers, path
            if first.headers["Cache-Control"].startswith("public"):
                assert first.data == second.data, path


@time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False)
def test_head_answers_as_get_does(app: Flask, client: PageClient, world: World) -> None:
    public = [path for path in world.pages(app) if not path.startswith("/editor")]
    for path, encoding in product(public, ("", "br", "gzip", "gzip, br;q=0.5")):
        headers = {"Accept-Encoding": encoding, "X-Request-ID": "one-and-the-same"}
        answers = [client.flask.open(path, method=method, headers=headers) for method in ("GET", "HEAD")]
        whole, head = ((answer.status, sorted(answer.headers)) for answer in answers)
        assert (head, answers[1].data) == (whole, b""), path


@pytest.mark.proves("Web: a full page and its fragment are never confused by a cache")
def test_a_page_and_its_fragment_are_never_taken_for_each_other(
    app: Flask, client: PageClient, world: World
) -> None:
    different = 0
    for path in world.pages(app):
        page = client.flask.get(path)
        if page.mimetype != "text/html" or page.status_code != 200:
            continue
        fragment = client.flask.get(path, headers={"HX-Request": "true"})
        boosted = client.flask.get(path, headers={"HX-Request": "true", "HX-Boosted": "true"})
        again = client.flask.get(path)
        assert again.text.startswith("<!doctype html>") and boosted.text.startswith("<!doctype html>"), path
        assert {"HX-Request", "Accept", "Cookie"} <= set(page.headers["Vary"].split(", ")), path
        if not fragment.text.startswith("<!doctype html>"):
            different += 1
            assert "<html" not in fragment.text, path
            assert "ETag" not in page.headers or fragment.headers["ETag"] != page.headers["ETag"], path
    assert different >= 10


@pytest.mark.proves("Web: no inline script or style, and every script and style sheet is our own and pinned")
def test_every_script_and_style_sheet_is_ours_and_pinned_to_its_content(
    app: Flask, client: PageClient, world: World
) -> None:
    sign_in(client, EMAIL)
    pinned = re.compile(
        r'<(?:script|link rel="stylesheet")[^>]* (?:src|href)="([^"]+)" integrity="sha384-([^"]+)"'
    )
    checked = set()
    for path in world.pages(app):
        page = client.flask.get(path)
        if page.mimetype != "text/html" or not page.text.startswith("<!doctype"):
            continue
        found = pinned.findall(page.text)
        loaded = len(re.findall(r"<script[^>]* src=|<link[^>]* rel=\"?stylesheet", page.text))
        assert len(found) == loaded >= 2, path
        checked |= set(found)
    for address, digest in checked:
        assert urlsplit(address).netloc == ""
        assert b64encode(hashlib.sha384(client.flask.get(address).data).digest()).decode() == digest, address
    assert len(checked) >= 4


def test_whatever_names_a_retracted_paper_says_so(app: Flask, client: PageClient, world: World) -> None:
    title, message = "Zebrafish pills helped people walk", "They walked twice as far."
    paper = {"status": PaperStatus.RETRACTED, "status_note": "Made up."}
    article = add_article(plain_title=title, main_message=message, result=Result.HELPED, paper=paper)
    indexing.catch_up()
    own_page = f"/research/{article.slug}"
    places = (world, replace(world, values=world.values | {"slug": article.slug}))
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and is_public(rule)]
    paths = [place.address(app, rule) for rule in rules for place in places]
    paths += [
        f"{path}q=zebrafish"
        for path in ("/search?", "/search?panel=1&", "/search/feed.atom?", "/visit-pack?")
    ]
    paths += [f"{own_page}.{ending}?of=summary" for ending in ("ris", "bib", "json")]
    paths += [f"/visit-pack?s={article.id}", "/data/articles.ris"]
    naming = set()
    for path in paths:
        page = unquote(unescape(client.flask.get(path).data.decode(errors="replace")))
        shown = re.sub("<[^<>]*>", "", page)  # a search marks words within a title
        for text in (page, shown):
            for match in re.finditer(title, text):
                assert text[: match.start()].endswith("RETRACTED: "), f"{path}: {text[: match.end()][-200:]}"
                naming.add(path)
        assert "Result: helped" not in page, path
        if message in page and not path.startswith("/data/"):
            assert (
                path == own_page and "Show the summary of this retracted paper" in page.split(message)[0]
            ), path
    assert len(naming) > 10


def test_reading_a_page_waits_for_no_writer(app: Flask, client: PageClient, world: World) -> None:
    """A page that took the writer's turn would wait for five seconds here, and answer 503."""
    sign_in(client, EMAIL)
    with writing():  # long enough ago that each page would note that the editor was seen
        db.session.execute(update(SignIn).values(seen_at=datetime.now(UTC) - 2 * SEEN_EVERY))
    read = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    with another_writer(app):
        for rule in read:
            answer = client.flask.get(world.address(app, rule))
            assert answer.status_code < 500, f"{rule.endpoint}: {answer.status}"
        assert client.flask.get("/search?q=nothing+like+it").status_code == 200
    assert len(read) > 60
