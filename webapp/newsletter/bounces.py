"""Mails that came back: read from a mailbox of delivery reports (RFC 3464, RFC 5965) or told by a mail provider.

Only a report that names the Message-ID of a mail we sent counts, and only once: anybody can write to a mailbox.
"""

import hmac
import mailbox
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from enum import StrEnum
from pathlib import Path

import msgspec
from sqlalchemy import select

from webapp.db.session import db
from webapp.models import OutboxMessage, SuppressionReason
from webapp.newsletter import suppressions
from webapp.web import tokens

SIGNATURE_FOR = timedelta(minutes=5)
_PURPOSE = "bounce-webhook"
# RFC 3463: 5.1.x speaks of the address; 5.0.0 is what simple servers say when there is no such mailbox.
_HARD = ("5.1.", "5.0.0")


class NotSigned(PermissionError):
    """A provider's message without our signature, or one that is too old to be new."""


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
    match bounce.kind:
        case BounceKind.HARD:
            suppressions.record_hard_bounce(message.recipient, now)
        case BounceKind.SOFT:
            suppressions.record_soft_bounce(message.recipient, now)
        case BounceKind.COMPLAINT:
            suppressions.suppress(message.recipient, SuppressionReason.COMPLAINED, now)
    return True


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
    parts = {part.get_content_type(): part for part in message.walk()}
    message_id = _returned_message_id(parts)
    if message_id is None:
        return None
    if "message/feedback-report" in parts:
        return Bounce(message_id, BounceKind.COMPLAINT)
    if "message/delivery-status" not in parts:
        return None
    fields = _fields(parts["message/delivery-status"])
    if fields.get("action", "").strip().lower() != "failed":
        return None
    is_hard = fields.get("status", "").strip().startswith(_HARD)
    return Bounce(message_id, BounceKind.HARD if is_hard else BounceKind.SOFT)


def webhook_key() -> str:
    """The key with which a mail provider signs what it posts; changes with the site's own key."""
    return tokens.keyed_hash(_PURPOSE, "")


def sign(body: bytes, at: datetime, key: str) -> str:
    """The signature header for a body: ``t=<Unix time>,v1=<HMAC-SHA-256 of "t.body" in hex>``."""
    moment = int(at.timestamp())
    digest = hmac.new(key.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
    return f"t={moment},v1={digest}"


def read_posted(body: bytes, signature: str, now: datetime) -> list[Bounce]:
    """The bounces a provider posted as JSON, ``[{"message_id": "<…>", "kind": "hard"}]``.

    Raises NotSigned, or msgspec.ValidationError or DecodeError for another shape.
    """
    moment = signature.removeprefix("t=").partition(",")[0]
    if (
        not moment.isascii()
        or not moment.isdigit()
        or abs(now.timestamp() - int(moment[:12])) > SIGNATURE_FOR.seconds
    ):
        raise NotSigned
    at = datetime.fromtimestamp(int(moment), now.tzinfo)
    expected = [sign(body, at, key).encode() for key in tokens.keyed_hashes(_PURPOSE, "")]
    if not any(hmac.compare_digest(one, signature.encode()) for one in expected):
        raise NotSigned
    return msgspec.json.decode(body, type=list[Bounce])


def _returned_message_id(parts: dict[str, Message]) -> str | None:
    """The Message-ID of the mail that came back, from the copy or the headers that the report encloses."""
    for kind in ("message/rfc822", "text/rfc822-headers"):
        part = parts.get(kind)
        if part is None:
            continue
        payload = part.get_payload()
        enclosed = payload[0] if isinstance(payload, list) else message_from_bytes(str(payload).encode())
        found = enclosed.get("Message-ID") if isinstance(enclosed, Message) else None
        if found:
            return str(found).strip()
    return None


def _fields(part: Message) -> dict[str, str]:
    """All fields of a delivery status, lower case; those of the (last) recipient win."""
    blocks = part.get_payload()
    found: dict[str, str] = {}
    for block in blocks if isinstance(blocks, list) else []:
        found |= {name.lower(): str(value) for name, value in block.items()}  # type: ignore[union-attr]
    return found
