"""The file of safety cards: whole, sourced, in plain words; otherwise the site does not start."""

import re
from pathlib import Path

import msgspec
import pytest

from webapp.config import ConfigError
from webapp.content.readability import reading_grade
from webapp.safety.cards import FILE, SafetyFileError, parse, read

COUNTRIES = ("US", "UK", "CA")
HARDEST_GRADE = 8


def changed(folder: Path, old: str, new: str) -> Path:
    """A copy of the file with one change."""
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = folder / "safety.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('id = "burn"', 'id = "burn', "line"),
        ('label = "Burned skin"\n', "", "card burn: .*label"),
        ('label = "Burned skin"', "label = 3", "card burn: .*label"),
        ('label = "Burned skin"', 'lable = "Burned skin"', "card burn: .*(label|lable)"),
        ('"north-bristol-burns", ', '"nobody", ', "card burn: .*nobody"),
        (
            'sources = ["hollister-burns", "north-bristol-burns", "lambeth-burns"]',
            "sources = []",
            "card burn: sources",
        ),
        (
            'title = "Burned skin you can’t feel? Cool it for 20 minutes and get it seen."',
            'title = ""',
            "card burn: title is empty",
        ),
        ("https://www.nbt.nhs.uk/", "javascript:", "card burn: “javascript:.*” is no address"),
        ('"tel:988"', '"988"', "card crisis: “988” is no address"),
        ("[wallet]", "[purse]", "wallet|purse"),
        ('id = "burn"', 'id = "crisis"', "same id"),
        ('  "burned my leg"', '  "is the", "burned my leg"', "card burn: the trigger “is the”"),
        ('number = "911"', "number = 911", "number"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(SafetyFileError, match=reason) as error:
        read(path, COUNTRIES)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('label = "Burned skin"', "label = 3", "label = 3"),
        ('label = "Burned skin"', 'lable = "Burned skin"', "lable"),
        ('label = "Burned skin"', 'label = ""', 'label = ""'),
        ('"north-bristol-burns", ', '"nobody", ', '"nobody"'),
        ("https://www.nbt.nhs.uk/", "javascript:", "javascript:"),
        ('  "burned my leg"', '  "is the", "burned my leg"', '"is the"'),
        ('id = "burn"', 'id = "burn', 'id = "burn'),
        ('name = "US"', 'nane = "US"', 'nane = "US"'),
    ],
)
def test_the_line_is_named(tmp_path: Path, old: str, new: str, line: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(SafetyFileError) as error:
        read(path, COUNTRIES)
    number = int(re.findall(rf"^{re.escape(str(path))}:(\d+): ", str(error.value))[0])
    assert line in path.read_text(encoding="utf-8").splitlines()[number - 1]


def test_the_cards_survive_their_file() -> None:
    cards = read(FILE, COUNTRIES)
    again = parse(cards.to_toml(), "a file", COUNTRIES)
    assert again.written == cards.written and again.wallet == cards.wallet
    assert again.file.matching == cards.file.matching


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SafetyFileError, match="nowhere"):
        read(tmp_path / "nowhere.toml", COUNTRIES)


@pytest.mark.parametrize("countries", [(), ("FR",), ("US", "FR")])
def test_a_country_without_a_number_is_refused(countries: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="EMERGENCY_COUNTRIES: give one or more of US UK CA"):
        read(FILE, countries)


def test_the_first_country_gives_the_number(tmp_path: Path) -> None:
    british = {card.id: card for card in read(FILE, ("UK",)).cards}
    assert british["burn"].actions[0].address == "tel:999"
    assert "Call 999" in british["trouble-breathing"].do_now[0]
    labels = [action.label for action in british["crisis"].actions]
    assert labels == ["Call Samaritans (UK): 116 123", "Call 999"]


def test_every_source_is_used_and_has_an_owner_and_no_copy_as_its_address() -> None:
    cards = read(FILE, COUNTRIES)
    used = {source for card in cards.cards for source in card.sources}
    assert used == {msgspec.structs.replace(source, id="") for source in cards.sources.values()}
    copies = "abcdocz|docslib|docksci|studylib|issuu|scribd|pages.dev|moam|coek|vdocument|fdocument"
    for source in cards.sources.values():
        assert source.owner
        assert not re.search(copies, source.address)


def test_steps_read_at_a_low_grade() -> None:
    for card in read(FILE, COUNTRIES).cards:
        assert reading_grade(" ".join(card.do_now)) <= HARDEST_GRADE, card.id
