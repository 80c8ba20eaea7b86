"""The page of the next issue: greeting, order, subject, time, preview, tests, hold, and sending it now."""

import base64
import hashlib
import html
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import EMAIL, EditorClient, add_editor, sign_in, token
from tests.factories import add_answer, add_article
from tests.newsletter.steps import delivered, subscribed, text_of
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import (
    Article,
    AuditEntry,
    AuditKind,
    Frequency,
    Issue,
    IssueDraft,
    MailKind,
    OutboxMessage,
    Role,
)
from webapp.newsletter import digests, next_issue
from webapp.newsletter.next_issue import mark_of

PAGE = "/editor/newsletter/next/weekly"
MINUTE = timedelta(minutes=1)


def new_articles(count: int) -> list[Article]:
    """New summaries, in the order an issue has them in if no editor changes it."""
    now = datetime.now(UTC) - timedelta(hours=1)
    found = [add_article(now=now - number * MINUTE) for number in range(count)]
    db.session.commit()
    return found


def opened(client: PageClient, path: str = PAGE, **changes: str) -> dict[str, str]:
    """The fields of the form as the page shows it, and what somebody changes."""
    return fields_of(client.get(path).text) | changes


def fields_of(page: str) -> dict[str, str]:
    [form] = re.findall(r'<form class="measure issue-form".*?</form>', page, re.S)
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if "name" in attributes and ('type="radio"' not in tag or " checked" in tag):
            fields[attributes["name"]] = html.unescape(attributes.get("value", ""))
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        fields[name] = html.unescape(text).strip()
    return fields


def press(client: PageClient, button: str, fields: dict[str, str], status: int = 303) -> str:
    """Press a button of the form; returns the page that follows."""
    answer = client.post(f"{PAGE}/{button}", fields, status=status)
    return client.get(answer.location).text if status == 303 else answer.text


def titles(page: str) -> list[str]:
    """What is in the issue, in order, as the page lists it."""
    found = []
    for ordered in re.findall(r'<ol class="issue-order">(.*?)</ol>', page, re.S):
        found += [html.unescape(title) for title in re.findall(r"<b>(.*?)</b>", ordered)]
    return found


def newest() -> IssueDraft:
    db.session.expire_all()
    return next_issue.drafts(Frequency.WEEKLY)[0]


def draft_count() -> int | None:
    return db.session.scalar(select(func.count(IssueDraft.id)))


def test_the_page_says_what_goes_out_when_and_to_how_many(editor_client: PageClient) -> None:
    subscribed("maria@example.org")
    subscribed("ben@example.org", topics=["no-such-topic"])
    subscribed("mia@example.org", frequency=Frequency.MONTHLY)
    first, second = new_articles(2)
    page = editor_client.get(PAGE).text
    assert titles(page) == [first.title, second.title]
    assert re.search(
        r"If nobody changes anything, it goes out on \w+ \d+, \d{4}, 09:00 with 2 summaries\.", page
    )
    assert "<b>1 person</b> would get it now. 1 other would get nothing" in page
    assert "each month: 1 person would get it now, 0 nothing" in page
    assert "Your time zone is" in page
    assert "@example.org" not in page.replace(EMAIL, "")


def test_of_a_newsletter_without_readers_the_page_does_not_say_that_nobody_is_left_out(
    editor_client: PageClient,
) -> None:
    new_articles(1)
    page = editor_client.get(PAGE).text
    assert "Nobody has asked for this one yet." in page and "Nobody is left out." not in page


def test_greeting_and_subject_are_saved_and_shown(editor_client: PageClient) -> None:
    new_articles(1)
    fields = opened(editor_client, greeting="Hello!\r\n\r\nOne new summary.", subject=" What’s   new ")
    page = press(editor_client, "save", fields)
    assert "Saved." in page and fields_of(page)["subject"] == "What’s new"
    assert newest().content.words["en"].greeting == "Hello!\n\nOne new summary."
    assert newest().content.chosen == ()  # what is new is still added automatically
    preview = editor_client.get(f"{PAGE}/preview").text
    assert "What’s new" in preview and "One new summary." in preview


def test_saving_without_a_change_saves_nothing(editor_client: PageClient) -> None:
    new_articles(1)
    press(editor_client, "save", opened(editor_client))
    press(editor_client, "test", opened(editor_client))
    assert draft_count() == 0


def test_the_greeting_is_checked_like_other_texts(editor_client: PageClient) -> None:
    new_articles(1)
    fields = opened(editor_client, greeting="Hello! The ISNCSCI may change.")
    page = press(editor_client, "save", fields)
    assert "5 words · grade" in page and "Write out ISNCSCI" in page


@pytest.mark.parametrize(
    ("name", "typed", "reason"),
    [
        ("greeting", "A miracle cure is here.", "promises more than a study can show"),
        ("greeting", "word " * 130, "Keep the greeting to 600 characters."),
        ("subject", "A breakthrough", "promises more than a study can show"),
        ("subject", "x" * 121, "Keep the subject to 120 characters."),
        ("greeting_es", "x" * 601, "Keep the greeting to 600 characters."),
    ],
)
def test_what_is_refused_is_kept_and_not_saved(
    editor_client: PageClient, name: str, typed: str, reason: str
) -> None:
    new_articles(1)
    page = press(editor_client, "save", opened(editor_client, **{name: typed}), status=422)
    assert reason in page and fields_of(page)[name] == typed.strip()
    assert draft_count() == 0


def test_control_characters_are_taken_out(editor_client: PageClient) -> None:
    new_articles(1)
    press(editor_client, "save", opened(editor_client, greeting="He\u202ello", subject="A\nB"))
    said = newest().content.words["en"]
    assert (said.greeting, said.subject) == ("Hello", "A B")


def test_summaries_move_up_and_down_and_out_and_back(editor_client: PageClient) -> None:
    first, second, third = new_articles(3)
    a, b, c = (one.title for one in (first, second, third))
    fields = opened(editor_client, move=f"down:{mark_of(first)}")
    page = press(editor_client, "move", fields)
    assert titles(page) == [b, a, c] and f"Moved down: {a}. Saved." in html.unescape(page)
    assert f'id="{mark_of(first)}-down"' in re.search(r"<button[^>]*autofocus[^>]*>", page).group()  # type: ignore[union-attr]
    page = press(editor_client, "move", fields_of(page) | {"move": f"up:{mark_of(third)}"})
    assert titles(page) == [b, c, a]
    page = press(editor_client, "move", fields_of(page) | {"move": f"out:{mark_of(second)}"})
    assert titles(page) == [c, a]
    page = press(editor_client, "move", fields_of(page) | {"move": f"in:{mark_of(second)}"})
    assert titles(page) == [c, a, b]
    page = press(editor_client, "move", fields_of(page) | {"move": f"up:{mark_of(third)}"})
    assert titles(page) == [c, a, b]  # it is the first one already


def test_answers_move_among_themselves(editor_client: PageClient) -> None:
    now = datetime.now(UTC)
    subscribed(now=now - timedelta(days=1))
    slug = new_articles(1)[0].slug
    digests.make_issue(Frequency.WEEKLY, now - 30 * MINUTE)
    new = add_article(now=now - 20 * MINUTE)
    first, second = (
        add_answer(slug, now=now - minutes * MINUTE, question=f"Is it number {minutes}?", slug=f"n-{minutes}")
        for minutes in (5, 10)
    )
    db.session.commit()
    fields = opened(editor_client, move=f"up:{mark_of(second)}")
    page = press(editor_client, "move", fields)
    assert titles(page) == [new.title, second.question, first.question]


@pytest.mark.parametrize(
    "move", ["", "up", "up:summary-x", "sideways:summary-1", "in:page-1", "in:summary-999999"]
)
def test_a_button_that_is_none_changes_nothing(editor_client: PageClient, move: str) -> None:
    [article] = new_articles(1)
    page = press(editor_client, "move", opened(editor_client, move=move))
    assert titles(page) == [article.title]


def test_of_too_many_an_editor_puts_in_some(editor_client: PageClient) -> None:
    subscribed()
    imported = new_articles(11)
    page = editor_client.get(PAGE).text
    assert "On hold, because 11 new texts came at once." in page and titles(page) == []
    page = press(editor_client, "move", fields_of(page) | {"move": f"in:{mark_of(imported[5])}"})
    assert titles(page) == [imported[5].title]
    assert f'id="{mark_of(imported[6])}-in"' in re.search(r"<button[^>]*autofocus[^>]*>", page).group()  # type: ignore[union-attr]
    assert "On hold" not in page and "10 left out" in page
    page = press(editor_client, "move", fields_of(page) | {"move": f"in:{mark_of(imported[0])}"})
    assert titles(page) == [imported[5].title, imported[0].title]


def test_what_came_after_the_choice_is_offered_and_stays_new(editor_client: PageClient) -> None:
    first, _ = new_articles(2)
    press(editor_client, "move", opened(editor_client, move=f"down:{mark_of(first)}"))
    late = add_article(now=datetime.now(UTC) - timedelta(seconds=1))
    db.session.commit()
    page = editor_client.get(PAGE).text
    assert "1 new one not in it" in page and "They wait for the next newsletter" in page
    page = press(editor_client, "save", fields_of(page) | {"greeting": "Hello!"})
    assert "1 new one not in it" in page and 'id="left-out"' not in page
    page = press(editor_client, "move", fields_of(page) | {"move": f"in:{mark_of(late)}"})
    assert titles(page)[-1] == late.title


def test_a_greeting_for_too_many_leaves_none_of_them_out(editor_client: PageClient) -> None:
    new_articles(11)
    page = press(editor_client, "save", opened(editor_client, greeting="Hello!"))
    assert "11 new ones not in it" in page and 'id="left-out"' not in page
    assert newest().content.left_out == ()


def test_my_work_says_that_an_editor_has_to_choose(editor_client: PageClient) -> None:
    assert "Next weekly newsletter" not in editor_client.get("/editor/").text
    new_articles(11)
    page = editor_client.get("/editor/").text
    assert "11 new texts came at once. Nothing goes out until you choose." in page
    assert f'href="{PAGE}"' in page
    press(editor_client, "hold", opened(editor_client))
    assert "On hold until somebody releases it." in editor_client.get("/editor/").text


def test_the_work_of_a_writer_does_not_have_the_newsletter(app: Flask) -> None:
    client = EditorClient(app)
    add_editor("Wim Writer", "wim@example.org", Role.WRITER)
    sign_in(client, "wim@example.org")
    new_articles(11)
    assert "Next weekly newsletter" not in client.get("/editor/").text


def test_it_is_put_on_hold_and_released(editor_client: PageClient) -> None:
    new_articles(1)
    page = press(editor_client, "hold", opened(editor_client, greeting="Hello!"))
    assert "It doesn’t go out until somebody releases it." in page and newest().content.is_held
    assert newest().content.words["en"].greeting == "Hello!"
    page = press(editor_client, "save", fields_of(page) | {"greeting": "Hello again!"})
    assert newest().content.is_held
    press(editor_client, "release", fields_of(page))
    assert not newest().content.is_held
    assert "Each week: no longer on hold" in db.session.scalars(select(AuditEntry.detail)).all()


def test_a_time_is_set_in_the_editors_time_zone(app: Flask) -> None:
    client = EditorClient(app)
    add_editor().time_zone = "America/New_York"
    db.session.commit()
    sign_in(client)
    new_articles(1)
    page = press(client, "save", opened(client, when="set", send_at="2030-01-15T14:00"))
    assert newest().content.send_at == datetime(2030, 1, 15, 19, 0, tzinfo=UTC)
    assert "It goes out on January 15, 2030, 14:00, as an editor set" in page
    assert fields_of(page)["send_at"] == "2030-01-15T14:00"
    press(client, "save", fields_of(page) | {"when": "usual"})
    assert newest().content.send_at is None


@pytest.mark.parametrize("typed", ["", "soon", "2020-01-01T09:00", "2030-13-01T09:00"])
def test_a_time_that_cannot_be_is_refused(editor_client: PageClient, typed: str) -> None:
    new_articles(1)
    page = press(editor_client, "save", opened(editor_client, when="set", send_at=typed), status=422)
    assert ("This time has passed" if "2020" in typed else "Enter the day and the time") in page
    assert draft_count() == 0


def test_a_time_that_passed_while_on_hold_is_in_the_way_of_nothing_but_releasing(
    editor_client: PageClient,
) -> None:
    subscribed()
    first, second = new_articles(2)
    soon = datetime.now(UTC) + timedelta(hours=1)
    page = press(editor_client, "save", opened(editor_client, when="set", send_at=f"{soon:%Y-%m-%dT%H:%M}"))
    press(editor_client, "hold", fields_of(page))
    with time_machine.travel(soon + timedelta(hours=1)):
        sign_in(editor_client)
        page = press(editor_client, "move", opened(editor_client, move=f"down:{mark_of(first)}"))
        assert titles(page) == [second.title, first.title]
        page = press(editor_client, "release", fields_of(page), status=422)
        assert "This time has passed." in page and "Release it" in page and newest().content.is_held
        page = press(editor_client, "ask", fields_of(page))
        assert "Send it to 1 person now?" in page and newest().content.is_held
        page = press(editor_client, "release", opened(editor_client, when="usual"))
        assert "It goes out at its time again." in page and not newest().content.is_held


def test_two_editors_at_once_lose_nothing(app: Flask, editor_client: PageClient) -> None:
    new_articles(1)
    colleague = EditorClient(app)
    add_editor("Bo Colleague", "bo@example.org")
    sign_in(colleague, "bo@example.org")
    mine, theirs = (
        opened(editor_client, greeting="Mine"),
        opened(colleague, greeting="Theirs", subject="Their subject"),
    )
    press(colleague, "save", theirs)
    page = press(editor_client, "save", mine, status=409)
    assert "Bo Colleague saved this newsletter in the meantime." in page
    assert "Theirs" in page and "Their subject" in page and fields_of(page)["greeting"] == "Mine"
    assert newest().content.words["en"].greeting == "Theirs"
    page = press(editor_client, "save", fields_of(page))
    assert newest().content.words["en"].greeting == "Mine"
    assert fields_of(editor_client.get(f"{PAGE}?from=1").text)["greeting"] == "Theirs"
    changes = editor_client.get(f"{PAGE}/drafts/2").text
    assert "Theirs" in changes and "Mine" in changes
    editor_client.get(f"{PAGE}/drafts/3", status=404)
    editor_client.get(f"{PAGE}?from=9", status=404)


def test_a_form_from_before_the_issue_went_out_is_not_taken_for_the_next_one(
    editor_client: PageClient,
) -> None:
    subscribed()
    [old] = new_articles(1)
    fields = opened(editor_client, greeting="About the old one")
    digests.make_issue(Frequency.WEEKLY, datetime.now(UTC))
    db.session.commit()
    page = press(editor_client, "save", fields, status=409)
    assert "The newsletter went out in the meantime" in page
    assert fields_of(page)["greeting"] == "About the old one" and old.title not in titles(page)


def test_the_preview_has_both_languages_and_both_parts(editor_client: PageClient) -> None:
    assert "nothing to send" in editor_client.get(f"{PAGE}/preview").text
    editor_client.get(f"{PAGE}/preview.eml", status=404)
    article = new_articles(1)[0]
    page = editor_client.get(f"{PAGE}/preview").text
    assert "1 new research summary for you" in page and article.title in page and "Español" in page
    message = message_from_bytes(editor_client.flask.get(f"{PAGE}/preview.eml").data, policy=default)
    assert article.title in text_of(message)
    assert message["To"] == EMAIL and "List-Unsubscribe" not in message
    editor_client.get("/editor/newsletter/next/hourly/preview", status=404)
    editor_client.get(f"{PAGE}/preview.html?language=xx", status=404)


def test_the_html_of_the_mail_may_use_its_own_style_and_nothing_else(editor_client: PageClient) -> None:
    new_articles(1)
    answer = editor_client.flask.get(f"{PAGE}/preview.html")
    style = re.findall(r"<style>(.*?)</style>", answer.text, re.S)[0]
    fingerprint = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = answer.headers.getlist("Content-Security-Policy")
    assert f"style-src 'sha256-{fingerprint}';" in policy
    assert "unsafe" not in policy and "script-src 'self'" in policy and "default-src 'none'" in policy


def test_a_test_goes_to_the_editor_and_nobody_else(editor_client: PageClient) -> None:
    subscribed("maria@example.org")
    title = new_articles(1)[0].title
    page = press(editor_client, "test", opened(editor_client, greeting="Hello!", subject="Look"))
    assert "A test is on its way to you." in page
    [mail] = delivered()
    assert (mail["To"], mail["Subject"]) == (EMAIL, "[Test] Look")
    assert title in text_of(mail) and "Hello!" in text_of(mail)
    assert not digests.issues()


def test_no_test_is_sent_of_nothing(editor_client: PageClient) -> None:
    assert "Nothing is in this newsletter yet." in press(editor_client, "test", opened(editor_client))
    assert delivered() == []


def asked(client: PageClient) -> dict[str, str]:
    """The fields of the page that asks whether to send it now."""
    page = client.get(f"{PAGE}/send").text
    form = page.split(f'action="{PAGE}/send"')[1].split("</form>")[0]
    return dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', form))


def test_sending_now_asks_once_with_the_number_of_people(editor_client: PageClient) -> None:
    subscribed("maria@example.org")
    subscribed("ben@example.org")
    first, second = new_articles(2)
    page = press(editor_client, "move", opened(editor_client, move=f"down:{mark_of(first)}"))
    page = press(editor_client, "ask", fields_of(page) | {"greeting": "Hello!"})
    assert "Send it to 2 people now?" in page and db.session.scalar(select(func.count(Issue.id))) == 0
    fields = asked(editor_client)
    page = press(editor_client, "send", fields)
    assert "It is on its way to 2 people." in page
    page = press(editor_client, "send", fields)
    assert "Nothing more was sent." in page
    mails = delivered()
    assert sorted(mail["To"] for mail in mails) == ["ben@example.org", "maria@example.org"]
    text = text_of(mails[0])
    assert text.index("Hello!") < text.index(second.title) < text.index(first.title)
    kinds = list(db.session.scalars(select(AuditEntry.kind)))
    assert kinds.count(AuditKind.NEWSLETTER_SENT) == 1


def test_what_somebody_changed_meanwhile_is_not_sent_unseen(editor_client: PageClient) -> None:
    subscribed()
    new_articles(1)
    fields = asked(editor_client)
    press(editor_client, "save", opened(editor_client, greeting="Wait!"))
    page = press(editor_client, "send", fields, status=409)
    assert "Nothing was sent." in page and db.session.scalar(select(func.count(Issue.id))) == 0
    assert "It is on its way to 1 person." in press(editor_client, "send", asked(editor_client))


def test_of_too_many_nothing_is_sent_before_somebody_chose(editor_client: PageClient) -> None:
    subscribed()
    new_articles(11)
    assert "Nothing to send" in editor_client.get(f"{PAGE}/send").text
    fields = {"csrf_token": token(editor_client, PAGE), "after_issue": "0", "number": "0"}
    assert "Nobody would get it" in press(editor_client, "send", fields)
    assert db.session.scalar(select(func.count()).where(OutboxMessage.kind == MailKind.DIGEST)) == 0


def test_a_form_sent_after_the_session_expired_is_given_back(editor_client: PageClient) -> None:
    new_articles(1)
    fields = opened(editor_client, greeting="Typed for long")
    editor_client.post("/editor/sign-out", {"csrf_token": fields["csrf_token"]})
    answer = editor_client.post(f"{PAGE}/save", fields)
    assert "sign-in" in answer.location
    sign_in(editor_client)
    assert fields_of(editor_client.get(PAGE).text)["greeting"] == "Typed for long"
