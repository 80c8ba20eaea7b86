"""Three-way merge of contents of one kind: changes of one side are taken, fields that both sides changed are clashes."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from webapp.content.answer_content import Content, OneContent
from webapp.content.article_content import NOT_STATED, ArticleContent, PaperContent
from webapp.models.people import People

Filled = TypeVar("Filled", ArticleContent, PaperContent)

STATUS = ("status", "status_on", "status_url", "status_note")
_PARTS: dict[str, type[msgspec.Struct]] = {"paper": PaperContent, "people": People}
# The lists that have rows in the form, with the end of the id of a row's first control.
ROWS = {
    "findings": "-text",
    "implications": "-title",
    "questions": "",
    "limitations": "",
    "registrations": "-number",
    "since_then": "-on",
    "found": "-text",
    "missing": "",
    "would_change": "",
    "elsewhere": "-name",
}
# The end of the id of the first control of a field that has several.
_FIRST_CONTROLS = {
    "people-years_since": "_from",
    "people-ages": "_from",
    "people-sex": "_men",
}
_LABELS: dict[str, str] = tomllib.loads(Path(__file__).with_name("labels.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Clash:
    """A field that both sides changed differently, as texts for people to compare."""

    field: str
    label: str
    base: str
    theirs: str
    yours: str

    @property
    def target(self) -> str:
        """The id of the field's control in the form."""
        name = self.field.rsplit("-", 1)[0]
        return self.field + (_FIRST_CONTROLS.get(self.field) or ROWS.get(name, ""))


def merge(base: Content, theirs: Content, yours: OneContent) -> OneContent:
    """Take everything that only they changed. Where both sides changed a field, yours stays."""
    merged = yours
    for field in _fields(base, theirs, yours):
        if value_of(yours, field) == value_of(base, field):
            merged = with_field(merged, theirs, field)
    return merged


def clashes(base: Content, theirs: Content, yours: Content) -> list[Clash]:
    """The fields that they changed and in which yours differs from theirs."""
    return [
        Clash(field, label(field), *(_text(value_of(content, field)) for content in (base, theirs, yours)))
        for field in _fields(base, theirs, yours)
        if value_of(theirs, field) not in (value_of(base, field), value_of(yours, field))
    ]


def filled(content: ArticleContent, other: ArticleContent) -> ArticleContent:
    """Fill what is empty or "not stated" from another content about the same paper, whose graver status counts."""
    paper = _filled(content.paper, other.paper)
    if other.paper.status.gravity > content.paper.status.gravity:
        status = {name: getattr(other.paper, name) for name in STATUS}
        paper = msgspec.structs.replace(paper, **status)
    return msgspec.structs.replace(_filled(content, other), paper=paper)


def value_of(content: Content, field: str) -> Any:
    """The value of a field named as in the form: "harms", "paper-doi", or a row, "findings-0"."""
    name, _, rest = field.partition("-")
    value = getattr(content, name)
    if not rest:
        return value
    if name in _PARTS:
        return getattr(value, rest)
    return value[int(rest)] if int(rest) < len(value) else None


def with_field(content: OneContent, source: Content, field: str) -> OneContent:
    """The content with this one field as ``source`` has it. A field that does not exist changes nothing."""
    if field not in list(_fields(content, source)):
        return content
    value = value_of(source, field)
    name, _, rest = field.partition("-")
    if rest and name in _PARTS:
        value = msgspec.structs.replace(getattr(content, name), **{rest: value})
    elif rest:
        values = list(getattr(content, name))
        values[int(rest)] = value
        value = values
    return msgspec.structs.replace(content, **{name: value})


def texts_of(old: Content, new: Content) -> list[tuple[str, str, str]]:
    """The name of every field, with its value in both contents as text."""
    return [(field, _text(value_of(old, field)), _text(value_of(new, field))) for field in _fields(old, new)]


def _filled(value: Filled, other: Filled) -> Filled:
    missing: tuple[Any, ...] = ("", None, [], NOT_STATED)
    found = {
        name: getattr(other, name)
        for name in value.__struct_fields__
        if getattr(value, name) in missing and getattr(other, name) not in missing
    }
    return msgspec.structs.replace(value, **found)


def _fields(*contents: Content) -> Iterator[str]:
    """The names of all fields. A list of equal length on all sides is compared row by row, else as a whole."""
    names = contents[0].__struct_fields__
    for part in (part for part in _PARTS if part in names):
        yield from (f"{part}-{name}" for name in _PARTS[part].__struct_fields__)
    for name in names:
        lengths = {len(getattr(content, name)) for content in contents} if name in ROWS else {0, -1}
        if len(lengths) == 1:
            yield from (f"{name}-{number}" for number in range(lengths.pop()))
        elif name not in _PARTS:
            yield name


def label(field: str) -> str:
    """The label of a field on screen, for editors and readers."""
    if field in _LABELS:
        return _LABELS[field]
    name, _, number = field.removeprefix("paper-").partition("-")
    words = _LABELS.get(name) or name.replace("_", " ").capitalize()
    return f"{words.removesuffix('s')} {int(number) + 1}" if number else words


def _text(value: Any) -> str:
    """Format a value of any kind as lines of text."""
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_text(member)}" for name, member in value.items())
    if isinstance(value, list):
        return "\n".join(f"{number}. {_text(row)}" for number, row in enumerate(value, start=1))
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, msgspec.Struct):
        return " · ".join(text for part in msgspec.structs.astuple(value) if (text := _text(part)))
    return str(getattr(value, "label", value) if value not in (None, "") else "")
