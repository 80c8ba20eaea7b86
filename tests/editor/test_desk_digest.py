"""The mail of the day: what it says to whom, that it comes once, in the morning, and that it can be switched off."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from threading import Event

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EMAIL, EditorClient, add_editor, sign_in, token
from tests.editor.test_work import retract
from tests.engines import both_engines
from tests.factories import add_answer, add_article, content
from tests.newsletter.steps import delivered, link_in, text_of
from tests.pages import PageClient
from webapp import jobs
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.feedback import inbox
from webapp.letters import desk_digest
from webapp.models import (
    Article,
    Draft,
    Editor,
    MailKind,
    OutboxMessage,
    Review,
    Role,
    Schedule,
    Topic,
    Watch,
    WatchSource,
)
from webapp.models.values import ReviewerKind
from webapp.publishing import reviews, revisions, teamwork

YESTERDAY, TODAY, TOMORROW = (datetime(2026, 1, day, 8, 0, tzinfo=UTC) for day in (8, 9, 10))
NOON = YESTERDAY.replace(hour=12)


def run(at: datetime) -> None:
    """What the job does at that time."""
    db.session.commit()
    with time_machine.travel(at, tick=False):
        jobs.tell_editors(Event())


def queued() -> list[str]:
    """To whom a mail of the day was queued."""
    db.session.rollback()
    query = select(OutboxMessage.recipient).where(OutboxMessage.kind == MailKind.DESK_DIGEST)
    return list(db.session.scalars(query.order_by(OutboxMessage.id)))


def mail_to(address: str, at: datetime = TODAY) -> EmailMessage:
    [mail] = [
        mail for mail in delivered(at) if (mail["To"], mail["Subject"]) == (address, "Your day at the desk")
    ]
    return mail


@pytest.fixture
def ana(app: Flask) -> Editor:
    """An editor whose first morning is over."""
    ana = add_editor()
    run(YESTERDAY)
    return ana


@pytest.fixture
def bo(ana: Editor) -> Editor:
    """A colleague."""
    return add_editor("Bo Roe", "bo@example.org")


def draft_of(editor: Editor, title: str = "A draft") -> Draft:
    return revisions.save(revisions.new_draft(), content(plain_title=title), 0, editor.id, NOON)


def give(to: Editor, by: Editor, title: str = "A draft", at: datetime = NOON) -> Draft:
    draft = draft_of(by, title)
    teamwork.assign(draft, to.id, by.id, at)
    return draft


# ------------------------------------------------------------------ when


def test_it_comes_in_the_morning_and_once(ana: Editor, bo: Editor) -> None:
    give(ana, bo)
    run(TODAY.replace(hour=6, minute=59))
    assert queued() == []
    run(TODAY.replace(hour=7, minute=0))
    run(TODAY)
    run(TODAY.replace(hour=23))
    assert queued() == [EMAIL]


def test_it_comes_when_it_is_morning_where_the_editor_is(ana: Editor, bo: Editor) -> None:
    ana.time_zone = "America/Los_Angeles"
    give(ana, bo)
    run(TODAY.replace(hour=14))
    assert queued() == []
    run(TODAY.replace(hour=15))
    assert queued() == [EMAIL]


def test_who_travels_west_has_the_day_twice_and_one_mail(ana: Editor, bo: Editor) -> None:
    ana.time_zone = "Pacific/Auckland"
    give(ana, bo)
    run(YESTERDAY.replace(hour=20))  # the next morning there
    ana.time_zone = "America/Los_Angeles"
    give(ana, bo, "Another", TODAY)
    run(TODAY.replace(hour=18))
    assert queued() == [EMAIL]
    run(TOMORROW.replace(hour=18))
    assert queued() == [EMAIL, EMAIL]


def test_a_morning_on_which_the_site_was_down_is_made_up_for(ana: Editor, bo: Editor) -> None:
    give(ana, bo)
    run(TODAY + timedelta(days=2, hours=5))
    assert queued() == [EMAIL]


def test_there_is_no_mail_if_there_is_nothing(ana: Editor) -> None:
    run(TODAY)
    assert queued() == []


def test_what_was_told_is_not_told_again(ana: Editor, bo: Editor) -> None:
    give(ana, bo)
    run(TODAY)
    run(TOMORROW)
    assert queued() == [EMAIL]


def test_a_new_account_is_not_told_of_everything_that_ever_happened(ana: Editor, bo: Editor) -> None:
    give(bo, ana)
    run(TODAY)
    assert "bo@example.org" not in queued()


@both_engines
def test_two_nodes_at_once_queue_one_mail(app: Flask) -> None:
    ana = add_editor()
    run(YESTERDAY)
    give(ana, add_editor("Bo Roe", "bo@example.org"))
    db.session.commit()

    def node(_: int) -> None:
        with app.app_context():
            if desk_digest.is_due(TODAY):
                with writing():
                    desk_digest.enqueue(TODAY)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(node, range(8)))
    assert queued() == [EMAIL]


def test_a_run_that_is_killed_before_its_end_is_repeated(ana: Editor, bo: Editor) -> None:
    give(ana, bo)
    db.session.commit()

    class Killed(Exception):
        pass

    with pytest.raises(Killed), writing():
        assert desk_digest.enqueue(TODAY) == 1
        raise Killed
    assert queued() == []
    run(TODAY)
    assert queued() == [EMAIL]


# ------------------------------------------------------------------ what


def request_review(article: Article, of: Editor, by: Editor) -> Review:
    review = Review(
        draft=revisions.draft_of(article_id=article.id),
        revision_number=1,
        kind=ReviewerKind.CLINICIAN,
        name=of.name,
        email=of.email,
        reviewer_id=of.id,
        asked_by_id=by.id,
        asked_at=NOON,
        parts=[],
    )
    reviews.ask(review, NOON)
    return review


@pytest.fixture
def everything(ana: Editor, bo: Editor) -> Article:
    """One of everything an editor can be told about, since yesterday morning."""
    with time_machine.travel(NOON, tick=False):
        article = add_article(NOON)
        give(ana, bo, "Given to Ana")
        teamwork.write(draft_of(ana, "Ana wrote this"), "harms", "Zanzibarquince?", bo.id, NOON)
        asked_about = add_article(NOON, plain_title="Asked about it")
        request_review(asked_about, ana, by=bo)
        answered = add_article(NOON, plain_title="Answered for Ana")
        request_review(answered, bo, by=ana).answered_at = NOON + timedelta(hours=1)
        inbox.send(
            Topic.MISTAKE,
            "Ten, not 12.",
            "editors@example.org",
            NOON,
            name="Rae",
            email="rae@example.net",
            about=article,
        )
        inbox.send(Topic.OTHER, "Thanks.", "editors@example.org", NOON)
        db.session.commit()
        retract(article, NOON)
        due = TODAY.replace(hour=15)
        soon, later = draft_of(bo, "Goes out today"), draft_of(bo, "Goes out later")
        for draft, at in ((soon, due), (later, due + timedelta(days=1))):
            row = Schedule(draft_id=draft.id, revision_number=1, publish_at=at, editor_id=bo.id)
            db.session.add(row)
        for name, problem in (("Trials", "The service did not answer."), ("Papers", None)):
            watch = Watch(name=name, source=WatchSource.PUBMED, query="x", every_hours=24, is_on=True)
            watch.problem = problem
            db.session.add(watch)
        db.session.commit()
    return article


TITLES = {
    "Reviews asked of you": "Bo Roe asks about “Asked about it”",
    "Assigned to you": "“Given to Ana”, by Bo Roe",
    "Comments on your drafts": "Bo Roe on “Harms and side effects” in “Ana wrote this”",
    "Reviews you asked for": "sent a review of “Answered for Ana”",
    "Mistakes readers reported": "About “",
    "Changed since then": "Retracted: the paper of “",
    "Scheduled for today": "“Goes out today”, at 15:00",
    "Searches for new papers that failed": "Trials: The service did not answer.",
}


def test_a_mistake_in_an_answer_is_told_with_its_question(ana: Editor) -> None:
    answer = add_answer(now=NOON, question="Does it help?")
    inbox.send(Topic.MISTAKE, "It does not.", "editors@example.org", NOON, about=answer)
    run(TODAY)
    assert "About “Does it help?”" in text_of(mail_to(EMAIL))


@pytest.mark.parametrize(
    ("role", "told"),
    [
        (Role.REVIEWER, list(TITLES)[:1]),
        (Role.WRITER, list(TITLES)[:4]),
        (Role.EDITOR, list(TITLES)),
        (Role.ADMIN, list(TITLES)),
    ],
)
def test_each_role_is_told_what_concerns_it(
    ana: Editor, everything: Article, role: Role, told: list[str]
) -> None:
    ana.role = role
    parts = desk_digest.parts_for(ana, YESTERDAY, TODAY)
    assert [part.heading for part in parts] == told
    for part in parts:
        assert [TITLES[part.heading] in line.text for line in part.lines] == [True], part


def test_the_mail_has_all_of_it_as_text_and_as_html_but_no_readers_words_and_nobodys_address(
    ana: Editor, everything: Article
) -> None:
    run(TODAY)
    mail = mail_to(EMAIL)
    html = mail.get_body(("html",))
    assert html is not None
    for text in (text_of(mail), str(html.get_content())):
        assert "Here is what’s new since yesterday." in text
        for heading in TITLES:
            assert heading in text, heading
        for private in ("rae@example.net", "Rae", "Ten, not 12", "bo@example.org", "Zanzibarquince"):
            assert private not in text, private
    assert mail["Auto-Submitted"] == "auto-generated"


def test_one_does_not_tell_oneself(ana: Editor) -> None:
    draft = give(ana, ana)
    teamwork.write(draft, "harms", "A note to myself.", ana.id, NOON)
    assert desk_digest.parts_for(ana, YESTERDAY, TODAY) == []


def test_a_reply_is_told_where_one_wrote_before(ana: Editor, bo: Editor) -> None:
    draft = draft_of(bo)
    teamwork.write(draft, "harms", "Is it fair?", ana.id, NOON)
    teamwork.write(draft, "findings", "Elsewhere.", bo.id, NOON)
    db.session.flush()
    [begun] = [talk.open[0].comment for name, talk in teamwork.talks(draft).items() if name == "harms"]
    teamwork.write(draft, str(begun.id), "It is.", bo.id, NOON)
    [part] = desk_digest.parts_for(ana, YESTERDAY, TODAY)
    assert [line.text for line in part.lines] == ["Bo Roe on “Harms and side effects” in “A draft”"]


def test_what_is_done_before_the_mail_goes_out_is_left_out(ana: Editor, bo: Editor) -> None:
    draft = draft_of(ana)
    teamwork.write(draft, "harms", "Is it fair?", bo.id, NOON)
    run(TODAY)
    assert queued() == [EMAIL]
    teamwork.settle(teamwork.talks(draft)["harms"].open[0].comment, ana.id, TODAY)
    db.session.commit()
    assert delivered(TODAY) == []


def test_what_changes_while_a_mail_waits_is_told_the_next_day_alone(ana: Editor) -> None:
    article = add_article(NOON)
    retract(article, TODAY + timedelta(hours=1))
    assert desk_digest.parts_for(ana, YESTERDAY, TODAY) == []
    [part] = desk_digest.parts_for(ana, TODAY, TOMORROW)
    assert part.heading == "Changed since then"


def test_a_long_list_is_cut(ana: Editor, bo: Editor) -> None:
    for number in range(desk_digest.MOST + 2):
        give(ana, bo, f"Draft {number}")
    run(TODAY)
    assert "and 2 more" in text_of(mail_to(EMAIL))


# ------------------------------------------------------------------ off


def test_it_is_switched_off_and_on_under_your_account(ana: Editor, bo: Editor, client: PageClient) -> None:
    give(ana, bo)
    db.session.commit()
    with time_machine.travel(YESTERDAY.replace(hour=20), tick=False):
        sign_in(client)
        path = "/editor/account"
        client.post(f"{path}/digest", {"csrf_token": token(client, path)})
        page = client.get(f"{path}?done=digest").text
    assert "We saved whether you get the daily email." in page and 'value="on" checked' not in page
    run(TODAY)
    assert queued() == []
    with time_machine.travel(TODAY.replace(hour=9), tick=False):
        sign_in(client)
        client.post(f"{path}/digest", {"csrf_token": token(client, path), "digest": "on"})
    run(TOMORROW)
    assert queued() == []  # what happened while it was off is not told afterwards
    give(ana, bo, "Another", TOMORROW + timedelta(hours=1))
    run(TOMORROW + timedelta(days=1))
    assert queued() == [EMAIL]


def test_the_link_in_the_mail_stops_it_without_signing_in(app: Flask, ana: Editor, bo: Editor) -> None:
    give(ana, bo)
    run(TODAY)
    path, visitor = link_in(mail_to(EMAIL), "/editor/digest-off/"), EditorClient(app)
    page = visitor.get(path).text
    assert "Click the button to stop" in page and path not in page
    db.session.rollback()
    assert db.session.get_one(Editor, ana.id).wants_digest  # opening a link changes nothing
    assert "You won’t get it any more." in visitor.post(path, {}, status=200).text
    db.session.rollback()
    assert not db.session.get_one(Editor, ana.id).wants_digest
    visitor.get(path[:-2], status=404)
    visitor.post(path[:-2], {}, status=404)


def test_a_mail_that_waits_is_not_sent_after_it_was_switched_off(ana: Editor, bo: Editor) -> None:
    give(ana, bo)
    run(TODAY)
    ana.wants_digest = False
    db.session.commit()
    assert delivered(TODAY) == []


def test_nobody_with_a_closed_account_gets_it(ana: Editor, bo: Editor) -> None:
    give(ana, bo)
    ana.disabled_at = NOON
    run(TODAY)
    assert queued() == []
