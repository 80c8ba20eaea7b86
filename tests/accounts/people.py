"""Made-up editors for tests, and how they sign in."""

import re
from collections.abc import Iterable
from contextvars import Context
from datetime import UTC, datetime
from typing import Any

import pyotp
from flask import Flask
from sqlalchemy import select

from tests.factories import NOW
from tests.pages import PageClient
from webapp.accounts import editors, passwords, second_factor
from webapp.db.session import db
from webapp.models import AuditEntry, AuditKind, Editor, Role

PASSWORD = "marigold bench river spoon"
EMAIL = "ana@example.org"


class EditorClient(PageClient):
    """A visitor whose requests run in contexts of their own: the test's own ``g`` would keep tokens between them."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        if not hasattr(app, "plain_wsgi_app"):
            app.plain_wsgi_app = app.wsgi_app  # type: ignore[attr-defined]

            def alone(environ: Any, start_response: Any) -> Iterable[bytes]:
                try:
                    answer: Iterable[bytes] = Context().run(app.plain_wsgi_app, environ, start_response)  # type: ignore[attr-defined]
                finally:
                    db.session.rollback()  # what the test read before is read again
                return answer

            app.wsgi_app = alone  # type: ignore[method-assign]


def add_editor(name: str = "Ana Example", email: str = EMAIL, role: Role = Role.EDITOR) -> Editor:
    """An editor, committed."""
    editor = editors.add_editor(name, email, passwords.new_hash(PASSWORD), NOW, role)
    db.session.commit()
    return editor


def token(client: PageClient, path: str = "/editor/sign-in") -> str:
    """The token in the form at that address."""
    return token_on(client.get(path).text)


def token_on(page: str) -> str:
    """The token in the form on a page or in a fragment."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "no token on the page"
    return found.group(1)


def cookie_of(client: PageClient) -> str:
    """The session cookie of a browser."""
    found = client.flask.get_cookie("session")
    assert found is not None
    return found.value


def thief_with(client: PageClient, cookie: str) -> PageClient:
    """Another browser, which has a copied session cookie."""
    thief = EditorClient(client.flask.application)
    thief.flask.set_cookie("session", cookie)
    return thief


def sign_in(client: PageClient, email: str = EMAIL, password: str = PASSWORD) -> None:
    """Sign in as a person does, through the form."""
    client.post("/editor/sign-in", {"email": email, "password": password, "csrf_token": token(client)})


def turn_on_second_factor(editor: Editor) -> tuple[str, list[str]]:
    """A second factor, committed: the secret that the app has, and the recovery codes."""
    secret = second_factor.new_secret()
    codes = second_factor.new_recovery_codes()
    second_factor.turn_on(editor, secret, 0, codes.values(), NOW)
    db.session.commit()
    return secret, list(codes)


def app_code(secret: str, steps_on: int = 0) -> str:
    """What the app shows now, or so many times 30 seconds later."""
    totp = pyotp.TOTP(secret)
    return totp.at(int(totp.timecode(datetime.now(UTC)) + steps_on) * 30)


def codes_on(page: str) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", page)


def enter(client: PageClient, code: str, kind: str = "code", status: int = 303) -> str:
    """Take the second step of signing in; where it leads, or the page that comes back."""
    path = f"/editor/sign-in/{kind}"
    answer = client.post(path, {"code": code, "csrf_token": token(client, path)}, status=status)
    return answer.location or answer.text


def audited() -> list[AuditKind]:
    """What the audit log holds, oldest first."""
    return list(db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)))
