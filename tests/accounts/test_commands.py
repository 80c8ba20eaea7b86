"""``flask editors``."""

from flask import Flask

from tests.accounts.people import EMAIL, PASSWORD, add_editor, audited, turn_on_second_factor
from webapp.accounts.editors import find_by_password, find_editor
from webapp.models import AuditKind


def test_an_editor_is_added_with_a_password_asked_twice(app: Flask) -> None:
    result = app.test_cli_runner().invoke(
        args=["editors", "add", "Ana Example", EMAIL], input=f"{PASSWORD}\n{PASSWORD}\n"
    )
    assert result.exit_code == 0, result.output
    editor = find_by_password(EMAIL, PASSWORD)
    assert editor is not None and editor.name == "Ana Example" and editor.role == "editor"
    assert audited() == [AuditKind.ACCOUNT_ADDED]


def test_an_editor_is_added_with_a_password_from_standard_input(app: Flask) -> None:
    args = ["editors", "add", "Ana Example", EMAIL, "--role", "writer", "--password-stdin"]
    result = app.test_cli_runner().invoke(args=args, input=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    editor = find_by_password(EMAIL, PASSWORD)
    assert editor is not None and editor.role == "writer"


def test_the_editors_are_listed(app: Flask) -> None:
    add_editor()
    result = app.test_cli_runner().invoke(args=["editors", "list"])
    assert result.output == "Ana Example <ana@example.org> editor\n"


def test_a_known_address_is_refused(app: Flask) -> None:
    add_editor()
    args = ["editors", "add", "Ana Again", "ANA@example.org", "--password-stdin"]
    result = app.test_cli_runner().invoke(args=args, input=f"{PASSWORD}\n")
    assert result.exit_code == 1
    assert "There is an editor with the address ana@example.org already." in result.output


def test_a_weak_password_and_a_bad_address_are_refused(app: Flask) -> None:
    runner = app.test_cli_runner()
    weak = runner.invoke(args=["editors", "add", "Ana", EMAIL, "--password-stdin"], input="short\n")
    assert weak.exit_code == 1 and "at least 12 characters" in weak.output
    bad = runner.invoke(args=["editors", "add", "Ana", "ana", "--password-stdin"], input=f"{PASSWORD}\n")
    assert bad.exit_code == 1 and "isn’t an email address" in bad.output


def test_a_second_factor_is_taken_off_who_lost_it(app: Flask) -> None:
    turn_on_second_factor(add_editor())
    runner = app.test_cli_runner()
    result = runner.invoke(args=["editors", "reset-second-factor", EMAIL])
    assert result.output == "Ana Example signs in with the password alone.\n"
    assert audited() == [AuditKind.FACTOR_RESET]
    editor = find_editor(EMAIL)
    assert editor is not None and editor.second_factor is None
    assert runner.invoke(args=["editors", "reset-second-factor", "bo@example.org"]).exit_code == 1
