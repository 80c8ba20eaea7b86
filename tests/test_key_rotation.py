"""A new SECRET_KEY: what the older keys signed still opens while they are listed, and no longer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask

from tests.accounts.people import EMAIL, add_editor, cookie_of, sign_in
from tests.conftest import KEY
from tests.newsletter.steps import ADDRESS, subscribed
from tests.pages import PageClient
from webapp import create_app
from webapp.accounts import mailed_links
from webapp.accounts.editors import find_editor
from webapp.accounts.mailed_links import LinkKind
from webapp.config import Config
from webapp.db.session import db
from webapp.letters import emails
from webapp.mail import suppressions
from webapp.models import SuppressionReason

NEW = "a-newer-key-for-tests-that-is-long-enough"
Site = Callable[..., Flask]


@pytest.fixture
def with_keys(config: Config) -> Site:
    """The same site started again with these keys, the one in use first."""

    def start(key: str, *older: str) -> Flask:
        return create_app(replace(config, secret_key=key, secret_key_fallbacks=older))

    return start


@pytest.fixture
def cookie(app: Flask, with_keys: Site) -> str:
    """Of an editor who signed in while the old key was in use."""
    add_editor()
    client = PageClient(with_keys(KEY))
    sign_in(client)
    return cookie_of(client)


def visitor(site: Flask, cookie: str) -> PageClient:
    client = PageClient(site)
    client.flask.set_cookie("session", cookie)
    return client


def test_who_is_signed_in_stays_signed_in(cookie: str, with_keys: Site) -> None:
    client = visitor(with_keys(NEW, KEY), cookie)
    client.get("/editor/")
    visitor(with_keys(NEW, "x" * 40), cookie_of(client)).get("/editor/")
    visitor(with_keys(NEW), cookie).get("/editor/", status=303)


@pytest.mark.proves("Web: a short key stops the start, and a rotated key breaks no link")
def test_links_in_mails_still_open(app: Flask, with_keys: Site) -> None:
    subscriber = subscribed()
    editor = add_editor()
    links = [
        emails.unsubscribe_link(subscriber).removeprefix("http://localhost"),
        emails.preferences_page_link(subscriber).removeprefix("http://localhost"),
        f"/editor/reset/{mailed_links.new_token(LinkKind.RESET, editor)}",
    ]
    kept, gone = PageClient(with_keys(NEW, KEY)), PageClient(with_keys(NEW))
    for link in links:
        kept.get(link)
        gone.get(link, status=410)


def test_who_was_erased_stays_erased(app: Flask, with_keys: Site) -> None:
    suppressions.suppress(ADDRESS, SuppressionReason.ERASED, datetime.now(UTC))
    db.session.commit()
    with with_keys(NEW, KEY).app_context():
        assert suppressions.find_suppression(ADDRESS) is not None


def test_a_new_link_is_signed_with_the_new_key(app: Flask, with_keys: Site) -> None:
    add_editor()
    with with_keys(NEW, KEY).app_context():
        editor = find_editor(EMAIL)
        assert editor is not None
        link = f"/editor/reset/{mailed_links.new_token(LinkKind.RESET, editor)}"
    PageClient(with_keys(NEW)).get(link)
    PageClient(with_keys(KEY)).get(link, status=410)
