"""The safety cards in Spanish: the same advice, and the words by which people say that they are in danger."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from flask import current_app

from tests.accounts.people import add_editor
from tests.factories import NOW
from tests.pages import PageClient
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.languages.language import in_language, known_languages
from webapp.models import SafetyRevision
from webapp.safety.cards import FILE, SafetyCards, SafetyFileError, StoredCard, read, read_words
from webapp.safety.live import in_every_language

PHRASES = Path(__file__).with_name("phrases_es.tsv").read_text(encoding="utf-8").splitlines()[1:]
NO_CARD = "-"
TEXTS = ("label", "title", "what", "who", "tell", "note")
LISTS = ("signs", "do_now", "call_now", "call_soon", "do_not")


@pytest.fixture(scope="module")
def cards() -> Mapping[str, SafetyCards]:
    return in_every_language(read(FILE, ("US", "UK", "CA")))


def spanish_file() -> Path:
    folder = known_languages()["es"].folder
    assert folder is not None
    return folder / "safety.toml"


def numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d+(?:[.,:-]\d+)*", text)) + re.findall(r"\{emergency\}|_{3}", text)


def test_every_card_is_there_with_the_same_numbers_and_blanks(cards: Mapping[str, SafetyCards]) -> None:
    for card_id, english in cards["en"].written.items():
        spanish = cards["es"].written[card_id]
        pairs = [(getattr(english, name), getattr(spanish, name)) for name in TEXTS]
        for name in LISTS:
            pairs += zip(getattr(english, name), getattr(spanish, name), strict=True)
        for said, translated in pairs:
            assert bool(said) == bool(translated) and (said != translated or not said), card_id
            assert sorted(numbers(said)) == sorted(numbers(translated)), translated


def test_facts_stay_those_of_the_english_card(cards: Mapping[str, SafetyCards]) -> None:
    for english, spanish in zip(cards["en"].cards, cards["es"].cards, strict=True):
        assert (english.id, english.sources, english.checked_on) == (
            spanish.id,
            spanish.sources,
            spanish.checked_on,
        )
        assert [one.address for one in english.actions] == [one.address for one in spanish.actions]
        assert all(
            one.label != other.label for one, other in zip(english.actions, spanish.actions, strict=True)
        )


@pytest.mark.parametrize("language", ["en", "es"])
def test_spanish_words_bring_their_card_in_each_language(
    cards: Mapping[str, SafetyCards], language: str
) -> None:
    wrong = []
    for text, card in (line.split("\t") for line in PHRASES):
        found = [one.id for one in cards[language].match(text).full]
        if card not in found if card != NO_CARD else found:
            wrong.append((text, card, found))
    assert wrong == []


def test_accents_do_not_count(cards: Mapping[str, SafetyCards]) -> None:
    for text in ("se me hinchó una pierna", "se me hincho una pierna", "SE ME HINCHÓ UNA PIERNA"):
        assert [card.id for card in cards["es"].match(text).full] == ["blood-clot"]


def test_english_that_names_a_topic_is_no_spanish_call_for_help(cards: Mapping[str, SafetyCards]) -> None:
    assert cards["en"].match("suicide rate").full == ()


def test_what_an_admin_changed_of_a_card_is_english_in_spanish_too(cards: Mapping[str, SafetyCards]) -> None:
    before = {card.id: card for card in cards["es"].cards}
    row: dict[str, Any] = msgspec.to_builtins(cards["en"].written["burn"]) | {"title": "Burned skin: new"}
    row["do_now"] = [*row["do_now"][:-1], "Call the burn center."]
    stored = MappingProxyType({"burn": StoredCard(row)})
    with in_language(known_languages()["es"]):
        changed = cards["es"].with_stored(stored)
    after = {card.id: card for card in changed.cards}
    assert after["burn"].title == "Burned skin: new"
    assert after["burn"].do_now == (*before["burn"].do_now[:-1], "Call the burn center.")
    assert after["burn"].call_now == before["burn"].call_now
    assert after["crisis"] == before["crisis"]
    with in_language(known_languages()["es"]):
        assert changed.in_english(after["burn"]) == {"Burned skin: new", "Call the burn center."}
        assert not any(map(cards["es"].in_english, before.values()))
    assert not cards["en"].with_stored(stored).in_english(after["burn"])


def test_what_is_english_of_a_card_says_so(client: PageClient) -> None:
    row: dict[str, Any] = msgspec.to_builtins(current_app.extensions["safety_cards"].written["burn"])
    row |= {"title": "Burned skin: new", "signs": ["Blisters everywhere", *row["signs"][1:]]}
    revision = SafetyRevision(card_id="burn", number=1, content=row, editor=add_editor(), saved_at=NOW)
    db.session.add(revision)
    change_log.announce(ChangeKind.SETTINGS, NOW)
    db.session.commit()
    page = client.get("/es/emergency").text
    assert '<h2 lang="en">Burned skin: new</h2>' in page
    assert '<span lang="en">Blisters everywhere</span>' in page
    assert page.count("Una parte de esta tarjeta es nueva") == 1
    assert "Part of this card is new" not in client.get("/emergency").text


def test_a_translation_that_leaves_out_a_step_is_refused(tmp_path: Path) -> None:
    text = spanish_file().read_text(encoding="utf-8")
    step = '  "Pida a alguien que se quede con usted. Lleve su lista de medicamentos.",\n'
    assert step in text
    path = tmp_path / "safety.toml"
    path.write_text(text.replace(step, ""), encoding="utf-8")
    with pytest.raises(SafetyFileError, match="trouble-breathing: do_now"):
        read_words(path).put_into(read(FILE, ("US",)).file)


def test_the_emergency_page_speaks_spanish_and_says_that_nobody_checked_it(client: PageClient) -> None:
    page = client.get("/es/emergency").text
    assert "Siéntese ahora." in page and "Sit up now." not in page
    assert "Traducción sin revisar por un profesional." in page
    assert '<meta name="robots" content="noindex">' in page
    assert "Llame al 911" in page


def test_a_spanish_call_for_help_is_answered_in_the_language_of_the_page(client: PageClient) -> None:
    assert "No tiene que cargar con esto a solas." in client.get("/es/search?q=me+quiero+morir").text
    assert "You don’t have to carry this alone." in client.get("/search?q=me+quiero+morir").text
