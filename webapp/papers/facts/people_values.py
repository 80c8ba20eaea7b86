"""Who took part, as values to count and compare, where a confirmed fact states them exactly; nothing is inferred.

"AIS A to C" → ais A, B, C; "4-24 months post-injury" → 0.33 to 2 years; "about 40" and "motor complete" → nothing
"""

import re
from typing import Any

from webapp.content.quantities import number
from webapp.models.people import AIS_GRADES, REGIONS, Ages, Either, Range, Sex, is_span
from webapp.papers.facts.suggestion import NUMBER, Field

NAMES: dict[Field, tuple[str, ...]] = {  # the fields of People that a fact fills
    Field.SAMPLE_SIZE: ("count",),
    Field.SEX: ("sex",),
    Field.AGE: ("ages",),
    Field.INJURY_LEVEL: ("levels",),
    Field.INJURY_COMPLETENESS: ("complete", "ais"),
    Field.TIME_SINCE_INJURY: ("years_since",),
    Field.WALKING: ("walks",),
}
_TO = r"\s?(?:-|–|to|through)\s?"
_MEN, _WOMEN = rf"(?P<men>{NUMBER})\s(?:men|males?)", rf"(?P<women>{NUMBER})\s(?:women|females?)"
_OLD = r"(?:\s?(?:years?|yrs?|y)\b)?(?: old| of age)?"
_REGION = "|".join(REGIONS)
_PATTERNS: dict[Field, tuple[str, ...]] = {
    Field.SAMPLE_SIZE: (
        rf"(?P<count>{NUMBER})(?: \(\d[\d, and]*\))?(?: (?:people|adults|participants|patients))?",
    ),
    Field.SEX: (rf"{_MEN}(?:,? and |, ){_WOMEN}", rf"{_WOMEN}(?:,? and |, ){_MEN}", _MEN, _WOMEN),
    Field.AGE: (
        rf"(?:aged?|ages)?[\s,:=]*(?:from )?(?P<from>\d+){_TO}(?P<to>\d+){_OLD}",
        rf"(?:aged?|ages)?[\s,:=]*between (?P<from>\d+) (?:and|to) (?P<to>\d+){_OLD}",
        r"(?:mean|median|average) age(?:[\s:=,]|of|was|is|the|participants|patients)*(?P<typical>\d+(?:\.\d+)?)"
        rf"(?:\s?(?:±|\+/-)\s?[\d.]+)?{_OLD}",
    ),
    Field.INJURY_LEVEL: (
        rf"(?P<part>[CTLS])(?P<first>\d\d?)(?:{_TO}(?P<other>[CTLS]?)(?P<last>\d\d?))?",
        rf"(?P<regions>(?:{_REGION})(?: (?:and|or) (?:{_REGION}))?)",
    ),
    Field.INJURY_COMPLETENESS: (
        "(?P<both>complete (?:and|or) incomplete)|(?P<no>incomplete)|(?P<yes>complete)",
        rf"(?:AIS|ASIA|ASIA Impairment Scale)(?: grades?)? (?:(?P<first>[A-E]){_TO}(?P<last>[A-E])"
        r"|(?P<grades>[A-E](?:(?:, (?:and |or )?| and | or )[A-E])*))",
    ),
    Field.TIME_SINCE_INJURY: (
        rf"(?:(?P<from>\d+){_TO}(?P<to>\d+)|(?:at least|more than|over|[>≥])\s?(?P<least>\d+))[\s-](?P<unit>month|year)s?"
        r"[\s-](?:after|since|post|following)[\s-]?(?:the |spinal |cord ){0,3}(?:injury|SCI)",
        r"(?:injured|sustained (?:their|an|the) injury)(?: for)? (?:at least|more than|over) (?P<least>\d+) (?P<unit>month|year)s?",
    ),
    Field.WALKING: (
        "(?P<no>no|(?:non-?|not )ambulatory|unable to walk|cannot walk|could not walk)"
        "|(?P<yes>yes|ambulatory|able to walk|could walk)|(?P<both>some yes, some no)",
    ),
}


def people_values(field: Field, text: str) -> dict[str, Any]:
    """Read a fact as values of the fields of People; empty unless its whole text is one."""
    matches = (re.fullmatch(pattern, text, re.I) for pattern in _PATTERNS.get(field, ()))
    match = next(filter(None, matches), None)
    if match is None:
        return {}
    said = {name: words for name, words in match.groupdict().items() if words}
    numbers: dict[str, Any] = {
        name: float(words) if "." in words else number(words) for name, words in said.items()
    }
    either = next((member for member in Either if member in said), None)
    if either:
        return {"walks" if field is Field.WALKING else "complete": either}
    values: dict[str, Any] = {}
    match field:
        case Field.SAMPLE_SIZE:
            values = {"count": numbers["count"]}
        case Field.SEX:
            values = {"sex": Sex(**numbers)}
        case Field.AGE:
            values = {"ages": Ages(**{name.replace("from", "from_"): age for name, age in numbers.items()})}
        case Field.INJURY_LEVEL if "regions" in said:
            values = {"levels": re.split(" (?:and|or) ", said["regions"].lower())}
        case Field.INJURY_LEVEL:
            ends = [said["part"] + said["first"], said.get("other", said["part"]) + said.get("last", "")]
            levels = [level.upper() for level in ends[: 1 + ("last" in said)]]
            values = {"levels": levels} if is_span(levels) else {}
        case Field.INJURY_COMPLETENESS if "grades" in said:
            values = {"ais": re.findall(r"\b[A-E]\b", said["grades"].upper())}
        case Field.INJURY_COMPLETENESS:
            first, last = (AIS_GRADES.index(said[name].upper()) for name in ("first", "last"))
            values = {"ais": list(AIS_GRADES[first : last + 1])}
        case Field.TIME_SINCE_INJURY:
            share = 1 if said["unit"].lower() == "year" else 1 / 12
            start, end = (
                one and round(one * share, 2)
                for one in (numbers.get("from", numbers.get("least")), numbers.get("to"))
            )
            values = {"years_since": Range(from_=start, to=end)}
    return values
