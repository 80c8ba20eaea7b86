"""Working on one text together: who has a draft, and comments at its fields."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select

from tests.accounts.people import EditorClient, add_editor, sign_in, token_on
from tests.editor.forms import changed, fields_of, form_of, press
from tests.editor.test_work import sections
from tests.factories import NOW, add_answer, add_article, content
from tests.pages import H, PageClient, parsed
from webapp.db.session import db
from webapp.models import Article, Assignment, AuditEntry, AuditKind, DraftComment, Editor, Role
from webapp.publishing import deletion, revisions, teamwork

LATER = NOW + timedelta(days=2)


@pytest.fixture
def article(editor: Editor) -> Article:
    """A published summary; somebody is signed in."""
    return add_article()


@pytest.fixture
def form(client: PageClient, article: Article) -> str:
    """The address of its form."""
    return form_of(client, article.id)


def draft_of_two(title: str, saved_by: Editor) -> int:
    draft = revisions.save(revisions.new_draft(), content(plain_title=title), 0, saved_by.id, NOW)
    db.session.commit()
    return draft.id


def say(client: PageClient, form: str, text: str, place: str = "harms", **typed: str) -> str:
    sent = changed(fields_of(client.get(form).text), **{f"remark__{place}": text}, **typed)
    return press(client, form, sent, "comment", place, status=200).text


def talk(page: str, field: str = "harms") -> str:
    """The comments at a field, as text."""
    [found] = [e for e in parsed(page).iter(f"{H}div") if e.get("id") == f"talk-{field}"]
    return " ".join(" ".join(found.itertext()).split())


def comment() -> DraftComment:
    return db.session.scalars(select(DraftComment).order_by(DraftComment.id)).all()[0]


# ------------------------------------------------------------------ who has a draft


def assigned(client: PageClient, form: str, **fields: str) -> str:
    return client.post(f"{form}/assign", changed(fields_of(client.get(form).text), **fields), status=200).text


def test_a_text_is_given_to_a_colleague_and_what_was_typed_stays(
    client: PageClient, form: str, editor: Editor
) -> None:
    colleague = add_editor("Bo", "bo@example.org", Role.WRITER)
    page = assigned(client, form, assigned_to=str(colleague.id), harms="Typed meanwhile")
    assert "Assigned to Bo." in page and fields_of(page)["harms"] == "Typed meanwhile"
    row = db.session.scalars(select(Assignment)).one()
    assert (row.editor_id, row.assigned_by_id, row.assigned_at) == (colleague.id, editor.id, NOW)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == AuditKind.ASSIGNED)).one()
    assert (entry.actor_id, entry.account_id) == (editor.id, colleague.id)


def test_an_editor_takes_a_text_and_nobody_has_it_again(
    client: PageClient, form: str, editor: Editor
) -> None:
    assert "Assigned to you." in assigned(client, form, take="yes")
    assert db.session.scalars(select(Assignment.editor_id)).all() == [editor.id]
    assert "Assigned to nobody." in assigned(client, form, assigned_to="")
    assert db.session.scalars(select(Assignment)).all() == []
    kinds = db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert kinds[-2:] == [AuditKind.ASSIGNED, AuditKind.UNASSIGNED]


def test_giving_a_text_to_whom_has_it_changes_nothing(client: PageClient, form: str, editor: Editor) -> None:
    assigned(client, form, take="yes")
    assigned(client, form, assigned_to=str(editor.id))
    entries = select(AuditEntry).where(AuditEntry.kind == AuditKind.ASSIGNED)
    assert len(db.session.scalars(entries).all()) == 1


@pytest.mark.parametrize("role", [Role.REVIEWER, None])
def test_only_somebody_who_writes_is_given_a_text(client: PageClient, form: str, role: Role | None) -> None:
    number = add_editor("Bo", "bo@example.org", role).id if role else 999
    sent = changed(fields_of(client.get(form).text), assigned_to=str(number))
    client.post(f"{form}/assign", sent, status=400)
    assert db.session.scalars(select(Assignment)).all() == []


def test_a_text_that_was_never_saved_is_given_to_nobody(client: PageClient, editor: Editor) -> None:
    page = client.get("/editor/summaries/new", follow_redirects=True).text
    assert "Assign to me" not in page
    client.post("/editor/summaries/new/assign", changed(fields_of(page), take="yes"), status=404)


def titles(client: PageClient, path: str) -> list[str]:
    page = parsed(client.get(path).text)
    return [
        "".join(link.itertext())
        for cell in page.iter(f"{H}th")
        if cell.get("scope") == "row"
        for link in list(cell.iter(f"{H}a"))[:1]
    ]


def test_the_list_shows_who_has_a_text_and_finds_mine(client: PageClient, editor: Editor) -> None:
    mine, other = draft_of_two("Mine", editor), draft_of_two("Bo's", editor)
    colleague = add_editor("Bo Roe", "bo@example.org")
    teamwork.assign(revisions.get_draft(mine), editor.id, editor.id, NOW)
    teamwork.assign(revisions.get_draft(other), colleague.id, editor.id, NOW)
    db.session.commit()
    assert "Assigned to: </span>Bo Roe" in client.get("/editor/summaries").text
    assert titles(client, f"/editor/summaries?for={editor.id}") == ["Mine"]
    assert titles(client, f"/editor/summaries?for={colleague.id}&q=Bo") == ["Bo's"]
    assert "No summary is like that." in client.get(f"/editor/summaries?for={editor.id}&q=Bo").text


def test_the_list_of_answers_shows_who_has_one_and_finds_mine(client: PageClient, editor: Editor) -> None:
    answer, _ = add_answer(question="Is it mine?"), add_answer(question="Is it yours?")
    teamwork.assign(revisions.draft_of(answer_id=answer.id), editor.id, editor.id, NOW)
    db.session.commit()
    assert "Assigned to: </span>Ana Example" in client.get("/editor/answers").text
    assert titles(client, "/editor/answers?mine=yes") == ["Is it mine?"]


def test_my_work_begins_my_drafts_with_what_was_given_to_me(client: PageClient, editor: Editor) -> None:
    colleague = add_editor("Bo", "bo@example.org")
    given = draft_of_two("Given to me", colleague)
    draft_of_two("My own", editor)
    assert "Given to me" not in sections(client).get("Your drafts", "")
    teamwork.assign(revisions.get_draft(given), editor.id, colleague.id, NOW)
    db.session.commit()
    shown = sections(client)["Start here"] + sections(client)["Your drafts"]
    assert shown.index("Given to me Assigned to you · Draft") < shown.index("My own")


def test_a_published_text_is_work_again_if_it_is_given_to_me_afterwards(
    client: PageClient, article: Article, editor: Editor
) -> None:
    draft = revisions.draft_of(article_id=article.id)
    teamwork.assign(draft, editor.id, editor.id, article.updated_at)
    db.session.commit()
    assert "Assigned to you" not in client.get("/editor/").text
    db.session.execute(delete(Assignment))
    teamwork.assign(draft, editor.id, editor.id, article.updated_at + timedelta(minutes=1))
    db.session.commit()
    assert "Assigned to you" in client.get("/editor/").text


# ------------------------------------------------------------------ comments


def test_a_comment_is_shown_at_its_field_counted_in_the_parts_and_what_was_typed_stays(
    client: PageClient, form: str
) -> None:
    page = say(client, form, "Say how many.", harms="Typed meanwhile")
    assert fields_of(page)["harms"] == "Typed meanwhile" and fields_of(page)["remark-harms"] == ""
    page = client.get(form).text
    assert "Ana Example" in talk(page) and "Say how many." in talk(page)
    assert "Say how many." not in talk(page, "findings")
    assert "1 open comment" in page
    assert '<a href="#talk-harms">Harms and side effects</a>: 1 open comment' in page


def test_the_form_of_an_answer_has_comments_as_well(client: PageClient, editor: Editor) -> None:
    answer = add_answer()
    form: str = client.get(f"/editor/answers/{answer.id}", status=303).location
    say(client, form, "Is this fair?", "verdict")
    assert "Is this fair?" in talk(client.get(form).text, "verdict")


def test_a_colleague_replies_marks_it_as_done_and_opens_it_again(
    client: PageClient, app: Flask, form: str
) -> None:
    say(client, form, "Say how many.")
    add_editor("Bo Roe", "bo@example.org", Role.WRITER)
    colleague = EditorClient(app)
    sign_in(colleague, "bo@example.org")
    number = str(comment().id)
    page = say(colleague, form, "Table 3 has it.", number)
    assert talk(page).index("Say how many.") < talk(page).index("Bo Roe") < talk(page).index("Table 3")
    sent = changed(fields_of(page), harms="Typed meanwhile")
    page = press(colleague, form, sent, "comment-settle", number, status=200).text
    assert "Marked as done." in talk(page) and fields_of(page)["harms"] == "Typed meanwhile"
    assert "open comment" not in page
    page = press(colleague, form, fields_of(page), "comment-reopen", number, status=200).text
    assert "1 open comment" in page and comment().done_at is None


def test_a_reply_opens_what_was_done(client: PageClient, form: str) -> None:
    say(client, form, "Say how many.")
    number = str(comment().id)
    press(client, form, fields_of(client.get(form).text), "comment-settle", number, status=200)
    assert comment().done_at == NOW
    fields = changed(fields_of(client.get(form).text), **{f"remark-{number}": "Not yet."})
    press(client, form, fields, "comment", number, status=200)
    assert comment().done_at is None


def test_sent_twice_it_is_stored_once(client: PageClient, form: str) -> None:
    say(client, form, "Say how many.")
    say(client, form, " Say how many. ")
    assert len(db.session.scalars(select(DraftComment)).all()) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("  ", "Write your comment first."),
        ("x" * 2001, "Please use at most 2,000 characters. This has 2,001."),
    ],
)
def test_a_comment_that_cannot_be_stored_is_refused_and_kept_in_its_field(
    client: PageClient, form: str, text: str, sentence: str
) -> None:
    sent = changed(fields_of(client.get(form).text), remark__harms=text, harms="Typed meanwhile")
    page = press(client, form, sent, "comment", "harms", status=422).text
    assert sentence in talk(page)
    assert fields_of(page)["remark-harms"] == text and fields_of(page)["harms"] == "Typed meanwhile"
    assert db.session.scalars(select(DraftComment)).all() == []


@pytest.mark.parametrize("place", ["nowhere", "999", "²", "verdict"])
def test_a_comment_somewhere_else_is_refused(client: PageClient, form: str, place: str) -> None:
    sent = changed(fields_of(client.get(form).text), **{f"remark-{place}": "Lost?"})
    press(client, form, sent, "comment", place, status=422)
    press(client, form, sent, "comment-settle", place, status=404)
    assert db.session.scalars(select(DraftComment)).all() == []


def test_a_comment_of_another_draft_is_not_found(client: PageClient, form: str) -> None:
    say(client, form, "Say how many.")
    other = form_of(client, add_article().id)
    press(client, other, fields_of(client.get(other).text), "comment-settle", str(comment().id), status=404)
    assert comment().done_at is None


def test_for_htmx_only_the_field_comes_back(client: PageClient, form: str) -> None:
    sent = changed(
        fields_of(client.get(form).text), remark__harms="Say how many.", remark__findings="Half a sent"
    )
    answer = client.post_fragment(f"{form}/comment", changed(sent, comment="harms"))
    assert "Say how many." in answer and "talk-findings" not in answer
    assert len(db.session.scalars(select(DraftComment)).all()) == 1


def test_a_comment_that_was_typed_is_sent_when_the_form_leaves_the_page(
    client: PageClient, form: str, editor: Editor
) -> None:
    sent = changed(fields_of(client.get(form).text), remark__harms="Say how many.")
    press(client, form, sent, "save")
    assert "Say how many." in talk(client.get(form).text)
    half = changed(fields_of(client.get(form).text), remark__findings="Half a sent")
    client.post_fragment(f"{form}/save", half)
    assert "Half a sent" not in client.get(form).text


@pytest.mark.parametrize("is_reply", [False, True])
def test_what_was_typed_to_colleagues_when_the_session_ended_is_there_again(
    app: Flask, client: PageClient, form: str, *, is_reply: bool
) -> None:
    say(client, form, "Say how many.")
    place = str(comment().id) if is_reply else "harms"
    add_editor("Bo", "bo@example.org", Role.WRITER)
    other = EditorClient(app)
    sign_in(other, "bo@example.org")
    sent = changed(fields_of(other.get(form).text), **{f"remark__{place}": "Not lost"})
    other.post("/editor/sign-out", {"csrf_token": token_on(other.get(form).text)})
    press(other, form, sent, "comment", place)
    sign_in(other, "bo@example.org")
    page = other.get(form).text
    again = fields_of(page)
    assert again[f"remark-{place}"] == "Not lost" and 'id="talk-fold-harms" data-keep-open open' in page
    press(other, form, again, "comment", place, status=200)
    page = other.get(form).text
    assert fields_of(page)[f"remark-{place}"] == "" and "Not lost" in talk(page)


def test_a_comment_that_went_out_with_a_refused_text_waits_in_its_field_no_more(
    client: PageClient, form: str
) -> None:
    typed = changed(fields_of(client.get(form).text), remark__harms="Say how many.", main_message="")
    page = press(client, form, typed, "publish", status=422).text
    assert "Say how many." in talk(page) and fields_of(page)["remark-harms"] == ""


def test_comments_stay_when_the_text_is_published(client: PageClient, form: str) -> None:
    say(client, form, "Say how many.")
    press(client, form, changed(fields_of(client.get(form).text), harms="Two fell."), "publish")
    assert "Say how many." in talk(client.get(form).text)


def test_comments_go_with_their_draft(client: PageClient, editor: Editor) -> None:
    number = draft_of_two("Short-lived", editor)
    form = f"/editor/summaries/{number}"
    say(client, form, "Say how many.")
    assigned(client, form, take="yes")
    deletion.delete(revisions.get_draft(number), NOW)
    deletion.forget_deleted(LATER)
    db.session.commit()
    assert db.session.scalars(select(DraftComment)).all() == []
    assert db.session.scalars(select(Assignment)).all() == []


def test_a_comment_outlives_the_account_that_wrote_it(client: PageClient, form: str) -> None:
    colleague = add_editor("Bo Roe", "bo@example.org")
    draft = revisions.get_draft(int(form.rpartition("/")[2]))
    teamwork.write(draft, "harms", "Say how many.", colleague.id, NOW)
    teamwork.assign(draft, colleague.id, None, NOW)
    db.session.execute(delete(Editor).where(Editor.id == colleague.id))
    db.session.commit()
    assert "A former colleague" in talk(client.get(form).text)
    assert db.session.scalars(select(Assignment)).all() == []
