"""Mail to editors about changes to their password or second factor, in case somebody else made them."""

from datetime import datetime

from webapp.mail import outbox
from webapp.models import AuditKind, Editor, MailKind
from webapp.publishing import audit

SENTENCES = {
    AuditKind.PASSWORD_CHANGED: "Your password was changed.",
    AuditKind.PASSWORD_RESET: "Your password was changed with the link we emailed you.",
    AuditKind.FACTOR_ON: "An authenticator app was added to your account.",
    AuditKind.FACTOR_OFF: "The authenticator app was removed from your account.",
    AuditKind.FACTOR_RESET: "An admin turned off your second factor. You now sign in with your password alone.",
    AuditKind.PASSKEY_ADDED: "A passkey was added to your account.",
    AuditKind.PASSKEY_REMOVED: "A passkey was removed from your account.",
    AuditKind.RECOVERY_CODES_MADE: "New recovery codes were made. The old ones no longer work.",
    AuditKind.RECOVERY_CODE_USED: "Someone signed in with one of your recovery codes.",
}


def record_and_notify(kind: AuditKind, now: datetime, actor_id: int | None, editor: Editor) -> None:
    """Add an entry to the audit log and queue a mail about it, in the transaction of the change itself."""
    audit.record(kind, now, actor_id, editor.id)
    outbox.enqueue(MailKind.ACCOUNT_NOTICE, editor.email, now, text=SENTENCES[kind])
