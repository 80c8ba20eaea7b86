"""Mails that came back, read from a mailbox of delivery reports (RFC 3464 and older ones) and complaints (RFC 5965).

Only a report that names the Message-ID of a mail we sent counts, and only once: anybody can write to a mailbox.
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

# RFC 3463: 5.1.x speaks of the address; 5.0.0 is what simple servers say when there is no such mailbox.
_HARD = ("5.1.", "5.0.0")


class BounceKind(StrEnum):
    """What came back: no such mailbox; not taken for another reason; reported as unwanted."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"


@dataclass(frozen=True)
class Bounce:
    """One mail that came back."""

    message_id: str
    kind: BounceKind


def record(bounce: Bounce, now: datetime) -> bool:
    """Count a bounce against its address; False where it is not of a mail of ours, or was counted before."""
    message = db.session.scalar(select(OutboxMessage).where(OutboxMessage.message_id == bounce.message_id))
    if message is None or message.bounced_at is not None or not message.recipient:
        return False
    message.bounced_at = now
    count(message.recipient, bounce.kind, now)
    return True


def count(email: str, kind: BounceKind, now: datetime) -> None:
    """Count a mail that came back, or that the mail server refused to take, against its address."""
    match kind:
        case BounceKind.HARD:
            suppressions.record_hard_bounce(email, now)
        case BounceKind.SOFT:
            suppressions.record_soft_bounce(email, now)
        case BounceKind.COMPLAINT:
            suppressions.suppress(email, SuppressionReason.COMPLAINED, now)


def read_mailbox(path: Path) -> Iterator[Bounce]:
    """The bounces in an mbox file or a Maildir folder; other mail in it is passed over."""
    box = mailbox.Maildir(path, create=False) if path.is_dir() else mailbox.mbox(path, create=False)
    with closing(box):
        for key in box.iterkeys():
            found = find_bounce(message_from_bytes(box.get_bytes(key), policy=compat32))
            if found is not None:
                yield found


def find_bounce(message: Message) -> Bounce | None:
    """The bounce that a mail reports, if it is a report and names the mail that came back."""
    body = message.as_bytes().partition(b"\n\n")[2]
    returned = re.search(rb"^Message-ID:\s*(<[^<>\s]+>)", body, re.IGNORECASE | re.MULTILINE)
    if returned is None:
        return None
    message_id = returned.group(1).decode("ascii", "replace")
    parts = {part.get_content_type(): part for part in message.walk()}
    if "message/feedback-report" in parts:
        return Bounce(message_id, BounceKind.COMPLAINT)
    if "message/delivery-status" not in parts:
        # Older reports say that a mail has failed for good, but not in one way why.
        return Bounce(message_id, BounceKind.SOFT) if _has_failed(message) else None
    fields = _fields(parts["message/delivery-status"])
    if fields.get("action", "").strip().lower() != "failed":
        return None
    is_hard = fields.get("status", "").strip().startswith(_HARD)
    return Bounce(message_id, BounceKind.HARD if is_hard else BounceKind.SOFT)


def _has_failed(message: Message) -> bool:
    """Does a report in a mail server's own words tell of a failure, not only of a delay?"""
    try:
        _delayed, failed = all_failures(message)
    except Exception:  # flufl.bounce logs it; otherwise one odd mail would stop the reading of all
        return False
    return bool(failed)


def _fields(part: Message) -> dict[str, str]:
    """All fields of a delivery status, lower case; those of the (last) recipient win."""
    blocks = part.get_payload()
    found: dict[str, str] = {}
    for block in blocks if isinstance(blocks, list) else []:
        found |= {name.lower(): str(value) for name, value in block.items()}  # type: ignore[union-attr]
    return found
