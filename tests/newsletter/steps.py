"""Steps that tests of forms and mail share: fill in a form as a person would, deliver mail, follow its links."""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Event

import time_machine
from flask import current_app
from sqlalchemy import select

from tests.pages import PageClient
from webapp import jobs
from webapp.db.session import db
from webapp.letters.compose import write_letter
from webapp.mail import delivery
from webapp.mail.smtp import mailer_for
from webapp.models import OutboxMessage, Subscriber, SubscriberState
from webapp.newsletter import subscriptions
from webapp.web import tokens

ADDRESS = "maria@example.org"


def filled(**fields: object) -> dict[str, object]:
    """A form that was on screen for ten seconds."""
    with time_machine.travel(datetime.now(UTC) - timedelta(seconds=10), tick=False):
        return {"token": tokens.sign("form-time", ""), "website": ""} | fields


def delivered(now: datetime | None = None) -> list[EmailMessage]:
    """Deliver all mail that is due and return all delivered mail, oldest first."""
    config = current_app.extensions["config"]
    mailer = mailer_for(config)
    while delivery.deliver_one(mailer, write_letter, now or datetime.now(UTC)):
        pass
    files = sorted((config.instance_path / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return [message_from_bytes(path.read_bytes(), policy=default) for path in files]


def forget(now: datetime) -> None:
    """What the job that forgets does at that time."""
    db.session.commit()
    with time_machine.travel(now, tick=False):
        jobs.forget(Event())


def text_of(message: EmailMessage) -> str:
    """The plain-text part."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def link_in(message: EmailMessage, path: str) -> str:
    """The path of the first link in a mail that leads below ``path``."""
    found = re.search(rf"http://localhost({re.escape(path)}\S+)", text_of(message))
    assert found, text_of(message)
    return found.group(1)


def without_tokens(page: str) -> str:
    """The page without what is each form's own."""
    return re.sub(r'name="token"[^>]*', "", page)


def sign_up(client: PageClient, email: str = ADDRESS, **fields: object) -> None:
    """Send the sign-up form."""
    client.post("/subscribe", filled(email=email, **fields))


def subscribed(email: str = ADDRESS, now: datetime | None = None, **changes: object) -> Subscriber:
    """A confirmed subscriber, committed."""
    now = now or datetime.now(UTC)
    subscriptions.ask(email, [], "/subscribe", now)
    subscriber = get_subscriber(email)
    subscriber.state = SubscriberState.CONFIRMED
    subscriber.confirmed_at = now
    for message in db.session.scalars(select(OutboxMessage).where(OutboxMessage.recipient == email)):
        db.session.delete(message)
    for name, value in changes.items():
        setattr(subscriber, name, value)
    db.session.commit()
    return subscriber


def get_subscriber(email: str = ADDRESS) -> Subscriber:
    """The row of this address."""
    db.session.flush()
    db.session.expire_all()
    subscriber = db.session.scalar(select(Subscriber).where(Subscriber.email == email))
    assert subscriber is not None
    return subscriber
