"""Best bets: the published answer that a search asks for, if there is one.

A wrong best bet is worse than none, so the rule is strict. A search asks for an answer if its words are those of the answer's question or of
one of its phrasings: the same stems, in any order. Stop words do not count, unless only one word would be left ("Can I have
kids?"). Vague words, and those for an injury as such, may differ if at least two words say more; of these, one in four may
differ, too. A word that is in no phrasing counts as the one that it misspells by a letter or two.

A search that says the same in words of its own ("my feet burn all the time") asks for the answer that has its medical
concepts: those, and at most one word more, are all that several of the answer's phrasings say. People who speak of themselves
may speak of something else, too ("worn out from caring for my husband"). What a thing is ("What is a trial?") no answer says.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from rapidfuzz import process
from rapidfuzz.distance import OSA

from webapp.catalog.answers import published_answers
from webapp.db.session import db
from webapp.models import Answer
from webapp.models.values import Certainty
from webapp.search.synonyms import ConceptTable, table
from webapp.search.words import VAGUE_STEMS, folded_words, stem, stems
from webapp.web.live_values import LiveValue

SHORTEST_WRONG = 5  # letters of a word that may have a typing error
LONG = 8  # letters of one that may have two
ALIKE = 0.75  # of all telling words of a search and a phrasing
SHORTEST_START = 6  # letters that an unfinished phrasing is completed from
NEARLY = 2 / 3  # of a phrasing: who typed so much of it asks for its answer
FEWEST_PHRASINGS = 4  # that make a concept an answer's own: one or two only mention it
MOST_REMEMBERED = 2_000  # searches

Stems = frozenset[str]
_UNTELLING = VAGUE_STEMS.union(stems("spinal cord injury injured sci paralysis paralyzed"))
_INJURY = "spinal cord injury"  # the concept that every answer has
_FIRST_PERSON = frozenset({"i", "my", "me", "im", "ive"})
_ASKS_FOR_MEANING = re.compile(r"what(’s|'s| is| are) an? ")


@dataclass(frozen=True)
class BestBet:
    """What a search shows of an answer."""

    slug: str
    question: str
    verdict: str
    certainty: Certainty


class BestBets:
    """The published answers by their phrasings, and by the concepts of these."""

    def __init__(self, concepts: ConceptTable, answers: Iterable[tuple[BestBet, list[str]]]) -> None:
        self._concepts = concepts
        self._phrasings: dict[Stems, BestBet] = {}
        self._starts: list[tuple[str, BestBet]] = []
        spoken_of: defaultdict[frozenset[str], Counter[BestBet]] = defaultdict(Counter)
        for bet, phrasings in answers:
            for phrasing in (bet.question, *phrasings):
                self._phrasings.setdefault(_stems_of(phrasing), bet)
                self._starts.append((" ".join(folded_words(phrasing)), bet))
                spoken_of[self._concepts_of(phrasing)][bet] += 1
        self._telling = [(phrasing - _UNTELLING, bet) for phrasing, bet in self._phrasings.items()]
        self._vocabulary = frozenset[str]().union(*self._phrasings)
        most = ((names, counts.most_common(1)[0]) for names, counts in spoken_of.items() if names)
        self._by_concepts = {names: bet for names, (bet, count) in most if count >= FEWEST_PHRASINGS}
        self.find = lru_cache(maxsize=MOST_REMEMBERED)(self._find)

    def find_unfinished(self, text: str) -> tuple[BestBet | None, list[BestBet]]:
        """While a search is typed: the answer that it asks for, or nearly, and others with a phrasing that starts so."""
        start = " ".join(folded_words(text))
        begun = [(phrasing, bet) for phrasing, bet in self._starts if phrasing.startswith(start)]
        if len(start) < SHORTEST_START:
            begun = []
        nearly = (bet for phrasing, bet in begun if len(start) >= NEARLY * len(phrasing))
        found = self.find(text) or next(nearly, None)
        return found, [bet for bet in dict.fromkeys(bet for _, bet in begun) if bet != found]

    def _find(self, text: str) -> BestBet | None:
        """The answer that a search asks for."""
        asked = frozenset(map(self._right, _stems_of(text)))
        if exact := self._phrasings.get(asked):
            return exact
        telling = asked - _UNTELLING
        alike = (  # by the share of words that both have (Jaccard); one word alone says too little
            (len(telling & phrasing) / len(telling | phrasing), bet)
            for phrasing, bet in self._telling
            if min(len(telling), len(phrasing)) > 1
        )
        likeness, bet = max(alike, key=itemgetter(0), default=(0.0, None))
        if likeness >= ALIKE:
            return bet
        if _ASKS_FOR_MEANING.match(text.lower()):
            return None
        # The answer that has the concepts of a search, or the only one that has any concept of what people say of themselves.
        names = self._concepts_of(text)
        if names in self._by_concepts or not _FIRST_PERSON.intersection(folded_words(text)):
            return self._by_concepts.get(names)
        bets = {self._by_concepts.get(frozenset({name})) for name in names} - {None}
        return bets.pop() if len(bets) == 1 else None

    def _concepts_of(self, text: str) -> frozenset[str]:
        """The names of the concepts of a text; none if more than one telling word is outside of them."""
        matches = self._concepts.concepts_in(folded_words(text))
        others = frozenset(stems(text)).difference(_UNTELLING, *(match.stems for match in matches))
        return (
            frozenset() if len(others) > 1 else frozenset(match.concept.name for match in matches) - {_INJURY}
        )

    def _right(self, stem: str) -> str:
        """The stem of a phrasing that this one is a misspelling of; the same stem if there is none."""
        if stem in self._vocabulary or len(stem) < SHORTEST_WRONG:
            return stem
        most = 2 if len(stem) >= LONG else 1
        near = process.extractOne(stem, self._vocabulary, scorer=OSA.distance, score_cutoff=most)
        return near[0] if near and near[0][0] == stem[0] else stem


def _stored() -> tuple[ConceptTable, list[tuple[BestBet, list[str]]]]:
    """What best bets are made of: the concepts of search, and of each published answer what is shown, with its phrasings."""
    columns = Answer.slug, Answer.question, Answer.verdict, Answer.certainty, Answer.phrasings
    with db.engine.connect() as connection:
        rows = connection.execute(published_answers().with_only_columns(*columns))
        answers = [
            (BestBet(one.slug, one.question, one.verdict, one.certainty), one.phrasings) for one in rows
        ]
    return table(), answers


# The best bets as of the newest public change; none until somebody searches.
best_bets = LiveValue(
    "the best bets", lambda: BestBets(ConceptTable(()), ()), _stored, lambda stored: BestBets(*stored)
).current


def _stems_of(text: str) -> Stems:
    telling = frozenset(stems(text))
    return telling if len(telling) > 1 else frozenset(map(stem, folded_words(text)))
