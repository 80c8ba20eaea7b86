"""Numbers, days and times from outside: what is none is None, and nothing raises."""

import ast
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.test_architecture import modules
from webapp.parsing import LARGEST, date_from, datetime_from, int_from

NUMERALS = st.text(st.characters(categories=("Nd", "Nl", "No")), max_size=12)
TEXTS = st.one_of(NUMERALS, st.text(max_size=30), st.datetimes().map(datetime.isoformat))


@given(st.integers(0, LARGEST))
def test_a_number_in_plain_figures_is_read(number: int) -> None:
    assert int_from(str(number)) == number


@given(TEXTS)
@example("²")
@example("٣")
@example("1_0")
@example(" 1")
@example("1\n")
@example("+1")
@example("9" * 5_000)
def test_anything_but_plain_figures_is_no_number(text: str) -> None:
    number = int_from(text)
    assert (number is not None) == (text.isascii() and text.isdigit() and int(text[:11]) <= LARGEST)


def test_nothing_is_no_number() -> None:
    assert int_from(None) is None
    assert int_from("") is None


def test_a_number_out_of_bounds_is_none() -> None:
    assert [int_from(text, 2, 4) for text in ("1", "2", "4", "5")] == [None, 2, 4, None]
    assert int_from(str(LARGEST + 1)) is None


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


def test_no_other_module_asks_whether_a_text_is_a_number() -> None:
    for path, tree in modules().items():
        asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not asked & {"isdigit", "isdecimal", "isnumeric"}, path
