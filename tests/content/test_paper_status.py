"""What is printed tells a retracted paper, a preprint and a notice, in many wordings, and an ordinary title is none of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.content.article_content import PaperContent
from webapp.content.paper_status import is_notice, status_of
from webapp.models.values import PaperStatus

RETRACTED = (
    "Walking after injury (Retracted article. See vol. 9, pg. 1, 2021)",
    "Walking after injury (RETRACTED ARTICLE)",
    "Walking after injury (Withdrawn article. See vol 1)",
    "Walking after injury (This paper has been retracted)",
    "Walking after injury [Retracted]",
    "Walking after injury [Retracted in: J Test 2020]",
    "Walking [Retracted]: a trial",
    "Walking after injury (Retracted)",
    "Walking after injury - RETRACTED",
    "Walking after injury – Retracted",
    "Walking after injury | Retracted",
    "Walking after injury. Retracted.",
    "Walking after injury RETRACTED",
    "REMOVED: Walking after injury",
    "WITHDRAWN: Walking after injury",
    "TEMPORARILY REMOVED: Walking after injury",
    "Retracted. Walking after injury",
    "Retracted: Walking after injury",
    "RETRACTED ARTICLE: Walking after injury",
    "WITHDRAWN ARTICLE: Walking after injury",
    "Retracted Paper - Walking after injury",
    "Retracted Article—Walking after injury",
    "Retracted- Walking after injury",
    "RETRACTED Walking after injury",
    "**Retracted** Walking after injury",
    "(Retracted) Walking after injury",
    "[Retracted article] Walking after injury",
    "[This article was retracted] Walking after injury",
    "This article has been retracted: Walking after injury",
    "Article retracted: Walking after injury",
    "Retracted and republished: Walking after injury",
    "Walking after injury (Retraction in: J Test 2020)",
    "Walking after injury: Retracted",
    "Walking after injury 【Retracted】",
    "TEMPORARY REMOVAL: Walking after injury",
)
NOTICES = (
    "Walking after injury: Erratum",
    "Walking after injury: Correction",
    "Partial Retraction: Walking after injury",
    "Erratum zu: Gehen nach Verletzung",
    "[Correction] Walking after injury",
    "Notice of Duplicate Publication",
    "WITHDRAWAL: Walking after injury",
    "Error in Figure 1",
    "Incorrect Data in the Results Section",
    "Retraction: Walking after injury",
    "RETRACTION: Walking after injury",
    "Retraction. Walking after injury",
    "Retraction—Walking after injury",
    'Retraction notice to "Walking after injury"',
    "Retraction Note to: Walking after injury",
    "Retraction Statement: Walking after injury",
    "Retraction of “Walking after injury”",
    "Retraction of: Walking after injury",
    "Retraction of Walking after injury",
    "Retraction of the paper by Doe",
    "Retraction for Doe et al., Walking after injury",
    "[Retraction of: Walking after injury]",
    "Notice of retraction: Walking after injury",
    "Statement of Retraction: Walking after injury",
    "Withdrawal notice to “Walking after injury”",
    "Removal notice to “Walking after injury”",
    "Correction to: Walking after injury",
    "Correction to Walking after injury",
    "Correction: Walking after injury",
    "Correction",
    "Corrections to “Walking after injury”",
    "Author Correction: Walking after injury",
    "Publisher Correction to: Walking after injury",
    "Corrigendum to “Walking after injury”",
    "Corrigendum: Walking after injury",
    "Erratum: Walking after injury",
    "Erratum to Walking after injury",
    "Erratum",
    "Errata: Walking after injury",
    "Expression of concern: Walking after injury",
    "Editorial Expression of Concern: Walking after injury",
    "Expression of concern regarding walking after injury",
    "Addendum: Walking after injury",
    "Addendum to: Walking after injury",
    "Walking after injury – Corrigendum",
    "Walking after injury - ERRATUM",
    "Walking after injury [Erratum]",
    "Walking after injury (vol 9, pg 1, 2021)",
    "Walking after injury (Retraction of vol 9, pg 1, 2021)",
)
PAPERS = (
    "Retracted tongue posture and breathing",
    "Retracted, neutral and protruded head posture",
    "RETRACTED TONGUE POSTURE AND BREATHING",
    "The shoulder retracted during reaching",
    "Reaching with the scapula retracted and elevated",
    "Head posture: protruded, neutral or retracted",
    "Effects of tongue position (retracted or protruded)",
    "Retraction of corticospinal axons",
    "Retraction of Corticospinal Axons After Spinal Cord Injury",
    "Axon retraction: causes",
    "Retraction injuries: a review",
    "Withdrawal of baclofen",
    "Withdrawal: why patients leave trials",
    "Withdrawn drugs and a bed",
    "Why I was withdrawn: living with injury",
    "Removed catheters and infection",
    "Correction of scoliosis in children",
    "Correction of Scoliosis With Rods",
    "Correction to neutral alignment",
    "Correction for multiple testing in trials",
    "Correction factors for the energy cost",
    "Posture correction: a trial",
    "Addendum to the international standards",
    "Errata and how to avoid them in trials",
    "Concern about falling",
    "Withdrawal: coping after injury",
    "Errors in triage of spinal trauma",
    "Kyphosis: surgical correction",
    "Walking (vol 5 of a series)",
)
PREPRINT_DOIS = (
    "10.1101/2020.03.05.00000001",
    "10.1101/087619",
    "10.64898/2026.01.01.123456",
    "10.21203/rs.3.rs-123456/v1",
    "10.48550/arxiv.2001.01234",
    "10.2139/ssrn.3550000",
    "10.20944/preprints202001.0001.v1",
    "10.31219/osf.io/abcde",
    "10.31234/osf.io/abcde",
    "10.26434/chemrxiv-2021-abc",
    "10.7287/peerj.preprints.27885v1",
    "10.1590/scielopreprints.123",
)
PREPRINT_SERVERS = (
    "medRxiv",
    "bioRxiv : the preprint server for biology",
    "arXiv preprint arXiv:2001.01234",
    "ArXiv",
    "Research Square",
    "Research square",
    "SSRN Electronic Journal",
    "Preprints.org",
    "Preprints",
    "PsyArXiv",
    "OSF Preprints",
    "PeerJ Preprints",
    "JMIR Preprints",
    "Res Sq",
)


def status(title: str = "A bed", journal: str = "J Beds", doi: str = "", *types: str) -> PaperStatus:
    return status_of(PaperContent(title=title, journal=journal, doi=doi), types)


@pytest.mark.parametrize("title", RETRACTED)
def test_a_title_tells_a_retracted_paper(title: str) -> None:
    assert status(title) == PaperStatus.RETRACTED
    assert not is_notice(title)


@pytest.mark.parametrize("title", NOTICES)
def test_a_title_tells_a_notice(title: str) -> None:
    assert is_notice(title)


@pytest.mark.parametrize("title", PAPERS)
def test_a_title_that_only_has_such_words_tells_neither(title: str) -> None:
    assert status(title) == PaperStatus.PUBLISHED
    assert not is_notice(title)


@given(
    st.sampled_from(["RETRACTED: {}", "[Retracted] {}", "{} [Retracted]", "{} (Retracted article. See p. 1)", "{} - RETRACTED"]),
    st.text(st.characters(categories=["Ll", "Lu", "Nd", "Zs"]), min_size=1).filter(str.strip),
)  # fmt: skip
def test_the_mark_is_seen_whatever_the_title(wording: str, title: str) -> None:
    assert status(wording.format(title)) == PaperStatus.RETRACTED


@pytest.mark.parametrize("doi", PREPRINT_DOIS)
def test_a_doi_tells_a_preprint(doi: str) -> None:
    assert status(doi=doi) == PaperStatus.PREPRINT


@pytest.mark.parametrize(
    "doi", ["10.1101/gr.123456.120", "10.1101/gad.1", "10.7287/x", "10.1590/s0103", "10.5555/10.1101"]
)
def test_a_journals_doi_under_a_shared_prefix_does_not(doi: str) -> None:
    assert status(doi=doi) == PaperStatus.PUBLISHED


@pytest.mark.parametrize("name", PREPRINT_SERVERS)
def test_the_server_tells_a_preprint_as_journal_or_publisher(name: str) -> None:
    assert status(journal=name) == PaperStatus.PREPRINT
    assert status("A bed", "J Beds", "", name) == PaperStatus.PREPRINT


@pytest.mark.parametrize(
    "name", ["Journal of Research", "Preprint Research", "Research Squared", "The Lancet", "Square"]
)
def test_a_journal_with_such_a_word_in_its_name_does_not(name: str) -> None:
    assert status(journal=name) == PaperStatus.PUBLISHED


@pytest.mark.parametrize("kind", ["preprint", "Preprint", "posted-content", "UNPB"])
def test_a_type_tells_a_preprint(kind: str) -> None:
    assert status("A bed", "J Beds", "", "JOUR", kind) == PaperStatus.PREPRINT


@pytest.mark.parametrize(
    "kind", ["Retracted", "Retracted Publication", "retracted-article", "Withdrawn Publication"]
)
def test_a_type_tells_a_retracted_paper(kind: str) -> None:
    assert status("A bed", "J Beds", "", "Journal Article", kind) == PaperStatus.RETRACTED


@pytest.mark.parametrize(
    "kind", ["Published Erratum", "expression-of-concern", "Retraction of Publication", "Correction"]
)
def test_a_type_tells_a_notice(kind: str) -> None:
    assert is_notice("A bed", ["Journal Article", kind])


def test_a_retraction_outweighs_all_and_another_known_notice_stays() -> None:
    preprint = PaperContent(title="WITHDRAWN: A bed", journal="medRxiv", status=PaperStatus.CONCERN)
    assert status_of(preprint) == PaperStatus.RETRACTED
    assert (
        status_of(PaperContent(title="A bed", journal="medRxiv", status=PaperStatus.CORRECTED)) == "corrected"
    )


@pytest.mark.parametrize("title", ["Walking [Preprint]", "PREPRINT: Walking"])
def test_a_title_tells_a_preprint(title: str) -> None:
    assert status(title) == PaperStatus.PREPRINT


@pytest.mark.parametrize("host", ["www.medrxiv.org", "arxiv.org", "www.researchsquare.com"])
def test_the_address_tells_a_preprint(host: str) -> None:
    assert status_of(PaperContent(title="A bed", url=f"https://{host}/x")) == PaperStatus.PREPRINT
