"""CSL-JSON and Crossref's messages: one paper, a list, or one paper per line."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from webapp.content.article_content import ArticleContent
from webapp.papers.crossref import (
    Message,
    funding_of,
    is_notice_itself,
    notices_of,
    paper_from,
    trials_of,
    types,
)
from webapp.papers.records import IS_A_NOTICE, Record, Unreadable, refused, registrations

_NOT_PAPERS = "There are no papers in this JSON. We read CSL-JSON and Crossref’s messages."


def records(text: str) -> Iterator[Record]:
    """Read all papers. Raises Unreadable for invalid JSON and for JSON without papers."""
    for line, entry in _entries(text):
        yield record_from(entry, line)


def read_message(message: Message) -> Record:
    """Read one of Crossref's messages, which was parsed already. Raises Unreadable if it describes no paper."""
    if not _is_paper(message):
        raise Unreadable(_NOT_PAPERS)
    return record_from(message)


def record_from(entry: Any, line: int | None = None) -> Record:
    """Make the record of one paper, refused if the entry is something else."""
    if not isinstance(entry, dict):
        return refused("It doesn’t describe a paper.", line)
    paper = paper_from(entry)
    if not paper.url and isinstance(entry.get("URL"), str):
        paper = msgspec.structs.replace(paper, url=entry["URL"])
    if is_notice_itself(entry):
        notice = Record(content=ArticleContent(paper=paper), reason=IS_A_NOTICE, line=line)
        return msgspec.structs.replace(notice, notices_of=notices_of(entry))
    if "creators" in entry:
        return refused("This is Zotero’s own JSON. Export the paper as CSL JSON or RIS.", line, paper.title)
    content = ArticleContent(
        paper=paper, funding=funding_of(entry), registrations=registrations(trials_of(entry))
    )
    return Record(content=content, types=types(entry), line=line)


def _is_paper(entry: Any) -> bool:
    return isinstance(entry, dict) and ("title" in entry or "DOI" in entry)


def _entries(text: str) -> Iterable[tuple[int | None, Any]]:
    """Return the papers in a text, each with its line if there is one paper per line."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        entries = []
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                entry: Any = None
                with suppress(RecursionError, ValueError):
                    entry = json.loads(line)
                entries.append((number, entry))
        if len(entries) < 2 or not any(isinstance(entry, dict) for _, entry in entries):  # noqa: PLR2004
            raise Unreadable(
                f"This JSON is damaged or breaks off in line {error.lineno}. Export it again."
            ) from error
        return entries
    except (RecursionError, ValueError) as error:
        raise Unreadable(_NOT_PAPERS) from error
    for key in ("message", "items"):  # Crossref's answer wraps one paper or a list of them
        if isinstance(value, dict) and isinstance(value.get(key), dict | list):
            value = value[key]
    papers = value if isinstance(value, list) else [value]
    if not any(map(_is_paper, papers)):
        raise Unreadable(_NOT_PAPERS)
    return [(None, entry) for entry in papers]
