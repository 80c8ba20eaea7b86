"""The form of a word: converts an entry to fields and back. Lists have a line for each form."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from webapp.catalog.word_list import WordEntry
from webapp.editor.draft_form import lines_in
from webapp.editor.fields import long, short
from webapp.parsing import clean_text, in_one_line, int_from
from webapp.publishing.words import LISTS, TEXT_MOST, WORD_MOST

KINDS = (
    SelectChoice("hints", "Only shown: the plain words fit some sentences"),
    SelectChoice("nouns", "Swap button, for a noun: the same number as the word"),
    SelectChoice("verbs", "Swap button, for a verb in its base form"),
    SelectChoice("past", "Swap button, for a verb in the past: also as participle"),
    SelectChoice("anywhere", "Swap button, anywhere"),
)


class WordForm(FlaskForm):
    """All that the site knows of a word. ``number``: of the text that it was written on."""

    number = HiddenField(filters=[lambda sent: int_from(str(sent)) or 0])
    word = StringField(
        "Word",
        [
            DataRequired("Enter the word."),
            Length(max=WORD_MOST, message=f"Keep this to {WORD_MOST} characters."),
        ],
    )
    meaning = long(
        "What it means", Length(max=TEXT_MOST, message=f"Keep this to {TEXT_MOST} characters."), rows=4
    )
    forms = long("Also explained when it is written as", rows=3)
    plain = short("Say instead", WORD_MOST)
    kind = SelectField("Where that fits", choices=KINDS, default="hints")
    lay = long("Everyday words that lead to it", rows=4)
    medical = long("Medical words that are looked for, too", rows=4)
    acronyms = long("Short forms", rows=2)
    misspelled = long("Wrong spellings", rows=2)
    alone = long("Words that lead to it only if nothing else is asked", rows=2)


class WordsFileForm(FlaskForm):
    """Words in a file."""

    file = FileField("Words in a file")


def word_values(entry: WordEntry) -> dict[str, Any]:
    """Convert an entry to the values of the form's fields."""
    texts = {name: getattr(entry, name) for name in ("word", "meaning", "plain", "kind")}
    return texts | {name: "\n".join(getattr(entry, name)) for name in LISTS}


def entry_from(form: WordForm) -> WordEntry:
    """Convert a valid form to an entry."""
    values: dict[str, Any] = {name: in_one_line(form[name].data) for name in ("word", "meaning", "plain")}
    values |= {name: tuple(dict.fromkeys(lines_in(clean_text(form[name].data or "")))) for name in LISTS}
    return WordEntry(kind=form.kind.data, **values)
