"""Which summaries and answers are in a pack, how the list is written in an address, and what the sheet says of each."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from webapp.catalog.answers import published_answers
from webapp.catalog.queries import published, standing
from webapp.catalog.standing_questions import AnswerState as Given
from webapp.catalog.standing_questions import answers
from webapp.catalog.translations import in_current_language
from webapp.db.session import db
from webapp.languages.language import gettext
from webapp.models import Answer, Article, Paper
from webapp.parsing import int_from

MOST = 12
ANSWER = "a"  # before the id of an answer in a list
SUGGESTED = 8


@dataclass(frozen=True)
class Packed:
    """A summary or an answer in a pack, and the list of the pack without it, and with it moved; None where it cannot move."""

    entry: str
    text: Article | Answer
    without: str
    one_up: str | None
    one_down: str | None

    @property
    def is_answer(self) -> bool:
        return self.entry.startswith(ANSWER)


def open_questions(article: Article) -> list[str]:
    """What the paper of a summary should have said and does not, as the questions it leaves open."""
    return [gettext(question.words) for question, given in answers(article) if given is Given.NOT_STATED]


def read_list(text: str) -> list[str]:
    """Entries from an address like ``12-a3``, where 12 is a summary and a3 an answer: anything else is skipped, and each
    counts once.

    Lists in older addresses have commas, which an address has to escape.
    """
    parts = re.split("[-,]", text)
    entries = (part for part in parts if int_from(part.removeprefix(ANSWER)) is not None)
    return list(dict.fromkeys(entries))[:MOST]


def write_list(entries: Iterable[str]) -> str:
    return "-".join(entries)


def numbers_in(entries: Iterable[str], prefix: str = "") -> list[int]:
    """The ids in these entries of the summaries, or of the answers by their prefix."""
    found = (int_from(entry.removeprefix(prefix)) for entry in entries if entry.startswith(prefix))
    return [number for number in found if number is not None]


def packed(entries: Sequence[str]) -> list[Packed]:
    """The published summaries and answers of a list, in its order."""
    articles = db.session.scalars(published().where(Article.id.in_(numbers_in(entries))))
    texts: dict[str, Article | Answer] = {str(article.id): article for article in articles}
    if answer_ids := numbers_in(entries, ANSWER):
        found = db.session.scalars(published_answers().where(Answer.id.in_(answer_ids)))
        texts |= {f"{ANSWER}{answer.id}": answer for answer in found}
    order = [entry for entry in entries if entry in texts]

    def moved(at: int, to: int) -> str | None:
        if not 0 <= to < len(order):
            return None
        others = order[:at] + order[at + 1 :]
        return write_list([*others[:to], order[at], *others[to:]])

    return [
        Packed(
            entry,
            in_current_language(texts[entry]),
            without=write_list(order[:at] + order[at + 1 :]),
            one_up=moved(at, at - 1),
            one_down=moved(at, at + 1),
        )
        for at, entry in enumerate(order)
    ]


def suggestions(words: str, entries: Sequence[str]) -> list[Article]:
    """Standing summaries outside the list whose title or main message has every word; else the newest."""
    query = standing().join(Article.paper).where(~Article.id.in_(numbers_in(entries)))
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
