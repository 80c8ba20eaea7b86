"""The privacy page names every stored field about readers, and expired data is deleted as it says."""

from datetime import UTC, datetime, timedelta

from flask import Flask

from tests.factories import add_answer, add_article
from tests.newsletter.steps import forget, get_subscriber, subscribed
from tests.pages import PageClient
from webapp.db.session import Base, db
from webapp.feedback import inbox, votes
from webapp.mail import outbox
from webapp.models import (
    AnswerFeedback,
    ContactMessage,
    DailySalt,
    Feedback,
    MailKind,
    OutboxMessage,
    Subscriber,
    SubscriberState,
    Topic,
)
from webapp.newsletter.views import STORED_TABLES
from webapp.search import misses
from webapp.web import page_views

NOW = datetime(2026, 1, 9, 9, 0, tzinfo=UTC)
# Tables about texts and about the editors' own work: nothing in them comes from a reader.
NOT_ABOUT_READERS = {
    "adopted_page", "ai_confirmation", "ai_draft", "answer", "answer_citation", "answer_slug", "article", "article_category", "article_slug", "assignment", "audit_entry", "autosave", "bulk_change", "candidate", "candidate_identifier", "category", "correction", "draft", "draft_comment", "editor", "fact",
    "glossary_term", "heartbeat", "issue", "issue_article", "issue_draft", "paper", "passkey", "public_change", "recoverable_form", "recovery_code", "review", "safety_review", "revision", "safety_revision", "safety_sign_off", "schedule", "second_factor", "site_text",
    "sign_in", "stored_text", "translation", "watch",
}  # fmt: skip


def test_every_table_is_on_the_page_or_not_about_readers() -> None:
    named = {stored.table for stored in STORED_TABLES}
    assert set(Base.metadata.tables) == named | NOT_ABOUT_READERS
    assert not named & NOT_ABOUT_READERS


def test_the_fields_are_the_columns_of_the_tables() -> None:
    for stored in STORED_TABLES:
        assert list(stored.fields) == [
            column.name for column in Base.metadata.tables[stored.table].columns
        ], stored.table


def test_the_page_says_how_long_searches_without_results_are_stored(client: PageClient) -> None:
    assert f"{misses.FORGET_AFTER.days} days after the last such search" in client.get("/privacy").text


def test_the_page_says_how_long_views_are_stored_and_that_nobody_is_in_them(client: PageClient) -> None:
    page = client.get("/privacy").text
    assert timedelta(days=365) == page_views.FORGET_AFTER and "12 months. There is no reader in it." in page
    assert "We count how often each summary and answer is opened on a day" in page
    assert "leaves no trace of you" in page


def test_the_page_names_every_field(client: PageClient) -> None:
    page = client.get("/privacy").text
    for stored in STORED_TABLES:
        for name in stored.fields:
            assert f"<code>{stored.table}.{name}</code>" in page


def test_a_sign_up_that_is_never_confirmed_is_deleted_after_30_days(app: Flask) -> None:
    subscribed(state=SubscriberState.PENDING, now=NOW)
    forget(NOW + timedelta(days=29))
    assert get_subscriber()
    forget(NOW + timedelta(days=31))
    assert db.session.query(Subscriber).count() == 0


def test_an_address_leaves_the_outbox_after_a_year(app: Flask) -> None:
    outbox.enqueue(MailKind.DIGEST, "maria@example.org", NOW)
    forget(NOW + timedelta(days=364))
    assert db.session.query(OutboxMessage.recipient).scalar() == "maria@example.org"
    forget(NOW + timedelta(days=366))
    assert db.session.query(OutboxMessage.recipient).scalar() == ""


def test_the_secret_of_the_day_lasts_a_day(app: Flask) -> None:
    votes.vote(add_article(now=NOW), "192.0.2.1", True, NOW)
    forget(NOW)
    assert db.session.query(DailySalt).count() == 1
    forget(NOW + timedelta(days=1))
    assert db.session.query(DailySalt).count() == 0


def test_a_note_is_deleted_after_a_year_and_its_vote_stays(app: Flask) -> None:
    article = add_article(now=NOW)
    for text in (article, add_answer(article.slug)):
        votes.vote(text, "192.0.2.1", True, NOW)
        votes.add_note(text, "192.0.2.1", "It helped.", [], NOW)
    forget(NOW + timedelta(days=366))
    db.session.expire_all()
    rows = [*db.session.query(Feedback), *db.session.query(AnswerFeedback)]
    assert [(row.note, row.is_helpful) for row in rows] == [(None, True), (None, True)]


def test_a_message_is_deleted_a_year_after_an_editor_dealt_with_it(app: Flask) -> None:
    row = inbox.send(Topic.OTHER, "Hello", "news@localhost", NOW, email="maria@example.org")
    forget(NOW + timedelta(days=700))
    assert db.session.query(ContactMessage).count() == 1
    inbox.mark_done(row, NOW + timedelta(days=700))
    forget(NOW + timedelta(days=700 + 366))
    assert db.session.query(ContactMessage).count() == 0
