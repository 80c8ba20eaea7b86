"""Identifiers with anything around them: the bare one is found, or nothing."""

import html
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from webapp.content.identifiers import (
    find_address,
    find_date,
    find_doi,
    find_named_pmid,
    find_orcid,
    find_pmcid,
    find_pmid,
    find_trial,
    find_trials,
)

SICI = "10.1002/1097-0000(19990815)57:4<449::aid-a10>3.0.co;2-x"
DOIS = (
    "10.1000/a1", "10.1000.10/123_4", "10.1016/s0140-6736(96)12345-x", "10.5555/a(1)", "10.21203/rs.3.rs-123456/v1",
    "10.1890/0012-9658(2006)87[2445:x]2.0.co;2", "10.1175/1520-0477(1998)079<0001:alitot>2.0.co;2", SICI,
    "10.1002/(sici)1096-8644(199601)99:1<103::aid-ajpa6>3.0.co;2-#",
)  # fmt: skip
AROUND = (
    ("", ""), ("{", "}"), ("{{", "}}"), ("{{{", "}}}"), ("<", ">"), ("[doi:", "]"), ("(", ")"), ("“", "”"), ("„", "“"), ("'", "'"), ("«", "»"),
    ('"', '",'), ("doi:", ""), ("DOI ", "."), ("DOI: ", ";"), ("info:doi/", ""), ("urn:doi:", ""), ("https://doi.org/", ""),
    ("doi.org/", ""), ("http://dx.doi.org/", "/"), ("https://www.doi.org/", "?utm_source=mail&x=1"), ("https://doi.org/", "#abstract"),
    ("https://doi-org.proxy.example.edu/", "?"), ("https://login.example.edu/?url=https://doi.org/", "&tab=1"),
    ("https://www.frontiersin.org/articles/", "/full"), ("https://example.org/doi/full/", "/abstract"), ("https://example.org/doi/", "/pdf"),
    ("https://example.org/doi/", "/full/html"), ("https://example.org/content/pdf/", ".pdf"), ("", "|x"), ("", "&amp;"), ("", "&amp"),
    ("", "\u200b"), ("\ufeff", "\u00a0"), ("\u202a", "\u202c"), ("", "}"), ("", "…"), ("", " \\"), ("see ", ", and 10.1000/other"),
    ("<b>", "</b>"), ("<p>", "<br/>"), (r"\url{https://doi.org/", "}"), ("", ";jsessionid=AB12"),
    ("", "[doi]"), (r"\href{https://doi.org/", "}{the paper}"), ("https://example.org/", "/figures/2"), ("https://example.org/", ".full-text"),
)  # fmt: skip
ENCODINGS = (
    str, str.upper, html.escape, lambda doi: html.escape(html.escape(doi)), lambda doi: quote(doi, safe=""),
    lambda doi: quote(quote(doi, safe="")), lambda doi: doi.replace("_", r"\_").replace("<", r"{\textless}").replace(">", r"{\textgreater}"),
    lambda doi: doi.replace("_", r"{\_}").replace("<", "{textless}").replace(">", "{textgreater}"),
    lambda doi: doi.replace("_", r"\textunderscore{}").replace("<", "$<$").replace(">", "$>$"), lambda doi: doi.replace("-", "‐"),
    "\u00ad".join, lambda doi: doi.replace("/", "/\u200b"),
)  # fmt: skip


@pytest.mark.parametrize("before_and_after", AROUND)
@pytest.mark.parametrize("doi", DOIS)
def test_a_doi_is_found_whatever_stands_around_it(doi: str, before_and_after: tuple[str, str]) -> None:
    before, after = before_and_after
    for encode in ENCODINGS:
        assert find_doi(f"{before}{encode(doi)}{after}") == doi


@pytest.mark.parametrize("text", ["", "10.5/x", "10.1000/", "10.1000/full", "110.1000/x", "see the 10.1000 / 3 of them", "https://doi.org/"])  # fmt: skip
def test_what_holds_no_doi_gives_none(text: str) -> None:
    assert find_doi(text) == ""


def test_the_version_that_biorxiv_appends_is_no_part_of_the_doi() -> None:
    assert (
        find_doi("https://www.biorxiv.org/content/10.1101/2020.01.02.123456v2.full.pdf")
        == "10.1101/2020.01.02.123456"
    )


@given(st.text("10./a-()[]<>{}|?#&;:%2\\_$ ‐”\u200b\u00ad", max_size=40), st.text(max_size=10))
@example("10.1000/a", "%4\u200b1")
@example("a&amp", ";lt;")
def test_a_doi_that_was_found_is_found_again_unchanged(end: str, more: str) -> None:
    found = find_doi(f"10.1000/{end}{more}")
    assert find_doi(found) == found
    assert not set(found) & set('{}|\\^"”\u200b\u00ad ')


@pytest.mark.parametrize(
    "text",
    [
        "29984670", " 29984670\u200b", "{29984670}", "{{29984670}}", "029984670", "29984670.1", "PMID: 29984670", "pmid:29984670.", "PMID29984670",
        "PubMed ID 29984670", "29984670 [pmid]", "PMID- 29984670", "PMID：２９９８４６７０", "PMID (29984670)", "<b>29984670</b>",
        "https://pubmed.ncbi.nlm.nih.gov/?term=29984670", "http://www.ncbi.nlm.nih.gov/entrez/query.fcgi?db=PubMed&list_uids=29984670", "MEDLINE:29984670", "https://pubmed.ncbi.nlm.nih.gov/29984670/?from=x",
        "<http://www.ncbi.nlm.nih.gov/pubmed/29984670>", "https://europepmc.org/article/MED/29984670", "info:pmid/29984670",
    ],
)  # fmt: skip
def test_a_pubmed_number_is_read_in_its_many_spellings(text: str) -> None:
    assert find_pmid(text) == "29984670"


@pytest.mark.parametrize("text", ["", "0", "10.1000/29984670", "PMC29984670", "1234567890", "none"])
def test_what_is_no_pubmed_number_gives_none(text: str) -> None:
    assert find_pmid(text) == ""


def test_in_running_text_a_pubmed_number_has_its_name() -> None:
    assert find_named_pmid("Seen in 2020 (PMID: 29984670).") == "29984670"
    assert find_named_pmid("2020") == ""


@pytest.mark.parametrize(
    "text",
    [
        "PMC7654321", "7654321", "7654321.1", "pmc7654321.2", "PMC 7654321", "PMCPMC7654321", "PMCID: PMC7654321", "{{PMC7654321}}",
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC7654321/", "https://pmc.ncbi.nlm.nih.gov/articles/PMC7654321/?report=reader",
        "https://europepmc.org/article/PMC/PMC7654321", "PMC76\u200b54321", "PMC-7654321",
    ],
)  # fmt: skip
def test_a_pubmed_central_number_is_read_in_its_many_spellings(text: str) -> None:
    assert find_pmcid(text) == "PMC7654321"


@pytest.mark.parametrize(
    "text",
    [
        "0000-0002-1694-233X", "https://orcid.org/0000-0002-1694-233x", "ORCID: 0000 0002 1694 233X.", "000000021694233X", "{0000–0002–1694–233X}",
        "http://orcid.org/0000-0002-1694-233X/", "0000-0002-1694-\u200b233X", "0000.0002.1694.233X", "００００-0002-1694-233X",
    ],
)  # fmt: skip
def test_an_orcid_is_read_in_its_many_spellings(text: str) -> None:
    assert find_orcid(text) == "0000-0002-1694-233X"


@pytest.mark.parametrize("text", ["", "0000-0002-1694-2331", "0000-0002-1694", "10000-0002-1694-233X"])
def test_what_is_no_orcid_gives_none(text: str) -> None:
    assert find_orcid(text) == ""


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("nct 01234567", ["NCT01234567"]),
        ("https://clinicaltrials.gov/study/NCT01234567?tab=x", ["NCT01234567"]),
        ("{NCT01234567}, ISRCTN 12345678", ["NCT01234567", "ISRCTN12345678"]),
        ("NCT01234567, NCT-01234567", ["NCT01234567"]),
        ("ChiCTR-TRC-10001234 CTRI/2010/091/000001", ["ChiCTR-TRC-10001234", "CTRI/2010/091/000001"]),
        ("EudraCT number: 2004-000446-20", ["EudraCT 2004-000446-20"]),
        ("EudraCT No. 2004-000446-20", ["EudraCT 2004-000446-20"]),
        ("ACTRN 12605000009606; jrcts031180001", ["ACTRN12605000009606", "jRCTs031180001"]),
        ("jRCT1031200001, KCT0001234", ["jRCT1031200001", "KCT0001234"]),
        ("ACTRN12605000009606p", ["ACTRN12605000009606"]),
        ("PACTR201612001878378 TCTR20190530003", ["PACTR201612001878378", "TCTR20190530003"]),
        ("RBR-2qcbk3, RBR-10mwtds9", ["RBR-2qcbk3", "RBR-10mwtds9"]),
        ("DRKS 00012345; UMIN000012345; NTR1234", ["DRKS00012345", "UMIN000012345", "NTR1234"]),
        ("IRCT20120215009014N354", ["IRCT20120215009014N354"]),
        ("the IRCT registration, the RBR protein, p75NTR 123", []),
        ("NCT0123456", []),
    ],
)
def test_numbers_of_trials_are_found(text: str, numbers: list[str]) -> None:
    assert find_trials(text) == numbers


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://x.org/a?b=1&c=2#d", "https://x.org/a?b=1&c=2#d"),
        ("<https://x.org/a?b=1&amp;c=2>.", "https://x.org/a?b=1&c=2"),
        (r"\url{https://x.org/a\_b\%20c}", "https://x.org/a_b%20c"),
        ("(see www.x.org/a(1))", "https://www.x.org/a(1)"),
        ("“https://x.org/”\u200b", "https://x.org/"),
        ("{{https://x.org/a{\\_}b}}", "https://x.org/a_b"),
        ("https://x.org/a.", "https://x.org/a"),
        ("https://.", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_an_address_is_found(text: str, address: str) -> None:
    assert find_address(text) == address


@given(st.text("htps:/w.x&;amp()[]<>\\_%2{} ", max_size=30))
def test_an_address_that_was_found_is_found_again_unchanged(end: str) -> None:
    found = find_address(f"https://x.org/{end}")
    assert find_address(found) == found


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("NCT 01234567", "NCT01234567"),
        ("ClinicalTrials.gov Identifier: nct01234567.", "NCT01234567"),
        ("https://clinicaltrials.gov/study/NCT01234567?tab=x", "NCT01234567"),
        ("{ISRCTN12345678}", "ISRCTN12345678"),
        ("NCT01234567, part two", ""),
        ("NCT01234567 and NCT07654321", ""),
        ("Not registered", ""),
    ],
)
def test_a_field_with_one_trial_gives_its_number(text: str, number: str) -> None:
    assert find_trial(text) == number


@pytest.mark.parametrize(
    ("text", "day"), [("{2022}", "2022"), ("[2022-03].", "2022-03"), ("2022-03-14\u200b", "2022-03-14"), ("March 2022", "")]
)  # fmt: skip
def test_a_date_is_read(text: str, day: str) -> None:
    assert find_date(text) == day


def test_the_register_of_trials_is_not_the_paper() -> None:
    assert find_doi("https://www.cochranelibrary.com/central/doi/10.1002/central/CN-00001/full") == ""
