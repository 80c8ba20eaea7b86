"""A made-up library of any size for benchmarks, from the titles and texts of real abstracts."""

import json
import lzma
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

from webapp.config import ROOT
from webapp.db import engine
from webapp.db.session import Base, db
from webapp.models import Article, ArticleCategory, Correction, Draft, Paper, PublicChange, Revision
from webapp.models.values import AboutSci, ArticleStatus, Result, StudyKind, Subject
from webapp.publishing.library import import_library

ABSTRACTS = ROOT.parent / "shared" / "data" / "abstracts.jsonl.xz"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHUNK = 2_000
CATEGORY_COUNT = 12
QUERY_COUNT = 200

Row = tuple[int, str, str]  # number, title, text


@dataclass(frozen=True)
class Models:
    """Rows of the tables paper and article that made-up articles are like."""

    papers: list[dict[str, Any]]
    articles: list[dict[str, Any]]


BARE = Models(
    papers=[{"authors": [], "mesh_terms": [], "journal": "A journal"}],
    articles=[
        {"status": ArticleStatus.PUBLISHED, "research_summary": "", "about_sci": AboutSci.NO, "findings": [],
         "implications": [], "questions": [], "limitations": [], "written_by": "Nobody"}
    ],
)  # fmt: skip
"""Articles of nothing but a title and a text, for engines that are given nothing else."""


def rows(file: Path, count: int) -> Iterator[Row]:
    """As many articles as wanted; from the first abstract again where there are too few."""
    if not file.exists():
        sys.exit(
            f"There is no {file}. Name a file of abstracts, as JSON with a title and a text in each line: --abstracts FILE"
        )
    number = 0
    while number < count:
        with lzma.open(file, "rt", encoding="utf-8") as lines:
            for line in islice(lines, count - number):
                row = json.loads(line)
                number += 1
                yield number, row["title"], row["text"]


def facets(number: int) -> tuple[str, str, str, str, str]:
    """Category, kind of study, subject, result and year of an article, the same for every engine that is compared."""
    chance = random.Random(number)
    return (
        str(chance.randint(1, CATEGORY_COUNT)),
        chance.choice(list(StudyKind)).value,
        chance.choice(list(Subject)).value,
        chance.choice(list(Result)).value,
        str(chance.randint(1990, 2026)),
    )


def queries(articles: list[Row]) -> list[str]:
    """Two to five words of titles, the same for every engine that is compared."""
    chance = random.Random(1)
    found: list[str] = []
    while len(found) < QUERY_COUNT:
        words = [word for word in chance.choice(articles)[1].split() if word.isalpha() and len(word) > 3]
        if len(words) > 1:
            start = chance.randint(0, len(words) - 2)
            found.append(" ".join(words[start : start + chance.randint(2, 5)]))
    return found


def fill(file: Path, count: int, models: Models) -> None:
    """Make so many articles in a database that has its tables, shaped like the models in turn."""
    wanted = rows(file, count)
    while chunk := list(islice(wanted, CHUNK)):
        db.session.execute(insert(Paper), [_paper(models, row) for row in chunk])
        db.session.execute(insert(Article), [_article(models, row) for row in chunk])
        links = [
            {"article_id": row[0], "category_id": int(facets(row[0])[0]), "position": 0} for row in chunk
        ]
        db.session.execute(insert(ArticleCategory), links)
        db.session.commit()


def make_tables() -> Models:
    """Make the tables, with categories and glossary but no article; returns what the starter library's articles are."""
    engine.create_file(db.engine)
    Base.metadata.create_all(db.engine)
    import_library(ROOT / "webapp" / "starter", NOW)
    models = Models(_rows_of(Paper), _rows_of(Article))
    for kind in (PublicChange, Revision, Draft, ArticleCategory, Correction, Article, Paper):
        db.session.execute(delete(kind))
    db.session.commit()
    return models


def _rows_of(kind: type[Base]) -> list[dict[str, Any]]:
    return [dict(row) for row in db.session.execute(select(*kind.__table__.c)).mappings()]


def _paper(models: Models, row: Row) -> dict[str, Any]:
    number, title, _ = row
    new = {
        "id": number,
        "title": title,
        "doi": f"10.5555/made.up.{number}",
        "published_on": facets(number)[4],
    }
    return models.papers[number % len(models.papers)] | new | {"pmid": None, "pmcid": None, "url": None}


def _article(models: Models, row: Row) -> dict[str, Any]:
    number, title, text = row
    _, kind, subject, result, _ = facets(number)
    return models.articles[number % len(models.articles)] | {
        "id": number,
        "paper_id": number,
        "slug": f"article-{number}",
        "plain_title": title,
        "main_message": text[:160],
        "simple_explanation": text,
        "study_kind": StudyKind(kind),
        "subject": Subject(subject),
        "result": Result(result),
        "published_at": NOW + timedelta(minutes=number),
        "updated_at": NOW,
        "revision_number": 1,
    }
