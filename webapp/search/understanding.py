"""Query understanding: typing errors corrected, everyday words taken as medical ones, the last word completed.

The page shows every step of it, so a reader can undo it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from webapp.languages.language import Language
from webapp.search.posting_arrays import Alternative, Aspect, Clause, Snapshot
from webapp.search.query import QueryTerm, SearchQuery
from webapp.search.synonyms import MAIN_TERMS, Match, table
from webapp.search.translated import in_english
from webapp.search.words import STOP_WORDS, VAGUE_STEMS, Word, fold, folded_words, stem, stems, words

SHORTEST_WORD = 4  # that is corrected
SHORTEST_PART = 3  # of a word that was written without its space
LETTERS_PER_ERROR = 4
MOST_ERRORS = 3
COMPLETION_COUNT = 12
# What a word that we added counts, compared with 1 for a word that was written.
COMPLETED_UNKNOWN = 0.7  # the last word is no word of the library: it is surely unfinished
COMPLETED_KNOWN = 0.35  # it may be finished
SHORTEST_OPEN_WORD = 2
SHORTEST_KNOWN_OPEN_WORD = 4
READ_AS = 0.6  # a medical term for one everyday word
READ_PHRASE_AS = 0.9  # for several: "blood clot in leg" says more than its words one by one
NEAR_TERM = 0.5
LAY_FORM = 0.5  # an everyday form of the same thing; its words may be far apart in a text
UNDERSTOOD_TOGETHER = 0.25  # each word of "blood clot in leg", once that was understood as one thing
SAYS_LITTLE = 0.4  # a vague word
MOST_CONCEPTS = 4
OTHER_WORD = 0.1  # a word outside of the concepts as an aspect of the query ("care" in "care of bed sores")
NAMED_TERMS, MOST_NAMED = 2, 6  # medical terms that the page names, of each concept and in all


@dataclass(frozen=True)
class UnderstoodQuery:
    """A query as understood. ``aspects``: what it is about, which decides whether a summary is relevant.

    ``corrected``: the text that was searched, if it is not the one that was typed. ``looked_for``: medical terms that were
    added, as the page names them. ``highlighted``: stems to highlight, the reader's own first; several only together.
    ``asked_words``: the stems of all that was asked. ``left_out``: words of a long question that were not looked for.
    ``english``: what was searched instead of words in another ``language``.
    """

    clauses: tuple[Clause, ...]
    aspects: tuple[Aspect, ...]
    corrected: str | None
    looked_for: tuple[str, ...]
    highlighted: tuple[frozenset[str], ...]
    asked_words: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    english: str | None = None
    language: Language | None = None


def understand(query: SearchQuery, library: Snapshot) -> UnderstoodQuery:
    """Understand a query with the words of the library and our table of concepts."""
    english, language = (None, None) if query.is_exact else in_english(query.text)
    terms, left_out = (replace(query, text=english) if english else query).terms()
    asked = terms
    terms = [_without_hyphens(term, library) for term in terms]
    corrected = None if query.is_exact or english else without_typing_errors(terms, library)
    if corrected is not None:
        asked = terms = corrected
    matches = () if query.is_own_words or query.is_exact else _concepts(terms)
    together = frozenset(one for match in matches if len(match.stems) > 1 for one in match.stems)
    own = clauses_of(_with_letter_names(terms, library), library, together, completes=not query.is_own_words)
    highlighted = [frozenset(form) for clause in own for form, _ in clause.alternatives]
    highlighted += [frozenset(form) for match in matches for form in match.concept.medical_stems[:MAIN_TERMS]]
    named = [
        term
        for match in matches
        for term in match.concept.medical[:NAMED_TERMS]
        if not match.stems.issuperset(stems(term))  # the reader's own words are no news
    ]
    return UnderstoodQuery(
        clauses=tuple(dict.fromkeys([*own, *map(_concept_clause, matches)])),
        aspects=_aspects(own, matches),
        corrected=None if corrected is None else written(corrected),
        looked_for=tuple(dict.fromkeys(named))[:MOST_NAMED],
        highlighted=tuple(dict.fromkeys(highlighted)),
        asked_words=tuple(one for term in asked for one in stems(term.text)),
        left_out=tuple(term.text for term in left_out if not VAGUE_STEMS.issuperset(stems(term.text))),
        english=english,
        language=language,
    )


def clauses_of(
    terms: Sequence[QueryTerm],
    library: Snapshot,
    together: frozenset[str] = frozenset(),
    *,
    completes: bool = True,
) -> list[Clause]:
    """What the reader's own words ask for. ``together``: stems that were understood as one thing ("blood clot in leg")."""
    clauses: list[Clause] = []
    for term in terms:
        if term.is_phrase:
            parts = tuple(stems(term.text))
            clauses += [Clause(((parts, 1.0),), is_phrase=True)] if parts else []
            continue
        spoken = list(words(term.text))
        numbered = tuple(stem(word.folded) for word in spoken if not word.folded.isalpha())
        if len(numbered) > 1:  # C5-C6, 2019-2020 or a DOI: a text must have all of it
            clauses.append(Clause(((numbered, 1.0),)))
            spoken = [word for word in spoken if word.folded.isalpha()]
        for place, word in enumerate(spoken, start=1):
            own: list[Alternative] = [] if word.folded in STOP_WORDS else [((stem(word.folded),), 1.0)]
            if term.is_open and completes and place == len(spoken):
                own += _completions(word, library)
            if not own:
                continue
            # vague words, and words that were understood together as one thing, count less by themselves
            written_stems, _ = own[0]
            share = UNDERSTOOD_TOGETHER if together.issuperset(written_stems) else 1.0
            if share == 1.0 and VAGUE_STEMS.issuperset(written_stems):
                share = SAYS_LITTLE
            alternatives = tuple((form, weight * share) for form, weight in own)
            clauses.append(Clause(alternatives, is_asked=share == 1.0))
    return list(dict.fromkeys(clauses))


def without_typing_errors(terms: Sequence[QueryTerm], library: Snapshot) -> list[QueryTerm] | None:
    """The terms without typing errors; None if there are none."""
    better = []
    for term in terms:
        text = term.text
        for word in reversed([word for word in words(term.text) if len(word.pieces) == 1]):
            is_last = word.end == len(term.text)
            right = _right_spelling(word.folded, library, is_open=term.is_open and is_last)
            text = text[: word.start] + right + text[word.end :] if right else text
        better.append(replace(term, text=text))
    return better if better != list(terms) else None


def written(terms: Sequence[QueryTerm]) -> str:
    """The terms as one text."""
    return " ".join(f"“{term.text}”" if term.is_phrase else term.text for term in terms)


def nearest(word: str, library: Snapshot) -> str | None:
    """The likeliest right spelling of a folded word, if there is one near enough; else the two known words written as one.

    A wrong first letter is rare: then the rest must be right, and the word not merely another one (dental, mental).
    """
    most = min(MOST_ERRORS, max(1, len(word) // LETTERS_PER_ERROR))
    known_forms = [known for known in table().known_words if len(known) >= SHORTEST_WORD]
    near = process.extract(word, known_forms, scorer=OSA.distance, score_cutoff=most, limit=20)
    likely = []
    for text, errors, count in [
        *library.near(word, most),
        *((text, int(errors), 1) for text, errors, _ in near),
    ]:
        is_another = errors > 1 or (len(text) == len(word) and sorted(text) != sorted(word))
        if len(text) >= SHORTEST_WORD and (text[0] == word[0] or not is_another):
            likely.append((text[0] != word[0], errors, -count, text))
    if likely:
        return min(likely)[-1]
    for place in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
        parts = word[:place], word[place:]
        if all(
            part not in STOP_WORDS and (library.frequency(part) or part in table().known_words)
            for part in parts
        ):
            return " ".join(parts)
    return None


def _without_hyphens(term: QueryTerm, library: Snapshot) -> QueryTerm:
    """The term as one word, if it is known so: "exo-skeleton"."""
    joined = re.sub("[-\u2010-\u2013]", "", term.text)
    if term.is_phrase or joined == term.text or not joined.isalpha():
        return term
    folded = fold(joined)
    return replace(term, text=joined) if library.frequency(folded) or folded in table().known_words else term


def _with_letter_names(terms: Sequence[QueryTerm], library: Snapshot) -> list[QueryTerm]:
    """The terms with names like "H reflex" as one, if the library has them."""
    joined: list[QueryTerm] = []
    for term in terms:
        if joined and not term.is_phrase and not joined[-1].is_phrase:
            name = f"{joined[-1].text}-{term.text}"
            spoken = list(words(name))
            is_one_more = len(spoken) > len(list(words(joined[-1].text)))
            if not is_one_more and len(library.contributions(stem(spoken[-1].folded)).documents):
                joined[-1] = replace(term, text=name)
                continue
        joined.append(term)
    return joined


def _completions(word: Word, library: Snapshot) -> list[Alternative]:
    """What an unfinished word may become, as alternatives to it."""
    folded = word.folded
    if folded in STOP_WORDS or stem(folded) in VAGUE_STEMS:
        return []  # "again" is not on its way to "against"
    is_known = library.frequency(folded) > 0 or len(library.contributions(stem(folded)).documents) > 0
    if len(folded) < (SHORTEST_KNOWN_OPEN_WORD if is_known else SHORTEST_OPEN_WORD):
        return []
    weight = COMPLETED_KNOWN if is_known else COMPLETED_UNKNOWN
    completed = dict.fromkeys(stem(one) for one in library.completions(folded, COMPLETION_COUNT))
    if not is_known:  # "covid-1" is on its way to "COVID-19"
        completed |= dict.fromkeys(word.stems()[1:])
    return [((one,), weight) for one in completed if one != stem(folded)]


def _concepts(terms: Sequence[QueryTerm]) -> tuple[Match, ...]:
    """The concepts that the query is about; an unfinished last word counts as the concept words it may become."""
    spoken = [word for term in terms for word in folded_words(term.text)]
    matches = table().concepts_in(spoken)
    if not matches and spoken and terms[-1].is_open and len(spoken[-1]) >= SHORTEST_KNOWN_OPEN_WORD:
        last = spoken[-1]
        if last not in table().known_words:
            for ending in table().words_starting(last)[:3]:
                matches += table().concepts_in([*spoken[:-1], ending])
    return tuple({match.concept.name: match for match in matches}.values())[:MOST_CONCEPTS]


def _aspects(own: Sequence[Clause], matches: Sequence[Match]) -> tuple[Aspect, ...]:
    """What a query is about: its concepts, and its telling words outside of them; vague words only if there is nothing else.

    A concept is named by its main medical terms, and by everyday forms with two telling words at least: "doctors find out" stands in
    any text. What is only near it is no name, so that it makes no summary relevant. If a term is all that is asked, somebody looks
    it up, and a text that has it in passing is relevant, too.
    """
    names: dict[frozenset[str], list[tuple[str, ...]]] = {}
    terms = set[frozenset[str]]()
    for match in matches:  # the same words may lead to several concepts
        told = tuple(match.stems)
        forms = [form for form in (told, *match.concept.lay_stems) if len(set(form) - VAGUE_STEMS) > 1]
        if len(told) == 1:
            forms.append(told)
        if len(told) == 1 or match.stems in map(frozenset, match.concept.medical_stems):
            terms.add(match.stems)
        names.setdefault(match.stems, []).extend([*match.concept.names, *forms])
    understood = frozenset().union(*names)
    others = []
    for clause in own:
        forms = [form for form, _ in clause.alternatives]
        if not understood.issuperset(forms[0]):
            others.append(Aspect(tuple(forms), OTHER_WORD))
    telling = [other for other in others if not VAGUE_STEMS.issuperset(other.own[0])]
    looked_up = terms if len(names) == 1 and not telling else ()
    concepts = [
        Aspect((tuple(told),) if told in looked_up else (), 1.0, tuple(dict.fromkeys(forms)))
        for told, forms in names.items()
    ]
    return tuple((concepts + telling) or others)


def _concept_clause(match: Match) -> Clause:
    """The ways to say a concept: its main medical terms first, then those near it, and everyday forms of several words."""
    weight = READ_PHRASE_AS if len(match.stems) > 1 else READ_AS
    medical = [
        # the term that the reader wrote comes before the names of the concept
        (form, 1.0 if match.stems == set(form) else weight * (1.0 if place < MAIN_TERMS else NEAR_TERM))
        for place, form in enumerate(match.concept.medical_stems)
    ]
    lay = [
        (form, weight * LAY_FORM)
        for form in match.concept.lay_stems
        if len(form) > 1 and not match.stems.issuperset(form)  # the reader's own words count already
    ]
    return Clause((*medical, *lay), is_asked=len(match.stems) > 1)


def _right_spelling(word: str, library: Snapshot, *, is_open: bool) -> str | None:
    """The right spelling, or None if the word can stay: a word of the library or of the table is never corrected."""
    if (
        len(word) < SHORTEST_WORD
        or not word.isalpha()
        or word in STOP_WORDS
        or stem(word) in table().known_stems
    ):
        return None
    if library.frequency(word) or len(library.contributions(stem(word)).documents):
        return None
    if is_open and (library.completions(word, 1) or table().words_starting(word)):
        return None  # not a mistake, only unfinished
    return table().misspellings.get(word) or nearest(word, library)
