"""The words explained, in the order of a dictionary."""

from itertools import groupby

from sqlalchemy import func, select

from webapp.extensions import db
from webapp.models import GlossaryTerm


def terms_by_letter() -> list[tuple[str, list[GlossaryTerm]]]:
    """All terms under their first letter, both in alphabetical order."""
    terms = db.session.scalars(select(GlossaryTerm).order_by(func.lower(GlossaryTerm.term)))
    return [(letter, list(group)) for letter, group in groupby(terms, key=lambda term: term.term[0].upper())]
