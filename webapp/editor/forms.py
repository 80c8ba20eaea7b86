"""The authoring form of a summary, and the conversion of either form to a content and back. Content without a field is carried over."""

import re
from typing import Any

import msgspec
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Form,
    FormField,
    SelectField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Regexp

from webapp.content.answer_content import AnswerContent, Content
from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.checks import SAID_IN
from webapp.content.paper_status import status_of
from webapp.editor.answer_form import AnswerForm, answer_from, answer_values
from webapp.editor.fields import (
    MOST_ROWS,
    NO_CONTENT,
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
from webapp.models.people import Ages, Cause, Either, People, Range, Sex
from webapp.models.values import (
    AboutSci,
    Finding,
    Implication,
    LaterEvent,
    PaperStatus,
    ReadFrom,
    Registration,
    Result,
    StudyKind,
    Subject,
    TextKind,
)
from webapp.papers import names
from webapp.parsing import date_from, int_from, member_from

_ARTICLE_TEXTS, _PAPER_TEXTS = (
    [field.name for field in msgspec.structs.fields(kind) if field.type is str]
    for kind in (ArticleContent, PaperContent)
)
_ARTICLE_CHOICES = (
    ("subject", Subject),
    ("about_sci", AboutSci),
    ("study_kind", StudyKind),
    ("result", Result),
    ("harms_read", ReadFrom),
)
_ROWS: dict[str, type[msgspec.Struct]] = {
    "findings": Finding,
    "implications": Implication,
    "registrations": Registration,
    "since_then": LaterEvent,
}

_BOTH = "both"
_NOT_STATED = SelectChoice("", "Not stated")
_NUMBER = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,6})?")
_a_number = Regexp(rf"\s*{_NUMBER.pattern}\s*$", message="Enter a number, like 41 or 2.5.")
_a_count = Regexp(r"\s*[0-9]{1,9}\s*$", message="Enter a whole number, like 18.")


def check_authors(_form: Form, field: TextAreaField) -> None:
    """Each line names authors that can be told apart."""
    for line in lines_in(field.data):
        try:
            _, is_complete = names.complete(names.read(line))
        except names.UnclearName as unclear:
            raise ValidationError(f"“{line[:60]}”: {unclear}") from unclear
        if not is_complete:
            raise ValidationError(names.NO_OTHERS)


class PaperForm(Form):
    """The publication that is explained."""

    doi = identifier("doi", "DOI", 255)
    title = long("Title of the paper")
    authors = long("Authors", check_authors)
    journal = short("Journal")
    published_on = typed_date("Paper published")
    read_from = choice("What was read", ReadFrom, NOT_CHOSEN)
    volume = short("Volume", 32)
    issue = short("Issue", 32)
    pages = short("Pages", 64)
    pmid = identifier("pmid", "PubMed number", 16)
    pmcid = identifier("pmcid", "PubMed Central number", 16)
    url = identifier("url", "Another link to the paper", 2000, whole_address)
    is_free_to_read = SelectField(
        "Free to read",
        choices=[SelectChoice("", "Not known"), SelectChoice("yes", "Yes"), SelectChoice("no", "No")],
    )
    license = short("License of the paper")
    abstract = long("Abstract")
    mesh_terms = long("Subject headings and keywords")
    status = choice("What the journal says", PaperStatus)
    status_on = typed_date("Date of the journal’s notice", check_day)
    status_url = identifier("status_url", "Link to the journal’s notice", 2000, whole_address)
    status_note = long("Banner text for readers")


class FindingForm(Form):
    """One key finding."""

    text = long("Finding", rows=3)
    place = short("Where in the paper")
    quote = long("Short quote from the paper", rows=1)
    counts = short(
        "Counts in each group, if the paper gives them (optional). Like: New bed: 3 of 40; usual bed: 9 of 41"
    )


class ImplicationForm(Form):
    """One practical implication."""

    title = short("Heading")
    text = long("Text")


class RegistrationForm(Form):
    """One entry of the trial in a register."""

    number = identifier("number", "Number", 80)
    register = short("Register")
    url = identifier("url", "Link", 2000, whole_address)


class LaterEventForm(Form):
    """Something that happened after the paper."""

    on = typed_date("When")
    text = long("What happened")
    doi = identifier("doi", "DOI", 255)
    url = identifier("url", "Link", 2000, whole_address)
    source = short("Where it was seen, if not there")


def check_places(_form: Form, field: TextAreaField) -> None:
    """Each line names a field and, after a colon, a place in the paper."""
    for line in filter(str.strip, (field.data or "").splitlines()):
        if not all(map(str.strip, line.partition(":"))):
            raise ValidationError(SAID_IN)


class PeopleForm(Form):
    """Who took part; an empty field is not stated."""

    levels = short("Levels of injury")
    ais = short("AIS grades", 40)
    complete = choice("Complete injuries", Either, _NOT_STATED)
    years_since_from = short("Years since the injury, from", 12, _a_number)
    years_since_to = short("Years since the injury, to", 12, _a_number)
    ages_from = short("Ages, from", 12, _a_number)
    ages_to = short("Ages, to", 12, _a_number)
    ages_typical = short("Mean or median age", 12, _a_number)
    sex_men = short("Men", 12, _a_count)
    sex_women = short("Women", 12, _a_count)
    cause = choice(
        "What caused the injury", Cause, _NOT_STATED, SelectChoice(_BOTH, "Both, in different people")
    )
    walks = choice("Able to walk", Either, _NOT_STATED)
    count = short("Number of people", 12, _a_count)
    said_in = long("Where the paper says so", check_places)


class SummaryForm(DraftForm):
    """Everything an editor writes about one paper."""

    paper = FormField(PaperForm)

    plain_title = short("Plain title")
    slug = short("Web address", 80)
    subject = choice("Who or what was studied", Subject, NOT_CHOSEN)
    species = short("Which animals", 80)
    about_sci = choice("About spinal cord injury", AboutSci, NOT_CHOSEN)
    study_kind = choice("Kind of study", StudyKind, NOT_CHOSEN)
    result = choice("Result", Result, NOT_CHOSEN)

    main_message = long("Main message")
    simple_explanation = long("Simple explanation")
    study_duration = short("Study duration")
    participants = short("Participants")
    evidence_level = short("Evidence level")
    sample_size = short("How many were studied")
    age = short("Age")
    country = short("Country")
    injury_level = short("Injury level")
    injury_completeness = short("Complete or incomplete")
    time_since_injury = short("Time since injury")
    people = FormField(PeopleForm)

    findings = Rows(FormField(FindingForm), max_entries=MOST_ROWS)
    harms = long("Harms and side effects")
    harms_read = choice("What was read for harms", ReadFrom, SelectChoice("", "The same as for the rest"))
    research_summary = long("Research summary")
    implications = Rows(FormField(ImplicationForm), max_entries=MOST_ROWS)
    questions = Rows(long("Question"), max_entries=MOST_ROWS)
    limitations = Rows(long("Limitation"), max_entries=MOST_ROWS)

    funding = long("Who paid")
    conflicts_of_interest = long("Did the authors stand to gain?")
    registrations = Rows(FormField(RegistrationForm), max_entries=MOST_ROWS)
    since_then = Rows(FormField(LaterEventForm), max_entries=MOST_ROWS)
    shows_dysreflexia_help = BooleanField("Show the box about autonomic dysreflexia")
    written_by = short("Written by")


FORMS: dict[TextKind, type[DraftForm]] = {TextKind.SUMMARY: SummaryForm, TextKind.ANSWER: AnswerForm}


def form_for(
    kind: TextKind, fields: MultiDict[str, str] | None, values: dict[str, Any] | None = None
) -> DraftForm:
    """Build the form of a text with its choices, filled from sent fields, or else from ``values``."""
    form = FORMS[kind](formdata=fields, data=values)
    form.set_choices()
    return form


def with_content(form: DraftForm, content: Content, revision: int, merge_base: int | None) -> DraftForm:
    """Build the form with another text, as written on ``revision``; fields that are no part of the text stay."""
    stays = {name: form[name].data for name in NO_CONTENT}
    bases = {"revision": revision, "merge_base": merge_base}
    kind = TextKind.ANSWER if isinstance(form, AnswerForm) else TextKind.SUMMARY
    return form_for(kind, None, values_of(content) | stays | bases)


def values_of(content: Content) -> dict[str, Any]:
    """Convert a content to the values of the form's fields."""
    if isinstance(content, AnswerContent):
        return answer_values(content)
    values: dict[str, Any] = {
        name: getattr(content, name) for name in (*_ARTICLE_TEXTS, "shows_dysreflexia_help")
    }
    values |= {name: getattr(content, name) or "" for name, _ in _ARTICLE_CHOICES}
    values |= category_values(content)
    values |= {name: list(map(msgspec.structs.asdict, getattr(content, name))) for name in _ROWS}
    values["people"] = people_values(content.people)
    values["questions"], values["limitations"] = list(content.questions), list(content.limitations)
    values["paper"] = _paper_values(content.paper)
    return values


def _paper_values(paper: PaperContent) -> dict[str, str]:
    return {name: getattr(paper, name) for name in _PAPER_TEXTS} | {
        "authors": "\n".join(map(names.written, paper.authors)),
        "mesh_terms": "\n".join(paper.mesh_terms),
        "is_free_to_read": {True: "yes", False: "no", None: ""}[paper.is_free_to_read],
        "read_from": paper.read_from or "",
        "status": paper.status.value,
        "status_on": day_text(paper.status_on),
    }


def content_from(form: DraftForm, carried: Content) -> Content:
    """Convert a form to a content; corrections and our own dates, for which there is no field, come from ``carried``.

    A choice or a date that cannot be read counts as not given: validate the form first where that would lose something.
    """
    if isinstance(carried, AnswerContent):
        assert isinstance(form, AnswerForm)
        return answer_from(form, carried)
    fields = form.paper.form
    paper = PaperContent(
        **texts_in(fields, _PAPER_TEXTS),
        authors=[author for line in lines_in(fields.authors.data) for author in names.read_any(line)],
        mesh_terms=lines_in(fields.mesh_terms.data),
        is_free_to_read={"yes": True, "no": False}.get(fields.is_free_to_read.data),
        read_from=member_from(ReadFrom, fields.read_from.data),
        status=member_from(PaperStatus, fields.status.data) or PaperStatus.PUBLISHED,
        status_on=date_from(fields.status_on.data or ""),
    )
    # Otherwise a retracted paper could pass as an ordinary one.
    paper = msgspec.structs.replace(paper, status=status_of(paper))
    return msgspec.structs.replace(
        carried,
        **texts_in(form, _ARTICLE_TEXTS),
        **{name: member_from(kind, form[name].data) for name, kind in _ARTICLE_CHOICES},
        **{name: rows_of(form[name], kind) for name, kind in _ROWS.items()},
        categories=form.chosen_categories(carried),
        shows_dysreflexia_help=bool(form.shows_dysreflexia_help.data),
        paper=paper,
        people=people_from(form.people.form),
        questions=lines(entry.data for entry in form.questions),
        limitations=lines(entry.data for entry in form.limitations),
    )


def fill_paper(form: PaperForm, found: PaperContent) -> list[str]:
    """Fill the empty fields with facts; returns the labels of fields that say something else and were left alone."""
    unchanged = []
    for name, value in _paper_values(found).items():
        if not value or name in ("doi", "status"):
            continue
        typed = (form[name].data or "").strip()
        if not typed:
            form[name].data = value
        elif typed != value:
            unchanged.append(form[name].label.text.lower())
    if form.status.data == PaperStatus.PUBLISHED:
        form.status.data = found.status.value
    return unchanged


def people_values(people: People) -> dict[str, str]:
    """Convert a value to the texts of the fields."""
    years, ages, sex = people.years_since or Range(), people.ages or Ages(), people.sex or Sex()
    numbers = {
        "years_since_from": years.from_,
        "years_since_to": years.to,
        "ages_from": ages.from_,
        "ages_to": ages.to,
        "ages_typical": ages.typical,
        "sex_men": sex.men,
        "sex_women": sex.women,
        "count": people.count,
    }
    return {
        name: "" if number is None else f"{number}".removesuffix(".0") for name, number in numbers.items()
    } | {
        "levels": ", ".join(people.levels),
        "ais": ", ".join(people.ais),
        "complete": people.complete or "",
        "walks": people.walks or "",
        "cause": _BOTH if len(people.cause) > 1 else "".join(people.cause),
        "said_in": "\n".join(f"{name}: {place}" for name, place in people.said_in.items()),
    }


def people_from(form: PeopleForm) -> People:
    """Convert the fields to a value. What cannot be read counts as not given: validate the form first."""
    texts: dict[str, str] = {name: (text or "").strip() for name, text in form.data.items()}

    def number(name: str) -> int | float | None:
        text = texts[name]
        return None if not _NUMBER.fullmatch(text) else float(text) if "." in text else int(text)

    years = Range(from_=number("years_since_from"), to=number("years_since_to"))
    ages = Ages(from_=number("ages_from"), to=number("ages_to"), typical=number("ages_typical"))
    sex = Sex(men=int_from(texts["sex_men"]), women=int_from(texts["sex_women"]))
    levels = re.split(r"\s*(?:[,;–-]|\bto\b)\s*", texts["levels"])
    places = (line.partition(":") for line in texts["said_in"].splitlines())
    return People(
        levels=[
            level.upper() if int_from(level[1:]) is not None else level.lower() for level in levels if level
        ],
        ais=re.findall(r"\w+", texts["ais"].upper()),
        complete=member_from(Either, texts["complete"]),
        years_since=years if years != Range() else None,
        ages=ages if ages != Ages() else None,
        sex=sex if sex != Sex() else None,
        cause=list(Cause)
        if texts["cause"] == _BOTH
        else [cause for cause in Cause if cause == texts["cause"]],
        walks=member_from(Either, texts["walks"]),
        count=int_from(texts["count"]),
        said_in={name.strip(): place.strip() for name, _, place in places if name.strip() and place.strip()},
    )


class WithdrawForm(FlaskForm):
    """The note for readers that a withdrawn text needs."""

    note = TextAreaField(
        "Note for readers",
        [
            DataRequired("Tell readers in a sentence why this is no longer here."),
            Length(max=1000, message="Keep this to 1,000 characters."),
        ],
    )
