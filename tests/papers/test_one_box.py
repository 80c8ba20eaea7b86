"""One box for papers: what is typed, what the services say about it, and what becomes of a paper that is here."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.accounts.people import EditorClient, token
from tests.factories import NOW, add_article
from tests.papers.conftest import Reply, StandIn, results
from tests.papers.known_paper import DOI, NCT, PMCID, PMID, RESULT, STUDY
from tests.papers.test_import_pages import IMPORT, drafts, send
from webapp.content.article_content import from_json
from webapp.content.identifiers import find_listed
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.models import PaperPart, PaperSection
from webapp.models.values import ReadFrom, StudyKind
from webapp.papers import file_formats, importing, one_box, stored_texts
from webapp.papers.importing import ImportPlan
from webapp.papers.records import LONGEST_PAPER, Record
from webapp.publishing import revisions


def found(writer: EditorClient, typed: str) -> str:
    """Send the box without JavaScript; returns the words of the page that follows."""
    return words(writer.get(send(writer, typed)).text)


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", page[page.index("<main") :]).split())


def box(page: str) -> str:
    """What stands in the box."""
    match = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert match
    return match[1].strip()


# ------------------------------------------------------------------ what was typed


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (DOI, ["doi " + DOI]),
        (f"https://doi.org/{DOI}", ["doi " + DOI]),
        (f"<{DOI}>", ["doi " + DOI]),
        (f"https://journal.example.org/doi/{DOI}/full", ["doi " + DOI]),
        (PMID, ["pmid " + PMID]),
        (f"PMID: {PMID}", ["pmid " + PMID]),
        (f"PMID- {PMID}", ["pmid " + PMID]),
        (f"https://pubmed.ncbi.nlm.nih.gov/{PMID}/", ["pmid " + PMID]),
        (f"https://europepmc.org/article/MED/{PMID}", ["pmid " + PMID]),
        (PMCID, ["pmcid " + PMCID]),
        ("PMC 7654321", ["pmcid " + PMCID]),
        (f"https://pmc.ncbi.nlm.nih.gov/articles/{PMCID}/", ["pmcid " + PMCID]),
        ("NCT 01741389", ["trial " + NCT]),
        (f"https://clinicaltrials.gov/study/{NCT}?term=bed", ["trial " + NCT]),
        (f"1. {DOI}", ["doi " + DOI]),
        (f"{PMID}, 31234568;31234569", ["pmid " + PMID, "pmid 31234568", "pmid 31234569"]),
        (f"{DOI},10.5555/b {PMCID} and {PMCID}", ["doi " + DOI, "doi 10.5555/b", "pmcid " + PMCID]),
        (f"Doe J. A bed. Spinal Cord 2021;7:12-19. doi: {DOI}. PMID: {PMID}", ["doi " + DOI]),
        ("Doe J. A bed. Spinal Cord 2021;7:12-19.", []),
        ("https://www.nature.com/articles/s41393-020-0467-3", []),
        ("ISRCTN12345678", []),
        ("bowel program", []),
    ],
)
def test_a_line_is_understood(typed: str, expected: list[str]) -> None:
    assert [f"{kind} {identifier}" for kind, identifier in find_listed(typed)] == expected


_NUMBERS = st.integers(10_000, 99_999_999).map(str)
_LISTED = st.one_of(
    st.tuples(st.just("doi"), st.from_regex(r"10\.[0-9]{4}/[a-z]{1,8}\.[0-9]{1,4}", fullmatch=True)),
    st.tuples(st.just("pmid"), _NUMBERS),
    st.tuples(st.just("pmcid"), _NUMBERS.map("PMC{}".format)),
    st.tuples(st.just("trial"), st.from_regex(r"NCT[0-9]{8}", fullmatch=True)),
)
_SPELLINGS = {
    "doi": ("{}", "doi:{}", "DOI {}", "https://doi.org/{}", "<{}>", "{}."),
    "pmid": ("{}", "PMID {}", "PMID:{}", "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    "pmcid": ("{}", "PMCID: {}", "https://pmc.ncbi.nlm.nih.gov/articles/{}/"),
    "trial": ("{}", "https://clinicaltrials.gov/study/{}"),
}


@given(
    st.lists(_LISTED, min_size=1, max_size=6, unique=True),
    st.sampled_from([" ", ", ", "; ", " and "]),
    st.data(),
)
def test_a_list_is_understood_however_it_is_written(
    pairs: list[tuple[str, str]], separator: str, data: st.DataObject
) -> None:
    written = [data.draw(st.sampled_from(_SPELLINGS[kind])).format(identifier) for kind, identifier in pairs]
    assert find_listed(separator.join(written)) == pairs


@given(st.text(max_size=80))
def test_any_line_gives_identifiers_that_read_the_same_again(line: str) -> None:
    for kind, identifier in find_listed(line):
        assert find_listed(identifier) == [(kind, identifier)]


# ------------------------------------------------------------------ what the services say


def test_a_doi_finds_one_paper_with_what_each_service_says(
    writer: EditorClient, known_paper: StandIn
) -> None:
    address = send(writer, f"https://doi.org/{DOI.upper()}")
    page = writer.get(address).text
    assert "1 new, 0 already here, 0 left out." in words(page)
    assert "From PubMed, its full text, Europe PMC, Crossref." in words(page)
    writer.post(address, {"all": "yes", "csrf_token": token(writer, IMPORT)}, status=303)
    [draft] = drafts()
    content = from_json(draft.content)
    paper = content.paper
    assert (paper.doi, paper.pmid, paper.pmcid) == (DOI, PMID, PMCID)
    assert paper.title == "A bed that turns by itself"
    assert paper.abstract == "Methods: We turned 12 people, p<0.05.\n\nResults: They slept."
    assert (paper.license, paper.is_free_to_read, paper.mesh_terms) == ("CC BY", True, ["Beds", "Sleep"])
    assert content.study_kind is StudyKind.RANDOMIZED_TRIAL
    assert content.conflicts_of_interest == "JD sells beds."
    assert content.funding == "The Made-up Fund paid for beds."
    [text] = stored_texts.stored(draft)
    assert text.source == "Europe PMC"
    assert "Each of the 12 people got a bed." in [section.text for section in text.sections]


@pytest.mark.parametrize("typed", [PMID, PMCID])
def test_other_numbers_find_the_same_paper(writer: EditorClient, known_paper: StandIn, typed: str) -> None:
    page = found(writer, typed)
    assert "1 new" in page and "A bed that turns by itself" in page
    assert len(known_paper.asked) == 4


def test_my_work_has_the_box(writer: EditorClient, known_paper: StandIn) -> None:
    page = writer.get("/editor/").text
    assert f'enctype="multipart/form-data" action="{IMPORT}"' in page and 'name="text"' in page


def test_two_numbers_of_one_paper_are_one_paper(writer: EditorClient, known_paper: StandIn) -> None:
    page = found(writer, f"{DOI}\n{PMID}")
    assert "1 new, 1 already here" in page and f"It’s the same as {DOI}." in page


def test_a_trial_is_shown_and_never_imported(writer: EditorClient, known_paper: StandIn) -> None:
    page = found(writer, f"https://clinicaltrials.gov/study/{NCT}")
    assert "0 new" in page and "Make drafts" not in page
    assert f"{NCT}: Turning beds Active not recruiting. 40 people planned. Sponsor: Made-up Clinic." in page
    assert "Start: October 12, 2018. End: April 2027. Last update: January 9, 2026." in page
    assert "No results are posted there." in page


def test_an_unknown_number_of_people_is_no_number(writer: EditorClient, known_paper: StandIn) -> None:
    protocol = STUDY["protocolSection"] | {
        "designModule": {"enrollmentInfo": {"count": 99999999, "type": "ACTUAL"}}
    }
    known_paper.replies[f"/trials/studies/{NCT}"] = Reply.of({"protocolSection": protocol})
    assert "Number of people not given." in found(writer, NCT)


def test_what_is_not_found_or_not_understood_stays_in_the_box(
    writer: EditorClient, known_paper: StandIn
) -> None:
    known_paper.replies["/europe-pmc/search"] = results()
    page = writer.get(send(writer, f"10.5555/unknown\nbowel program\n{NCT}\nNCT00000000")).text
    shown = words(page)
    assert "10.5555/unknown: Not found. We asked Europe PMC and Crossref." in shown
    assert "bowel program: We don’t see which paper this is." in shown
    assert "NCT00000000: Not found. We asked ClinicalTrials.gov." in shown
    assert box(page) == "10.5555/unknown\nNCT00000000\nbowel program"


def test_at_most_20_are_asked_about_and_the_rest_is_said(writer: EditorClient, known_paper: StandIn) -> None:
    known_paper.replies = {}
    typed = [f"10.5555/many.{number}" for number in range(23)]
    page = writer.get(send(writer, "\n".join(typed))).text
    assert sum(path.startswith("/crossref/") for path in known_paper.paths) == one_box.MOST_ASKED
    assert "3 more: We ask about 20 at a time." in words(page)
    assert sorted(box(page).split()) == sorted(typed)


def test_records_in_any_format_are_read_without_asking_anyone(
    writer: EditorClient, known_paper: StandIn
) -> None:
    for record in (
        f"TY  - JOUR\nTI  - A bed\nDO  - {DOI}\nER  -",
        f"@article{{a, title={{A bed}}, doi={{{DOI}}}}}",
    ):
        assert "1 new" in found(writer, record)
    assert known_paper.asked == []


# ------------------------------------------------------------------ a paper that is here


def test_a_paper_that_is_here_is_filled_in_with_what_is_missing(
    writer: EditorClient, known_paper: StandIn
) -> None:
    paper = {"doi": DOI, "title": "Our title", "pmid": "", "license": ""}
    article = add_article(paper=paper, funding="not stated", age="not stated")
    draft = revisions.draft_of(article_id=article.id)
    number, harms = draft.revision_number, from_json(draft.content).harms
    address = send(writer, PMCID)
    page = writer.get(address).text
    assert "0 new, 1 already here" in words(page) and "Fill in what is missing there" in words(page)
    opened = writer.post(f"{address}/fill/1", {"csrf_token": token(writer, IMPORT)}, status=303).location
    assert "Only fields that were empty or “not stated” changed." in writer.get(opened).text
    db.session.expire_all()
    content = from_json(draft.content)
    assert (content.paper.title, content.harms) == ("Our title", harms)
    assert (content.paper.pmid, content.paper.license) == (PMID, "CC BY")
    assert (content.funding, content.age) == ("The Made-up Fund paid for beds.", "not stated")
    assert draft.revision_number == number + 1
    assert db.session.get_one(type(article), article.id).paper.pmid in (None, "")  # readers see nothing yet
    writer.post(f"{address}/fill/1", {"csrf_token": token(writer, IMPORT)}, status=303)
    db.session.expire_all()
    assert draft.revision_number == number + 1


def test_a_draft_that_is_deleted_while_it_is_looked_up_stays_deleted(
    app: Flask, writer: EditorClient, known_paper: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    [draft] = importing.create_drafts(
        file_formats.read(f"TY  - JOUR\nTI  - A bed\nDO  - {DOI}\nER  -"), None, NOW
    )
    db.session.commit()
    draft_id, address, plan = draft.id, send(writer, DOI), importing.plan

    def delete() -> None:
        with app.app_context(), writing() as now:
            revisions.get_draft(draft_id).deleted_at = now

    def plan_slowly(records: list[Record]) -> ImportPlan:
        made = plan(records)
        with ThreadPoolExecutor(1) as others:
            others.submit(delete).result()
        return made

    sent = {"csrf_token": token(writer, IMPORT)}
    monkeypatch.setattr(importing, "plan", plan_slowly)
    writer.post(f"{address}/fill/1", sent, status=404)
    db.session.expire_all()
    assert draft.deleted_at is not None and draft.revision_number == 1


def test_a_draft_with_two_versions_is_not_filled_in(writer: EditorClient, known_paper: StandIn) -> None:
    article = add_article(paper={"doi": DOI})
    draft = revisions.draft_of(article_id=article.id)
    before, draft.merge_base = draft.revision_number, draft.revision_number
    db.session.commit()
    address = send(writer, DOI)
    page = writer.post(f"{address}/fill/1", {"csrf_token": token(writer, IMPORT)}, status=409)
    assert "There are two versions of this text." in page.text
    db.session.expire_all()
    assert (draft.revision_number, draft.merge_base) == (before, before)


def test_a_draft_with_as_much_text_as_fits_is_not_filled_in(
    writer: EditorClient, known_paper: StandIn
) -> None:
    article = add_article(paper={"doi": DOI, "license": ""})
    draft = revisions.draft_of(article_id=article.id)
    most = [PaperSection(PaperPart.FULL_TEXT, "a" * LONGEST_PAPER)]
    stored_texts.store(draft, most, ReadFrom.PART, source="Pasted", editor_id=None, now=NOW)
    db.session.commit()
    before = draft.content
    address = send(writer, DOI)
    page = writer.post(f"{address}/fill/1", {"csrf_token": token(writer, IMPORT)}, status=409)
    assert "This is longer than 2,000,000 characters." in page.text
    db.session.expire_all()
    assert draft.content == before and len(stored_texts.stored(draft)) == 1
    assert "Fill in what is missing there" in words(writer.get(address).text)


def test_a_retraction_is_shown_before_a_draft_is_made(writer: EditorClient, known_paper: StandIn) -> None:
    known_paper.replies["/europe-pmc/search"] = results(
        RESULT | {"pubTypeList": {"pubType": ["Retracted Publication"]}}
    )
    assert "Retracted A bed that turns by itself" in found(writer, DOI)
