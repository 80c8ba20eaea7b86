"""Faults planted in translations that are right: each is stopped by the check that names it."""

import tomllib
from pathlib import Path

import pytest

from webapp.config import ROOT
from webapp.content.language_words import LanguageWords, Reading, language_words
from webapp.content.translation_checks import translation_errors, translation_warnings

DATA = tomllib.loads(Path(__file__).with_name("planted_translation_faults.toml").read_text(encoding="utf-8"))
SPANISH = language_words(ROOT / "webapp" / "languages" / "es")


def messages(fault: dict[str, str], translated: str, language: LanguageWords = SPANISH) -> list[str]:
    name = fault.get("name", "harms")
    original, words = {name: fault["english"]}, {name: translated}
    problems = (*translation_errors(original, words), *translation_warnings(original, words, language))
    return [problem.message for problem in problems]


@pytest.mark.parametrize("fault", DATA["faults"], ids=lambda fault: fault["what"])
def test_a_planted_fault_is_stopped_and_the_right_text_is_not(fault: dict[str, str]) -> None:
    assert [one for one in messages(fault, fault["wrong"]) if fault["message"] in one]
    assert messages(fault, fault["right"]) == []


def test_a_finding_that_is_missing_or_left_over_is_found() -> None:
    original = {"findings-0-text": "Pain fell.", "findings-1-text": "Sleep was better."}
    one = {"findings-0-text": "El dolor bajó."}
    three = one | {"findings-1-text": "Durmieron mejor.", "findings-2-text": "Comieron mejor."}
    assert [problem.field for problem in translation_errors(original, one)] == ["findings-1-text"]
    assert [problem.field for problem in translation_errors(original, three)] == ["findings-2-text"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("dos mil trescientos cuarenta y una personas", [2341]),
        ("entre veinte y treinta", [20, 30]),
        ("1,051 personas y 2.5 puntos", [1051, 2.5]),
        ("de 4 a 24 meses, nivel T6", [4, 24]),
    ],
)
def test_numbers_are_read_in_digits_and_words(text: str, values: list[float]) -> None:
    assert [one.value for one in SPANISH.quantities(text)] == values


def test_a_language_may_write_a_decimal_comma() -> None:
    german = LanguageWords(decimal_mark=",", numbers={"zwei": 2}, units={"time": {"wochen?": 7}})
    found = german.quantities("1.051 Menschen, 2,5 Punkte, zwei Wochen")
    assert [(one.value, one.unit.factor if one.unit else None) for one in found] == [
        (1051, None),
        (2.5, None),
        (2, 7),
    ]


def test_spanish_syllables_are_those_that_are_spoken() -> None:
    assert isinstance(SPANISH.reading, Reading)
    counts = {
        "día": 2,
        "bueno": 2,
        "ciudad": 2,
        "caer": 2,
        "que": 1,
        "guerra": 2,
        "muy": 1,
        "país": 2,
        "lesión": 2,
    }
    one_word = {word: round((206.84 - 1.02 - SPANISH.reading.ease(word)) / 60) for word in counts}
    assert one_word == counts
