"""Drafts that a language model wrote, and what people read of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.config import LONGEST_MODEL
from webapp.db.column_types import UtcDateTime
from webapp.db.session import Base


class AiDraft(Base):
    """A first draft that an editor asked a language model for; ``problem`` says why there is none.

    ``written`` is what the model wrote into the draft: fields of ``ArticleContent`` as JSON, empty until then.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id"))
    model: Mapped[str] = mapped_column(String(LONGEST_MODEL))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    problem: Mapped[str] = mapped_column(Text, default="")
    written: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class AiConfirmation(Base):
    """Somebody read what the model wrote in one part of a draft, and found it right as it stands.

    ``part`` is named by its first field; ``texts`` are the paragraphs that stood there, by field.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    part: Mapped[str] = mapped_column(String(40))
    texts: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    editor_id: Mapped[int] = mapped_column(ForeignKey("editor.id"))
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)
