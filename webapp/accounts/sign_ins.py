"""Who is signed in, and for how long: the only domain module that reads the session."""

from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import g, session
from sqlalchemy import ColumnElement, delete, func, select, update

from webapp.accounts.editors import end_sign_ins
from webapp.db.session import db
from webapp.db.writing import TurnTaken, writing
from webapp.models import Editor, Role, SignIn
from webapp.web.tokens import new_secret, secret_hash

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
HALF_WAY = timedelta(minutes=10)  # between the password and the code
SEEN_EVERY = timedelta(minutes=1)  # how exactly the time of the last request is kept

_RANKS = list(Role)  # each role may do what those before it may


def current_editor() -> Editor:
    """Who is signed in; only for views that ask for it."""
    editor: Editor = g.editor
    return editor


def find_current_editor() -> Editor | None:
    """Who is signed in, if anybody; for pages that are shown either way."""
    editor: Editor | None = g.get("editor")
    return editor


def recognize(now: datetime) -> bool:
    """Is somebody signed in? Notes that they were seen; call it outside ``writing()``."""
    sign_in = _find_sign_in(now)
    g.editor = sign_in.editor if sign_in else None
    if sign_in is not None and now - sign_in.seen_at >= SEEN_EVERY:
        seen = update(SignIn).where(SignIn.id == sign_in.id).values(seen_at=now)
        # A page that is only read waits for no writer; its next request will note it.
        with suppress(TurnTaken), writing(wait=False):
            db.session.execute(seen)
    return sign_in is not None


def may(role: Role) -> bool:
    """May the one who is signed in do what this role may?"""
    return _RANKS.index(current_editor().role) >= _RANKS.index(role)


def local_time(at: datetime) -> str:
    """A time in words, in the time zone of who is signed in: November 24, 2026, 14:32."""
    here = at.astimezone(ZoneInfo(current_editor().time_zone))
    return f"{here:%B} {here.day}, {here.year}, {here:%H:%M}"


def start(editor: Editor, now: datetime, *, needs_code: bool = False) -> None:
    """Sign somebody in: a new session with a new secret, of which the database keeps the hash.

    With ``needs_code`` they are only half way: the second factor is still to come.
    """
    kept_text = session.get("kept_text")
    _forget_secret()
    session.clear()
    g.pop("csrf_token", None)  # made for the old session
    if kept_text:
        session["kept_text"] = kept_text
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


def find_half_way(now: datetime) -> Editor | None:
    """Whose password was right in this browser a few minutes ago, and who has yet to give a code."""
    sign_in = _find(SignIn.needs_code.is_(True), SignIn.started_at > now - HALF_WAY)
    return sign_in.editor if sign_in else None


def end() -> None:
    """Sign this browser out, here and on the server."""
    _forget_secret()
    session.clear()


def start_afresh(now: datetime) -> None:
    """End every sign-in of this person, and start a new one here: for a changed password or second factor."""
    editor = current_editor()
    end_sign_ins(editor)
    start(editor, now)


def sign_in_count() -> int:
    """In how many browsers this person is signed in."""
    own = select(func.count()).select_from(SignIn)
    return db.session.scalar(own.where(SignIn.editor_id == current_editor().id, ~SignIn.needs_code)) or 0


def end_others() -> int:
    """Sign the same person out everywhere else; how many sign-ins that ended."""
    others = SignIn.editor_id == current_editor().id, SignIn.secret_hash != secret_hash(session["sign_in"])
    return len(db.session.execute(delete(SignIn).where(*others).returning(SignIn.id)).all())


def _find_sign_in(now: datetime) -> SignIn | None:
    return _find(~SignIn.needs_code, SignIn.seen_at > now - IDLE, SignIn.started_at > now - LONGEST)


def _find(*conditions: ColumnElement[bool]) -> SignIn | None:
    secret = session.get("sign_in")
    if not secret:
        return None
    return db.session.scalar(select(SignIn).where(SignIn.secret_hash == secret_hash(secret), *conditions))


def _forget_secret() -> None:
    db.session.execute(delete(SignIn).where(SignIn.secret_hash == secret_hash(session.get("sign_in", ""))))
