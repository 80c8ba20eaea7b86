"""Numbers, days, times and texts from outside: invalid ones are read as None, and nothing raises."""

import ast
import os
import sys
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.drills.site import processes
from tests.test_architecture import modules
from webapp import create_app
from webapp.config import Config
from webapp.editor.rows import Move
from webapp.parsing import (
    LARGEST,
    clean_text,
    clean_texts,
    date_from,
    datetime_from,
    decode_entities,
    int_from,
    member_from,
)

NUMERALS = st.text(st.characters(categories=("Nd", "Nl", "No")), max_size=12)
TEXTS = st.one_of(NUMERALS, st.text(max_size=30), st.datetimes().map(datetime.isoformat))


@given(st.integers(0, LARGEST))
def test_a_number_in_plain_digits_is_read(number: int) -> None:
    assert int_from(str(number)) == number


@given(TEXTS)
@example("²")
@example("٣")
@example("1_0")
@example(" 1")
@example("1\n")
@example("+1")
@example("9" * 5_000)
def test_anything_but_plain_digits_is_no_number(text: str) -> None:
    number = int_from(text)
    assert (number is not None) == (text.isascii() and text.isdigit() and int(text[:11]) <= LARGEST)


def test_nothing_is_no_number() -> None:
    assert int_from(None) is None
    assert int_from("") is None


def test_a_number_out_of_bounds_is_none() -> None:
    assert [int_from(text, 2, 4) for text in ("1", "2", "4", "5")] == [None, 2, 4, None]
    assert int_from(str(LARGEST + 1)) is None


def test_a_choice_is_read_by_its_value_alone() -> None:
    assert member_from(Move, "up") is Move.UP
    assert [member_from(Move, text) for text in ("UP", " up", "left", "", None)] == [None] * 5


@pytest.mark.parametrize(
    "text", ["1799-12-31", "2200-01-01", "0001-01-01", "9999-12-31", "2026-02-30", "²", ""]
)
def test_a_day_that_does_not_exist_or_is_far_away_is_none(text: str) -> None:
    assert date_from(text) is None


def test_a_day_is_read() -> None:
    assert date_from("2026-03-14") == date(2026, 3, 14)


@given(TEXTS)
@example("0001-01-01T00:00")
@example("9999-12-31T23:59")
def test_any_time_that_is_read_can_be_moved_to_any_time_zone(text: str) -> None:
    at = datetime_from(text)
    if at is not None:
        for zone in (timezone(timedelta(hours=14)), ZoneInfo("America/Los_Angeles")):
            at.replace(tzinfo=zone).astimezone(UTC)


def test_a_time_is_read() -> None:
    assert datetime_from("2026-11-30T09:00") == datetime(2026, 11, 30, 9, 0)  # noqa: DTZ001 - as browsers send it


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        ("Beds helped\x0bsome\x0cpeople\r\nhere\u2028now\x85too", "Beds helped\nsome\npeople\nhere\nnow\ntoo"),
        ("Two\x00\x01 words\x7f\x9f\tapart", "Two words\tapart"),
        ("Ba\u00adclo\u200bfen\u2060 ea\u200csed\ufeff hic\u200dcups", "Baclofen eased hiccups"),
        ("\u202enot\u202c turned\u200e \u2066round\u2069", "not turned round"),
        ("5\u00a0mg\u2009of\u202fit", "5 mg of it"),
        ("signi\ufb01cant e\ufb00ect, \ufb02at o\ufb03ce", "significant effect, flat office"),
        ("Jose\u0301", "José"),
        ("\ud800half\ufffe\uffff", "half"),
        ("a\U000e0041\ufe0f word", "a word"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f", "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("“Quotes” – and 3 × 5 < 20 & more", "“Quotes” – and 3 × 5 < 20 & more"),
    ],
)  # fmt: skip
def test_what_nobody_sees_is_taken_out_of_a_text(pasted: str, text: str) -> None:
    assert clean_text(pasted) == text


@given(
    st.text(
        st.one_of(st.characters(), st.characters(categories=("Cc", "Cf", "Cs", "Cn", "Mn", "Zs", "Zl", "Zp")))
    )
)
def test_a_clean_text_is_one_that_xml_can_hold_and_stays_as_it_is(text: str) -> None:
    clean = clean_text(text)
    assert clean_text(clean) == clean
    assert not {sign for sign in clean if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")} - {
        "\n",
        "\t",
    }
    assert not set(clean) & set("\ufffe\uffff\u00ad\u200b\u2060\ufeff\u00a0\u202e\ufb01")


def test_every_text_of_a_value_is_cleaned() -> None:
    value = {"a\u00ad": ["b\x00", {"c": "d\u200b"}], "on": date(2026, 3, 14), "count": 3}
    assert clean_texts(value) == {"a\u00ad": ["b", {"c": "d"}], "on": date(2026, 3, 14), "count": 3}


def test_entities_are_decoded_once_and_parameters_are_none() -> None:
    assert decode_entities("&lt;5 &#60; &#x3c; &amp;lt; &copy=1 R&D") == "<5 < < &lt; &copy=1 R&D"


def test_no_other_module_asks_whether_a_text_is_a_number() -> None:
    for path, tree in modules().items():
        asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not asked & {"isdigit", "isdecimal", "isnumeric"}, path


def _types_that_are_looked_at_late(folder: Path) -> None:
    """In a process of its own, where no test has used the types: end with their number after an application was made."""
    os.environ |= {"INSTANCE_PATH": str(folder), "SEARCH_INDEX": str(folder), "LOG_LEVEL": "ERROR"}
    create_app(Config.from_environ())
    late = set()

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_name == "get_class_annotations":
            late.add(kind)

    kinds: list[type] = [msgspec.Struct]
    for kind in kinds:
        kinds += kind.__subclasses__()
    sys.setprofile(watch)
    for kind in kinds:
        if kind.__module__.startswith("webapp."):
            msgspec.json.Decoder(kind)
    sys.setprofile(None)
    sys.exit(len(late))


def test_msgspec_knows_every_type_before_the_first_request(tmp_path: Path) -> None:
    """Two threads that use a type for the first time at once crash the process, with every request in it."""
    process = processes.Process(target=_types_that_are_looked_at_late, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == 0, f"{process.exitcode} types"
