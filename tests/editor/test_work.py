"""My work: which list each kind of work is in, what comes first, and that an empty list is left out."""

from datetime import datetime, timedelta
from threading import Event
from typing import Any
from xml.etree.ElementTree import Element

import msgspec
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from tests.accounts.people import add_editor
from tests.editor.test_dashboard import counted_queries
from tests.factories import NOW, add_answer, add_article, add_views, content
from tests.pages import H, PageClient, parsed
from webapp import jobs
from webapp.content.article_content import ArticleContent, PaperContent
from webapp.db.session import db
from webapp.feedback import inbox, votes
from webapp.models import Article, Candidate, CandidateState, Editor, Review, Topic
from webapp.models.values import LaterEvent, PaperStatus, Registration, Result, ReviewerKind, StudyKind
from webapp.papers import candidates, rating
from webapp.papers.listings import Listed
from webapp.papers.rating import Library
from webapp.papers.records import Record
from webapp.publishing import external_changes, publication, reviews, revisions, scheduling
from webapp.search import indexing, misses
from webapp.search.query import SearchQuery

HOME = "/editor/"


def text_of(element: Element) -> str:
    return " ".join(" ".join(element.itertext()).split())


def sections(client: PageClient) -> dict[str, str]:
    """The lists of the page, as text, by heading; what to start with among them."""
    found = {}
    for section in parsed(client.get(HOME).text).iter(f"{H}section"):
        heading = section.find(f".//{H}h2")
        assert heading is not None
        found[(heading.text or "").strip()] = text_of(section)
    return found


def asked(article: Article, editor: Editor) -> None:
    colleague = add_editor("Bo", "bo@example.org")
    review = Review(
        draft=revisions.draft_of(article_id=article.id),
        revision_number=1,
        kind=ReviewerKind.CLINICIAN,
        name=editor.name,
        email=editor.email,
        reviewer_id=editor.id,
        asked_by_id=colleague.id,
        question="Are the harms right?",
        asked_at=NOW,
        parts=[],
    )
    reviews.ask(review, NOW)
    db.session.commit()


def retract(article: Article, at: datetime = NOW) -> None:
    notice = PaperContent(status=PaperStatus.RETRACTED, status_on=NOW.date(), status_note="It was made up.")
    external_changes.publish_notice(article, notice, at)
    db.session.commit()


def miss(words: str) -> None:
    misses.count_miss(SearchQuery.from_args(MultiDict({"q": words})), NOW.date())
    jobs.write_misses(Event())


def test_somebody_new_is_told_how_to_begin_and_that_nothing_waits(client: PageClient, editor: Editor) -> None:
    page = client.get(HOME).text
    assert "Three steps to begin" in page and "Nothing is waiting for you." in page
    assert "On this page" not in page
    revisions.save(revisions.new_draft(), content(), 0, editor.id, NOW)
    db.session.commit()
    assert "Three steps to begin" not in client.get(HOME).text


def test_what_is_most_urgent_is_taken_out_of_its_list_to_start_with(
    client: PageClient, editor: Editor
) -> None:
    retracted, other = add_article(plain_title="A lamp"), add_article(plain_title="A lantern")
    asked(other, editor)
    found = sections(client)
    assert "A lantern" in found["Start here"] and "Are the harms right?" in found["Start here"]
    assert "To review" not in found
    retract(retracted)
    found = sections(client)
    assert "Retracted: A lamp" in found["Start here"] and "Since then" not in found
    assert "Are the harms right?" in found["To review"]


def test_a_notice_waits_until_a_newer_text_is_published(client: PageClient, editor: Editor) -> None:
    article = add_article(plain_title="A lamp")
    retract(article)
    assert "Retracted: A lamp" in client.get(HOME).text
    text = publication.content_of(article)
    external_changes.publish(article, text, editor.id, revisions.Kind.REFILED, NOW)
    db.session.commit()
    assert "Retracted: A lamp" not in client.get(HOME).text


def test_results_of_a_plan_wait_until_its_summary_says_so(client: PageClient, editor: Editor) -> None:
    registered = [Registration(number="NCT00000001")]
    facts: dict[str, Any] = {
        "study_kind": StudyKind.STUDY_PLAN,
        "result": Result.NOT_TESTED,
        "registrations": registered,
    }
    plan = add_article(plain_title="A plan to test a lamp", **facts)
    abstract = "We tested it (NCT00000001)."
    found = PaperContent(title="A lamp helped", doi="10.5555/results", abstract=abstract)
    entry = Listed(Record(content=ArticleContent(paper=found)))
    candidates.add([rating.guess(entry)], "PubMed", Library(), NOW)
    db.session.commit()
    page = client.get(HOME).text
    assert "Results of this plan: “A lamp helped.” Should the summary say so?" in page
    candidate = db.session.scalars(select(Candidate)).one()
    assert f'href="/editor/new-papers/{candidate.id}"' in page
    candidate.state = CandidateState.DRAFTED
    db.session.commit()
    assert f'href="/editor/articles/{plan.id}"' in client.get(HOME).text
    candidate.state = CandidateState.NOT_FOR_US
    db.session.commit()
    assert "Results of this plan" not in client.get(HOME).text
    candidate.state = CandidateState.KEPT
    event = LaterEvent(on="2026", text="The lamp helped.", doi="10.5555/results")
    text = msgspec.structs.replace(publication.content_of(plan), since_then=[event])
    external_changes.publish(plan, text, editor.id, revisions.Kind.REFILED, NOW)
    db.session.commit()
    assert "Results of this plan" not in client.get(HOME).text


def test_words_of_a_reader_about_an_answer_name_it(client: PageClient, editor: Editor) -> None:
    answer = add_answer(question="Does it help?")
    inbox.send(Topic.MISTAKE, "It does not.", "ed@example.org", NOW, about=answer)
    db.session.commit()
    assert f"{Topic.MISTAKE.label} · Does it help?" in sections(client)["Start here"]


def test_readers_mistakes_come_before_other_words_and_unclear_summaries_are_named(
    client: PageClient, editor: Editor
) -> None:
    article = add_article(NOW - timedelta(days=2), plain_title="A lantern")
    inbox.send(Topic.QUESTION, "What is a motor score?", "ed@example.org", NOW, email="reader@example.org")
    inbox.send(Topic.MISTAKE, "The link goes elsewhere.", "ed@example.org", NOW, about=article)
    for number, is_helpful in enumerate([True, False, False, False]):
        votes.vote(article, f"192.0.2.{number}", is_helpful, NOW)
    votes.add_note(article, "192.0.2.1", "Too many numbers.", [], NOW)
    db.session.commit()
    found = sections(client)
    assert "“The link goes elsewhere.”" in found["Start here"]
    said = found["Readers say"]
    assert said.index("“What is a motor score?”") < said.index("“Too many numbers.”")
    assert "A question about a summary · wants a reply by email Answer" in said
    assert "“Was this clear?” 3 of 4 said no" in said
    inbox.mark_done(inbox.unread_messages()[0], NOW)
    article.updated_at = NOW + timedelta(minutes=1)  # another text: these answers are not about it
    db.session.commit()
    assert "said no" not in client.get(HOME).text


def test_what_nobody_found_can_be_written_about(client: PageClient, editor: Editor) -> None:
    miss("phantom pain")
    miss("phantom pain")
    add_article()
    asked_for = sections(client)["Asked and not found"]
    assert "phantom pain Searched 2 times Write" in asked_for
    form = client.get("/editor/summaries/new", query_string={"about": "phantom pain"}, follow_redirects=True)
    assert 'value="phantom pain"' in form.text


def test_what_is_scheduled_and_what_was_late_is_shown(client: PageClient, editor: Editor) -> None:
    for name, late in (("ahead", None), ("late", 90), ("in time", 2)):
        at = NOW - timedelta(hours=3) if late else NOW + timedelta(hours=3)
        text = content(plain_title=f"Scheduled {name}")
        draft = scheduling.schedule(
            revisions.new_draft(), text, 0, editor.id, NOW - timedelta(days=1), publish_at=at, accepted={}
        )
        if late:
            scheduling.history(draft)[0].ended_at = at + timedelta(minutes=late)
    db.session.commit()
    shown = sections(client)["Scheduled"]
    assert "Nov 24 Scheduled ahead November 24, 2026, 12:30, by" in shown
    assert "90 minutes late" in shown and "Scheduled in time" not in shown


def test_a_schedule_that_failed_comes_first(client: PageClient, editor: Editor) -> None:
    draft = scheduling.schedule(
        revisions.new_draft(),
        content(plain_title="A lamp"),
        0,
        editor.id,
        NOW - timedelta(days=1),
        publish_at=NOW - timedelta(hours=1),
        accepted={},
    )
    scheduling.history(draft)[0].problem = "Its address is taken."
    db.session.commit()
    assert "Couldn’t be published on November 24, 2026" in sections(client)["Start here"]


def test_drafts_of_ones_own_and_unchecked_summaries_are_listed(client: PageClient, editor: Editor) -> None:
    add_article(plain_title="A lantern")
    revisions.save(revisions.new_draft(), content(plain_title="A lamp"), 0, editor.id, NOW)
    other = add_editor("Bo", "bo@example.org")
    revisions.save(revisions.new_draft(), content(plain_title="A candle"), 0, other.id, NOW)
    db.session.commit()
    found = sections(client)
    assert "A lamp" in found["Start here"]  # nothing is urgent, and what was begun comes first
    assert "A lantern" in found["To check"] and "not checked by a clinician" in found["To check"]
    assert "A candle" not in client.get(HOME).text


def test_the_most_read_of_the_unchecked_summaries_comes_first(client: PageClient, editor: Editor) -> None:
    add_article(NOW - timedelta(days=9), plain_title="An old lamp")
    add_views(add_article(plain_title="A lantern"), 3)
    rows = sections(client)["To check"]
    assert (
        "A lantern" in sections(client)["Start here"]
        and "3 views in 28 days" in sections(client)["Start here"]
    )
    assert "An old lamp" in rows


def test_the_last_line_says_how_the_site_is_doing(client: PageClient, editor: Editor) -> None:
    add_article()
    assert "1 change not searchable yet" in client.get(HOME).text
    indexing.catch_up()
    page = client.get(HOME).text
    assert "Search finds everything that is published" in page and "No mail is waiting" in page


def test_more_work_makes_no_more_queries(client: PageClient, editor: Editor) -> None:
    def add_work(number: int) -> None:
        article = add_article()
        miss(f"nothing {number}")
        inbox.send(Topic.MISTAKE, f"Message {number}", "ed@example.org", NOW, about=article)
        votes.vote(article, "192.0.2.1", False, NOW)
        votes.add_note(article, "192.0.2.1", "A note.", [], NOW)
        revisions.save(revisions.new_draft(), content(), 0, editor.id, NOW)
        db.session.commit()

    add_work(1)
    client.get(HOME)
    with counted_queries() as few:
        client.get(HOME)
    for number in range(2, 9):
        add_work(number)
    client.get(HOME)  # what is held in memory is read again after a change
    with counted_queries() as many:
        client.get(HOME)
    assert len(many) == len(few) <= 33
