"""The part of the authoring form about who took part in a study: small fields, and the value that they make."""

import re

from wtforms import Form, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Regexp

from webapp.content.checks import SAID_IN
from webapp.editor.fields import choice, long, short
from webapp.models.people import Ages, Cause, Either, People, Range, Sex
from webapp.parsing import int_from, member_from

_BOTH = "both"
_NOT_STATED = SelectChoice("", "Not stated")
_NUMBER = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,6})?")
_a_number = Regexp(rf"\s*{_NUMBER.pattern}\s*$", message="Enter a number, like 41 or 2.5.")
_a_count = Regexp(r"\s*[0-9]{1,9}\s*$", message="Enter a whole number, like 18.")


def check_places(_form: Form, field: TextAreaField) -> None:
    """Each line names a field and, after a colon, a place in the paper."""
    for line in filter(str.strip, (field.data or "").splitlines()):
        if not all(map(str.strip, line.partition(":"))):
            raise ValidationError(SAID_IN)


class PeopleForm(Form):
    """Who took part; an empty field is not stated."""

    levels = short("Levels of injury")
    ais = short("AIS grades", 40)
    complete = choice("Complete injuries", Either, _NOT_STATED)
    years_since_from = short("Years since the injury, from", 12, _a_number)
    years_since_to = short("Years since the injury, to", 12, _a_number)
    ages_from = short("Ages, from", 12, _a_number)
    ages_to = short("Ages, to", 12, _a_number)
    ages_typical = short("Mean or median age", 12, _a_number)
    sex_men = short("Men", 12, _a_count)
    sex_women = short("Women", 12, _a_count)
    cause = choice(
        "What caused the injury", Cause, _NOT_STATED, SelectChoice(_BOTH, "Both, in different people")
    )
    walks = choice("Able to walk", Either, _NOT_STATED)
    count = short("Number of people", 12, _a_count)
    said_in = long("Where the paper says so", check_places)


def people_values(people: People) -> dict[str, str]:
    """Convert a value to the texts of the fields."""
    years, ages, sex = people.years_since or Range(), people.ages or Ages(), people.sex or Sex()
    numbers = {
        "years_since_from": years.from_,
        "years_since_to": years.to,
        "ages_from": ages.from_,
        "ages_to": ages.to,
        "ages_typical": ages.typical,
        "sex_men": sex.men,
        "sex_women": sex.women,
        "count": people.count,
    }
    return {
        name: "" if number is None else f"{number}".removesuffix(".0") for name, number in numbers.items()
    } | {
        "levels": ", ".join(people.levels),
        "ais": ", ".join(people.ais),
        "complete": people.complete or "",
        "walks": people.walks or "",
        "cause": _BOTH if len(people.cause) > 1 else "".join(people.cause),
        "said_in": "\n".join(f"{name}: {place}" for name, place in people.said_in.items()),
    }


def people_from(form: PeopleForm) -> People:
    """Convert the fields to a value. What cannot be read counts as not given: validate the form first."""
    texts: dict[str, str] = {name: (text or "").strip() for name, text in form.data.items()}

    def number(name: str) -> int | float | None:
        text = texts[name]
        return None if not _NUMBER.fullmatch(text) else float(text) if "." in text else int(text)

    years = Range(from_=number("years_since_from"), to=number("years_since_to"))
    ages = Ages(from_=number("ages_from"), to=number("ages_to"), typical=number("ages_typical"))
    sex = Sex(men=int_from(texts["sex_men"]), women=int_from(texts["sex_women"]))
    levels = re.split(r"\s*(?:[,;–-]|\bto\b)\s*", texts["levels"])
    places = (line.partition(":") for line in texts["said_in"].splitlines())
    return People(
        levels=[
            level.upper() if int_from(level[1:]) is not None else level.lower() for level in levels if level
        ],
        ais=re.findall(r"\w+", texts["ais"].upper()),
        complete=member_from(Either, texts["complete"]),
        years_since=years if years != Range() else None,
        ages=ages if ages != Ages() else None,
        sex=sex if sex != Sex() else None,
        cause=list(Cause)
        if texts["cause"] == _BOTH
        else [cause for cause in Cause if cause == texts["cause"]],
        walks=member_from(Either, texts["walks"]),
        count=int_from(texts["count"]),
        said_in={name.strip(): place.strip() for name, _, place in places if name.strip() and place.strip()},
    )
