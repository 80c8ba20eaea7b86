"""Everyday words and their medical terms: the concept table, and which of its concepts a query speaks of."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

import msgspec
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from webapp.catalog.word_list import WordList, word_list
from webapp.search.words import GREEK_NAMES, STOP_WORDS, folded_words, stem, stems, words

NEAR = 65  # of 100: how much a form must look like what was typed to be offered
NEGATIONS = {"cannot": "cant", "couldnt": "cant", "unable": "cant"} | dict.fromkeys(
    ("doesnt", "didnt", "wont", "isnt", "arent"), "dont"
)
NO_RANK = 9
MAIN_TERMS = 3  # so many medical terms of a concept mean the thing itself, the rest something near it
WINDOW_SLACK = 3  # words that may stand between those of a form


class Concept(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One thing that people look for, with all the ways to say it.

    ``medical`` terms are searched in addition (the first ones are shown); ``lay``, ``acronyms`` and ``misspelled`` lead to it,
    and ``alone`` if they are all that is asked.
    """

    name: str
    medical: tuple[str, ...]
    lay: tuple[str, ...] = ()
    acronyms: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    misspelled: tuple[str, ...] = ()

    @cached_property
    def medical_stems(self) -> tuple[tuple[str, ...], ...]:
        return _distinct(self.medical)

    @cached_property
    def lay_stems(self) -> tuple[tuple[str, ...], ...]:
        return _distinct(self.lay)

    @cached_property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The main medical terms as stems, without those of which only a common word is left ("substance use")."""
        main = self.medical[:MAIN_TERMS]
        return _distinct([term for term in main if len(stems(term)) > 1 or len(list(words(term))) == 1])

    @property
    def right_forms(self) -> tuple[str, ...]:
        return (self.name, *self.medical, *self.lay, *self.acronyms, *self.alone)


@dataclass(frozen=True)
class Match:
    """A concept that a query speaks of, the stems of the query that do so, and where the first of them is."""

    concept: Concept
    stems: frozenset[str]
    place: int


class ConceptTable:
    """Concepts, and what is made of them to find them in a query."""

    def __init__(self, concepts: Sequence[Concept]) -> None:
        self.concepts = tuple(concepts)
        acronyms = (form for concept in concepts for form in concept.acronyms)
        self._acronyms = frozenset[str]().union(*map(folded_words, acronyms))

    def prepare(self) -> None:
        """Make everything that is made of the concepts, so that no search has to."""
        _ = (
            self._forms_by_stem,
            self._alone,
            self._ordered_words,
            self._plain_forms,
            self.known_stems,
            self.misspellings,
        )

    @cached_property
    def known_words(self) -> frozenset[str]:
        """Every word of the table, but for those that are there because they are misspelled, and the names of Greek letters."""
        forms = (form for concept in self.concepts for form in concept.right_forms)
        return GREEK_NAMES.union(*map(folded_words, forms))

    @cached_property
    def known_stems(self) -> frozenset[str]:
        """The stems of every word of the table."""
        return frozenset(map(stem, self.known_words))

    @cached_property
    def misspellings(self) -> dict[str, str]:
        """The misspelled forms of one word, each with the nearest right word of its concept."""
        found: dict[str, str] = {}
        for concept in self.concepts:
            right = [word for form in concept.right_forms for word in folded_words(form)]
            for form in concept.misspelled:
                wrong = form.lower()
                if wrong.isalpha() and wrong not in self.known_words:
                    found.setdefault(wrong, min(right, key=partial(OSA.distance, wrong)))
        return found

    def words_starting(self, start: str) -> list[str]:
        """Words of the table that start so."""
        ordered = self._ordered_words
        found = []
        for word in ordered[bisect_left(ordered, start) :]:
            if not word.startswith(start):
                break
            found.append(word)
        return found

    def concepts_in(self, spoken: Sequence[str]) -> list[Match]:
        """The concepts that these folded words speak of, in the order in which they speak of them.

        The fuller form wins, and of two that share a word the one whose words stand closer together: "can't feel poop coming" does
        not say "can't come".
        """
        asked = [self._plain(word) for word in spoken]
        telling = frozenset(one for one, word in zip(asked, spoken, strict=True) if word not in STOP_WORDS)
        places: dict[str, int] = {}
        for place, one in enumerate(asked):
            places.setdefault(one, place)
        by_stem = self._forms_by_stem
        forms = {
            form: named for one in places for form, named in by_stem.get(one, ()) if form.issubset(places)
        }
        words_between = {}
        for form in forms:
            taken = sorted(places[one] for one in form)
            words_between[form] = taken[-1] - taken[0] + 1 - len(form)
        matches = [
            Match(concept, form, min(places[one] for one in form))
            for form, named in forms.items()
            if words_between[form] <= WINDOW_SLACK
            for concept in named
        ]
        matches += [Match(concept, telling, 0) for concept in self._alone.get(telling, ())]
        fullest = [match for match in matches if not any(match.stems < other.stems for other in matches)]
        closest = [
            match
            for match in fullest
            if not any(
                match.stems & other.stems
                and words_between.get(other.stems, 0) < words_between.get(match.stems, 0)
                for other in fullest
                if len(other.stems) > 1
            )
        ]
        return sorted(closest, key=lambda match: (match.place, -len(match.stems)))

    def names_starting(self, start: str) -> list[str]:
        """Names of other concepts a form of which starts with what was typed, for completion; those that start so come first."""
        wanted = " ".join(folded_words(start))
        if not wanted:
            return []
        names = [concept.name for form, concept in self._plain_forms if form.startswith(wanted)]
        names.sort(key=lambda name: not name.lower().startswith(wanted))
        return list(dict.fromkeys(names))

    def concepts_near(self, text: str) -> list[Concept]:
        """Concepts a form of which looks most like a text, for a search that found nothing."""
        forms = self._plain_forms
        wanted = " ".join(folded_words(text))
        found = process.extract(
            wanted, [form for form, _ in forms], scorer=fuzz.token_sort_ratio, score_cutoff=NEAR, limit=30
        )
        return list({forms[place][1].name: forms[place][1] for _, _, place in found}.values())

    @cached_property
    def _forms_by_stem(self) -> dict[str, list[tuple[frozenset[str], tuple[Concept, ...]]]]:
        """Forms, as sets of stems, under one stem of theirs, with the concepts they lead to.

        Where several concepts have the same form, those that it is a main word of come before those that only mention it.
        """
        named: dict[frozenset[str], dict[str, tuple[int, Concept]]] = {}
        for concept in self.concepts:
            main = (*concept.medical[:1], *concept.lay, *concept.acronyms, *concept.misspelled)
            ranked = [
                (0, concept.name),
                *[(1, form) for form in main],
                *[(2, form) for form in concept.medical[1:]],
            ]
            for rank, form in ranked:
                spoken = folded_words(form)
                telling = frozenset(self._plain(word) for word in spoken if word not in STOP_WORDS)
                every = frozenset(map(self._plain, spoken))
                # with its stop words where too little is left without ("get it up")
                key = telling if len(telling) > 1 or len(every) == 1 else every
                leads_to = named.setdefault(key, {})
                if rank < leads_to.get(concept.name, (NO_RANK, concept))[0]:
                    leads_to[concept.name] = (rank, concept)
        result: dict[str, list[tuple[frozenset[str], tuple[Concept, ...]]]] = {}
        for key, leads_to in named.items():
            best = min(rank for rank, _ in leads_to.values())
            chosen = tuple(concept for rank, concept in leads_to.values() if rank == best)
            result.setdefault(min(key), []).append((key, chosen))
        return result

    @cached_property
    def _alone(self) -> dict[frozenset[str], list[Concept]]:
        result: dict[frozenset[str], list[Concept]] = {}
        for concept in self.concepts:
            for form in concept.alone:
                named = result.setdefault(frozenset(map(self._plain, folded_words(form))), [])
                if concept not in named:
                    named.append(concept)
        return result

    @cached_property
    def _ordered_words(self) -> list[str]:
        return sorted(self.known_words)

    @cached_property
    def _plain_forms(self) -> list[tuple[str, Concept]]:
        return [
            (" ".join(folded_words(form)), concept)
            for concept in self.concepts
            for form in concept.right_forms
        ]

    def _plain(self, word: str) -> str:
        """The stem of a folded word, one for all ways to say no; an acronym is its own, for TENS is no plural of ten."""
        return word if word in self._acronyms else stem(NEGATIONS.get(word, word))


def table() -> ConceptTable:
    """The concepts as of the newest public change; outside of an application, those that came with the site."""
    return _table_of(word_list())


@lru_cache(maxsize=2)
def _table_of(known: WordList) -> ConceptTable:
    return ConceptTable(
        [
            Concept(
                name=entry.word,
                medical=entry.medical or (entry.word,),
                lay=entry.lay,
                acronyms=entry.acronyms,
                alone=entry.alone,
                misspelled=entry.misspelled,
            )
            for entry in known.entries.values()
            if entry.is_searched
        ]
    )


def _distinct(forms: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(tuple(dict.fromkeys(stems(form))) for form in forms if stems(form)))
