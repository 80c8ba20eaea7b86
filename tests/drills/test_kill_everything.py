"""The whole site is killed -9 at random moments while everybody works: nothing that was answered is lost or doubled."""

import random
import re
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from tests.accounts.people import EMAIL
from tests.drills.crowd import VOTED_ON, Crowd, Heard, name_of
from tests.drills.site import IS_FULL, Site, inside, running, say
from tests.editor.forms import Sent
from tests.factories import add_article, content
from tests.newsletter.steps import filled
from tests.waiting import seconds_until
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.mail.outbox import STALE_AFTER
from webapp.models import (
    Article,
    Editor,
    Feedback,
    MailState,
    OutboxMessage,
    PublicChange,
    Revision,
    Subscriber,
)
from webapp.operations import integrity
from webapp.publishing import revisions, scheduling
from webapp.search import indexing
from webapp.search.index import search_index

KILLS = 200 if IS_FULL else 2
MOST_ANSWERS = 20  # before a kill
LONGEST_MOMENT = 0.3  # seconds, from an answer to the kill
LONGEST_START = 2.0  # seconds after which one kill in four comes, whether the site answers by then or not
DUE_EACH = timedelta(seconds=2)


def prepare(site: Site) -> Sent:
    """A summary to vote on, and texts that come due one after the other; returns the form of a sign-up, filled in."""
    with inside(site):
        add_article(slug=VOTED_ON)
        now = datetime.now(UTC)
        editor_id = db.session.scalars(select(Editor.id).where(Editor.email == EMAIL)).one()
        for number in range(KILLS):
            text = content(slug=f"due-{number}")
            scheduling.schedule(
                revisions.new_draft(),
                text,
                0,
                editor_id,
                now - timedelta(days=1),
                publish_at=now + number * DUE_EACH,
                accepted={},
            )
        return Sent({name: str(value) for name, value in filled().items()})


def kill_again_and_again(site: Site, crowd: Crowd) -> float:
    """Returns the longest time that a start took, in seconds."""
    chance = random.Random(8)
    slowest = 0.0
    for number in range(KILLS):
        if number % 4 == 1:
            site.launch()
            time.sleep(chance.uniform(0, LONGEST_START))
        else:
            slowest = max(slowest, site.start()) if number else slowest
            enough = sum(crowd.answers) + chance.randint(1, MOST_ANSWERS)
            seconds_until(lambda enough=enough: sum(crowd.answers) >= enough)  # type: ignore[misc]
            time.sleep(chance.uniform(0, LONGEST_MOMENT))
        site.kill_everything()
    return slowest


def let_time_pass() -> None:
    """What a mailer held when it was killed is old enough to be looked at."""
    held = update(OutboxMessage).where(OutboxMessage.state == MailState.SENDING)
    with writing() as now:
        db.session.execute(held.values(claimed_at=now - 2 * STALE_AFTER))


def is_all_sent() -> bool:
    sent = (MailState.SENT, MailState.EXCLUDED)
    left = db.session.scalar(select(func.count()).where(OutboxMessage.state.not_in(sent)))
    db.session.rollback()
    return left == 0


def is_caught_up() -> bool:
    waiting, _ = indexing.lag(datetime.now(UTC))
    db.session.rollback()
    return waiting == 0


def everything_due_is_out() -> bool:
    due = scheduling.is_something_due(datetime.now(UTC))
    db.session.rollback()
    return not due


def find_all(crowd: Crowd, site: Site) -> dict[str, tuple[Heard, Counter[str]]]:
    """Everything that was tried, and how often each is there."""
    versions = select(Article.slug).join(PublicChange, PublicChange.article_id == Article.id)
    recipients = re.findall(r"^To: (\S+)", "\n".join(site.mails()), re.MULTILINE)
    texts = db.session.scalars(select(func.json_extract(Revision.content, "$.harms")))
    return {
        "saves": (crowd.saves, Counter(texts)),
        "summaries": (crowd.summaries, Counter(db.session.scalars(versions))),
        "votes": (crowd.votes, Counter(filter(crowd.has_voted, crowd.votes.answered))),
        "sign-ups": (crowd.sign_ups, Counter(map(name_of, db.session.scalars(select(Subscriber.email))))),
        "mails": (crowd.sign_ups, Counter(map(name_of, recipients))),
    }


def check_all(found: dict[str, tuple[Heard, Counter[str]]]) -> None:
    for what, (heard, there) in found.items():
        lost, doubled = heard.lost_and_doubled(there)
        say(f"{what}: {len(heard.answered)} answered of {len(heard.tried)}, {lost} lost, {doubled} doubled")
        assert (lost, doubled, heard.refused) == (0, 0, [])


@pytest.mark.proves("Promise 1: everything killed at once loses and doubles nothing")
def test_everything_killed_at_once_again_and_again_loses_and_doubles_nothing(site: Site) -> None:
    form = prepare(site)
    with running(site):
        crowd = Crowd(site, form)
        with crowd.at_work():
            slowest = kill_again_and_again(site, crowd)
            ready = site.start("/readyz")
            seconds_until(lambda: all(crowd.answers))
        with inside(site):
            let_time_pass()
            lag = seconds_until(is_caught_up)
            seconds_until(everything_due_is_out)
            seconds_until(is_all_sent)
            seconds_until(is_caught_up)
            say(f"{KILLS} kills; slowest start {max(slowest, ready):.1f} s, index lag 0 after {lag:.1f} s")
            check_all(find_all(crowd, site))
            assert (db.session.scalar(select(func.count(Feedback.id))) or 0) <= len(crowd.votes.tried)
            due = (
                select(Article.slug)
                .join(PublicChange, PublicChange.article_id == Article.id)
                .where(Article.slug.startswith("due-"))
            )
            assert set(Counter(db.session.scalars(due)).values()) == {1}
            assert indexing.differences(search_index()).is_empty
            assert integrity.problems(datetime.now(UTC)) == []
