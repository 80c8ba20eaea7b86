"""Plain text measured."""

import pytest

from webapp.content.readability import (
    paragraphs,
    reading_grade,
    reading_minutes,
    sentences,
    syllable_count,
    words,
)


@pytest.mark.parametrize(
    ("word", "count"),
    [("cat", 1), ("pain", 1), ("spine", 1), ("walking", 2), ("table", 2), ("wanted", 2), ("moved", 1), ("muscles", 2),
     ("injury", 3), ("bladder", 2), ("stimulation", 4), ("area", 3), ("science", 2), ("carefully", 3), ("people", 2), ("patients", 2), ("rhythm", 2), ("autonomic", 4)],
)  # fmt: skip
def test_syllables_are_counted_as_they_are_spoken(word: str, count: int) -> None:
    assert syllable_count(word) == count


def test_a_stop_inside_a_number_or_short_form_ends_no_sentence() -> None:
    text = "Dr. Doe measured 3.5 points, e.g. in rats. Pain vs. placebo did not differ! Why?"
    assert sentences(text) == [
        "Dr. Doe measured 3.5 points, e.g. in rats.",
        "Pain vs. placebo did not differ!",
        "Why?",
    ]


def test_words_are_split_at_hyphens_and_keep_figures() -> None:
    assert words("Long-term pain in 1,020 people isn’t rare.") == [
        "Long",
        "term",
        "pain",
        "in",
        "1,020",
        "people",
        "isn’t",
        "rare",
    ]


def test_the_grade_is_flesch_kincaid() -> None:
    # 6 words, 1 sentence, 6 syllables: 0.39 * 6 + 11.8 * 1 - 15.59 = -1.45, never below 0
    assert reading_grade("The cat sat on the mat.") == 0.0
    # 10 words, 2 sentences, 16 syllables: 0.39 * 5 + 11.8 * 1.6 - 15.59 = 5.24
    assert reading_grade("Pain after injury is common. Many people still have it.") == 5.2


def test_an_empty_text_has_grade_zero_and_takes_a_minute() -> None:
    assert reading_grade("") == 0.0
    assert reading_minutes("") == 1


def test_minutes_round_up() -> None:
    assert reading_minutes("word " * 401) == 3


def test_paragraphs_are_parted_by_blank_lines() -> None:
    assert paragraphs("One\ntwo.\n\n\nThree.\n") == ["One two.", "Three."]
