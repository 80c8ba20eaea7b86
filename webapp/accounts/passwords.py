"""Passwords: what is accepted, how it is kept, and how it is checked in the same time for everybody."""

import re

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from zxcvbn import zxcvbn

from webapp.web.tokens import new_secret

LEAST = 12
MOST = 256
LEAST_SCORE = 4  # of 4: more than 10^10 guesses
# zxcvbn tries every reading of signs that may stand for letters, in every piece: otherwise 72 characters made of such
# signs take it 13 seconds. Four odd words reach the best score within 32, and what follows makes no password weaker.
SCORED = 32
SITE_NAME = "Spinal Cord Research Help"

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106 for little memory: 64 MiB, 3 passes
# The hash of a password nobody has: an unknown address costs the same time as a known one.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$giw9rYFJD36wk9wjizOUXw$q/cND/MdqoKBhb/WO0augFQwRh4TevUwPpKa/zybOEs"


class PasswordRefused(ValueError):
    """A new password cannot be used; the message says what to do."""


def check_new(password: str, *personal: str) -> None:
    """Raises PasswordRefused for a password that is too short, too long, or easy to guess for who knows ``personal``."""
    if len(password) < LEAST:
        raise PasswordRefused(
            f"Use at least {LEAST} characters. Four or five words in a row are easy to remember."
        )
    if len(password) > MOST:
        raise PasswordRefused(f"Use at most {MOST} characters.")
    known = [word for text in (*personal, SITE_NAME) for word in _spellings(text)]
    if zxcvbn(password[:SCORED], user_inputs=known)["score"] < LEAST_SCORE:
        raise PasswordRefused(
            "This password is too easy to guess. Use four or five words that do not belong together."
        )


def new_hash(password: str, *personal: str) -> str:
    """Check a new password as ``check_new`` does, and hash it. Takes a tenth of a second: do it before ``writing()``."""
    check_new(password, *personal)
    return _hasher.hash(password)


def hash_nobody_knows() -> str:
    """The hash of a random password, for somebody who will choose their own by a link."""
    return _hasher.hash(new_secret())


def matches(password_hash: str | None, password: str) -> bool:
    """Is this the password of that hash? Takes the same time when there is no hash, that is, no such person."""
    try:
        _hasher.verify(password_hash or _NOBODY, password[: MOST + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


def _spellings(text: str) -> list[str]:
    """A name or an address as people put it into a password: whole, in parts, and with other signs between them."""
    words = re.findall(r"\w+", text)
    return [text, text.partition("@")[0], *words, *(sign.join(words) for sign in ("", " ", ".", "-", "_"))]
