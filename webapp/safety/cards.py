"""The safety cards, read from `webapp/starter/safety.toml` at the start, and which of them a text calls for.

A file that is not whole stops the start: a card without its steps or sources must not be found out in an emergency.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask

from webapp.config import ROOT, Config, ConfigError
from webapp.safety.triggers import Call, Matching, Triggers, TriggerWords

FILE = ROOT / "webapp" / "starter" / "safety.toml"
MOST_FULL = 2  # more would hide what else was found; the others are lines
REMEMBERED = 1_000  # texts: the same words are looked for while typing, by Enter, and on the next page


class SafetyFileError(Exception):
    """The file of safety cards cannot be used; the message names the file, the card or line, and the reason."""


class Country(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A country whose emergency number the cards name."""

    code: str
    name: str
    number: str


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a card rests on. Without an address, only a copy on somebody else's site was read. ``dated``: as the page says."""

    id: str
    owner: str
    title: str
    address: str = ""
    dated: str = ""


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A button of a card. ``countries``: where it works; none: everywhere."""

    label: str
    address: str
    countries: tuple[str, ...] = ()


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do in one kind of emergency; cards of a lower ``rank`` come first."""

    id: str
    rank: int
    label: str
    title: str
    what: str
    who: str
    signs: tuple[str, ...]
    do_now: tuple[str, ...]
    call_now: tuple[str, ...]
    call_soon: tuple[str, ...]
    tell: str
    do_not: tuple[str, ...]
    sources: tuple[str, ...]
    checked_on: date
    triggers: TriggerWords
    actions: tuple[Action, ...] = ()
    note: str = ""
    is_calm: bool = False  # somebody to talk to comes before the emergency number


class Wallet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands on both sides of the card to carry: for an ambulance crew, and for oneself."""

    crew: tuple[str, ...]
    me: tuple[str, ...]


class SafetyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; each card is read by itself, so that an error can name it."""

    matching: Matching
    wallet: Wallet
    country: tuple[Country, ...]
    source: tuple[Source, ...]
    card: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Shown:
    """The cards that a text calls for: shown in full, and as one line."""

    full: tuple[Card, ...] = ()
    lines: tuple[Card, ...] = ()

    @property
    def is_private(self) -> bool:
        """Does the text say that somebody may be in danger? Then nothing about it is counted."""
        return bool(self.full) or any(card.is_calm for card in self.lines)


class SafetyCards:
    """All cards in the order of their rank, and what goes with them. The first country is the one whose number is called."""

    def __init__(self, file: SafetyFile, country_codes: tuple[str, ...]) -> None:
        known = {country.code: country for country in file.country}
        if not country_codes or not known.keys() >= set(country_codes):
            raise ConfigError(f"EMERGENCY_COUNTRIES: give one or more of {' '.join(known)}.")
        self.countries = [known[code] for code in country_codes]
        self.emergency_number = self.countries[0].number
        self.sources = {source.id: source for source in file.source}
        self.wallet = msgspec.convert(self._filled(file.wallet), Wallet)
        self.cards = sorted(map(self.card, file.card), key=lambda card: card.rank)
        by_card = {card.id: card.triggers for card in self.cards}
        if len(by_card) < len(self.cards):
            raise SafetyFileError("two cards have the same id")
        self._triggers = Triggers(by_card, file.matching)

    def card(self, row: Mapping[str, Any]) -> Card:
        """A card as this site shows it: with its emergency number, and the buttons that work in its countries."""
        try:
            card = msgspec.convert(self._filled(row), Card)
        except msgspec.ValidationError as error:
            raise SafetyFileError(f"card {row.get('id')}: {error}") from error
        for field in ("do_now", "call_now", "sources"):
            if not getattr(card, field):
                raise SafetyFileError(f"card {card.id}: {field} is empty")
        if unknown := set(card.sources) - self.sources.keys():
            raise SafetyFileError(f"card {card.id}: no source is called {', '.join(sorted(unknown))}")
        here = {country.code for country in self.countries}
        own = [action for action in card.actions if not action.countries or here & set(action.countries)]
        emergency = [Action(f"Call {self.emergency_number}", f"tel:{self.emergency_number}")]
        return msgspec.structs.replace(
            card, actions=(*own, *emergency) if card.is_calm else (*emergency, *own)
        )

    def _filled(self, value: Any) -> Any:
        """What the file says, with the emergency number put in."""
        number = self.emergency_number.encode()
        return msgspec.json.decode(msgspec.json.encode(value).replace(b"{emergency}", number))

    @lru_cache(REMEMBERED)  # noqa: B019 - the cards live as long as the process
    def match(self, text: str) -> Shown:
        """The cards that a text calls for."""
        calls = self._triggers.calls(text)
        called = [card for card in self.cards if card.id in calls]
        full = [card for card in called if calls[card.id] is Call.FULL][:MOST_FULL]
        return Shown(tuple(full), tuple(card for card in called if card not in full))


@lru_cache(maxsize=4)
def read(path: Path, country_codes: tuple[str, ...]) -> SafetyCards:
    """The cards of a file; raises SafetyFileError, or ConfigError if a country is not in it."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return SafetyCards(msgspec.convert(table, SafetyFile), country_codes)
    except ConfigError:
        raise
    except (OSError, ValueError, SafetyFileError) as error:
        raise SafetyFileError(f"{path}: {error}") from error


def init_app(app: Flask, config: Config) -> None:
    """Read the cards, and make them known to templates: an error page shows them, too."""
    cards = read(FILE, config.emergency_countries)
    app.extensions["safety_cards"] = cards
    app.jinja_env.globals["safety_cards"] = cards
