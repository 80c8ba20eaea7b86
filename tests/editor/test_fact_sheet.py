"""The paper beside its facts: suggestions become facts when an editor decides, and only then reach the draft."""

import re
from io import BytesIO

import msgspec
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.accounts.people import add_editor, sign_in, token
from tests.editor.forms import opened, press
from tests.factories import NOW
from tests.pages import PageClient
from tests.papers.test_facts import ARTICLE
from webapp.content.article_content import ArticleContent, from_json
from webapp.db.session import db
from webapp.models import Draft, Fact, FoundBy, PaperPart, Role, StoredText
from webapp.models.people import Either, People
from webapp.models.values import ReadFrom, StudyKind
from webapp.papers import file_formats, importing, stored_texts

PAPER = ARTICLE.replace(
    "He was massaged.",
    "Forty adults (n = 40) with C5 tetraplegia were massaged for 10 weeks. Trial registration: NCT01234567 and NCT07654321.",
)


@pytest.fixture
def client(client: PageClient) -> PageClient:
    """A signed-in writer: no higher role is needed to confirm facts."""
    add_editor(role=Role.WRITER)
    sign_in(client)
    return client


@pytest.fixture
def draft(app: Flask) -> Draft:
    """The draft that the import of a paper made."""
    [made] = importing.create_drafts(file_formats.read(PAPER, "paper.xml"), None, NOW)
    db.session.commit()
    return made


def sheet_of(draft: Draft) -> str:
    return f"/editor/summaries/{draft.id}/paper"


def decide(
    client: PageClient, draft: Draft, field: str, button: str, *, status: int = 303, **sent: str
) -> str:
    """Press a button of a fact as a browser without JavaScript would; returns the page or the new address."""
    fields = sent | {"csrf_token": token(client, "/editor/papers/import")}
    answer = client.post(f"{sheet_of(draft)}/facts/{field}/{button}", fields, status=status)
    return answer.headers.get("Location", answer.text)


def content_of(draft: Draft) -> ArticleContent:
    db.session.expire_all()
    return from_json(draft.content)


def fact_of(draft: Draft, field: str) -> Fact:
    db.session.expire_all()
    return db.session.scalars(select(Fact).where(Fact.draft_id == draft.id, Fact.field == field)).one()


def test_the_sheet_shows_the_paper_with_its_places_and_suggests_each_fact(
    client: PageClient, draft: Draft
) -> None:
    page = client.get(sheet_of(draft)).text
    assert "0 of 20 facts settled" in page
    sentence = re.escape("Forty adults (n = 40) with C5 tetraplegia were massaged for 10 weeks.")
    [link] = re.findall(rf'<a class="span[^"]*" id="(s1-0)" href="#f\d+-do"><span>{sentence}</span>', page)
    assert f'href="#{link}"' in page  # from the fact to its sentence
    assert re.search(r'name="offer" value="40" checked', page)
    assert "<td>Closed</td>" in page or "Closed | 5 of 12" in page


def test_a_confirmed_fact_is_stored_with_its_sentence_and_fills_the_draft(
    client: PageClient, draft: Draft
) -> None:
    address = decide(client, draft, "sample_size", "confirm", offer="40")
    assert address.endswith("/paper#fact-sample_size")
    fact = fact_of(draft, "sample_size")
    assert (fact.value, fact.source, fact.found_by) == ("40", PaperPart.ABSTRACT, FoundBy.RULE)
    assert fact.quote == content_of(draft).paper.abstract[fact.start : fact.end]
    assert content_of(draft).sample_size == "40"
    assert draft.revision_number == 2
    page = client.get(sheet_of(draft)).text
    assert "Confirmed by you" in page and "1 of 20 facts settled" in page


def test_a_fact_of_the_full_text_knows_the_text_that_it_is_from(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "funding", "confirm", offer="A foundation paid.")
    fact = fact_of(draft, "funding")
    stored = db.session.get(StoredText, fact.text_id)
    assert stored is not None and fact.quote in [section.text for section in stored.sections]


def test_a_changed_fact_is_the_editors_and_keeps_the_sentence_in_view(
    client: PageClient, draft: Draft
) -> None:
    decide(client, draft, "study_duration", "change", offer="10 weeks", value=" Ten weeks of massage ")
    fact = fact_of(draft, "study_duration")
    assert (fact.value, fact.found_by) == ("Ten weeks of massage", FoundBy.PERSON)
    assert "for 10 weeks." in fact.quote
    assert content_of(draft).study_duration == "Ten weeks of massage"


def test_a_value_that_was_added_to_is_the_editors_too(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "sample_size", "change", offer="40", value="40 adults")
    assert fact_of(draft, "sample_size").found_by is FoundBy.PERSON


def test_facts_about_people_fill_who_took_part_and_where_it_stands(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "sample_size", "confirm", offer="40")
    assert content_of(draft).people == People()  # of people or of animals?
    decide(client, draft, "subject", "change", value="people")
    decide(client, draft, "injury_level", "confirm", offer="C5")
    decide(client, draft, "walking", "change", value="non-ambulatory")
    said_in = {"count": "abstract", "levels": "abstract"}  # nobody knows where the last one stands
    assert content_of(draft).people == People(count=40, levels=["C5"], walks=Either.NO, said_in=said_in)
    decide(client, draft, "sample_size", "change", value="40 or 41")
    decide(client, draft, "injury_level", "not-stated")
    assert content_of(draft).people == People(walks=Either.NO)


def test_a_fact_replaces_no_value_that_was_entered_in_the_form(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "subject", "change", value="people")
    form = f"/editor/summaries/{draft.id}"
    press(client, form, opened(client, form, people__count="39"), "save")
    decide(client, draft, "sample_size", "confirm", offer="40")
    assert content_of(draft).people == People(count=39)


def test_of_animals_nothing_fills_who_took_part(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "subject", "change", value="animals")
    decide(client, draft, "sample_size", "confirm", offer="40")
    assert content_of(draft).people == People()


def test_not_stated_is_a_fact_too(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "harms", "not-stated")
    assert (fact_of(draft, "harms").value, fact_of(draft, "harms").source) == ("not stated", None)
    assert content_of(draft).harms == "not stated"
    decide(client, draft, "study_kind", "not-stated")  # a choice has no such value
    assert content_of(draft).study_kind is None


def test_choices_and_license_and_trials_fill_their_fields(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "study_kind", "change", value="randomized-trial")
    decide(client, draft, "is_free_to_read", "confirm", offer="true")
    decide(client, draft, "license", "change", value="CC BY-NC")
    fields = {"offer": ["NCT01234567", "NCT07654321"], "csrf_token": token(client, "/editor/papers/import")}
    client.post(f"{sheet_of(draft)}/facts/trial_number/confirm", fields)
    content = content_of(draft)
    assert (content.study_kind, content.paper.is_free_to_read) == (StudyKind.RANDOMIZED_TRIAL, True)
    assert content.paper.license == "CC BY-NC"
    assert [entry.number for entry in content.registrations] == ["NCT01234567", "NCT07654321"]
    assert content.registrations[1].url.endswith("/NCT07654321")
    assert fact_of(draft, "trial_number").found_by is FoundBy.RULE


def test_deciding_again_replaces_the_decision(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "sample_size", "not-stated")
    decide(client, draft, "sample_size", "confirm", offer="40")
    assert (fact_of(draft, "sample_size").value, content_of(draft).sample_size) == ("40", "40")


def test_a_fact_without_a_field_in_the_summary_is_stored_alone(client: PageClient, draft: Draft) -> None:
    before = content_of(draft)
    decide(client, draft, "comparison", "change", value="no massage")
    assert fact_of(draft, "comparison").value == "no massage"
    assert content_of(draft) == before and draft.revision_number == 1


def test_htmx_gets_the_row_with_the_focus_and_what_changes_with_it(client: PageClient, draft: Draft) -> None:
    fields = {"offer": "40", "csrf_token": token(client, "/editor/papers/import")}
    part = client.post_fragment(f"{sheet_of(draft)}/facts/sample_size/confirm", fields)
    assert part.count("<li ") == 1 and 'id="fact-sample_size"' in part
    assert re.search(r'<details id="f\d+" name="fact">\s*<summary data-focus>', part)
    assert 'data-announce="How many took part: 40"' in part
    for name in ("fact-progress", "manuscript", "fact-dock"):
        assert re.search(f'id="{name}" data-hx-swap-oob="true"', part)


def test_a_sentence_that_is_no_longer_in_the_text_is_said(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "sample_size", "confirm", offer="40")
    form = f"/editor/summaries/{draft.id}"
    press(
        client,
        form,
        opened(client, form, paper__abstract="One more. " + content_of(draft).paper.abstract),
        "save",
    )
    assert "no longer in the text" not in client.get(sheet_of(draft)).text
    press(client, form, opened(client, form, paper__abstract="Fifty adults were massaged."), "save")
    assert "no longer in the text" in client.get(sheet_of(draft)).text


def test_what_the_summary_says_otherwise_is_shown_beside_the_fact(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "sample_size", "confirm", offer="40")
    form = f"/editor/summaries/{draft.id}"
    press(client, form, opened(client, form, sample_size="40 adults"), "save")
    assert "The summary says: 40 adults" in client.get(sheet_of(draft)).text


def test_what_the_import_filled_in_is_said_beside_the_same_suggestion(
    client: PageClient, draft: Draft
) -> None:
    page = client.get(sheet_of(draft)).text
    row = page[page.index('id="fact-funding"') :]
    assert "Already in the summary" in row[: row.index("</li>")]
    assert "The summary says: A foundation paid." not in page


def test_the_sheet_says_that_harms_have_to_be_rewritten(client: PageClient, draft: Draft) -> None:
    """The checks refuse a sentence of the paper."""
    hint = "Readers need plain words here, not the paper’s."
    assert hint not in client.get(sheet_of(draft)).text
    form = f"/editor/summaries/{draft.id}"
    abstract = "Adverse events were reported by three participants."
    press(client, form, opened(client, form, paper__abstract=abstract), "save")
    page = client.get(sheet_of(draft)).text
    row = page[page.index('id="fact-harms"') :]
    assert hint in row[: row.index("</li>")]


@pytest.mark.parametrize(
    ("place", "sent", "sentence"),
    [
        ("sample_size/confirm", {"offer": "41"}, "The text has changed."),
        ("sample_size/confirm", {}, "Enter what the paper says"),
        ("sample_size/change", {"value": "  "}, "Enter what the paper says, in up to 300 characters."),
        (
            "sample_size/change",
            {"value": "4" * 301},
            "Enter what the paper says, in up to 300 characters.",
        ),
        ("study_kind/change", {"value": "a guess"}, "Choose one of the values."),
        ("is_free_to_read/change", {"value": "maybe"}, "Choose one of the values."),
        ("trial_number/change", {"value": "none"}, "Enter the number of a register"),
    ],
)
def test_a_decision_that_cannot_be_stored_is_explained_at_its_fact(
    client: PageClient, draft: Draft, place: str, sent: dict[str, str], sentence: str
) -> None:
    before, (field, button) = content_of(draft), place.split("/")
    page = decide(client, draft, field, button, status=422, **sent)
    row = page[page.index(f'id="fact-{field}"') :]
    assert sentence in row[: row.index("</li>")]
    assert "Error: " in page
    assert (content_of(draft), draft.revision_number) == (before, 1)
    assert db.session.scalars(select(Fact)).all() == []


def test_what_was_typed_after_the_sign_in_ran_out_is_still_there(client: PageClient, draft: Draft) -> None:
    path = f"{sheet_of(draft)}/facts/age/change"
    fields = {"fact": "age", "value": "Adults under 70", "csrf_token": "of an earlier session"}
    assert client.post(path, fields).location == sheet_of(draft)
    page = client.get(sheet_of(draft)).text
    assert 'value="Adults under 70"' in page and "click the button again" in page
    decide(client, draft, "age", "change", value="Adults under 70")
    assert "click the button again" not in client.get(sheet_of(draft)).text


@pytest.mark.parametrize(("field", "button"), [("sample_size", "confirm"), ("harms", "not-stated")])
def test_a_button_beside_a_fact_says_that_it_has_to_be_clicked_again_after_signing_in(
    client: PageClient, draft: Draft, field: str, button: str
) -> None:
    page = client.get(sheet_of(draft)).text
    [quick] = re.findall(rf'<form class="quick"[^>]*/facts/{field}/{button}".*?</form>', page, re.S)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', quick))
    path = f"{sheet_of(draft)}/facts/{field}/{button}"
    client.post(path, fields | {"csrf_token": "of an earlier session"})
    row = (page := client.get(sheet_of(draft)).text)[page.index(f'id="fact-{field}"') :]
    assert "click the button again" in row[: row.index("</li>")]


def test_an_unknown_fact_or_draft_is_not_found(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "shoe_size", "confirm", status=404)
    client.get("/editor/summaries/999/paper", status=404)


def test_nothing_is_decided_while_two_texts_wait_for_a_decision(client: PageClient, draft: Draft) -> None:
    draft.merge_base = 1
    db.session.commit()
    page = decide(client, draft, "sample_size", "confirm", status=422, offer="40")
    assert "There are two versions of this text." in page
    assert content_of(draft).sample_size == "" and draft.merge_base == 1


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["show", "confirm", "not-stated"]), max_size=3), st.data())
def test_nothing_unconfirmed_reaches_a_draft(
    client: PageClient, draft: Draft, buttons: list[str], data: st.DataObject
) -> None:
    for button in buttons:
        before = content_of(draft)
        if button == "show":
            client.get(sheet_of(draft))
            assert content_of(draft) == before
            continue
        field = data.draw(st.sampled_from(["injury_level", "study_duration", "country", "funding"]))
        offers = re.findall(
            rf'(?s)id="fact-{field}".*?name="offer" value="([^"]*)"', client.get(sheet_of(draft)).text
        )
        decide(client, draft, field, button, offer=offers[0])
        after = content_of(draft)
        expected = offers[0] if button == "confirm" else "not stated"
        assert after == msgspec.structs.replace(before, **{field: expected})


# ------------------------------------------------------------------ the text of the paper


def add_text(client: PageClient, draft: Draft, *, status: int = 303, **sent: object) -> str:
    fields = sent | {"csrf_token": token(client, "/editor/papers/import")}
    answer = client.post(f"{sheet_of(draft)}/text", fields, status=status, content_type="multipart/form-data")
    answer.request.environ["wsgi.input"].close()  # the test client leaves that to the garbage collector
    return answer.text


def kinds(draft: Draft) -> list[tuple[ReadFrom, str]]:
    db.session.expire_all()
    return [(text.kind, text.source) for text in stored_texts.stored(draft)]


def test_a_pasted_text_is_stored_as_what_the_editor_says_it_is(client: PageClient, draft: Draft) -> None:
    add_text(client, draft, text="Adverse events\nNobody fell during massage.", kind="part")
    assert kinds(draft) == [(ReadFrom.FULL_TEXT, "paper.xml"), (ReadFrom.PART, "Pasted")]
    page = client.get(sheet_of(draft)).text
    assert "Nobody fell during massage." in page and "Pasted: part of the full text" in page


def test_a_file_tells_itself_how_much_it_is(client: PageClient, draft: Draft) -> None:
    other = ARTICLE.replace("14 participants", "15 participants").encode()
    add_text(client, draft, file=(BytesIO(other), "second.xml"))
    assert kinds(draft)[1:] == [(ReadFrom.FULL_TEXT, "second.xml")]


def test_of_a_pasted_text_an_editor_has_to_say_how_much_it_is(client: PageClient, draft: Draft) -> None:
    page = add_text(client, draft, text="Nobody fell.", status=422)
    assert "Choose how much of the paper this is." in page and "Nobody fell.</textarea>" in page
    assert len(kinds(draft)) == 1


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"text": ARTICLE[:600]}, "damaged or breaks off"),
        ({"text": " "}, "There is no text to store"),
        ({"file": (b"%PDF-1.7", "paper.txt")}, "This is a PDF, which we can’t read."),
    ],
)
def test_a_text_that_cannot_be_read_is_explained_at_its_field(
    client: PageClient, draft: Draft, sent: dict[str, object], sentence: str
) -> None:
    if "file" in sent:
        sent = {"file": (BytesIO(sent["file"][0]), sent["file"][1])}  # type: ignore[index]
    page = add_text(client, draft, status=422, kind="part", **sent)
    assert sentence in page
    assert "text" not in sent or str(sent["text"])[-30:] in page.replace("&lt;", "<").replace(
        "&gt;", ">"
    ).replace("&#34;", '"')
    assert len(kinds(draft)) == 1


@pytest.mark.proves("Web: bodies, imports and the number of fields are limited")
def test_a_larger_file_is_refused_with_a_sentence(client: PageClient, draft: Draft) -> None:
    huge = BytesIO(b"a" * (stored_texts.MOST_BYTES + 1))
    assert "larger than 8 MB" in add_text(client, draft, status=413, file=(huge, "paper.txt"), kind="part")


def test_an_erased_text_is_gone_and_facts_from_it_stay(client: PageClient, draft: Draft) -> None:
    decide(client, draft, "funding", "confirm", offer="A foundation paid.")
    [stored] = stored_texts.stored(draft)
    client.post(
        f"{sheet_of(draft)}/text/{stored.id}/erase", {"csrf_token": token(client, "/editor/papers/import")}
    )
    assert kinds(draft) == []
    assert (fact_of(draft, "funding").quote, fact_of(draft, "funding").text_id) == (
        "A foundation paid.",
        None,
    )
    assert "no longer in the text" in client.get(sheet_of(draft)).text


def test_what_was_read_is_offered_and_set_only_when_pressed(client: PageClient, draft: Draft) -> None:
    assert "I read the full text</button>" in client.get(sheet_of(draft)).text
    assert content_of(draft).paper.read_from is None
    fields = {"read_from": "full-text", "csrf_token": token(client, "/editor/papers/import")}
    client.post(f"{sheet_of(draft)}/read-from", fields)
    assert content_of(draft).paper.read_from is ReadFrom.FULL_TEXT
    assert "I read the full text</button>" not in client.get(sheet_of(draft)).text


def test_doubts_about_the_text_are_shown(client: PageClient, draft: Draft) -> None:
    [stored] = stored_texts.stored(draft)
    stored.sections = [
        msgspec.structs.replace(one, text=re.sub(r"\d", "", one.text)) for one in stored.sections
    ]
    db.session.commit()
    assert "The tables have no numbers." in client.get(sheet_of(draft)).text


def test_the_form_the_import_and_the_list_lead_here(client: PageClient, draft: Draft) -> None:
    for page in (f"/editor/summaries/{draft.id}", "/editor/summaries"):
        assert f'href="{sheet_of(draft)}"' in client.get(page).text
