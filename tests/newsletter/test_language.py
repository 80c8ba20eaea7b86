"""The language of a subscription: that of the page where somebody signed up, in all mail to them."""

from flask import Flask
from sqlalchemy import select

from tests.factories import NOW, add_article
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.languages.language import in_language, known_languages
from webapp.letters import emails
from webapp.letters.compose import write_letter
from webapp.models import OutboxMessage, Subscriber
from webapp.newsletter import subscriptions


def sign_up(language: str) -> OutboxMessage:
    with in_language(known_languages()[language]), writing():
        subscriptions.ask("reader@example.org", [], "/subscribe", NOW)
    return db.session.scalars(select(OutboxMessage)).one()


def test_a_sign_up_keeps_the_language_of_its_page(app: Flask) -> None:
    assert sign_up("es").subscriber.language == "es"  # type: ignore[union-attr]


def test_mail_is_written_in_the_language_of_the_subscriber(app: Flask) -> None:
    letter = write_letter(sign_up("es"), NOW)
    assert letter is not None
    assert '<html lang="es">' in (letter.html or "")
    assert "http://localhost/es/newsletter/confirm/" in letter.text


def test_mail_is_in_english_without_a_language_of_its_own(app: Flask) -> None:
    letter = write_letter(sign_up("en"), NOW)
    assert letter is not None
    assert '<html lang="en">' in (letter.html or "")
    assert "http://localhost/newsletter/confirm/" in letter.text


def test_a_language_that_is_gone_is_written_in_english(app: Flask) -> None:
    message = sign_up("es")
    with writing():
        db.session.scalars(select(Subscriber)).one().language = "xx"
    letter = write_letter(message, NOW)
    assert letter is not None and '<html lang="en">' in (letter.html or "")


def test_links_in_a_digest_lead_to_pages_in_its_language(app: Flask) -> None:
    with in_language(known_languages()["es"]):
        mail = emails.digest([add_article()], None)
    assert "http://localhost/es/research/" in mail.text
