"""Bounces: counted once, and only for mail we sent, until the address is suppressed."""

import mailbox
import re
from base64 import encodebytes
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, message_from_string
from pathlib import Path
from quopri import encodestring

import pytest
from flask import Flask
from flufl.bounce import all_failures
from hypothesis import given
from hypothesis import strategies as st

from tests.newsletter.steps import ADDRESS, forget, get_subscriber, subscribed
from webapp.db.session import db
from webapp.mail import bounces, outbox, suppressions
from webapp.mail.bounces import DeliveryReport, RecipientOutcome
from webapp.models import BounceKind, MailKind, MailState, OutboxMessage, SubscriberState, SuppressionReason

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

Feedback-Type: {kind}
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

EXIM = """\
From: Mail Delivery System <Mailer-Daemon@mail.example.org>
To: news@localhost
Subject: Mail delivery failed: returning message to sender
X-Failed-Recipients: maria@example.org
Auto-Submitted: auto-replied

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  maria@example.org
    Unrouteable address

------ This is a copy of the message, including all the headers. ------

Return-path: <news@localhost>
Message-ID: <1@localhost>
"""

YAHOO = """\
From: MAILER-DAEMON@yahoo.com
To: news@localhost
Subject: Failure Notice

Sorry, we were unable to deliver your message to the following address.

<maria@example.org>:
Remote host said: 550 5.1.1 <maria@example.org>: user unknown [RCPT_TO]

--- Below this line is a copy of the message.

Return-Path: <news@localhost>
Message-ID: <1@localhost>
"""

SENDMAIL = """\
From: Mail Delivery Subsystem <MAILER-DAEMON@mail.example.org>
To: news@localhost
Subject: Returned mail: see transcript for details

The original message was received at Fri, 9 Jan 2026 09:00:00 GMT

   ----- The following addresses had permanent fatal errors -----
<maria@example.org>
    (reason: 550 5.1.1 <maria@example.org>... User unknown)

   ----- Transcript of session follows -----
... while talking to mail.example.org.:
>>> RCPT To:<maria@example.org>
<<< 550 5.1.1 <maria@example.org>... User unknown

Message-ID: <1@localhost>
"""

EXCHANGE = """\
From: System Administrator <postmaster@example.org>
To: news@localhost
Subject: Undeliverable: 2 new research summaries

Your message

  To:      maria@example.org
  Subject: 2 new research summaries

did not reach the following recipient(s):

maria@example.org on Fri, 9 Jan 2026 10:00:00 +0100
    The recipient name is not recognized
    The MTS-ID of the original message is: c=us;a= ;p=example

Message-ID: <1@localhost>
"""

POSTFIX = """\
From: MAILER-DAEMON@mail.example.org (Mail Delivery System)
To: news@localhost
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Description: Notification
Content-Type: text/plain

                   The Postfix program

<maria@example.org>: host mail.example.org said: 552 Mailbox full (in reply to
    RCPT TO command)

--b
Content-Type: message/rfc822

Message-ID: <1@localhost>

--b--
"""

REPLIES = {
    "an ordinary mail": "From: maria@example.org\nIn-Reply-To: <1@localhost>\nSubject: Hello\n\nThank you.\n",
    "out of office": """\
From: Maria <maria@example.org>
In-Reply-To: <1@localhost>
Auto-Submitted: auto-replied
Subject: Out of office

Hi. This is the last week of my holiday.

<maria@example.org>:
I no longer read this mailbox; user unknown.
""",
    "out of office with an empty sender": """\
Return-Path: <>
From: Maria <maria@example.org>
In-Reply-To: <1@localhost>
X-Failed-Recipients: maria@example.org
Subject: Automatic reply

I am away.
""",
    "a report that somebody forwards": QMAIL.replace(
        "MAILER-DAEMON@mail.example.org", "Ben <ben@example.org>"
    ),
    "challenge": """\
From: Maria's guard <guard@example.org>
In-Reply-To: <1@localhost>
Subject: Please confirm your message

Your message to the following address has not been delivered yet:

<maria@example.org>:
Reply to this mail to prove that you are a person.
""",
    "read receipt": """\
From: postmaster@example.org
In-Reply-To: <1@localhost>
Content-Type: multipart/report; report-type=disposition-notification; boundary="b"

--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822; maria@example.org
Original-Message-ID: <1@localhost>
Disposition: automatic-action/MDN-sent-automatically; deleted

--b--
""",
}

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


def sent(state: MailState = MailState.SENT, at: datetime = NOW) -> OutboxMessage:
    """A mail to the subscriber."""
    message = outbox.enqueue(MailKind.DIGEST, ADDRESS, at)
    message.state = state
    db.session.commit()
    return message


def report(message: OutboxMessage, kind: BounceKind | None) -> DeliveryReport:
    return DeliveryReport((message.message_id,), (RecipientOutcome(frozenset(), has_failed=True, kind=kind),))


def bounce(kind: BounceKind | None, at: datetime = NOW) -> None:
    """Send the subscriber a mail that comes back."""
    assert bounces.record(report(sent(at=at), kind), at)
    db.session.commit()


def kind_in(text: str) -> BounceKind | str | None:
    """What a report says of the mail to the subscriber."""
    found = bounces.find_report(message_from_string(text))
    failure = found and "<1@localhost>" in found.message_ids and found.failure_of(ADDRESS)
    return failure.kind if failure else "no failure"


def standard(status: str, action: str = "failed", enclosed: str = "message/rfc822", more: str = "") -> str:
    return REPORT.format(
        status=f"{status}{more}", action=action, enclosed=enclosed, message_id="<1@localhost>"
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", BounceKind.HARD),
        ("5.2.2", BounceKind.SOFT),
        ("4.4.7", BounceKind.SOFT),
        ("5.1.8", None),
        ("5.0.0", None),
    ],
)
@pytest.mark.parametrize(
    "enclosed", ["message/rfc822", "text/rfc822-headers", "message/global", "text/plain"]
)
def test_a_delivery_report_is_read(status: str, kind: BounceKind | None, enclosed: str) -> None:
    assert kind_in(standard(status, enclosed=enclosed)) == kind


@pytest.mark.parametrize(
    ("diagnostic", "kind"),
    [
        ("smtp; 550 5.1.1 user unknown", BounceKind.HARD),
        ("smtp; 550-Your message was\n 550 5.7.26 unauthenticated", None),
        ('X-Postfix; unknown user: "maria"', BounceKind.HARD),
        ("smtp; 550 JunkMail rejected - mx.sender.test is in an RBL", None),
    ],
)
def test_the_diagnostic_says_what_a_general_status_does_not(diagnostic: str, kind: BounceKind | None) -> None:
    assert kind_in(standard("5.0.0", more=f"\nDiagnostic-Code: {diagnostic}")) == kind


@pytest.mark.parametrize("action", ["failed", "Failed (by the filter)", "error"])
def test_servers_write_a_failure_in_several_ways(action: str) -> None:
    assert kind_in(standard("5.1.1", action=action)) == BounceKind.HARD


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_report_of_no_failure_is_no_bounce(action: str) -> None:
    assert kind_in(standard("4.4.1", action=action)) == "no failure"


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_an_encoded_report_is_read(encoding: str) -> None:
    start, fields, end = re.split(
        r"(?<=delivery-status\n\n)|\n(?=--b\nContent-Type: message/rfc822)", standard("5.1.1")
    )
    encoded = (encodebytes if encoding == "base64" else encodestring)(fields.encode()).decode()
    text = (
        start.replace("delivery-status\n\n", f"delivery-status\nContent-Transfer-Encoding: {encoding}\n\n")
        + encoded
        + "\n"
        + end
    )
    assert kind_in(text) == BounceKind.HARD


def test_a_report_without_the_mail_names_it_in_its_own_headers() -> None:
    text = standard("5.1.1").partition("--b\nContent-Type: message/rfc822")[0] + "--b--\n"
    assert kind_in(f"In-Reply-To: <1@localhost>\n{text}") == BounceKind.HARD
    assert kind_in(f"References: <0@localhost>\n <1@localhost>\n{text}") == BounceKind.HARD
    assert kind_in(text) == "no failure"


@pytest.mark.parametrize(
    "statuses", [("5.7.1", "5.1.1", "2.0.0"), ("2.0.0", "5.1.1", "5.7.1"), ("5.1.1", "4.4.1", "5.7.1")]
)
def test_one_address_of_many_counts_for_itself(statuses: tuple[str, ...]) -> None:
    actions = {"2": "delivered", "4": "delayed", "5": "failed"}
    names = ["other@example.org", "maria@example.org", "third@example.org"]
    blocks = [
        f"Final-Recipient: rfc822; {name}\nAction: {actions[s[0]]}\nStatus: {s}"
        for name, s in zip(names, statuses, strict=True)
    ]
    text = re.sub(
        r"Final-Recipient(.|\n)*?(?=\n\n)", lambda _: "\n\n".join(blocks), standard("5.1.1"), count=1
    )
    assert kind_in(text) == (BounceKind.HARD if statuses[1] == "5.1.1" else "no failure")


def test_a_mail_that_was_forwarded_has_failed_if_it_did_everywhere() -> None:
    text = standard("5.1.1").replace("maria@example.org", "elsewhere@example.com")
    assert kind_in(text) == BounceKind.HARD
    second = "\n\nFinal-Recipient: rfc822; fourth@example.com\nAction: {}\nStatus: 5.7.1"
    assert (
        kind_in(text.replace("Status: 5.1.1", "Status: 5.1.1" + second.format("delivered"))) == "no failure"
    )
    assert kind_in(text.replace("Status: 5.1.1", "Status: 5.1.1" + second.format("failed"))) is None


@pytest.mark.parametrize("name", ["<maria@example.org>", "Maria@Example.org", "maria@example.org (Maria)"])
def test_servers_write_the_address_in_several_ways(name: str) -> None:
    second = "\n\nFinal-Recipient: rfc822; other@example.org\nAction: delivered\nStatus: 2.0.0"
    text = standard("5.1.1", more=second).replace("maria@example.org", name)
    assert kind_in(text) == BounceKind.HARD


OWN_WORDS = {
    "qmail": (QMAIL, BounceKind.HARD),
    "qmail, about us": (
        QMAIL.replace("no mailbox here by that name. (#5.1.1)", "your host is blocked (#5.7.1)"),
        None,
    ),
    "exim": (EXIM, BounceKind.HARD),
    "exim, about us": (
        EXIM.replace("Unrouteable address", "host mx.example.org: 550 sender verify failed"),
        None,
    ),
    "yahoo": (YAHOO, BounceKind.HARD),
    "sendmail": (SENDMAIL, BounceKind.HARD),
    "exchange": (EXCHANGE, BounceKind.HARD),
    "postfix": (POSTFIX, BounceKind.SOFT),
}


@pytest.mark.parametrize("name", OWN_WORDS)
def test_a_report_in_a_servers_own_words_is_read(name: str) -> None:
    text, kind = OWN_WORDS[name]
    _delayed, failed = all_failures(message_from_string(text))
    assert failed == {b"maria@example.org"}
    assert kind_in(text) == kind


def test_a_delay_in_a_servers_own_words_is_no_bounce() -> None:
    delayed, _failed = all_failures(message_from_string(DELAY))
    assert delayed == {b"maria@example.org"}  # it is understood
    assert kind_in(DELAY) == "no failure"


@pytest.mark.parametrize("name", REPLIES)
def test_an_automatic_reply_is_no_bounce(name: str) -> None:
    assert kind_in(REPLIES[name]) == "no failure"


def test_a_mail_in_an_unknown_character_set_does_not_stop_the_reading() -> None:
    text = (
        QMAIL.replace("Subject:", "Content-Type: text/plain; charset=no-such-set\nSubject:").encode()
        + b"\xff\xfe\x80"
    )
    found = bounces.find_report(message_from_bytes(text))
    assert found is None or found.outcomes


def test_a_mail_that_is_quoted_often_is_named_once() -> None:
    text = f"References: <1@localhost>\n <1@localhost>\n{standard('5.1.1')}"
    found = bounces.find_report(message_from_string(text))
    assert found is not None and found.message_ids == ("<1@localhost>",)


def test_a_report_that_names_no_mail_is_no_bounce() -> None:
    assert bounces.find_report(message_from_string(f"Message-ID: <2@elsewhere>\n{QMAIL[:-25]}")) is None


def test_a_mail_without_a_sender_does_not_stop_the_reading() -> None:
    assert bounces.find_report(message_from_string("Subject: Odd\n\nMessage-ID: <1@localhost>\n")) is None


@given(st.binary(max_size=300))
def test_whatever_is_in_a_mailbox_does_not_stop_the_reading(noise: bytes) -> None:
    for text in (standard("5.1.1"), QMAIL, COMPLAINT.format(message_id="<1@localhost>", kind="abuse")):
        head, _, body = text.encode().partition(b"\n\n")
        bounces.find_report(message_from_bytes(head + b"\n\n" + noise + body))
        bounces.find_report(message_from_bytes(noise + text.encode()))


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("abuse", SubscriberState.SUPPRESSED),
        ("other", SubscriberState.SUPPRESSED),
        ("not-spam", SubscriberState.CONFIRMED),
        ("auth-failure", SubscriberState.CONFIRMED),
    ],
)
def test_one_complaint_suppresses_the_address(app: Flask, kind: str, state: SubscriberState) -> None:
    subscribed(now=NOW)
    message = message_from_string(COMPLAINT.format(message_id=sent().message_id, kind=kind))
    found = bounces.find_report(message)
    if found is not None:
        bounces.record(found, NOW)
    assert get_subscriber().state == state


def test_two_hard_bounces_suppress_the_address(app: Flask) -> None:
    subscribed(now=NOW)
    for _ in range(2):
        assert get_subscriber().state == SubscriberState.CONFIRMED
        bounce(BounceKind.HARD)
    assert get_subscriber().state == SubscriberState.SUPPRESSED
    suppression = suppressions.find_suppression(ADDRESS)
    assert suppression is not None and suppression.reason == SuppressionReason.BOUNCED
    assert ADDRESS not in suppression.address_hash


def test_five_soft_bounces_in_a_row_suppress_the_address(app: Flask) -> None:
    subscribed(now=NOW)
    for number in range(5):
        assert get_subscriber().state == SubscriberState.CONFIRMED, number
        bounce(BounceKind.SOFT)
    assert get_subscriber().state == SubscriberState.SUPPRESSED


@pytest.mark.parametrize("kind", [BounceKind.HARD, BounceKind.SOFT])
def test_a_delivery_makes_bounces_forgotten(app: Flask, kind: BounceKind) -> None:
    subscribed(now=NOW)
    for month in range(12):
        bounce(kind, NOW + timedelta(days=30 * month))
        sent(at=NOW + timedelta(days=30 * month + 7))
    assert get_subscriber().state == SubscriberState.CONFIRMED


def test_reports_may_come_late_and_in_any_order(app: Flask) -> None:
    subscribed(now=NOW)
    messages = [sent() for _ in range(5)]
    for message in (messages[3], messages[0], messages[4], messages[1]):
        bounces.record(report(message, BounceKind.SOFT), NOW)
        assert get_subscriber().state == SubscriberState.CONFIRMED
    bounces.record(report(messages[2], BounceKind.SOFT), NOW)
    assert get_subscriber().state == SubscriberState.SUPPRESSED


def test_bounces_of_more_than_a_year_ago_do_not_count(app: Flask) -> None:
    subscribed(now=NOW)
    bounce(BounceKind.HARD)
    forget(NOW + timedelta(days=400))
    bounce(BounceKind.HARD, NOW + timedelta(days=400))
    assert get_subscriber().state == SubscriberState.CONFIRMED


def test_what_is_about_us_neither_counts_nor_makes_bounces_forgotten(app: Flask) -> None:
    subscribed(now=NOW)
    for _ in range(9):
        bounce(None)
    bounce(BounceKind.HARD)
    bounce(None)
    assert get_subscriber().state == SubscriberState.CONFIRMED
    bounce(BounceKind.HARD)
    assert get_subscriber().state == SubscriberState.SUPPRESSED


def test_the_same_report_counts_once(app: Flask) -> None:
    subscribed(now=NOW)
    same = report(sent(), BounceKind.HARD)
    assert [bounces.record(same, NOW) for _ in range(3)] == [True, False, False]
    assert get_subscriber().state == SubscriberState.CONFIRMED


def test_a_forged_report_counts_for_nothing(app: Flask) -> None:
    subscribed(now=NOW)
    forged = DeliveryReport(
        ("<made-up@localhost>",), (RecipientOutcome(frozenset(), has_failed=True, kind=BounceKind.COMPLAINT),)
    )
    assert not bounces.record(forged, NOW)
    assert get_subscriber().state == SubscriberState.CONFIRMED


@pytest.mark.parametrize("kind", ["mbox", "maildir"])
def test_the_command_reads_a_mailbox(app: Flask, tmp_path: Path, kind: str) -> None:
    subscribed(now=NOW)
    path = tmp_path / "bounces"
    box: mailbox.Mailbox = mailbox.mbox(path) if kind == "mbox" else mailbox.Maildir(path)
    for message_id in (sent().message_id, sent().message_id, "<other@elsewhere>"):
        report = REPORT.format(
            status="5.1.1", action="failed", enclosed="message/rfc822", message_id=message_id
        )
        box.add(report)
    box.close()
    db.session.remove()
    output = app.test_cli_runner().invoke(args=["newsletter", "bounces", str(path)]).output
    assert "2 of 3 reports" in output
    assert get_subscriber().state == SubscriberState.SUPPRESSED
