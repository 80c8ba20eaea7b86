"""Safety cards in the editor: admins change them, reviewers sign them, and readers always see some."""

import io
import logging
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text

from tests.accounts.people import EMAIL, EditorClient, add_editor, audited, sign_in, token
from tests.editor.forms import sent_by
from tests.newsletter.steps import delivered, forget, link_in, text_of
from tests.pages import H, PageClient, parsed
from webapp.db.change_log import ChangeKind, announce
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.editor.safety_views import SafetyForm, card_from, card_values
from webapp.exports import site_copy
from webapp.models import AuditKind, Editor, GlossaryTerm, Role, SafetyReview, SafetyRevision
from webapp.models.in_words import day
from webapp.models.values import ReviewerKind
from webapp.publishing import reviews, safety_cards
from webapp.publishing.sign_offs import CARD_PARTS

BURN, DYSREFLEXIA = "/editor/safety/burn", "/editor/safety/autonomic-dysreflexia"
EDIT = f"{BURN}/edit"
TITLE = "Burned skin you can’t feel? Cool it for 20 minutes and get it seen."
UNCHECKED = "Not yet checked by a clinician."
SIGNED = "Checked by Lee Example, nurse, "
LEE = "lee@example.org"


@pytest.fixture
def lee(app: Flask) -> PageClient:
    """The browser of a clinician, who may only review."""
    editor = add_editor("Lee Example", LEE, Role.REVIEWER)
    editor.reviewer_kind, editor.printed_role = ReviewerKind.CLINICIAN, "nurse"
    db.session.commit()
    client = EditorClient(app)
    sign_in(client, LEE)
    return client


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send for the form on a page of a card."""
    forms = (form for form in parsed(page).iter(f"{H}form") if "/safety/" in form.get("action", ""))
    return sent_by(next(forms)).to_dict()


def typed(client: PageClient, **changes: str) -> dict[str, str]:
    """The fields of the form of a card, as a browser sends them."""
    return fields_of(client.get(EDIT).text) | changes


def save(client: PageClient, *, status: int = 303, **changes: str) -> str:
    return client.post(EDIT, typed(client, **changes), status=status).text


def the_card(client: PageClient) -> str:
    """What readers see of the card, on its own."""
    page = client.get("/emergency").text
    return page[page.index('id="burn"') :].partition('</details>\n  <details class="sos-fold')[0]


def revisions_saved() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(SafetyRevision.number).order_by(SafetyRevision.id)))


@pytest.mark.usefixtures("admin")
def test_what_an_admin_saves_is_what_readers_see(client: PageClient, app: Flask) -> None:
    other_node = PageClient(app)
    assert TITLE in other_node.get("/emergency").text
    save(client, title="A made-up title", do_now="Call {emergency}.\r\n\r\nCool it.", now="made up burning")
    for page in (other_node.get("/emergency").text, other_node.get("/search?q=made+up+burning").text):
        assert "A made-up title" in page and "<span>Call 911.</span>" in page
        assert TITLE not in page
    assert audited()[-1] == AuditKind.SAFETY_CARD_CHANGED
    assert "A made-up title" in client.get(f"{BURN}/revisions/1").text.replace("<ins>", "")
    assert "Ana Example" in client.get(BURN).text


@pytest.mark.usefixtures("admin")
def test_an_unchanged_card_is_not_saved_again(client: PageClient) -> None:
    save(client)
    assert revisions_saved() == []


def test_every_card_survives_its_form(app: Flask) -> None:
    with app.test_request_context():
        for card in safety_cards.live_cards().written.values():
            form = SafetyForm(formdata=None, data=card_values(card), meta={"csrf": False})
            assert card_from(form, card) == card


@pytest.mark.usefixtures("admin")
def test_a_preview_saves_nothing(client: PageClient) -> None:
    page = client.post(EDIT, typed(client, title="A made-up title", preview="yes"), status=200).text
    assert page.count("A made-up title") == 2  # the card, and the form
    assert UNCHECKED in page
    assert revisions_saved() == []


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sources": ""}, "Sources: please fill this in."),
        ({"sources": "Nobody"}, "“Nobody”: write the owner, the title, the link and the date."),
        ({"sources": "Owner | Title | javascript:1"}, "“javascript:1” is no address that can be used here"),
        ({"sources": "Owner | Title | | yesterday"}, "“yesterday” is no date like 2021-05"),
        ({"actions": "Call | 988"}, "“988” is no address that can be used here"),
        ({"actions": "Call"}, "“Call”: write the label, the link and the countries."),
        ({"do_now": " "}, "Do this now: please fill this in."),
        ({"title": ""}, "Give the card a title."),
        ({"checked_on": "2099-01-01"}, "This date is in the future."),
        ({"checked_on": "soon"}, "Enter the date as year, month and day"),
        ({"now": "is the"}, "the trigger “is the” has no word that counts"),
    ],
)
def test_a_card_that_is_not_whole_is_refused_by_name(
    client: PageClient, changes: dict[str, str], reason: str
) -> None:
    page = save(client, status=422, **changes | {"tell": "What I typed stays."})
    assert reason in page and "What I typed stays." in page
    assert revisions_saved() == []


@pytest.mark.usefixtures("admin")
def test_a_text_saved_meanwhile_is_not_overwritten_unseen(client: PageClient) -> None:
    late = typed(client, title="The later title")
    save(client, title="The earlier title")
    page = client.post(EDIT, late, status=409).text
    assert "Somebody saved another text in the meantime." in page and "The later title" in page
    client.post(EDIT, fields_of(page))
    assert "The later title" in client.get("/emergency").text
    assert revisions_saved() == [1, 2]


@pytest.mark.usefixtures("admin")
def test_an_earlier_text_opens_in_the_form(client: PageClient) -> None:
    save(client, title="The first title")
    save(client, title="The second title")
    assert fields_of(client.get(f"{EDIT}?from=1").text)["title"] == "The first title"
    client.post(EDIT, fields_of(client.get(f"{EDIT}?from=0").text))
    assert TITLE in client.get("/emergency").text
    for address in (
        f"{EDIT}?from=9",
        f"{BURN}/revisions/9",
        "/editor/safety/nothing",
        "/editor/safety/x/edit",
    ):
        client.get(address, status=404)


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.WRITER, Role.EDITOR])
def test_only_admins_edit(client: PageClient, role: Role) -> None:
    add_editor(role=role)
    sign_in(client)
    page = client.get(BURN).text
    assert "Edit this card" not in page and "sign it" not in page
    client.get(EDIT, status=403)
    guard = {"csrf_token": token(client, "/editor/account"), "number": "0"}
    client.post(EDIT, guard | {"title": "A made-up title"}, status=403)
    client.post(BURN, guard, status=403)  # nobody said what they are a reviewer of
    assert revisions_saved() == []


# Wherever the card of dysreflexia is printed for readers.
PLACES = (
    "/emergency",
    "/search?q=pounding+headache",
    "/search?q=pounding+headache&panel=1",
    "/glossary/ad",
    "/pounding-headache",
    "/emergency/dysreflexia-card",
)


def said_of_dysreflexia(client: PageClient) -> set[str]:
    """What each of the places says of who checked it."""
    found = set()
    for place in PLACES:
        page = client.flask.get(place).text
        whole = page[page.index('id="autonomic-dysreflexia"') :] if place == "/emergency" else page
        found.add(re.findall(r"(?:Checked by|Not yet checked)[^<]*?\.(?= |<)", whole)[0])
    return found


def test_every_place_that_prints_a_card_says_the_same_of_who_checked_it(
    client: PageClient, lee: PageClient, admin: Editor, tmp_path: Path
) -> None:
    meaning = "A sudden, dangerous rise in blood pressure."
    db.session.add(GlossaryTerm(slug="ad", term="autonomic dysreflexia", forms=[], meaning=meaning))
    db.session.commit()
    assert said_of_dysreflexia(client) == {UNCHECKED}
    page = lee.get(DYSREFLEXIA).text
    assert "Keep me sitting up." in page
    lee.post(DYSREFLEXIA, fields_of(page))
    signed = f"{SIGNED}{day(datetime.now(UTC))}."
    assert said_of_dysreflexia(client) == {signed}
    assert client.get("/emergency/dysreflexia-card").text.count("checked by") == 0
    site_copy.make(tmp_path / "copy", datetime.now(UTC))
    for name in ("emergency", "emergency/dysreflexia-card"):
        assert signed in (tmp_path / "copy" / f"{name}.html").read_text(encoding="utf-8")
    edit = f"{DYSREFLEXIA}/edit"
    client.post(edit, fields_of(client.get(edit).text) | {"note": "A made-up note"})
    assert said_of_dysreflexia(client) == {
        signed.replace("nurse, ", "nurse, on ")[:-1] + ", of an earlier version."
    }


def test_a_preview_is_checked_by_nobody(client: PageClient, lee: PageClient, admin: Editor) -> None:
    lee.post(BURN, fields_of(lee.get(BURN).text))
    assert SIGNED in the_card(client) and UNCHECKED not in the_card(client)
    assert SIGNED in client.get("/editor/safety").text
    assert client.get("/emergency").text.count(UNCHECKED) == 13
    assert "You signed this text." in lee.get(BURN).text
    assert audited()[-1] == AuditKind.SIGNED_OFF
    preview = client.post(EDIT, typed(client, title="A made-up title", preview="yes"), status=200).text
    assert "Lee Example" not in preview


def send_file(client: PageClient, text: str, status: int = 303) -> str:
    guard = {"csrf_token": token(client, "/editor/account")}
    file = (io.BytesIO(text.encode()), "cards.toml")
    answer = client.post("/editor/safety", guard | {"file": file}, status=status)
    return client.get(answer.location).text if status == 303 else answer.text


@pytest.mark.usefixtures("admin")
def test_the_cards_leave_and_come_back_as_a_file(client: PageClient) -> None:
    text = client.get("/editor/safety/file/safety.toml").text
    assert "0 cards changed." in send_file(client, text) and revisions_saved() == []
    assert "1 card changed." in send_file(client, text.replace(TITLE, "A made-up title"))
    assert "A made-up title" in client.get("/emergency").text
    assert audited()[-1] == AuditKind.SAFETY_CARD_CHANGED
    assert "A made-up title" in client.get("/editor/safety/file/safety.toml").text


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Sit up now.", 'Sit "up now.', r"cards\.toml:\d+: "),
        ("rank = 0", 'rank = "first"', r"cards\.toml:\d+: card crisis: "),
        ('"tel:988"', '"988"', r"cards\.toml:\d+: card crisis: “988” is no address"),
        ('"Keep me sitting up. ', '"Lay me down. ', r"cards\.toml:\d+: wallet isn’t as on this site"),
        ('id = "new-loss"', 'id = "a-new-card"', r"Only one has a-new-card, new-loss\."),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing(
    client: PageClient, old: str, new: str, reason: str
) -> None:
    text = client.get("/editor/safety/file/safety.toml").text.replace(TITLE, "A made-up title")
    assert old in text
    page = unescape(send_file(client, text.replace(old, new, 1), 422))
    assert "Nothing was changed." in page and re.search(reason, page)
    assert TITLE in client.get("/emergency").text and revisions_saved() == []


def test_only_admins_have_the_file(client: PageClient, lee: PageClient) -> None:
    assert "Use this file" not in lee.get("/editor/safety").text
    lee.get("/editor/safety/file/safety.toml", status=403)
    lee.post("/editor/safety", {"csrf_token": token(lee, "/editor/account")}, status=403)


def test_a_sign_off_can_be_taken_back(client: PageClient, lee: PageClient) -> None:
    lee.post(BURN, fields_of(lee.get(BURN).text))
    lee.post(f"{BURN}/undo", {"csrf_token": token(lee, BURN)})
    assert UNCHECKED in the_card(client)
    assert audited()[-1] == AuditKind.SIGN_OFF_UNDONE


def test_a_text_that_was_not_read_is_not_signed(client: PageClient, lee: PageClient, admin: Editor) -> None:
    read = fields_of(lee.get(BURN).text)
    save(client, title="A made-up title")
    assert "Not signed." in lee.post(BURN, read, status=409).text
    assert UNCHECKED in the_card(client)
    lee.post(BURN, read | {"number": "²"}, status=409)


def test_the_name_goes_with_the_account(client: PageClient, lee: PageClient, admin: Editor) -> None:
    lee.post(BURN, fields_of(lee.get(BURN).text))
    assert SIGNED in the_card(client)
    reviewer = db.session.scalars(select(Editor).where(Editor.email == LEE)).one()
    guard = {"csrf_token": token(client, f"/editor/people/{reviewer.id}")}
    client.post(f"/editor/people/{reviewer.id}/close", guard)
    assert "Checked by a clinician, " in the_card(client)


@pytest.mark.usefixtures("admin")
def test_a_stored_card_that_cannot_be_used_brings_the_starters_cards_back(
    client: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    save(client, title="A made-up title")
    with writing() as now:
        broken = SafetyRevision(
            card_id="burn",
            number=2,
            content={"id": "burn"},
            saved_at=now,
            editor=db.session.scalars(select(Editor)).first(),
        )
        db.session.add(broken)
        announce(ChangeKind.SAFETY, now)
    with caplog.at_level(logging.ERROR):
        page = client.get("/emergency").text
    assert page.count("Do this now") == 14 and TITLE in page
    assert "a stored safety card cannot be used" in caplog.text
    save(client, title="Whole again")
    assert "Whole again" in client.get("/emergency").text


def test_without_its_tables_the_site_shows_the_starters_cards(
    client: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    with writing() as now:
        db.session.execute(text("DROP TABLE safety_sign_off"))
        announce(ChangeKind.SAFETY, now)
    with caplog.at_level(logging.ERROR):
        assert client.get("/emergency").text.count("Do this now") == 14
    assert "the safety cards could not be read" in caplog.text


# ------------------------------------------------------------------ asked for by mail

REVIEWS = f"{BURN}/reviews"
MAILED = "sam@example.org"
AGREES: dict[str, Any] = {f"{part}-opinion": "agree" for part in CARD_PARTS}
SIGNS = AGREES | {"agrees": "y", "name": "Sam Roe", "role": "physiatrist"}
BY_MAIL = "Checked by Sam Roe, physiatrist, "
EARLIER = f"{BY_MAIL}on {day(datetime.now(UTC))}, of an earlier version."
SHOWN_ON = ("/emergency", "/search?q=burned+my+leg")  # the page for emergencies is the one saved for offline


@pytest.fixture
def asker(client: PageClient, admin: Editor) -> PageClient:
    """The browser of an admin."""
    return client


def ask(asker: PageClient, path: str = REVIEWS, status: int = 303, **fields: str) -> str:
    """Ask Sam, who has no account, about a card; the page that comes back."""
    known = {"name": "Sam Roe", "email": MAILED, "kind": "clinician", "question": "Is it soon enough?"}
    sent = {"csrf_token": token(asker, path)} | known | fields
    return asker.post(path, sent, status=status).text


def mailed_link(asker: PageClient, path: str = REVIEWS) -> str:
    """Ask Sam; where the link in the mail leads."""
    ask(asker, path)
    return link_in(delivered()[-1], "/review/")


def test_a_card_is_signed_by_a_mailed_link(asker: PageClient, app: Flask) -> None:
    link, sam = mailed_link(asker), PageClient(app)
    page = sam.get(link).text
    assert "Is it soon enough?" in page and "asks for your view on this safety card" in page
    assert UNCHECKED in asker.get("/emergency").text
    assert "You signed this version." in sam.get(sam.post(link, SIGNS, status=303).location).text
    for path in SHOWN_ON:
        assert BY_MAIL in sam.get(path).text, path
    assert delivered()[-1]["To"] == EMAIL and REVIEWS in text_of(delivered()[-1])
    assert "Signed on" in asker.get(REVIEWS).text


def test_the_card_for_the_wallet_names_who_signed_by_mail(asker: PageClient, app: Flask) -> None:
    PageClient(app).post(mailed_link(asker, f"{DYSREFLEXIA}/reviews"), SIGNS, status=303)
    assert BY_MAIL in asker.get("/emergency/dysreflexia-card").text


def test_after_an_edit_a_card_was_checked_in_an_earlier_version(asker: PageClient, app: Flask) -> None:
    PageClient(app).post(mailed_link(asker), SIGNS, status=303)
    sent = fields_of(asker.get(EDIT).text) | {"what": "A burn under skin that feels nothing."}
    asker.post(EDIT, sent, status=303)
    assert EARLIER in asker.get("/emergency").text


def test_a_card_that_changed_since_it_was_asked_about_is_signed_as_it_was(
    asker: PageClient, app: Flask
) -> None:
    link, sam = mailed_link(asker), PageClient(app)
    old = safety_cards.get_card("burn").what
    sent = fields_of(asker.get(EDIT).text) | {"what": "A burn under skin that feels nothing."}
    asker.post(EDIT, sent, status=303)
    assert old in sam.get(link).text
    sam.post(link, SIGNS, status=303)
    assert EARLIER in asker.get("/emergency").text


def test_who_wants_something_changed_does_not_sign(asker: PageClient, app: Flask) -> None:
    link, sam = mailed_link(asker), PageClient(app)
    change = {"do_now-opinion": "change", "do_now-text": "Cool it for longer."}
    assert "so you can’t sign this version" in sam.post(link, SIGNS | change, status=422).text
    sam.post(link, AGREES | change | {"sources-opinion": "not-my-field"}, status=303)
    assert UNCHECKED in asker.get("/emergency").text
    page = asker.get(REVIEWS).text
    assert "Cool it for longer." in page and "Not my field" in page


def test_a_name_is_taken_back_by_the_link_or_by_an_admin(asker: PageClient, app: Flask) -> None:
    for taken_back in ("link", "admin"):
        link, sam = mailed_link(asker), PageClient(app)
        sam.post(link, SIGNS, status=303)
        assert BY_MAIL in asker.get("/emergency").text
        if taken_back == "link":
            sam.post(f"{link}/undo", status=303)
        else:
            [path] = re.findall(rf'action="({REVIEWS}/\d+/undo)"', asker.get(REVIEWS).text)
            asker.post(path, {"csrf_token": token(asker, REVIEWS)}, status=303)
        assert BY_MAIL not in asker.get("/emergency").text


def test_who_presses_a_button_signed_out_comes_to_the_reviews_of_that_card(
    asker: PageClient, app: Flask
) -> None:
    link, sam = mailed_link(asker), PageClient(app)
    sam.post(link, SIGNS, status=303)
    [path] = re.findall(rf'action="({REVIEWS}/\d+/undo)"', asker.get(REVIEWS).text)
    assert sam.post(path, status=303).location == f"/editor/sign-in?next={REVIEWS}"
    other = path.replace(BURN, "/editor/safety/crisis")
    asker.post(other, {"csrf_token": token(asker, REVIEWS)}, status=404)
    assert BY_MAIL in asker.get("/emergency").text


def test_the_link_of_a_card_works_for_two_weeks_and_until_the_next_one(asker: PageClient, app: Flask) -> None:
    first, sam = mailed_link(asker), PageClient(app)
    second = mailed_link(asker)
    assert "We asked you again since then." in sam.post(first, SIGNS, status=409).text
    with time_machine.travel(datetime.now(UTC) + reviews.LINK_FOR + timedelta(minutes=1)):
        assert "This link has expired." in sam.post(second, SIGNS, status=409).text
    assert BY_MAIL not in sam.get("/emergency").text


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"email": LEE}, "sign it there"),
        ({"email": ""}, "Enter their email address."),
        ({"name": ""}, "Enter their name."),
    ],
)
def test_a_request_about_a_card_needs_somebody_without_an_account(
    lee: PageClient, asker: PageClient, fields: dict[str, str], reason: str
) -> None:
    page = ask(asker, status=422, **fields)
    assert reason in page and "Is it soon enough?" in page
    assert not delivered()


def test_the_address_of_who_checked_a_card_is_forgotten(asker: PageClient) -> None:
    ask(asker)
    forget(datetime.now(UTC) + reviews.ADDRESS_RETENTION + timedelta(days=1))
    assert db.session.scalars(select(SafetyReview.email)).all() == [""]
