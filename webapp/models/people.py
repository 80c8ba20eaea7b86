"""Who took part in a study, as values to count and compare. The fields follow the International SCI Core Data Set 3.0."""

from collections.abc import Callable

import msgspec

from webapp.languages.language import gettext, gettext_noop
from webapp.models.in_words import plural
from webapp.models.values import Labeled

LEVELS = [
    f"{part}{number}"
    for part, last in (("C", 8), ("T", 12), ("L", 5), ("S", 5))
    for number in range(1, last + 1)
]
REGIONS = {
    "cervical": gettext_noop("neck"),
    "thoracic": gettext_noop("chest"),
    "lumbar": gettext_noop("low back"),
    "sacral": gettext_noop("sacrum"),
}  # in plain words
AIS_GRADES = "ABCDE"
_ENDS = 2  # of a span


class Either(Labeled):
    """Whether something is so of all people in a study, of none, or of some."""

    YES = "yes", "Yes"
    NO = "no", "No"
    BOTH = "both", "Some yes, some no"


class Cause(Labeled):
    """What injured the spinal cord."""

    TRAUMATIC = "traumatic", "An accident or violence"
    NOT_TRAUMATIC = "not traumatic", "A disease or a treatment"


class Range(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename={"from_": "from"},
):
    """Two numbers with what lies between them; None is an open end."""

    from_: int | float | None = None
    to: int | float | None = None

    def in_words(self, written: Callable[[float], str] = "{:g}".format) -> str:
        """Like "18 to 65", "18 or more" or "up to 65", each number as ``written`` has it; empty if both ends are open."""
        start, end = (None if number is None else written(number) for number in (self.from_, self.to))
        if start is None or end is None:
            words = gettext("%(start)s or more") if start else gettext("up to %(end)s") if end else ""
        else:
            words = start if start == end else gettext("%(start)s to %(end)s")
        return words % {"start": start, "end": end}


class Ages(Range, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Ages in years; ``typical`` is the mean or the median."""

    typical: int | float | None = None


class Sex(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How many men and women."""

    men: int | None = None
    women: int | None = None


class People(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who took part in a study with people. What is not stated is left empty, never inferred.

    ``levels`` are one level, the first and the last of a span, or regions; ``years_since`` is the time since the injury in
    years; ``said_in`` names the place in the paper for each field.
    """

    levels: list[str] = []
    ais: list[str] = []
    complete: Either | None = None
    years_since: Range | None = None
    ages: Ages | None = None
    sex: Sex | None = None
    cause: list[Cause] = []
    walks: Either | None = None
    count: int | None = None
    said_in: dict[str, str] = {}

    @property
    def words(self) -> dict[str, str]:
        """What is known, in words, by the article's field that says the same, or else by its own name."""
        ages = [self.ages.in_words()] if self.ages else []
        if self.ages and self.ages.typical is not None:
            ages.append(gettext("%(age)s on average") % {"age": f"{self.ages.typical:g}"})
        complete = {
            Either.YES: gettext("Complete"),
            Either.NO: gettext("Incomplete"),
            Either.BOTH: gettext("Complete and incomplete"),
        }
        grades = f"AIS {', '.join(self.ais)}" if self.ais else ""
        sex = [(self.sex.men, "man", "men"), (self.sex.women, "woman", "women")] if self.sex else []
        words = {
            "sample_size": "" if self.count is None else plural(self.count, "person", "people"),
            "age": ", ".join(filter(None, ages)),
            "injury_level": (", " if set(self.levels) <= set(REGIONS) else gettext(" to ")).join(
                map(gettext, self.levels)
            ),
            "injury_completeness": ", ".join(
                filter(None, [complete[self.complete] if self.complete else "", grades])
            ),
            "time_since_injury": self.years_since.in_words(_years) if self.years_since else "",
            "sex": gettext(" and ").join(plural(count, one, many) for count, one, many in sex if count),
            "cause": gettext(" or ").join(cause.label.lower() for cause in self.cause),
            "walks": self.walks.label if self.walks else "",
        }
        return {name: text for name, text in words.items() if text}


def is_span(levels: list[str]) -> bool:
    """Whether these are a level, or the first and the last of a span; also if there are none."""
    is_known = len(levels) <= _ENDS and set(levels) <= set(LEVELS)
    return is_known and levels == sorted(levels, key=LEVELS.index)


def _years(years: float) -> str:
    """A time in months, unless it is whole years."""
    return plural(round(years * 12), "month") if years % 1 else plural(int(years), "year")
