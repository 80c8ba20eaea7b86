"""Word-by-word comparison of two revisions."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from webapp.content import merging
from webapp.content.answer_content import Content

_TOKEN = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")  # spaces belong to words: alone, they would match everywhere
MOST_TOKENS = 6_000  # beyond this, comparing word by word takes too long: the whole text is shown as changed


class Change(StrEnum):
    """The kind of change of a run of words."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True)
class Run:
    """Consecutive words with the same kind of change."""

    change: Change
    text: str


@dataclass(frozen=True)
class FieldDifference:
    """A field that differs, with its words."""

    field: str
    label: str
    runs: tuple[Run, ...]

    @property
    def before(self) -> str:
        return "".join(run.text for run in self.runs if run.change is not Change.NEW)

    @property
    def after(self) -> str:
        return "".join(run.text for run in self.runs if run.change is not Change.GONE)


def differences(old: Content, new: Content) -> list[FieldDifference]:
    """The fields in which two texts differ, in the order of the form."""
    return [
        FieldDifference(field, merging.label(field), word_runs(before, after))
        for field, before, after in merging.texts_of(old, new)
        if before != after
    ]


def word_runs(old: str, new: str) -> tuple[Run, ...]:
    """Compare two texts as runs of words. Joining SAME and GONE gives the old text, SAME and NEW the new one."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(before) + len(after) > MOST_TOKENS:
        return tuple(run for run in (Run(Change.GONE, old), Run(Change.NEW, new)) if run.text)
    runs: list[Run] = []
    for operation, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if operation == "equal":
            runs.append(Run(Change.SAME, "".join(before[i:j])))
        else:
            runs += [Run(Change.GONE, "".join(before[i:j])), Run(Change.NEW, "".join(after[k:m]))]
    return tuple(run for run in runs if run.text)
