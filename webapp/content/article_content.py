"""The content of an article, independent of storage: TOML files, drafts and live rows all have this shape."""

import re
import tomllib
from datetime import date
from typing import Any, TypeVar

import msgspec
import tomli_w

from webapp.content.identifiers import READERS
from webapp.models.people import Cause, People
from webapp.models.values import (
    AboutSci,
    Author,
    Finding,
    Implication,
    LaterEvent,
    PaperStatus,
    ReadFrom,
    Registration,
    Result,
    StudyKind,
    Subject,
)
from webapp.parsing import clean_texts

Text = TypeVar("Text", bound=msgspec.Struct)
NOT_STATED, DOES_NOT_APPLY = "not stated", "does not apply"
FACTS = (
    "study_duration",
    "participants",
    "sample_size",
    "age",
    "country",
    "injury_level",
    "injury_completeness",
    "time_since_injury",
    "harms",
    "funding",
    "conflicts_of_interest",
)
_FIXED_VALUE = re.compile(
    r"\s*(?:(not stated|not specified|the paper does(?: not|n['’]t) say)|does not apply)\s*(?:\.\s*(.*))?",
    re.IGNORECASE | re.DOTALL,
)
_NOBODY = People()


class ContentError(ValueError):
    """A content file cannot be read: ``reason`` is a sentence, ``line`` the number of the line if known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class PaperContent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Bibliographic facts of the paper; field names are those of ``models.Paper``."""

    title: str = ""
    doi: str = ""
    pmid: str = ""
    pmcid: str = ""
    url: str = ""
    journal: str = ""
    published_on: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    license: str = ""
    is_free_to_read: bool | None = None
    read_from: ReadFrom | None = None
    status: PaperStatus = PaperStatus.PUBLISHED
    status_on: date | None = None
    status_url: str = ""
    status_note: str = ""
    mesh_terms: list[str] = []
    abstract: str = ""
    authors: list[Author] = []


class CorrectionContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dated public note that the article changed."""

    published_on: date
    text: str


class ArticleContent(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Everything an article says.

    A fact (see ``FACTS``) is a text, or one of two fixed values: what was read does not state it, or it does not apply. An
    empty fact counts as not stated; other empty texts and None mean "not yet". ``harms_read`` is given where the harms were
    read elsewhere than the rest.
    """

    slug: str = ""
    plain_title: str = ""
    categories: list[str] = []
    subject: Subject | None = None
    species: str = ""
    about_sci: AboutSci | None = None
    study_kind: StudyKind | None = None
    result: Result | None = None
    main_message: str = ""
    simple_explanation: str = ""
    study_duration: str = ""
    participants: str = ""
    evidence_level: str = ""
    sample_size: str = ""
    age: str = ""
    country: str = ""
    injury_level: str = ""
    injury_completeness: str = ""
    time_since_injury: str = ""
    people: People = _NOBODY
    harms: str = ""
    harms_read: ReadFrom | None = None
    research_summary: str = ""
    limitations: list[str] = []
    questions: list[str] = []
    funding: str = ""
    conflicts_of_interest: str = ""
    registrations: list[Registration] = []
    shows_dysreflexia_help: bool = False
    written_by: str = ""
    published_on: date | None = None
    paper: PaperContent = PaperContent()
    findings: list[Finding] = []
    implications: list[Implication] = []
    since_then: list[LaterEvent] = []
    corrections: list[CorrectionContent] = []

    def __post_init__(self) -> None:
        """Every content passes here, from a form, a file, a draft or the live rows.

        Facts have one spelling for each fixed value, and both causes one order, as in the form, which offers them as one choice.
        """
        for name in FACTS:
            msgspec.structs.force_setattr(self, name, standardized(getattr(self, name)))
        if self.people == _NOBODY:  # otherwise files would have an empty table
            msgspec.structs.force_setattr(self, "people", _NOBODY)
        elif len(self.people.cause) > 1:
            people = msgspec.structs.replace(
                self.people, cause=sorted(set(self.people.cause), key=list(Cause).index)
            )
            msgspec.structs.force_setattr(self, "people", people)


def standardized(text: str) -> str:
    """Write a fact with one spelling for each fixed value; a remark may follow it: "not stated. Two people left early."."""
    return ". ".join(filter(None, fixed_value_and_rest(text)))


def fixed_value_and_rest(text: str) -> tuple[str, str]:
    """Split a fact into its fixed value, if it has one, and the remark or the whole text."""
    match = _FIXED_VALUE.fullmatch(text)
    if match is None:
        return "", text
    return NOT_STATED if match[1] else DOES_NOT_APPLY, (match[2] or "").strip()


def own_texts(content: ArticleContent) -> list[tuple[str, str]]:
    """The article's own running texts in page order, each with its field's name."""
    return [
        ("plain_title", content.plain_title),
        ("main_message", content.main_message),
        ("simple_explanation", content.simple_explanation),
        *((f"findings-{i}-text", finding.text) for i, finding in enumerate(content.findings)),
        ("harms", content.harms),
        ("research_summary", content.research_summary),
        *((f"implications-{i}-text", implication.text) for i, implication in enumerate(content.implications)),
        *((f"limitations-{i}", text) for i, text in enumerate(content.limitations)),
    ]


def from_toml(source: str, kind: type[Text]) -> Text:
    """Read a text of this kind from TOML. Raises ContentError, with the line if it is known."""
    try:
        value = _of_this_release(clean_texts(tomllib.loads(source)))
        return msgspec.convert(_with_bare_identifiers(value), kind)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"line (\d+)", str(error))
        raise ContentError(
            f"This isn’t valid TOML: {error}.", int(match.group(1)) if match else None
        ) from error
    except msgspec.ValidationError as error:
        # The error names the key, or ends in the path to it.
        match = re.search(r"unknown field `(\w+)`|([A-Za-z_]+)(?:\[[^\]]*\])*`$", str(error))
        line = line_of(source, match[1] or match[2]) if match else None
        raise ContentError(f"{error}.", line) from error


def to_toml(content: msgspec.Struct) -> str:
    """Write a text as TOML, from which an equal one is read back."""
    return tomli_w.dumps(msgspec.to_builtins(content, builtin_types=(date,)), multiline_strings=True)


def from_json(value: dict[str, Any]) -> ArticleContent:
    """Read an article from the JSON that ``to_json`` wrote."""
    return msgspec.convert(_of_this_release(value), ArticleContent)


def to_json(content: msgspec.Struct) -> dict[str, Any]:
    """Convert a text to values that JSON can hold."""
    plain: dict[str, Any] = msgspec.to_builtins(content)
    return plain


def _of_this_release(value: dict[str, Any]) -> dict[str, Any]:
    """Read what earlier releases wrote.

    A text that says itself who checked it is not believed: only a review can say that. Before ``registrations`` there was
    one address, and a number or several in one text.
    """
    value = {name: entry for name, entry in value.items() if name not in ("checked_by", "checked_on")}
    former = {
        name: text for name in ("trial_number", "trial_url") if isinstance(text := value.get(name), str)
    }
    if not former:
        return value
    numbers = filter(None, map(str.strip, re.split("[,;]", former.get("trial_number", ""))))
    registrations = [{"number": number} for number in numbers]
    if url := former.get("trial_url"):
        registrations[:1] = [{"url": url} | (registrations[0] if registrations else {})]
    return {"registrations": registrations} | {name: value[name] for name in value if name not in former}


def _with_bare_identifiers(value: Any) -> Any:
    """Read the identifiers out of what stands around them, in a value as TOML has it."""
    if isinstance(value, list):
        return [_with_bare_identifiers(member) for member in value]
    if not isinstance(value, dict):
        return value
    return {
        name: READERS[name](member) or member
        if name in READERS and isinstance(member, str)
        else _with_bare_identifiers(member)
        for name, member in value.items()
    }


def line_of(source: str, key: str, row: int = 0) -> int | None:
    """Find the line of a key or table in TOML text; of the tables of a list, that of a row if it is there."""
    is_here = re.compile(rf"^\s*\[*(?:\w+\.)*{re.escape(key)}\]*\s*(=|$)")
    lines = [number for number, line in enumerate(source.splitlines(), start=1) if is_here.match(line)]
    return next(iter(lines[row:] or lines), None)
