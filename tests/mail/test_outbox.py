"""The outbox: every mail is sent once, or its state says why not."""

import threading
import tracemalloc
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import add_editor
from tests.factories import add_article
from tests.mail.servers import Answers, mail_server
from tests.newsletter.steps import ADDRESS, delivered, get_subscriber, subscribed
from tests.waiting import wait_until
from tests.writers import another_writer
from webapp import jobs
from webapp.db.session import db
from webapp.letters.compose import write_letter
from webapp.mail import delivery, outbox, smtp
from webapp.mail.smtp import FolderMailer, Letter, MailRefused, NotSent, ServerAway, Uncertain, mailer_for
from webapp.models import (
    Article,
    BounceKind,
    Frequency,
    Issue,
    MailKind,
    MailState,
    OutboxMessage,
    Role,
    Subscriber,
    SubscriberState,
)
from webapp.newsletter import digests

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


class Postbox:
    """A mailer that fails as a test asks, and records what it sent."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.letters: list[Letter] = []

    def open(self) -> None:
        if self.failures and isinstance(self.failures[0], ServerAway):
            raise self.failures[0]

    def send(self, letter: Letter) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.letters.append(letter)

    def was_delivered(self, message_id: str) -> None:  # noqa: ARG002
        return None

    def close(self) -> None:
        pass


def _enqueue(recipient: str = ADDRESS, at: datetime = NOW) -> OutboxMessage:
    message = outbox.enqueue(MailKind.CONTACT, recipient, at, subject="Hello", text="A message.")
    db.session.commit()
    return message


def test_a_queued_mail_goes_out_once(app: Flask) -> None:
    message, postbox = _enqueue(), Postbox()
    assert delivery.deliver_one(postbox, write_letter, NOW)
    assert not delivery.deliver_one(postbox, write_letter, NOW)
    assert [letter.recipient for letter in postbox.letters] == [ADDRESS]
    assert (message.state, message.sent_at, message.text_body) == (MailState.SENT, NOW, None)


def test_without_a_mail_server_the_mail_becomes_a_file_that_the_log_names(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    _enqueue()
    assert delivered()[-1]["Subject"] == "Hello"
    assert ".eml" in caplog.text
    assert ADDRESS not in caplog.text


def test_looking_at_an_empty_outbox_waits_for_no_writer(app: Flask) -> None:
    _enqueue(at=datetime.now(UTC) + timedelta(minutes=1))
    with another_writer(app):
        assert delivery.deliver_due(Postbox(), write_letter) == 0


def test_what_a_crash_left_is_settled_though_nothing_else_is_due(app: Flask) -> None:
    message = _enqueue()
    message.state, message.claimed_at = MailState.SENDING, NOW
    db.session.commit()
    delivery.deliver_due(Postbox(), write_letter)
    assert message.state == MailState.UNCERTAIN


def test_a_mail_that_was_not_taken_is_tried_again_with_growing_waits(app: Flask) -> None:
    message = _enqueue()
    postbox, now = Postbox(NotSent("451 later"), NotSent("451 later")), NOW
    waits = []
    for _ in range(2):
        delivery.deliver_one(postbox, write_letter, now)
        waits.append(message.next_try_at - now)
        now = message.next_try_at
    assert waits == [timedelta(minutes=1), timedelta(minutes=5)]
    delivery.deliver_one(postbox, write_letter, now)
    assert (message.state, message.attempt_count) == (MailState.SENT, 3)


def test_a_mail_fails_after_the_last_try(app: Flask) -> None:
    message = _enqueue()
    postbox, now = Postbox(*[NotSent("451 later")] * 20), NOW
    while delivery.deliver_one(postbox, write_letter, now):
        now = message.next_try_at
    assert (message.state, message.attempt_count, message.last_error) == (
        MailState.FAILED,
        len(outbox.WAITS) + 1,
        "451 later",
    )


def test_what_one_person_waits_for_goes_out_first_and_corrections_before_digests(app: Flask) -> None:
    issue_to(3)
    person = get_subscriber("person0@example.org")
    [article] = db.session.scalars(select(Article))
    outbox.enqueue(MailKind.CORRECTION, person.email, NOW, subscriber=person, articles=[article])
    db.session.commit()
    postbox = Postbox()
    assert delivery.deliver_one(postbox, write_letter, NOW)  # the wave is under way
    _enqueue("late@example.org")
    deliver_all(postbox)
    first, second, *rest = (letter.recipient for letter in postbox.letters)
    assert (first, second, rest) == (
        "person0@example.org",
        "late@example.org",
        [f"person{number}@example.org" for number in range(3)],
    )


@pytest.mark.parametrize("kind", MailKind)
def test_every_kind_of_mail_has_one_priority(kind: MailKind) -> None:
    assert sum(kind in kinds for kinds in outbox.PRIORITIES) == 1


def test_a_server_that_is_away_uses_up_no_try(app: Flask) -> None:
    first, second = _enqueue(), _enqueue("other@example.org")
    postbox = Postbox(ServerAway("the mail server is away: Connection refused"))
    with pytest.raises(ServerAway):
        delivery.deliver_due(postbox, write_letter)
    assert [(row.state, row.attempt_count, row.next_try_at) for row in (first, second)] == [
        (MailState.QUEUED, 0, NOW)
    ] * 2


@pytest.mark.proves("Promise 1: no mail is lost or doubled by an hour without a mail server")
@pytest.mark.parametrize(
    "failure", [ServerAway("refused"), NotSent("421 4.3.2 shutting down"), NotSent("451 4.3.0 try later")]
)
def test_after_an_hour_without_a_mail_server_everything_is_out_within_15_minutes(
    app: Flask, failure: Exception
) -> None:
    postbox = Postbox()
    for minute in range(75):
        now = NOW + timedelta(minutes=minute)
        if minute < 60 and minute % 6 == 0:
            _enqueue(f"person{minute}@example.org", at=now)
        postbox.failures = [failure] * 10 if minute < 60 else []
        with time_machine.travel(now, tick=False), suppress(ServerAway):
            delivery.deliver_due(postbox, write_letter)
    assert sorted(letter.recipient for letter in postbox.letters) == sorted(
        f"person{minute}@example.org" for minute in range(0, 60, 6)
    )


def test_a_link_that_is_refused_because_of_us_is_tried_again(app: Flask) -> None:
    message, postbox = _enqueue(), Postbox(MailRefused("554 5.7.1 blocked by zen.spamhaus.org"))
    delivery.deliver_one(postbox, write_letter, NOW)
    assert (message.state, message.bounced_at) == (MailState.QUEUED, None)
    delivery.deliver_one(postbox, write_letter, message.next_try_at)
    assert message.state == MailState.SENT


def test_a_refused_mail_fails_at_once(app: Flask) -> None:
    message = _enqueue()
    delivery.deliver_one(Postbox(MailRefused("550 no", BounceKind.HARD)), write_letter, NOW)
    assert message.state == MailState.FAILED


def test_an_address_whose_mailbox_is_missing_twice_gets_no_more_mail(app: Flask) -> None:
    subscribed()
    for _ in range(2):
        _enqueue()
        delivery.deliver_one(Postbox(MailRefused("550 5.1.1 unknown", BounceKind.HARD)), write_letter, NOW)
    assert get_subscriber().state == SubscriberState.SUPPRESSED


def test_a_refusal_for_another_reason_does_not_count_against_the_address(app: Flask) -> None:
    subscribed()
    for _ in range(3):
        _enqueue()
        delivery.deliver_one(Postbox(MailRefused("554 5.7.1 policy")), write_letter, NOW)
    assert get_subscriber().state == SubscriberState.CONFIRMED


def issue_to(count: int) -> Issue:
    """An issue to so many subscribers."""
    for number in range(count):
        subscribed(f"person{number}@example.org", now=NOW - timedelta(days=2))
    add_article(now=NOW - timedelta(days=1))
    issue = digests.make_issue(Frequency.WEEKLY, NOW)
    db.session.commit()
    return issue


def deliver_all(postbox: Postbox, now: datetime = NOW) -> None:
    while delivery.deliver_one(postbox, write_letter, now):
        pass


def account(issue: Issue) -> tuple[int, int, int]:
    """How many mails of an issue are sent, failed and queued."""
    accounting = digests.accounting(issue)
    assert accounting.is_right
    return accounting.sent, accounting.failed, accounting.queued


def test_an_issue_of_which_most_is_refused_is_stopped_and_editors_are_told(app: Flask) -> None:
    issue = issue_to(8)
    postbox = Postbox(*[MailRefused("550 5.7.1 blocked")] * 3)
    deliver_all(postbox)
    assert account(issue) == (0, 3, 5)
    [letter] = postbox.letters
    assert letter.recipient == app.extensions["config"].editors_mail
    assert letter.subject == "We stopped sending the newsletter"
    assert "550 5.7.1 blocked" in letter.text
    assert "http://localhost/editor/newsletter/" in letter.text


def test_each_admin_is_told_of_a_stopped_issue_and_nobody_is_suppressed(app: Flask) -> None:
    add_editor("Ada Admin", "ada@example.org", Role.ADMIN)
    add_editor("Al Admin", "al@example.org", Role.ADMIN).disabled_at = NOW
    add_editor("Ed Editor", "ed@example.org", Role.EDITOR)
    issue_to(8)
    deliver_all(postbox := Postbox(*[MailRefused("550 5.1.1 no such user", BounceKind.HARD)] * 3))
    told = {letter.recipient for letter in postbox.letters}
    assert told == {app.extensions["config"].editors_mail, "ada@example.org"}
    assert set(db.session.scalars(select(Subscriber.state))) == {SubscriberState.CONFIRMED}


def test_a_stopped_issue_holds_up_no_other_mail(app: Flask) -> None:
    issue = issue_to(4)
    deliver_all(Postbox(*[MailRefused("550 5.7.1 blocked")] * 3))
    other, postbox = _enqueue(), Postbox()
    deliver_all(postbox)
    assert (other.state, len(postbox.letters)) == (MailState.SENT, 1)
    assert account(issue) == (0, 3, 1)


def test_an_editor_continues_a_stopped_issue_and_everybody_gets_it_once(app: Flask) -> None:
    issue = issue_to(8)
    deliver_all(Postbox(*[MailRefused("550 5.7.1 blocked")] * 3))
    for _ in range(2):
        outbox.resume(issue, NOW)
        db.session.commit()
        assert account(issue) == (0, 0, 8)
    postbox = Postbox()
    deliver_all(postbox)
    assert account(issue) == (8, 0, 0)
    assert len({letter.recipient for letter in postbox.letters}) == len(postbox.letters) == 8


def test_an_issue_that_is_refused_again_is_stopped_again(app: Flask) -> None:
    issue = issue_to(8)
    for _ in range(2):
        deliver_all(postbox := Postbox(*[MailRefused("550 5.7.1 blocked")] * 3))
        assert issue.stopped_at is not None
        assert len(postbox.letters) == 1  # to the editors
        outbox.resume(issue, NOW)
        db.session.commit()


def test_a_few_refusals_do_not_stop_an_issue(app: Flask) -> None:
    issue = issue_to(8)

    class Half(Postbox):
        def send(self, letter: Letter) -> None:
            self.letters.append(letter)
            if len(self.letters) % 2 == 0:
                raise MailRefused("550 5.1.1 no such user", BounceKind.HARD)

    deliver_all(Half())
    assert issue.stopped_at is None
    assert account(issue) == (4, 4, 0)


def test_a_wave_that_blames_the_recipients_counts_against_nobody(app: Flask) -> None:
    """A mail server with a wrong setting knows no address at all."""
    for week in range(2):
        add_article(now=NOW + timedelta(days=7 * week - 1))
        now = NOW + timedelta(days=7 * week)
        issue = issue_to(4) if week == 0 else digests.make_issue(Frequency.WEEKLY, now)
        db.session.commit()
        deliver_all(Postbox(*[MailRefused("550 5.1.1 no such user", BounceKind.HARD)] * 3), now)
        assert issue.stopped_at is not None
    states = db.session.scalars(select(Subscriber.state)).all()
    assert states == [SubscriberState.CONFIRMED] * 4


def test_reports_that_come_later_stop_an_issue_too(app: Flask) -> None:
    """Some mail servers take everything, and send it back afterwards."""
    issue = issue_to(8)
    for _ in range(4):
        delivery.deliver_one(Postbox(), write_letter, NOW)
    sent = select(OutboxMessage).where(OutboxMessage.state == MailState.SENT)
    for message in db.session.scalars(sent).all()[:3]:
        assert issue.stopped_at is None
        outbox.record_bounce(message, None, NOW)
    db.session.commit()
    assert issue.stopped_at is not None
    outbox.resume(issue, NOW)
    db.session.commit()
    assert account(issue) == (1, 0, 7)


def test_refusals_that_begin_in_the_middle_of_a_wave_stop_it_soon(app: Flask) -> None:
    issue = issue_to(40)
    for _ in range(20):
        delivery.deliver_one(Postbox(), write_letter, NOW)
    deliver_all(Postbox(*[MailRefused("550 5.7.1 blocked")] * 40))
    assert account(issue) == (20, 6, 14)


def test_dead_addresses_in_the_middle_of_a_wave_do_not_stop_it(app: Flask) -> None:
    issue = issue_to(20)
    for _ in range(12):
        delivery.deliver_one(Postbox(), write_letter, NOW)
    deliver_all(Postbox(*[MailRefused("550 5.1.1 no such user", BounceKind.HARD)] * 8))
    assert account(issue) == (12, 8, 0)
    assert issue.stopped_at is None


def test_dead_addresses_at_the_start_stop_an_issue_only_once(app: Flask) -> None:
    issue = issue_to(8)
    dead = MailRefused("550 5.1.1 no such user", BounceKind.HARD)
    deliver_all(Postbox(*[dead] * 3))
    assert issue.stopped_at is not None
    outbox.resume(issue, NOW)
    db.session.commit()
    for _ in range(5):
        delivery.deliver_one(Postbox(), write_letter, NOW)
    deliver_all(Postbox(*[dead] * 3))
    assert account(issue) == (5, 3, 0)
    assert {row.bounce for row in issue_mails(issue)} == {None, BounceKind.HARD}


def test_a_server_that_hangs_up_on_every_text_stops_an_issue(app: Flask) -> None:
    issue = issue_to(8)
    deliver_all(Postbox(*[Uncertain("connection lost")] * 8))
    assert issue.stopped_at is not None
    assert digests.accounting(issue).uncertain == 3


def test_editors_are_told_once_though_their_mail_is_refused_too(app: Flask) -> None:
    issue_to(8)
    deliver_all(Postbox(*[MailRefused("550 5.7.1 blocked")] * 4))
    postbox = Postbox()
    for hour in (1, 2):
        deliver_all(postbox, NOW + timedelta(hours=hour))
    assert [letter.recipient for letter in postbox.letters] == [app.extensions["config"].editors_mail]


def test_editors_are_not_told_what_was_settled_meanwhile(app: Flask) -> None:
    issue = issue_to(3)
    for _ in range(3):
        delivery.deliver_one(Postbox(MailRefused("550 5.7.1 blocked")), write_letter, NOW)
    outbox.resume(issue, NOW)
    db.session.commit()
    deliver_all(postbox := Postbox())
    assert app.extensions["config"].editors_mail not in {letter.recipient for letter in postbox.letters}


def test_who_complained_gets_nothing_when_an_issue_is_continued(app: Flask) -> None:
    issue = issue_to(4)
    for _ in range(4):
        delivery.deliver_one(Postbox(), write_letter, NOW)
    for message in issue_mails(issue):
        outbox.record_bounce(message, BounceKind.COMPLAINT, NOW)
    outbox.resume(issue, NOW)
    db.session.commit()
    assert account(issue) == (4, 0, 0)


def test_a_mail_server_that_is_down_for_days_loses_no_issue(app: Flask) -> None:
    issue, now = issue_to(4), NOW
    for _ in range(20):
        deliver_all(Postbox(*[NotSent("Connection refused")] * 4), now)
        now += timedelta(days=1)
    assert issue.stopped_at is not None
    outbox.resume(issue, now)
    db.session.commit()
    deliver_all(Postbox(NotSent("451 later")), now)
    assert account(issue) == (3, 0, 1)  # the tries of the mail begin anew
    assert {row.state for row in db.session.scalars(select(Subscriber))} == {SubscriberState.CONFIRMED}


def issue_mails(issue: Issue) -> Sequence[OutboxMessage]:
    return db.session.scalars(select(OutboxMessage).where(OutboxMessage.issue_id == issue.id)).all()


def test_a_mail_nobody_knows_about_is_never_sent_again_by_itself(app: Flask) -> None:
    message, postbox = _enqueue(), Postbox(Uncertain("connection lost"))
    delivery.deliver_one(postbox, write_letter, NOW)
    assert message.state == MailState.UNCERTAIN
    assert not delivery.deliver_one(postbox, write_letter, NOW + timedelta(days=30))


def test_a_crash_leaves_the_mail_uncertain(app: Flask) -> None:
    message = _enqueue()
    with pytest.raises(SystemExit):
        delivery.deliver_one(Postbox(SystemExit()), write_letter, NOW)  # type: ignore[arg-type]
    assert delivery.settle_stale(Postbox(), NOW + timedelta(minutes=4)) == 0
    assert delivery.settle_stale(Postbox(), NOW + timedelta(minutes=6)) == 1
    assert message.state == MailState.UNCERTAIN


def test_the_mailer_is_asked_about_a_crash_while_others_can_write(app: Flask) -> None:
    message = _enqueue()
    message.state, message.claimed_at = MailState.SENDING, NOW
    db.session.commit()

    class Slow(Postbox):
        def was_delivered(self, message_id: str) -> bool:  # type: ignore[override]  # noqa: ARG002
            with another_writer(app):
                return True

    assert delivery.settle_stale(Slow(), NOW + timedelta(minutes=6)) == 1
    assert message.state == MailState.SENT


def test_an_attempt_that_was_overtaken_changes_nothing(app: Flask) -> None:
    """It took so long that the mail was settled as not sent, and another worker is sending it now."""
    message = _enqueue()

    class Overtaken(Postbox):
        def send(self, letter: Letter) -> None:
            message.attempt_count += 1
            db.session.commit()
            super().send(letter)

    delivery.deliver_one(Overtaken(NotSent("421 too slow")), write_letter, NOW)
    assert (message.state, message.last_error) == (MailState.SENDING, None)


@pytest.mark.parametrize(("is_named", "state"), [(True, MailState.SENT), (False, MailState.QUEUED)])
def test_a_complete_log_settles_what_is_uncertain(app: Flask, is_named: bool, state: MailState) -> None:
    message = _enqueue()
    delivery.deliver_one(Postbox(Uncertain("lost")), write_letter, NOW)
    outbox.settle_uncertain([message.message_id] if is_named else [], NOW, rest_was_not_sent=True)
    assert message.state == state


def test_a_log_is_read_a_line_at_a_time(app: Flask, tmp_path: Path) -> None:
    """The log of a mail server may be larger than the memory."""
    message = _enqueue()
    delivery.deliver_one(Postbox(Uncertain("lost")), write_letter, NOW)
    log = tmp_path / "mail.log"
    log.write_text("a line about something else\n" * 200_000 + f"message-id={message.message_id}\n")
    tracemalloc.start()
    output = app.test_cli_runner().invoke(args=["newsletter", "settle", str(log)]).output
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert output.startswith("1 had been sent, 0 are queued again.")
    assert peak < log.stat().st_size / 2


def test_a_log_that_may_have_gaps_leaves_unnamed_mails_uncertain(app: Flask) -> None:
    message = _enqueue()
    delivery.deliver_one(Postbox(Uncertain("lost")), write_letter, NOW)
    assert outbox.settle_uncertain([], NOW, rest_was_not_sent=False) == (0, 0)
    assert message.state == MailState.UNCERTAIN


@pytest.mark.parametrize("was_written", [True, False])
def test_files_tell_by_themselves_whether_a_crash_lost_the_mail(app: Flask, was_written: bool) -> None:
    message = _enqueue()
    mailer = mailer_for(app.extensions["config"])
    assert isinstance(mailer, FolderMailer)
    if was_written:
        delivery.deliver_one(mailer, write_letter, NOW)
    message.state, message.claimed_at = MailState.SENDING, NOW
    db.session.commit()
    delivery.settle_stale(mailer, NOW + timedelta(minutes=6))
    assert message.state == (MailState.SENT if was_written else MailState.QUEUED)


def test_a_mail_that_cannot_be_written_waits_and_the_next_goes_out(app: Flask) -> None:
    broken = outbox.enqueue(
        MailKind.CORRECTION, ADDRESS, NOW, subscriber=subscribed(now=NOW)
    )  # names no article
    db.session.commit()
    following = _enqueue()
    postbox = Postbox()
    while delivery.deliver_one(postbox, write_letter, NOW):
        pass
    assert (broken.state, following.state) == (MailState.QUEUED, MailState.SENT)
    assert broken.next_try_at > NOW


def test_two_workers_send_each_mail_once(app: Flask) -> None:
    for number in range(60):
        _enqueue(f"person{number}@example.org")
    db.session.remove()
    postbox = Postbox()
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        with app.app_context():
            while delivery.deliver_one(postbox, write_letter, NOW):
                pass

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    recipients = [letter.recipient for letter in postbox.letters]
    assert sorted(recipients) == sorted({f"person{number}@example.org" for number in range(60)})


def test_mail_is_delivered_in_the_background_within_seconds(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody waits for the other jobs to end: they would leave connections open.
    monkeypatch.setattr(jobs, "JOBS", [job for job in jobs.JOBS if job.is_awaited])
    _enqueue(at=datetime.now(UTC))
    running = jobs.start(app)
    for _ in range(200):
        states = db.session.scalars(select(OutboxMessage.state)).all()
        db.session.rollback()  # the next look is at what was written since
        if states == [MailState.SENT] or running.stop.wait(0.05):
            break
    running.end()
    assert states == [MailState.SENT]


def test_a_newsletter_that_hangs_holds_up_no_other_mail(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    issue_to(3)
    answers = Answers(hang=b"List-Unsubscribe")
    monkeypatch.setattr(smtp, "TIMEOUT", 3600)
    quick = [replace(job, pause=0.01) for job in jobs.JOBS if job.is_awaited]
    monkeypatch.setattr(jobs, "JOBS", quick)
    with mail_server(answers) as port:
        app.extensions["config"] = replace(app.extensions["config"], smtp_url=f"smtp://127.0.0.1:{port}")
        running = jobs.start(app)
        try:
            wait_until(lambda: answers.hanging_count == 1)
            _enqueue("late@example.org", at=datetime.now(UTC))
            wait_until(lambda: len(answers.taken) == 1)
        finally:
            answers.goes_on.set()
            running.end()
    assert b"late@example.org" in answers.taken[0]


def test_the_command_delivers_and_says_what_happened(app: Flask) -> None:
    _enqueue()
    output = app.test_cli_runner().invoke(args=["newsletter", "deliver"]).output
    assert "1 mails tried. 1 sent" in output


def test_the_command_says_that_the_mail_server_is_away(app: Flask) -> None:
    app.extensions["config"] = replace(app.extensions["config"], smtp_url="smtp://127.0.0.1:9")
    _enqueue()
    result = app.test_cli_runner().invoke(args=["newsletter", "deliver"])
    assert result.exit_code == 1
    assert "No more mail was sent: the mail server is away: " in result.output
    assert "1 queued" in result.output
