"""Limits on how often something may be tried, which all processes share."""

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
