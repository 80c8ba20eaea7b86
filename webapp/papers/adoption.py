"""Adoption of an existing site: drafts made of the saved pages of the original site, whose addresses lead to them later."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from slugify import slugify
from sqlalchemy import select

from webapp.content.article_content import ArticleContent
from webapp.db.session import db
from webapp.models import AdoptedPage, Category
from webapp.models.values import AboutSci, Labeled
from webapp.papers import original_pages
from webapp.papers.file_formats import MOST_BYTES
from webapp.papers.importing import KnownPaper, KnownPapers
from webapp.papers.original_pages import OriginalPage
from webapp.papers.records import Unreadable
from webapp.parsing import clean_text
from webapp.publishing import deletion, revisions

# Categories of the original site that go by another name here.
_RENAMED = {
    "physiology": "how-the-injury-works",
    "patient-experience": "mind-family-and-daily-life",
    "public-health": "mind-family-and-daily-life",
}
_ABOUT_SCI = "spinal-cord-injury"  # there a category of nearly every page, here a flag
_MOST_CATEGORIES = 3


class Fate(Labeled):
    """What becomes of a page."""

    ADOPTED = "adopted", "Adopted"
    UPDATED = "updated", "Updated"
    UNCHANGED = "unchanged", "Unchanged"
    REFUSED = "refused", "Refused"


@dataclass(frozen=True)
class PageOutcome:
    """What became of a page, or would, with the ``reason`` if it is refused, and what an editor should check."""

    file: str
    fate: Fate
    reason: str = ""
    notes: tuple[str, ...] = ()


class CategoryMap:
    """Finds our category for one of the original site, and counts what was mapped to what."""

    def __init__(self) -> None:
        self._names = {row.slug: row.name for row in db.session.scalars(select(Category))}
        self._slugs = {slugify(name): slug for slug, name in self._names.items()}
        self.mapped: Counter[tuple[str, str]] = Counter()  # (their name, ours)
        self.unmapped: Counter[str] = Counter()

    def content_of(self, page: OriginalPage) -> ArticleContent:
        """Return what a page says, under our categories."""
        content, slugs = page.record.content, list[str]()
        for name in page.categories:
            key = slugify(name)
            slug = self._slugs.get(_RENAMED.get(key, key)) or (key if key in self._names else "")
            if key == _ABOUT_SCI:
                content = msgspec.structs.replace(content, about_sci=AboutSci.YES)
                self.mapped[name, "the flag “About spinal cord injury: yes”"] += 1
            elif slug:
                slugs.append(slug)
                self.mapped[name, self._names[slug]] += 1
            else:
                self.unmapped[name] += 1
        return msgspec.structs.replace(content, categories=list(dict.fromkeys(slugs))[:_MOST_CATEGORIES])


def files_in(folder: Path) -> list[Path]:
    """The saved pages in a folder and the folders below it, always in the same order."""
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".html", ".htm"))


def read(folder: Path, files: Iterable[Path]) -> Iterator[OriginalPage | PageOutcome]:
    """Read pages; one that is refused yields its outcome. Of two about one paper, or at one address, the later is refused."""
    known, files_by_address = KnownPapers(), dict[str, str]()
    for path in files:
        file = clean_text(path.relative_to(folder).as_posix())  # a name may have bytes that are no text
        try:
            with path.open("rb") as opened:
                source = opened.read(MOST_BYTES + 1)  # one more than may be read, of a file that is too large
            page = original_pages.read(source, file)
        except (OSError, Unreadable) as error:
            cannot = (
                f"We can’t read this file: {error.strerror}." if isinstance(error, OSError) else str(error)
            )
            yield PageOutcome(file, Fate.REFUSED, cannot)
            continue
        paper = page.record.content.paper
        if page.record.reason:
            yield PageOutcome(file, Fate.REFUSED, page.record.reason)
        elif (same := known.find(paper)) is not None:
            yield PageOutcome(file, Fate.REFUSED, f"It is about the same paper as {same.title}.")
        elif other := files_by_address.get(page.address):
            yield PageOutcome(file, Fate.REFUSED, f"It has the same address as {other}: {page.address}")
        else:
            known.add(paper, KnownPaper(file))
            files_by_address[page.address] = file
            yield page


def plan(
    page: OriginalPage, categories: CategoryMap, known: KnownPapers
) -> tuple[PageOutcome, ArticleContent]:
    """Decide what becomes of a page, given the papers of the library, and return what its draft will say."""
    content = categories.content_of(page)
    adopted = db.session.get(AdoptedPage, page.address)
    reason = ""
    if adopted is None:
        fate = Fate.ADOPTED
        if (same := known.find(content.paper)) is not None:
            reason = f"There’s already a text about this paper: {same.location}."
    elif adopted.digest == _digest(content):
        fate = Fate.UNCHANGED
    else:
        fate, draft = Fate.UPDATED, adopted.draft
        if draft.deleted_at is not None:
            reason = "The page has changed, but its draft was deleted."
        elif draft.live is not None:
            reason = f"The page has changed, but its summary is published: {draft.title}"
        elif draft.editor_id is not None or deletion.has_unsaved_typing(draft):
            reason = f"The page has changed, but somebody has worked on its draft: draft {draft.id}"
    if reason:
        return PageOutcome(page.file, Fate.REFUSED, reason), content
    notes = () if fate is Fate.UNCHANGED else page.record.notes
    return PageOutcome(page.file, fate, notes=notes), content


def adopt(page: OriginalPage, categories: CategoryMap, known: KnownPapers, now: datetime) -> PageOutcome:
    """Make the draft of a page, or update it if the page changed and nobody has worked on the draft."""
    outcome, content = plan(page, categories, known)
    if outcome.fate is Fate.ADOPTED:
        draft = revisions.save(revisions.new_draft(), content, 0, None, now)
        db.session.add(AdoptedPage(address=page.address, draft=draft, digest=_digest(content)))
        known.add(content.paper, KnownPaper(draft.title, draft_id=draft.id))
    elif outcome.fate is Fate.UPDATED:
        adopted = db.session.get_one(AdoptedPage, page.address)
        revisions.save(adopted.draft, content, adopted.draft.revision_number, None, now)
        adopted.digest = _digest(content)
    return outcome


def summary(outcomes: Iterable[PageOutcome]) -> str:
    """Account for all pages: how many there are of each fate."""
    counts = Counter(outcome.fate for outcome in outcomes)
    return f"{', '.join(f'{counts[fate]} {fate}' for fate in Fate)} = {counts.total()} pages."


def category_report(categories: CategoryMap) -> list[str]:
    """Which category became which, and which became none."""
    mapped = [
        f"Category: {theirs} → {ours} ({count})"
        for (theirs, ours), count in sorted(categories.mapped.items())
    ]
    return mapped + [
        f"Category without one here: {name} ({count})" for name, count in sorted(categories.unmapped.items())
    ]


def _digest(content: ArticleContent) -> str:
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()
