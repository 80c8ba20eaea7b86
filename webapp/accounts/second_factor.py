"""The second factor: one-time codes of an authenticator app (TOTP, RFC 6238), passkeys, and recovery codes."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, select, update

from webapp.accounts.editors import end_sign_ins, record_and_notify
from webapp.db.session import db
from webapp.models import AuditKind, Editor, Passkey, RecoveryCode, SecondFactor
from webapp.web.site_settings import site_settings

STEP = 30  # seconds
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no characters that look alike
_COST = 2**14  # of hashing a recovery code with scrypt: 16 MiB, a thirtieth of a second
_HALF = 5  # characters: two halves are 49 bits


class AlreadyOn(ValueError):
    """The second factor was turned on by another request in the meantime."""


def new_secret() -> str:
    """A random secret for an authenticator app, 160 bits in base32."""
    return pyotp.random_base32()


def app_address(secret: str, email: str) -> str:
    """The ``otpauth:`` address that an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=site_settings().name)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step of a code, if it is the current one, the one before or the one after."""
    typed, totp, this = "".join(code.split()).encode(), pyotp.TOTP(secret), int(now.timestamp()) // STEP
    steps = (this, this - 1, this + 1)
    return next((step for step in steps if hmac.compare_digest(totp.at(step * STEP).encode(), typed)), None)


def use_code(editor: Editor, code: str, now: datetime) -> bool:
    """Use up a code of the app; False if it is wrong or was used before, also by a request at the same moment."""
    factor = editor.second_factor
    step = matching_step(factor.secret, code, now) if factor else None
    if step is None:
        return False
    used = (
        update(SecondFactor)
        .where(SecondFactor.editor_id == editor.id, SecondFactor.last_step < step)
        .values(last_step=step)
        .returning(SecondFactor.editor_id)
    )
    return db.session.scalar(used) is not None


def new_recovery_codes() -> dict[str, RecoveryCode]:
    """Ten new recovery codes like "k7qdm-2xa9f", each with its row. Slow on purpose: call it before ``writing()``."""
    salt = secrets.token_hex(16)
    letters = ("".join(secrets.choice(_ALPHABET) for _ in range(2 * _HALF)) for _ in range(RECOVERY_CODES))
    codes = [f"{text[:_HALF]}-{text[_HALF:]}" for text in letters]
    return {code: RecoveryCode(salt=salt, code_hash=recovery_hash(salt, code)) for code in codes}


def recovery_hash(salt: str, code: str) -> str:
    """A scrypt hash of a recovery code. Slow on purpose: call it before ``writing()``."""
    letters = "".join(filter(str.isalnum, code.lower()))
    return hashlib.scrypt(letters.encode(), salt=salt.encode(), n=_COST, r=8, p=1, dklen=32).hex()


def recovery_hash_of(editor: Editor, code: str) -> str:
    """The hash of a recovery code as an editor typed it, also for an editor who has none."""
    salt = db.session.scalar(select(RecoveryCode.salt).where(RecoveryCode.editor_id == editor.id).limit(1))
    app = editor.second_factor
    return recovery_hash(salt or (app.secret if app else ""), code)


def turn_on(editor: Editor, secret: str, step: int, codes: Iterable[RecoveryCode], now: datetime) -> None:
    """Require a code from now on; ``step`` is that of the code entered to prove that the app has the secret.

    Raises AlreadyOn.
    """
    if editor.second_factor is not None:
        raise AlreadyOn(editor.id)
    editor.second_factor = SecondFactor(secret=secret, last_step=step, set_up_at=now)
    replace_recovery_codes(editor, codes)


def turn_off(editor: Editor) -> None:
    """Sign in with the password alone from now on."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.editor_id == editor.id))
    editor.second_factor = None
    editor.passkeys.clear()


def reset(editor: Editor, now: datetime, actor_id: int | None) -> None:
    """Turn off the second factor of an editor who has lost it, sign them out everywhere, and tell them by mail."""
    if editor.has_second_factor:
        turn_off(editor)
        end_sign_ins(editor)
        record_and_notify(AuditKind.FACTOR_RESET, now, actor_id, editor)


def remove(editor: Editor, factor: SecondFactor | Passkey) -> None:
    """Remove the app or a passkey. The recovery codes go with the last of them."""
    if isinstance(factor, Passkey):
        editor.passkeys.remove(factor)
    else:
        salted = RecoveryCode.editor_id == editor.id, RecoveryCode.salt.is_(None)
        db.session.execute(update(RecoveryCode).where(*salted).values(salt=factor.secret))
        editor.second_factor = None
    if not editor.has_second_factor:
        turn_off(editor)


def replace_recovery_codes(editor: Editor, codes: Iterable[RecoveryCode]) -> None:
    """Store new recovery codes and delete all earlier ones."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.editor_id == editor.id))
    for code in codes:
        code.editor_id = editor.id
        db.session.add(code)


def use_recovery_code(editor: Editor, code_hash: str) -> bool:
    """Use up a recovery code; False if it is none of the editor's."""
    used = (
        delete(RecoveryCode)
        .where(RecoveryCode.editor_id == editor.id, RecoveryCode.code_hash == code_hash)
        .returning(RecoveryCode.id)
    )
    return db.session.scalar(used) is not None


def recovery_codes_left(editor: Editor) -> int:
    own = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.editor_id == editor.id)
    return db.session.scalar(own) or 0
