"""What is translated of a text, its files, and what stays of a translation when the original changes."""

from pathlib import Path

import msgspec
import pytest

from tests.factories import content
from webapp.config import ROOT
from webapp.content.article_content import ContentError, from_toml, to_toml
from webapp.content.language_words import language_words
from webapp.content.translation import (
    FILES,
    ArticleTranslation,
    Translated,
    fields_with,
    from_file,
    mark,
    marks_of,
    to_file,
    words_of,
)
from webapp.content.translation_checks import translation_errors, translation_warnings
from webapp.models.values import Finding, LaterEvent

STARTER = ROOT / "webapp" / "starter"
TRANSLATED = sorted(
    path for folder in FILES for path in (ROOT / "webapp" / "languages").glob(f"*/{folder}/*.toml")
)
ENGLISH = content(
    main_message="It helped.",
    simple_explanation="One.\n\nTwo.",
    findings=[Finding(text="Pain fell.", place="Abstract"), Finding(text="Sleep did not.", place="Results")],
    since_then=[LaterEvent(on="2020", text="A new trial.", doi="10.1000/later")],
    harms="not stated. Two people left.",
    funding="not stated",
    written_by="AI, from the abstract. Not yet checked by a clinician.",
)


def changed(**fields: object) -> dict[str, str]:
    return words_of(msgspec.structs.replace(ENGLISH, **fields))


def in_capitals() -> Translated:
    """A translation of all paragraphs, which is easily told from the original."""
    english = words_of(ENGLISH)
    words = {name: text.upper() for name, text in english.items()}
    return Translated(words, {name: mark(text) for name, text in english.items()})


def test_words_are_named_paragraphs_without_facts() -> None:
    words = words_of(ENGLISH)
    assert words["simple_explanation-1"] == "Two."
    assert words["findings-1-place"] == "Results"
    assert words["since_then-0-text"] == "A new trial."
    assert words["written_by"] == "AI, from the abstract."
    assert words["harms"] == "Two people left."
    assert not {"funding", "since_then-0-doi", "since_then-0-on", "slug", "paper"} & words.keys()


def test_translated_fields_keep_the_facts_of_the_original() -> None:
    words = in_capitals().words
    fields = fields_with(ENGLISH, lambda name, _: words[name])
    assert fields["simple_explanation"] == "ONE.\n\nTWO."
    assert fields["since_then"] == [LaterEvent(on="2020", text="A NEW TRIAL.", doi="10.1000/later")]
    assert fields["harms"] == "not stated. TWO PEOPLE LEFT."


def test_a_file_is_read_back_as_it_was_written() -> None:
    words = in_capitals().words
    file = to_file(ArticleTranslation, words, {"made_by": "By a person.", "made_from": ["mark"]})
    assert from_file(to_toml(file), ArticleTranslation) == file
    assert words_of(file) == words
    assert marks_of(file, ENGLISH) == [mark(text) for text in words_of(ENGLISH).values()]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('slug = "other"', "“slug” comes from the original"),
        ("people.count = 84", "“people” comes from the original"),
        ('since_then = [{ text = "Uno.", on = "2020" }]', "“on” comes from the original"),
        ('main_massage = "Uno."', "unknown field"),
    ],
)
def test_a_file_with_a_fact_is_refused(line: str, reason: str) -> None:
    with pytest.raises(ContentError, match=reason) as refused:
        from_file(f'made_by = "A program."\n{line}\n', ArticleTranslation)
    assert refused.value.line in (2, None)


def test_a_file_has_to_say_who_made_it() -> None:
    with pytest.raises(ContentError, match="who or what translated"):
        from_file('main_message = "Ayudó."', ArticleTranslation)


def test_one_changed_paragraph_asks_for_that_paragraph_only() -> None:
    now = changed(simple_explanation="One.\n\nTwo, and more.")
    assert now.keys() - in_capitals().current(now).keys() == {"simple_explanation-1"}


def test_paragraphs_that_move_take_their_translation_with_them() -> None:
    first = Finding(text="A new finding.", place="Results")
    now = changed(findings=[first, *ENGLISH.findings], simple_explanation="Two.")
    current = in_capitals().current(now)
    assert now.keys() - current.keys() == {"findings-0-text"}
    assert current["findings-1-text"] == "PAIN FELL."
    assert current["simple_explanation"] == "TWO."


def test_readers_see_the_earlier_words_of_a_changed_paragraph_and_none_of_a_new_one() -> None:
    later = LaterEvent(on="2021", text="It was retracted.")
    now = changed(main_message="It did not help.", since_then=[later, *ENGLISH.since_then])
    shown = in_capitals().shown(now)
    assert shown["main_message"] == "IT HELPED."
    assert "since_then-0-text" not in shown
    assert shown["since_then-1-text"] == "A NEW TRIAL."


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_the_translations_that_come_with_the_site_pass_the_checks(path: Path) -> None:
    """Of the paragraphs whose English has not changed since."""
    kind = FILES[path.parent.name]
    file = from_file(path.read_text(encoding="utf-8"), kind)
    english = words_of(from_toml((STARTER / path.parent.name / path.name).read_text(), kind))
    words = words_of(file)
    marks = dict(zip(words, file.made_from, strict=True))
    english = {name: text for name, text in english.items() if marks.get(name) == mark(text)}
    words = {name: text for name, text in words.items() if name in english}
    language = language_words(path.parents[1])
    assert list(translation_errors(english, words)) == []
    assert list(translation_warnings(english, words, language)) == []
