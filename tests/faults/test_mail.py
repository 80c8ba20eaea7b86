"""Refusals and delivery reports, and the way back after them."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests.factories import add_article
from tests.faults import fault
from tests.mail.servers import Answers, mail_server
from tests.newsletter.steps import ADDRESS, delivered, get_subscriber, link_in, sign_up, subscribed
from tests.pages import PageClient
from webapp.db.session import db
from webapp.letters.compose import write_letter
from webapp.mail import delivery, outbox
from webapp.mail.smtp import SmtpMailer
from webapp.models import BounceKind, Frequency, MailKind, MailState, OutboxMessage, SubscriberState
from webapp.newsletter import digests

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
HERE = "<PUT-A-MESSAGE-ID-FROM-outbox_message-HERE>"


def enqueue(at: datetime, state: MailState = MailState.QUEUED) -> OutboxMessage:
    message = outbox.enqueue(MailKind.CONTACT, ADDRESS, at, subject="Hello", text="A message.")
    message.state = state
    db.session.commit()
    return message


def read_report(app: Flask, report: Path, message: OutboxMessage, folder: Path) -> str:
    """Put the Message-ID of a mail into a report and read it with the command."""
    box = folder / "bounces.mbox"
    box.write_text(report.read_text().replace(HERE, message.message_id))
    db.session.remove()
    return app.test_cli_runner().invoke(args=["newsletter", "bounces", str(box)]).output


def test_answers_about_the_sender_suppress_nobody(app: Flask) -> None:
    lines = (fault("21-refusal-of-the-sender-counts-against-the-reader") / "rcpt-answers.txt").read_text()
    answers = Answers()
    subscribed(now=NOW)
    with mail_server(answers) as port:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{port}")
        for answer in re.findall(r"(?:\d{3}-.*\n)*\d{3} .*", lines) * 3:
            answers.rcpt = answer.replace("\n", "\r\n")
            enqueue(NOW)
            assert delivery.deliver_one(mailer, write_letter, NOW)
        mailer.close()
    assert get_subscriber().state == SubscriberState.CONFIRMED


def test_an_issue_that_a_server_refuses_is_stopped(app: Flask) -> None:
    fault("21-refusal-of-the-sender-counts-against-the-reader")
    for number in range(9):
        subscribed(f"reader{number}@example.org", now=NOW - timedelta(days=2))
    add_article(now=NOW - timedelta(days=1))
    issue = digests.make_issue(Frequency.WEEKLY, NOW)
    db.session.commit()
    answers = Answers(rcpt="550 5.7.1 Service unavailable; client host blocked")
    with mail_server(answers) as port:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{port}")
        while delivery.deliver_one(mailer, write_letter, NOW):
            pass
        assert str(digests.accounting(issue)).startswith("9 recipients = 0 sent + 0 excluded + 3 failed")
        answers.rcpt = "250 OK"
        outbox.resume(issue, NOW)
        db.session.commit()
        while delivery.deliver_one(mailer, write_letter, NOW):
            pass
        mailer.close()
    assert str(digests.accounting(issue)).startswith("9 recipients = 9 sent")
    assert len(answers.taken) == 9


def test_reports_about_the_sender_suppress_nobody(app: Flask, tmp_path: Path) -> None:
    report = fault("21-refusal-of-the-sender-counts-against-the-reader") / "sender-refused.mbox"
    subscribed(now=NOW)
    for _ in range(6):
        assert "1 of 1 reports" in read_report(app, report, enqueue(NOW, MailState.SENT), tmp_path)
    assert get_subscriber().state == SubscriberState.CONFIRMED


def test_signing_up_after_suppression_sends_the_mail(client: PageClient) -> None:
    fault("23-sign-up-after-suppression-is-silent")
    subscribed()
    for _ in range(2):
        outbox.record_bounce(enqueue(datetime.now(UTC), MailState.SENT), BounceKind.HARD, datetime.now(UTC))
    assert get_subscriber().state == SubscriberState.SUPPRESSED
    db.session.commit()
    sign_up(client)
    client.post(link_in(delivered()[-1], "/newsletter/confirm/"))
    assert get_subscriber().state == SubscriberState.CONFIRMED


@pytest.mark.parametrize(("with_deliveries", "state"), [(True, "confirmed"), (False, "suppressed")])
def test_a_full_mailbox_now_and_then_suppresses_nobody(
    app: Flask, tmp_path: Path, with_deliveries: bool, state: str
) -> None:
    report = fault("24-soft-bounces-count-for-life") / "full-mailbox.mbox"
    subscribed(now=NOW)
    for number in range(5):
        at = NOW + timedelta(days=200 * number)
        read_report(app, report, enqueue(at, MailState.SENT), tmp_path)
        if with_deliveries:
            enqueue(at + timedelta(days=7), MailState.SENT)
    assert get_subscriber().state == state
