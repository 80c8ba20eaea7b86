"""Writing an answer in the editor, with the buttons that summaries have. All of it without JavaScript."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EditorClient, add_editor, audited, sign_in, token
from tests.editor.forms import Sent, changed, fields_of, opened, press, sent_by
from tests.factories import NOW, add_answer, add_article, answer_content, content, publish
from tests.newsletter.steps import delivered, link_in
from tests.pages import H, PageClient, parsed
from webapp.content.answer_content import AnswerContent, content_from_json
from webapp.db.session import db
from webapp.editor.forms import content_from, form_for, values_of
from webapp.models import Answer, Article, AuditKind, Draft, Revision, Role
from webapp.models.values import Certainty, Claim, TextKind
from webapp.publishing import answers, publication
from webapp.publishing.sign_offs import ANSWER_PARTS

NEW = "/editor/summaries/new"
SLUG = "does-the-pill-help"


@pytest.fixture(autouse=True)
def article(client: PageClient) -> Article:
    """A summary to cite, and an editor who is signed in."""
    add_editor()
    sign_in(client)
    return add_article(slug="pill-trial", plain_title="A made-up pill did not ease pain")


def complete(**changes: Any) -> dict[str, Any]:
    """Fields of an answer that can be published without a warning."""
    return {
        "question": "Does the pill help?",
        "phrasings": "\r\n".join(
            f"does the pill {word}" for word in ("work", "do good", "ease", "cure", "heal")
        ),
        "categories": ["pain-management"],
        "main_category": "pain-management",
        "verdict": "Of the summaries here, none shows that it eases pain.",
        "verdict_rests_on": "pill-trial",
        "certainty": "unsure",
        "certainty_reason": "The trial was small.",
        **{f"found-{i}-text": f"The pain stayed the same{'.' * (i + 1)}" for i in range(3)},
        **{f"found-{i}-rests_on": "pill-trial" for i in range(3)},
        "missing-0": "We have no summary of a long trial.",
        "would_change-0": "A long trial would.",
        "questions-0": "What else could ease my pain?",
        "elsewhere-0-name": "A made-up place",
        "elsewhere-0-url": "https://example.org/pain",
        "written_by": "A test",
        "next_check_on": "2027-05-24",
    } | changes


def new_form(client: PageClient, **changes: Any) -> Sent:
    return opened(client, f"{NEW}?kind=answer", **complete(**changes))


def the_draft() -> Draft:
    db.session.rollback()
    return db.session.scalars(select(Draft).where(Draft.kind == TextKind.ANSWER)).one()


def the_content() -> AnswerContent:
    text = content_from_json(the_draft().content)
    assert isinstance(text, AnswerContent)
    return text


def test_an_answer_is_written_previewed_and_published(client: PageClient) -> None:
    preview = client.get(press(client, NEW, new_form(client), "preview").location).text
    assert "Does the pill help?" in preview and "This is how readers would see it." in preview
    client.get(f"/answers/{SLUG}", status=404)
    draft = the_draft()
    edit = f"/editor/summaries/{draft.id}"
    after = client.get(press(client, edit, opened(client, edit), "publish").location).text
    assert "Readers see it now." in after and f'href="/answers/{SLUG}"' in after
    assert "The pain stayed the same." in client.get(f"/answers/{SLUG}").text
    assert "A made-up pill did not ease pain" in client.get("/editor/summaries").text
    assert "Does the pill help?" not in client.get("/editor/summaries").text
    assert "Does the pill help?" in client.get("/editor/answers").text


def test_a_summary_is_cited_by_its_address_or_a_part_of_its_title(client: PageClient) -> None:
    add_article(slug="dog-trial", plain_title="A made-up pill for dogs")
    typed = {
        "found-0-rests_on": "DID NOT ease",
        "found-1-rests_on": "pill-trial: A made-up pill did not ease pain\r\n\r\ndog-trial",
        "found-2-rests_on": "a made-up pill\r\nno such thing",
    }
    answer = press(client, NEW, new_form(client, **typed), "publish", status=422).text
    assert [claim.rests_on for claim in the_content().found] == [
        ["pill-trial"],
        ["pill-trial", "dog-trial"],
        ["a made-up pill", "no such thing"],  # the first fits two titles, the second none
    ]
    for name in ("a made-up pill", "no such thing"):
        assert f"We have no summary “{name}”." in answer
    page = client.get(f"/editor/summaries/{the_draft().id}").text
    assert fields_of(page)["found-0-rests_on"] == "pill-trial: A made-up pill did not ease pain"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (
            {"verdict": "Of 77 people, none got better."},
            "None of the summaries that this rests on has the number 77.",
        ),
        ({"certainty": ""}, "Choose how sure we are."),
        ({"verdict_rests_on": ""}, "Name the summaries that the verdict rests on"),
    ],
)
def test_what_is_refused_is_saved_with_the_reason(
    client: PageClient, fields: dict[str, str], reason: str
) -> None:
    page = press(client, NEW, new_form(client, **fields), "publish", status=422).text
    assert reason in page and "Your text is saved as a draft." in page
    assert the_draft().answer is None


def test_a_withdrawn_or_retracted_summary_is_named(client: PageClient, article: Article) -> None:
    publication.withdraw(article, "It was wrong.", NOW)
    db.session.commit()
    page = press(client, NEW, new_form(client), "publish", status=422).text
    assert "“A made-up pill did not ease pain” was withdrawn." in page


def test_a_warning_needs_a_reason(client: PageClient) -> None:
    page = press(client, NEW, new_form(client, verdict="It is no breakthrough."), "publish", status=422).text
    edit = f"/editor/summaries/{the_draft().id}"
    press(client, edit, changed(fields_of(page), **{"accept-0": "It says no."}), "publish")
    assert the_draft().answer is not None


def test_unsaved_typing_is_listed_with_the_answers(client: PageClient) -> None:
    sent = new_form(client, question="Will typing be lost?")
    client.post(f"{NEW}/autosave", sent)
    assert "Will typing be lost?" not in client.get("/editor/summaries").text
    page = client.get("/editor/answers").text
    assert "Will typing be lost?" in page
    link = next(
        a.get("href", "") for a in parsed(page).iter(f"{H}a") if "key=new-answer-" in a.get("href", "")
    )
    form = fields_of(client.get(link).text)
    assert form["verdict"] == complete()["verdict"]
    press(client, NEW, form, "discard")
    assert "Will typing be lost?" not in client.get("/editor/answers").text


def test_rows_are_added_and_removed(client: PageClient) -> None:
    page = press(client, NEW, new_form(client), "move", "found-add", status=200).text
    assert "found-3-rests_on" in fields_of(page)
    page = press(client, NEW, fields_of(page), "move", "found-0-remove", status=200).text
    assert "Bring back the removed claim" in page and "found-3-text" not in fields_of(page)


def test_an_answer_goes_out_at_its_time(app: Flask, client: PageClient) -> None:
    at = (datetime.now(UTC) + timedelta(days=1)).replace(tzinfo=None, microsecond=0)
    page = press(client, NEW, new_form(client, publish_at=at.isoformat(timespec="minutes")), "schedule")
    assert "Scheduled for" in client.get("/editor/answers").text and page
    with time_machine.travel(at + timedelta(days=1), tick=False):
        result = app.test_cli_runner().invoke(args=["articles", "publish-due"])
    assert "Published: Does the pill help?" in result.output
    client.get(f"/answers/{SLUG}")


def test_two_editors_texts_are_merged(client: PageClient) -> None:
    press(client, NEW, new_form(client), "save")
    edit = f"/editor/summaries/{the_draft().id}"
    mine = opened(client, edit, verdict="My verdict.", tab="another-tab")
    press(
        client, edit, opened(client, edit, certainty_reason="Their reason.", verdict="Their verdict."), "save"
    )
    page = press(client, edit, mine, "save", status=409).text
    assert "Take theirs for verdict" in page
    merged = fields_of(page)
    assert (merged["verdict"], merged["certainty_reason"]) == ("My verdict.", "Their reason.")
    page = press(client, edit, merged, "take", "verdict", status=200).text
    assert fields_of(page)["verdict"] == "Their verdict."


def test_history_comparison_and_restoring(client: PageClient) -> None:
    press(client, NEW, new_form(client), "save")
    edit = f"/editor/summaries/{the_draft().id}"
    press(client, edit, opened(client, edit, certainty="very-unsure"), "save")
    page = client.get(f"{edit}/compare").text
    assert "How sure we are" in page and "Certainty" not in page
    history = client.get(f"{edit}/history").text
    assert 'href="/editor/answers"' in history
    fields = {"number": "1", "revision": "2", "csrf_token": token(client, f"{edit}/history")}
    client.post(f"{edit}/restore", fields)
    assert the_content().certainty is Certainty.UNSURE


def test_withdrawing_and_publishing_again(client: PageClient) -> None:
    press(client, NEW, new_form(client), "publish")
    draft = the_draft()
    assert draft.answer is not None
    path = f"/editor/answers/{draft.answer.id}/withdraw"
    page = client.get(path).text
    assert "Withdraw this answer?" in page
    sent = {"csrf_token": token(client, path), "note": "Its summary was wrong."}
    assert client.post(path, sent).location == "/editor/answers"
    assert "Its summary was wrong." in client.get(f"/answers/{SLUG}", status=410).text
    client.get(path, status=404)
    edit = client.get(f"/editor/answers/{draft.answer_id}", status=303).location
    press(client, edit, opened(client, edit), "publish")
    client.get(f"/answers/{SLUG}")


def test_a_draft_is_deleted_and_brought_back(client: PageClient) -> None:
    press(client, NEW, new_form(client), "save")
    edit = f"/editor/summaries/{the_draft().id}"
    listed = press(client, edit, opened(client, edit), "delete").location
    assert listed.startswith("/editor/answers") and "is deleted" in client.get(listed).text
    client.post(f"{edit}/undelete", {"csrf_token": token(client, listed)})
    assert the_draft().deleted_at is None


def test_a_review_of_an_answer_is_printed_with_it(client: PageClient) -> None:
    answer = add_answer("pill-trial", slug="reviewed")
    reviews = f"/editor/summaries/{the_draft().id}/reviews"
    form = [form for form in parsed(client.get(reviews).text).iter(f"{H}form") if form.get("action") is None][
        -1
    ]
    asked = {"name": "Jo Doe", "email": "jo@example.org", "kind": "clinician"}
    client.post(reviews, changed(sent_by(form), **asked))
    path = link_in(delivered()[-1], "/review/")
    visitor = EditorClient(client.flask.application)
    page = visitor.get(path).text
    assert answer.verdict in page and "A made-up pill did not ease pain" in page
    sent = changed(sent_by(next(iter(parsed(page).iter(f"{H}form")))), agrees="y", role="physical therapist")
    agreed = {f"{part}__opinion": "agree" for part in ANSWER_PARTS}
    visitor.post(path, changed(sent, **agreed))
    assert "Checked by Jo Doe, physical therapist" in visitor.get("/answers/reviewed").text


def test_an_answer_has_no_fact_sheet(client: PageClient) -> None:
    press(client, NEW, new_form(client), "save")
    client.get(f"/editor/summaries/{the_draft().id}/paper", status=404)
    press(client, f"/editor/summaries/{the_draft().id}", new_form(client), "fill", status=404)


def test_the_form_says_what_a_file_says(app: Flask, article: Article) -> None:
    text = answer_content(
        article.slug,
        safety_cards=["new-loss"],
        found=[Claim(text="Two\nlines.", rests_on=["pill-trial", "unknown"])],
        published_on=NOW.date(),
    )
    with app.test_request_context("/editor/"):
        form = form_for(TextKind.ANSWER, None, values_of(text))
        assert content_from(form, text) == text


def test_a_changed_summary_puts_its_answers_in_the_work(client: PageClient, article: Article) -> None:
    answer_id = add_answer("pill-trial").id
    add_answer(add_article().slug)
    assert "it rests on changed" not in client.get("/editor/").text
    publish(content(slug="pill-trial", paper={"doi": article.paper.doi}), NOW, article)
    db.session.commit()
    page = client.get("/editor/").text
    assert page.count("Still right<") == 1
    form = next(f for f in parsed(page).iter(f"{H}form") if "still-right" in f.get("action", ""))
    sent = sent_by(form)
    publication.withdraw(
        article, "It was wrong.", NOW
    )  # after the page was shown: this was not looked at yet
    db.session.commit()
    client.post(f"/editor/answers/{answer_id}/still-right", sent)
    page = client.get("/editor/").text
    assert "1 summary it rests on changed" in page
    form = next(f for f in parsed(page).iter(f"{H}form") if "still-right" in f.get("action", ""))
    client.post(f"/editor/answers/{answer_id}/still-right", sent_by(form))
    assert "it rests on changed" not in client.get("/editor/").text
    assert audited().count(AuditKind.STILL_RIGHT) == 2


def test_publishing_an_answer_takes_it_off_the_work(client: PageClient, article: Article) -> None:
    answer = add_answer("pill-trial")
    publish(content(slug="pill-trial", paper={"doi": article.paper.doi}), NOW, article)
    answers.fill(answer, answers.content_of(answer))
    db.session.commit()
    assert "it rests on changed" not in client.get("/editor/").text


def test_an_answer_whose_check_is_due_is_in_the_work(client: PageClient) -> None:
    answer = add_answer("pill-trial")
    answer.next_check_on = NOW.date()
    db.session.commit()
    page = client.get("/editor/").text
    assert "Was due by November 24, 2026" in page and "Still right<" not in page


@pytest.mark.parametrize("change", ["", "x", "²"])
def test_still_right_names_what_was_looked_at(client: PageClient, change: str) -> None:
    answer = add_answer("pill-trial")
    fields = {"change": change, "csrf_token": token(client, "/editor/answers")}
    client.post(f"/editor/answers/{answer.id}/still-right", fields, status=400)


def test_a_writer_publishes_no_answer(app: Flask) -> None:
    add_editor("Will Writer", "will@example.org", Role.WRITER)
    writer = EditorClient(app)
    sign_in(writer, "will@example.org")
    press(writer, NEW, new_form(writer), "publish", status=403)
    press(writer, NEW, new_form(writer), "save")
    assert db.session.scalars(select(Answer)).all() == []
    assert len(db.session.scalars(select(Revision)).all()) == 2  # with that of the summary
