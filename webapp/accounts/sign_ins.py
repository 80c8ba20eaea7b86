"""Sign-ins of editors, started and ended. Their secret is in the session, and its hash in the database."""

from datetime import datetime, timedelta

from flask import g, session
from sqlalchemy import delete, func, select

from webapp.accounts.editor_access import LONGEST, current_editor, find_sign_in
from webapp.accounts.editors import end_sign_ins
from webapp.db.session import db
from webapp.models import Editor, SignIn
from webapp.web.tokens import new_secret, secret_hash

CODE_WITHIN = timedelta(minutes=10)  # after the password


def start(editor: Editor, now: datetime, *, needs_code: bool = False) -> None:
    """Sign an editor in: start a new session with a new secret, and store its hash.

    With ``needs_code`` the sign-in counts only once the code of the second factor is entered.
    """
    recoverable_form = session.get("recoverable_form")
    _forget_secret()
    session.clear()
    g.pop("csrf_token", None)  # made for the old session
    if recoverable_form:
        session["recoverable_form"] = recoverable_form
    secret = new_secret()
    session["sign_in"] = secret
    session["editor_id"] = editor.id
    db.session.execute(delete(SignIn).where(SignIn.started_at < now - LONGEST))
    db.session.add(
        SignIn(
            secret_hash=secret_hash(secret),
            editor_id=editor.id,
            needs_code=needs_code,
            started_at=now,
            seen_at=now,
        )
    )


def find_awaiting_code(now: datetime) -> Editor | None:
    """The editor who has just entered the right password in this browser and has yet to enter a code."""
    sign_in = find_sign_in(SignIn.needs_code.is_(True), SignIn.started_at > now - CODE_WITHIN)
    return sign_in.editor if sign_in else None


def end() -> None:
    """Delete the sign-in and the session of this browser."""
    _forget_secret()
    session.clear()


def renew(now: datetime) -> None:
    """End all sign-ins of the current editor and start a new one: after a change of password or second factor."""
    editor = current_editor()
    end_sign_ins(editor)
    start(editor, now)


def sign_in_count() -> int:
    """In how many browsers the current editor is signed in."""
    own = select(func.count()).select_from(SignIn)
    return db.session.scalar(own.where(SignIn.editor_id == current_editor().id, ~SignIn.needs_code)) or 0


def end_others() -> bool:
    """End the sign-ins of the current editor in all other browsers, and tell whether there was one."""
    others = SignIn.editor_id == current_editor().id, SignIn.secret_hash != secret_hash(session["sign_in"])
    return bool(db.session.scalars(delete(SignIn).where(*others).returning(SignIn.id)).all())


def _forget_secret() -> None:
    db.session.execute(delete(SignIn).where(SignIn.secret_hash == secret_hash(session.get("sign_in", ""))))
