"""Mails that came back: counted once, only for mail of ours, until the address gets no more."""

import mailbox
from datetime import UTC, datetime, timedelta
from email import message_from_string
from pathlib import Path

import pytest
from flask import Flask

from tests.newsletter.steps import ADDRESS, get_subscriber, subscribed
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import MailKind, SubscriberState, SuppressionReason
from webapp.newsletter import bounces, outbox, suppressions
from webapp.newsletter.bounces import Bounce, BounceKind

NOW = datetime(2026, 1, 9, 9, 0, tzinfo=UTC)

REPORT = """\
From: MAILER-DAEMON@mail.example.org
To: news@localhost
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; maria@example.org
Action: {action}
Status: {status}

--b
Content-Type: {enclosed}

From: news@localhost
Message-ID: {message_id}

--b--
"""

COMPLAINT = """\
From: abuse@provider.example
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1

--b
Content-Type: message/rfc822

Message-ID: {message_id}

--b--
"""


def _sent() -> str:
    """The Message-ID of a mail to the subscriber."""
    message = outbox.enqueue(MailKind.DIGEST, ADDRESS, NOW)
    db.session.commit()
    return message.message_id


def _report(status: str, action: str = "failed", enclosed: str = "message/rfc822") -> Bounce | None:
    return bounces.find_bounce(
        message_from_string(
            REPORT.format(status=status, action=action, enclosed=enclosed, message_id="<1@localhost>")
        )
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", BounceKind.HARD),
        ("5.0.0", BounceKind.HARD),
        ("5.2.2", BounceKind.SOFT),
        ("4.4.7", BounceKind.SOFT),
    ],
)
@pytest.mark.parametrize("enclosed", ["message/rfc822", "text/rfc822-headers"])
def test_a_delivery_report_is_read(status: str, kind: BounceKind, enclosed: str) -> None:
    assert _report(status, enclosed=enclosed) == Bounce("<1@localhost>", kind)


def test_a_report_of_a_delay_is_no_bounce() -> None:
    assert _report("4.4.1", action="delayed") is None


def test_an_ordinary_mail_is_no_bounce() -> None:
    assert bounces.find_bounce(message_from_string("Subject: Hello\n\nI am on holiday.\n")) is None


def test_two_hard_bounces_suppress_the_address(app: Flask) -> None:
    subscribed(now=NOW)
    for _ in range(2):
        assert bounces.record(Bounce(_sent(), BounceKind.HARD), NOW)
    assert get_subscriber().state == SubscriberState.SUPPRESSED
    suppression = suppressions.find_suppression(ADDRESS)
    assert suppression is not None and suppression.reason == SuppressionReason.BOUNCED
    assert ADDRESS not in suppression.address_hash


def test_five_soft_bounces_suppress_the_address(app: Flask) -> None:
    subscribed(now=NOW)
    for number in range(5):
        assert get_subscriber().state == SubscriberState.CONFIRMED, number
        bounces.record(Bounce(_sent(), BounceKind.SOFT), NOW)
    assert get_subscriber().state == SubscriberState.SUPPRESSED


def test_one_complaint_suppresses_the_address(app: Flask) -> None:
    subscribed(now=NOW)
    message = message_from_string(COMPLAINT.format(message_id=_sent()))
    found = bounces.find_bounce(message)
    assert found is not None
    bounces.record(found, NOW)
    assert get_subscriber().state == SubscriberState.SUPPRESSED


def test_the_same_report_counts_once(app: Flask) -> None:
    subscribed(now=NOW)
    bounce = Bounce(_sent(), BounceKind.HARD)
    assert [bounces.record(bounce, NOW) for _ in range(3)] == [True, False, False]
    assert get_subscriber().state == SubscriberState.CONFIRMED


def test_a_forged_report_counts_for_nothing(app: Flask) -> None:
    subscribed(now=NOW)
    assert not bounces.record(Bounce("<made-up@localhost>", BounceKind.HARD), NOW)
    assert get_subscriber().hard_bounce_count == 0


@pytest.mark.parametrize("kind", ["mbox", "maildir"])
def test_the_command_reads_a_mailbox(app: Flask, tmp_path: Path, kind: str) -> None:
    subscribed(now=NOW)
    path = tmp_path / "bounces"
    box: mailbox.Mailbox = mailbox.mbox(path) if kind == "mbox" else mailbox.Maildir(path)
    for message_id in (_sent(), _sent(), "<other@elsewhere>"):
        report = REPORT.format(
            status="5.1.1", action="failed", enclosed="message/rfc822", message_id=message_id
        )
        box.add(report)
    box.close()
    db.session.remove()
    output = app.test_cli_runner().invoke(args=["newsletter", "bounces", str(path)]).output
    assert "2 of 3 reports" in output
    assert get_subscriber().state == SubscriberState.SUPPRESSED


def _post(client: PageClient, body: bytes, signature: str) -> int:
    return client.flask.post("/newsletter/bounces", data=body, headers={"X-Signature": signature}).status_code


def test_a_provider_posts_signed_bounces(client: PageClient) -> None:
    subscribed(now=NOW)
    body = f'[{{"message_id": "{_sent()}", "kind": "complaint"}}]'.encode()
    assert _post(client, body, bounces.sign(body, datetime.now(UTC), bounces.webhook_key())) == 204
    assert get_subscriber().state == SubscriberState.SUPPRESSED


@pytest.mark.parametrize("age", [None, timedelta(minutes=6), timedelta(minutes=-6)])
def test_what_is_unsigned_old_or_altered_is_refused(client: PageClient, age: timedelta | None) -> None:
    subscribed(now=NOW)
    body = f'[{{"message_id": "{_sent()}", "kind": "complaint"}}]'.encode()
    signed = (
        "t=1,v1=00" if age is None else bounces.sign(body, datetime.now(UTC) - age, bounces.webhook_key())
    )
    altered = bounces.sign(b"[]", datetime.now(UTC), bounces.webhook_key())
    for signature in ("", "nonsense", signed, altered, "t=" + "9" * 400):
        assert _post(client, body, signature) == 403
    assert get_subscriber().state == SubscriberState.CONFIRMED


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'[{"kind": "hard"}]', b'[{"message_id": "<1>", "kind": "odd"}]']
)
def test_a_signed_message_of_another_shape_says_what_to_send(client: PageClient, body: bytes) -> None:
    assert _post(client, body, bounces.sign(body, datetime.now(UTC), bounces.webhook_key())) == 422
