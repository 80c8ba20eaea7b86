"""The safety cards, read from `webapp/starter/safety.toml` at the start, and which of them a text calls for.

A file that is not whole stops the start: a card without its steps or sources must not be found out in an emergency.
What admins change later takes the place of single cards (`webapp/safety/live.py`).
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import msgspec
import tomli_w

from webapp.config import ROOT, ConfigError
from webapp.content.sign_off_words import checked_by
from webapp.languages.language import ENGLISH, current_language, gettext
from webapp.models.in_words import partial_date
from webapp.models.values import SignOff
from webapp.safety.triggers import Call, Matching, Triggers, TriggerWords, triggers_of

FILE = ROOT / "webapp" / "starter" / "safety.toml"
MOST_FULL = 2  # more would hide what else was found; the others are lines
REMEMBERED = 1_000  # texts: the same words are looked for while typing, by Enter, and on the next page
_WEB = re.compile(r"https?://\S+")
_HEAD = re.compile(r"\[\[\w+\]\]")  # of a card, a source or a country
# What a reason names: a field by its path or name, or words of the file.
_NAMED = re.compile(
    r"`\$\.(?:\w+(?:\[\d+\])?\.)*(\w+)(?:\[\d+\])?`|field `(\w+)`|(\w+) is empty|“(.+?)”|is called ([\w-]+)"
)
_BUTTON = re.compile(r"https://\S+|(tel|sms):[0-9+]+(\?body=\w+)?")


class SafetyFileError(Exception):
    """A card, or the file of all, cannot be used; the message names the card, or the file and line, and the reason."""


class Country(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A country whose emergency number the cards name."""

    code: str
    name: str
    number: str


class Source(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a card rests on. Without an address, only a copy on somebody else's site was read. ``dated``: as the page says."""

    owner: str
    title: str
    address: str = ""
    dated: str = ""
    id: str = ""  # by which the cards of the file name it


class Action(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A button of a card. ``countries``: where it works; none: everywhere."""

    label: str
    address: str
    countries: tuple[str, ...] = ()


class Card(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
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
    sources: tuple[Source, ...]
    checked_on: date
    triggers: TriggerWords
    actions: tuple[Action, ...] = ()
    note: str = ""
    is_calm: bool = False  # somebody to talk to comes before the emergency number


class Wallet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands on both sides of the card to carry: for an ambulance crew, and for oneself. ``card``: that it is short for."""

    card: str
    crew: tuple[str, ...]
    me: tuple[str, ...]


class SafetyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; each card is read by itself, so that an error can name it."""

    matching: Matching
    wallet: Wallet
    country: tuple[Country, ...]
    source: tuple[Source, ...]
    card: tuple[dict[str, Any], ...]


class ActionWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The label of a button in another language."""

    label: str


class CardWords(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The words of a card in another language, and which words of that language call for it."""

    id: str
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
    triggers: TriggerWords
    actions: tuple[ActionWords, ...] = ()
    note: str = ""


class WalletWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of the card to carry in another language."""

    crew: tuple[str, ...]
    me: tuple[str, ...]


class SafetyWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of another language: words only. Numbers, links, sources and dates are those of the English cards."""

    matching: Matching
    wallet: WalletWords
    card: tuple[CardWords, ...]

    def triggers(self, english: Matching) -> Triggers:
        """Which words of this language call for a card. What is English research is research in each language."""
        research_words = (*self.matching.research_words, *english.research_words)
        matching = msgspec.structs.replace(self.matching, research_words=research_words)
        return triggers_of(tuple((card.id, card.triggers) for card in self.card), matching)

    def by_english(self, file: SafetyFile) -> dict[str, dict[str, str]]:
        """For each card, the words of this language by the English ones that they were made from."""
        rows = {row["id"]: row for row in file.card}
        return {
            card.id: dict(zip(_texts(rows[card.id]), _texts(msgspec.to_builtins(card)), strict=True))
            for card in self.card
            if card.id in rows
        }

    def put_into(self, file: SafetyFile) -> SafetyFile:
        """The file with these words in place of the English ones. The triggers of the cards stay the English ones."""
        words = {card.id: card for card in self.card}
        wallet = msgspec.structs.replace(file.wallet, crew=self.wallet.crew, me=self.wallet.me)
        cards = tuple(_translated(row, words[row["id"]]) if row["id"] in words else row for row in file.card)
        return msgspec.structs.replace(file, wallet=wallet, card=cards)


def _translated(row: Mapping[str, Any], words: CardWords) -> dict[str, Any]:
    """A card with the words of another language. Lists that say more or less than the English ones are refused."""
    translated = msgspec.to_builtins(words)
    for name in ("signs", "do_now", "call_now", "call_soon", "do_not", "actions"):
        if len(translated.get(name, ())) != len(row.get(name, ())):
            raise SafetyFileError(f"card {words.id}: {name} has another count than in English")
    actions = zip(row.get("actions", ()), words.actions, strict=True)
    labeled = [{**action, "label": own.label} for action, own in actions]
    return {**row, **translated, "triggers": row["triggers"], "actions": labeled}


_LINES, _LISTS = (
    ("label", "title", "what", "who", "tell", "note"),
    ("signs", "do_now", "call_now", "call_soon", "do_not"),
)


def _texts(row: Mapping[str, Any]) -> list[str]:
    """The words of a card that readers see, in the same order in each language."""
    lines = [row.get(name, "") for name in _LINES]
    lists = [text for name in _LISTS for text in row.get(name, ())]
    return [*lines, *lists, *(action["label"] for action in row.get("actions", ()))]


def _in_words(row: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """A card that was changed in English, with the words of another language for what it still says."""
    lines = {name: words.get(row[name], row[name]) for name in _LINES if name in row}
    lists = {name: [words.get(text, text) for text in row[name]] for name in _LISTS if name in row}
    actions = [
        {**action, "label": words.get(action["label"], action["label"])} for action in row.get("actions", ())
    ]
    return {**row, **lines, **lists, "actions": actions}


@dataclass(frozen=True)
class Shown:
    """The cards that a text calls for: shown in full, and as one line."""

    full: tuple[Card, ...] = ()
    lines: tuple[Card, ...] = ()

    @property
    def is_private(self) -> bool:
        """Does the text say that somebody may be in danger? Then nothing about it is counted."""
        return bool(self.full) or any(card.is_calm for card in self.lines)


@dataclass(frozen=True)
class StoredCard:
    """What takes the place of a card of the file, and who checked it."""

    row: Mapping[str, Any]
    sign_offs: Sequence[SignOff] = ()


class SafetyCards:
    """All cards in the order of their rank, and what goes with them. The first country is the one whose number is called.

    ``written``: the cards as they were written, with {emergency} in place of the number. ``stored``: by the id of the card.
    ``other_triggers``: those of other languages; the triggers of the cards are the English ones. ``words``: of each card, the
    words of another language by the English ones; None in English.
    """

    def __init__(
        self,
        file: SafetyFile,
        country_codes: tuple[str, ...],
        stored: Mapping[str, StoredCard] = MappingProxyType({}),
        other_triggers: tuple[Triggers, ...] = (),
        words: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        known = {country.code: country for country in file.country}
        if not country_codes or not known.keys() >= set(country_codes):
            raise ConfigError(f"EMERGENCY_COUNTRIES: give one or more of {' '.join(known)}.")
        self.file, self._country_codes, self._stored, self._words = file, country_codes, stored, words
        self.countries = [known[code] for code in country_codes]
        self.emergency_number = self.countries[0].number
        self.sources = {source.id: source for source in file.source}
        self.wallet = msgspec.convert(self._filled(file.wallet), Wallet)
        rows: dict[str | None, Mapping[str, Any]] = {row.get("id"): row for row in file.card}
        if len(rows) < len(file.card):
            ids = [row.get("id") for row in file.card]
            twice = next(card_id for card_id in ids if ids.count(card_id) > 1)
            raise SafetyFileError(f"card {twice}: another card has the same id")
        rows |= {
            card_id: _in_words(card.row, words.get(card_id, {})) if words else card.row
            for card_id, card in stored.items()
        }
        written = sorted(map(self.as_written, rows.values()), key=lambda card: card.rank)
        self.written = {card.id: card for card in written}
        self.cards = [self.card(card) for card in written]
        if self.wallet.card not in self.written:
            raise SafetyFileError(f"wallet: there is no card {self.wallet.card}")
        self.wallet_card = self.card(self.written[self.wallet.card])
        english = triggers_of(tuple((card.id, card.triggers) for card in written), file.matching)
        self._other_triggers, self._triggers = other_triggers, (english, *other_triggers)
        self.match = lru_cache(REMEMBERED)(self._match)
        self._in_english: dict[str, frozenset[str]] = {}

    def with_stored(self, stored: Mapping[str, StoredCard]) -> Self:
        """These cards, with others in the place of some; raises SafetyFileError."""
        try:
            every = {**self._stored, **stored}
            return type(self)(self.file, self._country_codes, every, self._other_triggers, self._words)
        except ValueError as error:  # a trigger without a word
            raise SafetyFileError(str(error)) from error

    def translated(self, words: SafetyWords | None, other_triggers: tuple[Triggers, ...]) -> Self:
        """These cards with the words of the current language; raises SafetyFileError.

        What an admin changed of a card is English in each language: its translation says what it said before.
        """
        file, by_english = self.file, None
        if words:
            file, by_english = words.put_into(self.file), words.by_english(self.file)
        return type(self)(file, self._country_codes, self._stored, other_triggers, by_english)

    def as_written(self, row: Mapping[str, Any]) -> Card:
        """Read a card, with its sources in place of their names; raises SafetyFileError."""
        try:
            named = msgspec.convert(row.get("sources"), tuple[str | dict[str, str], ...])
            for name in named:
                if isinstance(name, str) and name not in self.sources:
                    raise SafetyFileError(f"card {row.get('id')}: no source is called {name}")
            # a source that is named becomes a text of the card's own: without the name
            sources = [
                msgspec.structs.asdict(self.sources[one]) | {"id": ""} if isinstance(one, str) else one
                for one in named
            ]
            card = msgspec.convert({**row, "sources": sources}, Card)
        except msgspec.ValidationError as error:
            raise SafetyFileError(f"card {row.get('id')}: {error}") from error
        for field in ("label", "title", "what", "who", "tell", "do_now", "call_now", "sources"):
            if not getattr(card, field):
                raise SafetyFileError(f"card {card.id}: {field} is empty")
        try:
            for source in card.sources:
                partial_date(source.dated or "2000")
        except ValueError as error:
            raise SafetyFileError(f"card {card.id}: “{source.dated}” is no date like 2021-05") from error
        addresses = [(_WEB, source.address) for source in card.sources if source.address]
        addresses += [(_BUTTON, action.address) for action in card.actions]
        for form, address in addresses:
            if not form.fullmatch(address):
                raise SafetyFileError(f"card {card.id}: “{address}” is no address that can be used here")
        return card

    def card(self, written: Card) -> Card:
        """A card as this site shows it: with its emergency number, and the buttons that work in its countries."""
        card = msgspec.convert(self._filled(written), Card)
        here = {country.code for country in self.countries}
        own = [action for action in card.actions if not action.countries or here & set(action.countries)]
        return msgspec.structs.replace(
            card, actions=(*own, self._call) if card.is_calm else (self._call, *own)
        )

    @property
    def _call(self) -> Action:
        """The button that calls the emergency number."""
        number = self.emergency_number
        return Action(gettext("Call %(emergency_number)s") % {"emergency_number": number}, f"tel:{number}")

    def who_checked(self, card: Card) -> str:
        """Who checked a card or an earlier text of it, or that no clinician has. A preview is checked by nobody."""
        stored = self._stored.get(card.id)
        return checked_by(stored.sign_offs if stored and card in self.cards else ())

    def in_english(self, card: Card) -> frozenset[str]:
        """What a card says in English because nobody translated it yet; nothing on an English page."""
        if current_language() is ENGLISH:
            return frozenset()
        if card.id not in self._in_english:
            translated = set(self._filled(list((self._words or {}).get(card.id, {}).values())))
            own_buttons = {action.label for action in card.actions if action.address != self._call.address}
            texts = _texts(msgspec.to_builtins(msgspec.structs.replace(card, actions=())))
            self._in_english[card.id] = frozenset(filter(None, {*texts, *own_buttons} - translated))
        return self._in_english[card.id]

    def to_toml(self) -> str:
        """All cards as a file, from which the same ones are read."""
        names = {msgspec.structs.replace(source, id=""): name for name, source in self.sources.items()}
        cards = []
        for card in self.written.values():
            row = msgspec.to_builtins(card, builtin_types=(date,))
            cited = zip(card.sources, row["sources"], strict=True)
            cards.append(row | {"sources": [names.get(source, written) for source, written in cited]})
        file = msgspec.to_builtins(self.file, builtin_types=(date,))
        return tomli_w.dumps(file | {"card": cards})

    def _filled(self, value: Any) -> Any:
        """What the file says, with the emergency number put in."""
        number = self.emergency_number.encode()
        return msgspec.json.decode(msgspec.json.encode(value).replace(b"{emergency}", number))

    def _match(self, text: str) -> Shown:
        """The cards that a text calls for."""
        calls: dict[str, Call] = {}
        for triggers in self._triggers:
            found = triggers.calls(text)
            calls |= {card_id: call for card_id, call in found.items() if calls.get(card_id) is not Call.FULL}
        called = [card for card in self.cards if card.id in calls]
        full = [card for card in called if calls[card.id] is Call.FULL][:MOST_FULL]
        return Shown(tuple(full), tuple(card for card in called if card not in full))


def parse(text: str, name: str, country_codes: tuple[str, ...]) -> SafetyCards:
    """The cards of the text of a file; raises SafetyFileError with its name and line, or ConfigError if a country is not in it."""
    try:
        return SafetyCards(msgspec.convert(tomllib.loads(text), SafetyFile), country_codes)
    except ConfigError:
        raise
    except (ValueError, SafetyFileError) as error:
        line = line_of_reason(text, str(error))
        raise SafetyFileError(f"{name}:{line}: {error}" if line else f"{name}: {error}") from error


@lru_cache(maxsize=4)
def read(path: Path, country_codes: tuple[str, ...]) -> SafetyCards:
    """The cards of a file; raises SafetyFileError, or ConfigError if a country is not in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SafetyFileError(f"{path}: {error}") from error
    return parse(text, str(path), country_codes)


@lru_cache(maxsize=4)
def read_words(path: Path) -> SafetyWords:
    """The words of the cards in another language; raises SafetyFileError."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), SafetyWords)
    except (OSError, ValueError) as error:
        raise SafetyFileError(f"{path}: {error}") from error


def line_of_reason(text: str, reason: str) -> int | None:
    """Find the line of a file that a reason speaks of: of a card, that of what it names, or else the first of the card."""
    if position := re.search(r"line (\d+)", reason):
        return int(position[1])
    lines = text.splitlines()
    card_id = re.match(r"card ([\w-]+): ", reason)
    own = _lines_of_card(lines, card_id[1]) if card_id else range(len(lines))
    for *fields, quoted, source in _NAMED.findall(reason):
        field, words = "".join(fields), re.escape(quoted or source)
        pattern = re.compile(rf"\s*{field}\s*=" if field else rf".*(?<![\w-]){words}(?![\w-])")
        # sources stand outside of the cards that name them
        places = list(own) if field else [*own, *range(len(lines))]
        if (found := next((place for place in places if pattern.match(lines[place])), None)) is not None:
            return found + 1
    return own.start + 1 if card_id else None


def _lines_of_card(lines: list[str], card_id: str) -> range:
    heads = [number for number, line in enumerate(lines) if _HEAD.match(line)]
    is_its_id = re.compile(rf'id\s*=\s*"{re.escape(card_id)}"').match
    for start, end in pairwise([*heads, len(lines)]):
        if lines[start].startswith("[[card]]") and any(map(is_its_id, lines[start:end])):
            return range(start, end)
    return range(len(lines))
