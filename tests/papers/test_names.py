"""Names of authors, in the many ways in which files and people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.models.values import Author
from webapp.papers.names import NO_ORCID, ONE_ON_EACH_LINE, UnclearName, complete, read, tidied, written


def names(*authors: Author) -> list[tuple[str, ...]]:
    return [tuple(filter(None, (author.family, author.given, author.suffix))) for author in authors]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Doe, Jo", ("Doe", "Jo")),
        ("Doe,J.A.", ("Doe", "J.A.")),
        ("Doe, Jo (ORCID: 0000-0002-1825-0097)", ("Doe", "Jo")),
        ("Doe J", ("Doe", "J")),
        ("Doe J.G.", ("Doe", "J.G.")),
        ("van der Berg JJ", ("van der Berg", "JJ")),
        ("van den Berg, Jan", ("van den Berg", "Jan")),
        ("KING, MAX", ("KING", "MAX")),
        ("King, Max, Jr.", ("King", "Max", "Jr.")),
        ("King, Jr., Max", ("King", "Max", "Jr.")),
        ("King, Max, Jr", ("King", "Max", "Jr.")),
        ("King, Max A Jr", ("King", "Max A", "Jr.")),
        ("King Jr, Max", ("King", "Max", "Jr.")),
        ("King III, Max", ("King", "Max", "III")),
        ("King, Max, 3rd", ("King", "Max", "3rd")),
        ("King MA Jr", ("King", "MA", "Jr.")),
        ("Roe B 3rd", ("Roe", "B", "3rd")),
        ("Roe, Ann, MD", ("Roe", "Ann")),
        ("Roe, Ann MD", ("Roe", "Ann")),
        ("Roe, Ann, MD, PhD, FRCP", ("Roe", "Ann")),
        ("Roe, Ann, M.D., Ph.D.", ("Roe", "Ann")),
        ("Roe, Ann M., PhD RN", ("Roe", "Ann M.")),
        ("Roe, Dr. Ann", ("Roe", "Ann")),
        ("King, Max, Jr., MD", ("King", "Max", "Jr.")),
        ("Ann Roe, PhD", ("Roe", "Ann")),
        ("Berg, MD", ("Berg", "MD")),  # initials
        ("Van Dyke, MA", ("Van Dyke", "MA")),
        ("Platt, SR", ("Platt", "SR")),
        ("Platt SR", ("Platt", "SR")),
        ("PLATT, ANN JR", ("PLATT", "ANN", "Jr.")),
        ("Roe, Ann V", ("Roe", "Ann V")),
        ("Silva Junior, Ana", ("Silva Junior", "Ana")),
        ("The Bed Group", ("The Bed Group",)),
        ("World Health Organization", ("World Health Organization",)),
        ("Study Group II", ("Study Group II",)),
        ("NIHR UK", ("NIHR UK",)),
        ("Centers for Disease Control and Prevention", ("Centers for Disease Control and Prevention",)),
        ("Group of beds, chairs and tables;", ("Group of beds, chairs and tables",)),
    ],
)
def test_one_name_is_read_in_its_parts(line: str, expected: tuple[str, ...]) -> None:
    assert names(*read(line)) == [expected]


@pytest.mark.parametrize(
    "line",
    [
        "Doe A, Roe B",
        "Doe A, Roe B.",
        "Doe A; Roe B",
        "Doe, A.; Roe, B.;",
        "Doe, A., Roe, B.",
        "Doe, A., & Roe, B.",
        "Doe A and Roe B",
        "Doe A, and Roe B",
        "Doe, A and Roe, B",
    ],
)
def test_several_names_on_one_line_are_told_apart(line: str) -> None:
    assert [(author.family, author.given.rstrip(".")) for author in read(line)] == [
        ("Doe", "A"),
        ("Roe", "B"),
    ]


def test_names_as_they_are_spoken_are_told_apart_too() -> None:
    assert names(*read("Jo Smith and Al Doe")) == [("Smith", "Jo"), ("Doe", "Al")]
    assert names(*read("Smith, Jo; The Bed Group")) == [("Smith", "Jo"), ("The Bed Group",)]
    assert names(*read("Jan van den Berg; Max King Jr.")) == [("van den Berg", "Jan"), ("King", "Max", "Jr.")]


@pytest.mark.parametrize(
    "line",
    [
        "Smith, Jo, Walking",
        "Smith J, Doe, Roe B",
        "Doe, Jo; Beds",
        ",",
        "King, Max, Jr., Sr.",
        "Smith, J., Doe, A., Roe",
    ],
)
def test_an_unclear_line_is_refused(line: str) -> None:
    with pytest.raises(UnclearName, match="one author on each line"):
        read(line)


def test_an_orcid_is_read_and_one_that_is_none_is_refused() -> None:
    assert read("Doe, Jo, https://orcid.org/0000-0002-1825-0097")[0].orcid == "0000-0002-1825-0097"
    for wrong in ("0000-0002-1825-0098", "1234-5678", "ORCID"):
        with pytest.raises(UnclearName) as refusal:
            read(f"Doe, Jo, {wrong}")
        assert str(refusal.value) == NO_ORCID != ONE_ON_EACH_LINE


@pytest.mark.parametrize("others", ["et al", "et al.", "and others", ", et al.", "; et al."])
def test_others_are_nobodys_name(others: str) -> None:
    known, is_complete = complete(read(f"Doe J {others}"))
    assert names(*known) == [("Doe", "J")] and not is_complete


@pytest.mark.parametrize("name", ["others", "et al", "et al.", "Et Al"])
def test_a_family_name_may_stand_for_others(name: str) -> None:
    assert complete([Author(family="Doe", given="Jo"), Author(family=name)]) == (
        [Author(family="Doe", given="Jo")],
        False,
    )


def test_names_that_only_sound_like_others_stay() -> None:
    known = [
        Author(family="Others", given="Ann"),
        Author(family="Etal", given="Jo"),
        Author(family="Alba", given="Et"),
    ]
    assert complete(known) == (known, True)


PARTS = st.text(st.characters(categories=["Ll", "Lu"]), min_size=1, max_size=8)
PEOPLE = st.builds(
    Author,
    family=PARTS.map(str.title),
    given=st.lists(PARTS.map(str.title), min_size=1, max_size=3).map(" ".join),
    suffix=st.sampled_from(["", "Jr.", "Sr.", "II", "III", "IV", "2nd", "3rd"]),
    orcid=st.sampled_from(["", "0000-0002-1825-0097"]),
).map(tidied)
GROUPS = st.builds(
    Author,
    family=st.lists(st.one_of(PARTS, st.sampled_from(["and", "Group", "Jo,", "J,", "&", "III", "MD", "WHO"])), min_size=1, max_size=6)
    .map(" ".join)
    .map(lambda name: name.strip(" ,")),
).filter(lambda author: bool(author.family))  # fmt: skip


@given(st.one_of(PEOPLE, GROUPS))
def test_a_written_name_is_read_back(author: Author) -> None:
    if complete([author]) == ([author], True):
        assert read(written(author)) == [author]
