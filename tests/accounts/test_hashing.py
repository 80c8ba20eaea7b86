"""Hashing is slow on purpose, so it must not hold up other writers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.accounts.people import (
    PASSWORD,
    EditorClient,
    add_editor,
    app_code,
    enter,
    sign_in,
    token,
    turn_on_second_factor,
)
from tests.pages import PageClient
from webapp.accounts import mailed_links, passwords, second_factor
from webapp.accounts.mailed_links import LinkKind
from webapp.db.writing import writing
from webapp.models import Role

FRESH = "lantern violin cactus harbor"


class Watch:
    """Lets somebody else write at each hash; raises TurnTaken if the one who hashes keeps them from it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.count = 0

    def look(self) -> None:
        self.count += 1
        with ThreadPoolExecutor(1) as pool:
            pool.submit(self._write).result()

    def _write(self) -> None:
        with self.app.app_context(), writing(wait=False):
            pass


@pytest.fixture
def client(app: Flask) -> PageClient:
    return EditorClient(app)


@pytest.fixture
def watch(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Looks at each hash that is made or checked."""
    watch = Watch(app)

    class Watched(PasswordHasher):
        def hash(self, *args: Any, **kwargs: Any) -> str:
            watch.look()
            return super().hash(*args, **kwargs)

        def verify(self, *args: Any, **kwargs: Any) -> Any:
            watch.look()
            return super().verify(*args, **kwargs)

    plain = second_factor.recovery_hash

    def watched(secret: str, code: str) -> str:
        watch.look()
        return plain(secret, code)

    monkeypatch.setattr(passwords, "_hasher", Watched(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(second_factor, "recovery_hash", watched)
    return watch


def sign_in_with_recovery_code(client: PageClient) -> None:
    _, codes = turn_on_second_factor(add_editor())
    sign_in(client)
    assert enter(client, codes[0], "recovery-code") == "/editor/"


def change_password(client: PageClient) -> None:
    add_editor()
    sign_in(client)
    page = "/editor/account"
    sent = {"current": PASSWORD, "new": FRESH, "csrf_token": token(client, page)}
    client.post(f"{page}/password", sent)


def reset_password(client: PageClient) -> None:
    link = f"/editor/reset/{mailed_links.new_token(LinkKind.RESET, add_editor())}"
    client.post(link, {"new": FRESH, "csrf_token": token(client, link)})


def invite(client: PageClient) -> None:
    add_editor(role=Role.ADMIN)
    sign_in(client)
    sent = {"name": "Bo", "email": "bo@example.org", "role": "writer"}
    client.post("/editor/people/", sent | {"csrf_token": token(client, "/editor/people/")})


def turn_factor_off(client: PageClient) -> None:
    secret, _ = turn_on_second_factor(add_editor())
    sign_in(client)
    enter(client, app_code(secret))
    page = "/editor/account/second-factor"
    sent = {"password": PASSWORD, "code": app_code(secret, 1), "csrf_token": token(client, page)}
    client.post(f"{page}/off", sent)


@pytest.mark.parametrize(
    "act", [sign_in_with_recovery_code, change_password, reset_password, invite, turn_factor_off]
)
def test_others_can_write_while_a_password_or_a_code_is_hashed(
    client: PageClient, watch: Watch, act: Callable[[PageClient], None]
) -> None:
    act(client)
    assert watch.count > 1
