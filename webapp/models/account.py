"""An account's second factor, and the audit log: who did what to an account or to what readers see."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.editor import Editor
from webapp.models.values import Labelled


class RecoveryCode(Base):
    """A code that stands in for the app once; using it deletes the row. Only its hash is stored."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))


class AuditKind(Labelled):
    """What was done."""

    SIGNED_IN = "signed-in", "Signed in"
    SIGN_IN_FAILED = "sign-in-failed", "Could not sign in"
    SIGNED_OUT = "signed-out", "Signed out"
    SIGN_INS_ENDED = "sign-ins-ended", "Signed out everywhere else"
    PASSWORD_CHANGED = "password-changed", "Changed the password"
    LINK_ASKED = "link-asked", "Asked for a link to a new password"
    PASSWORD_RESET = "password-reset", "Set a password by a link"
    FACTOR_ON = "factor-on", "Turned the second factor on"
    FACTOR_OFF = "factor-off", "Turned the second factor off"
    FACTOR_RESET = "factor-reset", "Took a second factor away"
    RECOVERY_CODES_MADE = "recovery-codes-made", "Made new recovery codes"
    RECOVERY_CODE_USED = "recovery-code-used", "Used a recovery code"
    ACCOUNT_ADDED = "account-added", "Added an account"
    INVITED = "invited", "Sent an invitation"
    ROLE_CHANGED = "role-changed", "Changed a role"
    ACCOUNT_DISABLED = "account-disabled", "Closed an account"
    ACCOUNT_ENABLED = "account-enabled", "Opened an account again"
    PUBLISHED = "published", "Published"
    SCHEDULED = "scheduled", "Scheduled"
    UNSCHEDULED = "unscheduled", "Canceled a schedule"
    WITHDRAWN = "withdrawn", "Withdrew"
    REFILED = "re-filed", "Re-filed"
    UNDONE = "undone", "Undid a bulk change"
    ADDRESS_CHANGED = "address-changed", "Changed an address"
    RESTORED = "restored", "Restored an earlier text"
    IMPORTED = "imported", "Imported"
    DRAFT_DELETED = "draft-deleted", "Deleted a draft"
    DRAFT_RESTORED = "draft-restored", "Brought a deleted draft back"


class AuditEntry(Base):
    """One line of the audit log. It holds no address, no password and no text that was typed into a sign-in form."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    kind: Mapped[AuditKind] = mapped_column(enum_text(AuditKind), index=True)
    # None: nobody signed in, or a command of the site
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id", ondelete="SET NULL"), index=True)
    # None: not about an account, or about one that does not exist
    account_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id", ondelete="SET NULL"), index=True)
    detail: Mapped[str] = mapped_column(String(200), default="")  # a title, or from what to what
    actor: Mapped[Editor | None] = relationship(foreign_keys=actor_id, lazy="joined")
    account: Mapped[Editor | None] = relationship(foreign_keys=account_id, lazy="joined")
