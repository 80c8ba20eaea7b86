"""Every change of password or second factor is mailed to the account."""

from collections.abc import Callable

import pytest

from tests.accounts.people import (
    EMAIL,
    EditorClient,
    add_editor,
    enter,
    sign_in,
    token,
    turn_on_second_factor,
)
from tests.accounts.test_account import change
from tests.accounts.test_passkeys import add_passkey
from tests.accounts.test_people import act
from tests.accounts.test_resets import choose, mailed_link
from tests.accounts.test_second_factor import PAGE, set_up
from tests.newsletter.steps import delivered, text_of
from tests.pages import PageClient
from webapp.accounts.editors import ACCOUNT_NOTICES
from webapp.models import AuditKind, Editor, Role

PASSWORD_FIELD = {"password": "marigold bench river spoon"}


def send(client: PageClient, path: str, status: int = 303, **fields: str) -> None:
    client.post(path, fields | PASSWORD_FIELD | {"csrf_token": token(client, PAGE)}, status=status)


def with_factor(client: PageClient, ana: Editor) -> list[str]:
    """Ana with a second factor, signed in by the first of her recovery codes; the others."""
    _, codes = turn_on_second_factor(ana)
    sign_in(client)
    enter(client, codes[0], "recovery-code")
    return codes[1:]


def change_password(client: PageClient, ana: Editor) -> None:
    sign_in(client)
    change(client)


def set_by_link(client: PageClient, ana: Editor) -> None:
    choose(client, mailed_link(client))


def turn_on(client: PageClient, ana: Editor) -> None:
    sign_in(client)
    set_up(client)


def turn_off(client: PageClient, ana: Editor) -> None:
    send(client, f"{PAGE}/off", code=with_factor(client, ana)[0])


def make_codes(client: PageClient, ana: Editor) -> None:
    with_factor(client, ana)
    send(client, f"{PAGE}/recovery-codes", status=200)


def have_it_taken_off(client: PageClient, ana: Editor) -> None:
    turn_on_second_factor(ana)
    add_editor("Bo Admin", "bo@example.org", Role.ADMIN)
    sign_in(client, "bo@example.org")
    act(client, ana, "second-factor")


def add_a_passkey(client: PageClient, ana: Editor) -> None:
    sign_in(client)
    add_passkey(client)


def remove_a_passkey(client: PageClient, ana: Editor) -> None:
    add_a_passkey(client, ana)
    send(client, f"{PAGE}/passkeys/remove", passkey=str(ana.passkeys[0].id))


CHANGES: dict[AuditKind, Callable[[PageClient, Editor], object]] = {
    AuditKind.PASSWORD_CHANGED: change_password,
    AuditKind.PASSWORD_RESET: set_by_link,
    AuditKind.FACTOR_ON: turn_on,
    AuditKind.FACTOR_OFF: turn_off,
    AuditKind.FACTOR_RESET: have_it_taken_off,
    AuditKind.PASSKEY_ADDED: add_a_passkey,
    AuditKind.PASSKEY_REMOVED: remove_a_passkey,
    AuditKind.RECOVERY_CODES_MADE: make_codes,
    AuditKind.RECOVERY_CODE_USED: with_factor,
}


@pytest.mark.proves("ASVS 6.3.7")
@pytest.mark.parametrize("kind", ACCOUNT_NOTICES)
def test_a_change_of_password_or_second_factor_is_mailed(client: PageClient, kind: AuditKind) -> None:
    CHANGES[kind](client, add_editor())
    mail = delivered()[-1]
    text = " ".join(text_of(mail).split())
    assert (mail["To"], mail["Subject"]) == (EMAIL, "A change to your account")
    assert ACCOUNT_NOTICES[kind] in text and "/editor/forgotten" in text


def test_a_failed_try_is_not_mailed(client: EditorClient) -> None:
    add_editor()
    sign_in(client)
    change(client, current="something else entirely", status=422)
    assert delivered() == []
