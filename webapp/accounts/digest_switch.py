"""Switching an editor's mail of the day on and off, also by the link in that mail, without signing in."""

from datetime import datetime

from sqlalchemy.exc import NoResultFound

from webapp.db.session import db
from webapp.models import Editor
from webapp.web import tokens
from webapp.web.errors import SiteError
from webapp.web.tokens import TokenError

_PURPOSE = "desk-digest-off"


def token_for(editor: Editor) -> str:
    """The token in the link; it has no time limit."""
    return tokens.sign(_PURPOSE, editor.id)


def editor_of(token: str) -> Editor:
    """The editor to whom a mail with this token went; raises SiteError 404."""
    try:
        return db.session.get_one(Editor, int(tokens.read_signed(_PURPOSE, token)))
    except (TokenError, NoResultFound) as error:
        raise SiteError(404, "Part of this link is missing. Please copy all of it from our email.") from error


def switch(editor: Editor, now: datetime, *, is_on: bool) -> None:
    """Switch somebody's mail of the day on or off. What happened while it was off is not told afterwards."""
    if is_on and not editor.wants_digest:
        editor.digest_until = now
    editor.wants_digest = is_on
