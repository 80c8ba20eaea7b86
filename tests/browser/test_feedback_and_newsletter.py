"""Telling us something and signing up, in a real browser: with scripts in place, and without scripts page by page."""

import re
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.browser.conftest import give_password
from tests.drills.site import Site, inside
from tests.waiting import wait_until
from webapp.db.session import db
from webapp.letters import emails
from webapp.models import Subscriber

ARTICLE = "/research/amitriptyline-pain-trial"
PERSON_SECONDS = 2.2  # a form that is answered faster than this comes from a robot


@pytest.fixture(params=["with scripts", "without scripts"])
def visitor(request: pytest.FixtureRequest) -> Page:
    """A visitor, once with scripts and once without."""
    found: Page = request.getfixturevalue("page" if request.param == "with scripts" else "plain_page")
    return found


def _has_scripts(page: Page) -> bool:
    return page.viewport_size == {"width": 1280, "height": 900}


def _expect_focus_on_heading(page: Page, name: str) -> None:
    heading = page.get_by_role("heading", name=name, exact=True)
    expect(heading).to_be_visible()
    if _has_scripts(page):
        expect(heading).to_be_focused()


def _send(page: Page, button: str) -> None:
    page.wait_for_timeout(PERSON_SECONDS * 1000)
    page.get_by_role("main").get_by_role("button", name=button).click()


def _mail_to(site: Site, address: str) -> EmailMessage:
    """The newest mail to an address, once there is one."""
    wait_until(lambda: bool(_mails_to(site, address)))
    return _mails_to(site, address)[-1]


def _mails_to(site: Site, address: str) -> list[EmailMessage]:
    mails = [message_from_string(text, policy=default) for text in site.mails()]
    return [mail for mail in mails if mail["To"] == address]


def _link(mail: EmailMessage, path: str) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    found = re.search(rf"https?://[^/\s]+({re.escape(path)}\S+)", part.get_content())
    assert found, part.get_content()
    return found.group(1)


def test_no_with_a_reason_and_a_note_and_then_yes(visitor: Page) -> None:
    visitor.goto(ARTICLE)
    feedback = visitor.locator("#feedback")
    feedback.get_by_role("button", name="No", exact=True).click()
    _expect_focus_on_heading(visitor, "Thank you")
    feedback.get_by_label("It was hard to follow").check()
    feedback.get_by_label("What helped, or what was hard to follow?").fill("The second part was hard.")
    _send(visitor, "Send")
    _expect_focus_on_heading(visitor, "Thank you for your note")
    feedback.get_by_role("link", name="Change my answer").click()
    _expect_focus_on_heading(visitor, "Your Feedback")
    feedback.get_by_role("button", name="Yes", exact=True).click()
    _expect_focus_on_heading(visitor, "Thank you")
    expect(feedback.get_by_label("It was hard to follow")).to_have_count(0)
    assert ("/feedback" in visitor.url) != _has_scripts(visitor)


def test_did_you_get_it_is_explained_at_once(visitor: Page) -> None:
    visitor.goto("/research")
    visitor.locator(".card h3 a").nth(0 if _has_scripts(visitor) else 1).click()
    visitor.get_by_role("link", name="Was it clear?").click()
    visitor.locator("#understanding").get_by_role("button", name="Harmful").click()
    _expect_focus_on_heading(visitor, "Not quite")
    expect(visitor.locator("#understanding").get_by_text("We would say:")).to_be_visible()


def test_a_mistake_is_reported(visitor: Page, site: Site) -> None:
    before = len(site.mails())
    visitor.goto(ARTICLE)
    visitor.get_by_role("link", name="Report a mistake").click()
    _send(visitor, "Send")
    expect(visitor.get_by_role("link", name="Tell us what is wrong")).to_be_visible()
    visitor.get_by_label("What is wrong?").fill("The first number should be 84.")
    _send(visitor, "Send")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Thank you")
    wait_until(lambda: any("The first number should be 84." in text for text in site.mails()[before:]))


def test_sign_up_confirm_and_unsubscribe(visitor: Page, site: Site) -> None:
    address = "with@example.org" if _has_scripts(visitor) else "without@example.org"
    visitor.goto("/")
    visitor.locator("#signup").get_by_role("link", name="Subscribe").click()
    email = visitor.get_by_label("Your email address")
    if _has_scripts(visitor):
        expect(email).to_be_focused()
    email.fill(address)
    visitor.get_by_text("Only some topics").click()
    visitor.get_by_label("Pain Management").check()
    _send(visitor, "Subscribe")
    expect(visitor.get_by_text("Check your email", exact=True)).to_be_visible()
    if _has_scripts(visitor):
        expect(visitor.locator("#signup")).to_be_focused()

    visitor.goto(_link(_mail_to(site, address), "/newsletter/confirm/"))
    visitor.get_by_role("button", name="Yes, send them to me").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("You’re on the list")

    settings = _settings_link(site, address)
    visitor.goto(settings)
    expect(visitor.get_by_label("Pain Management")).to_be_checked()
    visitor.get_by_role("link", name="Unsubscribe").click()
    visitor.get_by_role("button", name="Unsubscribe").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("You’re unsubscribed")
    visitor.goto(settings)
    expect(visitor.get_by_text("We’re not sending a newsletter to")).to_be_visible()


def test_a_wrong_address_is_kept_and_explained(visitor: Page) -> None:
    visitor.goto("/subscribe")
    visitor.get_by_label("Your email address").fill("maria@")
    _send(visitor, "Subscribe")
    expect(visitor.get_by_label("Your email address")).to_have_value("maria@")
    expect(visitor.get_by_role("alert")).to_contain_text("Enter an email address like name@example.org")
    if _has_scripts(visitor):
        expect(visitor.get_by_role("alert")).to_be_focused()


def test_a_message_reaches_the_editors(visitor: Page, site: Site) -> None:
    visitor.goto("/contact")
    visitor.get_by_label("A study or topic to cover").check()
    visitor.get_by_label("Your email address").fill("maria@example.org")
    visitor.get_by_label("Your message").fill("Please write about sleep.")
    _send(visitor, "Send")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Thank you for your message")
    wait_until(lambda: any("Please write about sleep." in text for text in site.mails()))


def test_an_editor_reads_and_ticks_off_a_message(visitor: Page, site: Site) -> None:
    words = f"A word for the inbox, {'with' if _has_scripts(visitor) else 'without'} scripts."
    visitor.goto("/contact")
    visitor.get_by_label("Something else").check()
    visitor.get_by_label("Your email address").fill("maria@example.org")
    visitor.get_by_label("Your message").fill(words)
    _send(visitor, "Send")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Thank you for your message")
    visitor.goto("/editor/feedback/")
    give_password(visitor)
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Feedback")
    message = visitor.locator("article", has_text=words)
    message.get_by_role("button", name="Done").click()
    expect(visitor.get_by_text("Marked as done.", exact=True)).to_be_visible()
    expect(message).to_have_count(0)
    if _has_scripts(visitor):
        expect(visitor.locator("#h-inbox")).to_be_focused()


def _settings_link(site: Site, address: str) -> str:
    """The link to the settings that stands in every newsletter. An address gets one mail an hour on a press, and
    signing up was it; so the site itself is asked for the link.
    """
    with inside(site):
        subscriber = db.session.scalars(select(Subscriber).filter_by(email=address)).one()
        return urlsplit(emails.preferences_page_link(subscriber)).path
