"""How a query is understood: typing errors put right, everyday words read as medical ones, the last word completed.

The page shows every step of it, so a reader can take it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from webapp.search import spelling
from webapp.search.backends import Backend
from webapp.search.plan import Alternative, Group
from webapp.search.query import SearchQuery, Term
from webapp.search.synonyms import Concept, Match, concepts_in, known_words, words_starting
from webapp.search.words import STOP_WORDS, stem, stems, words

COMPLETION_COUNT = 12
# What a word that we thought of counts, beside 1 for a word that was written.
COMPLETED_UNKNOWN = 0.7  # the last word is no word of the library: it is surely unfinished
COMPLETED_KNOWN = 0.35  # it may be finished
SHORTEST_OPEN_WORD = 2
SHORTEST_KNOWN_OPEN_WORD = 4
READ_AS = 0.6  # a medical term for one everyday word
READ_PHRASE_AS = 0.9  # for several: "blood clot in leg" says more than its words one by one
MAIN_TERMS = 3  # so many medical terms of a concept mean the thing itself, the rest something near it
NEAR_TERM = 0.5
LAY_FORM = 0.5  # an everyday form of the same thing; its words may stand far apart in a text
UNDERSTOOD_TOGETHER = 0.25  # each word of "blood clot in leg", once that was understood as one thing
SAYS_LITTLE = 0.4
LITTLE = frozenset(
    stem(word)
    for word in [
        "again",
        "ever",
        "really",
        "help",
        "need",
        "want",
        "get",
        "getting",
        "got",
        "find",
        "know",
        "tell",
        "problem",
        "problems",
        "trouble",
        "way",
        "thing",
        "things",
        "people",
        "person",
        "best",
        "good",
        "bad",
        "make",
        "made",
        "take",
        "like",
        "feel",
        "still",
        "something",
        "someone",
        "treat",
        "treatment",
        "study",
    ]
)
MOST_CONCEPTS = 4


@dataclass(frozen=True)
class Reading:
    """A query as understood. ``corrected``: the text that was searched, if it is not the one that was typed."""

    groups: tuple[Group, ...]
    concepts: tuple[Concept, ...]
    corrected: str | None
    marked: tuple[frozenset[str], ...]  # stems to mark, the reader's own first; several only where all stand

    @property
    def is_empty(self) -> bool:
        return not self.groups


def read(query: SearchQuery, library: Backend) -> Reading:
    """Understand a query with the words of the library and our table of concepts."""
    terms = query.terms()
    corrected = None if query.is_exact else spelling.corrected(terms, library)
    if corrected is not None:
        terms = corrected
    matches = () if query.is_own_words or query.is_exact else _matches(terms)
    spoken_for = frozenset(one for match in matches if match.word_count > 1 for one in match.stems)
    groups = [*groups_of(terms, library, spoken_for, query.is_own_words)]
    also = [_concept_group(match) for match in matches]
    groups += also
    own = [frozenset(one.stems) for group in groups if group not in also for one in group.alternatives]
    near = [frozenset(one) for match in matches for one in match.concept.medical_stems[:MAIN_TERMS]]
    return Reading(
        groups=tuple(dict.fromkeys(groups)),
        concepts=tuple(match.concept for match in matches),
        corrected=None if corrected is None else spelling.written(corrected),
        marked=tuple(dict.fromkeys([*own, *near])),
    )


def groups_of(
    terms: Sequence[Term],
    library: Backend,
    spoken_for: frozenset[str] = frozenset(),
    is_own_words: bool = False,
) -> tuple[Group, ...]:
    """What the reader's own words ask for. ``spoken_for``: stems that were understood together as one thing."""
    groups = (group for term in terms for group in _groups(term, library, is_own_words))
    return tuple(dict.fromkeys(_lighter(group, spoken_for) for group in groups))


def _lighter(group: Group, spoken_for: frozenset[str]) -> Group:
    """Words that say little, or that were understood together as one thing ("blood clot in leg"), count less by themselves."""
    own = group.alternatives[0].stems
    weight = (
        UNDERSTOOD_TOGETHER if spoken_for.issuperset(own) else SAYS_LITTLE if LITTLE.issuperset(own) else 1.0
    )
    if weight == 1.0 or group.is_required:
        return group
    lighter = tuple(replace(one, weight=one.weight * weight) for one in group.alternatives)
    return replace(group, alternatives=lighter, is_asked=False)


def _groups(term: Term, library: Backend, is_own_words: bool) -> list[Group]:
    if term.is_phrase:
        parts = tuple(stems(term.text))
        return [Group((Alternative(parts, is_phrase=True),), is_required=True)] if parts else []
    found = [word.folded for word in words(term.text)]
    groups = [Group((Alternative((stem(word),)),)) for word in found if word not in STOP_WORDS]
    if term.is_open and found and not is_own_words:
        last = found[-1]
        endings = _endings(last, library)
        if endings:
            own = (Alternative((stem(last),)),) if last not in STOP_WORDS else ()
            groups = [group for group in groups if group.alternatives != own]
            groups.append(Group((*own, *endings)))
    return groups


def _endings(word: str, library: Backend) -> list[Alternative]:
    """What an unfinished word may become, as alternatives to it."""
    is_known = word in STOP_WORDS or library.frequency(word) > 0 or library.knows_stem(stem(word))
    if len(word) < (SHORTEST_KNOWN_OPEN_WORD if is_known else SHORTEST_OPEN_WORD) or word in STOP_WORDS:
        return []
    weight = COMPLETED_KNOWN if is_known else COMPLETED_UNKNOWN
    endings = dict.fromkeys(stem(ending) for ending in library.completions(word, COMPLETION_COUNT))
    return [Alternative((ending,), weight) for ending in endings if ending != stem(word)]


def _matches(terms: Sequence[Term]) -> tuple[Match, ...]:
    """The concepts that the query speaks of; an unfinished last word counts as the concept words it may become."""
    spoken = [word.folded for term in terms for word in words(term.text)]
    matches = concepts_in(spoken)
    if not matches and spoken and terms[-1].is_open and len(spoken[-1]) >= SHORTEST_KNOWN_OPEN_WORD:
        last = spoken[-1]
        if last not in known_words():
            for ending in words_starting(last)[:3]:
                matches += concepts_in([*spoken[:-1], ending])
    return tuple({match.concept.name: match for match in matches}.values())[:MOST_CONCEPTS]


def _concept_group(match: Match) -> Group:
    """The ways to say a concept: its main medical terms first, then those near it, and everyday forms of several words."""
    weight = READ_PHRASE_AS if match.word_count > 1 else READ_AS
    medical = [
        Alternative(form, weight * (1.0 if place < MAIN_TERMS else NEAR_TERM))
        for place, form in enumerate(match.concept.medical_stems)
    ]
    lay = [
        Alternative(form, weight * LAY_FORM)
        for form in match.concept.lay_stems
        if len(form) > 1 and not match.stems.issuperset(form)  # the reader's own words count already
    ]
    return Group((*medical, *lay), is_asked=match.word_count > 1)
