"""What a language model wrote in a draft: which parts somebody has read, and what keeps it from readers.

Each part stays locked until a person has confirmed it or changed every paragraph of it. What the model wrote is remembered
for as long as the draft, so a text that is restored or copied is locked like the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.content.ai_checks import ai_errors
from webapp.content.ai_text import AiText
from webapp.content.article_content import ArticleContent
from webapp.content.problems import Problem
from webapp.db.session import db
from webapp.models import AiConfirmation, AiDraft, Draft, Editor, PaperSection
from webapp.publishing.sign_offs import PARTS


@dataclass(frozen=True)
class AiPart:
    """A part in which the model wrote: how many of its paragraphs stand there as ``written``, and are ``unread`` still."""

    key: str  # its first field
    label: str
    written: int
    unread: int
    confirmed_by: str = ""
    confirmed_at: datetime | None = None


def drafts_of(draft: Draft) -> Sequence[AiDraft]:
    """Fetch what a model was asked to write for a draft, newest first."""
    query = select(AiDraft).where(AiDraft.draft_id == draft.id).order_by(AiDraft.id.desc())
    return db.session.scalars(query).all()


def parts(draft: Draft, content: ArticleContent) -> list[AiPart]:
    """Return the parts of a text in which a model wrote, and who read them."""
    written = _written(draft)
    if not written:
        return []
    names, confirmations = set[str]().union(*written), _confirmations(draft)
    ai = AiText(written, [row.texts for row, _ in confirmations])
    last = {row.part: (name, row.confirmed_at) for row, name in confirmations}
    found = []
    for key, part in PARTS.items():
        fields = part.fields.split()
        if names.isdisjoint(fields):
            continue
        standing = sum(map(len, ai.paragraphs(content, fields).values()))
        unread = sum(map(len, ai.unread(content, fields).values()))
        by, at = last.get(key, ("", None)) if standing and not unread else ("", None)
        found.append(AiPart(key, part.label, standing, unread, by, at))
    return found


def confirm(draft: Draft, content: ArticleContent, key: str, editor_id: int, now: datetime) -> None:
    """Note that somebody read what a model wrote in a part, and that it is right as it stands."""
    ai = AiText(_written(draft), [])
    texts = ai.paragraphs(content, PARTS[key].fields.split()) if key in PARTS else {}
    if texts:
        db.session.add(
            AiConfirmation(draft_id=draft.id, part=key, texts=texts, editor_id=editor_id, confirmed_at=now)
        )


def problems(draft: Draft, content: ArticleContent, sections: Sequence[PaperSection]) -> list[Problem]:
    """Find what keeps a text from readers because a model wrote in it."""
    written = _written(draft)
    if not written:
        return []
    unread = [
        Problem(
            part.key,
            f"AI wrote “{part.label}”. Read it next to the paper, and confirm it or change it.",
        )
        for part in parts(draft, content)
        if part.unread
    ]
    return [*ai_errors(content, AiText(written, []), sections), *unread]


def copy(draft: Draft, made: Draft) -> None:
    """Remember of a copy of a draft what a model wrote in it, and what of that was confirmed."""
    for one in drafts_of(draft):
        if one.written:
            values = {
                name: getattr(one, name) for name in ("editor_id", "model", "asked_at", "ended_at", "written")
            }
            db.session.add(AiDraft(draft_id=made.id, **values))
    for row, _ in _confirmations(draft):
        values = {name: getattr(row, name) for name in ("part", "texts", "editor_id", "confirmed_at")}
        db.session.add(AiConfirmation(draft_id=made.id, **values))


def _written(draft: Draft) -> list[dict[str, Any]]:
    return [one.written for one in drafts_of(draft) if one.written]


def _confirmations(draft: Draft) -> list[tuple[AiConfirmation, str]]:
    """Fetch the confirmations of a draft with the names of who confirmed, the oldest first."""
    query = (
        select(AiConfirmation, Editor.name)
        .join(Editor, Editor.id == AiConfirmation.editor_id)
        .where(AiConfirmation.draft_id == draft.id)
        .order_by(AiConfirmation.id)
    )
    return [(row, name) for row, name in db.session.execute(query)]
