"""The editors' newsletter pages: subscribers, preview and test, delivery of issues, uncertain mails."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EMAIL, EditorClient, add_editor, sign_in, token
from tests.factories import NOW, add_article
from tests.newsletter.steps import delivered, subscribed
from tests.pages import PageClient
from webapp.db.session import db
from webapp.mail import outbox, suppressions
from webapp.models import (
    Article,
    AuditEntry,
    AuditKind,
    BounceKind,
    Frequency,
    Issue,
    MailKind,
    MailState,
    OutboxMessage,
    Role,
    SubscriberState,
    SuppressionReason,
)
from webapp.newsletter import digests

DESK = "/editor/newsletter/"


def _press(client: PageClient, path: str, status: int = 303, **fields: str) -> str:
    """Press a button of the page; returns the page that follows."""
    answer = client.post(path, fields | {"csrf_token": token(client, DESK)}, status=status)
    return client.get(answer.location).text if status == 303 else answer.text


def _new_article() -> Article:
    return add_article(now=datetime.now(UTC) - timedelta(hours=1))


def _uncertain() -> OutboxMessage:
    message = outbox.enqueue(MailKind.DIGEST, "maria@example.org", datetime.now(UTC))
    message.state = MailState.UNCERTAIN
    db.session.commit()
    return message


def test_the_page_counts_people_and_shows_what_is_next(editor_client: PageClient) -> None:
    subscribed("maria@example.org")
    subscribed("ben@example.org", state=SubscriberState.UNSUBSCRIBED)
    _new_article()
    page = editor_client.get(DESK).text
    assert '<th scope="row">Confirmed</th><td><span class="listing__name">People: </span>1</td>' in page
    assert '<th scope="row">Suppressed</th><td><span class="listing__name">People: </span>0</td>' in page
    assert "with 1 summary." in page and "<b>1 person</b> would get it now." in page
    assert "@example.org" not in page.replace(EMAIL, "")


def test_bounces_and_suppressed_addresses_are_counted_without_naming_them(editor_client: PageClient) -> None:
    now = datetime.now(UTC)
    assert "No mail to subscribers has come back." in editor_client.get(DESK).text
    for name, kinds, state in (
        ("ann", [BounceKind.SOFT, BounceKind.SOFT], SubscriberState.CONFIRMED),
        ("ben", [BounceKind.SOFT, None], SubscriberState.CONFIRMED),
        ("cy", [BounceKind.COMPLAINT], SubscriberState.SUPPRESSED),
    ):
        subscriber = subscribed(f"{name}@example.org", state=state)
        for days, kind in enumerate(kinds, start=1):
            message = outbox.enqueue(MailKind.DIGEST, subscriber.email, now, subscriber=subscriber)
            message.bounce, message.bounced_at = kind, NOW.replace(day=days)
    suppressions.suppress("cy@example.org", SuppressionReason.COMPLAINED, NOW)
    suppressions.suppress("stranger@example.org", SuppressionReason.BOUNCED, NOW.replace(day=3))
    db.session.commit()
    page = editor_client.get(DESK).text
    rows = re.findall(r'<tr>\s*<th scope="row">.*?</tr>', page.split("Mail that came back")[1], re.S)
    assert [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows] == [
        "The server refused it because of us State: Confirmed People: 1 Last time: November 2, 2026",
        f"{BounceKind.SOFT.label} State: Confirmed People: 2 Last time: November 2, 2026",
        f"{BounceKind.COMPLAINT.label} State: Suppressed People: 1 Last time: November 1, 2026",
        f"{SuppressionReason.BOUNCED.label} Addresses: 1 Last added: November 3, 2026",
        f"{SuppressionReason.COMPLAINED.label} Addresses: 1 Last added: November 24, 2026",
    ]
    assert "@example.org" not in page.replace(EMAIL, "")


def test_the_accounting_line_of_each_issue_is_shown(editor_client: PageClient) -> None:
    subscribed("maria@example.org")
    _new_article()
    digests.make_issue(Frequency.WEEKLY, datetime.now(UTC))
    db.session.commit()
    assert (
        "1 recipients = 0 sent + 0 excluded + 0 failed + 0 uncertain + 1 queued"
        in editor_client.get(DESK).text
    )
    delivered()
    assert (
        "1 recipients = 1 sent + 0 excluded + 0 failed + 0 uncertain + 0 queued"
        in editor_client.get(DESK).text
    )


@pytest.mark.parametrize(("answer", "state"), [("sent", MailState.SENT), ("again", MailState.QUEUED)])
def test_an_editor_settles_an_uncertain_mail(
    editor_client: PageClient, answer: str, state: MailState
) -> None:
    number, message_id = (message := _uncertain()).id, message.message_id.strip("<>")
    assert message_id in editor_client.get(DESK).text
    page = _press(editor_client, f"/editor/newsletter/uncertain/{number}", answer=answer)
    assert "Settled." in page and message_id not in page
    assert db.session.get_one(OutboxMessage, number).state == state


def test_a_mail_that_was_settled_stays_as_it_is(editor_client: PageClient) -> None:
    number = _uncertain().id
    _press(editor_client, f"/editor/newsletter/uncertain/{number}", answer="sent")
    assert "This mail was already settled." in _press(
        editor_client, f"/editor/newsletter/uncertain/{number}", answer="again"
    )
    db.session.expire_all()
    assert db.session.get_one(OutboxMessage, number).state == MailState.SENT


def test_only_the_two_answers_settle(editor_client: PageClient) -> None:
    number = _uncertain().id
    _press(editor_client, f"/editor/newsletter/uncertain/{number}", status=422, answer="perhaps")
    assert db.session.get_one(OutboxMessage, number).state == MailState.UNCERTAIN


def test_a_writer_may_look_but_not_settle(app: Flask) -> None:
    client = EditorClient(app)
    add_editor("Wim Writer", "wim@example.org", Role.WRITER)
    sign_in(client, "wim@example.org")
    number = _uncertain().id
    _press(client, f"/editor/newsletter/uncertain/{number}", status=403, answer="sent")
    assert db.session.get_one(OutboxMessage, number).state == MailState.UNCERTAIN


def test_a_writer_sees_no_button_and_no_answer_of_a_mail_server(app: Flask) -> None:
    client = EditorClient(app)
    add_editor("Wim Writer", "wim@example.org", Role.WRITER)
    sign_in(client, "wim@example.org")
    _stopped("550 5.7.1 <maria@example.org>: refused")
    _uncertain()
    page = client.get(DESK).text
    assert "We stopped sending the weekly newsletter of" in page and "An editor can say." in page
    assert "maria@example.org" not in page and "Send it again" not in page


def _stopped(error: str = "550 5.7.1 blocked") -> Issue:
    subscribed("maria@example.org")
    _new_article()
    issue = digests.make_issue(Frequency.WEEKLY, datetime.now(UTC))
    db.session.flush()
    for message in db.session.scalars(select(OutboxMessage).where(OutboxMessage.issue_id == issue.id)):
        message.state, message.last_error = MailState.FAILED, error
        message.bounced_at = issue.stopped_at = datetime.now(UTC)
    db.session.commit()
    return issue


def test_an_editor_continues_a_stopped_issue(editor_client: PageClient) -> None:
    number = _stopped().id
    page = editor_client.get(DESK).text
    assert "We stopped sending the weekly newsletter of" in page
    assert "550 5.7.1 blocked" in page and "1 failed" in page
    page = _press(editor_client, f"/editor/newsletter/issues/{number}/continue")
    assert "Sending again." in page and "550 5.7.1 blocked" not in page and "1 queued" in page
    assert "Sending again." in _press(editor_client, f"/editor/newsletter/issues/{number}/continue")
    _press(editor_client, "/editor/newsletter/issues/999/continue", status=404)


def test_going_on_is_in_the_audit_log_once(editor_client: PageClient) -> None:
    number = _stopped().id
    for _ in range(2):
        _press(editor_client, f"/editor/newsletter/issues/{number}/continue")
    kinds = list(db.session.scalars(select(AuditEntry.kind)))
    assert kinds.count(AuditKind.NEWSLETTER_CONTINUED) == 1


def _bounced(email: str, *kinds: BounceKind | None, error: str = "550 5.1.1 no such user") -> None:
    subscriber = subscribed(email)
    for days, kind in enumerate(kinds, start=1):
        message = outbox.enqueue(MailKind.DIGEST, email, NOW, subscriber=subscriber)
        message.bounce, message.bounced_at, message.last_error = kind, NOW.replace(day=days), error
    db.session.commit()


def test_editors_see_whose_mail_came_back_and_why(editor_client: PageClient) -> None:
    assert "No mail to readers has come back." in editor_client.get(f"{DESK}bounces").text
    subscribed("fine@example.org")
    _bounced("ann@example.org", BounceKind.SOFT, BounceKind.SOFT, BounceKind.HARD)
    _bounced("ben@example.org", None, error="550 5.7.1 <blocked>")
    page = editor_client.get(f"{DESK}bounces").text
    rows = re.findall(r'<tr>\s*<th scope="row">.*?</tr>', page, re.S)
    assert [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows] == [
        f"ann@example.org Status: Confirmed Why: {BounceKind.HARD.label}: 1 time. {BounceKind.SOFT.label}: 2 times"
        " 550 5.1.1 no such user Last time: November 3, 2026, 09:30",
        "ben@example.org Status: Confirmed Why: The server refused it because of us: 1 time"
        " 550 5.7.1 &lt;blocked&gt; Last time: November 1, 2026, 09:30",
    ]
    assert "fine@example.org" not in page
    assert f'href="{DESK}bounces"' in editor_client.get(DESK).text


def test_a_writer_sees_sums_and_no_address(app: Flask) -> None:
    client = EditorClient(app)
    add_editor("Wim Writer", "wim@example.org", Role.WRITER)
    sign_in(client, "wim@example.org")
    _bounced("ann@example.org", BounceKind.SOFT)
    page = client.get(DESK).text
    assert "Mail that came back" in page and "ann@example.org" not in page and "bounces" not in page
    assert "ann@example.org" not in client.get(f"{DESK}bounces", status=403).text
    assert "next/weekly" not in page
    client.get("/editor/newsletter/next/weekly", status=403)


def test_a_writer_cannot_continue_an_issue(app: Flask) -> None:
    client = EditorClient(app)
    add_editor("Wim Writer", "wim@example.org", Role.WRITER)
    sign_in(client, "wim@example.org")
    number = _stopped().id
    _press(client, f"/editor/newsletter/issues/{number}/continue", status=403)
    assert db.session.get_one(Issue, number).stopped_at is not None


@pytest.mark.parametrize("path", [DESK, "/editor/newsletter/next/weekly", "/editor/newsletter/bounces"])
def test_nobody_else_sees_the_pages(app: Flask, path: str) -> None:
    answer = EditorClient(app).get(path, status=303)
    assert answer.location.startswith("/editor/sign-in")


def test_a_form_without_a_token_changes_nothing(editor_client: PageClient) -> None:
    number = _uncertain().id
    editor_client.flask.post(
        f"/editor/newsletter/uncertain/{number}",
        data={"answer": "sent"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert db.session.get_one(OutboxMessage, number).state == MailState.UNCERTAIN
