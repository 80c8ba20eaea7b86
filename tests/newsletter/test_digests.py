"""Digests: new articles on a subscriber's topics, once; and corrections to those who were sent the article."""

import re
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import strict
from threading import Event
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import Select, func, select

from tests.editor.test_dashboard import counted_queries
from tests.factories import add_answer, add_article, content, publish
from tests.newsletter.steps import ADDRESS, delivered, get_subscriber, link_in, subscribed, text_of
from tests.pages import PageClient
from webapp import jobs
from webapp.content.article_content import CorrectionContent
from webapp.db import change_log
from webapp.db.session import db
from webapp.letters import corrections, emails
from webapp.models import Article, Frequency, Issue, MailKind, OutboxMessage, SubscriberState
from webapp.models.values import PaperStatus
from webapp.newsletter import digests, next_issue, subscriptions
from webapp.publishing.publication import content_of, withdraw
from webapp.publishing.undoing import UNDO_FOR

NOW = datetime(2026, 1, 9, 9, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(days=2)
WEEK = timedelta(days=7)


def _issue(now: datetime = NOW, frequency: Frequency = Frequency.WEEKLY) -> Issue:
    issue = digests.make_issue(frequency, now)
    db.session.commit()
    return issue


def _titles_sent(email: str = ADDRESS) -> list[str]:
    """The titles of the articles in all digests queued for an address."""
    messages = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.recipient == email, OutboxMessage.kind == MailKind.DIGEST)
    )
    return [link.article.title for message in messages for link in message.article_links]


def test_a_subscriber_is_mailed_the_new_articles(app: Flask) -> None:
    subscribed(now=EARLIER)
    article = add_article(now=EARLIER)
    _issue()
    mail = delivered(NOW)[-1]
    assert mail["Subject"] == "1 new research summary for you"
    assert article.title in text_of(mail)
    assert f"http://localhost/research/{article.slug}" in text_of(mail)


def test_every_title_has_its_flags_in_both_parts(app: Flask) -> None:
    subscribed(now=EARLIER)
    add_article(now=EARLIER)
    _issue()
    mail = delivered(NOW)[-1]
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert "no clear difference" in part.get_content().lower()
        assert "Randomized trial" in part.get_content()


def test_the_message_is_sound_and_can_be_unsubscribed_with_one_press(app: Flask) -> None:
    subscribed(now=EARLIER)
    add_article(now=EARLIER)
    _issue()
    delivered(NOW)
    path = next((app.extensions["config"].instance_path / "mail").glob("*.eml"))
    mail = message_from_bytes(path.read_bytes(), policy=strict)
    assert isinstance(mail, EmailMessage)
    assert mail.defects == []
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<http://localhost/newsletter/unsubscribe/")
    assert mail["List-Id"] == "Spinal Cord Research Help <news.localhost>"
    assert mail["Date"] and mail["Message-ID"]
    assert b"\r\n " not in path.read_bytes().partition(b"\r\n\r\n")[0]  # no header is folded
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_the_html_needs_no_picture_no_script_and_no_other_host(app: Flask) -> None:
    subscribed(now=EARLIER)
    add_article(now=EARLIER)
    _issue()
    part = delivered(NOW)[-1].get_body(("html",))
    assert part is not None
    html = part.get_content()
    assert "<img" not in html and "<script" not in html and "url(" not in html
    assert html.count("http") == html.count("http://localhost")
    assert "18px" in html and "prefers-color-scheme: dark" in html


def test_topics_decide_which_articles_a_subscriber_gets(app: Flask) -> None:
    subscribed("pain@example.org", now=EARLIER, topics=["pain-management"])
    subscribed("bones@example.org", now=EARLIER, topics=["orthopedics"])
    subscribed("all@example.org", now=EARLIER)
    pain = add_article(now=EARLIER, categories=["pain-management"])
    bones = add_article(now=EARLIER, categories=["rehabilitation", "orthopedics"])
    _issue()
    assert _titles_sent("pain@example.org") == [pain.title]
    assert _titles_sent("bones@example.org") == [bones.title]
    assert sorted(_titles_sent("all@example.org")) == sorted([pain.title, bones.title])


def test_a_digest_names_the_answers_since_the_one_before(app: Flask) -> None:
    subscribed(now=EARLIER)
    summary = add_article(now=EARLIER).slug
    add_answer(summary, now=EARLIER, question="Was it known before?")
    _issue()
    assert "Was it known before?" not in text_of(delivered(NOW)[-1])
    add_answer(summary, now=NOW + timedelta(days=1), question="Is it new?", slug="is-it-new")
    withdraw(add_answer(summary, now=NOW + timedelta(days=1), question="Is it gone?"), "", NOW)
    add_article(now=NOW + timedelta(days=2))
    _issue(NOW + WEEK)
    mail = delivered(NOW + WEEK)[-1]
    for part in (text_of(mail), mail.get_body(("html",)).get_content()):  # type: ignore[union-attr]
        assert (
            "1 new answer" in part and "Is it new?" in part and "http://localhost/answers/is-it-new" in part
        )
        assert "How sure: unsure." in part
        assert "Was it known before?" not in part and "Is it gone?" not in part


def test_nothing_new_means_no_issue_and_no_mail(app: Flask) -> None:
    subscribed(now=EARLIER)
    with pytest.raises(digests.NothingNew):
        _issue()
    assert db.session.scalar(select(func.count()).select_from(OutboxMessage)) == 0


def test_nobody_gets_an_article_twice(app: Flask) -> None:
    subscribed(now=EARLIER)
    first = add_article(now=EARLIER)
    _issue()
    second = add_article(now=NOW + timedelta(days=1))
    _issue(NOW + WEEK)
    assert _titles_sent() == [first.title, second.title]


def test_an_article_dated_to_the_day_before_is_not_missed(app: Flask) -> None:
    """An editor who gives the day gets noon of that day, which may lie before the last issue."""
    subscribed(now=EARLIER)
    add_article(now=EARLIER)
    _issue()
    late = add_article(now=NOW + timedelta(hours=1), published_on=NOW.date() - timedelta(days=1))
    assert late.published_at < NOW
    _issue(NOW + WEEK)
    assert late.title in _titles_sent()


def test_what_lies_before_the_period_is_not_sent_to_somebody_new(app: Flask) -> None:
    subscribed(now=EARLIER)
    add_article(now=NOW - timedelta(days=40))
    with pytest.raises(digests.NothingNew):
        _issue()


def test_only_confirmed_subscribers_of_this_frequency_get_it(app: Flask) -> None:
    subscribed("monthly@example.org", now=EARLIER, frequency=Frequency.MONTHLY)
    subscribed("gone@example.org", now=EARLIER, state=SubscriberState.UNSUBSCRIBED)
    subscribed("pending@example.org", now=EARLIER, state=SubscriberState.PENDING)
    subscribed(now=EARLIER)
    add_article(now=EARLIER)
    assert _issue().recipient_count == 1
    assert _issue(frequency=Frequency.MONTHLY).recipient_count == 1
    assert _titles_sent("monthly@example.org") != []


def test_the_accounting_line_adds_up_at_every_step(app: Flask) -> None:
    for number in range(3):
        subscribed(f"person{number}@example.org", now=EARLIER)
    add_article(now=EARLIER)
    issue = _issue()
    assert str(digests.accounting(issue)) == (
        "3 recipients = 0 sent + 0 excluded + 0 failed + 0 uncertain + 3 queued"
    )
    get_subscriber("person1@example.org").state = SubscriberState.UNSUBSCRIBED
    db.session.commit()
    delivered(NOW)
    counts = digests.accounting(issue)
    assert (counts.sent, counts.excluded, counts.is_right) == (2, 1, True)


def test_the_accounting_is_right_after_somebody_was_erased(app: Flask) -> None:
    subscribed(now=EARLIER)
    add_article(now=EARLIER)
    issue = _issue()
    subscriptions.erase(get_subscriber(), NOW)
    db.session.commit()
    assert delivered(NOW) == []
    assert digests.accounting(issue).excluded == 1


def test_an_article_withdrawn_before_delivery_is_left_out(app: Flask) -> None:
    subscribed(now=EARLIER)
    kept, gone = add_article(now=EARLIER), add_article(now=EARLIER)
    _issue()
    withdraw(gone, "Wrong", NOW)
    db.session.commit()
    text = text_of(delivered(NOW)[-1])
    assert kept.title in text and gone.title not in text


def test_a_digest_of_nothing_but_withdrawn_articles_is_not_sent(app: Flask) -> None:
    subscribed(now=EARLIER)
    article = add_article(now=EARLIER)
    issue = _issue()
    withdraw(article, "Wrong", NOW)
    db.session.commit()
    assert delivered(NOW) == []
    assert digests.accounting(issue).excluded == 1


def test_a_retracted_paper_is_no_news(app: Flask) -> None:
    subscribed(now=EARLIER)
    add_article(now=EARLIER, paper={"status": PaperStatus.RETRACTED, "status_note": "Made up."})
    with pytest.raises(digests.NothingNew):
        _issue()


def test_a_paper_retracted_meanwhile_is_stamped(app: Flask) -> None:
    subscribed(now=EARLIER)
    article = add_article(now=EARLIER)
    _issue()
    article.paper.status = PaperStatus.RETRACTED
    db.session.commit()
    assert article.title.startswith("RETRACTED: ")
    assert article.title in text_of(delivered(NOW)[-1])


def _correct(article: Article, text: str) -> None:
    corrections = [CorrectionContent(published_on=date(2026, 1, 12), text=text)]
    at = NOW - UNDO_FOR  # so that it can no longer be undone
    publish(content(**_fields(article) | {"corrections": corrections}), at, article)


def _fields(article: Article) -> dict[str, object]:
    said = content_of(article)
    return {name: getattr(said, name) for name in said.__struct_fields__ if name != "paper"} | {
        "paper": {name: getattr(said.paper, name) for name in said.paper.__struct_fields__}
    }


def test_a_correction_reaches_exactly_those_who_were_sent_the_article(app: Flask) -> None:
    subscribed("sent@example.org", now=EARLIER, topics=["pain-management"])
    subscribed("other-topic@example.org", now=EARLIER, topics=["orthopedics"])
    article = add_article(now=EARLIER, categories=["pain-management"])
    add_article(now=EARLIER, categories=["orthopedics"])
    _issue()
    delivered(NOW)
    subscribed("newcomer@example.org", now=NOW)
    _correct(article, "The number of people was 44, not 40.")
    assert corrections.enqueue(NOW) == 1
    db.session.commit()
    mail = delivered(NOW)[-1]
    assert mail["To"] == "sent@example.org" and mail["Subject"] == f"Correction: {article.title}"
    assert "The number of people was 44, not 40." in text_of(mail)
    assert "January 12, 2026" in text_of(mail)
    assert mail["List-Unsubscribe"]


def test_a_digest_that_has_not_gone_out_needs_no_correction(app: Flask) -> None:
    subscribed(now=EARLIER)
    article = add_article(now=EARLIER)
    _issue()
    withdraw(article, "The study was misread.", NOW)
    assert corrections.enqueue(NOW) == 0


def test_a_withdrawal_is_mailed_without_the_text(app: Flask) -> None:
    subscribed(now=EARLIER)
    article = add_article(now=EARLIER)
    _issue()
    delivered(NOW)
    withdraw(article, "The study was misread.", NOW)
    corrections.enqueue(NOW)
    db.session.commit()
    mail = delivered(NOW)[-1]
    text = text_of(mail)
    assert mail["Subject"] == f"Taken down: {article.title}"
    assert "took it off the site" in text and "The study was misread." in text
    assert article.main_message not in text


def test_a_retraction_is_mailed_with_what_was_said_before(app: Flask) -> None:
    subscribed(now=EARLIER)
    article = add_article(now=EARLIER)
    _issue()
    delivered(NOW)
    article.paper.status = PaperStatus.RETRACTED
    corrections.enqueue(NOW)
    db.session.commit()
    mail = delivered(NOW)[-1]
    assert mail["Subject"] == f"RETRACTED: {article.plain_title}"
    for part in (text_of(mail), re.sub("<[^>]+>", "", mail.get_body(("html",)).get_content())):  # type: ignore[union-attr]
        assert "We sent you this summary on January 9, 2026:" in part
        assert "Before: The journal hadn’t said anything against the study." in part
        assert "Now: The journal retracted (withdrew) the study" in part


def _corrected_words(language: str) -> list[str]:
    """The parts of the mail about a correction of the main message, to somebody who reads in this language."""
    subscribed(now=EARLIER, language=language)
    article = add_article(now=EARLIER, main_message="The number in the first text was 40.")
    _issue()
    delivered(NOW)
    fixed = CorrectionContent(published_on=date(2026, 1, 12), text="It was 44 people.")
    changed = _fields(article) | {
        "main_message": "The number in the first text was 44.",
        "corrections": [fixed],
    }
    publish(content(**changed), NOW + timedelta(hours=1), article)
    later = NOW + timedelta(hours=1) + UNDO_FOR
    assert corrections.enqueue(later) == 1
    db.session.commit()
    mail = delivered(later)[-1]
    return [text_of(mail), re.sub("<[^>]+>", "", mail.get_body(("html",)).get_content())]  # type: ignore[union-attr]


def test_a_correction_quotes_what_was_sent_and_what_is_said_now(app: Flask) -> None:
    for part in _corrected_words("en"):
        assert "Before: The number in the first text was 40." in part
        assert "Now: The number in the first text was 44." in part
        assert part.count("It was 44 people.") == 1


def test_a_correction_in_another_language_quotes_no_english(app: Flask) -> None:
    for part in _corrected_words("es"):
        assert "The number in the first text" not in part


@pytest.mark.parametrize(
    ("status", "subject", "sentence"),
    [
        (PaperStatus.RETRACTED, "RETRACTED: ", "retracted (withdrew)"),
        (PaperStatus.CONCERN, "The journal has doubts: ", "The journal has doubts about"),
        (PaperStatus.CORRECTED, "Correction: ", "The journal has corrected"),
    ],
)
def test_a_correction_says_what_the_journal_says(
    app: Flask, status: PaperStatus, subject: str, sentence: str
) -> None:
    article = add_article()
    article.paper.status, article.paper.status_note = status, "Two figures are the same."
    mail = emails.correction(article, subscribed())
    assert mail.subject == subject + (article.plain_title or "")
    for text in (mail.text, mail.html or ""):
        assert sentence in text and "Two figures are the same." in text


def test_a_correction_of_a_preprint_does_not_speak_of_a_notice(app: Flask) -> None:
    article = add_article()
    article.paper.status = PaperStatus.PREPRINT
    assert "journal" not in emails.correction(article, subscribed()).text


def test_nobody_gets_a_correction_twice(app: Flask) -> None:
    subscribed(now=EARLIER)
    article = add_article(now=EARLIER)
    _issue()
    delivered(NOW)
    assert corrections.enqueue(NOW) == 0
    article.paper.status = PaperStatus.RETRACTED
    assert [corrections.enqueue(NOW), corrections.enqueue(NOW)] == [1, 0]
    db.session.commit()
    delivered(NOW)
    assert corrections.enqueue(NOW) == 0
    withdraw(article, "The journal took the paper back.", NOW)
    assert corrections.enqueue(NOW) == 1


def test_a_digest_that_shows_a_retraction_needs_no_correction(app: Flask) -> None:
    subscribed(now=EARLIER)
    article = add_article(now=EARLIER)
    _issue()
    article.paper.status = PaperStatus.RETRACTED
    db.session.commit()
    assert "RETRACTED" in text_of(delivered(NOW)[-1])
    assert corrections.enqueue(NOW) == 0


def test_who_unsubscribed_since_gets_no_correction(app: Flask) -> None:
    subscribed(now=EARLIER)
    article = add_article(now=EARLIER)
    _issue()
    delivered(NOW)
    get_subscriber().state = SubscriberState.UNSUBSCRIBED
    withdraw(article, "The study was misread.", NOW)
    assert corrections.enqueue(NOW) == 0


def test_more_readers_of_a_corrected_summary_are_not_more_queries(app: Flask) -> None:
    def queries(readers: int) -> int:
        for number in range(readers):
            subscribed(f"{readers}-{number}@example.org", now=NOW)
        number = add_article(now=NOW).id
        _issue()
        delivered(NOW)
        db.session.commit()
        db.session.remove()
        article = db.session.get_one(Article, number)
        with counted_queries() as said:
            assert corrections.reader_count(article) >= readers
        return len(said)

    assert queries(1) == queries(5)


def test_an_editor_can_mail_themselves_a_test(app: Flask) -> None:
    article = add_article(now=EARLIER)
    line = next_issue.lineup(Frequency.WEEKLY, NOW)
    assert line.summaries == [article]
    digests.send_test(line, "editor@example.org", NOW)
    db.session.commit()
    mail = delivered(NOW)[-1]
    assert article.title in text_of(mail)
    assert "unsubscribe" not in text_of(mail).lower()


def test_weekly_and_monthly_issues_wait_their_time(app: Flask) -> None:
    subscribed(now=EARLIER)
    add_article(now=EARLIER)
    assert next_issue.due_frequencies(NOW) == [Frequency.WEEKLY, Frequency.MONTHLY]
    _issue()
    assert next_issue.due_frequencies(NOW + timedelta(days=5)) == [Frequency.MONTHLY]
    assert Frequency.WEEKLY in next_issue.due_frequencies(NOW + WEEK - timedelta(minutes=5))


def test_past_issues_are_on_the_site_with_a_feed(client: PageClient) -> None:
    subscribed(now=EARLIER)
    kept, gone = add_article(now=EARLIER), add_article(now=EARLIER)
    issue = _issue()
    withdraw(gone, "", NOW)
    db.session.commit()
    assert "January 9, 2026" in client.get("/newsletter/issues").text
    page = client.get(f"/newsletter/issues/{issue.id}").text
    assert kept.title in page and gone.title not in page
    feed = ElementTree.fromstring(client.flask.get("/newsletter/issues/feed.atom").data)
    atom = "{http://www.w3.org/2005/Atom}"
    assert len(feed.findall(f"{atom}entry")) == 1
    assert kept.title in (feed.findtext(f"{atom}entry/{atom}summary") or "")


def test_the_archive_says_so_when_nothing_has_gone_out(client: PageClient) -> None:
    assert "We haven’t sent a newsletter yet" in client.get("/newsletter/issues").text
    ElementTree.fromstring(client.flask.get("/newsletter/issues/feed.atom").data)
    client.get("/newsletter/issues/1", status=404)


def test_the_command_makes_an_issue_and_prints_the_accounting_line(app: Flask) -> None:
    now = datetime.now(UTC)
    subscribed(now=now - timedelta(days=2))
    add_article(now=now - timedelta(days=1))
    run = app.test_cli_runner().invoke
    assert "1 people would get 1 summaries" in run(args=["newsletter", "send-digest", "--dry-run"]).output
    assert db.session.scalar(select(func.count()).select_from(Issue)) == 0
    assert "1 recipients = 0 sent" in run(args=["newsletter", "send-digest"]).output
    assert "1 recipients = 1 sent" in run(args=["newsletter", "deliver"]).output


def test_the_command_makes_one_kind_on_demand(app: Flask) -> None:
    subscribed(frequency=Frequency.MONTHLY)
    add_article(now=datetime.now(UTC) - timedelta(days=1))
    run = app.test_cli_runner().invoke
    assert "nothing new" in run(args=["newsletter", "send-digest", "--frequency", "weekly"]).output
    assert (
        "Each month: 1 recipients" in run(args=["newsletter", "send-digest", "--frequency", "monthly"]).output
    )


def test_the_link_to_the_settings_in_a_digest_works(client: PageClient) -> None:
    subscribed(now=EARLIER)
    add_article(now=EARLIER)
    _issue()
    client.get(link_in(delivered(datetime.now(UTC))[-1], "/newsletter/preferences/"))


def test_the_job_tells_of_a_correction_once_it_is_announced(app: Flask) -> None:
    subscribed(now=EARLIER)
    article = add_article(now=EARLIER)
    _issue()
    delivered(NOW)
    db.session.commit()
    jobs.correct(Event())
    assert db.session.scalar(_correction_count()) == 0
    withdraw(article, "The study was misread.", NOW)
    db.session.commit()
    jobs.correct(Event())
    jobs.correct(Event())
    assert db.session.scalar(_correction_count()) == 1


def test_only_changes_after_the_cursor_are_looked_at(app: Flask) -> None:
    subscribed(now=EARLIER)
    article = add_article(now=EARLIER)
    _issue()
    delivered(NOW)
    withdraw(article, "The study was misread.", NOW)
    db.session.commit()
    assert corrections.enqueue(NOW, after=change_log.newest()) == 0
    assert corrections.enqueue(NOW, after=change_log.newest() - 1) == 1


def _correction_count() -> Select[int]:
    return select(func.count(OutboxMessage.id)).where(OutboxMessage.kind == MailKind.CORRECTION)
