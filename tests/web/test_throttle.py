"""Limits on how often something may be tried, which all processes share."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from tests.engines import both_engines
from tests.factories import NOW
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.web import forms

HOUR = timedelta(hours=1)


def tries(count: int, key: str = "here") -> list[bool]:
    found = []
    for _ in range(count):
        with writing():
            found.append(forms.is_exceeded("sign-in", key, 2, HOUR, NOW))
    return found


@both_engines
def test_each_key_is_counted_by_itself(app: Flask) -> None:
    assert tries(3) == [False, False, True]
    assert tries(1, "elsewhere") == [False]


@both_engines
def test_a_new_window_starts_at_nothing(app: Flask) -> None:
    tries(3)
    assert not forms.is_exceeded("sign-in", "here", 2, HOUR, NOW + HOUR)


@both_engines
def test_a_count_that_is_forgotten_starts_at_nothing(app: Flask) -> None:
    tries(3)
    with writing():
        forms.forget_attempts("sign-in", "here")
    assert tries(3) == [False, False, True]


@pytest.mark.proves("Web: attempts are counted for all workers, and nobody can be locked out")
@both_engines
def test_another_process_counts_on(app: Flask, config: Config) -> None:
    tries(2)
    db.session.remove()
    with create_app(config).app_context():
        assert tries(1) == [True]
        db.session.remove()
        db.engine.dispose()


@pytest.mark.proves("Web: an unknown host is refused, and only TRUSTED_PROXIES proxies are believed")
@pytest.mark.parametrize(
    ("proxies", "forwarded", "bucket"),
    [
        (0, "203.0.113.7", "192.0.2.1"),  # nobody is believed
        (1, "198.51.100.9, 203.0.113.7", "203.0.113.7"),  # the first name is what the visitor made up
        (2, "198.51.100.9, 203.0.113.7, 192.0.2.2", "203.0.113.7"),  # a CDN, and our own proxy behind it
        (2, "203.0.113.7", "192.0.2.1"),  # somebody went around the CDN
        (1, "2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_there_is_one_count_for_each_visitor(
    config: Config, proxies: int, forwarded: str, bucket: str
) -> None:
    app = create_app(replace(config, trusted_proxies=proxies))
    app.add_url_rule("/visitor", view_func=forms.visitor_address)
    sent = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "localhost"}
    assert (
        app.test_client().get("/visitor", headers=sent, environ_base={"REMOTE_ADDR": "192.0.2.1"}).text
        == bucket
    )
