"""Values that a database or a function of the language refuses, in every field of a form: a refusal, never a failure."""

import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import token
from tests.editor.forms import complete, opened
from tests.engines import both_engines, postgresql_only
from tests.hostile.corpus import NAMES
from tests.hostile.test_every_route import NOT_WALKED
from tests.hostile.world import World
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import Draft

NEW = "/editor/summaries/new"
OWN = {"Sec-Fetch-Site": "same-origin"}
NUL = "a\x00b"
FAR = ("0001-01-01T00:00", "9999-12-31T23:59")
ROWS = ("removed-findings-²-text", "removed-findings-0-text", "findings-²-text", "questions-" + "9" * 5_000)


@postgresql_only
def test_no_address_and_no_form_fails_on_a_nul(app: Flask, client: PageClient, world: World) -> None:
    app.testing = False
    fields = dict.fromkeys(NAMES, NUL) | {"csrf_token": token(client, "/editor/account")}
    for rule in app.url_map.iter_rules():
        if rule.endpoint in NOT_WALKED:
            continue
        path = world.address(app, rule)
        for method in {"GET", "POST"} & (rule.methods or set()):
            query, data = (fields, None) if method == "GET" else (None, fields)
            response = client.flask.open(path, method=method, headers=OWN, query_string=query, data=data)
            assert response.status_code < 500, f"{method} {path}"


@pytest.mark.parametrize(
    ("database_url", "value"),
    [("postgresql", NUL), *(("sqlite", value) for value in ("²", "9" * 5_000, *FAR))],
    indirect=["database_url"],
    ids=("nul", "superscript", "long", "first-year", "last-year"),
)
def test_no_button_of_the_authoring_form_fails_on_it(
    app: Flask, client: PageClient, world: World, value: str
) -> None:
    app.testing = False
    plain = opened(client, NEW, **complete(number=7))
    odd = plain | dict.fromkeys((name for name in plain if name not in ("csrf_token", "tab")), value)
    sent = {
        "save": [odd, plain | {"revision": value}, plain | dict.fromkeys(ROWS, value)],
        "autosave": [odd, plain | {"adopts": f"{'0' * 16}@{value}+05:00"}],
        "schedule": [plain | {"publish_at": value}],
        "publish": [odd, plain | {"paper-published_on": value[:10]}],
        "check": [odd, plain | {"merge_base": value}],
    }
    for button, forms in sent.items():
        for form in forms:
            response = client.flask.post(NEW, data=form | {"action": button}, headers=OWN)
            assert response.status_code < 500, button
    for name in ("move", "take"):
        response = client.flask.post(
            NEW, data=plain | {name: "findings-undo"} | dict.fromkeys(ROWS, value), headers=OWN
        )
        assert response.status_code < 500, name


@both_engines
def test_a_nul_that_was_pasted_is_taken_out(client: PageClient, world: World) -> None:
    client.post(NEW, opened(client, NEW, harms="Dry\x00 mouth") | {"action": "save"})
    newest = db.session.scalars(select(Draft).order_by(Draft.id.desc()).limit(1)).one()
    assert newest.content["harms"] == "Dry mouth"
