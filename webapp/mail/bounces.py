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
from email.utils import parseaddr
from pathlib import Path

from flufl.bounce import all_failures
from sqlalchemy import select

from webapp.db.session import db
from webapp.mail import outbox
from webapp.mail.refusals import judge
from webapp.models import BounceKind, OutboxMessage

_MESSAGE_ID = re.compile(rb"^[>\s]*(?:Original-)?Message-ID:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_REPORTERS = re.compile(
    r"mailer[-_ ]?daemon|post-?master|mail delivery|administrator|\bsystem\b", re.IGNORECASE
)
_COPY = re.compile(r"^\W*(return-path|received|message-id):|^-{2,}.*(copy|original message)", re.MULTILINE)
# A report that mail was not sent by us, or was not spam, is no complaint.
_NO_COMPLAINTS = ("auth-failure", "not-spam")


@dataclass(frozen=True)
class RecipientOutcome:
    """What became of a mail at one address, as a report says; ``kind`` is None if the failure is not the recipient's."""

    addresses: frozenset[str]
    has_failed: bool
    kind: BounceKind | None


@dataclass(frozen=True)
class DeliveryReport:
    """A delivery report or a complaint: the mails that it may be about, and the outcome at each address it names."""

    message_ids: tuple[str, ...]
    outcomes: tuple[RecipientOutcome, ...]

    def failure_of(self, recipient: str) -> RecipientOutcome | None:
        """The failure at an address. A mail that was forwarded has failed if it did everywhere, and each time alike."""
        outcomes = [one for one in self.outcomes if recipient in one.addresses] or list(self.outcomes)
        if not all(one.has_failed for one in outcomes):
            return None
        kinds = {one.kind for one in outcomes}
        return outcomes[0] if len(kinds) == 1 else RecipientOutcome(frozenset(), has_failed=True, kind=None)


def record(report: DeliveryReport, now: datetime) -> bool:
    """Note that a mail came back; False if we did not send it, it did not fail, or its failure was noted before."""
    message = db.session.scalar(select(OutboxMessage).where(OutboxMessage.message_id.in_(report.message_ids)))
    if message is None or message.bounced_at is not None or not message.recipient:
        return False
    failure = report.failure_of(message.recipient)
    if failure is None:
        return False
    outbox.record_bounce(message, failure.kind, now)
    return True


def read_mailbox(path: Path) -> Iterator[DeliveryReport]:
    """Read the reports in an mbox file or a Maildir folder, and skip other mail in it."""
    box = mailbox.Maildir(path, create=False) if path.is_dir() else mailbox.mbox(path, create=False)
    with closing(box):
        for key in box.iterkeys():
            report = find_report(message_from_bytes(box.get_bytes(key), policy=compat32))
            if report is not None:
                yield report


def find_report(message: Message) -> DeliveryReport | None:
    """The report in a mail, if it is one and some address failed or complained."""
    parts = {part.get_content_type(): part for part in reversed(list(message.walk()))}
    if "message/feedback-report" in parts:
        [fields] = _blocks(parts["message/feedback-report"])[:1] or [Message()]
        if str(fields.get("feedback-type", "abuse")).strip().lower() in _NO_COMPLAINTS:
            return None
        outcomes = [RecipientOutcome(frozenset(), has_failed=True, kind=BounceKind.COMPLAINT)]
    elif status := parts.get("message/delivery-status") or parts.get("message/global-delivery-status"):
        outcomes = [_outcome(block) for block in _blocks(status) if "action" in block]
    else:
        outcomes = _in_own_words(message)
    # The Message-IDs that it quotes: of the mail in it, in its text, or in its own headers.
    texts = [part for part in message.walk() if part.get_content_maintype() != "multipart"]
    quoted = [found for text in texts for found in _MESSAGE_ID.findall(_decoded(text))]
    answered = " ".join(str(message.get(name, "")) for name in ("in-reply-to", "references"))
    message_ids = [found.decode("ascii", "replace") for found in quoted] + re.findall(r"<[^<>\s]+>", answered)
    if not message_ids or not any(outcome.has_failed for outcome in outcomes):
        return None
    return DeliveryReport(tuple(dict.fromkeys(message_ids)), tuple(outcomes))


def _blocks(part: Message) -> list[Message]:
    """The groups of fields in a report. Some servers encode this part, though RFC 3464 forbids it."""
    return [message_from_bytes(block.strip()) for block in re.split(rb"\r?\n[ \t]*\r?\n", _decoded(part))]


def _outcome(block: Message) -> RecipientOutcome:
    """What the fields of one recipient say (RFC 3464). OpenSMTPD writes ``Action: error``."""
    named = [
        str(value) for name in ("original-recipient", "final-recipient") for value in block.get_all(name, [])
    ]
    addresses = frozenset(parseaddr(value.rpartition(";")[2].strip())[1].lower() for value in named)
    has_failed = str(block["action"]).strip().lower().startswith(("fail", "error"))
    answer = " ".join(str(block.get(name, "")) for name in ("status", "diagnostic-code"))
    return RecipientOutcome(addresses, has_failed, judge(answer) if has_failed else None)


def _in_own_words(message: Message) -> list[RecipientOutcome]:
    """The failures in a report that follows no standard. Mail from a person, such as an automatic reply, is no report."""
    sender = str(message.get("from", ""))
    if str(message.get("return-path", "")).strip() != "<>" and not _REPORTERS.search(sender):
        return []
    try:
        _delayed, failed = all_failures(message)
    except Exception:  # flufl.bounce logs it; otherwise one malformed mail would stop the reading of all
        return []
    addresses = frozenset(address.decode("ascii", "replace").lower() for address in failed)
    if not addresses or parseaddr(sender)[1].lower() in addresses:
        return []
    texts = [part for part in message.walk() if part.get_content_type() == "text/plain"][:1]
    text = b"".join(_decoded(part) for part in texts).decode("utf-8", "replace").lower()
    paragraphs = re.split(r"\n\s*\n", _COPY.split(text, maxsplit=1)[0].replace("\r", ""))
    return [
        RecipientOutcome(frozenset([address]), True, judge(_reason(address, paragraphs)))
        for address in addresses
    ]


def _reason(address: str, paragraphs: list[str]) -> str:
    """The paragraphs that name an address, each with the one after it if it says no more."""
    reasons = []
    for paragraph, following in zip(paragraphs, [*paragraphs[1:], ""], strict=True):
        if address in paragraph:
            reasons.append(paragraph)
            if not re.search(r"[a-z]{3}", paragraph.replace(address, "")):
                reasons.append(following)
    return "\n".join(reasons)


def _decoded(part: Message) -> bytes:
    """The bytes of a part. Some servers encode parts that are mails themselves, though RFC 2046 forbids it."""
    payload = part.get_payload()
    if isinstance(payload, list):
        data = b"\n\n".join(nested.as_bytes() for nested in payload if isinstance(nested, Message))
        encoded = Message()
        encoded["Content-Transfer-Encoding"] = part.get("content-transfer-encoding", "8bit")
        encoded.set_payload(data.decode("ascii", "surrogateescape"))
        part = encoded
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""
