"""The form of the next issue: converts what editors want of it to fields and back."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, RadioField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length
from wtforms.widgets import TextInput

from webapp.accounts.editor_access import time_zone
from webapp.content.checks import Wording, wording_problems
from webapp.languages.language import known_languages
from webapp.models import IssueContent, IssueWords
from webapp.models.values import TextKind
from webapp.newsletter.next_issue import Lineup, mark_of
from webapp.parsing import clean_text, in_one_line, int_from, local_time_from

SUBJECT_MOST = 120  # characters; phones show about 40
GREETING_MOST = 600  # characters: a few sentences
USUAL, SET = "usual", "set"
MOST_MARKS = 1_000


def _calm(_form: FlaskForm, field: Field) -> None:
    """Refuse words that promise too much, as in every text for readers."""
    for problem in wording_problems([(field.name, field.data or "")])[Wording.HOPE]:
        raise ValidationError(problem.message)


def _subject(label: str) -> StringField:
    too_long = Length(max=SUBJECT_MOST, message=f"Keep the subject to {SUBJECT_MOST} characters.")
    return StringField(label, [too_long, _calm], filters=[in_one_line])


def _greeting(label: str) -> TextAreaField:
    too_long = Length(max=GREETING_MOST, message=f"Keep the greeting to {GREETING_MOST} characters.")
    tidy = [lambda typed: clean_text(typed or "").strip()]
    return TextAreaField(label, [too_long, _calm], filters=tidy, render_kw={"rows": 3})


def _marks(sent: str | Sequence[str] | None) -> list[str]:
    """The marks of texts in a field, which separates them by commas."""
    parts = sent.split(",") if isinstance(sent, str) else sent or ()
    return [mark for mark in dict.fromkeys(parts) if is_mark(mark)][:MOST_MARKS]


def is_mark(mark: str) -> bool:
    kind, _, number = mark.partition("-")
    return kind in list(TextKind) and int_from(number, low=1) is not None


class IssueForm(FlaskForm):
    """What an editor wants of the next issue. ``after_issue`` and ``number``: of the draft that it was written on.

    ``chosen``: what is in it, as it was sent; ``listed``: what was in it when the page was shown; ``offered``: the other new texts
    there; ``left_out``: what was taken out.
    """

    after_issue = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])
    number = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])
    chosen = HiddenField(filters=[_marks])
    listed = HiddenField(filters=[_marks])
    offered = HiddenField(filters=[_marks])
    left_out = HiddenField(filters=[_marks])
    is_fixed = HiddenField(filters=[lambda sent: "yes" if sent in ("yes", True) else ""])
    is_held = HiddenField(filters=[lambda sent: "yes" if sent in ("yes", True) else ""])
    greeting = _greeting("Greeting")
    subject = _subject("Subject")
    greeting_es = _greeting("Greeting in Spanish")
    subject_es = _subject("Subject in Spanish")
    when = RadioField(
        "When",
        choices=[SelectChoice(USUAL, "At the usual time"), SelectChoice(SET, "At another time")],
        default=USUAL,
    )
    send_at = StringField("Day and time", widget=TextInput("datetime-local"))

    sends_at: datetime | None = None  # the time in UTC, once it is valid
    set_before: datetime | None = None  # the time in UTC that is stored

    def validate_send_at(self, field: StringField) -> None:
        """A time in the future, if one is wanted; the one that is stored may have passed while the issue is on hold."""
        if self.when.data != SET:
            return
        self.sends_at = local_time_from(field.data or "", time_zone())
        if self.sends_at is None:
            raise ValidationError("Enter the day and the time, like 2026-11-30 at 09:00.")
        may_have_passed = self.is_held.data and self.sends_at == self.set_before
        if self.sends_at <= datetime.now(UTC) and not may_have_passed:
            raise ValidationError("This time has passed. Choose a later one, or the usual time.")


def field_names(language: str) -> tuple[str, str]:
    """The names of the fields of the subject and the greeting in a language."""
    ending = "" if language == "en" else f"_{language}"
    return f"subject{ending}", f"greeting{ending}"


def languages() -> list[str]:
    """The codes of the languages in which something can be said; the form has fields for them."""
    return [code for code in known_languages() if hasattr(IssueForm, field_names(code)[0])]


def values_of(line: Lineup) -> dict[str, Any]:
    """Convert the next issue to the values of the form's fields."""
    content = line.content
    inside = [*map(mark_of, line.summaries), *map(mark_of, line.answers)]
    values: dict[str, Any] = {
        "after_issue": line.after_issue,
        "number": line.number,
        "chosen": inside,
        "listed": inside,
        "offered": [mark_of(text) for text in line.new],
        "left_out": list(content.left_out),
        "is_fixed": line.is_chosen,
        "is_held": content.is_held,
        "when": SET if content.send_at else USUAL,
        "send_at": "",
    }
    if content.send_at:
        values["send_at"] = f"{content.send_at.astimezone(ZoneInfo(time_zone())):%Y-%m-%dT%H:%M}"
    for code in languages():
        said = content.words.get(code, IssueWords())
        values |= dict(zip(field_names(code), (said.subject, said.greeting), strict=True))
    return values


def content_from(form: IssueForm) -> IssueContent:
    """Convert a form to what the editor wants.

    Until somebody changes what is in the issue, nothing is chosen, and whatever is published is added automatically. After the
    first change, everything else that was shown is left out, and what is published later waits for the next issue.
    """
    chosen: list[str] = form.chosen.data
    left_out: Iterable[str] = form.left_out.data
    if chosen == form.listed.data and not form.is_fixed.data:
        chosen = []
    elif chosen:
        offered = () if form.is_fixed.data else form.offered.data
        left_out = (*form.left_out.data, *form.listed.data, *offered)
    words = {}
    for code in languages():
        subject, greeting = (form[name].data for name in field_names(code))
        if subject or greeting:
            words[code] = IssueWords(subject, greeting)
    return IssueContent(
        words=words,
        chosen=tuple(chosen),
        left_out=tuple(mark for mark in dict.fromkeys(left_out) if mark not in chosen),
        send_at=form.sends_at,
        is_held=bool(form.is_held.data),
    )


def moved(form: IssueForm, move: str) -> str:
    """Carry out a button of a row, such as "up:summary-12", and say what it did; empty for what is no button."""
    direction, _, mark = move.partition(":")
    chosen: list[str] = form.chosen.data
    same_kind = [one for one in chosen if one.partition("-")[0] == mark.partition("-")[0]]
    if direction == "in" and is_mark(mark) and mark not in chosen:
        form.chosen.data = [*chosen, mark]
        return "Put in"
    if mark not in chosen:
        return ""
    if direction == "out":
        form.chosen.data = [one for one in chosen if one != mark]
        form.left_out.data = [*form.left_out.data, mark]
        return "Taken out"
    at = same_kind.index(mark) + {"up": -1, "down": 1}.get(direction, 0)
    if same_kind.index(mark) != at and 0 <= at < len(same_kind):
        here, there = chosen.index(mark), chosen.index(same_kind[at])
        chosen[here], chosen[there] = chosen[there], chosen[here]
        form.chosen.data = list(chosen)
        return "Moved up" if direction == "up" else "Moved down"
    return ""


def following_text(form: IssueForm, move: str) -> str:
    """The mark of the text below the one that a button puts in: who chooses several goes on there."""
    direction, _, mark = move.partition(":")
    listed = [*form.offered.data, *form.left_out.data]
    at = listed.index(mark) + 1 if direction == "in" and mark in listed else len(listed)
    return next((one for one in listed[at:] if one not in form.chosen.data), "")


def what_changed(before: IssueContent, after: IssueContent) -> str:
    """What somebody changed, for the audit log; empty if nothing."""
    names = {"words": "words", "chosen": "texts", "left_out": "texts", "send_at": "time"}
    changed = [names[name] for name in names if getattr(before, name) != getattr(after, name)]
    if before.is_held != after.is_held:
        changed.append("put on hold" if after.is_held else "no longer on hold")
    return ", ".join(dict.fromkeys(changed))
