"""Made-up articles and people for tests. Nothing here is about a real paper."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from webapp.content.answer_content import AnswerContent
from webapp.content.article_content import ArticleContent, PaperContent
from webapp.db.session import db
from webapp.models import Answer, Article, DailyViews, Draft, Live
from webapp.models.people import Ages, Cause, Either, People, Range, Sex
from webapp.models.values import (
    AboutSci,
    Author,
    Certainty,
    Claim,
    Finding,
    Implication,
    Place,
    ReadFrom,
    Result,
    StudyKind,
    Subject,
)
from webapp.publishing import publication, revisions, saved_texts, site_settings
from webapp.publishing.library import load_categories
from webapp.publishing.revisions import Kind

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
STARTER = Path(__file__).resolve().parent.parent / "webapp" / "starter"

PEOPLE = People(
    levels=["C5", "C8"],
    ais=["A", "B"],
    complete=Either.BOTH,
    years_since=Range(from_=0.5, to=2),
    ages=Ages(from_=18, to=65, typical=41.5),
    sex=Sex(men=16, women=2),
    cause=[Cause.TRAUMATIC],
    walks=Either.NO,
    count=18,
)


def add_categories() -> None:
    """The twelve categories of the starter library."""
    load_categories(STARTER / "categories.toml", [])
    db.session.flush()


def change_settings(**changes: Any) -> None:
    """Other site settings, committed and announced."""
    base = saved_texts.newest_number(site_settings.history())
    settings = msgspec.structs.replace(site_settings.text_at(base), **changes)
    assert site_settings.save(settings, base, None, NOW)
    db.session.commit()


def content(**changes: Any) -> ArticleContent:
    """What a complete article says, without an error or a warning; ``paper`` may be a dict of changes."""
    number = uuid4().int % 10**9  # not counted: a test makes the same article alone and after others
    paper = {
        "title": f"Made-up trial {number} of a made-up treatment",
        "doi": f"10.5555/made.up.{number}",
        "journal": "Journal of Made-up Trials",
        "published_on": "2021-03",
        "authors": [Author(family="Doe", given="Jo")],
        "read_from": ReadFrom.FULL_TEXT,
    } | changes.pop("paper", {})
    standard = ArticleContent(
        slug=f"made-up-trial-{number}",
        plain_title=f"A made-up pill did not ease pain in trial {number}",
        categories=["pain-management"],
        subject=Subject.PEOPLE,
        about_sci=AboutSci.YES,
        study_kind=StudyKind.RANDOMIZED_TRIAL,
        result=Result.NO_CLEAR_DIFFERENCE,
        main_message="The pill and a look-alike pill did about the same.",
        simple_explanation="Some people have pain after an injury.\n\nThis trial gave half of them a pill. The pain stayed the same.",
        study_duration="6 weeks",
        participants="40 people with a spinal cord injury",
        evidence_level="Randomized trial",
        sample_size="40 people",
        harms="Some people had a dry mouth.",
        research_summary="The team gave people a pill or a look-alike. Pain scores did not differ between the groups.",
        limitations=["The trial was small.", "It did not last long."],
        questions=["What else could ease my pain?"],
        funding="A made-up fund",
        conflicts_of_interest="None stated",
        written_by="A test",
        paper=PaperContent(**paper),
        findings=[
            Finding(text="Pain was about the same in both groups.", place="Abstract, results"),
            Finding(text="Dry mouth was more common with the pill.", place="Abstract, results"),
        ],
        implications=[Implication(title="Ask first", text="Talk with your care team about pain.")],
    )
    return msgspec.structs.replace(standard, **changes)


def answer_content(*cited: str, **changes: Any) -> AnswerContent:
    """What a complete answer says of the summaries with these slugs, without an error or a warning."""
    number = uuid4().int % 10**9
    standard = AnswerContent(
        slug=f"does-pill-{number}-help",
        question=f"Does pill {number} help?",
        phrasings=[
            f"does pill {number} {words}" for words in ("work", "ease pain", "stop pain", "cure", "do good")
        ],
        categories=["pain-management"],
        verdict="Of the summaries here, none shows that it eases pain.",
        verdict_rests_on=list(cited),
        certainty=Certainty.UNSURE,
        certainty_reason="The trial was small.",
        found=[
            Claim(text=text, rests_on=list(cited))
            for text in ("The pain stayed the same.", "Some people had a dry mouth.", "It was a trial.")
        ],
        missing=["We have no summary of a long trial."],
        would_change=["A long trial would."],
        questions=["What else could ease my pain?"],
        elsewhere=[Place(name="A made-up place", url="https://example.org/pain")],
        written_by="A test",
        next_check_on=date(2027, 5, 24),
    )
    return msgspec.structs.replace(standard, **changes)


def add_answer(*cited: str, now: datetime = NOW, **changes: Any) -> Answer:
    """A published answer, committed. Without a summary to cite, one is published with it."""
    answer = revisions.publish_new(answer_content(*(cited or [add_article(now).slug]), **changes), now)
    assert isinstance(answer, Answer)
    db.session.commit()
    return answer


def add_views(text: Live, count: int, days_ago: int = 0) -> None:
    """Views of a published text on one day, committed; today is that of the clock."""
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    db.session.add(DailyViews(draft_id=revisions.draft_of(**text.key).id, viewed_on=day, count=count))
    db.session.commit()


def publish(text: ArticleContent, now: datetime, article: Article | None = None, note: str = "") -> Article:
    """Make a text public: a new article, or new words for ``article``. Warnings hold nothing up."""
    if article is None:
        published = revisions.publish_new(text, now)
        assert isinstance(published, Article)
        return published
    draft = revisions.draft_of(article_id=article.id)
    draft.change_note = note
    publish_draft(draft, text, now)
    return article


def publish_draft(draft: Draft, text: ArticleContent, now: datetime) -> None:
    """Make a text public from its draft. Warnings hold nothing up."""
    revision = revisions.approve(
        draft,
        text,
        draft.revision_number,
        None,
        now,
        publish_on=now.date(),
        kind=Kind.PUBLISHED,
        accepted=None,
    )
    publication.make_public(draft, revision, now)


def add_article(now: datetime = NOW, **changes: Any) -> Article:
    """A published article, committed."""
    article = publish(content(**changes), now)
    db.session.commit()
    return article
