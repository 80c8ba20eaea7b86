"""Sign-ins of editors and how long they last: the only domain module that reads the session."""

from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app, g, session
from sqlalchemy import ColumnElement, delete, func, select, update

from webapp.accounts.editors import end_sign_ins
from webapp.db.session import db
from webapp.db.writing import TurnTaken, writing
from webapp.models import Editor, Role, SignIn
from webapp.web.tokens import new_secret, secret_hash

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
CODE_WITHIN = timedelta(minutes=10)  # after the password
SEEN_EVERY = timedelta(minutes=1)  # the time of the last request is stored no more often than this

_RANKS = list(Role)  # each role may do what those before it may


def current_editor() -> Editor:
    """The signed-in editor; call it only in protected views."""
    editor: Editor = g.editor
    return editor


def find_current_editor() -> Editor | None:
    """The signed-in editor, if any, for pages that do not require one."""
    editor: Editor | None = g.get("editor")
    return editor


def time_zone() -> str:
    """The name of the signed-in editor's time zone, which is that of the site until one is chosen."""
    name: str = g.time_zone
    return name


def recognize(now: datetime) -> bool:
    """Load the signed-in editor from the session; False if there is none. Call it outside ``writing()``.

    The time of the request is stored, unless another process is writing: a request that only reads does not wait.
    """
    sign_in = _find(~SignIn.needs_code, SignIn.seen_at > now - IDLE, SignIn.started_at > now - LONGEST)
    g.editor = sign_in.editor if sign_in else None
    g.time_zone = (g.editor and g.editor.time_zone) or current_app.extensions["config"].time_zone
    if sign_in is not None and now - sign_in.seen_at >= SEEN_EVERY:
        seen = update(SignIn).where(SignIn.id == sign_in.id).values(seen_at=now)

        with suppress(TurnTaken), writing(wait=False):
            db.session.execute(seen)
    return sign_in is not None


def may(role: Role) -> bool:
    """Is the account open, and does it have this role or one above it? Inside ``writing()`` this is asked again."""
    editor = current_editor()
    if editor.disabled_at is not None:
        return False
    return _RANKS.index(editor.role) >= _RANKS.index(role)


def local_time(at: datetime) -> str:
    """A time in words, in the time zone of the signed-in editor: November 24, 2026, 14:32."""
    here = at.astimezone(ZoneInfo(g.time_zone))
    return f"{here:%B} {here.day}, {here.year}, {here:%H:%M}"


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
    sign_in = _find(SignIn.needs_code.is_(True), SignIn.started_at > now - CODE_WITHIN)
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


def _find(*conditions: ColumnElement[bool]) -> SignIn | None:
    secret = session.get("sign_in")
    if not secret:
        return None
    return db.session.scalar(select(SignIn).where(SignIn.secret_hash == secret_hash(secret), *conditions))


def _forget_secret() -> None:
    db.session.execute(delete(SignIn).where(SignIn.secret_hash == secret_hash(session.get("sign_in", ""))))
