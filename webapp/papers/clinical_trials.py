"""Studies of ClinicalTrials.gov (API version 2): what the register says of a trial, which is never a paper."""

from typing import Any

import msgspec

from webapp.papers import dates
from webapp.papers.records import plain_text
from webapp.parsing import int_from, text_at

_UNKNOWN_COUNT = 99_999_999  # stands where nobody gave a number


class RegisteredTrial(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of a trial. A date is a day or a month; what it does not say is empty."""

    number: str
    title: str
    status: str
    sponsor: str
    participant_count: int | None
    is_count_final: bool
    started_on: str
    completed_on: str
    updated_on: str
    has_results: bool


def trial_from(study: dict[str, Any]) -> RegisteredTrial:
    """Convert an answer about one trial."""
    protocol = study.get("protocolSection")
    days = [
        dates.from_text(text_at(protocol, "statusModule", f"{name}DateStruct", "date"))
        for name in ("start", "completion", "lastUpdatePost")
    ]
    enrollment = ("designModule", "enrollmentInfo")
    return RegisteredTrial(
        number=text_at(protocol, "identificationModule", "nctId"),
        title=plain_text(text_at(protocol, "identificationModule", "briefTitle")),
        status=plain_text(text_at(protocol, "statusModule", "overallStatus")).replace("_", " ").capitalize(),
        sponsor=plain_text(text_at(protocol, "sponsorCollaboratorsModule", "leadSponsor", "name")),
        participant_count=int_from(text_at(protocol, *enrollment, "count"), 0, _UNKNOWN_COUNT - 1),
        is_count_final=text_at(protocol, *enrollment, "type") == "ACTUAL",
        started_on=days[0],
        completed_on=days[1],
        updated_on=days[2],
        has_results=study.get("hasResults") is True,
    )
