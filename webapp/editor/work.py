"""My work: what waits for an editor, as short lists of which each row has one button."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select
from sqlalchemy.orm import defer, joinedload

from webapp.accounts.editor_access import local_time, time_zone
from webapp.catalog.queries import published
from webapp.db.session import db
from webapp.editor import autosaves, queries, triage
from webapp.feedback import inbox
from webapp.mail import outbox
from webapp.models import (
    Answer,
    Article,
    Assignment,
    Candidate,
    CandidateState,
    Draft,
    Editor,
    Feedback,
    Frequency,
    ReasonKind,
    Schedule,
    Topic,
)
from webapp.models.in_words import day, plural
from webapp.models.values import TextKind
from webapp.newsletter import next_issue
from webapp.newsletter.next_issue import Hold
from webapp.publishing import reviews, since_then
from webapp.publishing.scheduling import LATE
from webapp.publishing.since_then import AnswerToCheck
from webapp.search import misses

SHOWN = 5  # rows of a list that goes on elsewhere
EXCERPT = 120  # characters of what a reader wrote
# A summary is shown as unclear from this many "No" on, if they are at least a third of the answers.
UNCLEAR_FROM = 3

LATE_SHOWN_FOR = timedelta(days=30)


class Urgency(IntEnum):
    """What "Start here" takes first."""

    RETRACTED = 1
    NOT_PUBLISHED = 2  # though it was scheduled
    ASKED = 3
    MISTAKE = 4  # that a reader reported
    CHANGED = 5
    ORDINARY = 6


@dataclass(frozen=True)
class WorkItem:
    """One thing to do: what it is about, why it is here, and the button with its ``verb``.

    ``sends``: fields of a button that changes something, which a link must not; ``look`` is then the address to look at first.
    """

    title: str
    why: str
    verb: str
    address: str
    urgency: Urgency = Urgency.ORDINARY
    on: datetime | None = None  # the local time of what is scheduled
    sends: dict[str, int] = field(default_factory=dict)
    look: str = ""


@dataclass(frozen=True)
class Queue:
    """One list. ``total`` counts the rows that are not shown, too; ``more`` is the address where all of them are."""

    id: str
    heading: str
    rows: Sequence[WorkItem]
    total: int = 0
    note: str = ""
    more: str = ""

    @property
    def count(self) -> int:
        return self.total or len(self.rows)


@dataclass(frozen=True)
class Work:
    """Everything that waits for somebody: the most urgent row, and the lists without it."""

    start: WorkItem | None
    main: tuple[Queue, ...]
    aside: tuple[Queue, ...]


def work_of(editor: Editor, now: datetime, *, may_publish: bool) -> Work:
    """Collect what waits for an editor, in a fixed count of queries."""
    to_check = since_then.answers_to_check(now.date())
    main: tuple[Queue, ...] = (
        to_review(editor),
        changed_since(to_check, may_publish=may_publish),
        readers_say(),
        drafts(editor),
        unchecked(now.date()),
    )
    if may_publish:
        main = (newsletter(now), *main)
    aside = (scheduled(now), new_papers(editor), asked_and_not_found(), due_again(to_check, now))
    rows = [row for queue in main + aside for row in queue.rows]
    start = min(rows, key=lambda row: row.urgency, default=None)
    return Work(start, _without(main, start), _without(aside, start))


def _without(queues: tuple[Queue, ...], start: WorkItem | None) -> tuple[Queue, ...]:
    """The lists without the row that was taken out to start with; an empty list is left out."""
    left = []
    for queue in queues:
        rows = [row for row in queue.rows if row is not start]
        left.append(replace(queue, rows=rows, total=queue.count - (len(queue.rows) - len(rows))))
    return tuple(queue for queue in left if queue.rows)


# ------------------------------------------------------------------ the lists


def to_review(editor: Editor) -> Queue:
    """List what colleagues asked this editor to review."""
    rows = []
    for review in reviews.asked_of(editor):
        if review.answered_at is None and review.draft.deleted_at is None:
            name = review.asked_by.name if review.asked_by else "A colleague"
            asks = f"{name} asks: “{review.question}”" if review.question else f"{name} asks you to check it"
            why = f"{asks} · since {day(review.asked_at)}"
            address = url_for("reviews.show", review_id=review.id)
            rows.append(WorkItem(review.draft.title, why, "Review", address, Urgency.ASKED))
    return Queue("to-review", "To review", rows, note="asked of you")


def changed_since(to_check: Sequence[AnswerToCheck], *, may_publish: bool) -> Queue:
    """List notices of journals and results of plans that no text says anything about yet, and answers whose summaries changed."""
    rows = [
        WorkItem(
            f"{article.paper.status.label}: {article.plain_title or article.paper.title}",
            "The journal says so. Readers see a warning already. What should they know now?",
            "Open the summary",
            url_for("editor.edit_published", article_id=article.id),
            Urgency.RETRACTED if article.paper.is_retracted else Urgency.CHANGED,
        )
        for article in since_then.with_new_notice()[:SHOWN]
    ]
    rows += _results_of_plans()
    for answer in to_check:
        if answer.summaries:
            form = url_for("editor.edit_published", answer_id=answer.answer_id)
            count = plural(len(answer.summaries), "summary", "summaries")
            row = WorkItem(
                answer.question,
                f"{count} it rests on changed: {'; '.join(answer.summaries)}.",
                "Look",
                form,
                Urgency.CHANGED,
            )
            if may_publish:
                still_right = url_for("work.say_still_right", answer_id=answer.answer_id)
                sends = {"change": answer.newest_change}
                row = replace(row, verb="Still right", address=still_right, sends=sends, look=form)
            rows.append(row)
    return Queue("since", "Since then", rows)


def readers_say() -> Queue:
    """List what readers wrote, mistakes first, and summaries that many of them found unclear."""
    inbox_page = url_for("editor_feedback.overview")
    rows = []
    for message in inbox.unread_messages():
        is_mistake = message.topic is Topic.MISTAKE
        about = [message.topic.label, message.text.title if message.text else ""]
        about.append("wants a reply by email" if message.email else "")
        rows.append(
            WorkItem(
                _quoted(message.message),
                " · ".join(filter(None, about)),
                "Answer" if message.email else "Look",
                f"{inbox_page}#message-{message.id}",
                Urgency.MISTAKE if is_mistake else Urgency.ORDINARY,
            )
        )
    for note in inbox.unread_notes():
        if note.note:
            rows.append(
                WorkItem(
                    _quoted(note.note),
                    f"Note on: {note.text.title}",
                    "Look",
                    f"{inbox_page}#{note.box}-{note.id}",
                )
            )
    for article_id, title, no, every in _unclear():
        form = url_for("editor.edit_published", article_id=article_id)
        rows.append(WorkItem(f"“Was this clear?” {no} of {every} said no", title, "Rewrite", form))
    rows.sort(key=lambda row: row.urgency)
    return Queue("readers", "Readers say", rows[:SHOWN], len(rows), more=inbox_page)


def newsletter(now: datetime) -> Queue:
    """List newsletters that the mail server refuses, and next ones that don't go out before an editor does something."""
    rows = []
    for issue, reason in outbox.stopped_issues():
        title = f"We stopped sending the {issue.frequency} newsletter of {day(issue.made_at)}"
        why = f"The mail server refused most of it. {reason or ''}"
        rows.append(
            WorkItem(title, why, "Look", url_for("editor_newsletter.overview"), Urgency.NOT_PUBLISHED)
        )
    for kind in Frequency if next_issue.may_wait_for_editor(now) else ():
        line = next_issue.lineup(kind, now)
        title, address = f"Next {kind} newsletter", url_for("next_issue.show", frequency=kind)
        if line.hold is Hold.TOO_MANY:
            why = f"{plural(len(line.new), 'new text')} came at once. Nothing goes out until you choose."
            rows.append(WorkItem(title, why, "Choose", address, Urgency.CHANGED))
        elif line.hold is Hold.HELD:
            rows.append(WorkItem(title, "On hold until somebody releases it.", "Open", address))
    return Queue("newsletter", "Newsletter", rows)


def drafts(editor: Editor) -> Queue:
    """List texts that this editor has in work: never saved, assigned to them, or saved last by them and not published."""
    rows = [
        WorkItem(
            title,
            f"Not saved yet. You typed on {local_time(at)}.",
            "Go on",
            url_for("authoring.edit", draft_id=0, key=key),
        )
        for kind in TextKind
        for key, title, at in autosaves.new_texts(editor.id, kind)
    ]
    published_revision = func.coalesce(Article.revision_number, Answer.revision_number, 0)
    has_changes = or_(Draft.revision_number != published_revision, Draft.merge_base.is_not(None))
    published_at = func.coalesce(Article.updated_at, Answer.updated_at)
    is_theirs = func.coalesce(Assignment.editor_id == editor.id, False)
    own = (
        select(Draft, is_theirs)
        .outerjoin(Draft.article)
        .outerjoin(Draft.answer)
        .outerjoin(Assignment, Assignment.draft_id == Draft.id)
        .where(
            Draft.deleted_at.is_(None),
            or_(
                and_(Draft.editor_id == editor.id, has_changes),
                # What is published stays assigned in the lists, and is no work any more.
                and_(is_theirs, or_(has_changes, Assignment.assigned_at > published_at)),
            ),
        )
    )
    shown = own.order_by(is_theirs.desc(), Draft.saved_at.desc()).limit(SHOWN).options(defer(Draft.content))
    loaded = shown.options(joinedload(Draft.article), joinedload(Draft.answer))
    for draft, is_assigned in db.session.execute(loaded):
        state = f"{queries.state_of(draft).label} · saved {local_time(draft.saved_at)}"
        why = f"Assigned to you · {state}" if is_assigned else state
        rows.append(WorkItem(draft.title, why, "Go on", url_for("authoring.edit", draft_id=draft.id)))
    return Queue("drafts", "Your drafts", rows)


def unchecked(today: date) -> Queue:
    """List summaries that no clinician has checked, most read first."""
    page = queries.unchecked(1, today)
    rows = []
    for row in page.rows[:SHOWN]:
        read = f" · {plural(row.views, 'view')} in {queries.RECENT.days} days" if row.views else ""
        why = f"Published {day(row.published_at)}{read}"
        rows.append(WorkItem(row.title, why, "Check", url_for("reviews.of_summary", draft_id=row.draft_id)))
    note, more = "not checked by a clinician", url_for("reviews.unchecked")
    return Queue("to-check", "To check", rows, page.total, note, more)


def scheduled(now: datetime) -> Queue:
    """List what is to be published, the next first, with what could not be, or went out late within a month."""
    waits = Schedule.ended_at.is_(None)
    was_published = and_(Schedule.ended_at > now - LATE_SHOWN_FOR, Schedule.problem.is_(None))
    query = (
        select(Schedule, Draft.title, Editor.name)
        .join(Draft, Draft.id == Schedule.draft_id)
        .join(Editor, Editor.id == Schedule.editor_id)
        .where(or_(waits, was_published))
        .order_by(Schedule.publish_at)
    )
    here, rows = ZoneInfo(time_zone()), []
    for schedule, title, name in db.session.execute(query):
        at, urgency = local_time(schedule.publish_at), Urgency.ORDINARY
        if schedule.ended_at and schedule.ended_at - schedule.publish_at <= LATE:
            continue
        if schedule.ended_at:
            why = f"Went out {plural(schedule.late_minutes, 'minute')} late, on {local_time(schedule.ended_at)}."
        elif schedule.problem:
            why, urgency = f"Couldn’t be published on {at}. {schedule.problem}", Urgency.NOT_PUBLISHED
        elif schedule.publish_at < now:
            why, urgency = f"Late. Its time was {at}.", Urgency.NOT_PUBLISHED
        else:
            why = f"{at}, by {name}"
        form = url_for("authoring.edit", draft_id=schedule.draft_id)
        rows.append(WorkItem(title, why, "Open", form, urgency, on=schedule.publish_at.astimezone(here)))
    return Queue("scheduled", "Scheduled", rows)


def new_papers(editor: Editor) -> Queue:
    """List the best papers that the watches found, those assigned to this editor first."""
    rows = []
    for paper in triage.best(editor.id, SHOWN):
        why = " · ".join(reason.kind.label for reason in paper.reasons) or f"Found {day(paper.found_at)}"
        if paper.assigned_to_id == editor.id:
            why = "Assigned to you"
        rows.append(WorkItem(paper.title, why, "Look", url_for("triage.candidate", number=paper.id)))
    total = triage.counts(editor.id)[triage.CandidateTab.NEW]
    return Queue("new-papers", "New papers", rows, total, more=url_for("triage.overview"))


def asked_and_not_found() -> Queue:
    """List searches that found nothing, most frequent first."""
    missed = misses.most_missed(SHOWN + 1)
    rows = [
        WorkItem(
            miss.text,
            f"Searched {plural(miss.count, 'time')}",
            "Write",
            url_for("authoring.edit", draft_id=0, about=miss.text),
        )
        for miss in missed[:SHOWN]
    ]
    more = url_for("dashboard.overview", _anchor="h-misses") if len(missed) > SHOWN else ""
    return Queue("asked", "Asked and not found", rows, note="searches without a result", more=more)


def due_again(to_check: Sequence[AnswerToCheck], now: datetime) -> Queue:
    """List sign-offs that are a year old, and answers whose next check is due."""
    rows = [
        WorkItem(
            review.draft.title,
            f"{review.name} checked it on {day(review.signed_at)}" if review.signed_at else "",
            "Check",
            url_for("reviews.of_summary", draft_id=review.draft_id),
        )
        for review in reviews.due_again(now)
    ]
    rows += [
        WorkItem(
            answer.question,
            f"Was due by {day(answer.due_on)}. Publish it with a later date.",
            "Check",
            url_for("editor.edit_published", answer_id=answer.answer_id),
        )
        for answer in to_check
        if answer.due_on
    ]
    more = url_for("reviews.unchecked") if len(rows) > SHOWN else ""
    return Queue("due", "Due again", rows[:SHOWN], len(rows), "checked a year ago", more)


def _results_of_plans() -> list[WorkItem]:
    """Papers and trials with the results of a plan that we explain, until its summary says so or an editor that they are not."""
    is_open = Candidate.state.in_((CandidateState.NEW, CandidateState.KEPT, CandidateState.DRAFTED))
    has_results = cast(Candidate.reasons, Text).contains(f'"{ReasonKind.PLAN_RESULTS.value}"')
    query = select(Candidate).where(is_open, has_results).options(defer(Candidate.cited))
    found = [
        (candidate, reason.article_id)
        for candidate in db.session.scalars(query.order_by(Candidate.found_at.desc(), Candidate.id))
        for reason in candidate.reasons
        if reason.kind is ReasonKind.PLAN_RESULTS
    ]
    wanted = published().where(Article.id.in_({number for _, number in found}))
    plans, rows = {plan.id: plan for plan in db.session.scalars(wanted)}, []
    for candidate, number in found:
        plan = plans.get(number or 0)
        events = plan.since_then if plan else ()
        said = "\n".join(f"{event.doi} {event.url} {event.text}" for event in events).lower()
        values = [re.escape(row.value.lower()) for row in candidate.identifiers]
        if plan is None or any(re.search(rf"(?<!\w){value}(?!\w)", said) for value in values):
            continue
        why = f"Results of this plan: “{candidate.title}.” Should the summary say so?"
        verb, address = "Look", url_for("triage.candidate", number=candidate.id)
        if candidate.state is CandidateState.DRAFTED:
            verb, address = "Open the summary", url_for("editor.edit_published", article_id=plan.id)
        rows.append(WorkItem(plan.title, why, verb, address, Urgency.CHANGED))
    return rows[:SHOWN]


def _unclear() -> list[tuple[int, str, int, int]]:
    """Published summaries that many readers found unclear since the text changed: id, title, how many said no, of how many."""
    said_no: ColumnElement[int] = func.count().filter(Feedback.is_helpful.is_(False))
    answers = func.count()
    query = (
        select(Article.id, queries.TITLE, said_no, answers)
        .select_from(Feedback)
        .join(Article, Article.id == Feedback.article_id)
        .join(Article.paper)
        .where(Feedback.given_at > Article.updated_at)
        .group_by(Article.id, queries.TITLE)
        .having(said_no >= UNCLEAR_FROM, 3 * said_no >= answers)
        .order_by(said_no.desc(), Article.id)
        .limit(SHOWN)
    )
    return [(number, title, no, every) for number, title, no, every in db.session.execute(query)]


def _quoted(text: str) -> str:
    words = " ".join(text.split())
    return f"“{words[:EXCERPT].rstrip()}…”" if len(words) > EXCERPT else f"“{words}”"
