"""Passwords: the rules for new ones, hashing, and a check that takes the same time for everybody."""

import re

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from zxcvbn import zxcvbn

from webapp.web.site_settings import site_settings
from webapp.web.tokens import new_secret

LEAST = 12
MOST = 256
LEAST_SCORE = 4  # of 4: more than 10^10 guesses
# zxcvbn tries each way to read "@" or "3" as a letter: 72 characters made of such symbols would take it 13 seconds.
# Four unrelated words reach the best score within 32 characters, and more characters make no password weaker.
SCORED = 32

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106 for little memory: 64 MiB, 3 passes
# The hash of a random password, checked for unknown addresses so that they take as long as known ones.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$giw9rYFJD36wk9wjizOUXw$q/cND/MdqoKBhb/WO0augFQwRh4TevUwPpKa/zybOEs"


class PasswordRefused(ValueError):
    """A new password cannot be used; the message says what to do."""


def check_new(password: str, *personal: str) -> None:
    """Raise PasswordRefused for a password that is too short, too long, or easy to guess by its strength score.

    The owner's ``personal`` words, and the site's name, count as easy to guess: whole, in parts, and in other spellings.
    """
    if len(password) < LEAST:
        raise PasswordRefused(
            f"Use at least {LEAST} characters. Four or five words in a row are easy to remember."
        )
    if len(password) > MOST:
        raise PasswordRefused(f"Use at most {MOST} characters.")
    known: list[str] = []
    for text in (*personal, site_settings().name):
        words = re.findall(r"\w+", text)
        known += [text, text.partition("@")[0], *words]
        known += [sign.join(words) for sign in ("", " ", ".", "-", "_")]
    if zxcvbn(password[:SCORED], user_inputs=known)["score"] < LEAST_SCORE:
        raise PasswordRefused("This password is too easy to guess. Use four or five unrelated words.")


def new_hash(password: str, *personal: str) -> str:
    """Check a new password with ``check_new`` and hash it; call it before ``writing()``, it takes a tenth of a second."""
    check_new(password, *personal)
    return _hasher.hash(password)


def hash_nobody_knows() -> str:
    """The hash of a random password, for an editor who has yet to choose one."""
    return _hasher.hash(new_secret())


def matches(password_hash: str | None, password: str) -> bool:
    """Compare a password with a hash; takes the same time without a hash, that is, for an unknown address."""
    try:
        _hasher.verify(password_hash or _NOBODY, password[: MOST + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None
