"""Which summaries are in a pack, how the list is written in an address, and what the sheet says of each."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from webapp.catalog.queries import published, standing
from webapp.catalog.standing_questions import Answer, answers
from webapp.db.session import db
from webapp.models import Article, Paper
from webapp.parsing import int_from

MOST = 12
SUGGESTED = 8


@dataclass(frozen=True)
class PackedSummary:
    """One summary in a pack, with the lists that the pack becomes when it is removed or moved; None where it cannot be."""

    article: Article
    without: str
    one_up: str | None
    one_down: str | None

    @property
    def unknowns(self) -> list[str]:
        """What this paper should have said and does not, as the questions it leaves open."""
        return [question.words for question, given in answers(self.article) if given is Answer.NOT_STATED]


def read_list(text: str) -> list[int]:
    """Article numbers from an address like ``12-45``: anything else is skipped, each number counts once.

    Lists in older addresses have commas, which an address has to escape.
    """
    numbers = [number for part in re.split("[-,]", text) if (number := int_from(part)) is not None]
    return list(dict.fromkeys(numbers))[:MOST]


def write_list(numbers: Iterable[int]) -> str:
    return "-".join(map(str, numbers))


def packed(numbers: Sequence[int]) -> list[PackedSummary]:
    """The published summaries of a list, in its order."""
    rows = {row.id: row for row in db.session.scalars(published().where(Article.id.in_(numbers)))}
    order = [number for number in numbers if number in rows]

    def moved(at: int, to: int) -> str | None:
        if not 0 <= to < len(order):
            return None
        others = order[:at] + order[at + 1 :]
        return write_list([*others[:to], order[at], *others[to:]])

    return [
        PackedSummary(
            rows[number], write_list(order[:at] + order[at + 1 :]), moved(at, at - 1), moved(at, at + 1)
        )
        for at, number in enumerate(order)
    ]


def suggestions(words: str, numbers: Sequence[int]) -> list[Article]:
    """Standing summaries outside the list whose title or main message has every word; else the newest."""
    query = standing().join(Article.paper).where(~Article.id.in_(numbers))
    texts = (Article.plain_title, Article.main_message, Paper.title)
    for word in words.split()[:12]:
        query = query.where(
            or_(*(func.coalesce(text, "").icontains(word, autoescape=True) for text in texts))
        )
    newest_first = query.order_by(Article.published_at.desc(), Paper.published_on.desc())
    return list(db.session.scalars(newest_first.limit(SUGGESTED)))


def find_slug(number: int) -> str | None:
    """The address of the summary with this number, for short links."""
    return db.session.scalar(select(Article.slug).where(Article.id == number))
