"""Passkeys (WebAuthn): what the browser asks an editor's device for, and checks of what the device signed."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, session
from sqlalchemy import select, update
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from webapp.config import with_port
from webapp.db.session import db
from webapp.models import Editor, Passkey
from webapp.web.forms import is_exceeded
from webapp.web.site_settings import site_settings

log = logging.getLogger(__name__)

LASTS = timedelta(hours=1)  # of a challenge: as long as the token of the form that carries it
_TIMEOUT = 5 * 60_000  # milliseconds that the browser waits for the device
_Checked = TypeVar("_Checked")


@dataclass(frozen=True)
class Challenge:
    """Random bytes for a device to sign once. ``name`` is that of the passkey to be made, and empty for signing in."""

    text: str  # base64url
    made_at: datetime
    name: str


@dataclass(frozen=True)
class Proof:
    """A valid signature by a passkey; it counts once ``use()`` has accepted it."""

    passkey_id: int
    editor_id: int
    sign_count: int  # before, and with this signature
    new_sign_count: int
    challenge: Challenge


def registration_options(editor: Editor, name: str, asked_at: datetime) -> str:
    """What the browser needs to make a passkey, as JSON. It refuses a device that has one of this editor already.

    ``asked_at`` is when the password was entered: each new try at the same passkey has to be in time for that.
    """
    return options_to_json(
        generate_registration_options(
            rp_id=_site()[0],
            rp_name=site_settings().name,
            user_id=_user_handle(editor.id),
            user_name=editor.email,
            user_display_name=editor.name,
            challenge=_new_challenge(asked_at, name),
            timeout=_TIMEOUT,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=_descriptors(editor),
        )
    )


def sign_in_options(editor: Editor | None = None) -> str:
    """What the browser needs to sign with a passkey, as JSON: of ``editor`` after the password, else of anybody.

    Without a password the device has to verify the person, by fingerprint, face or PIN: a stolen device is not enough.
    """
    return options_to_json(
        generate_authentication_options(
            rp_id=_site()[0],
            challenge=_new_challenge(datetime.now(UTC)),
            timeout=_TIMEOUT,
            allow_credentials=_descriptors(editor) if editor else None,
            user_verification=UserVerificationRequirement.PREFERRED
            if editor
            else UserVerificationRequirement.REQUIRED,
        )
    )


def find_awaited(now: datetime) -> Challenge | None:
    """The challenge that this browser has yet to answer; None if there is none or it is too old."""
    text, made_at, name = session.get("passkey", ["", now.isoformat(), ""])
    challenge = Challenge(text, datetime.fromisoformat(made_at), name)
    return challenge if text and challenge.made_at > now - LASTS else None


def find_new(credential: str, now: datetime) -> tuple[Passkey, Challenge] | None:
    """The passkey that a browser has just made, not yet stored; None if what it sent is invalid or came too late."""
    challenge = _take_challenge(now)
    if challenge is None:
        return None
    made = _checked(verify_registration_response, credential=credential, **_expected(challenge))
    if made is None:
        return None
    passkey = Passkey(
        name=challenge.name,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        added_at=now,
    )
    return passkey, challenge


def add(editor: Editor, passkey: Passkey, challenge: Challenge) -> bool:
    """Store a new passkey; False if it is stored already, or its challenge was used before."""
    known = select(Passkey.id).where(Passkey.credential_id == passkey.credential_id)
    if _was_used(challenge) or db.session.scalar(known) is not None:
        return False
    editor.passkeys.append(passkey)
    return True


def find_proof(credential: str, now: datetime, *, is_alone: bool) -> Proof | None:
    """Check a signature by a passkey; None if anything about it is invalid.

    With ``is_alone`` there was no password before, and the device must have verified the person.
    """
    challenge = _take_challenge(now)
    sent = _checked(parse_authentication_credential_json, credential)
    if challenge is None or sent is None:
        return None
    passkey = db.session.scalar(select(Passkey).where(Passkey.credential_id == sent.raw_id))
    if passkey is None or sent.response.user_handle not in (None, _user_handle(passkey.editor_id)):
        return None
    verified = _checked(
        verify_authentication_response,
        credential=sent,
        credential_public_key=passkey.public_key,
        credential_current_sign_count=passkey.sign_count,
        require_user_verification=is_alone,
        **_expected(challenge),
    )
    if verified is None:
        return None
    return Proof(passkey.id, passkey.editor_id, passkey.sign_count, verified.new_sign_count, challenge)


def use(proof: Proof, now: datetime) -> Editor | None:
    """The editor who may sign in with this proof; None if it was used before, or the account is closed."""
    counted = (
        update(Passkey)
        .where(Passkey.id == proof.passkey_id, Passkey.sign_count == proof.sign_count)
        .values(sign_count=proof.new_sign_count, last_used_at=now)
        .returning(Passkey.editor_id)
    )
    editor_id = None if _was_used(proof.challenge) else db.session.scalar(counted)
    editor = db.session.get(Editor, editor_id) if editor_id is not None else None
    return editor if editor is not None and editor.disabled_at is None else None


def _site() -> tuple[str, str]:
    """The RP id and the origin of the site as browsers write them: lower case, ASCII, without the default port."""
    parts = urlsplit(current_app.extensions["config"].site_url)
    host = (parts.hostname or "").encode("idna").decode()
    is_default = parts.port in (None, 443 if parts.scheme == "https" else 80)
    return host, f"{parts.scheme}://{host if is_default else with_port(host, parts.port or 0)}"


def _user_handle(editor_id: int) -> bytes:
    return f"editor-{editor_id}".encode()


def _descriptors(editor: Editor) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in editor.passkeys]


def _new_challenge(made_at: datetime, name: str = "") -> bytes:
    """Make a challenge, and remember it in the session of this browser, in place of an earlier one."""
    challenge = secrets.token_bytes(32)
    session["passkey"] = [bytes_to_base64url(challenge), made_at.isoformat(), name]
    return challenge


def _take_challenge(now: datetime) -> Challenge | None:
    """The challenge of this browser, removed from its session."""
    challenge = find_awaited(now)
    session.pop("passkey", None)
    return challenge


def _was_used(challenge: Challenge) -> bool:
    """Count a use of a challenge in the database: a copied cookie would bring it back into the session.

    The count stands under the time when the challenge was made, so it is the same one at any time of use.
    """
    return is_exceeded("passkey-challenge", challenge.text, 1, LASTS, challenge.made_at)


def _expected(challenge: Challenge) -> dict[str, Any]:
    rp_id, origin = _site()
    return {
        "expected_challenge": base64url_to_bytes(challenge.text),
        "expected_rp_id": rp_id,
        "expected_origin": origin,
    }


def _checked(check: Callable[..., _Checked], *given: Any, **expected: Any) -> _Checked | None:
    """The result of one of the library's checks; None if it raises.

    Its parsers raise more than WebAuthnException for what a stranger can send, and none of it may get in.
    """
    try:
        return check(*given, **expected)
    except Exception as error:
        log.warning("a passkey was refused", extra={"reason": f"{type(error).__name__}: {error}"})
        return None
