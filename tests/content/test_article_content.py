"""The shape of a text, in files and as JSON, of this release and of earlier ones."""

import pytest

from tests.factories import PEOPLE, content
from webapp.content.article_content import (
    ArticleContent,
    ContentError,
    from_json,
    from_toml,
    to_json,
    to_toml,
)
from webapp.models.people import People
from webapp.models.values import Finding, LaterEvent, ReadFrom, Registration

WHOLE = content(
    people=PEOPLE,
    harms_read=ReadFrom.PART,
    registrations=[
        Registration(number="NCT01234567", register="ClinicalTrials.gov"),
        Registration(number="7"),
    ],
    since_then=[LaterEvent(on="2025", text="A trial ended.", doi="10.5555/x", source="A register")],
    findings=[Finding(text="a", place="Table 2", counts="New bed: 3 of 40; usual bed: 9 of 41")],
)


def test_files_and_json_hold_everything() -> None:
    assert from_toml(to_toml(WHOLE), ArticleContent) == from_json(to_json(WHOLE)) == WHOLE


def test_who_took_part_is_a_table_as_people_write_it() -> None:
    written = """
        [people]
        levels = ["C5", "C8"]
        years_since = { from = 0.5, to = 2.0 }
        cause = ["not traumatic", "traumatic"]
        said_in = { levels = "abstract" }
    """
    people = from_toml(written, ArticleContent).people
    assert (people.words["time_since_injury"], people.said_in) == (
        "6 months to 2 years",
        {"levels": "abstract"},
    )
    assert from_toml(written, ArticleContent) == from_toml(
        to_toml(from_toml(written, ArticleContent)), ArticleContent
    )


def test_a_text_about_nobody_has_no_table_of_people() -> None:
    assert "people" not in to_json(content(people=People()))


@pytest.mark.parametrize(
    ("former", "registrations"),
    [
        ({"trial_number": "NCT01234567", "trial_url": "https://example.org/1"}, [Registration(number="NCT01234567", url="https://example.org/1")]),
        ({"trial_number": "NCT01234567, ISRCTN12345678"}, [Registration(number="NCT01234567"), Registration(number="ISRCTN12345678")]),
        ({"trial_url": "https://example.org/1"}, [Registration(url="https://example.org/1")]),
        ({"trial_number": ""}, []),
    ],
)  # fmt: skip
def test_the_registration_of_earlier_releases_is_read(
    former: dict[str, str], registrations: list[Registration]
) -> None:
    assert from_json(former).registrations == registrations
    assert (
        from_toml(
            "\n".join(f'{name} = "{text}"' for name, text in former.items()), ArticleContent
        ).registrations
        == registrations
    )


def test_a_number_in_a_file_is_read_out_of_what_is_around_it() -> None:
    [old] = from_toml('trial_number = "ClinicalTrials.gov: nct01234567"', ArticleContent).registrations
    [new] = from_toml(
        '[[registrations]]\nnumber = "ClinicalTrials.gov: nct01234567"', ArticleContent
    ).registrations
    assert old.number == new.number == "NCT01234567"


def test_a_registration_of_another_type_is_refused() -> None:
    with pytest.raises(ContentError, match="trial_number"):
        from_toml("trial_number = 5", ArticleContent)
