"""The next issue of the newsletter: what editors want of it, what is new for it, and when it goes out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from webapp.catalog.answers import published_answers, published_between
from webapp.catalog.queries import standing
from webapp.db.session import db
from webapp.models import (
    Answer,
    Article,
    AuditKind,
    Editor,
    Frequency,
    Issue,
    IssueArticle,
    IssueContent,
    IssueDraft,
)
from webapp.models.values import TextKind
from webapp.parsing import int_from
from webapp.publishing import audit, saved_texts
from webapp.publishing.revisions import SavedMeanwhile

PERIODS = {Frequency.WEEKLY: timedelta(days=7), Frequency.MONTHLY: timedelta(days=31)}
# An issue is due a little before its full period is over: otherwise one that was late once would be late for good.
SLACK = {Frequency.WEEKLY: timedelta(days=1), Frequency.MONTHLY: timedelta(days=3)}
# Editors may date an article a few days back, so each issue looks a little further back than the last one was made.
OVERLAP = timedelta(days=3)
USUAL_TIME = time(9)  # in the time zone of the site
# New summaries that go out without an editor, at most. More are hardly ever a week's or a month's work but an import, and nobody
# reads a mail that long.
MOST_UNCHOSEN = {Frequency.WEEKLY: 10, Frequency.MONTHLY: 25}
PUT_BACK_FOR = timedelta(days=183)  # for so long a text that was left out is offered to be put back
MOST_ANSWERS = 5  # of an issue without an editor; the others wait

Text = Article | Answer


class Hold(StrEnum):
    """Why the next issue does not go out at the usual time."""

    HELD = "held"  # by an editor
    TOO_MANY = "too many"  # an editor has to choose
    LATER = "later"  # an editor set another time


@dataclass(frozen=True)
class Lineup:
    """The next issue as it is now. ``number``: of the draft it follows; 0 if no editor has saved one.

    ``summaries`` and ``answers`` are in it, in this order. ``new`` came since an editor chose, or has to be chosen from;
    ``left_out`` was not chosen, for this issue or an earlier one.
    """

    frequency: Frequency
    after_issue: int
    number: int
    content: IssueContent
    summaries: Sequence[Article]
    answers: Sequence[Answer]
    new: Sequence[Text]
    left_out: Sequence[Text]
    has_too_many: bool

    @property
    def is_chosen(self) -> bool:
        """Did an editor choose what is in it?"""
        return bool(self.content.chosen)

    @property
    def hold(self) -> Hold | None:
        if self.content.is_held:
            return Hold.HELD
        if self.has_too_many:
            return Hold.TOO_MANY
        return Hold.LATER if self.content.send_at else None

    def is_on_hold(self, now: datetime) -> bool:
        """Must the issue not go out now, unless an editor sends it?"""
        is_time = self.content.send_at is not None and self.content.send_at <= now
        return self.hold is not None and not (self.hold is Hold.LATER and is_time)


def mark_of(text: Text) -> str:
    kind = TextKind.ANSWER if isinstance(text, Answer) else TextKind.SUMMARY
    return f"{kind}-{text.id}"


def drafts(frequency: Frequency) -> Sequence[IssueDraft]:
    """The saved states of the next issue, newest first."""
    return saved_texts.history(IssueDraft, frequency=frequency, after_issue=last_id(frequency))


def refuse_outdated(frequency: Frequency, after_issue: int, number: int) -> None:
    """Raise SavedMeanwhile if this is not the newest draft any more, or the issue went out in the meantime."""
    if after_issue != last_id(frequency):
        raise SavedMeanwhile
    saved_texts.refuse_outdated(drafts(frequency), number)


def save(line: Lineup, content: IssueContent, editor: Editor, now: datetime, what: str) -> None:
    """Save what an editor wants of the next issue, which was ``line``; ``what`` goes into the audit log."""
    db.session.add(
        IssueDraft(
            frequency=line.frequency,
            after_issue=line.after_issue,
            number=line.number + 1,
            saved_at=now,
            content=content,
            editor=editor,
        )
    )
    db.session.flush()
    detail = f"{line.frequency.label}: {what}"
    audit.record(AuditKind.NEWSLETTER_CHANGED, now, editor.id, detail=detail)


def saved_content(frequency: Frequency, now: datetime) -> tuple[IssueContent, int]:
    """What editors wanted of the next issue by ``now``, and the number of that draft, 0 if nobody had saved one."""
    saved = [draft for draft in drafts(frequency) if draft.saved_at <= now]
    return saved[0].content if saved else IssueContent(), saved_texts.newest_number(saved)


def lineup(frequency: Frequency, now: datetime) -> Lineup:
    """The next issue with the texts that are public by ``now``, and the drafts saved by then."""
    return lineup_of(frequency, *saved_content(frequency, now), now)


def lineup_of(frequency: Frequency, content: IssueContent, number: int, now: datetime) -> Lineup:
    """The next issue as this content would have it."""
    last = last_issue(frequency)
    fresh = _new_since(frequency, last, now)
    left_out_before = left_out_marks()
    unwanted = {*content.left_out, *left_out_before}
    has_too_many = False
    if content.chosen:
        inside = texts_of(content.chosen, now)
        new = [text for text in fresh if text not in inside and mark_of(text) not in unwanted]
    else:
        fresh = [text for text in fresh if mark_of(text) not in unwanted]
        articles = [text for text in fresh if isinstance(text, Article)]
        mailed = set(db.session.scalars(select(IssueArticle.article_id)))  # also by the other newsletter
        unseen = [article for article in articles if article.id not in mailed]
        has_too_many = len(unseen) > MOST_UNCHOSEN[frequency]
        answers = [text for text in fresh if isinstance(text, Answer)][:MOST_ANSWERS]
        inside = [text for text in fresh if text in answers or (text in articles and not has_too_many)]
        if has_too_many:
            inside += [article for article in articles if article not in unseen]
        new = [text for text in fresh if text not in inside]
    known = {mark_of(text) for text in (*inside, *new)}
    lately = (mark for mark, made_at in left_out_before.items() if made_at > now - PUT_BACK_FOR)
    others = dict.fromkeys((*content.left_out, *lately))
    return Lineup(
        frequency=frequency,
        after_issue=last.id if last else 0,
        number=number,
        content=content,
        summaries=[text for text in inside if isinstance(text, Article)],
        answers=[text for text in inside if isinstance(text, Answer)],
        new=new,
        left_out=texts_of([mark for mark in others if mark not in known], now),
        has_too_many=has_too_many,
    )


def may_wait_for_editor(now: datetime) -> bool:
    """Could a next issue be on hold? A quick look for pages that only want to say so; ``lineup()`` knows."""
    latest = select(Issue.frequency, Issue.made_at, Issue.waiting).order_by(
        Issue.made_at.desc(), Issue.id.desc()
    )
    last = {row.frequency: row for row in reversed(db.session.execute(latest.limit(20)).all())}
    starts = [last[kind].made_at if kind in last else now - PERIODS[kind] for kind in Frequency]
    unseen = select(Article.id).where(
        Article.published_at > min(starts) - OVERLAP, Article.id.not_in(select(IssueArticle.article_id))
    )
    most = min(MOST_UNCHOSEN.values())
    saved = select(IssueDraft.id)
    if len(last) == len(Frequency):
        saved = saved.where(IssueDraft.saved_at > min(starts))
    return (
        any(row.waiting for row in last.values())
        or db.session.scalar(saved.limit(1)) is not None
        or len(db.session.scalars(unseen.limit(most + 1)).all()) > most
    )


def texts_of(marks: Iterable[str], now: datetime) -> list[Text]:
    """The texts with these marks that readers may see by ``now``, in this order; no retracted ones."""
    wanted = list(marks)
    ids = {
        kind: [int_from(mark.removeprefix(f"{kind}-")) for mark in wanted if mark.startswith(f"{kind}-")]
        for kind in TextKind
    }
    articles = standing().where(Article.id.in_(ids[TextKind.SUMMARY]), Article.published_at <= now)
    answers = published_answers().where(Answer.id.in_(ids[TextKind.ANSWER]), Answer.published_at <= now)
    found: dict[str, Text] = {mark_of(text): text for text in db.session.scalars(articles)}
    found |= {mark_of(text): text for text in db.session.scalars(answers)}
    return [found[mark] for mark in wanted if mark in found]


def left_out_marks() -> dict[str, datetime]:
    """What editors did not choose for an issue and for no later one, of either newsletter, and when; the latest first."""
    issues = db.session.execute(
        select(Issue.id, Issue.made_at, Issue.left_out, Issue.answer_ids).order_by(Issue.id)
    ).all()
    if not any(issue.left_out for issue in issues):
        return {}
    inside: dict[int, set[str]] = {
        issue.id: {f"{TextKind.ANSWER}-{number}" for number in issue.answer_ids or ()} for issue in issues
    }
    for issue_id, article_id in db.session.execute(select(IssueArticle.issue_id, IssueArticle.article_id)):
        inside[issue_id].add(f"{TextKind.SUMMARY}-{article_id}")
    marks: dict[str, datetime] = {}
    for issue in issues:
        marks = {mark: at for mark, at in marks.items() if mark not in inside[issue.id]}
        marks |= dict.fromkeys(issue.left_out, issue.made_at)
    return dict(sorted(marks.items(), key=lambda pair: pair[1], reverse=True))


def waiting_texts(last: Issue | None, now: datetime) -> list[Text]:
    """Texts that were new when the last issue was made but not in it, since its editor had chosen before they came."""
    return texts_of((last and last.waiting) or (), now)


def last_issue(frequency: Frequency) -> Issue | None:
    """The newest issue of this newsletter."""
    newest = select(Issue).where(Issue.frequency == frequency).order_by(Issue.made_at.desc(), Issue.id.desc())
    return db.session.scalar(newest.limit(1))


def last_id(frequency: Frequency) -> int:
    """The id of the newest issue, which drafts of the next one name; 0 before the first."""
    last = last_issue(frequency)
    return last.id if last else 0


def due_frequencies(now: datetime) -> list[Frequency]:
    """The frequencies whose next issue is due, at whatever hour."""
    return [kind for kind in Frequency if (_earliest(kind) or now) <= now]


def next_time(frequency: Frequency, now: datetime) -> datetime:
    """The usual time of the next issue: nine in the morning of the first day on which it is due."""
    here = max(_earliest(frequency) or now, now).astimezone(_zone())
    # By the calendar: the day on which clocks are set back has 25 hours.
    day = here.date() if here.time() <= USUAL_TIME else here.date() + timedelta(days=1)
    return _usual_time_on(day)


def usual_time_before(now: datetime) -> datetime:
    """The last time, by now, at which an issue that is due goes out."""
    here = now.astimezone(_zone())
    day = here.date() if here.time() >= USUAL_TIME else here.date() - timedelta(days=1)
    return _usual_time_on(day)


def _usual_time_on(day: date) -> datetime:
    return datetime.combine(day, USUAL_TIME, _zone()).astimezone(UTC)


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.extensions["config"].time_zone)


def _earliest(frequency: Frequency) -> datetime | None:
    """When the next issue is due at the earliest; None before the first one."""
    last = last_issue(frequency)
    return last.made_at + PERIODS[frequency] - SLACK[frequency] if last else None


def _new_since(frequency: Frequency, last: Issue | None, now: datetime) -> list[Text]:
    """What was in no issue of this newsletter, and was published since the last one or waits since then, newest first.

    A first issue names no answers: all of them are new to its readers.
    """
    if last:
        start = last.made_at - OVERLAP
    else:
        # Before the first issue, what was new when an editor first saved something of it stays new. It looks back as far as
        # ``digests.recipients`` does for a new subscriber: otherwise an import that is too old to be counted would still be mailed.
        saved = drafts(frequency)
        start = (saved[-1].saved_at if saved else now) - PERIODS[frequency] - OVERLAP
    sent = select(IssueArticle.article_id).join(Issue, Issue.id == IssueArticle.issue_id)
    new = standing().where(
        Article.published_at > start,
        Article.published_at <= now,
        Article.id.not_in(sent.where(Issue.frequency == frequency)),
    )
    articles = db.session.scalars(new.order_by(Article.published_at.desc(), Article.id.desc()))
    texts: list[Text] = [*articles, *(published_between(last.made_at, now) if last else ())]
    return texts + [text for text in waiting_texts(last, now) if text not in texts]
