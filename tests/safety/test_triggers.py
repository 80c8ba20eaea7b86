"""Which words bring which card: with typing errors, and without alarms for words of research and everyday life."""

import csv
from pathlib import Path

import pytest

from webapp.safety.cards import FILE, SafetyCards, read

HERE = Path(__file__).parent
NO_CARD = "-"


def listed(name: str) -> list[tuple[str, str]]:
    """The searches of a file, each with the card that it must bring in full; "-" for none."""
    with (HERE / name).open(encoding="utf-8") as opened:
        return [(row["query"], row["card"]) for row in csv.DictReader(opened, delimiter="\t")]


@pytest.fixture(scope="module")
def cards() -> SafetyCards:
    return read(FILE, ("US", "UK", "CA"))


def full(cards: SafetyCards, text: str) -> list[str]:
    return [card.id for card in cards.match(text).full]


def lines(cards: SafetyCards, text: str) -> list[str]:
    return [card.id for card in cards.match(text).lines]


@pytest.mark.parametrize("name", ["queries.tsv", "phrases.tsv"])
def test_each_search_brings_its_card_or_none(cards: SafetyCards, name: str) -> None:
    wrong = [
        (text, card, full(cards, text))
        for text, card in listed(name)
        if (card not in full(cards, text) if card != NO_CARD else full(cards, text))
    ]
    assert wrong == []


def test_hundreds_of_phrases_are_tried() -> None:
    answers = [card == NO_CARD for _, card in listed("phrases.tsv")]
    assert answers.count(True) >= 100
    assert answers.count(False) >= 100


@pytest.mark.parametrize(
    "text",
    [
        "I can’t breathe",  # a curly apostrophe
        "I CAN'T BREATHE!!!",
        "i cant   breathe",
        "can`t breathe",
        "cant breeathe",  # a doubled letter
        "cant breathhhhhe",
        "cant braethe",  # letters moved
        "ventttttilator alarm",
        "cant-breathe",
    ],
)
def test_spelling_does_not_matter(cards: SafetyCards, text: str) -> None:
    assert full(cards, text) == ["trouble-breathing"]


@pytest.mark.parametrize(
    "text", ["grasping", "cooking", "skeptic", "homeless", "scale", "rapid", "overhear", "what caused it"]
)
def test_a_word_of_its_own_is_no_typing_error(cards: SafetyCards, text: str) -> None:
    assert full(cards, text) == []


@pytest.mark.parametrize(
    "text",
    ["самоубийство", "自殺", "انتحار", "💔😢🆘", "", "   ", "?!…", "x" * 10_000, "stem cells " * 1_000],
)
def test_other_alphabets_symbols_and_long_texts_bring_nothing(cards: SafetyCards, text: str) -> None:
    shown = cards.match(text)
    assert (shown.full, shown.lines) == ((), ())


def test_only_the_start_of_a_long_text_is_looked_at(cards: SafetyCards) -> None:
    assert full(cards, "i want to die " + "and so on " * 1_000) == ["crisis"]
    assert full(cards, "and so on " * 1_000 + "i want to die") == []


def test_words_of_research_make_a_card_a_line(cards: SafetyCards) -> None:
    assert full(cards, "dysreflexia trial") == []
    assert lines(cards, "dysreflexia trial") == ["autonomic-dysreflexia"]
    assert full(cards, "do i need a trial for my dysreflexia") == ["autonomic-dysreflexia"]


def test_a_crisis_is_never_silent(cards: SafetyCards) -> None:
    for text in ("suicide rates after spinal cord injury", "suicide gene", "beck hopelessness scale"):
        assert full(cards, text) == []
        assert "crisis" in lines(cards, text)
    assert full(cards, "suicide rate study and i want to die") == ["crisis"]


def test_what_is_no_call_does_not_hide_another(cards: SafetyCards) -> None:
    assert full(cards, "pressure sore flap surgery") == []
    assert full(cards, "after pressure sore flap surgery the sore smells") == ["pressure-sore"]


def test_two_cards_at_most_are_whole_and_the_rest_are_lines(cards: SafetyCards) -> None:
    shown = cards.match("fever and chills, headache and sweating, blocked catheter, i want to die")
    assert [card.id for card in shown.full] == ["crisis", "autonomic-dysreflexia"]
    assert [card.id for card in shown.lines] == ["blocked-catheter", "fever-infection"]


def test_a_topic_brings_a_line(cards: SafetyCards) -> None:
    shown = cards.match("blood clot")
    assert not shown.full
    assert [card.id for card in shown.lines] == ["blood-clot"]
    assert not shown.is_private  # editors may know what readers want to read about


def test_what_somebody_in_danger_types_is_private(cards: SafetyCards) -> None:
    assert cards.match("blocked catheter").is_private
    assert cards.match("depressed").is_private
