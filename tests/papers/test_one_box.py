"""One box for papers: what is typed, what the services say about it, and what becomes of a paper that is here."""

import re
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.accounts.people import EditorClient, add_editor, sign_in, token
from tests.factories import add_article
from tests.papers.conftest import Reply, StandIn
from tests.papers.test_import_pages import IMPORT, drafts, send
from webapp.content.article_content import from_json
from webapp.content.identifiers import find_listed
from webapp.db.session import db
from webapp.models import Role
from webapp.models.values import StudyKind
from webapp.papers import one_box, stored_texts
from webapp.publishing import revisions

DOI, PMID, PMCID, NCT = "10.5555/bed.2", "31234567", "PMC7654321", "NCT01741389"

RESULT: dict[str, Any] = {
    "id": PMID,
    "source": "MED",
    "pmid": PMID,
    "pmcid": PMCID,
    "doi": DOI,
    "title": "A bed that turns by itself.",
    "authorList": {
        "author": [
            {
                "fullName": "Doe J",
                "firstName": "Jo",
                "lastName": "Doe",
                "initials": "J",
                "authorId": {"type": "ORCID", "value": "0000-0002-1825-0097"},
            },
            {"collectiveName": "Bed Group"},
        ]
    },
    "journalInfo": {
        "issue": "3",
        "volume": "7",
        "printPublicationDate": "2021-03-01",
        "journal": {"title": "Spinal cord", "medlineAbbreviation": "Spinal Cord"},
    },
    "pageInfo": "12-19",
    "abstractText": "<h4>Methods</h4>We turned 12 people, p<0.05.<h4>Results</h4>They slept.",
    "pubTypeList": {"pubType": ["Randomized Controlled Trial", "Journal Article"]},
    "meshHeadingList": {"meshHeading": [{"majorTopic_YN": "Y", "descriptorName": "Beds"}]},
    "keywordList": {"keyword": ["Sleep"]},
    "grantsList": {"grant": [{"grantId": "W81", "agency": "Made-up Fund"}]},
    "inEPMC": "Y",
    "isOpenAccess": "Y",
    "license": "cc by",
    "firstPublicationDate": "2021-02-03",
}
MESSAGE = {
    "DOI": DOI,
    "type": "journal-article",
    "title": ["A Bed That Turns by Itself"],
    "container-title": ["Spinal Cord"],
    "publisher": "Made-up Press",
    "ISSN": ["1362-4393"],
    "page": "12-19",
}
PUBMED = f"""<?xml version="1.0" ?><PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">{PMID}</PMID>
<Article><Journal><JournalIssue><Volume>7</Volume><PubDate><MedlineDate>2021 Mar-Apr</MedlineDate></PubDate></JournalIssue>
<Title>Spinal cord</Title></Journal><ArticleTitle>A bed that turns by itself.</ArticleTitle>
<AuthorList CompleteYN="Y"><Author><LastName>Doe</LastName><ForeName>Jo</ForeName></Author></AuthorList></Article>
<CoiStatement>JD sells beds.</CoiStatement></MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="doi">{DOI}</ArticleId>
</ArticleIdList></PubmedData></PubmedArticle></PubmedArticleSet>"""
JATS = f"""<article article-type="research-article"><front><article-meta><article-id pub-id-type="doi">{DOI}</article-id>
<title-group><article-title>A bed that turns by itself</article-title></title-group>
<funding-group><funding-statement>The Made-up Fund paid for beds.</funding-statement></funding-group></article-meta></front>
<body><sec><title>Methods</title><p>Each of the 12 people got a bed.</p></sec></body></article>"""
STUDY: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {"nctId": NCT, "briefTitle": "Turning beds"},
        "statusModule": {
            "overallStatus": "ACTIVE_NOT_RECRUITING",
            "startDateStruct": {"date": "2018-10-12", "type": "ACTUAL"},
            "completionDateStruct": {"date": "2027-04"},
            "lastUpdatePostDateStruct": {"date": "2026-01-09"},
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Made-up Clinic"}},
        "designModule": {"enrollmentInfo": {"count": 40, "type": "ESTIMATED"}},
    },
    "hasResults": False,
}


def results(*rows: dict[str, Any]) -> Reply:
    return Reply.of({"version": "6.9", "hitCount": len(rows), "resultList": {"result": list(rows)}})


@pytest.fixture
def services_stand_in(app: Flask, crossref: StandIn) -> StandIn:
    """All four services, which know one paper and one trial."""
    crossref.stands_for_all(app)
    crossref.status = 404
    crossref.replies = {
        "/europe-pmc/search": results(RESULT),
        f"/europe-pmc/{PMCID}/fullTextXML": Reply(JATS.encode()),
        f"/crossref/works/{DOI}": Reply.of({"status": "ok", "message": MESSAGE}),
        "/pubmed/efetch.fcgi": Reply(PUBMED.encode()),
        f"/trials/studies/{NCT}": Reply.of(STUDY),
    }
    return crossref


@pytest.fixture
def client(app: Flask) -> EditorClient:
    client = EditorClient(app)
    add_editor(role=Role.WRITER)
    sign_in(client)
    return client


def found(client: EditorClient, typed: str) -> str:
    """Send the box without JavaScript; returns the words of the page that follows."""
    return words(client.get(send(client, typed)).text)


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
        ("NCT 01741389", ["trial_number " + NCT]),
        (f"https://clinicaltrials.gov/study/{NCT}?term=bed", ["trial_number " + NCT]),
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
    st.tuples(st.just("trial_number"), st.from_regex(r"NCT[0-9]{8}", fullmatch=True)),
)
_SPELLINGS = {
    "doi": ("{}", "doi:{}", "DOI {}", "https://doi.org/{}", "<{}>", "{}."),
    "pmid": ("{}", "PMID {}", "PMID:{}", "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    "pmcid": ("{}", "PMCID: {}", "https://pmc.ncbi.nlm.nih.gov/articles/{}/"),
    "trial_number": ("{}", "https://clinicaltrials.gov/study/{}"),
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
    client: EditorClient, services_stand_in: StandIn
) -> None:
    address = send(client, f"https://doi.org/{DOI.upper()}")
    page = client.get(address).text
    assert "1 new, 0 already here, 0 left out." in words(page)
    assert "From PubMed, its full text, Europe PMC, Crossref." in words(page)
    client.post(address, {"all": "yes", "csrf_token": token(client, IMPORT)}, status=303)
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
def test_other_numbers_find_the_same_paper(
    client: EditorClient, services_stand_in: StandIn, typed: str
) -> None:
    page = found(client, typed)
    assert "1 new" in page and "A bed that turns by itself" in page
    assert len(services_stand_in.asked) == 4


def test_two_numbers_of_one_paper_are_one_paper(client: EditorClient, services_stand_in: StandIn) -> None:
    page = found(client, f"{DOI}\n{PMID}")
    assert "1 new, 1 already here" in page and f"The same as {DOI}." in page


def test_a_trial_is_shown_and_never_imported(client: EditorClient, services_stand_in: StandIn) -> None:
    page = found(client, f"https://clinicaltrials.gov/study/{NCT}")
    assert "0 new" in page and "Make drafts" not in page
    assert f"{NCT}: Turning beds Active not recruiting. 40 people planned. Sponsor: Made-up Clinic." in page
    assert "Start: October 12, 2018. End: April 2027. Last update: January 9, 2026." in page
    assert "No results are posted there." in page


def test_an_unknown_number_of_people_is_no_number(client: EditorClient, services_stand_in: StandIn) -> None:
    protocol = STUDY["protocolSection"] | {
        "designModule": {"enrollmentInfo": {"count": 99999999, "type": "ACTUAL"}}
    }
    services_stand_in.replies[f"/trials/studies/{NCT}"] = Reply.of({"protocolSection": protocol})
    assert "Number of people not given." in found(client, NCT)


def test_what_is_not_found_or_not_understood_stays_in_the_box(
    client: EditorClient, services_stand_in: StandIn
) -> None:
    services_stand_in.replies["/europe-pmc/search"] = results()
    page = client.get(send(client, f"10.5555/unknown\nbowel program\n{NCT}\nNCT00000000")).text
    shown = words(page)
    assert "10.5555/unknown: Not found. We asked Europe PMC and Crossref." in shown
    assert "bowel program: We don’t see which paper this is." in shown
    assert "NCT00000000: Not found. We asked ClinicalTrials.gov." in shown
    assert box(page) == "10.5555/unknown\nNCT00000000\nbowel program"


def test_at_most_20_are_asked_about_and_the_rest_is_said(
    client: EditorClient, services_stand_in: StandIn
) -> None:
    services_stand_in.replies = {}
    typed = [f"10.5555/many.{number}" for number in range(23)]
    page = client.get(send(client, "\n".join(typed))).text
    assert sum(path.startswith("/crossref/") for path in services_stand_in.paths) == one_box.MOST_ASKED
    assert "3 more: We ask about 20 at a time." in words(page)
    assert sorted(box(page).split()) == sorted(typed)


def test_records_in_any_format_are_read_without_asking_anyone(
    client: EditorClient, services_stand_in: StandIn
) -> None:
    for record in (
        f"TY  - JOUR\nTI  - A bed\nDO  - {DOI}\nER  -",
        f"@article{{a, title={{A bed}}, doi={{{DOI}}}}}",
    ):
        assert "1 new" in found(client, record)
    assert services_stand_in.asked == []


# ------------------------------------------------------------------ a paper that is here


def test_a_paper_that_is_here_is_filled_in_with_what_is_missing(
    client: EditorClient, services_stand_in: StandIn
) -> None:
    article = add_article(paper={"doi": DOI, "title": "Our title", "pmid": "", "license": ""})
    draft = revisions.draft_of(article.id)
    number, harms = draft.revision_number, from_json(draft.content).harms
    address = send(client, PMCID)
    page = client.get(address).text
    assert "0 new, 1 already here" in words(page) and "Fill in what is missing there" in words(page)
    opened = client.post(f"{address}/fill/1", {"csrf_token": token(client, IMPORT)}, status=303).location
    assert "What we found and was missing is filled in." in client.get(opened).text
    db.session.expire_all()
    content = from_json(draft.content)
    assert (content.paper.title, content.harms) == ("Our title", harms)
    assert (content.paper.pmid, content.paper.license) == (PMID, "CC BY")
    assert draft.revision_number == number + 1
    assert db.session.get_one(type(article), article.id).paper.pmid in (None, "")  # readers see nothing yet
    client.post(f"{address}/fill/1", {"csrf_token": token(client, IMPORT)}, status=303)
    db.session.expire_all()
    assert draft.revision_number == number + 1


def test_a_draft_with_two_versions_is_not_filled_in(client: EditorClient, services_stand_in: StandIn) -> None:
    article = add_article(paper={"doi": DOI})
    draft = revisions.draft_of(article.id)
    before, draft.merge_base = draft.revision_number, draft.revision_number
    db.session.commit()
    address = send(client, DOI)
    page = client.post(f"{address}/fill/1", {"csrf_token": token(client, IMPORT)}, status=409)
    assert "There are two versions of this summary." in page.text
    db.session.expire_all()
    assert (draft.revision_number, draft.merge_base) == (before, before)


def test_a_retraction_is_shown_before_a_draft_is_made(
    client: EditorClient, services_stand_in: StandIn
) -> None:
    services_stand_in.replies["/europe-pmc/search"] = results(
        RESULT | {"pubTypeList": {"pubType": ["Retracted Publication"]}}
    )
    assert "Retracted A bed that turns by itself" in found(client, DOI)
