"""Bounces: counted once, and only for mail we sent, until the address is suppressed."""

import mailbox
from datetime import UTC, datetime
from email import message_from_string
from pathlib import Path

import pytest
from flask import Flask
from flufl.bounce import all_failures

from tests.newsletter.steps import ADDRESS, get_subscriber, subscribed
from webapp.db.session import db
from webapp.mail import bounces, outbox, suppressions
from webapp.mail.bounces import Bounce, BounceKind
from webapp.models import MailKind, SubscriberState, SuppressionReason

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

QMAIL = """\
From: MAILER-DAEMON@mail.example.org
To: news@localhost
Subject: failure notice

Hi. This is the qmail-send program at mail.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<maria@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

From: news@localhost
Message-ID: <1@localhost>
"""

DELAY = """\
From: MAILER-DAEMON@mail.example.org
To: news@localhost
Subject: Warning: message delayed 24 hours

Your message has not yet been delivered to

  maria@example.org

No action is required on your part.

From: news@localhost
Message-ID: <1@localhost>
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


def test_a_report_in_a_servers_own_words_is_read() -> None:
    assert bounces.find_bounce(message_from_string(QMAIL)) == Bounce("<1@localhost>", BounceKind.SOFT)


def test_a_delay_in_a_servers_own_words_is_no_bounce() -> None:
    delayed, _failed = all_failures(message_from_string(DELAY))
    assert delayed == {b"maria@example.org"}  # it is understood
    assert bounces.find_bounce(message_from_string(DELAY)) is None


def test_a_report_that_names_no_mail_is_no_bounce() -> None:
    assert bounces.find_bounce(message_from_string(f"Message-ID: <2@elsewhere>\n{QMAIL[:-25]}")) is None


def test_a_mail_without_a_sender_does_not_stop_the_reading() -> None:
    assert bounces.find_bounce(message_from_string("Subject: Odd\n\nMessage-ID: <1@localhost>\n")) is None


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
