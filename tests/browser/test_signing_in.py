"""Signing in with a second factor in a real browser: by keyboard alone, and inside a page whose sign-in ran out."""

import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.accounts.provider import Provider
from tests.browser.conftest import give_password
from tests.browser.test_editing import new_draft, save_signed_out, sign_out
from tests.drills.site import Site

PERSON = ("Key Board", "key@example.org", "a long enough passphrase")


@dataclass(frozen=True)
class Factor:
    """What somebody holds who has set up a second factor: the app's secret, and recovery codes."""

    secret: str
    codes: list[str]

    def next_code(self) -> str:
        """What the app shows next; the code it shows now may be used up."""
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30)


@pytest.fixture(scope="module")
def factor(browser: Browser, site: Site) -> Factor:
    """Set up as a person does whose scripts are off."""
    site.flask("editors", "add", *PERSON[:2], "--role", "admin", "--password-stdin", typed=PERSON[2] + "\n")
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/editor/sign-in")
    give_password(page, *PERSON[1:])
    page.goto("/editor/account/second-factor")
    secret = "".join(page.locator(".key code").all_inner_texts())
    form = page.locator("form", has_text="authenticator app")
    form.get_by_label("Code from your app").fill(pyotp.TOTP(secret).now())
    form.get_by_label("Your password").fill(PERSON[2])
    form.get_by_role("button", name="Add the app").click()
    codes = page.locator(".codes code")
    expect(codes).to_have_count(10)
    found = Factor(secret, codes.all_inner_texts())
    context.close()
    return found


def use_recovery_code(within: Page | Locator, code: str) -> None:
    within.get_by_role("link", name="Use a recovery code instead").click()
    within.get_by_label("Recovery code").fill(code)
    within.get_by_role("button", name="Sign in", exact=True).click()


def test_by_keyboard_alone(page: Page, factor: Factor) -> None:
    page.goto("/editor/sign-in?next=/editor/people/")
    tab_to(page, "Email")
    page.keyboard.type(PERSON[1])
    tab_to(page, "Password")
    page.keyboard.type(PERSON[2])
    page.keyboard.press("Enter")
    field = page.get_by_label("Code from your app")
    expect(field).to_be_focused()
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    notice = page.get_by_role("alert")
    expect(notice).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the link to the field
    page.keyboard.press("Control+A")
    page.keyboard.type(factor.next_code())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="People")).to_be_visible()


def tab_to(page: Page, label: str, most: int = 12) -> None:
    """Press Tab until the field has the focus, as somebody without a mouse does."""
    field = page.get_by_label(label, exact=True)
    for _ in range(most):
        if field.evaluate("field => field === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{label} is not reached by {most} presses of Tab")


def test_in_the_page_a_code_follows_the_password_and_the_text_is_saved(page: Page, factor: Factor) -> None:
    page.goto("/editor/sign-in")
    give_password(page, *PERSON[1:])
    use_recovery_code(page, factor.codes[0])
    expect(page.get_by_role("heading", name="My work")).to_be_visible()
    new_draft(page, "Two factors")
    save_signed_out(page)
    dialog = page.get_by_role("dialog")
    give_password(dialog, *PERSON[1:])
    use_recovery_code(dialog, factor.codes[1])
    expect(dialog).to_be_hidden()
    expect(page.locator("#save-status input[name=revision]")).to_have_value("2", timeout=15_000)
    page.reload()
    expect(page.get_by_label("Harms and side effects")).to_have_value("Typed after lunch.")


def test_a_passkey_is_added_and_signs_in_alone_after_the_password_and_in_the_page(
    page: Page, context: BrowserContext, site: Site
) -> None:
    email = "passkey@example.org"
    site.flask("editors", "add", "Pass Key", email, "--password-stdin", typed=PERSON[2] + "\n")
    device = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    knows_the_person = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device | knows_the_person})

    page.goto("/editor/sign-in")
    give_password(page, email, PERSON[2])
    page.goto("/editor/account/second-factor")
    form = page.locator("form", has_text="Add a passkey")
    form.get_by_label("Name of the device").fill("Work laptop")
    form.get_by_label("Your password").fill(PERSON[2])
    form.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.locator(".codes code")).to_have_count(10)
    page.goto("/editor/account/second-factor")
    expect(page.get_by_text("not used yet")).to_be_visible()

    sent: list[str] = []

    def lose_the_first(route: Route) -> None:
        sent.append(route.request.post_data or "")
        route.fulfill(status=204) if len(sent) == 1 else route.continue_()

    sign_out(page)
    page.wait_for_url("**/editor/sign-in**")  # with its scripts: an earlier press goes out without an answer
    page.route("**/passkey-alone", lose_the_first)
    page.get_by_role("button", name="Sign in with a passkey").focus()
    with page.expect_request("**/passkey-alone"):
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="My work")).to_be_visible()
    assert len(set(sent)) == 2, "the device was not asked anew"

    sign_out(page)
    page.goto("/editor/sign-in")
    give_password(page, email, PERSON[2])
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_role("heading", name="My work")).to_be_visible()

    new_draft(page, "A passkey in the page")
    save_signed_out(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign in with a passkey").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#save-status input[name=revision]")).to_have_value("2", timeout=15_000)


def test_a_provider_is_reached_by_keyboard_and_back_leads_past_it(
    page: Page, sign_in_provider: Provider
) -> None:
    """The policy of our pages forbids a form to be redirected elsewhere, so a page in between leads on."""
    page.goto("/editor/sign-in?next=/editor/account")
    page.get_by_role("button", name=f"Sign in with {urlsplit(sign_in_provider.issuer).netloc}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in to the editor")).to_be_visible()


def test_a_forgotten_password_without_scripts(plain_page: Page, site: Site) -> None:
    plain_page.goto("/editor/sign-in")
    plain_page.get_by_role("link", name="I forgot my password").click()
    plain_page.get_by_label("Email").fill("nobody@example.org")
    plain_page.get_by_role("button", name="Send me a link").click()
    expect(plain_page.get_by_text("Check your email.")).to_be_visible()
