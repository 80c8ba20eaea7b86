"""The content of an answer, and reading a text of either kind: TOML files, drafts and live rows all have this shape."""

from datetime import date
from typing import Any, TypeVar

import msgspec

from webapp.content.article_content import ArticleContent, from_json
from webapp.models.values import Certainty, Claim, Place


class AnswerContent(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Everything an answer says; empty texts and None mean "not yet". Summaries are named by their slugs.

    ``question`` is always written out: by it, a text is known to be an answer.
    """

    slug: str = ""
    question: str
    phrasings: list[str] = []
    categories: list[str] = []
    verdict: str = ""
    verdict_rests_on: list[str] = []
    certainty: Certainty | None = None
    certainty_reason: str = ""
    missing: list[str] = []
    would_change: list[str] = []
    questions: list[str] = []
    safety_cards: list[str] = []
    written_by: str = ""
    published_on: date | None = None
    next_check_on: date | None = None
    found: list[Claim] = []
    elsewhere: list[Place] = []

    @property
    def cited(self) -> list[str]:
        """Every summary that it rests on, once, those of the verdict first."""
        claimed = (slug for claim in self.found for slug in claim.rests_on)
        return list(dict.fromkeys([*self.verdict_rests_on, *claimed]))


Content = ArticleContent | AnswerContent
OneContent = TypeVar("OneContent", bound=Content)


def content_from_json(value: dict[str, Any]) -> Content:
    """Read an article or an answer from the JSON that ``to_json`` wrote."""
    return msgspec.convert(value, AnswerContent) if "question" in value else from_json(value)
