"""Subscribers, issues of the newsletter, addresses that get no mail, and the outbox that all mail goes through."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import JsonList, JsonStruct, UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.answer import Answer
from webapp.models.article import Article
from webapp.models.editor import Editor
from webapp.models.saved_text import SavedText
from webapp.models.values import Labeled


class SubscriberState(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"


class Frequency(Labeled):
    """How often a subscriber gets the newsletter."""

    WEEKLY = "weekly", "Each week"
    MONTHLY = "monthly", "Each month"


MOST_SEARCHES = 10  # that a subscriber may follow


class Subscriber(Base):
    """Somebody who asked for the newsletter, with the record of their consent.

    Links in mails carry the signed ``key``: the id of an erased subscriber may be used again for another.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    state: Mapped[SubscriberState] = mapped_column(enum_text(SubscriberState), index=True)
    topics: Mapped[list[str]] = mapped_column(JsonList(str))  # category slugs; empty: all
    frequency: Mapped[Frequency] = mapped_column(enum_text(Frequency), default=Frequency.WEEKLY)
    language: Mapped[str] = mapped_column(
        String(8), default="en", server_default="en"
    )  # of the page they asked on
    consent_page: Mapped[str] = mapped_column(Text)
    consent_wording: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unsubscribed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirm_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    confirm_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    covered_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by the latest issue sent to them
    # followed searches, each as the query of its address, and one that waits for the link in a mail to be confirmed
    searches: Mapped[list[str]] = mapped_column(JsonList(str), default=list, server_default="[]")
    asked_search: Mapped[str | None] = mapped_column(Text)
    follows_searches_only: Mapped[bool] = mapped_column(default=False, server_default=false())

    @property
    def is_asked_to_confirm(self) -> bool:
        """Does the subscription, or a search that they want to follow, wait for a click on the link in a mail?"""
        is_confirmed = self.state == SubscriberState.CONFIRMED
        return self.state == SubscriberState.PENDING or (is_confirmed and self.asked_search is not None)


class SuppressionReason(Labeled):
    ERASED = "erased", "The person asked us to erase it"
    BOUNCED = "bounced", "Mail came back too often"
    COMPLAINED = "complained", "The person reported our mail as spam"


class Suppression(Base):
    """An address that must get no mail. Only its keyed hash is stored, so the list names nobody."""

    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[SuppressionReason] = mapped_column(enum_text(SuppressionReason))
    suppressed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IssueWords(msgspec.Struct, frozen=True, omit_defaults=True):
    """What editors say in the mails of an issue in one language. Empty: the usual subject, the usual first sentence."""

    subject: str = ""
    greeting: str = ""


class IssueContent(msgspec.Struct, frozen=True, omit_defaults=True):
    """What editors want of the next issue. Summaries and answers are *marks*, such as "summary-12" and "answer-3".

    ``left_out`` was shown to the editor and not chosen. ``send_at`` is in UTC; None: at the usual time.
    """

    words: dict[str, IssueWords] = {}  # by the code of the language
    chosen: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    send_at: datetime | None = None
    is_held: bool = False


class IssueDraft(SavedText):
    """A saved state of the issue that follows the issue ``after_issue`` (0: the first one); the highest number counts."""

    frequency: Mapped[Frequency] = mapped_column(enum_text(Frequency))
    after_issue: Mapped[int]
    content: Mapped[IssueContent] = mapped_column(JsonStruct(IssueContent), nullable=True)
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id"))
    editor: Mapped[Editor | None] = relationship(lazy="joined")

    __table_args__ = (UniqueConstraint("frequency", "after_issue", "number"),)


class Issue(Base):
    """A digest and its recipients. ``recipient_count`` never changes; the outbox accounts for each recipient.

    An issue is stopped while most of its mails are refused; no more of it is sent until an editor continues it.
    ``left_out`` and ``waiting``: marks of texts that the editors did not want, and of those that came after they chose.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    frequency: Mapped[Frequency] = mapped_column(enum_text(Frequency))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    recipient_count: Mapped[int]
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # None: made without an editor
    answer_ids: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))  # in the order of the mail
    left_out: Mapped[list[str]] = mapped_column(JsonList(str), default=list, server_default="[]")
    waiting: Mapped[list[str]] = mapped_column(JsonList(str), default=list, server_default="[]")
    article_links: Mapped[list["IssueArticle"]] = relationship(
        order_by="IssueArticle.position", cascade="all, delete-orphan", lazy="selectin"
    )


class IssueArticle(Base):
    """An article of an issue, in the order of the issue."""

    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int]
    article: Mapped[Article] = relationship(lazy="joined", innerjoin=True)


class MailKind(StrEnum):
    """The purpose of a mail, which decides how it is rendered."""

    CONFIRM = "confirm"
    ALREADY_SUBSCRIBED = "already-subscribed"
    PREFERENCES_LINK = "preferences-link"
    DIGEST = "digest"
    CORRECTION = "correction"
    TEST = "test"
    CONTACT = "contact"
    PASSWORD_RESET = "password-reset"  # noqa: S105
    INVITATION = "invitation"
    ACCOUNT_NOTICE = "account-notice"
    ISSUE_STOPPED = "issue-stopped"
    REVIEW_REQUEST = "review-request"
    REVIEW_ANSWERED = "review-answered"
    CHECK_AGAIN = "check-again"
    DESK_DIGEST = "desk-digest"


class MailState(StrEnum):
    """The delivery state of a mail.

    ``uncertain``: after a crash or a lost connection nobody knows whether it was sent; it is not sent again by itself.
    ``excluded``: it was not sent on purpose, for example because the person unsubscribed in the meantime.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    EXCLUDED = "excluded"


class BounceKind(Labeled):
    """Why a mail counts against its address: no such mailbox; a full or unreachable one; reported as spam."""

    HARD = "hard", "There is no such mailbox"
    SOFT = "soft", "The mailbox is full, or we can’t reach it"
    COMPLAINT = "complaint", "The person reported our mail as spam"


class OutboxMessage(Base):
    """One mail to one person, saved in the transaction that causes it and delivered afterwards.

    Mail to subscribers is rendered only when it is sent: an article may be withdrawn by then, and the secret of a link
    is never stored. ``subject`` and ``text_body`` are stored only for contact messages and account notices, until sent;
    mail about a review has the id of the review as its text, an editor's mail of the day the time that it covers.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[MailKind] = mapped_column(enum_text(MailKind))
    recipient: Mapped[str] = mapped_column(String(254))  # emptied when the person is erased
    subscriber_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscriber.id", ondelete="SET NULL"), index=True
    )
    issue_id: Mapped[int | None] = mapped_column(ForeignKey("issue.id"), index=True)
    subject: Mapped[str | None] = mapped_column(Text)
    text_body: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    state: Mapped[MailState] = mapped_column(enum_text(MailState), default=MailState.QUEUED)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When it was refused or came back; set once, as the same report may come twice. ``bounce`` is None if it was our fault.
    bounced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bounce: Mapped[BounceKind | None] = mapped_column(enum_text(BounceKind))
    attempt_count: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    subscriber: Mapped[Subscriber | None] = relationship()
    issue: Mapped[Issue | None] = relationship()
    article_links: Mapped[list["MessageArticle"]] = relationship(
        order_by="MessageArticle.position", cascade="all, delete-orphan"
    )
    answer_links: Mapped[list["MessageAnswer"]] = relationship(cascade="all, delete-orphan")

    __table_args__ = (
        Index("ix_outbox_message_state_kind_next_try_at", "state", "kind", "next_try_at"),
        Index("ix_outbox_message_recipient_queued_at", "recipient", "queued_at"),
    )


class MessageArticle(Base):
    """An article in a mail.

    A correction goes to exactly those subscribers whose last mail shows a state that is not the current one.
    """

    message_id: Mapped[int] = mapped_column(
        ForeignKey("outbox_message.id", ondelete="CASCADE"), primary_key=True
    )
    article_id: Mapped[int] = mapped_column(
        ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int]
    # as the mail shows it; None: not in the mail
    article_state: Mapped[str | None] = mapped_column(String(40))
    article: Mapped[Article] = relationship(lazy="joined", innerjoin=True)


class MessageAnswer(Base):
    """An answer in a mail; which ones a digest has is decided when it is sent."""

    message_id: Mapped[int] = mapped_column(
        ForeignKey("outbox_message.id", ondelete="CASCADE"), primary_key=True
    )
    answer_id: Mapped[int] = mapped_column(
        ForeignKey("answer.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    # as the mail shows it; None: not sent yet
    answer_state: Mapped[str | None] = mapped_column(String(40))
    answer: Mapped[Answer] = relationship(lazy="joined", innerjoin=True)
