"""Bounces, read from a mailbox of delivery reports (RFC 3464 and older formats) and complaints (RFC 5965).

A report counts only if it names the Message-ID of a mail we sent, and only once: anybody can write to the mailbox.
"""

import mailbox
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from enum import StrEnum
from pathlib import Path

from flufl.bounce import all_failures
from sqlalchemy import select

from webapp.db.session import db
from webapp.mail import suppressions
from webapp.models import OutboxMessage, SuppressionReason

# RFC 3463: 5.1.x is about the address; simple servers answer 5.0.0 when there is no such mailbox.
_HARD = ("5.1.", "5.0.0")


class BounceKind(StrEnum):
    """No such mailbox; refused for another reason; reported as spam."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"


@dataclass(frozen=True)
class Bounce:
    """One mail that bounced, or that its recipient complained about."""

    message_id: str
    kind: BounceKind


def record(bounce: Bounce, now: datetime) -> bool:
    """Count a bounce against its address; False if we did not send the mail, or its bounce was counted before."""
    message = db.session.scalar(select(OutboxMessage).where(OutboxMessage.message_id == bounce.message_id))
    if message is None or message.bounced_at is not None or not message.recipient:
        return False
    message.bounced_at = now
    count(message.recipient, bounce.kind, now)
    return True


def count(email: str, kind: BounceKind, now: datetime) -> None:
    """Count a bounce, a complaint or a refusal by our own mail server against an address."""
    match kind:
        case BounceKind.HARD:
            suppressions.record_hard_bounce(email, now)
        case BounceKind.SOFT:
            suppressions.record_soft_bounce(email, now)
        case BounceKind.COMPLAINT:
            suppressions.suppress(email, SuppressionReason.COMPLAINED, now)


def read_mailbox(path: Path) -> Iterator[Bounce]:
    """Read the bounces in an mbox file or a Maildir folder, and skip other mail in it."""
    box = mailbox.Maildir(path, create=False) if path.is_dir() else mailbox.mbox(path, create=False)
    with closing(box):
        for key in box.iterkeys():
            bounce = find_bounce(message_from_bytes(box.get_bytes(key), policy=compat32))
            if bounce is not None:
                yield bounce


def find_bounce(message: Message) -> Bounce | None:
    """The bounce that a mail reports, if it is a report and quotes the mail that bounced."""
    body = message.as_bytes().partition(b"\n\n")[2]
    returned = re.search(rb"^Message-ID:\s*(<[^<>\s]+>)", body, re.IGNORECASE | re.MULTILINE)
    if returned is None:
        return None
    message_id = returned.group(1).decode("ascii", "replace")
    parts = {part.get_content_type(): part for part in message.walk()}
    if "message/feedback-report" in parts:
        return Bounce(message_id, BounceKind.COMPLAINT)
    if "message/delivery-status" not in parts:
        try:
            _delayed, failed = all_failures(message)
        except Exception:  # flufl.bounce logs it; otherwise one malformed mail would stop the reading of all
            return None
        # Older reports tell a failure from a delay, but their reasons follow no standard.
        return Bounce(message_id, BounceKind.SOFT) if failed else None
    blocks = parts["message/delivery-status"].get_payload()
    fields: dict[str, str] = {}  # of the mail, then of its (last) recipient
    for block in blocks if isinstance(blocks, list) else []:
        fields |= {name.lower(): str(value) for name, value in block.items()}  # type: ignore[union-attr]
    if fields.get("action", "").strip().lower() != "failed":
        return None
    is_hard = fields.get("status", "").strip().startswith(_HARD)
    return Bounce(message_id, BounceKind.HARD if is_hard else BounceKind.SOFT)
