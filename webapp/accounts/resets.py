"""Links by which somebody sets a password: after forgetting it, or to begin with. Each works once."""

import logging
from datetime import timedelta

from webapp.accounts import editors
from webapp.db.session import db
from webapp.models import Editor
from webapp.models.values import Labelled
from webapp.web import tokens

log = logging.getLogger(__name__)


class LinkKind(Labelled):
    """What a link is for. It works for that only."""

    RESET = "reset", "Set a new password"
    INVITATION = "invitation", "Choose your password"


LASTS = {LinkKind.RESET: timedelta(hours=1), LinkKind.INVITATION: timedelta(days=3)}


class LinkTooOld(LookupError):
    """A link is used up, too old, altered, or was made for something else."""


def new_token(kind: LinkKind, editor: Editor) -> str:
    """The signed part of a link. It dies with the password it was made for, and so on its first use."""
    return tokens.sign(_purpose(kind), f"{editor.id} {tokens.secret_hash(editor.password_hash)}")


def open_link(kind: LinkKind, token: str) -> Editor:
    """Whose link this is; raises LinkTooOld."""
    try:
        value = str(tokens.read_signed(_purpose(kind), token, LASTS[kind]))
    except tokens.TokenError as error:
        raise _too_old(kind) from error
    editor_id, _, made_for = value.partition(" ")
    editor = db.session.get(Editor, int(editor_id))
    if editor is None or editor.disabled_at or tokens.secret_hash(editor.password_hash) != made_for:
        raise _too_old(kind)
    return editor


def set_password(kind: LinkKind, token: str, new_hash: str) -> Editor:
    """Give the link's owner a new password and sign them out everywhere. Raises LinkTooOld."""
    editor = open_link(kind, token)
    editor.password_hash = new_hash
    editors.end_sign_ins(editor)
    return editor


def _purpose(kind: LinkKind) -> str:
    return f"password-{kind}"


def _too_old(kind: LinkKind) -> LinkTooOld:
    log.info("a link did not work", extra={"purpose": _purpose(kind)})
    return LinkTooOld(kind)
