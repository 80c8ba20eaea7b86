"""The authoring form of an answer: converts its content to fields and back.

A summary is cited on a line of its own, by its address or by a part of its title; once saved, the line has both.
"""

from typing import Any

import msgspec
from flask import current_app
from wtforms import FieldList, Form, FormField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.catalog.queries import titles
from webapp.content.answer_content import AnswerContent
from webapp.editor.fields import (
    MOST_ROWS,
    NOT_CHOSEN,
    DraftForm,
    Rows,
    category_values,
    check_day,
    choice,
    day_text,
    identifier,
    lines,
    lines_in,
    long,
    rows_of,
    short,
    texts_in,
    typed_date,
    whole_address,
)
from webapp.models.values import Certainty, Claim, Place
from webapp.parsing import date_from, member_from

_TEXTS = [field.name for field in msgspec.structs.fields(AnswerContent) if field.type is str]
_LISTS = ("missing", "would_change", "questions")


class ClaimForm(Form):
    """One thing that we found."""

    text = long("Claim", rows=3)
    rests_on = long("Rests on these summaries, one on each line")


class PlaceForm(Form):
    """Another place to read."""

    name = short("Name")
    url = identifier("url", "Link", 2000, whole_address)


class AnswerForm(DraftForm):
    """Everything an editor writes about one question."""

    question = short("Question")
    slug = short("Web address", 80)
    phrasings = long("Other ways to ask it")
    verdict = long("Verdict")
    verdict_rests_on = long("Rests on these summaries")
    certainty = choice("How sure we are", Certainty, NOT_CHOSEN)
    certainty_reason = long("Why")
    found: FieldList = Rows(FormField(ClaimForm), max_entries=MOST_ROWS)
    missing = Rows(long("Gap"), max_entries=MOST_ROWS)
    would_change = Rows(long("Change"), max_entries=MOST_ROWS)
    questions = Rows(long("Question"), max_entries=MOST_ROWS)
    safety_cards = SelectMultipleField("Safety cards", widget=ListWidget(), option_widget=CheckboxInput())
    elsewhere = Rows(FormField(PlaceForm), max_entries=MOST_ROWS)
    written_by = short("Written by")
    next_check_on = typed_date("Next check", check_day)

    def set_choices(self) -> None:
        """Offer the categories of the site, and the safety cards."""
        super().set_choices()
        cards = current_app.extensions["safety_cards"].cards
        self.safety_cards.choices = [SelectChoice(card.id, card.label) for card in cards]


def answer_values(content: AnswerContent) -> dict[str, Any]:
    """Convert a content to the values of the form's fields."""
    title_by_slug = _titles()

    def cited(slugs: list[str]) -> str:
        return "\n".join(
            f"{slug}: {title_by_slug[slug]}" if slug in title_by_slug else slug for slug in slugs
        )

    values: dict[str, Any] = {name: getattr(content, name) for name in (*_TEXTS, *_LISTS, "safety_cards")}
    return (
        values
        | category_values(content)
        | {
            "phrasings": "\n".join(content.phrasings),
            "verdict_rests_on": cited(content.verdict_rests_on),
            "certainty": content.certainty or "",
            "found": [{"text": claim.text, "rests_on": cited(claim.rests_on)} for claim in content.found],
            "elsewhere": list(map(msgspec.structs.asdict, content.elsewhere)),
            "next_check_on": day_text(content.next_check_on),
        }
    )


def answer_from(form: AnswerForm, carried: AnswerContent) -> AnswerContent:
    """Convert a form to a content; our own date, for which there is no field, comes from ``carried``."""
    title_by_slug = _titles()

    def cited(text: str | None) -> list[str]:
        named = (_slug_of(line, title_by_slug) for line in lines_in(text))
        return list(dict.fromkeys(named))

    claims = ((entry.form.text.data or "", cited(entry.form.rests_on.data)) for entry in form.found)
    return msgspec.structs.replace(
        carried,
        **texts_in(form, _TEXTS),
        **{name: lines(entry.data for entry in form[name]) for name in _LISTS},
        categories=form.chosen_categories(carried),
        phrasings=lines_in(form.phrasings.data),
        verdict_rests_on=cited(form.verdict_rests_on.data),
        certainty=member_from(Certainty, form.certainty.data),
        found=[Claim(text=text.strip(), rests_on=slugs) for text, slugs in claims if text.strip() or slugs],
        safety_cards=list(form.safety_cards.data or []),
        elsewhere=rows_of(form.elsewhere, Place),
        next_check_on=date_from(form.next_check_on.data or ""),
    )


def _titles() -> dict[str, str]:
    return {row.slug: row.title for row in titles()}


def _slug_of(line: str, title_by_slug: dict[str, str]) -> str:
    """The summary that a line names; a line that names none, or several, stays as it is, for the checks to refuse."""
    slug = line.partition(":")[0].strip()
    if slug in title_by_slug:
        return slug
    fitting = [slug for slug, title in title_by_slug.items() if line.casefold() in title.casefold()]
    return fitting[0] if len(fitting) == 1 else line
