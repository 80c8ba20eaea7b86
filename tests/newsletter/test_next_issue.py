"""The next issue: what editors choose, in which order, with what greeting, and when it goes out, with and without them."""

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from threading import Event, Thread

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import add_editor
from tests.engines import both_engines
from tests.factories import add_answer, add_article
from tests.mail.servers import Answers, mail_server
from tests.newsletter.steps import delivered, subscribed, text_of
from webapp import jobs
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.letters.compose import write_letter
from webapp.mail import delivery
from webapp.mail.smtp import SmtpMailer
from webapp.models import (
    Article,
    AuditEntry,
    AuditKind,
    Editor,
    Frequency,
    Issue,
    IssueContent,
    IssueWords,
    MailKind,
    OutboxMessage,
)
from webapp.newsletter import digests, next_issue
from webapp.newsletter.next_issue import MOST_UNCHOSEN, Hold, mark_of
from webapp.publishing.publication import withdraw
from webapp.publishing.revisions import SavedMeanwhile

ROOT = Path(__file__).resolve().parents[2]
WEEKLY, MONTHLY = Frequency.WEEKLY, Frequency.MONTHLY
NINE = datetime(2026, 1, 9, 9, 0, tzinfo=UTC)  # the usual time; the site of the tests is in UTC
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EARLIER = NINE - 2 * DAY


@pytest.fixture
def editor(app: Flask) -> Editor:
    return add_editor()


def articles(count: int, now: datetime = EARLIER) -> list[Article]:
    found = [add_article(now=now + timedelta(minutes=number)) for number in range(count)]
    db.session.commit()
    return found


def wanted(
    editor: Editor,
    chosen: Sequence[Article] = (),
    now: datetime = EARLIER + HOUR,
    frequency: Frequency = WEEKLY,
    **content: object,
) -> None:
    """Save what an editor wants of the next issue. What is new and not chosen is left out, as by the form."""
    line = next_issue.lineup(frequency, now)
    marks = [mark_of(text) for text in chosen]
    shown = [mark_of(text) for text in (*line.summaries, *line.answers, *line.new)] if chosen else []
    content.setdefault("left_out", tuple(mark for mark in shown if mark not in marks))
    next_issue.save(line, IssueContent(chosen=tuple(marks), **content), editor, now, "texts")  # type: ignore[arg-type]
    db.session.commit()


def made(now: datetime) -> list[Issue]:
    """The issues that the job makes at this time."""
    with time_machine.travel(now, tick=False):
        jobs.make_issues(Event())
    return list(db.session.scalars(select(Issue).where(Issue.made_at == now)))


def slugs_of(issue: Issue) -> list[str]:
    return [link.article.slug for link in issue.article_links]


def titles_sent_to(email: str) -> list[str]:
    mails = db.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.recipient == email, OutboxMessage.kind == MailKind.DIGEST)
        .order_by(OutboxMessage.id)
    )
    return [link.article.title for mail in mails for link in mail.article_links]


# ------------------------------------------------------------------ without an editor


def test_what_is_new_goes_out_at_the_usual_time_and_not_before(app: Flask) -> None:
    subscribed(now=EARLIER)
    [article] = articles(1, NINE - 20 * HOUR)
    jobs.make_issues(Event())
    assert made(NINE - timedelta(minutes=1)) == []
    [issue] = made(NINE)
    assert slugs_of(issue) == [article.slug]
    assert made(NINE + HOUR) == []


def test_what_is_published_later_that_day_waits_for_the_next_morning(app: Flask) -> None:
    subscribed(now=EARLIER)
    assert made(NINE) == []
    articles(1, NINE + HOUR)
    assert made(NINE + 2 * HOUR) == []
    assert len(made(NINE + DAY)) == 1


def test_who_subscribes_later_that_day_starts_no_issue(app: Flask) -> None:
    articles(1)
    subscribed(now=NINE + HOUR)
    assert made(NINE + 2 * HOUR) == []
    assert len(made(NINE + DAY)) == 1


def test_a_site_that_was_down_makes_up_for_it(app: Flask) -> None:
    subscribed(now=EARLIER)
    articles(1)
    assert len(made(NINE + 5 * HOUR)) == 1


def test_the_next_issue_comes_a_week_later_at_the_same_hour(app: Flask) -> None:
    subscribed(now=EARLIER)
    articles(1)
    assert next_issue.next_time(WEEKLY, NINE - HOUR) == NINE
    made(NINE + timedelta(seconds=30))
    assert next_issue.next_time(WEEKLY, NINE + HOUR) == NINE + 7 * DAY
    articles(1, NINE + DAY)
    assert [made(NINE + days * DAY) for days in range(2, 7)] == [[]] * 5
    assert len(made(NINE + 7 * DAY)) == 1


def test_61_imported_summaries_send_nothing_until_an_editor_chooses(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER)
    imported = articles(61)
    assert next_issue.lineup(WEEKLY, NINE).hold is Hold.TOO_MANY
    assert made(NINE) == [] == made(NINE + DAY)
    run = app.test_cli_runner().invoke
    with time_machine.travel(NINE + DAY, tick=False):
        for words in (["--dry-run"], [], ["--frequency", "weekly"]):
            assert "61 new texts came at once" in run(args=["newsletter", "send-digest", *words]).output
    assert db.session.scalar(select(func.count(OutboxMessage.id))) == 0
    chosen = [imported[40], imported[3]]
    wanted(editor, chosen, NINE + DAY + HOUR)
    [issue] = made(NINE + 2 * DAY)
    assert slugs_of(issue) == [article.slug for article in chosen]
    later = articles(1, NINE + 3 * DAY)
    [issue] = made(NINE + 9 * DAY)
    assert slugs_of(issue) == [later[0].slug]


def test_an_import_that_is_a_week_old_is_not_mailed_with_the_next_summary(app: Flask) -> None:
    subscribed(now=EARLIER)
    imported = {article.title for article in articles(61)}
    [later] = articles(1, EARLIER + 7 * DAY)
    for days in range(12):
        made(NINE + days * DAY)
    sent = titles_sent_to("maria@example.org")
    assert sent == [later.title] and later.title not in imported


@pytest.mark.parametrize("kind", [WEEKLY, MONTHLY])
def test_a_few_summaries_need_no_editor(app: Flask, kind: Frequency) -> None:
    subscribed(now=EARLIER, frequency=kind)
    articles(MOST_UNCHOSEN[kind])
    assert next_issue.lineup(kind, NINE).hold is None
    articles(1)
    assert next_issue.lineup(kind, NINE).hold is Hold.TOO_MANY


def test_what_the_weekly_one_had_is_not_too_many_for_the_monthly_one(app: Flask, editor: Editor) -> None:
    subscribed("weekly@example.org", now=EARLIER)
    subscribed("monthly@example.org", now=EARLIER, frequency=MONTHLY)
    imported = articles(61)
    wanted(editor, imported[:2])
    assert [issue.frequency for issue in made(NINE)] == [WEEKLY]
    [issue] = made(NINE + DAY)
    assert issue.frequency == MONTHLY
    assert sorted(titles_sent_to("monthly@example.org")) == sorted(one.title for one in imported[:2])


# ------------------------------------------------------------------ chosen by an editor


def test_readers_get_what_was_chosen_in_that_order_on_their_topics(app: Flask, editor: Editor) -> None:
    subscribed("all@example.org", now=EARLIER)
    subscribed("pain@example.org", now=EARLIER, topics=["pain-management"])
    subscribed("bones@example.org", now=EARLIER, topics=["orthopedics"])
    first, second, third = (
        add_article(now=EARLIER + number * timedelta(minutes=1), categories=["pain-management"])
        for number in range(3)
    )
    bones = add_article(now=EARLIER, categories=["orthopedics"])
    db.session.commit()
    wanted(editor, [second, third, first])
    made(NINE)
    in_order = [second.title, third.title, first.title]
    assert titles_sent_to("all@example.org") == titles_sent_to("pain@example.org") == in_order
    assert titles_sent_to("bones@example.org") == []
    made(NINE + 7 * DAY)
    assert bones.title not in titles_sent_to("all@example.org") + titles_sent_to("bones@example.org")


def test_what_was_left_out_can_be_put_back(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER)
    [kept, left] = articles(2)
    wanted(editor, [kept])
    made(NINE)
    assert next_issue.lineup(WEEKLY, NINE + DAY).left_out == [left]
    wanted(editor, [left], NINE + DAY)
    [issue] = made(NINE + 7 * DAY)
    assert slugs_of(issue) == [left.slug]
    assert next_issue.lineup(WEEKLY, NINE + 8 * DAY).left_out == []


def test_what_came_after_the_choice_waits_for_the_next_issue_and_is_not_lost(
    app: Flask, editor: Editor
) -> None:
    subscribed(now=EARLIER)
    [kept] = articles(1)
    wanted(editor, [kept], send_at=NINE + 10 * DAY)
    [late] = articles(1, EARLIER + 2 * HOUR)
    assert [made(NINE + days * DAY) for days in range(10)] == [[]] * 10
    [issue] = made(NINE + 10 * DAY)
    assert slugs_of(issue) == [kept.slug]
    [issue] = made(NINE + 17 * DAY)
    assert slugs_of(issue) == [late.slug]


def test_new_summaries_come_in_by_themselves_while_nothing_is_chosen(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER)
    [early] = articles(1)
    wanted(editor, words={"en": IssueWords(greeting="Hello!")})
    [late] = articles(1, EARLIER + 2 * HOUR)
    [issue] = made(NINE)
    assert slugs_of(issue) == [late.slug, early.slug]
    assert "Hello!" in text_of(delivered(NINE)[-1])


def test_what_was_withdrawn_after_it_was_chosen_is_not_sent(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER)
    [kept, gone] = articles(2)
    wanted(editor, [gone, kept])
    withdraw(gone, "", EARLIER + 2 * HOUR)
    db.session.commit()
    [issue] = made(NINE)
    assert slugs_of(issue) == [kept.slug]


def test_when_all_was_taken_out_the_next_new_ones_go_out_without_them(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER)
    [gone] = articles(1)
    wanted(editor, left_out=(mark_of(gone),))
    assert made(NINE) == []
    [later] = articles(1, NINE + HOUR)
    [issue] = made(NINE + DAY)
    assert slugs_of(issue) == [later.slug]


def test_answers_are_chosen_and_ordered_as_well(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER)
    slug = articles(1)[0].slug
    made(NINE)
    first, second, third = (
        add_answer(slug, now=NINE + HOUR, question=f"Is it number {number}?", slug=f"number-{number}")
        for number in range(3)
    )
    [article] = articles(1, NINE + HOUR)
    wanted(editor, [article, second, first], NINE + DAY)  # type: ignore[list-item]
    made(NINE + 7 * DAY)
    text = text_of(delivered(NINE + 7 * DAY)[-1])
    assert text.index(second.question) < text.index(first.question)
    assert third.question not in text
    assert third in next_issue.lineup(WEEKLY, NINE + 8 * DAY).left_out


# ------------------------------------------------------------------ when


def test_an_issue_on_hold_waits_until_it_is_released(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER)
    articles(1)
    wanted(editor, is_held=True)
    assert made(NINE) == []
    with time_machine.travel(NINE + HOUR, tick=False):
        output = app.test_cli_runner().invoke(args=["newsletter", "send-digest"]).output
    assert "Each week: on hold, as an editor decided." in output
    wanted(editor, now=NINE + HOUR)
    assert made(NINE + 2 * HOUR) == []  # the usual time has passed
    assert len(made(NINE + DAY)) == 1


def test_an_issue_goes_out_at_the_time_that_an_editor_set(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER)
    articles(1)
    at = NINE + 5 * HOUR
    wanted(editor, send_at=at)
    assert made(NINE) == []
    with time_machine.travel(NINE, tick=False):
        output = app.test_cli_runner().invoke(args=["newsletter", "send-digest"]).output
    assert "on hold until 2026-01-09 14:00 UTC" in output
    assert made(at - timedelta(minutes=1)) == []
    assert len(made(at)) == 1
    assert made(at + HOUR) == []


def test_a_time_that_an_editor_set_may_come_before_the_week_is_over(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER)
    articles(1)
    made(NINE)
    [extra] = articles(1, NINE + HOUR)
    wanted(editor, [extra], NINE + 2 * HOUR, send_at=NINE + DAY)
    [issue] = made(NINE + DAY)
    assert slugs_of(issue) == [extra.slug]


def test_what_is_published_after_the_time_that_an_editor_set_waits_for_the_next_morning(
    app: Flask, editor: Editor
) -> None:
    subscribed(now=EARLIER)
    at = NINE + 5 * HOUR
    wanted(editor, send_at=at)
    assert made(at) == []
    articles(1, at + HOUR)
    assert made(at + 2 * HOUR) == []
    assert len(made(NINE + DAY)) == 1


def test_a_time_that_an_editor_set_is_made_up_for_when_the_site_was_down(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER)
    articles(1)
    wanted(editor, send_at=NINE + 5 * HOUR)
    assert len(made(NINE + 8 * HOUR)) == 1


def test_the_next_time_is_not_past_on_the_day_before_clocks_are_set_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(app.extensions["config"], time_zone="America/Chicago")
    monkeypatch.setitem(app.extensions, "config", config)
    saturday = datetime(2026, 10, 31, 14, 30, tzinfo=UTC)  # half past nine there
    assert next_issue.next_time(WEEKLY, saturday) == datetime(2026, 11, 1, 15, 0, tzinfo=UTC)


@both_engines
def test_two_nodes_make_an_issue_once(app: Flask) -> None:
    subscribed(now=EARLIER)
    articles(1)
    db.session.rollback()

    def node() -> None:
        with app.app_context(), writing():
            digests.make_due(NINE)

    nodes = [Thread(target=node) for _ in range(4)]
    for thread in nodes:
        thread.start()
    for thread in nodes:
        thread.join()
    assert db.session.scalar(select(func.count(Issue.id))) == 1
    assert db.session.scalar(select(func.count(OutboxMessage.id))) == 1


KILLED = """
import os, signal
from datetime import datetime
from webapp import create_app
from webapp.db.writing import writing
from webapp.newsletter import digests

with create_app().app_context(), writing():
    assert digests.make_due(datetime.fromisoformat(os.environ["AT"]))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_node_that_is_killed_while_it_makes_an_issue_leaves_nothing_of_it(app: Flask) -> None:
    subscribed(now=EARLIER)
    articles(1)
    db.session.rollback()
    config = app.extensions["config"]
    environment = {
        "INSTANCE_PATH": str(config.instance_path),
        "SEARCH_INDEX": str(config.search_index),
        "AT": NINE.isoformat(),
        "PATH": os.environ["PATH"],
    }
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert db.session.scalar(select(func.count(Issue.id))) == 0
    assert len(made(NINE)) == 1 and made(NINE + HOUR) == []
    assert db.session.scalar(select(func.count(OutboxMessage.id))) == 1


# ------------------------------------------------------------------ what it says


def test_greeting_and_order_are_in_the_mail_that_arrives(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER)
    first, second = articles(2)
    words = {"en": IssueWords("What’s new for your bladder", "Hello!\n\nTwo new ones <this> week.")}
    wanted(editor, [first, second], words=words)
    made(NINE)
    answers = Answers()
    with mail_server(answers) as port, closing(SmtpMailer(f"smtp://127.0.0.1:{port}")) as mailer:
        assert delivery.deliver_one(mailer, write_letter, NINE)
    mail = message_from_bytes(answers.taken[0], policy=default)
    assert mail["Subject"] == "What’s new for your bladder"
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    for part in (text, html):
        assert part.index("Hello!") < part.index(first.title) < part.index(second.title)
    assert "Two new ones <this> week." in text
    assert "<p>Hello!</p><p>Two new ones &lt;this&gt; week.</p>" in html
    assert "Here’s what’s new" not in text


def test_spanish_readers_get_spanish_words_or_the_usual_ones(app: Flask, editor: Editor) -> None:
    subscribed(now=EARLIER, language="es")
    articles(1)
    wanted(editor, words={"en": IssueWords("English subject", "English greeting")})
    made(NINE)
    mail = delivered(NINE)[-1]
    assert "English" not in mail["Subject"] + text_of(mail)
    articles(1, NINE + DAY)
    wanted(editor, now=NINE + 2 * DAY, words={"es": IssueWords("Novedades", "Le saludamos.")})
    made(NINE + 7 * DAY)
    mail = delivered(NINE + 7 * DAY)[-1]
    assert mail["Subject"] == "Novedades" and "Le saludamos." in text_of(mail)


def test_a_test_is_marked_and_says_what_the_issue_says(app: Flask, editor: Editor) -> None:
    [article] = articles(1)
    wanted(editor, [article], words={"en": IssueWords("A subject", "Hello!")})
    digests.send_test(next_issue.lineup(WEEKLY, NINE), "ana@example.org", NINE)
    db.session.commit()
    mail = delivered(NINE)[-1]
    assert mail["To"] == "ana@example.org" and mail["Subject"] == "[Test] A subject"
    assert "Hello!" in text_of(mail) and article.title in text_of(mail)
    assert db.session.scalars(select(OutboxMessage.text_body)).one() is None


# ------------------------------------------------------------------ saved


def test_what_was_written_on_an_older_state_is_refused(app: Flask, editor: Editor) -> None:
    articles(1)
    wanted(editor, is_held=True)
    next_issue.refuse_outdated(WEEKLY, 0, 1)
    with pytest.raises(SavedMeanwhile):
        next_issue.refuse_outdated(WEEKLY, 0, 0)
    next_issue.refuse_outdated(MONTHLY, 0, 0)


def test_what_was_written_before_the_issue_went_out_is_refused(app: Flask) -> None:
    subscribed(now=EARLIER)
    articles(1)
    made(NINE)
    with pytest.raises(SavedMeanwhile):
        next_issue.refuse_outdated(WEEKLY, 0, 0)


def test_each_change_is_in_the_audit_log(app: Flask, editor: Editor) -> None:
    articles(1)
    wanted(editor, is_held=True)
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.kind == AuditKind.NEWSLETTER_CHANGED)
    ).one()
    assert entry.actor_id == editor.id and entry.detail.startswith("Each week: ")
