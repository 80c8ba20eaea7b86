"""Editors, their sign-ins, what they typed but have not saved, and what they scheduled."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.values import Labelled


class Role(Labelled):
    """What an editor may do: write drafts; publish as well; look after people as well."""

    WRITER = "writer", "Writer"
    EDITOR = "editor", "Editor"
    ADMIN = "admin", "Admin"


class Editor(Base):
    """Somebody who may write. The password is stored as an argon2id hash."""

    __tablename__ = "editor"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(enum_text(Role), default=Role.EDITOR)
    time_zone: Mapped[str | None] = mapped_column(String(64))  # IANA name; None: that of the site
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # since when the account is closed
    second_factor: Mapped["SecondFactor | None"] = relationship(
        lazy="joined", cascade="all, delete-orphan", passive_deletes=True
    )


class SecondFactor(Base):
    """The secret that an editor's authenticator app shares with us (TOTP, RFC 6238)."""

    __tablename__ = "second_factor"

    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))  # base32
    last_step: Mapped[int]  # of the last code used, in units of 30 seconds since 1970: none works twice
    set_up_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignIn(Base):
    """One signed-in browser. Only the hash of its secret is stored; deleting the row ends it at once.

    With ``needs_code`` the password was right and the second factor is still to come: nobody is signed in yet.
    """

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id", ondelete="CASCADE"), index=True)
    editor: Mapped[Editor] = relationship(lazy="joined", innerjoin=True)
    needs_code: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoverableForm(Base):
    """A form sent after the session had expired: its fields unchanged, stored for an hour."""

    __tablename__ = "recoverable_form"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)  # of a secret in that browser's session
    editor_id: Mapped[int | None] = mapped_column(
        ForeignKey("editor.id", ondelete="CASCADE")
    )  # None: not known
    path: Mapped[str] = mapped_column(String(255))
    fields: Mapped[list[list[str]]] = mapped_column(JSON)  # name and value, in the order of the form
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Autosave(Base):
    """What one person has typed into one form in one tab since the last save, overwritten each time; it is not part of the history."""

    __tablename__ = "autosave"

    id: Mapped[int] = mapped_column(primary_key=True)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id", ondelete="CASCADE"))
    form_key: Mapped[str] = mapped_column(
        String(40)
    )  # which form: "draft-12", "article-5" or "new-" and a random part
    tab: Mapped[str] = mapped_column(String(16))  # random, made each time the form is opened
    title: Mapped[str] = mapped_column(String(200))
    fields: Mapped[list[list[str]]] = mapped_column(JSON)  # name and value, in the order of the form
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("editor_id", "form_key", "tab"),)


class Schedule(Base):
    """A revision that passed all checks and is to be published by itself. ``ended_at`` is None while it waits."""

    __tablename__ = "schedule"

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

    __tablename__ = "bulk_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # re-file, withdraw, import
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # article_id, the article's revision number from then on, and its categories before; of an import, draft_id
    changed: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
