"""The publish sheet of a text that readers see: before and after, the reason, who gets mail; and undoing it for ten minutes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Event

import msgspec
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EditorClient, add_editor, sign_in, token
from tests.editor.forms import changed, fields_of, form_of, opened, press, send_sheet, sent_by, sheet_of
from tests.factories import NOW, add_answer, add_article
from tests.newsletter.steps import ADDRESS, delivered, subscribed
from tests.pages import H, PageClient, parsed
from webapp import jobs
from webapp.db.session import db
from webapp.letters import corrections
from webapp.models import Answer, Article, AuditEntry, AuditKind, Draft, Frequency, Role
from webapp.newsletter import digests
from webapp.publishing import external_changes, publication, revisions, undoing
from webapp.publishing.publication import NotPublishable
from webapp.publishing.revisions import Kind
from webapp.search import indexing

REASON = "We wrote 40 people. There were 44."
LATER = NOW + timedelta(days=1)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(LATER, tick=False) as traveller:
        yield traveller


@pytest.fixture
def article(client: PageClient, clock: object) -> Article:
    """A published summary; an editor is signed in a day later."""
    article = add_article(slug="a-lantern", participants="40 people")
    add_editor()
    sign_in(client)
    return article


def send_an_issue() -> None:
    """Send the newsletter with the summary to one reader."""
    subscribed(now=NOW)
    digests.make_issue(Frequency.WEEKLY, LATER)
    db.session.commit()
    delivered(LATER)


def changed_form(client: PageClient, article: Article, **fields: str) -> str:
    """Change the text in its form and press Publish; returns the address of the sheet."""
    path = form_of(client, article.id)
    sent = opened(client, path, **fields or {"participants": "44 people"})
    location: str = client.post(f"{path}/publish", sent, status=303).location
    assert location == f"{path}/publish"
    return location


def public_pages(client: PageClient) -> list[str]:
    return [
        client.get(path).text for path in ("/research/a-lantern", "/research", "/feed.atom", "/corrections")
    ]


def the_draft() -> Draft:
    db.session.rollback()
    return db.session.scalars(select(Draft)).one()


def test_the_sheet_shows_before_and_after_and_readers_see_nothing_yet(
    client: PageClient, article: Article
) -> None:
    sheet = parsed(client.get(changed_form(client, article)).text)
    [difference] = [part for part in sheet.iter(f"{H}section") if "diff" in part.get("class", "").split()]
    before, after = ["".join(column.itertext()) for column in difference.findall(f"{H}div")]
    assert "40" in before and "44" not in before and "44" in after and "40" not in after
    assert "40 people" in client.get("/research/a-lantern").text


def test_the_reason_is_in_the_public_history(client: PageClient, article: Article) -> None:
    assert send_sheet(client, changed_form(client, article), REASON).location.endswith("?done=published")
    assert "44 people" in client.get("/research/a-lantern").text
    assert REASON in client.get("/research/a-lantern/history").text
    assert REASON not in client.get("/corrections").text


def test_a_correction_is_listed_with_its_reason(client: PageClient, article: Article) -> None:
    send_sheet(client, changed_form(client, article), REASON, "yes")
    assert REASON in client.get("/corrections").text


@pytest.mark.parametrize(("reason", "correction"), [("  ", "yes"), ("  ", "no"), (REASON, None)])
def test_nothing_goes_out_without_a_reason_or_an_answer(
    client: PageClient, article: Article, reason: str, correction: str | None
) -> None:
    path = changed_form(client, article)
    page = send_sheet(client, path, reason, correction, status=422).text
    shown = sent_by(sheet_of(page))
    assert (shown["reason"].strip(), shown.get("correction")) == (reason.strip(), correction)
    assert "Please fix one thing" in page
    assert "40 people" in client.get("/research/a-lantern").text


def test_no_other_way_leads_past_the_reason(client: PageClient, article: Article) -> None:
    draft = the_draft()
    content = publication.content_of(db.session.get_one(Article, article.id))
    with pytest.raises(NotPublishable, match="why you changed it"):
        revisions.approve(
            draft,
            content,
            draft.revision_number,
            None,
            LATER,
            publish_on=LATER.date(),
            kind=Kind.SCHEDULED,
            accepted={},
        )


def test_a_text_saved_meanwhile_is_shown_before_it_is_published(client: PageClient, article: Article) -> None:
    path = changed_form(client, article)
    sheet = sheet_of(client.get(path).text)
    form = path.removesuffix("/publish")
    press(client, form, opened(client, form, harms="None were seen."), "save")
    sent = changed(sent_by(sheet), reason=REASON, correction="no")
    page = client.post(sheet.get("action", ""), sent, status=409).text
    assert "saved a newer text in the meantime" in page and "None were seen" in page and REASON in page
    assert "40 people" in client.get("/research/a-lantern").text


def test_a_text_that_is_refused_by_then_keeps_the_reason(client: PageClient, article: Article) -> None:
    path = changed_form(client, article, slug="taken")
    add_article(slug="taken")
    page = send_sheet(client, path, REASON, "yes", status=422).text
    assert "Another summary has this address" in page
    assert fields_of(page)["slug"] == "taken"
    sheet = sheet_of(client.get(path).text)
    assert (sent_by(sheet)["reason"], sent_by(sheet)["correction"]) == (REASON, "yes")


def test_two_texts_are_decided_between_before_anything_is_published(
    client: PageClient, article: Article
) -> None:
    path = changed_form(client, article)
    sheet = sent_by(sheet_of(client.get(path).text))
    live = db.session.get_one(Article, article.id)
    imported = msgspec.structs.replace(publication.content_of(live), participants="41 people")
    external_changes.publish(live, imported, None, Kind.IMPORTED, LATER)
    db.session.commit()
    form = path.removesuffix("/publish")
    assert client.get(path, status=303).location == form
    sent = changed(sheet, reason=REASON, correction="no")
    assert client.post(f"{form}/publish-changes", sent, status=303).location == form
    assert "41 people" in client.get("/research/a-lantern").text
    assert 'id="conflict"' in client.get(form).text
    assert the_draft().change_note == REASON


def test_publishing_twice_changes_nothing_more(client: PageClient, article: Article) -> None:
    path = changed_form(client, article)
    sheet = sheet_of(client.get(path).text)
    for _ in range(2):
        sent = changed(sent_by(sheet), reason=REASON, correction="yes")
        client.post(sheet.get("action", ""), sent, status=303)
    assert client.get("/corrections").text.count(REASON) == 1
    assert "there is nothing to publish" in client.get(path).text


def test_who_publishes_what_a_colleague_just_published_is_told_that_the_reason_was_not_used(
    client: PageClient, article: Article, app: Flask
) -> None:
    path = changed_form(client, article)
    sheet = sheet_of(client.get(path).text)
    sent = changed(sent_by(sheet), reason=REASON, correction="yes")
    client.post(sheet.get("action", ""), sent, status=303)
    add_editor("Nora Two", "nora@example.org")
    client.post("/editor/sign-out", {"csrf_token": sent["csrf_token"]}, status=303)
    sign_in(client, "nora@example.org")
    theirs = changed(
        sent, reason="Only a typing error.", correction="no", csrf_token=token(client, "/editor/account")
    )
    told = client.post(sheet.get("action", ""), theirs, status=409).text
    assert "published these changes before you did" in told and "Only a typing error." in told
    assert "Only a typing error." not in client.get("/research/a-lantern/history").text


def test_a_change_can_be_published_later_with_its_reason(client: PageClient, article: Article) -> None:
    path = changed_form(client, article)
    sheet = sheet_of(client.get(path).text)
    sent = changed(sent_by(sheet), reason=REASON, correction="no", publish_at="2026-01-01T09:00")
    later = path.replace("/publish", "/schedule-changes")
    assert "This time has passed." in client.post(later, sent, status=422).text
    sent = changed(sent, publish_at="2026-11-30T09:00")
    assert "Click “Schedule”" in client.post(sheet.get("action", ""), sent, status=422).text
    client.post(later, sent, status=303)
    jobs.publish(Event())
    assert "40 people" in client.get("/research/a-lantern").text
    with time_machine.travel(datetime.fromisoformat("2026-11-30T09:01+00:00")):
        jobs.publish(Event())
        assert REASON in client.get("/research/a-lantern/history").text


@pytest.fixture
def answer_sheet(client: PageClient, article: Article) -> str:
    """The address of the sheet of an answer that has a change. One reader was sent the answer."""
    subscribed(now=NOW - timedelta(days=20))
    add_article(NOW - timedelta(days=10))
    for sent_at in (NOW - timedelta(days=9), LATER):  # a first issue has summaries only
        if sent_at == LATER:
            answer = add_answer(article.slug, slug="does-it-help", now=NOW)
        digests.make_issue(Frequency.WEEKLY, sent_at)
        db.session.commit()
        delivered(sent_at)
    path: str = client.get(f"/editor/answers/{answer.id}", status=303).location
    press(client, path, opened(client, path, certainty_reason="The trials were small."), "save")
    return f"{path}/publish"


def test_a_correction_of_an_answer_is_told_wherever_one_of_a_summary_is(
    client: PageClient, answer_sheet: str
) -> None:
    send_sheet(client, answer_sheet, REASON, "yes")
    assert f"Corrected on November 25, 2026: {REASON}" in client.get("/answers/does-it-help").text
    for path in ("/corrections", "/corrections/feed.atom"):
        page = client.get(path).text
        assert REASON in page and "/answers/does-it-help" in page
    for path in ("/data/changes", "/answers/does-it-help/history"):
        assert f"<b>Correction:</b> {REASON}" in client.get(path).text
    assert "/answers/does-it-help" in client.get("/feeds").text.split("<h2>Corrections</h2>")[1]


def test_newer_words_of_an_answer_are_no_correction(client: PageClient, answer_sheet: str) -> None:
    send_sheet(client, answer_sheet, REASON, "no")
    assert REASON in client.get("/answers/does-it-help/history").text
    assert REASON not in client.get("/corrections").text + client.get("/answers/does-it-help").text


@pytest.mark.parametrize(("reason", "correction"), [("  ", "yes"), (REASON, None)])
def test_an_answer_is_not_corrected_without_a_note_or_a_choice(
    client: PageClient, answer_sheet: str, reason: str, correction: str | None
) -> None:
    send_sheet(client, answer_sheet, reason, correction, status=422)
    assert "Corrected on" not in client.get("/answers/does-it-help").text


def test_mail_about_an_answer_goes_to_those_who_were_sent_it(
    client: PageClient, answer_sheet: str, clock: time_machine.Traveller
) -> None:
    subscribed("later@example.org", now=LATER)  # was sent nothing yet
    assert "<b>1 reader</b> was sent this answer" in client.get(answer_sheet).text
    send_sheet(client, answer_sheet, REASON, "yes")
    before = len(delivered(LATER))
    jobs.correct(Event())
    assert len(delivered(LATER)) == before
    clock.shift(undoing.UNDO_FOR)
    for _ in range(2):
        jobs.correct(Event())
    [mail] = delivered(LATER + undoing.UNDO_FOR)[before:]
    assert mail["To"] == ADDRESS and mail["Subject"].startswith("Correction: ")
    assert REASON in str(mail) and "Before:" in str(mail)


def test_who_was_sent_an_answer_is_told_when_it_is_taken_down(client: PageClient, answer_sheet: str) -> None:
    publication.withdraw(db.session.scalars(select(Answer)).one(), "We misread a study.", LATER)
    db.session.commit()
    jobs.correct(Event())
    mail = delivered(LATER)[-1]
    assert mail["Subject"].startswith("Taken down: ") and "We misread a study." in str(mail)


def test_nobody_gets_mail_about_an_answer_that_nobody_was_sent(client: PageClient, article: Article) -> None:
    send_an_issue()  # a first issue has summaries only
    answer = add_answer(article.slug, slug="does-it-help", now=LATER)
    path = client.get(f"/editor/answers/{answer.id}", status=303).location
    press(client, path, opened(client, path, certainty_reason="The trials were small."), "save")
    assert "Nobody was sent this answer" in client.get(f"{path}/publish").text


def test_an_undone_correction_of_an_answer_is_neither_listed_nor_mailed(
    client: PageClient, answer_sheet: str, clock: time_machine.Traveller
) -> None:
    send_sheet(client, answer_sheet, REASON, "yes")
    form = answer_sheet.removesuffix("/publish")
    client.post(f"{form}/undo-publish", fields_of(client.get(form).text), status=303)
    assert REASON not in client.get("/corrections").text + client.get("/answers/does-it-help").text
    clock.shift(undoing.UNDO_FOR)
    assert corrections.enqueue(LATER + undoing.UNDO_FOR) == 0
    assert sent_by(sheet_of(client.get(answer_sheet).text))["correction"] == "yes"


def test_a_withdrawn_text_comes_back_by_the_sheet(client: PageClient, article: Article) -> None:
    publication.withdraw(db.session.get_one(Article, article.id), "We misread it.", LATER)
    db.session.commit()
    path = form_of(client, article.id)
    press(client, path, opened(client, path), "publish")
    assert "40 people" in client.get("/research/a-lantern").text
    assert "You can undo this" not in client.get(path).text


def test_undoing_restores_what_readers_see_and_the_changes_become_a_draft(
    client: PageClient, article: Article, clock: time_machine.Traveller
) -> None:
    before = public_pages(client)
    indexing.catch_up()
    path = changed_form(client, article, participants="44 people", plain_title="A zebra lamp", slug="a-lamp")
    assert (
        "You can undo this until November 25, 2026, 09:40"
        in client.get(send_sheet(client, path, REASON, "yes").location).text
    )
    indexing.catch_up()
    assert (
        "A zebra lamp" in client.get("/research/a-lamp").text
        and "/research/a-lamp" in client.get("/search?q=zebra").text
    )
    clock.shift(timedelta(minutes=9))
    form = path.removesuffix("/publish")
    client.post(f"{form}/undo-publish", fields_of(client.get(form).text), status=303)
    indexing.catch_up()
    page, *others = public_pages(client)
    assert others == before[1:]
    new = set(page.splitlines()) - set(before[0].splitlines())
    assert all("hanged" in line for line in new)  # the page itself says that it has a history now
    assert "/research/a-lamp" not in client.get("/search?q=zebra").text
    assert client.get("/research/a-lamp", status=301).location.endswith("/research/a-lantern")
    assert undoing.NOTE in client.get("/research/a-lantern/history").text
    assert fields_of(client.get(form).text)["participants"] == "44 people"
    kinds = db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert AuditKind.PUBLISH_UNDONE in kinds
    send_sheet(client, path, REASON, "yes")  # as it was: the reason and the answer are still on the sheet
    assert client.get("/corrections").text.count(REASON) == 1


def test_what_was_saved_after_the_change_survives_its_undoing(client: PageClient, article: Article) -> None:
    path = changed_form(client, article)
    send_sheet(client, path, REASON)
    form = path.removesuffix("/publish")
    press(client, form, opened(client, form, harms="None were seen."), "save")
    client.post(f"{form}/undo-publish", fields_of(client.get(form).text), status=303)
    shown = fields_of(client.get(form).text)
    assert (shown["participants"], shown["harms"]) == ("44 people", "None were seen.")


def test_after_ten_minutes_or_a_withdrawal_it_is_too_late_to_undo(
    client: PageClient, article: Article, clock: time_machine.Traveller
) -> None:
    path = changed_form(client, article)
    send_sheet(client, path, REASON)
    form = path.removesuffix("/publish")
    sent = fields_of(client.get(form).text)
    clock.shift(undoing.UNDO_FOR)
    assert "You can undo this" not in client.get(form).text
    refused = client.post(f"{form}/undo-publish", sent, status=303)
    assert "It’s too late to undo this." in client.get(refused.location).text
    clock.shift(-undoing.UNDO_FOR)
    publication.withdraw(db.session.get_one(Article, article.id), "We misread it.", LATER)
    db.session.commit()
    client.post(f"{form}/undo-publish", sent, status=303)
    client.get("/research/a-lantern", status=410)


def test_mail_about_a_correction_waits_until_it_cannot_be_undone(
    client: PageClient, article: Article, clock: time_machine.Traveller
) -> None:
    send_an_issue()
    path = changed_form(client, article)
    assert "<b>1 reader</b>" in client.get(path).text
    send_sheet(client, path, REASON, "yes")
    sent_before = len(delivered(LATER))
    jobs.correct(Event())
    assert len(delivered(LATER)) == sent_before
    clock.shift(undoing.UNDO_FOR)
    jobs.correct(Event())
    assert len(delivered(LATER + undoing.UNDO_FOR)) == sent_before + 1
    assert corrections.enqueue(LATER + undoing.UNDO_FOR) == 0


def test_an_undone_correction_is_never_mailed(
    client: PageClient, article: Article, clock: time_machine.Traveller
) -> None:
    send_an_issue()
    path = changed_form(client, article)
    send_sheet(client, path, REASON, "yes")
    form = path.removesuffix("/publish")
    client.post(f"{form}/undo-publish", fields_of(client.get(form).text), status=303)
    clock.shift(undoing.UNDO_FOR)
    assert corrections.enqueue(LATER + undoing.UNDO_FOR) == 0


def test_a_writer_cannot_open_the_sheet(app: Flask, client: PageClient, article: Article) -> None:
    path = changed_form(client, article)
    add_editor("Wren Iter", "wren@example.org", Role.WRITER)
    writer = EditorClient(app)
    sign_in(writer, "wren@example.org")
    writer.get(path, status=403)
    form = path.removesuffix("/publish")
    sent = fields_of(writer.get(form).text)
    for button in ("publish-changes", "schedule-changes", "undo-publish"):
        writer.post(f"{form}/{button}", sent, status=403)
