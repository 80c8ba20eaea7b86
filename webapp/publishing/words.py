"""Changes of words, with their history: the glossary, the plain words and what search understands change at once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import tomli_w
from sqlalchemy import select

from webapp.catalog.word_list import LONGEST_SLUG, WordEntry, slug_of, starter_words, word_list
from webapp.content.plain_language import KINDS
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.models import AuditKind, Editor, GlossaryTerm, SitePart, SiteText
from webapp.publishing import audit, saved_texts
from webapp.publishing.saved_texts import TextRefused
from webapp.web.errors import SiteError

WORD_MOST, TEXT_MOST, LIST_MOST = 120, 600, 100
LISTS = ("forms", "medical", "lay", "acronyms", "alone", "misspelled")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass
class Counts:
    """How many texts or words an import added and changed, and how many it found as they are."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


class _Row(WordEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    slug: str = ""


class _WordsFile(msgspec.Struct, forbid_unknown_fields=True):
    words: list[_Row] = []


def entries() -> dict[str, WordEntry]:
    """Every word by its slug; what it means is what the glossary says."""
    known = {
        slug: msgspec.structs.replace(entry, meaning="", forms=())
        for slug, entry in word_list().entries.items()
    }
    for term in db.session.scalars(select(GlossaryTerm)):
        entry = known.get(term.slug) or WordEntry(word=term.term)
        known[term.slug] = msgspec.structs.replace(
            entry, word=term.term, meaning=term.meaning, forms=tuple(term.forms)
        )
    return {slug: entry for slug, entry in known.items() if entry != WordEntry(word=entry.word)}


def get_entry(slug: str) -> WordEntry:
    """The word at this address; raises SiteError 404."""
    entry = entries().get(slug)
    if entry is None:
        raise SiteError(404)
    return entry


def history(slug: str) -> Sequence[SiteText]:
    """The saved texts of a word, newest first."""
    return saved_texts.history(SiteText, part=SitePart.WORD, key=slug)


def text_at(slug: str, number: int) -> WordEntry:
    """A saved text of a word, or the one that came with the site, which is number 0; an empty one if there was none."""
    content = saved_texts.get_text(history(slug), number).content if number else None
    starter = starter_words().entries.get(slug) if not number else None
    return msgspec.convert(content, WordEntry) if content else starter or WordEntry(word="")


def check(entry: WordEntry, slug: str, known: Mapping[str, WordEntry]) -> None:
    """Raise TextRefused if a word cannot be used as this one, beside those that are known."""
    if not entry.word or not _LETTER.search(entry.word):
        raise TextRefused("Enter the word.")
    if entry.kind not in KINDS:
        raise TextRefused(f"“{entry.word}”: the kind is one of {', '.join(KINDS)}.")
    texts = ((entry.word, WORD_MOST), (entry.meaning, TEXT_MOST), (entry.plain, WORD_MOST))
    lists = [form for name in LISTS for form in getattr(entry, name)]
    for text, most in (*texts, *((form, WORD_MOST) for form in lists)):
        if len(text) > most:
            raise TextRefused(f"“{text[:40]}…” is too long. Keep it to {most} characters.")
    if any(len(getattr(entry, name)) > LIST_MOST for name in LISTS):
        raise TextRefused(f"Keep each list to {LIST_MOST} words.")
    for form in lists:
        if not _LETTER.search(form):
            raise TextRefused(f"“{form}” has no letters that search could look for.")
    if entry == WordEntry(word=entry.word, kind=entry.kind):
        raise TextRefused("Say what it means, what to say instead, or what else it is searched as.")
    same = {one.word.lower(): other for other, one in known.items() if other != slug}
    if entry.word.lower() in same:
        raise TextRefused(f"“{entry.word}” is in the list already.")


class WordChanges:
    """The changes that somebody, or a command of the site, makes in one transaction."""

    def __init__(self, editor: Editor | None, now: datetime) -> None:
        self.known = entries()
        self._editor, self._now = editor, now

    def save(self, slug: str, entry: WordEntry, base: int) -> str:
        """Make this what the site knows of a word from now on, and return its slug; a new word has none.

        Raises TextRefused, or SavedMeanwhile if ``base``, the number it was written on, is not the newest any more.
        """
        check(entry, slug, self.known)
        if not slug:
            free = slug_of(entry.word)
            numbered = (f"{free[: LONGEST_SLUG - 4]}-{number}" for number in range(2, 1_000))
            slug = next(one for one in (free, *numbered) if one not in self.known)
            base = saved_texts.newest_number(history(slug))  # of a deleted word
        if entry != self.known.get(slug):
            self._add(slug, entry, base)
            self._record(AuditKind.WORD_CHANGED, entry)
            self.known[slug] = entry
        return slug

    def delete(self, slug: str, base: int) -> None:
        """Take a word out of the list; its history stays, and can be gone back to."""
        self._add(slug, None, base)
        self._record(AuditKind.WORD_DELETED, self.known.pop(slug))

    def _add(self, slug: str, entry: WordEntry | None, base: int) -> None:
        before, saved = self.known.get(slug), history(slug)
        saved_texts.refuse_outdated(saved, base)
        if not saved and before not in (None, starter_words().entries.get(slug)):
            base += 1
            _store(slug, before, base, None, self._now)  # what an import brought: the history begins with it
        _store(slug, entry, base + 1, self._editor, self._now)
        term = db.session.scalar(select(GlossaryTerm).where(GlossaryTerm.slug == slug))
        if entry is not None and entry.meaning:
            term = term or GlossaryTerm(slug=slug)
            term.term, term.meaning, term.forms = entry.word, entry.meaning, list(entry.forms)
            db.session.add(term)
        elif term is not None:
            db.session.delete(term)
        change_log.announce(ChangeKind.GLOSSARY, self._now)

    def _record(self, kind: AuditKind, entry: WordEntry) -> None:
        audit.record(kind, self._now, self._editor.id if self._editor else None, detail=entry.word)


def note_import(terms: Iterable[GlossaryTerm], now: datetime) -> None:
    """After an import of a glossary: add what it says now to the history of words that editors changed."""
    changed = set(db.session.scalars(select(SiteText.key).where(SiteText.part == SitePart.WORD)))
    for term in terms:
        if term.slug in changed:
            entry = word_list().entries.get(term.slug) or WordEntry(word=term.term)
            entry = msgspec.structs.replace(
                entry, word=term.term, meaning=term.meaning, forms=tuple(term.forms)
            )
            _store(term.slug, entry, saved_texts.newest_number(history(term.slug)) + 1, None, now)


def to_toml() -> str:
    """All words as a file."""
    rows = [
        {
            "slug": slug,
            **{
                name: value
                for name, value in msgspec.to_builtins(entry).items()
                if value and value != "hints"
            },
        }
        for slug, entry in sorted(entries().items())
    ]
    return tomli_w.dumps({"words": rows})


def from_toml(source: bytes, editor: Editor | None, now: datetime) -> Counts:
    """Add and change the words of a file; those that it leaves out stay. Raises TextRefused: then the caller rolls back."""
    rows = saved_texts.from_toml(source, _WordsFile).words
    changes, counts = WordChanges(editor, now), Counts()
    slugs = {entry.word: slug for slug, entry in changes.known.items()}
    for row in rows:
        entry = WordEntry(**{name: getattr(row, name) for name in WordEntry.__struct_fields__})
        slug = row.slug or slugs.get(entry.word, "")
        if slug != (slug and slug_of(slug)):
            raise TextRefused(f"“{slug[:40]}” is no address: use small letters, digits and hyphens.")
        before = changes.known.get(slug)
        if before == entry:
            counts.unchanged += 1
        else:
            changes.save(slug, entry, saved_texts.newest_number(history(slug)) if slug else 0)
            counts.added += before is None
            counts.changed += before is not None
    return counts


def _store(slug: str, entry: WordEntry | None, number: int, editor: Editor | None, now: datetime) -> None:
    content = msgspec.to_builtins(entry) if entry else None
    saved_texts.store(SitePart.WORD, slug, content, number, editor=editor, now=now)
