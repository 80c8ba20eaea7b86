"""What was typed survives a closed tab, a sign-in that ran out, and a token from before."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import EMAIL, PASSWORD, EditorClient, add_editor, sign_in, token, token_on
from tests.editor.forms import Sent, changed, complete, fields_of, form_of, opened, press
from tests.factories import add_article
from tests.pages import PageClient
from webapp.accounts.form_recovery import MOST_CHARACTERS
from webapp.db.session import db
from webapp.models import Autosave, Draft, RecoverableForm, Revision

NEW = "/editor/summaries/new"
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ODD = "  two  spaces\r\n\r\n\ttab “quotes” ü 🦴 <b>&amp;</b>\r\n"


@pytest.fixture
def edit(client: PageClient) -> str:
    """The address of a draft of somebody who is signed in."""
    add_editor()
    sign_in(client)
    press(client, NEW, opened(client, NEW, **complete()), "save")
    return f"/editor/summaries/{db.session.scalar(select(Draft.id))}"


def autosave(client: PageClient, path: str, sent: Sent) -> str:
    return client.post_fragment(f"{path}/autosave", sent)


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def sign_in_at(client: PageClient, address: str, email: str = EMAIL) -> str:
    sent = {"email": email, "password": PASSWORD, "csrf_token": token(client, address)}
    location = client.post(address, sent).location
    assert location
    return location


# ------------------------------------------------------------------ autosave


def test_what_was_typed_is_there_when_the_form_is_opened_again(client: PageClient, edit: str) -> None:
    fragment = autosave(client, edit, opened(client, edit, harms=ODD, paper__status_on="not a date"))
    assert "Your typing is saved" in fragment
    page = client.get(edit).text
    assert "This is what you typed but didn’t save." in page
    assert fields_of(page)["harms"] == ODD and fields_of(page)["paper-status_on"] == "not a date"


def test_an_autosave_is_no_part_of_the_history_and_there_is_one(client: PageClient, edit: str) -> None:
    for text in ("one", "two", "three"):
        autosave(client, edit, opened(client, edit, harms=text))
    assert (count(Autosave), count(Revision)) == (1, 1)
    assert fields_of(client.get(edit).text)["harms"] == "three"


def test_saving_settles_the_autosave(client: PageClient, edit: str) -> None:
    autosave(client, edit, opened(client, edit, harms="Typed."))
    press(client, edit, opened(client, edit), "save")
    assert count(Autosave) == 0
    assert fields_of(client.get(edit).text)["harms"] == "Typed."


def test_typing_back_what_is_saved_leaves_no_autosave(client: PageClient, edit: str) -> None:
    saved = opened(client, edit)
    autosave(client, edit, changed(saved, harms="Typed."))
    autosave(client, edit, saved)
    assert count(Autosave) == 0


def test_an_autosave_is_thrown_away_on_demand(client: PageClient, edit: str) -> None:
    autosave(client, edit, opened(client, edit, harms="Typed."))
    press(client, edit, opened(client, edit), "discard")
    assert fields_of(client.get(edit).text)["harms"] == "Some people had a dry mouth."


def test_each_person_has_an_autosave_of_their_own(client: PageClient, app: Flask, edit: str) -> None:
    add_editor("Bo Other", "bo@example.org")
    other = EditorClient(app)
    sign_in(other, "bo@example.org")
    autosave(client, edit, opened(client, edit, harms="Mine."))
    assert fields_of(other.get(edit).text)["harms"] == "Some people had a dry mouth."


def test_an_autosave_never_overwrites_a_newer_text(client: PageClient, app: Flask, edit: str) -> None:
    add_editor("Bo Other", "bo@example.org")
    other = EditorClient(app)
    sign_in(other, "bo@example.org")
    mine = opened(client, edit, harms="Mine.")
    press(other, edit, opened(other, edit, harms="Theirs."), "save")
    assert "Bo Other saved a newer text in the meantime." in autosave(client, edit, mine)
    page = press(client, edit, opened(client, edit), "save", status=409).text
    assert "<dd>Theirs.</dd>" in page and fields_of(page)["harms"] == "Mine."


def test_a_form_in_which_nothing_was_typed_leaves_no_autosave_when_a_newer_text_was_saved(
    client: PageClient, app: Flask, edit: str
) -> None:
    add_editor("Bo Other", "bo@example.org")
    other = EditorClient(app)
    sign_in(other, "bo@example.org")
    mine = opened(client, edit)
    press(other, edit, opened(other, edit, harms="Theirs."), "save")
    assert "Bo Other saved a newer text in the meantime." in autosave(client, edit, mine)
    assert count(Autosave) == 0
    assert fields_of(client.get(edit).text)["harms"] == "Theirs."


def test_two_tabs_of_one_person_do_not_overwrite_each_other(client: PageClient, edit: str) -> None:
    first, second = opened(client, edit, harms="First tab."), opened(client, edit, harms="Second tab.")
    autosave(client, edit, first)
    autosave(client, edit, second)
    page = client.get(edit).text
    assert fields_of(page)["harms"] == "Second tab."
    assert "You also typed into it in another tab" in page
    other = re.search(rf'href="({edit}\?typed=[0-9a-f]+)"', page)
    assert other and fields_of(client.get(other.group(1)).text)["harms"] == "First tab."
    press(client, edit, fields_of(page), "save")
    page = client.get(edit).text
    assert fields_of(page)["harms"] == "First tab." and "in another tab" not in page
    merged = press(client, edit, fields_of(page), "save", status=409).text
    assert "<dd>Second tab.</dd>" in merged and fields_of(merged)["harms"] == "First tab."


def test_a_form_opened_again_takes_the_place_of_the_closed_tab(client: PageClient, edit: str) -> None:
    autosave(client, edit, opened(client, edit, harms="Before."))
    autosave(client, edit, opened(client, edit, harms="After."))
    assert (count(Autosave), fields_of(client.get(edit).text)["harms"]) == (1, "After.")


def test_a_tab_thought_closed_goes_on_and_keeps_its_own(client: PageClient, edit: str) -> None:
    still_open = opened(client, edit, harms="Before.")
    autosave(client, edit, still_open)
    again = opened(client, edit, harms="In the new tab.")
    autosave(client, edit, changed(still_open, harms="And more."))
    autosave(client, edit, again)
    assert count(Autosave) == 2
    press(client, edit, again, "save")
    assert fields_of(client.get(edit).text)["harms"] == "And more."


def test_what_was_typed_before_a_colleague_began_the_draft_is_found(client: PageClient, app: Flask) -> None:
    article_id = add_article().id
    add_editor()
    sign_in(client)
    path = form_of(client, article_id)
    autosave(client, path, opened(client, path, harms="Mine."))
    add_editor("Bo Other", "bo@example.org")
    other = EditorClient(app)
    sign_in(other, "bo@example.org")
    draft = press(other, path, opened(other, path, harms="Theirs."), "save").location.split("?")[0]
    assert fields_of(client.get(draft).text)["harms"] == "Mine."


def test_a_new_text_that_was_never_saved_is_found_in_the_list(client: PageClient, edit: str) -> None:
    first, second = (
        opened(client, NEW, plain_title="First idea"),
        opened(client, NEW, plain_title="Second idea"),
    )
    autosave(client, NEW, first)
    autosave(client, NEW, second)
    page = client.get("/editor/summaries").text
    assert "First idea" in page and "Second idea" in page
    shown = fields_of(client.get(f"{NEW}?key={first['form_key']}").text)
    assert (shown["plain_title"], shown["form_key"]) == ("First idea", first["form_key"])
    press(client, NEW, shown, "save")
    assert count(Autosave) == 1


def test_a_made_up_key_opens_nothing_of_anybody(client: PageClient, edit: str) -> None:
    autosave(client, edit, opened(client, edit, harms="Mine."))
    for key in ("draft-1", "x", "new-", "../"):
        assert opened(client, f"{NEW}?key={key}")["harms"] == ""


def test_the_copy_of_a_browser_becomes_a_form_again(client: PageClient, edit: str) -> None:
    sent = changed(opened(client, edit), harms=ODD, **{"limitations-1": "One more."})
    page = press(client, edit, sent, "bring-back", status=200).text
    shown = fields_of(page)
    assert (shown["harms"], shown["limitations-1"]) == (ODD, "One more.")
    assert count(Revision) == 1


# ------------------------------------------------------------------ the sign-in ran out


@pytest.mark.proves("Promise 1: text sent after the session expired comes back byte for byte")
def test_text_sent_after_the_sign_in_ran_out_comes_back_byte_for_byte(client: PageClient) -> None:
    add_editor()
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        press(client, NEW, opened(client, NEW, **complete()), "save")
        edit = f"/editor/summaries/{db.session.scalar(select(Draft.id))}"
        sent = opened(client, edit, harms=ODD, plain_title="Half a", **{"questions-1": "New?"})
        clock.move_to(START + timedelta(hours=3))
        answer = press(client, edit, sent, "save")
        assert "Your text is safe." in client.get(answer.location).text
        page = client.get(sign_in_at(client, answer.location)).text
        assert "Your text is back." in page
        shown = fields_of(page)
        for name in set(sent) - {"csrf_token"}:
            assert shown.getlist(name) == sent.getlist(name), name
        press(client, edit, shown, "save")
        assert "Your text is back." not in client.get(edit).text
    assert (count(RecoverableForm), count(Revision)) == (0, 2)


def test_a_new_summary_comes_back_too(client: PageClient) -> None:
    add_editor()
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        sent = opened(client, NEW, **complete())
        clock.move_to(START + timedelta(hours=3))
        answer = press(client, NEW, sent, "publish")
        shown = opened(client, sign_in_at(client, answer.location))
        assert shown["findings-1-text"] == "Dry mouth was more common with the pill."
        press(client, NEW, shown, "publish")


def test_the_note_of_a_withdrawal_comes_back(client: PageClient) -> None:
    add_editor()
    article = add_article()
    path = f"/editor/articles/{article.id}/withdraw"
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        sent = {"note": "The paper was retracted.", "csrf_token": token(client, path)}
        clock.move_to(START + timedelta(hours=3))
        answer = client.post(path, sent)
        assert "The paper was retracted.</textarea>" in client.get(sign_in_at(client, answer.location)).text


def test_a_stored_form_is_gone_after_an_hour(client: PageClient) -> None:
    add_editor()
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        sent = opened(client, NEW, harms="Typed.")
        clock.move_to(START + timedelta(hours=3))
        answer = press(client, NEW, sent, "save")
        clock.move_to(START + timedelta(hours=4, minutes=1))
        assert opened(client, sign_in_at(client, answer.location))["harms"] == ""


def test_a_stored_form_is_not_shown_to_another_person_on_the_same_browser(client: PageClient) -> None:
    add_editor()
    add_editor("Bo Other", "bo@example.org")
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        sent = opened(client, NEW, harms="Typed.")
        clock.move_to(START + timedelta(hours=3))
        answer = press(client, NEW, sent, "save")
        location = sign_in_at(client, answer.location, "bo@example.org")
        assert opened(client, location)["harms"] == ""


def test_a_stored_form_is_not_shown_in_another_browser(client: PageClient, app: Flask) -> None:
    add_editor()
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        sent = opened(client, NEW, harms="Typed.")
        clock.move_to(START + timedelta(hours=3))
        press(client, NEW, sent, "save")
        other = EditorClient(app)
        sign_in(other)
        assert opened(other, NEW)["harms"] == ""


def test_strangers_cannot_fill_the_table(client: PageClient) -> None:
    with time_machine.travel(START, tick=False):
        client.post(NEW, {"harms": "x" * MOST_CHARACTERS})
        assert count(RecoverableForm) == 0
        for _ in range(19):
            client.post(NEW, {"harms": "x"})
        client.post(NEW, {"harms": "x"}, status=429)
    assert count(RecoverableForm) == 19


def test_htmx_is_asked_to_sign_in_on_the_page_and_goes_on(client: PageClient) -> None:
    add_editor()
    with time_machine.travel(START, tick=False) as clock:
        sign_in(client)
        sent = opened(client, NEW, harms="Typed.")
        clock.move_to(START + timedelta(hours=3))
        fragment = client.post_fragment(f"{NEW}/autosave", sent, status=401)
        assert 'data-hx-get="/editor/sign-in"' in fragment
        fragment = client.fragment("/editor/sign-in")
        assert 'id="sign-in-form"' in fragment and "data-hx-post" in fragment
        old = token_on(fragment)
        done = client.post_fragment(
            "/editor/sign-in", {"email": EMAIL, "password": PASSWORD, "csrf_token": old}
        )
        fresh = done.split('data-token="')[1].split('"')[0]
        assert "Your typing is saved" in autosave(client, NEW, changed(sent, csrf_token=fresh))


def test_a_wrong_password_on_the_page_is_said_there(client: PageClient) -> None:
    add_editor()
    fragment = client.fragment("/editor/sign-in")
    old = token_on(fragment)
    again = client.post_fragment(
        "/editor/sign-in", {"email": EMAIL, "password": "wrong", "csrf_token": old}, status=422
    )
    assert "don’t match" in again and "data-hx-post" in again


# ------------------------------------------------------------------ a token from before


def test_a_form_from_before_a_new_sign_in_is_shown_once_more(client: PageClient, edit: str) -> None:
    sent = opened(client, edit, harms=ODD)
    client.post("/editor/sign-out", {"csrf_token": token(client, edit)})
    sign_in(client)
    answer = press(client, edit, sent, "save")
    shown = fields_of(client.get(answer.location).text)
    assert shown["harms"] == ODD
    press(client, edit, shown, "save")


def test_htmx_gets_a_new_token_when_the_old_one_is_stale(client: PageClient, edit: str) -> None:
    sent = opened(client, edit, harms="Typed.")
    fragment = client.post_fragment(f"{edit}/autosave", changed(sent, csrf_token="stale"), status=401)
    fresh = fragment.split('data-token="')[1].split('"')[0]
    assert "Your typing is saved" in autosave(client, edit, changed(sent, csrf_token=fresh))


@pytest.mark.proves("Web: an editor's form needs the session's token")
def test_without_a_token_nothing_is_saved(client: PageClient, edit: str) -> None:
    press(client, edit, changed(opened(client, edit, harms="Forged."), csrf_token=None), "save")
    assert count(Revision) == 1


def test_another_site_can_neither_save_nor_have_text_kept(client: PageClient, edit: str) -> None:
    sent = opened(client, edit, harms="Forged.")
    client.post(edit, sent, status=403, headers={"Sec-Fetch-Site": "cross-site"})
    assert (count(Revision), count(RecoverableForm)) == (1, 0)
