"""What was read, who took part, registrations and later events in the authoring form."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from wtforms import FieldList, Form, FormField

from tests.accounts.people import add_editor, sign_in
from tests.editor.forms import Sent, complete, fields_of, opened, press
from tests.factories import PEOPLE, content
from tests.pages import PageClient
from webapp.content import merging
from webapp.content.article_content import (
    DOES_NOT_APPLY,
    FACTS,
    NOT_STATED,
    ArticleContent,
    from_json,
    from_toml,
    to_toml,
)
from webapp.db.session import db
from webapp.editor.fields import problems_in
from webapp.editor.forms import content_from, form_for, values_of
from webapp.models import Article, Draft
from webapp.models.people import AIS_GRADES, LEVELS, REGIONS, Ages, Cause, Either, People, Range, Sex
from webapp.models.values import LaterEvent, ReadFrom, Registration, TextKind

NEW = "/editor/summaries/new"

counts = st.none() | st.integers(0, 10_000)
numbers = st.none() | st.integers(0, 120) | st.integers(0, 1_200).map(lambda tenths: tenths / 10)
words = st.from_regex(r"[A-Za-zü0-9“”.]{1,9}( [a-z]{1,9}){0,2}", fullmatch=True)
people = st.builds(
    People,
    levels=st.lists(st.sampled_from(LEVELS), max_size=2)
    | st.lists(st.sampled_from(list(REGIONS)), max_size=3),
    ais=st.lists(st.sampled_from(AIS_GRADES), unique=True),
    complete=st.none() | st.sampled_from(Either),
    walks=st.none() | st.sampled_from(Either),
    years_since=st.none()
    | st.builds(Range, from_=numbers, to=numbers).filter(lambda years: years != Range()),
    ages=st.none()
    | st.builds(Ages, from_=numbers, to=numbers, typical=numbers).filter(lambda ages: ages != Ages()),
    sex=st.none() | st.builds(Sex, men=counts, women=counts).filter(lambda sex: sex != Sex()),
    cause=st.lists(st.sampled_from(Cause), unique=True),
    count=counts,
    said_in=st.dictionaries(st.sampled_from(["levels", "ais", "ages"]), words),
)
addresses = st.sampled_from(["", "https://example.org/a?b=c"])
events = st.builds(
    LaterEvent,
    on=st.sampled_from(["2024", "2024-03", "2024-03-14"]),
    text=words,
    doi=st.sampled_from(["", "10.5555/x"]),
    url=addresses,
    source=words,
)
changes = st.fixed_dictionaries(
    {
        "people": people,
        "since_then": st.lists(events, max_size=2),
        "registrations": st.lists(
            st.builds(Registration, number=words, register=words, url=addresses), max_size=2
        ),
        "harms_read": st.none() | st.sampled_from(ReadFrom),
        "paper": st.fixed_dictionaries({"read_from": st.none() | st.sampled_from(ReadFrom)}),
    }
    | dict.fromkeys(FACTS, st.sampled_from(["", NOT_STATED, DOES_NOT_APPLY, "not stated. Two left."]) | words)
)


@pytest.fixture
def edit(client: PageClient) -> str:
    """The address of a draft that has everything."""
    add_editor()
    sign_in(client)
    everything = complete() | {
        "registrations-0-number": "NCT01234567",
        "since_then-0-on": "2025-03",
        "since_then-0-text": "A trial began.",
        "since_then-0-source": "A register",
    }
    press(client, NEW, opened(client, NEW, **everything), "save")
    return f"/editor/summaries/{db.session.scalar(select(Draft.id))}"


def sent(form: Form | FieldList) -> Sent:
    """What a browser would send for a form that nobody changes."""
    fields = Sent()
    for field in form:
        if isinstance(field, (FieldList, FormField)):
            fields.update(sent(field))
        elif isinstance(field.data, list):
            fields.setlist(field.name, field.data)
        elif field.data not in (None, False):
            fields.add(field.name, str(field.data))
    return fields


def saved() -> ArticleContent:
    db.session.rollback()
    return from_json(db.session.scalars(select(Draft)).one().content)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes)
def test_form_and_file_give_back_what_they_got(app: Flask, changed: dict[str, Any]) -> None:
    text = content(**changed)
    with app.test_request_context("/editor/", method="POST"):
        form = form_for(TextKind.SUMMARY, sent(form_for(TextKind.SUMMARY, None, values_of(text))))
        form.validate()
        assert [problem for problem in problems_in(form) if problem.field != "csrf_token"] == []
        assert content_from(form, text) == text
    assert from_toml(to_toml(text), ArticleContent) == text


def test_what_was_read_is_chosen_before_publishing(client: PageClient, edit: str) -> None:
    page = press(client, edit, opened(client, edit, paper__read_from=""), "publish", status=422).text
    assert "Choose what was read of the paper." in page
    press(client, edit, opened(client, edit, paper__read_from="part"), "publish")
    db.session.rollback()
    assert db.session.scalars(select(Article)).one().paper.read_from is ReadFrom.PART


def test_who_took_part_is_saved_as_values(client: PageClient, edit: str) -> None:
    typed = {
        "people__levels": "c5 to C8",
        "people__ais": "a, B",
        "people__years_since_from": "0.5",
        "people__years_since_to": "2",
        "people__ages_from": "18",
        "people__ages_to": "65",
        "people__ages_typical": "41.5",
        "people__sex_men": "16",
        "people__sex_women": "2",
        "people__complete": "both",
        "people__walks": "no",
        "people__cause": "traumatic",
        "people__count": "18",
    }
    press(client, edit, opened(client, edit, **typed), "save")
    assert saved().people == PEOPLE


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("people__ages_from", "soon", "Enter a number, like 41 or 2.5."),
        ("people__count", "many", "Enter a whole number, like 18."),
        ("people__said_in", "the abstract", "Start each line with one of: levels, ais"),
    ],
)
def test_what_cannot_be_read_stays_in_its_field(
    client: PageClient, edit: str, field: str, typed: str, message: str
) -> None:
    page = press(client, edit, opened(client, edit, **{field: typed}), "save", status=422).text
    assert message in page and fields_of(page)[field.replace("__", "-")] == typed
    assert '<details class="fold mt5" open>\n    <summary>Who was studied, in numbers</summary>' in page


def test_a_level_that_nobody_has_is_refused_at_its_field(client: PageClient, edit: str) -> None:
    page = press(client, edit, opened(client, edit, people__levels="C9"), "publish", status=422).text
    assert 'href="#people-levels">Enter a level, like C5' in page
    assert fields_of(page)["people-levels"] == "C9"


@pytest.mark.parametrize(
    ("name", "first"), [("registrations", "registrations-1-number"), ("since_then", "since_then-1-on")]
)
def test_a_row_is_added_and_removed_without_scripts(
    client: PageClient, edit: str, name: str, first: str
) -> None:
    page = press(client, edit, opened(client, edit), "move", f"{name}-add", status=200).text
    assert fields_of(page)[first] == ""
    assert f'id="{first}"' in client.post_fragment(f"{edit}/move", fields_of(page) | {"move": f"{name}-add"})
    page = press(client, edit, fields_of(page), "move", f"{name}-0-remove", status=200).text
    press(client, edit, fields_of(page), "save")
    assert getattr(saved(), name) == []


def test_every_field_that_two_people_may_change_has_a_control(client: PageClient, edit: str) -> None:
    page = client.get(edit).text
    texts = merging.texts_of(saved(), saved())
    without = {"paper-authors", "published_on", "corrections", "questions", "limitations"}
    for field, _, _ in texts:
        target = merging.Clash(field, "", "", "", "").target
        assert f'id="{target}"' in page or field.split("-")[0] in without, field


def test_a_change_of_who_took_part_is_one_field_of_the_history(client: PageClient, edit: str) -> None:
    press(client, edit, opened(client, edit, people__ages_from="18", people__ages_to="65"), "save")
    page = client.get(f"{edit}/compare").text
    assert "Ages in years" in page and "18 · 65" in page
