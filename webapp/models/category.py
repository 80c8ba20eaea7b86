"""Subject headings and the glossary."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import JsonList
from webapp.db.session import Base


class Category(Base):
    """A subject heading with a one-line plain description and the name of its icon."""

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    description: Mapped[str] = mapped_column(Text)
    icon: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]
    # its own, and those of categories that were merged into it: they lead here
    former_slugs: Mapped[list[str]] = mapped_column(JsonList(str), default=list, server_default="[]")


class ArticleCategory(Base):
    """An article's categories in order; position 0 is the primary one."""

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), primary_key=True, index=True)
    position: Mapped[int]
    category: Mapped[Category] = relationship(lazy="joined", innerjoin=True)


class GlossaryTerm(Base):
    """A word explained, with the other forms under which it is found in a text."""

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    term: Mapped[str] = mapped_column(String(120), unique=True)
    forms: Mapped[list[str]] = mapped_column(JsonList(str))
    meaning: Mapped[str] = mapped_column(Text)
