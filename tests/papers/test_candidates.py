"""Candidates: the same paper is one, and each has reasons that say why it is here."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import add_editor
from tests.engines import both_engines
from tests.factories import NOW, add_article
from tests.papers.listed import message, pubmed_article, result, study
from webapp.content.article_content import ArticleContent, PaperContent, from_json
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.models import (
    Candidate,
    CandidateIdentifier,
    CandidateReason,
    CandidateState,
    Draft,
    PublicChange,
    ReasonKind,
    SearchMiss,
)
from webapp.models.values import Author, PaperStatus, Registration, Result, StudyKind, Subject
from webapp.papers import candidates, file_formats, importing, listings, rating
from webapp.papers.candidates import ListingOutcome
from webapp.papers.listings import Listed
from webapp.papers.rating import Library
from webapp.papers.records import Record


@pytest.fixture(autouse=True)
def _tables(app: Flask) -> None:
    """Empty ones."""


def epmc(number: int = 1, **changes: Any) -> Listed:
    return listings._from_europe_pmc(result(number, **changes))


def crossref(number: int = 1, **changes: Any) -> Listed:
    return listings._from_crossref(message(number, **changes), {"spinal", "cord"})


def pubmed(number: int = 1) -> Listed:
    [record] = file_formats.read(f"<PubmedArticleSet>{pubmed_article(str(number))}</PubmedArticleSet>")
    return Listed(record)


def trial(number: str, **changes: Any) -> Listed:
    return listings._from_register(study(number, **changes))


def paper(**changes: Any) -> Listed:
    standard: dict[str, Any] = {
        "title": "A bed that turns by itself",
        "abstract": "We studied 12 people.",
        "authors": [Author(family="Doe")],
        "published_on": "2026",
    }
    return Listed(Record(content=ArticleContent(paper=PaperContent(**standard | changes))))


def add(*entries: Listed) -> list[Candidate]:
    """Store what a service lists; returns all candidates, best first."""
    candidates.add(map(rating.guess, entries), "Europe PMC", Library(), NOW)
    db.session.commit()
    return all_of_them()


def all_of_them() -> list[Candidate]:
    return list(db.session.scalars(select(Candidate).order_by(Candidate.score.desc(), Candidate.id)))


def reasons(*entries: Listed) -> list[ReasonKind]:
    title = entries[-1].record.title
    return [reason.kind for row in add(*entries) if row.title == title for reason in row.reasons]


# ------------------------------------------------------------------ one paper is one candidate


@both_engines
def test_a_paper_from_several_services_is_one_with_what_each_says() -> None:
    [candidate] = add(crossref(title=["Made-up paper 1 on spinal cord injury"], volume="7"), epmc(), pubmed())
    content = from_json(candidate.content)
    assert (content.paper.doi, content.paper.pmid, content.paper.volume) == ("10.5555/listed.1", "1", "7")
    assert len(add(paper(), paper())) == 2  # without any identifier, too
    assert {row.kind for row in candidate.identifiers} == {"doi", "pmid"}


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ({"doi": "10.5555/a"}, {"doi": "10.5555/a", "title": "Another title"}, 1),
        ({"pmid": "5"}, {"pmid": "5", "title": "Another title"}, 1),
        ({"pmcid": "PMC5"}, {"pmcid": "PMC5", "title": "Another title"}, 1),
        ({"doi": "10.5555/a"}, {"title": "A bed, that TURNS by itself"}, 1),
        ({"doi": "10.5555/a"}, {"doi": "10.5555/b"}, 2),
        ({}, {"published_on": "2019"}, 2),
        ({"status": PaperStatus.PREPRINT, "doi": "10.1101/1"}, {"doi": "10.5555/b", "published_on": "2027"}, 1),
        ({"doi": "10.5555/b"}, {"status": PaperStatus.PREPRINT, "doi": "10.1101/1", "published_on": "2025"}, 1),
        ({"status": PaperStatus.PREPRINT, "doi": "10.1101/1"}, {"doi": "10.5555/b", "authors": [Author(family="Roe")]}, 2),
        ({"status": PaperStatus.PREPRINT, "doi": "10.1101/1"}, {"status": PaperStatus.PREPRINT, "doi": "10.1101/2"}, 2),
    ],
)  # fmt: skip
def test_two_entries_are_one_or_two_candidates(
    one: dict[str, Any], other: dict[str, Any], count: int
) -> None:
    assert len(add(paper(**one), paper(**other))) == count


def test_an_entry_that_links_two_candidates_makes_them_one() -> None:
    first, second = add(paper(doi="10.5555/a", title="One"), paper(pmid="5", title="Two"))
    candidates.decide([second.id], CandidateState.NOT_FOR_US, add_editor().id, NOW)
    db.session.commit()
    [candidate] = add(paper(doi="10.5555/a", pmid="5", title="Three"))
    assert (
        candidate.id == second.id and candidate.state is CandidateState.NOT_FOR_US and first.id != second.id
    )
    assert {row.value for row in candidate.identifiers} == {"10.5555/a", "5"}
    assert db.session.scalar(select(func.count()).select_from(CandidateIdentifier)) == 2


def test_a_paper_counts_more_than_its_preprint() -> None:
    related = {"commentCorrection": [{"source": "MED", "id": "1", "type": "Preprint of"}]}
    preprint: dict[str, Any] = {"source": "PPR", "pmid": None, "doi": "10.1101/2026.01"}
    preprint |= {"pubTypeList": {"pubType": ["Preprint"]}, "commentCorrectionList": related}
    [candidate] = add(epmc(title="Early words", **preprint), epmc())
    content = from_json(candidate.content)
    assert content.paper.status is PaperStatus.PUBLISHED and content.paper.doi == "10.5555/listed.1"
    assert candidate.title == "Made-up paper 1 on spinal cord injury"
    assert ("doi", "10.1101/2026.01") in {(row.kind, row.value) for row in candidate.identifiers}


def test_a_trial_is_no_paper_of_the_same_title() -> None:
    entries = trial("NCT00000001"), paper(title="Made-up trial NCT00000001")
    assert len(add(*entries)) == 2


# ------------------------------------------------------------------ reasons


def test_a_retraction_is_the_first_reason_and_comes_last_in_the_list() -> None:
    retracted = {
        "commentCorrectionList": {"commentCorrection": [{"type": "Retraction in", "reference": "x"}]}
    }
    first, last = add(epmc(1, **retracted), epmc(2))
    assert first.title.startswith("Made-up paper 2") and last.reasons[0].kind is ReasonKind.RETRACTED
    [_, again] = add(paper(doi="10.5555/listed.1"))
    assert again.reasons[0].kind is ReasonKind.RETRACTED


def test_a_paper_that_we_have_is_marked_with_its_draft() -> None:
    article = add_article(paper={"doi": "10.5555/listed.1"})
    counted = candidates.add([rating.guess(epmc())], "PubMed", Library(), NOW)
    [candidate] = all_of_them()
    assert counted == {ListingOutcome.OURS: 1} and candidate.reasons[0].kind is ReasonKind.KNOWN
    assert candidate.draft_id == db.session.scalar(select(Draft.id).where(Draft.article_id == article.id))


def test_results_of_a_plan_and_papers_of_a_trial_that_we_explain_are_said() -> None:
    registered = [Registration(number="NCT00000001")]
    plan = add_article(study_kind=StudyKind.STUDY_PLAN, result=Result.NOT_TESTED, registrations=registered)
    assert reasons(trial("NCT00000001")) == [ReasonKind.PLAN_RESULTS]
    first = add(paper(abstract="We tested it in people (NCT00000001)."))[0]
    assert CandidateReason(ReasonKind.PLAN_RESULTS, plan.title, article_id=plan.id) in first.reasons
    add_article(registrations=[Registration(number="NCT00000002")])
    assert ReasonKind.SAME_TRIAL in reasons(paper(title="Another", abstract="Registered: NCT00000002"))


def test_what_cites_our_paper_or_is_the_paper_of_our_preprint_is_said() -> None:
    add_article(paper={"doi": "10.5555/ours"})
    add_article(paper={"status": PaperStatus.PREPRINT, "title": "Early words", "doi": "10.1101/9"})
    cites = crossref(reference=[{"DOI": "10.5555/OURS"}, {"unstructured": "x"}])
    assert reasons(cites) == [ReasonKind.CITES, ReasonKind.NO_ABSTRACT]
    assert ReasonKind.PREPRINT_PUBLISHED in reasons(paper(title="Early Words", doi="10.5555/late"))


def test_what_readers_searched_for_in_vain_raises_candidates_on_it_later_too() -> None:
    about_beds, about_bowels = add(paper(title="Beds"), paper(title="Bowel programs", published_on="2025"))
    assert about_beds.score == about_bowels.score
    for text, count in (("bowel program", 14), ("rare thing", 1), ("beds", 1)):
        db.session.add(
            SearchMiss(text=text, count=count, first_on=date(2026, 1, 1), last_on=date(2026, 1, 1))
        )
    assert candidates.rate_again(0, 25, Library()) == about_bowels.id
    assert candidates.rate_again(about_bowels.id, 25, Library()) is None
    assert about_bowels.reasons == [CandidateReason(ReasonKind.SEARCHED, "bowel program", 14)]
    assert about_bowels.score > about_beds.score and about_beds.reasons == []


def test_people_and_kind_of_study_are_guessed() -> None:
    rats = paper(title="A drug in rats", abstract="Forty rats had a contusion.")
    review = paper(
        title="Beds: a systematic review", abstract="We searched for trials in people with tetraplegia."
    )
    by_title = {row.title: row for row in add(rats, review)}
    assert by_title["A drug in rats"].subject is Subject.ANIMALS
    found = by_title["Beds: a systematic review"]
    assert (found.subject, found.study_kind) == (Subject.PEOPLE, StudyKind.REVIEWS)
    assert [reason.kind for reason in found.reasons] == [ReasonKind.REVIEW]


# ------------------------------------------------------------------ decisions


def test_what_was_decided_stays_decided_when_it_is_listed_again() -> None:
    [candidate] = add(epmc())
    candidates.decide([candidate.id], CandidateState.NOT_FOR_US, add_editor().id, NOW, "Too early")
    db.session.commit()
    [candidate] = add(epmc(), crossref())
    assert (candidate.state, candidate.why) == (CandidateState.NOT_FOR_US, "Too early")


def test_an_undo_takes_back_one_press_of_ones_own() -> None:
    editor, other = add_editor(), add_editor("Bo", "bo@example.org")
    first, second, third = (row.id for row in add(epmc(1), epmc(2), epmc(3)))
    candidates.decide([first], CandidateState.KEPT, editor.id, NOW)
    candidates.decide([second, third], CandidateState.SKIPPED, editor.id, NOW + timedelta(seconds=1))
    assert candidates.undo(second, other.id) == 0
    assert candidates.undo(second, editor.id) == 2 and candidates.undo(second, editor.id) == 0
    assert [row.state for row in all_of_them()] == [
        CandidateState.KEPT,
        CandidateState.NEW,
        CandidateState.NEW,
    ]


def test_a_draft_that_is_imported_ends_the_decision() -> None:
    editor = add_editor()
    [candidate] = add(epmc())
    candidates.decide([candidate.id], CandidateState.KEPT, editor.id, NOW)
    [draft] = importing.create_drafts([pubmed().record], editor.id, NOW)
    assert (candidate.state, candidate.draft) == (CandidateState.DRAFTED, draft)
    assert candidates.decide([candidate.id], CandidateState.NOT_FOR_US, editor.id, NOW) == []


def test_decisions_are_forgotten_after_a_year_and_open_candidates_are_not() -> None:
    decided, _ = add(epmc(1), epmc(2))
    candidates.decide([decided.id], CandidateState.NOT_FOR_US, add_editor().id, NOW)
    candidates.forget_old(NOW + timedelta(days=365))
    assert len(all_of_them()) == 2
    candidates.forget_old(NOW + timedelta(days=366))
    assert (
        len(all_of_them()) == 1
        and db.session.scalar(select(func.count()).select_from(CandidateIdentifier)) == 2
    )


# ------------------------------------------------------------------ notices of journals


def notice_of_europe_pmc(number: int = 1) -> Listed:
    related = {"type": "Retraction of", "source": "MED", "id": str(number), "reference": "Spinal Cord. 2026"}
    return epmc(
        90,
        title="Retraction: Made-up paper on spinal cord injury.",
        pubTypeList={"pubType": ["Retraction of Publication"]},
        commentCorrectionList={"commentCorrection": [related]},
    )


def notice_of_pubmed() -> Listed:
    entry = pubmed_article("90").replace(
        "</MedlineCitation>",
        '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionOf"><RefSource>Spinal Cord</RefSource>'
        '<PMID Version="1">1</PMID></CommentsCorrections></CommentsCorrectionsList></MedlineCitation>',
    )
    entry = entry.replace("<ArticleTitle>", "<ArticleTitle>Retraction: ")
    [record] = file_formats.read(f"<PubmedArticleSet>{entry}</PubmedArticleSet>")
    return Listed(record)


def notice_of_crossref() -> Listed:
    return crossref(90, **{"update-to": [{"DOI": "10.5555/listed.1", "type": "retraction"}]})


def paper_with_its_notice() -> Listed:
    return epmc(pubTypeList={"pubType": ["Retracted Publication"]})


NOTICES = [notice_of_europe_pmc, notice_of_pubmed, notice_of_crossref, paper_with_its_notice]


@pytest.mark.parametrize("notice", NOTICES)
def test_a_retraction_marks_the_candidate_that_is_there_and_nothing_else_changes(
    notice: Callable[[], Listed],
) -> None:
    add(epmc(), epmc(2))
    [before] = [row.state for row in all_of_them() if "paper 1" in row.title]
    add(notice())
    good, bad = all_of_them()
    assert "paper 1" in bad.title and bad.state is before
    assert [one.kind for one in bad.reasons] == [ReasonKind.RETRACTED]
    assert from_json(bad.content).paper.status is PaperStatus.RETRACTED and bad.score < good.score
    assert from_json(good.content).paper.status is PaperStatus.PUBLISHED


def test_a_decision_stays_when_a_retraction_comes_in() -> None:
    [candidate] = add(epmc())
    candidates.decide([candidate.id], CandidateState.KEPT, add_editor().id, NOW)
    add(notice_of_crossref())
    [candidate] = all_of_them()
    assert candidate.state is CandidateState.KEPT and candidate.reasons[0].kind is ReasonKind.RETRACTED


def test_a_retraction_stays_when_a_service_that_does_not_know_of_it_lists_the_paper_again() -> None:
    add(epmc())
    add(notice_of_crossref())
    [candidate] = add(pubmed())
    assert candidate.reasons[0].kind is ReasonKind.RETRACTED


@pytest.mark.parametrize("notice", NOTICES)
def test_a_retraction_is_published_on_the_summary_of_its_paper(notice: Callable[[], Listed]) -> None:
    article = add_article(paper={"doi": "10.5555/listed.1", "pmid": "1"})
    other = add_article(paper={"doi": "10.5555/listed.2", "pmid": "2"})
    add(notice())
    assert article.paper.is_retracted and not other.paper.is_retracted
    assert article.paper.status_note == (
        "PubMed lists the journal’s notice."
        if notice is paper_with_its_notice
        else "Europe PMC lists the journal’s notice."
    )
    changes = select(PublicChange).where(PublicChange.kind == ChangeKind.NOTICE)
    assert [change.article_id for change in db.session.scalars(changes)] == [article.id]
    add(notice())
    assert len(db.session.scalars(changes).all()) == 1


def test_the_same_title_is_no_reason_to_call_a_paper_retracted() -> None:
    article = add_article(
        paper={"title": "Made-up paper 1 on spinal cord injury", "doi": "10.5555/another", "pmid": ""}
    )
    add(paper_with_its_notice())
    assert not article.paper.is_retracted
