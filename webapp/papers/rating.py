"""Why an editor may want to read a candidate: guesses about it, reasons, and the score that sorts the list."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sqlalchemy import func

from webapp.catalog.queries import published
from webapp.content.article_content import ArticleContent, PaperContent, from_json
from webapp.content.identifiers import find_trials
from webapp.db.session import db
from webapp.models import Article, Candidate, CandidateReason, Paper, PaperPart, PaperSection, ReasonKind
from webapp.models.values import PaperStatus, StudyKind, Subject
from webapp.papers import importing
from webapp.papers.facts import study_kind
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.facts.suggestion import Field, best
from webapp.papers.importing import KnownPaper
from webapp.papers.listings import Listed
from webapp.publishing import revisions
from webapp.search import misses
from webapp.search.words import stems

_SEARCHES, _LEAST_SEARCHES = 50, 2  # the most frequent ones; a search that one reader made once says little
_MOST_FOR_SEARCH = 30

# What each reason adds to the score by which the list is sorted.
_WEIGHTS = {
    ReasonKind.RETRACTED: -100,
    ReasonKind.CONCERN: -60,
    ReasonKind.KNOWN: -40,
    ReasonKind.PLAN_RESULTS: 40,
    ReasonKind.PREPRINT_PUBLISHED: 30,
    ReasonKind.SAME_TRIAL: 25,
    ReasonKind.CITES: 10,
    ReasonKind.REVIEW: 10,
    ReasonKind.GUIDELINE: 10,
    ReasonKind.PREPRINT: -5,
    ReasonKind.NO_ABSTRACT: -10,
}
_OF_SUBJECT = {Subject.PEOPLE: 5, Subject.ANIMALS: -5, Subject.LAB: -5}
_OF_KIND = {StudyKind.REVIEWS: ReasonKind.REVIEW, StudyKind.GUIDELINE: ReasonKind.GUIDELINE}
_OF_STATUS = {
    PaperStatus.RETRACTED: ReasonKind.RETRACTED,
    PaperStatus.CONCERN: ReasonKind.CONCERN,
    PaperStatus.PREPRINT: ReasonKind.PREPRINT,
}
_RANDOMIZED = 5


class Library:
    """What we have that a candidate may be about, and what readers miss. Making one reads all papers of the library."""

    def __init__(self) -> None:
        self._known = importing.known_papers()
        self._plans: dict[str, CandidateReason] = {}
        self._trials: dict[str, CandidateReason] = {}
        self._cited: dict[str, CandidateReason] = {}
        self._preprints: dict[str, CandidateReason] = {}
        title = func.coalesce(Article.plain_title, Paper.title)
        query = published().join(Article.paper)
        columns = (
            Article.id,
            title,
            Article.study_kind,
            Article.registrations,
            Paper.doi,
            Paper.title,
            Paper.status,
        )
        for number, ours, kind, entries, doi, paper_title, status in db.session.execute(
            query.with_only_columns(*columns)
        ):
            is_plan = kind == StudyKind.STUDY_PLAN
            for trial in (entry.number for entry in entries):
                reason = ReasonKind.PLAN_RESULTS if is_plan else ReasonKind.SAME_TRIAL
                (self._plans if is_plan else self._trials)[trial] = CandidateReason(
                    reason, ours, article_id=number
                )
            if doi:
                self._cited[doi] = CandidateReason(ReasonKind.CITES, ours, article_id=number)
            if status == PaperStatus.PREPRINT:
                key = importing.normalized_title(PaperContent(title=paper_title))
                self._preprints[key] = CandidateReason(ReasonKind.PREPRINT_PUBLISHED, ours, article_id=number)
        self._searches = [
            (row.text, row.count, frozenset(stems(row.text)))
            for row in misses.most_missed(_SEARCHES)
            if row.count >= _LEAST_SEARCHES
        ]

    def find(self, paper: PaperContent) -> KnownPaper | None:
        return self._known.find(paper)

    def reasons(
        self, content: ArticleContent, cited: Iterable[str], kind: StudyKind | None
    ) -> Iterator[CandidateReason]:
        """Say what a candidate has to do with our summaries and with what readers searched for."""
        paper = content.paper
        numbers = [entry.number for entry in content.registrations] + find_trials(
            f"{paper.title} {paper.abstract}"
        )
        for number in dict.fromkeys(numbers):
            if number in self._plans and kind is not StudyKind.STUDY_PLAN:
                yield self._plans[number]
            elif number in self._trials:
                yield self._trials[number]
        title = importing.normalized_title(paper)
        if title in self._preprints and paper.status is not PaperStatus.PREPRINT:
            yield self._preprints[title]
        yield from (self._cited[doi] for doi in cited if doi in self._cited)
        words = set(stems(" ".join((paper.title, paper.abstract, *paper.mesh_terms))))
        for text, count, searched in self._searches:
            if searched and searched <= words:
                yield CandidateReason(ReasonKind.SEARCHED, text, count)


def guess(entry: Listed) -> Listed:
    """Guess whom a paper studied, and how; PubMed's own publication types come first.

    It takes longer than anybody should wait to write.
    """
    paper = entry.record.content.paper
    text = PaperText(
        PaperSection(PaperPart.TITLE, paper.title), PaperSection(PaperPart.ABSTRACT, paper.abstract)
    )
    studied = best(Field.SUBJECT, study_kind.subjects(text))
    kinds = best(Field.STUDY_KIND, study_kind.kinds(text))
    kind = entry.record.content.study_kind or (kinds[0].value if kinds else None)
    return replace(
        entry,
        subject=Subject(str(studied[0].value)) if studied else None,
        study_kind=StudyKind(str(kind)) if kind else None,
    )


def rate(candidate: Candidate, library: Library) -> None:
    """Set the reasons and the score of a candidate, and the draft of the same paper, if there is one."""
    content = from_json(candidate.content)
    paper, kind = content.paper, candidate.study_kind
    reasons = list(library.reasons(content, candidate.cited, kind))
    if (known := library.find(paper)) is not None and candidate.draft_id is None:
        candidate.draft_id = known.draft_id or revisions.draft_of(article_id=known.article_id or 0).id
    of_state = (
        _OF_STATUS.get(paper.status),
        ReasonKind.KNOWN if known else None,
        _OF_KIND.get(kind) if kind else None,
        None if paper.abstract or trial_of(candidate) else ReasonKind.NO_ABSTRACT,
    )
    reasons = [CandidateReason(one) for one in of_state if one] + reasons
    candidate.reasons = sorted(dict.fromkeys(reasons), key=lambda one: list(ReasonKind).index(one.kind))
    candidate.score = (
        sum(
            min(_MOST_FOR_SEARCH, 5 + reason.count)
            if reason.kind is ReasonKind.SEARCHED
            else _WEIGHTS[reason.kind]
            for reason in candidate.reasons
        )
        + (_OF_SUBJECT.get(candidate.subject, 0) if candidate.subject else 0)
        + (_RANDOMIZED if kind is StudyKind.RANDOMIZED_TRIAL else 0)
    )


def trial_of(candidate: Candidate) -> str:
    """The number of the registered trial that a candidate is; empty for a paper."""
    return next((row.value for row in candidate.identifiers if row.kind == "trial"), "")
