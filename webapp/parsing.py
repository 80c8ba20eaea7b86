"""Numbers, choices, days, times and texts as people, addresses, files and settings write them.

``str.isdigit`` says yes to "²", which ``int`` refuses; ``int`` takes "٣" and gives up at 4,300 digits; a time in year 1 or 9999
cannot be moved to another time zone. What comes from outside is read here, once for all.
"""

import html
import re
import unicodedata
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

LARGEST = 2**31 - 1  # what an integer column of PostgreSQL can hold
FIRST_YEAR, LAST_YEAR = 1800, 2199

Member = TypeVar("Member", bound=StrEnum)

_DIGITS = re.compile(r"[0-9]{1,10}")

# What copying from PDF, Word and web pages brings along. XML cannot hold some of these characters, PostgreSQL not NUL; the
# others are not seen, and hide a word from searches and comparisons.
_INVISIBLE = (
    "\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters
    "\xad\u034f\u180e\u200b\u2060-\u2064\ufeff"  # soft hyphens, and signs without width
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\U000e0000-\U000e007f"  # change direction, or carry hidden tags
    "\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffc"  # half a character, and places of objects
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
)
_REPLACEMENTS = {
    "\n": re.compile("\r\n|[\r\v\f\x85\u2028\u2029]"),
    " ": re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]"),
    "": re.compile(f"[{_INVISIBLE}]"),
    # Joiners and variation selectors have a meaning in the scripts from Arabic to Mongolian, and after symbols.
    r"\1": re.compile(
        "([\u0600-\u18ff\u2190-\u2bff\U0001f000-\U0001faff][\u200c\u200d\ufe00-\ufe0f]+)|[\u200c\u200d\ufe00-\ufe0f]+"
    ),
}
_LIGATURES = {number: unicodedata.normalize("NFKC", chr(number)) for number in range(0xFB00, 0xFB07)}


def int_from(text: str | None, low: int = 0, high: int = LARGEST) -> int | None:
    """A whole number written with the digits 0 to 9, from ``low`` to ``high``; None for anything else."""
    if text is None or not _DIGITS.fullmatch(text):
        return None
    number = int(text)
    return number if low <= number <= high else None


def member_from(kind: type[Member], text: str | None) -> Member | None:
    """The member of an enumeration with this value; None for anything else."""
    return next((member for member in kind if member == text), None)


def date_from(text: str) -> date | None:
    """A day in ISO 8601, like 2026-03-14, in a year from FIRST_YEAR to LAST_YEAR; None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def datetime_from(text: str) -> datetime | None:
    """A time in ISO 8601, like 2026-11-30T09:00, in a year from FIRST_YEAR to LAST_YEAR; None for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if FIRST_YEAR <= at.year <= LAST_YEAR else None


def local_time_from(text: str, time_zone: str) -> datetime | None:
    """A browser's local time, like 2026-11-30T09:00, in this IANA time zone, as UTC; None for what ``datetime_from`` refuses."""
    local = datetime_from(text)
    return local and local.replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def clean_text(text: str) -> str:
    """A text without what nobody sees: control characters, soft hyphens, signs without width or that change direction.

    Line breaks of all kinds become LF, spaces of all kinds a plain space, ligatures their letters, and a letter with
    combining accents one character.
    """
    if text.isascii() and text.isprintable():
        return text
    for replacement, pattern in _REPLACEMENTS.items():
        text = pattern.sub(replacement, text)
    return unicodedata.normalize("NFC", text.translate(_LIGATURES))


def in_one_line(text: str | None) -> str:
    """A clean text whose words stand in one line; empty for None."""
    return " ".join(clean_text(text or "").split())


def clean_texts(value: Any) -> Any:
    """A value as TOML and JSON have them, with every text in it clean (``clean_text``)."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean_texts(member) for member in value]
    return {name: clean_texts(member) for name, member in value.items()} if isinstance(value, dict) else value


def decode_entities(text: str) -> str:
    """Decode HTML's entities, like "&lt;", once. Those without a semicolon stay: they may be parameters of an address."""
    return re.sub(
        r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]{1,31});",
        lambda match: html.unescape(match[0]),
        text,
    )


def value_at(value: Any, *path: str) -> Any:
    """What JSON from outside, of which any part may be of any type, has under these names, each in the one before; or None."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text_at(value: Any, *path: str) -> str:
    """A text or a number in JSON as text, and "" for anything else."""
    found = value_at(value, *path)
    return str(found).strip() if isinstance(found, str | int) else ""


def list_at(value: Any, *path: str) -> list[Any]:
    """A list in JSON, and an empty one for anything else."""
    found = value_at(value, *path)
    return found if isinstance(found, list) else []


def learn_structs() -> None:
    """Have msgspec look at each of our types now, while there is one thread.

    Otherwise it does so at the first use, and a second thread that uses the type meanwhile crashes the whole process.
    """
    kinds: list[type] = [msgspec.Struct]
    for kind in kinds:  # grows on the way
        kinds += kind.__subclasses__()
        if kind.__module__.startswith("webapp."):
            msgspec.json.Decoder(kind)
