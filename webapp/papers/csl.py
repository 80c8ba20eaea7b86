"""JSON of papers: Crossref's messages and CSL-JSON, one or a list, or one on each line."""

import json
from collections.abc import Iterator
from typing import Any

from webapp.content.article_content import ArticleContent
from webapp.papers.crossref import is_notice_itself, paper_from
from webapp.papers.records import IS_A_NOTICE, Record, Unreadable, refused

_NOT_PAPERS = "There are no papers in this JSON. We read CSL-JSON and Crossref’s messages."


def records(text: str) -> Iterator[Record]:
    """Every paper. Raises Unreadable for what is no JSON, or holds no papers."""
    for line, entry in _entries(text):
        if not isinstance(entry, dict):
            yield refused("It is not the description of a paper.", line)
            continue
        paper = paper_from(entry)
        if is_notice_itself(entry):
            yield refused(IS_A_NOTICE, line, paper.title)
        else:
            yield Record(content=ArticleContent(paper=paper), line=line)


def _entries(text: str) -> Iterator[tuple[int | None, Any]]:
    try:
        yield from ((None, entry) for entry in _list_in(json.loads(text)))
    except json.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
        entries = [(number, _entry(line)) for number, line in lines]
        if len(entries) < 2 or not any(isinstance(entry, dict) for _, entry in entries):  # noqa: PLR2004
            raise Unreadable(
                f"This JSON is damaged or breaks off in line {error.lineno}. Export it again."
            ) from error
        yield from entries
    except (RecursionError, ValueError) as error:
        raise Unreadable(_NOT_PAPERS) from error


def _entry(line: str) -> Any:
    try:
        return json.loads(line)
    except (RecursionError, ValueError):
        return None


def _list_in(value: Any) -> list[Any]:
    """The papers of an answer, of a list of works, of a plain list, or the one paper."""
    for key in ("message", "items"):
        if isinstance(value, dict) and isinstance(value.get(key), dict | list):
            value = value[key]
    entries = value if isinstance(value, list) else [value]
    if not any(isinstance(entry, dict) and ("title" in entry or "DOI" in entry) for entry in entries):
        raise Unreadable(_NOT_PAPERS)
    return entries
