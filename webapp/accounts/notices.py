"""Whose password or second factor changed is told so by mail: if it was somebody else, they should know at once."""

from datetime import datetime

from webapp.mail import outbox
from webapp.models import AuditKind, Editor, MailKind
from webapp.publishing import audit

SENTENCES = {
    AuditKind.PASSWORD_CHANGED: "Your password was changed.",
    AuditKind.PASSWORD_RESET: "A password was set by a link that we mailed to you.",
    AuditKind.FACTOR_ON: "Your second factor was turned on.",
    AuditKind.FACTOR_OFF: "Your second factor was turned off.",
    AuditKind.FACTOR_RESET: "Your second factor was taken off for you. You sign in with your password alone.",
    AuditKind.RECOVERY_CODES_MADE: "New recovery codes were made. The ones from before work no more.",
    AuditKind.RECOVERY_CODE_USED: "Somebody signed in with one of your recovery codes.",
}


def record_and_tell(kind: AuditKind, now: datetime, actor_id: int | None, editor: Editor) -> None:
    """Write the line of the audit log, and the mail about it, in the transaction of what they tell of."""
    audit.record(kind, now, actor_id, editor.id)
    outbox.enqueue(MailKind.ACCOUNT_NOTICE, editor.email, now, text=SENTENCES[kind])
