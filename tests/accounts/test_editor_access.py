"""Every address of the editor: not for strangers, not for the wrong role, not with the wrong method."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.test import TestResponse

from tests.accounts.people import EMAIL, PASSWORD, add_editor, sign_in, token
from tests.pages import PageClient
from webapp.models import Role

# Open before signing in. A link's own secret stands in for a sign-in.
OPEN = {
    "accounts.sign_in", "accounts.do_sign_in", "accounts.enter_code", "accounts.check_code", "accounts.sign_out",
    "accounts.sign_in_with_passkey", "accounts.ask_provider", "accounts.return_from_provider",
    "accounts.stop_digest", "accounts.stop_digest_now",
    "reset.forgotten", "reset.send_link", "reset.new_password", "reset.set_password",
}  # fmt: skip
NOT_FOR_WRITERS = {
    "editor.withdraw", "editor.do_withdraw", "editor_newsletter.settle", "editor_newsletter.resume", "editor_newsletter.bounces",
    "next_issue.show", "next_issue.save", "next_issue.move", "next_issue.hold", "next_issue.release", "next_issue.send_test",
    "next_issue.look", "next_issue.ask", "next_issue.preview", "next_issue.preview_mail", "next_issue.preview_html",
    "next_issue.ask_to_send", "next_issue.send", "next_issue.changes",
    "words.new", "words.add", "words.save", "words.delete", "words.load_file",
    "bulk.look", "bulk.carry_out", "bulk.done", "bulk.undo",
    "publish_sheet.show", "publish_sheet.publish", "publish_sheet.schedule", "publish_sheet.undo",
    "triage.edit_watch", "triage.save_watch",
}  # fmt: skip
FOR_ADMINS = {
    "people.everyone", "people.invite", "people.person", "people.change_role", "people.close_account",
    "people.open_account", "people.send_link", "people.reset_second_factor", "people.audit_log",
    "safety_desk.edit", "reviews.of_card", "reviews.ask_about_card", "reviews.undo_of_card", "safety_desk.save", "safety_desk.export", "safety_desk.import_file",
    "settings.edit", "settings.save", "settings.save_logo", "settings.as_file", "settings.open_file", "settings.changes",
    "site_pages.overview", "site_pages.edit", "site_pages.save", "site_pages.as_file", "site_pages.open_file", "site_pages.changes",
    "categories.overview", "categories.restore", "categories.new", "categories.add", "categories.edit", "categories.save",
    "categories.move", "categories.merge", "categories.as_file", "categories.load_file", "categories.changes",
}  # fmt: skip
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every rule, with an address that it fits."""
    for rule in app.url_map.iter_rules():
        values: dict[str, object] = {}
        for name in rule.arguments:
            converter = rule._converters[name]
            choices = getattr(converter, "items", None)
            is_number = isinstance(converter, IntegerConverter)
            values[name] = sorted(choices)[0] if choices else 1 if is_number else "x"
        address = rule.build(values)
        assert address is not None
        yield rule, address[1]


def editor_rules(app: Flask) -> list[tuple[Rule, str]]:
    return [(rule, path) for rule, path in rules(app) if path.startswith("/editor")]


def answer_to(
    client: PageClient, rule: Rule, path: str, csrf_token: str = "", visitor: str = "127.0.0.1"
) -> TestResponse:
    """What the page answers to its own method, with nothing but a token in the form."""
    method = "POST" if "POST" in (rule.methods or ()) else "GET"
    sent = {"csrf_token": csrf_token} if method == "POST" else None
    return client.flask.open(
        path, method=method, data=sent, headers=SAME_SITE, environ_overrides={"REMOTE_ADDR": visitor}
    )


@pytest.mark.proves(
    "Promise 4: every route refuses a wrong method, a visitor who is not signed in, and a wrong role"
)
def test_who_is_not_signed_in_is_asked_to_sign_in_everywhere(client: PageClient, app: Flask) -> None:
    for number, (rule, path) in enumerate(editor_rules(app)):
        answer = answer_to(
            client, rule, path, visitor=f"192.0.2.{number}"
        )  # of each, only some forms are kept
        is_asked = answer.status_code == 303 and (answer.location or "").startswith("/editor/sign-in")
        assert is_asked or rule.endpoint in OPEN, f"{rule.endpoint}: {answer.status}"


def test_after_signing_in_everybody_gets_to_a_page_whatever_button_was_pressed(
    client: PageClient, app: Flask
) -> None:
    """A button has an address of its own, at which there is nothing to read."""
    add_editor(role=Role.ADMIN)
    pages = app.url_map.bind("localhost")
    for number, (rule, path) in enumerate(editor_rules(app)):
        answer = answer_to(client, rule, path, visitor=f"192.0.2.{number}")
        wanted = parse_qs(urlsplit(answer.location or "").query).get("next", [""])[0]
        if rule.endpoint not in OPEN and wanted:
            assert "GET" in pages.allowed_methods(wanted.partition("?")[0]), f"{path} leads to {wanted}"


@pytest.mark.parametrize(
    ("button", "page"),
    [
        ("/editor/categories/pain-management/move", "/editor/categories/pain-management"),
        ("/editor/categories/pain-management/merge", "/editor/categories/pain-management"),
        ("/editor/answers/1/still-right", "/editor/answers/1"),
        ("/editor/feedback/messages/1/done", "/editor/feedback/"),
        ("/editor/summaries/1/delete", "/editor/summaries/1"),
        ("/editor/account", "/editor/account"),
        ("/editor/nowhere", "/editor/"),
    ],
)
def test_a_button_leads_to_the_page_it_stands_on(client: PageClient, button: str, page: str) -> None:
    add_editor(role=Role.ADMIN)
    fields = {"email": EMAIL, "password": PASSWORD, "csrf_token": token(client)}
    assert client.post(f"/editor/sign-in?next={button}", fields).location == page


def test_what_a_button_sent_does_not_fill_the_form_of_its_page(client: PageClient) -> None:
    """Up has no name in it: the form would open with an empty one."""
    add_editor(role=Role.ADMIN)
    path = "/editor/categories/pain-management"
    asked = client.post(f"{path}/move", {"move": "up"}).location
    assert asked == f"/editor/sign-in?next={path}"
    client.post(asked, {"email": EMAIL, "password": PASSWORD, "csrf_token": token(client, asked)})
    assert 'value="Pain Management"' in client.get(path).text


@pytest.mark.proves(
    "Promise 4: every route refuses a wrong method, a visitor who is not signed in, and a wrong role",
    "ASVS 8.2.1",
)
@pytest.mark.parametrize(
    ("role", "refused"),
    [(Role.WRITER, FOR_ADMINS | NOT_FOR_WRITERS), (Role.EDITOR, FOR_ADMINS), (Role.ADMIN, set())],
)
def test_a_page_for_another_role_is_refused(
    client: PageClient, app: Flask, role: Role, refused: set[str]
) -> None:
    add_editor("Number One", "one@example.org")  # whom the addresses of people name
    add_editor(role=role)
    sign_in(client)
    csrf_token = token(client, "/editor/account")
    found = {
        rule.endpoint
        for rule, path in editor_rules(app)
        if rule.endpoint not in OPEN and answer_to(client, rule, path, csrf_token).status_code == 403
    }
    assert found == refused


@pytest.mark.proves(
    "Promise 4: every route refuses a wrong method, a visitor who is not signed in, and a wrong role"
)
def test_a_method_that_a_page_does_not_know_is_refused(client: PageClient, app: Flask) -> None:
    known: dict[str, set[str]] = {}
    for rule, path in rules(app):
        known.setdefault(path, set()).update(rule.methods or ())
    for path, methods in known.items():
        for method in METHODS:
            if method not in methods:
                answer = client.flask.open(path, method=method, headers=SAME_SITE)
                assert answer.status_code == 405, f"{method} {path}: {answer.status_code}"
                assert set(answer.headers["Allow"].split(", ")) == methods, path
