"""Mail and health on PostgreSQL: two nodes deliver one outbox, and a database that takes no writes."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.conftest import pushed
from tests.engines import postgresql_only
from tests.mail.test_outbox import NOW, Postbox, deliver_all, issue_to
from webapp.config import Config
from webapp.db.session import db
from webapp.letters.compose import write_letter
from webapp.mail import delivery, outbox
from webapp.mail.smtp import Letter, MailRefused
from webapp.models import MailKind, MailState, OutboxMessage
from webapp.operations import health

pytestmark = postgresql_only


@pytest.mark.proves("Promise 1: two nodes send each mail once")
def test_two_nodes_send_each_mail_once_and_urgent_mail_first(
    app: Flask, config: Config, tmp_path: Path
) -> None:
    issue_to(40)
    for number in range(6):
        address = f"urgent{number}@example.org"
        outbox.enqueue(MailKind.CONTACT, address, datetime.now(UTC), subject="Hello", text="A message.")
    db.session.commit()
    postbox, start = Postbox(), threading.Barrier(2)

    def work(node: Flask) -> None:
        start.wait(30)
        with node.app_context():
            delivery.deliver_due(postbox, write_letter)

    second = replace(config, instance_path=tmp_path / "second", search_index=tmp_path / "second-index")
    with pushed(second) as other:
        workers = [threading.Thread(target=work, args=(node,)) for node in (app, other)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
    recipients = [letter.recipient for letter in postbox.letters]
    assert all(recipient.startswith("urgent") for recipient in recipients[:5])
    assert set(Counter(recipients).values()) == {1}
    assert len(recipients) == 46
    assert {row.state for row in db.session.scalars(select(OutboxMessage))} == {MailState.SENT}


def test_a_mail_whose_query_fails_uses_up_a_try_and_the_next_goes_out(app: Flask) -> None:
    """PostgreSQL refuses everything in a transaction after an error, also the count of tries."""
    broken = outbox.enqueue(MailKind.CONTACT, "ana@example.org", NOW, subject="Hello", text="A message.")
    outbox.enqueue(MailKind.CONTACT, "bo@example.org", NOW, subject="Hello", text="A message.")
    db.session.commit()

    def write(message: OutboxMessage, now: datetime) -> Letter | None:
        if message is broken:
            db.session.execute(text("SELECT 1 FROM nowhere"))
        return write_letter(message, now)

    postbox = Postbox()
    for _ in range(2):
        delivery.deliver_one(postbox, write, datetime.now(UTC))
    assert [letter.recipient for letter in postbox.letters] == ["bo@example.org"]
    assert (broken.state, broken.attempt_count) == (MailState.QUEUED, 1)
    assert "nowhere" in (broken.last_error or "")


def test_a_refused_issue_is_stopped_and_monitors_see_it(app: Flask) -> None:
    issue_to(8)
    deliver_all(postbox := Postbox(*[MailRefused("550 5.7.1 blocked")] * 3))
    assert "550 5.7.1 blocked" in postbox.letters[0].text
    assert outbox.refused_count(NOW) == 1


def test_a_database_that_takes_no_writes_is_seen(app: Flask, config: Config) -> None:
    """As on a standby, or after its disk was full."""
    assert {check.name: check.passed for check in health.checks(NOW)}["writable"]
    with db.engine.connect() as connection:
        name = db.engine.url.database
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        connection.commit()
    with pushed(config):
        passed = {check.name: check.passed for check in health.checks(NOW)}
    assert (passed["database"], passed["writable"]) == (True, False)
