"""Editors: their sign-ins, what they typed but have not saved, what they scheduled, and the audit log."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String, Text, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.values import Labeled, ReviewerKind


class Role(Labeled):
    """What an editor may do: review what they are asked to; write drafts as well; publish as well; look after people as well."""

    REVIEWER = "reviewer", "Reviewer"
    WRITER = "writer", "Writer"
    EDITOR = "editor", "Editor"
    ADMIN = "admin", "Admin"


class Editor(Base):
    """Somebody who may write. The password is stored as an argon2id hash."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(enum_text(Role), default=Role.EDITOR)
    # of somebody who may be asked for reviews, with the profession or title that readers see
    reviewer_kind: Mapped[ReviewerKind | None] = mapped_column(enum_text(ReviewerKind))
    printed_role: Mapped[str | None] = mapped_column(String(120))
    time_zone: Mapped[str | None] = mapped_column(String(64))  # IANA name; None: that of the site
    # the mail of the day: whether they want it, the day of the last one, and up to when it says what happened
    wants_digest: Mapped[bool] = mapped_column(default=True, server_default=true())
    digest_on: Mapped[date | None]
    digest_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # since when the account is closed
    second_factor: Mapped["SecondFactor | None"] = relationship(
        lazy="joined", cascade="all, delete-orphan", passive_deletes=True
    )
    passkeys: Mapped[list["Passkey"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="Passkey.id"
    )

    @property
    def has_second_factor(self) -> bool:
        """Does signing in take more than the password?"""
        return self.second_factor is not None or bool(self.passkeys)


class SecondFactor(Base):
    """The secret that an editor's authenticator app shares with us (TOTP, RFC 6238)."""

    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))  # base32
    last_step: Mapped[int]  # of the last code used, in units of 30 seconds since 1970: none works twice
    set_up_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Passkey(Base):
    """The public half of a key pair that an editor's device made for this site (WebAuthn)."""

    id: Mapped[int] = mapped_column(primary_key=True)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(60))  # chosen by the editor
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)  # COSE
    # how often the device has used the key, in 32 bits without a sign; always 0 if the key is synchronized
    sign_count: Mapped[int] = mapped_column(BigInteger)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """A code that stands in for the app or a passkey once; using it deletes the row. Only its hash is stored."""

    id: Mapped[int] = mapped_column(primary_key=True)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id", ondelete="CASCADE"), index=True)
    # The same for all codes of an editor; None: the secret of the app, as the release before passkeys has it.
    salt: Mapped[str | None] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))


class SignIn(Base):
    """One signed-in browser. Only the hash of its secret is stored; deleting the row ends it at once.

    With ``needs_code`` the password was right and the second factor is still to come: nobody is signed in yet.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id", ondelete="CASCADE"), index=True)
    editor: Mapped[Editor] = relationship(lazy="joined", innerjoin=True)
    needs_code: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoverableForm(Base):
    """A form sent after the session had expired: its fields unchanged, stored for an hour."""

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)  # of a secret in that browser's session
    # None: not known
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(String(255))
    fields: Mapped[list[list[str]]] = mapped_column(JSON)  # name and value, in the order of the form
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Autosave(Base):
    """What one person has typed into one form in one tab since the last save, overwritten each time; it is not part of the history."""

    id: Mapped[int] = mapped_column(primary_key=True)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id", ondelete="CASCADE"))
    # which form: "draft-12", or "new-" and a random part
    form_key: Mapped[str] = mapped_column(String(40))
    tab: Mapped[str] = mapped_column(String(16))  # random, made each time the form is opened
    title: Mapped[str] = mapped_column(String(200))
    fields: Mapped[list[list[str]]] = mapped_column(JSON)  # name and value, in the order of the form
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("editor_id", "form_key", "tab"),)

    @property
    def mark(self) -> str:
        """Identifies this text; the same tab has another mark once more was typed there."""
        return f"{self.tab}@{self.saved_at.isoformat()}"


class Schedule(Base):
    """A revision that passed all checks and is to be published by itself. ``ended_at`` is None while it waits."""

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    revision_number: Mapped[int]
    publish_at: Mapped[datetime] = mapped_column(UtcDateTime)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    problem: Mapped[str | None] = mapped_column(Text)  # why it was not published

    @property
    def late_minutes(self) -> int:
        """How many whole minutes after its time it went out, or was given up."""
        return int(((self.ended_at or self.publish_at) - self.publish_at).total_seconds()) // 60


class BulkChange(Base):
    """What one press did to several texts: re-filed or withdrew them, or made drafts of papers. It can be undone."""

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # re-file, withdraw, import
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # article_id, the article's revision number from then on, and its categories before; of an import, draft_id
    changed: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class AuditKind(Labeled):
    SIGNED_IN = "signed-in", "Signed in"
    SIGN_IN_FAILED = "sign-in-failed", "Couldn’t sign in"
    SIGNED_OUT = "signed-out", "Signed out"
    SIGN_INS_ENDED = "sign-ins-ended", "Signed out everywhere else"
    PASSWORD_CHANGED = "password-changed", "Changed the password"
    LINK_ASKED = "link-asked", "Asked for a link to a new password"
    PASSWORD_RESET = "password-reset", "Set a password by a link"
    FACTOR_ON = "factor-on", "Added the authenticator app"
    FACTOR_OFF = "factor-off", "Removed the authenticator app"
    FACTOR_RESET = "factor-reset", "Took a second factor away"
    PASSKEY_ADDED = "passkey-added", "Added a passkey"
    PASSKEY_REMOVED = "passkey-removed", "Removed a passkey"
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
    REVIEW_ASKED = "review-asked", "Asked for a review"
    REVIEWED = "reviewed", "Sent a review"
    SIGNED_OFF = "signed-off", "Signed off a text"
    SIGN_OFF_UNDONE = "sign-off-undone", "Took a sign-off back"
    STILL_RIGHT = "still-right", "Said that an answer is still right"
    SAFETY_CARD_CHANGED = "safety-card-changed", "Changed a safety card"
    SETTINGS_CHANGED = "settings-changed", "Changed the site settings"
    PAGE_CHANGED = "page-changed", "Changed a page of the site"
    CATEGORIES_CHANGED = "categories-changed", "Changed the categories"
    WORD_CHANGED = "word-changed", "Changed a word"
    WORD_DELETED = "word-deleted", "Deleted a word"
    WATCH_CHANGED = "watch-changed", "Changed what we look for"
    PUBLISH_UNDONE = "publish-undone", "Undid a publication"
    TRANSLATED = "translated", "Published a translation"
    NEWSLETTER_CHANGED = "newsletter-changed", "Changed the next newsletter"
    NEWSLETTER_SENT = "newsletter-sent", "Sent a newsletter"
    NEWSLETTER_CONTINUED = "newsletter-continued", "Went on with a newsletter"
    COMMENT_DONE = "comment-done", "Marked a comment as done"
    ASSIGNED = "assigned", "Assigned a text"
    UNASSIGNED = "unassigned", "Assigned a text to nobody"


class AuditEntry(Base):
    """One line of the audit log. It holds no address, no password and no text that was typed into a sign-in form."""

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
