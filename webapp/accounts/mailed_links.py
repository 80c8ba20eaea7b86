"""Links mailed to editors: for setting a password, which work once, and for stopping the mail of the day."""

from datetime import datetime, timedelta

from sqlalchemy.exc import NoResultFound

from webapp.accounts import editors
from webapp.db.session import db
from webapp.models import Editor
from webapp.models.values import Labeled
from webapp.web import tokens
from webapp.web.errors import SiteError
from webapp.web.tokens import TokenError


class LinkKind(Labeled):
    """The purpose of a link; it works for no other."""

    RESET = "reset", "Set a new password"
    INVITATION = "invitation", "Choose your password"


_DIGEST_OFF = "desk-digest-off"
LASTS = {LinkKind.RESET: timedelta(hours=1), LinkKind.INVITATION: timedelta(days=3)}


def new_token(kind: LinkKind, editor: Editor) -> str:
    """The signed part of a link. It holds a hash of the current password hash, so it expires with that password."""
    return tokens.sign(_purpose(kind), f"{editor.id} {tokens.secret_hash(editor.password_hash)}")


def open_link(kind: LinkKind, token: str) -> Editor:
    """The editor that a link was made for; raises TokenError."""
    value = str(tokens.read_signed(_purpose(kind), token, LASTS[kind]))
    editor_id, _, made_for = value.partition(" ")
    editor = db.session.get(Editor, int(editor_id))
    if editor is None or editor.disabled_at or tokens.secret_hash(editor.password_hash) != made_for:
        raise TokenError(_purpose(kind))
    return editor


def set_password(kind: LinkKind, token: str, new_hash: str) -> None:
    """Replace the password of the link's owner and end all their sign-ins; raises TokenError."""
    editor = open_link(kind, token)
    editor.password_hash = new_hash
    editors.end_sign_ins(editor)


def _purpose(kind: LinkKind) -> str:
    return f"password-{kind}"


def digest_token(editor: Editor) -> str:
    """The token in the link that stops the mail of the day; it has no time limit."""
    return tokens.sign(_DIGEST_OFF, editor.id)


def digest_editor(token: str) -> Editor:
    """The editor to whom a mail of the day with this token went; raises SiteError 404."""
    try:
        return db.session.get_one(Editor, int(tokens.read_signed(_DIGEST_OFF, token)))
    except (TokenError, NoResultFound) as error:
        raise SiteError(404, "Part of this link is missing. Please copy all of it from our email.") from error


def switch_digest(editor: Editor, now: datetime, *, is_on: bool) -> None:
    """Switch somebody's mail of the day on or off. What happened while it was off is not told afterwards."""
    if is_on and not editor.wants_digest:
        editor.digest_until = now
    editor.wants_digest = is_on
