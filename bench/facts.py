"""How often the rules for facts are right, against facts that people read out of the same papers.

    python bench/facts.py FILE

FILE holds one paper a line, as JSON: title, abstract, fulltext (which may be missing), the facts as short texts or null, and
``evidence``, the words of the paper that each fact was read from. Papers without an abstract are left out.

A suggestion is right if it says the same number (sample size), the same value (subject, kind, trial numbers), or one of the
same times (duration, time since injury); or else if its value stands in the fact or its evidence, word for word. For harms the
evidence has to stand in its sentence. Prints per field: papers with the fact, share right in the first suggestion and in all three, papers
without the fact, share of those for which one was suggested; then milliseconds of processor time per paper.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from webapp.content.identifiers import find_trials
from webapp.content.quantities import number
from webapp.models import PaperPart, PaperSection
from webapp.models.values import StudyKind, Subject
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.facts.suggesting import suggestions
from webapp.papers.facts.suggestion import AMOUNT, NUMBER, TIME, UNIT, Field, Suggestion

UNITS = {"h": "hour", "d": "day", "w": "week", "m": "month", "y": "year", "s": "session"}
PART = re.compile(rf"{AMOUNT}|(?<![a-z])(?P<unit>{UNIT})", re.IGNORECASE)
NAMES = {
    Field.SAMPLE_SIZE: "sample_size",
    Field.STUDY_DURATION: "duration",
    Field.INJURY_LEVEL: "injury_level",
    Field.INJURY_COMPLETENESS: "injury_completeness",
    Field.TIME_SINCE_INJURY: "time_since_injury",
    Field.HARMS: "harms",
    Field.TRIAL_NUMBER: "registration",
    Field.SUBJECT: "subject",
    Field.STUDY_KIND: "design_group",
}
KINDS = {
    "randomized trial": StudyKind.RANDOMIZED_TRIAL,
    "trial plan (protocol)": StudyKind.STUDY_PLAN,
    "systematic review or meta-analysis": StudyKind.REVIEWS,
    "overview": StudyKind.EXPERT_OVERVIEW,
    "guideline or consensus": StudyKind.GUIDELINE,
    "qualitative study": StudyKind.INTERVIEWS,
    "uncontrolled early trial": StudyKind.SMALL_EARLY,
    "case series or case report": StudyKind.SMALL_EARLY,
    "animal experiment": StudyKind.LAB_OR_ANIMALS,
    "animals: case-control": StudyKind.LAB_OR_ANIMALS,
    "laboratory": StudyKind.LAB_OR_ANIMALS,
}


def main(file: Path) -> None:
    """Suggest, judge, print."""
    papers = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    papers = [paper for paper in papers if paper["abstract"]]
    begun = process_time()
    found = [suggestions(text_of(paper)) for paper in papers]
    spent = process_time() - begun
    print(f"{'':20}{'papers':>7}{'first':>8}{'three':>8}{'without':>9}{'offered':>9}")
    for field, name in NAMES.items():
        told = [
            (paper, answers[field])
            for paper, answers in zip(papers, found, strict=True)
            if is_told(paper, name)
        ]
        silent = [answers[field] for paper, answers in zip(papers, found, strict=True) if not paper.get(name)]
        first = sum(is_right(paper, field, answers[:1]) for paper, answers in told)
        three = sum(is_right(paper, field, answers) for paper, answers in told)
        offered = sum(map(bool, silent))
        print(
            f"{name:20}{len(told):7}{share(first, len(told)):>8}{share(three, len(told)):>8}"
            f"{len(silent):9}{share(offered, len(silent)):>9}"
        )
    print(f"{1000 * spent / max(1, len(papers)):.1f} ms per paper")


def share(part: int, whole: int) -> str:
    """Write a share as a percentage."""
    return f"{100 * part / whole:.0f} %" if whole else "-"


def text_of(paper: dict[str, Any]) -> PaperText:
    """Read the sections of a paper of the file."""
    return PaperText(
        PaperSection(PaperPart.TITLE, paper["title"]),
        PaperSection(PaperPart.ABSTRACT, paper["abstract"]),
        *([PaperSection(PaperPart.FULL_TEXT, paper["fulltext"])] if paper.get("fulltext") else []),
    )


def is_told(paper: dict[str, Any], name: str) -> bool:
    """Is there something to find? A review has no people or animals of its own; it is judged by its kind."""
    return bool(paper.get(name)) and paper[name] != "review"


def is_right(paper: dict[str, Any], field: Field, answers: list[Suggestion]) -> bool:
    """Is one of these suggestions right? Trial numbers are right if none is missing."""
    gold, evidence = paper[NAMES[field]], evidence_of(paper, field)
    if field is Field.TRIAL_NUMBER:
        return set(find_trials(gold)) <= {str(answer.value) for answer in answers}
    return any(JUDGES.get(field, says_the_same)(gold, evidence, answer) for answer in answers)


def same_number(gold: str, _evidence: str, answer: Suggestion) -> bool:
    """Compare with the first number of the fact, or with the sum of all its numbers, which may be groups."""
    wanted = [number(match) or 0 for match in re.findall(NUMBER, gold, re.IGNORECASE)]
    size = int(re.findall(r"\d+", str(answer.value))[0])
    return size in (sum(wanted), *wanted[:1])


def times(text: str) -> frozenset[tuple[str, str]]:
    """Read all times of a text as pairs of amount and unit; of a range or list, each amount has the unit."""
    found = set()
    for match in re.finditer(TIME, text, re.IGNORECASE):
        unit = ""
        for part in reversed(list(PART.finditer(match[0]))):
            if part["unit"]:
                unit = UNITS[part["unit"][0].casefold()]
            else:
                value = number(part[0])
                found.add((part[0].replace("·", ".") if value is None else str(value), unit))
    return frozenset(found)


def same_times(gold: str, evidence: str, answer: Suggestion) -> bool:
    """Compare the times, or the words where there are none."""
    return bool(times(str(answer.value)) & times(gold)) or says_the_same(gold, evidence, answer)


def says_the_same(gold: str, evidence: str, answer: Suggestion) -> bool:
    """Does the value stand in the fact or in its evidence, or the whole evidence in the value?"""
    value, words = f" {plain(str(answer.value))} ", f" {plain(evidence)} "
    return value in f" {plain(gold)} " or value in words or (bool(words.strip()) and words in value)


def same_sentence(_gold: str, evidence: str, answer: Suggestion) -> bool:
    """Is the evidence, or its beginning, in the sentence?"""
    wanted, quote = plain(evidence), plain(answer.quote)
    return bool(wanted) and (wanted in quote or quote in wanted or wanted[:40] in quote)


def same_kind(gold: str, _evidence: str, answer: Suggestion) -> bool:
    """Compare with the kind of study that the group of designs is."""
    return answer.value is KINDS.get(gold, StudyKind.OTHER_PEOPLE)


def same_subject(gold: str, _evidence: str, answer: Suggestion) -> bool:
    """Compare people, animals and lab; the species is not judged."""
    return answer.value is Subject(gold.split(":", maxsplit=1)[0])


def evidence_of(paper: dict[str, Any], field: Field) -> str:
    """Return the words of the paper from which the fact was read."""
    evidence = (paper.get("evidence") or {}).get(NAMES[field]) or ""
    return " ".join(evidence) if isinstance(evidence, list) else evidence


def plain(text: str) -> str:
    """Write a text in lower case with single spaces and one kind of dash."""
    return re.sub(r"[^\w%]+", " ", text.casefold()).strip()


JUDGES: dict[Field, Callable[[str, str, Suggestion], bool]] = {
    Field.SAMPLE_SIZE: same_number,
    Field.STUDY_DURATION: same_times,
    Field.TIME_SINCE_INJURY: same_times,
    Field.HARMS: same_sentence,
    Field.SUBJECT: same_subject,
    Field.STUDY_KIND: same_kind,
}


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(Path(sys.argv[1]))
    else:
        print("usage: python bench/facts.py FILE")
