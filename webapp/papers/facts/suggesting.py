"""All suggestions for a paper: the one function that screens and benchmarks call."""

from functools import lru_cache

from webapp.papers.facts import country, counts, sample_size, statements, study_kind, subject, trial_number
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.facts.rules import Rules
from webapp.papers.facts.suggestion import Field, Suggestion, best

RULES = {
    Field.SAMPLE_SIZE: sample_size.candidates,
    Field.STUDY_KIND: study_kind.candidates,
    Field.SUBJECT: subject.candidates,
    Field.SPECIES: subject.species,
    Field.COUNTRY: country.candidates,
    Field.COUNTS: counts.candidates,
    Field.FUNDING: statements.funding,
    Field.CONFLICTS_OF_INTEREST: statements.conflicts_of_interest,
    Field.TRIAL_NUMBER: trial_number.candidates,
    Field.IS_FREE_TO_READ: statements.free_to_read,
    Field.LICENSE: statements.licenses,
}
RULES |= {field: Rules(field).candidates for field in Field if field not in RULES}


@lru_cache(maxsize=8)  # a full text takes half a second, and each decision shows the sheet again
def suggestions(paper: PaperText) -> dict[Field, list[Suggestion]]:
    """Suggest at most three values for every field, the best first; none where the paper seems not to say."""
    return {field: best(field, candidates(paper)) for field, candidates in RULES.items()}
