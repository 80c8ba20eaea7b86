"""Passwords: what is accepted, how it is kept, and how it is checked in the same time for everybody."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

LEAST = 12
MOST = 256
LEAST_VARIED = 3  # different characters
SHORTEST_NAME = 2  # shorter parts of a name say nothing

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106 for little memory: 64 MiB, 3 passes
# The hash of a password nobody has: an unknown address costs the same time as a known one.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$giw9rYFJD36wk9wjizOUXw$q/cND/MdqoKBhb/WO0augFQwRh4TevUwPpKa/zybOEs"

# Bases of the passwords of twelve characters and more that stand highest in published lists of leaked ones.
_COMMON = (
    "password", "passwort", "passw0rd", "p@ssw0rd", "p@ssword", "qwerty", "qwertz", "azerty", "letmein", "welcome", "admin",
    "administrator", "changeme", "iloveyou", "football", "baseball", "basketball", "superman", "batman", "dragon", "monkey",
    "sunshine", "princess", "trustno1", "starwars", "whatever", "jennifer", "michelle", "liverpool", "default", "secret",
    "login", "master", "hello", "computer", "internet", "samsung", "pokemon", "minecraft", "blink182", "jordan23",
    "unknown", "correcthorsebatterystaple", "spinalcord", "spinalcordinjury", "research", "editor",
)  # fmt: skip
_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
         "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "zaq12wsxcde34rfvbgt56yhn", "qazwsxedcrfvtgbyhnujm")  # fmt: skip


class PasswordRefused(ValueError):
    """A new password cannot be used; the message says what to do."""


def check_new(password: str, *personal: str) -> None:
    """Raises PasswordRefused for a password that is too short, too long, well known, or made of ``personal`` words."""
    if len(password) < LEAST:
        raise PasswordRefused(
            f"Use at least {LEAST} characters. Four or five words in a row are easy to remember."
        )
    if len(password) > MOST:
        raise PasswordRefused(f"Use at most {MOST} characters.")
    if is_common(password, *personal):
        raise PasswordRefused(
            "This password is too easy to guess. Use four or five words that do not belong together."
        )


def is_common(password: str, *personal: str) -> bool:
    """Is nothing left of a password when well-known words, runs of keys, repeats and figures at the ends are taken off?"""
    rest = "".join(password.lower().split())
    words = [
        part.lower()
        for text in personal
        for part in text.replace("@", " ").replace(".", " ").split()
        if len(part) > SHORTEST_NAME
    ]
    for word in sorted((*_COMMON, *words), key=len, reverse=True):
        rest = rest.replace(word, "")
    rest = rest.strip("0123456789!?.,_-+#*@$ ")
    return (
        len(set(rest)) < LEAST_VARIED
        or _is_repeat(rest)
        or any(rest in run or rest in run[::-1] for run in _RUNS)
    )


def hash_of(password: str) -> str:
    """The argon2id hash that is kept."""
    return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Is this the password of that hash? Takes the same time when there is no hash, that is, no such person."""
    try:
        _hasher.verify(password_hash or _NOBODY, password[: MOST + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


def _is_repeat(text: str) -> bool:
    """Is it one short piece again and again, like "abcabcabc"?"""
    return len(text) > 1 and text in (text + text)[1:-1]
