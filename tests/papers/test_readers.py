"""The fields that each format gives. The samples are made up in the shape of the databases' own exports."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from webapp.content.article_content import ArticleContent
from webapp.models.values import Author, PaperStatus, Registration, StudyKind
from webapp.papers import names
from webapp.papers.file_formats import read, read_message
from webapp.papers.records import IS_A_NOTICE, LONGEST_TEXT, NO_TITLE, NOT_ALL_AUTHORS, Record

REGISTRATION = Registration(
    number="NCT01234567",
    register="ClinicalTrials.gov",
    url="https://clinicaltrials.gov/study/NCT01234567",
)
ISRCTN = Registration(number="ISRCTN12345678", register="ISRCTN", url="https://www.isrctn.com/ISRCTN12345678")
NBIB = """
PMID- 12345678
DP  - 2020 Mar
TI  - A made-up trial of a made-up bed: a randomized
      trial.
PG  - 12-9
LID - 10.5555/bed.1 [doi]
LID - e12 [pii]
AB  - BACKGROUND: Beds differ.
      RESULTS: They did not.
FAU - Doe, Jo
AU  - Doe J
AUID- ORCID: 0000-0002-1694-233X
CN  - The Bed Group
FAU - O'Neil, Ann B
JT  - Journal of made-up trials
MH  - *Beds/adverse effects
MH  - Beds/standards
MH  - Humans
PT  - Journal Article
PT  - Randomized Controlled Trial
SI  - ClinicalTrials.gov/NCT01234567
PMC - PMC7654321
VI  - 5
IP  - 2
DEP - 20200214
COIS- The authors declare none.
"""

PUBMED = """<?xml version="1.0"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2019//EN" "https://dtd.nlm.nih.gov/x.dtd">
<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">12345678</PMID><Article><Journal><JournalIssue>
<Volume>5</Volume><Issue>2</Issue><PubDate><MedlineDate>2020 Mar-Apr</MedlineDate></PubDate></JournalIssue>
<Title>Journal of made-up trials</Title></Journal><ArticleTitle>Effects of H<sub>2</sub>O in <i>mice</i>.</ArticleTitle>
<Abstract><AbstractText Label="AIMS">To see &lt; 5.</AbstractText><AbstractText>Seen.</AbstractText></Abstract>
<AuthorList><Author><LastName>Doe</LastName><ForeName>Jo</ForeName>
<Identifier Source="ORCID">http://orcid.org/0000-0002-1825-0097</Identifier></Author>
<Author><CollectiveName>The Bed Group</CollectiveName></Author></AuthorList>
<PublicationTypeList><PublicationType>@type</PublicationType></PublicationTypeList></Article>
<MeshHeadingList><MeshHeading><DescriptorName>Mice</DescriptorName><QualifierName>blood</QualifierName></MeshHeading></MeshHeadingList>
@notices</MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="doi">10.5555/BED.2</ArticleId>
<ArticleId IdType="pmc">PMC99</ArticleId></ArticleIdList><ReferenceList><Reference><ArticleIdList>
<ArticleId IdType="doi">10.5555/other</ArticleId></ArticleIdList></Reference></ReferenceList></PubmedData></PubmedArticle></PubmedArticleSet>"""

JATS = """<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and Interchange DTD v1.0 20120330//EN" "x.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink" article-type="@type"><front><journal-meta><journal-title-group>
<journal-title>Journal of made-up trials</journal-title></journal-title-group></journal-meta><article-meta>
<article-id pub-id-type="pmid">12345678</article-id><article-id pub-id-type="pmc">99</article-id>
<article-id pub-id-type="doi">10.5555/bed.3</article-id>
<title-group><article-title>A bed for <italic>all</italic><xref ref-type="fn">*</xref></article-title><subtitle>A trial</subtitle></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Doe</surname><given-names>Jo</given-names></name></contrib>
<contrib contrib-type="author"><collab>The Bed Group</collab></contrib>
<contrib contrib-type="editor"><name><surname>Not</surname><given-names>Me</given-names></name></contrib></contrib-group>
<pub-date pub-type="ppub"><month>1</month><year>2021</year></pub-date>
<pub-date pub-type="epub"><day>3</day><month>12</month><year>2020</year></pub-date>
<pub-date pub-type="pmc-release"><day>1</day><month>1</month><year>2019</year></pub-date>
<volume>5</volume><issue>2</issue><fpage>12</fpage><lpage>19</lpage>@related
<permissions><license xlink:href="http://creativecommons.org/licenses/by-nc/4.0/"><license-p>Open.</license-p></license></permissions>
<abstract abstract-type="graphical"><p>A picture</p></abstract>
<abstract><sec><title>Methods</title><p>We slept.</p></sec><sec><title>Trial registration</title><p>NCT01234567</p></sec></abstract>
@funding</article-meta></front><body><sec><title>Methods</title><p>Like NCT09999999 did.</p></sec>
<sec><title>Funding of care</title><p>Care is paid by nobody.</p></sec></body><back>@back</back></article>"""

RIS = """TY  - JOUR
AU  - Doe, Jo
TI  - A made-up bed
T2  - Journal of made-up trials
PY  - 2020
ER  -
"""


def only(source: str | bytes) -> Record:
    [record] = read(source)
    return record


def content(source: str | bytes) -> ArticleContent:
    record = only(source)
    assert record.reason == ""
    return record.content


def ris(*lines: str) -> ArticleContent:
    return content("\n".join(["TY  - JOUR", "TI  - A made-up bed", *lines, "ER  - "]))


def bib(*fields: str) -> ArticleContent:
    return content("@article{doe, title = {A made-up bed}, " + ", ".join(fields) + "}")


# ------------------------------------------------------------------ NBIB


def test_pubmeds_tagged_format_gives_every_fact() -> None:
    found, paper = content(NBIB), content(NBIB).paper
    assert paper.title == "A made-up trial of a made-up bed: a randomized trial"
    assert (paper.doi, paper.pmid, paper.pmcid) == ("10.5555/bed.1", "12345678", "PMC7654321")
    assert (paper.journal, paper.volume, paper.issue, paper.pages) == (
        "Journal of made-up trials",
        "5",
        "2",
        "12-9",
    )
    assert paper.published_on == "2020-02-14"
    assert paper.abstract == "BACKGROUND: Beds differ. RESULTS: They did not."
    assert paper.authors == [
        Author(family="Doe", given="Jo", orcid="0000-0002-1694-233X"),
        Author(family="The Bed Group"),
        Author(family="O'Neil", given="Ann B"),
    ]
    assert paper.mesh_terms == ["Beds", "Humans"]
    assert found.study_kind == StudyKind.RANDOMIZED_TRIAL
    assert found.registrations == [REGISTRATION]
    assert found.conflicts_of_interest == "The authors declare none."


def test_short_names_are_used_where_there_are_no_full_ones() -> None:
    assert content("PMID- 1\nTI  - A bed\nAU  - van der Berg JJ\n").paper.authors == [
        Author(family="van der Berg", given="JJ")
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Meta-Analysis", StudyKind.REVIEWS),
        ("Systematic Review", StudyKind.REVIEWS),
        ("Practice Guideline", StudyKind.GUIDELINE),
        ("Clinical Trial Protocol", StudyKind.STUDY_PLAN),
        ("Observational Study", StudyKind.OTHER_PEOPLE),
        ("Review", None),
        ("Clinical Trial, Phase II", None),
        ("Case Reports", None),
        ("Randomized Controlled Trial, Veterinary", None),
    ],
)
def test_only_an_unambiguous_type_gives_the_kind_of_study(kind: str, expected: StudyKind | None) -> None:
    assert content(f"PMID- 1\nTI  - A bed\nPT  - {kind}\n").study_kind == expected


@pytest.mark.parametrize(
    ("tag", "status"),
    [("RIN", PaperStatus.RETRACTED), ("ECI", PaperStatus.CONCERN), ("EIN", PaperStatus.CORRECTED)],
)
def test_a_notice_that_pubmed_links_to_marks_the_paper(tag: str, status: PaperStatus) -> None:
    paper = content(f"PMID- 1\nTI  - A bed\n{tag} - J Beds. 2021;1:2. doi: 10.5555/Notice. PMID: 2\n").paper
    assert (paper.status, paper.status_url) == (status, "https://doi.org/10.5555/notice")
    assert paper.status_note == "PubMed lists the journal’s notice."


def test_the_gravest_of_pubmeds_notices_counts() -> None:
    tags = "EIN - J Beds. 2020\nPT  - Retracted Publication\nRIN - J Beds. 2021\n"
    assert content(f"PMID- 1\nTI  - A bed\n{tags}").paper.status == PaperStatus.RETRACTED


@pytest.mark.parametrize("kind", ["Retraction of Publication", "Published Erratum"])
def test_a_notice_itself_is_refused(kind: str) -> None:
    assert only(f"PMID- 1\nTI  - Erratum\nPT  - {kind}\n").reason == IS_A_NOTICE


def test_pubmed_marks_a_preprint() -> None:
    assert content("PMID- 1\nTI  - A bed\nPT  - Preprint\n").paper.status == PaperStatus.PREPRINT


# ------------------------------------------------------------------ PubMed XML


def test_pubmed_xml_gives_every_fact() -> None:
    found = content(
        PUBMED.replace("@type", "Meta-Analysis").replace("@notices", "<CoiStatement>None.</CoiStatement>")
    )
    paper = found.paper
    assert paper.title == "Effects of H₂O in mice"
    assert (paper.doi, paper.pmid, paper.pmcid) == ("10.5555/bed.2", "12345678", "PMC99")
    assert (paper.journal, paper.volume, paper.issue) == ("Journal of made-up trials", "5", "2")
    assert paper.published_on == "2020"  # a span of months says no month
    assert paper.abstract == "AIMS: To see < 5.\n\nSeen."
    assert paper.authors == [
        Author(family="Doe", given="Jo", orcid="0000-0002-1825-0097"),
        Author(family="The Bed Group"),
    ]
    assert paper.mesh_terms == ["Mice"]
    assert (found.study_kind, found.conflicts_of_interest) == (StudyKind.REVIEWS, "None.")


def test_pubmed_xml_says_when_it_does_not_name_all_authors() -> None:
    source = PUBMED.replace("<AuthorList", "<AuthorList CompleteYN='N'", 1)
    [complete], [record] = read(PUBMED), read(source)
    assert NOT_ALL_AUTHORS in record.notes and NOT_ALL_AUTHORS not in complete.notes
    assert record.content.paper.authors == complete.content.paper.authors


def test_pubmeds_mark_of_a_part_without_a_heading_is_no_heading() -> None:
    source = re.sub(r"<AbstractText\b[^>]*>", '<AbstractText Label="UNLABELLED">', PUBMED)
    [record] = read(source)
    assert record.content.paper.abstract and "UNLABELLED" not in record.content.paper.abstract


def test_pubmed_xml_marks_a_retracted_paper() -> None:
    notice = (
        '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Beds. 2021. doi: 10.5555/r.'
        "</RefSource></CommentsCorrections></CommentsCorrectionsList>"
    )
    paper = content(PUBMED.replace("@type", "Retracted Publication").replace("@notices", notice)).paper
    assert (paper.status, paper.status_url) == (PaperStatus.RETRACTED, "https://doi.org/10.5555/r")


# ------------------------------------------------------------------ JATS


def jats(**parts: str) -> str:
    source = JATS
    for name in ("type", "related", "funding", "back"):
        source = source.replace(f"@{name}", parts.get(name, ""))
    return source


def test_jats_gives_every_fact() -> None:
    found = content(jats(type="research-article"))
    paper = found.paper
    assert paper.title == "A bed for all: A trial"
    assert (paper.doi, paper.pmid, paper.pmcid) == ("10.5555/bed.3", "12345678", "PMC99")
    assert (paper.volume, paper.issue, paper.pages, paper.license) == ("5", "2", "12-19", "CC BY-NC 4.0")
    assert paper.published_on == "2020-12-03"
    assert paper.authors == [Author(family="Doe", given="Jo"), Author(family="The Bed Group")]
    assert paper.abstract == "Methods: We slept.\n\nTrial registration: NCT01234567"
    assert found.registrations == [REGISTRATION]
    assert (found.funding, found.conflicts_of_interest, found.study_kind) == ("", "", None)


@pytest.mark.parametrize(
    "parts",
    [
        {"funding": "<funding-group><funding-statement>Paid by a fund.</funding-statement></funding-group>"},
        {"back": '<fn-group><fn fn-type="financial-disclosure"><p>Paid by a fund.</p></fn></fn-group>'},
        {"back": '<fn-group><fn fn-type="supported-by"><p>Paid by a fund.</p></fn></fn-group>'},
        {
            "funding": "<funding-group><award-group><funding-source>Paid by a fund.</funding-source></award-group></funding-group>"
        },
    ],
)
def test_funding_comes_from_its_own_elements(parts: dict[str, str]) -> None:
    assert content(jats(**parts)).funding == "Paid by a fund."


@pytest.mark.parametrize(
    "back",
    [
        '<fn-group><fn fn-type="conflict"><p>None declared.</p></fn></fn-group>',
        '<fn-group><fn fn-type="COI-statement"><p>None declared.</p></fn></fn-group>',
        '<sec sec-type="COI-statement"><title>Conflict of interest</title><p>None declared.</p></sec>',
        '<notes notes-type="COI-statement"><title>Competing interests</title><p>None declared.</p></notes>',
    ],
)
def test_conflicts_of_interest_come_from_their_own_elements(back: str) -> None:
    assert content(jats(back=back)).conflicts_of_interest == "None declared."


def test_headings_and_thanks_are_not_interpreted() -> None:
    back = (
        "<sec><title>Funding</title><p>Paid by a fund.</p></sec><ack><p>Supported by the Bed Fund.</p></ack>"
    )
    found = content(jats(back=f"{back}<sec><title>Competing interests</title><p>None.</p></sec>"))
    assert (found.funding, found.conflicts_of_interest) == ("", "")


def test_of_several_trial_numbers_none_is_taken() -> None:
    two = jats().replace("We slept.", "We slept as in NCT07777777.")
    assert content(two).registrations == []


def test_a_section_about_the_registration_names_the_trial() -> None:
    own = "<sec><title>Clinical Trial Registration</title><p>ISRCTN12345678.</p></sec>"
    [entry] = content(jats(back=own).replace("NCT01234567", "Yes")).registrations
    assert entry.number == "ISRCTN12345678"


def test_jats_tells_plans_and_reviews() -> None:
    assert content(jats(type="systematic-review")).study_kind == StudyKind.REVIEWS
    heading = (
        "<article-categories><subj-group><subject>Study Protocol</subject></subj-group></article-categories>"
    )
    assert content(jats(related=heading)).study_kind == StudyKind.STUDY_PLAN


def test_jats_marks_a_retracted_paper_and_refuses_the_notice() -> None:
    link = '<related-article related-article-type="retraction-forward" xlink:href="10.5555/r"/>'
    paper = content(jats(related=link)).paper
    assert (paper.status, paper.status_url) == (PaperStatus.RETRACTED, "https://doi.org/10.5555/r")
    assert only(jats(type="retraction")).reason == IS_A_NOTICE


@pytest.mark.parametrize(
    "group",
    [
        "<collab>The Bed Group</collab>",
        "<collab>The Bed <institution>Group</institution><xref>*</xref></collab>",
        "<collab>The Bed Group<contrib-group><contrib><name><surname>Not</surname></name></contrib></contrib-group></collab>",
        "<collab-alternatives><collab>The Bed Group</collab><collab>Die Bettgruppe</collab></collab-alternatives>",
        "<string-name>The Bed Group</string-name>",
    ],
)
def test_a_group_in_jats_is_one_author_whatever_is_in_it(group: str) -> None:
    authors = content(jats().replace("<collab>The Bed Group</collab>", group)).paper.authors
    assert authors == [Author(family="Doe", given="Jo"), Author(family="The Bed Group")]


@pytest.mark.parametrize(
    "name",
    [
        "<name><surname>Doe</surname><given-names>Jo</given-names><suffix>Jr</suffix></name>",
        "<name-alternatives><name><surname>Doe</surname><given-names>Jo</given-names><suffix>Jr</suffix></name></name-alternatives>",
        "<string-name><surname>Doe</surname>, <given-names>Jo</given-names>, <suffix>Jr</suffix></string-name>",
        "<string-name>Doe, Jo, Jr</string-name>",
    ],
)
def test_a_suffix_is_read_from_jats(name: str) -> None:
    source = jats().replace("<name><surname>Doe</surname><given-names>Jo</given-names></name>", name)
    assert content(source).paper.authors[0] == Author(family="Doe", given="Jo", suffix="Jr.")


# ------------------------------------------------------------------ RIS


def test_ris_gives_what_there_is() -> None:
    paper = ris(
        "AU  - Doe, Jo", "AU  - The Bed Group", "T2  - Journal of made-up trials", "PY  - 2020", "DA  - 2020/03/14/",
        "VL  - 5", "IS  - 2", "SP  - 12", "EP  - 19", "DO  - https://doi.org/10.5555/BED.1", "AB  - One.", "   Two.",
    ).paper  # fmt: skip
    assert paper.authors == [Author(family="Doe", given="Jo"), Author(family="The Bed Group")]
    assert (paper.journal, paper.published_on) == ("Journal of made-up trials", "2020-03-14")
    assert (paper.volume, paper.issue, paper.pages, paper.doi) == ("5", "2", "12-19", "10.5555/bed.1")
    assert paper.abstract == "One. Two."


@pytest.mark.parametrize("separator", ["  - ", " - "])
def test_tags_in_lower_case_are_tags(separator: str) -> None:
    lines = [
        "TY  - JOUR",
        "TI  - Two beds",
        "AU  - Doe, Jo",
        "DO  - 10.5555/bed.1",
        "AB  - In - and out.",
        "ER  - ",
    ]
    in_capitals = "\n".join(line.replace("  - ", separator) for line in lines)
    in_lower_case = "\n".join(line[:2].lower() + line[2:] for line in in_capitals.split("\n"))
    assert content(in_lower_case) == content(in_capitals)
    assert content(in_lower_case).paper.abstract == "In - and out."


def test_a_wrapped_value_goes_on_in_the_next_lines() -> None:
    record = content(
        "TY  - JOUR\nTI  - A bed\nfor\n  all\nJO  - J.\n Beds\nDO  - 10.5555/\n  bed.1\nAU  - Doe,\nJo\nER  -"
    ).paper
    assert (record.title, record.journal, record.doi) == ("A bed for all", "J. Beds", "10.5555/bed.1")
    assert record.authors == [Author(family="Doe", given="Jo")]


def test_a_blank_line_or_a_line_that_nobody_wrapped_is_a_paragraph() -> None:
    assert ris("AB  - One", "goes on.", "", "Two.").paper.abstract == "One goes on.\n\nTwo."
    long = "We slept. " * 13
    assert ris(f"AB  - {long}", "RESULTS", "Well.").paper.abstract == f"{long.strip()}\n\nRESULTS\n\nWell."


@pytest.mark.parametrize("separator", ["  -", "  -\t", "  -\xa0", "\xa0\xa0- ", "\t- ", " - ", "   - "])
@pytest.mark.parametrize("indent", ["", "  ", "\t"])
def test_the_blanks_around_a_tags_hyphen_vary(separator: str, indent: str) -> None:
    tags = (
        ("TY", "JOUR"),
        ("T1", "A bed"),
        ("VL", ""),
        ("JO", "J Beds"),
        ("AB", "Seen in\nT2 -weighted pictures."),
        ("ER", ""),
    )
    paper = content("\n".join(f"{indent}{tag}{separator}{value}" for tag, value in tags)).paper
    assert (paper.title, paper.journal, paper.volume) == ("A bed", "J Beds", "")
    assert paper.abstract == "Seen in T2 -weighted pictures."


def test_the_type_need_not_come_first() -> None:
    first, second = read(
        "Provider: X\n\nTI  - A bed\nTY  - JOUR\nER  - \n\nTI  - Two beds\nTY  - JOUR\nER  - \n"
    )
    assert (first.title, second.title, second.line) == ("A bed", "Two beds", 7)


def test_authors_under_several_tags_keep_their_order() -> None:
    assert [
        author.family for author in ris("A1  - One, A", "AU  - Two, B", "A1  - Three, C").paper.authors
    ] == ["One", "Two", "Three"]
    assert [
        author.family for author in ris("A1  - One, A", "A2  - Two, B", "A3  - Three, C").paper.authors
    ] == ["One", "Two", "Three"]


def test_editors_and_contributors_are_no_authors() -> None:
    assert [author.family for author in ris("AU  - One, A", "A2  - Two, B").paper.authors] == ["One"]
    chapter = content("TY  - CHAP\nTI  - A bed\nA1  - One, A\nA2  - Two, B\nER  - ").paper
    assert [author.family for author in chapter.authors] == ["One"]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("S12", "8", "S12-8"),
        ("e123", "", "e123"),
        ("123", "+", "123"),
        ("123-+", "", "123"),
        ("12", "12", "12"),
        ("pp. 12–19", "", "12-19"),
        ("No", "Specified", ""),
        ("No-Specified", "", ""),
        ("No Pagination Specified", "", ""),
        ("n/a", "n/a", ""),
        ("no", "no", ""),
    ],
)  # fmt: skip
def test_page_ranges_are_written_in_one_way(start: str, end: str, expected: str) -> None:
    assert ris(f"SP  - {start}", f"EP  - {end}").paper.pages == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("PY  - 2020",), "2020"),
        (("Y1  - 2020/03//",), "2020-03"),
        (("PY  - 2018", "DA  - SEP"), "2018-09"),  # Web of Science, EndNote
        (("PY  - 2014", "DA  - APR 21"), "2014-04-21"),
        (("PY  - 2011", "DA  - NOV-DEC"), "2011"),
        (("PY  - 2024", "DA  - 2024///"), "2024"),  # Ovid
        (("PY  - 2021", "DA  - 2021///nan"), "2021"),
        (("PY  - 2019", "DA  - 05/04/2019"), "2019"),  # day or month first? not known
        (("PY  - 2019", "DA  - 2020/01/05/"), "2019"),
        (("PY  - in press",), ""),
    ],
)
def test_dates_keep_their_precision(lines: tuple[str, ...], expected: str) -> None:
    assert ris(*lines).paper.published_on == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("DP  - NLM", "AN  - 21553931"), "21553931"),  # EndNote from PubMed
        (("DB  - Scopus", "C2  - 39243807"), "39243807"),
        (("L2  - https://www.ncbi.nlm.nih.gov/pubmed/29267302",), "29267302"),
        (
            ("DB  - Ovid MEDLINE(R)", "L2  - http://ovidsp.ovid.com/ovidweb.cgi?T=JS&D=med7&AN=18379838"),
            "18379838",
        ),
        (("AN  - WOS:000444108200009",), ""),
        (("AN  - 2214991469; 51887", "DB  - PTSDpubs"), ""),
    ],
)
def test_each_ris_dialect_gives_the_pubmed_number(lines: tuple[str, ...], expected: str) -> None:
    assert ris(*lines).paper.pmid == expected


def test_each_ris_dialect_has_its_own_tags() -> None:
    embase = content(
        "TY  - JOUR\nT1  - A bed\nA1  - Liu R.\nA1  - Adler D.G.\nJF  - J Beds\nN2  - Said.\nER  -\n"
    ).paper
    assert (embase.title, embase.journal, embase.abstract) == ("A bed", "J Beds", "Said.")
    assert embase.authors == [Author(family="Liu", given="R."), Author(family="Adler", given="D.G.")]
    assert ris("C7  - 106241").paper.pages == "106241"
    assert ris("SP  - e12", "EP  - nan").paper.pages == "e12"
    assert ris("M3  - Retracted").paper.status == PaperStatus.RETRACTED
    assert ris("L2  - http://dx.doi.org/10.5555/bed.9").paper.doi == "10.5555/bed.9"
    assert ris("UR  - https://example.org/bed").paper.url == "https://example.org/bed"


def test_carriage_returns_alone_end_lines_too() -> None:
    assert content(RIS.replace("\n", "\r")).paper.journal == "Journal of made-up trials"


def test_a_record_without_its_end_ends_where_the_next_begins() -> None:
    first, second = read(RIS.replace("ER  -\n", "") + RIS.replace("A made-up bed", "Another bed"))
    assert (first.title, second.title) == ("A made-up bed", "Another bed")
    assert (first.location, second.location) == ("record 1, line 1", "record 2, line 6")


# ------------------------------------------------------------------ BibTeX


def test_bibtex_reads_letters_that_latex_spells() -> None:
    paper = content(
        r"""@article{x, title = {{T}he {\"U}ber $\beta$-catenin \& 30\% \emph{in vivo}}, journal = {Zeitschrift f{\"u}r Betten},
        author = {M{\"u}ller, J{\'o}zef and Jos\'e de la Cruz and {World Health Organization} and van der Berg, Jan},
        year = 2020, month = dec, volume = {5}, number = {2}, pages = {12--19}, doi = {10.5555/bed\_1}}"""
    ).paper
    assert paper.title == "The Über β-catenin & 30% in vivo"
    assert paper.journal == "Zeitschrift für Betten"
    assert paper.authors == [
        Author(family="Müller", given="Józef"),
        Author(family="de la Cruz", given="José"),
        Author(family="World Health Organization"),
        Author(family="van der Berg", given="Jan"),
    ]
    assert (paper.published_on, paper.volume, paper.issue, paper.pages) == ("2020-12", "5", "2", "12-19")
    assert paper.doi == "10.5555/bed_1"


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("`x' and ``y'' of Tom's", "‘x’ and “y” of Tom's"),
        ("A 10% rise and a 20\\% fall", "A 10% rise and a 20% fall"),
        ("Bone & muscle \\& nerve {\\&}amp; skin", "Bone & muscle & nerve & skin"),
        ("It cost $5 and more", "It cost $5 and more"),
        ("It cost $5 and not $6", "It cost $5 and not $6"),
        ("Rare ($p<0.05$), $n=20$, $\\alpha=5%$", "Rare (p<0.05), n=20, α=5%"),
        ("Rare (p $<$ 0.05, p {\\textless} 0.1, n{textgreater}3)", "Rare (p < 0.05, p < 0.1, n>3)"),
        ("CO$_2$ and $H_{2}O$, a_b #1", "CO₂ and H₂O, a_b #1"),
        ("Bone \\\\& muscle, \\(p<0.05\\)", "Bone & muscle, p<0.05"),
        ("Na$_v$1.7 of $5 and GABA$_A$", "Nav1.7 of $5 and GABA-A"),
        ("About ~50 of J.~Doe’s", "About ~50 of J. Doe’s"),
        ("{\\textalpha}-synuclein, {\\textmu}m, 5 {\\textdegree}C", "α-synuclein, µm, 5 °C"),
        ("{\\textless}i{\\textgreater}In vivo{\\textless}/i{\\textgreater}", "In vivo"),
    ],
)
def test_signs_that_latex_would_act_on_are_text_in_bibtex(latex: str, text: str) -> None:
    assert bib(f"journal = {{{latex}}}").paper.journal == text


def test_biblatex_dates_count() -> None:
    assert bib("date = {2021-03-14}").paper.published_on == "2021-03-14"
    assert bib("year = {2021}, month = {3}, day = {4}").paper.published_on == "2021-03-04"


def test_a_broken_entry_is_refused_and_the_others_are_read() -> None:
    broken, good = read('@article{a, title = "never closed\n}\n@article{b, title = {Good}}\n')
    assert "don’t match up" in broken.reason and broken.line == 1
    assert (good.title, good.reason) == ("Good", "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"Walking" # { again}', "Walking again"),
        ('word # " again"', "Walking again"),
        ("word", "Walking"),
        ('"A # in quotes"', "A # in quotes"),
        ("{A # in {braces}}", "A # in braces"),
        ("2020", "2020"),
    ],
)
def test_bibtex_parts_are_joined(value: str, expected: str) -> None:
    assert content(f"@string{{word = {{Walking}}}}\n@article{{a, title = {value}}}").paper.title == expected


def test_bibtex_months_may_hold_the_day() -> None:
    for month in ('10 # "~" # oct', 'oct # " 10"', '"October 10"'):
        assert bib("year = 2020", f"month = {month}").paper.published_on == "2020-10-10"


def test_a_bibtex_entry_inherits_from_its_volume_what_it_lacks() -> None:
    parent = "@proceedings{P, title={Test Meeting}, year=2019, doi={10.5555/p}, volume=4}"
    child = "@inproceedings{a, title={A bed}, volume=5, crossref={p}}"
    for source in (f"{child}\n{parent}", f"{parent}\n{child}"):
        records = read(source)
        [paper] = [record.content.paper for record in records if not record.reason]
        assert (paper.title, paper.journal, paper.published_on, paper.volume, paper.doi) == (
            "A bed",
            "Test Meeting",
            "2019",
            "5",
            "",
        )
        assert len(records) == 2


@pytest.mark.parametrize(
    "field", ["pmid = {12}", "pubmed_id = {12}", "note = {PMID: 12}", "note = {Cited by 3; PubMed ID: 12}"]
)
def test_bibtex_has_several_places_for_the_pubmed_number(field: str) -> None:
    assert bib(field).paper.pmid == "12"


def test_two_entries_with_one_key_are_two_papers() -> None:
    assert [record.title for record in read("@misc{a, title={One}}\n@misc{a, title={Two}}")] == ["One", "Two"]


# ------------------------------------------------------------------ JSON

WORK: dict[str, Any] = {"title": ["A bed"], "DOI": "10.5555/BED", "issued": {"date-parts": [[2020, 3]]}}
CSL: dict[str, Any] = {
    "type": "article-journal", "title": "A bed", "container-title": "J Beds", "DOI": "10.5555/bed", "PMID": "12",
    "PMCID": "PMC34", "author": [{"family": "Doe", "given": "Jo"}, {"literal": "The Bed Group"}],
    "issued": {"date-parts": [["2020", 3]]}, "page": "1-2", "abstract": "Said.",
}  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [WORK, [WORK], {"message": WORK}, {"message": {"items": [WORK]}}, {"items": [WORK]}],
)
def test_crossrefs_messages_are_unwrapped(said: object) -> None:
    paper = content(json.dumps(said)).paper
    assert (paper.title, paper.doi, paper.published_on) == ("A bed", "10.5555/bed", "2020-03")


def test_csl_gives_every_fact() -> None:
    paper = content(json.dumps([CSL])).paper
    assert (paper.title, paper.journal, paper.doi, paper.pmid, paper.pmcid) == (
        "A bed",
        "J Beds",
        "10.5555/bed",
        "12",
        "PMC34",
    )
    assert paper.authors == [Author(family="Doe", given="Jo"), Author(family="The Bed Group")]
    assert (paper.published_on, paper.pages, paper.abstract) == ("2020-03", "1-2", "Said.")
    assert content(json.dumps(CSL | {"issued": {"raw": "2020-03-14"}})).paper.published_on == "2020-03-14"


def test_one_work_on_each_line_is_read_with_its_line() -> None:
    rows = read(json.dumps(WORK) + "\n\n{damaged\n" + json.dumps(WORK))
    assert [(row.line, bool(row.reason)) for row in rows] == [(1, False), (3, True), (4, False)]


def test_crossref_names_the_article_number_and_the_trial() -> None:
    message = {
        "title": "T",
        "article-number": "e123",
        "clinical-trial-number": [{"clinical-trial-number": "nct01234567", "registry": "10.18810/x"}],
    }
    [record] = read(json.dumps(message))
    assert (record.content.paper.pages, record.content.registrations) == ("e123", [REGISTRATION])


def test_zoteros_own_json_is_refused_rather_than_read_by_half() -> None:
    item = {"itemType": "journalArticle", "title": "T", "creators": [{"firstName": "Jo", "lastName": "Doe"}]}
    [record] = read(json.dumps([item]))
    assert "Export the paper as CSL JSON" in record.reason


def test_crossref_names_who_paid() -> None:
    funders = [
        {"name": "Bed Fund", "award": ["B1", "B2"]},
        {"name": "Chair Fund"},
        {"name": "Chair Fund", "award": []},
    ]
    assert content(json.dumps(WORK | {"funder": funders})).funding == "Bed Fund (B1, B2); Chair Fund"


@pytest.mark.parametrize(
    ("title", "subtitle", "expected"),
    [
        ("A bed", "A trial", "A bed: A trial"),
        ("A bed:", "a trial", "A bed: a trial"),
        ("A bed?", "A trial", "A bed? A trial"),
        ("A bed: a trial", "A trial", "A bed: a trial"),
        (
            "Pressure injury in new beds",
            "Beds and pressure injury",
            "Pressure injury in new beds",
        ),  # a running title
        ("A bed", "", "A bed"),
    ],
)
def test_a_subtitle_follows_its_title(title: str, subtitle: str, expected: str) -> None:
    assert content(json.dumps({"title": [title], "subtitle": [subtitle]})).paper.title == expected


# ------------------------------------------------------------------ all formats


@pytest.mark.parametrize(
    "source",
    [
        RIS.replace("ER  -", "KW  - beds; sleep\nER  -"),
        RIS.replace("ER  -", "KW  - beds, sleep\nER  -"),
        RIS.replace("ER  -", "KW  - Beds/adverse effects/*standards\nKW  - *Sleep\nER  -"),
        RIS.replace("ER  -", "KW  - Beds\nSleep\nBeds\nER  -"),
        "@article{a, title={A bed}, keywords={beds; sleep}}",
        "@article{a, title={A bed}, keywords={Beds, Sleep}}",
        "PMID- 1\nTI  - A bed\nMH  - *Beds/standards\nOT  - sleep\nOT  - *beds\n",
        '{"title": "A bed", "keyword": "beds, sleep"}',
        jats(related="<kwd-group><title>Key words</title><kwd>Beds</kwd><kwd>Sleep</kwd></kwd-group>"),
    ],
)
def test_keywords_are_read_in_every_format(source: str) -> None:
    assert [term.lower() for term in content(source).paper.mesh_terms] == ["beds", "sleep"]


def test_a_heading_with_a_comma_stays_whole() -> None:
    found = content("PMID- 1\nTI  - A bed\nMH  - Models, Animal\n").paper.mesh_terms
    assert found == ["Models, Animal"]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (["ISRCTN/ISRCTN12345678"], [ISRCTN]),
        (["ISRCTN/ISRCTN12345678", "ClinicalTrials.gov/NCT01234567"], [REGISTRATION, ISRCTN]),
        (["ClinicalTrials.gov/NCT01234567", "ClinicalTrials.gov/NCT07777777"], []),
        (["GENBANK/AB012345"], []),
    ],
)
def test_a_trial_may_be_in_two_registers(numbers: list[str], expected: list[Registration]) -> None:
    found = content("PMID- 1\nTI  - A bed\n" + "".join(f"SI  - {number}\n" for number in numbers))
    assert found.registrations == expected


@pytest.mark.parametrize(
    "start", ["RETRACTED: ", "[Retracted] ", "WITHDRAWN ARTICLE: ", "Retracted Paper - "]
)
def test_a_title_that_says_retracted_marks_the_paper(start: str) -> None:
    assert content(RIS.replace("A made-up", f"{start}A made-up")).paper.status == PaperStatus.RETRACTED


def test_a_title_about_withdrawn_drugs_does_not() -> None:
    assert content(RIS.replace("A made-up", "Withdrawn drugs and a")).paper.status == PaperStatus.PUBLISHED


@pytest.mark.parametrize(
    "source",
    [
        RIS.replace("AU  - Doe, Jo", "AU  - Doe, Jo\nAU  - et al."),
        RIS.replace("AU  - Doe, Jo", "AU  - Doe, Jo et al."),
        "@article{a, title={A bed}, author={Doe, Jo and others}}",
        "PMID- 1\nTI  - A bed\nFAU - Doe, Jo\nFAU - others\n",
        '{"title": "A bed", "author": [{"family": "Doe", "given": "Jo"}, {"literal": "et al."}]}',
    ],
)
def test_a_list_that_breaks_off_is_noted_and_nobody_is_named_others(source: str) -> None:
    record = only(source)
    assert record.content.paper.authors == [Author(family="Doe", given="Jo")]
    assert record.notes == (NOT_ALL_AUTHORS,)


def test_a_name_that_may_be_several_is_noted() -> None:
    assert (
        "“Doe, Jo, Walking” may be more than one" in only(RIS.replace("Doe, Jo", "Doe, Jo, Walking")).notes[0]
    )


@pytest.mark.parametrize(
    ("author", "family"),
    [
        ("{World Health Organization}", "World Health Organization"),
        ("{{Beds and Chairs Group}}", "Beds and Chairs Group"),
        ("King, Jr., Max", "King"),
        ("Max King Jr.", "King"),
        ("von Berg, Jan", "von Berg"),
    ],
)
def test_bibtex_names_keep_their_parts(author: str, family: str) -> None:
    [found] = bib(f"author = {{{author}}}").paper.authors
    assert found.family == family and found.suffix == ("Jr." if "Jr" in author else "")


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("given=Jo, family=Doe", Author(family="Doe", given="Jo")),
        ("family=Doe, given={Jo Ann}, given-i={J. A.}", Author(family="Doe", given="Jo Ann")),
        (
            'family="Berg", given=Jan, prefix=van der, useprefix=true',
            Author(family="van der Berg", given="Jan"),
        ),
        ("family=King, given=Max, suffix=Jr.", Author(family="King", given="Max", suffix="Jr.")),
        ("family = {World Health Organization}", Author(family="World Health Organization")),
    ],
)
def test_biblatex_names_may_say_which_part_is_which(author: str, expected: Author) -> None:
    assert bib(f"author = {{{author} and Roe, Al}}").paper.authors == [
        expected,
        Author(family="Roe", given="Al"),
    ]


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\'{A}lvarez, \~Nino", "Álvarez, Ñino"),
        (r"\L{}ukasiewicz, J", "Łukasiewicz, J"),
        (r"\L ukasz, A", "Łukasz, A"),
        (r"\c{C}elik, \c{S}\"ukr\"u", "Çelik, Şükrü"),
        (r"\O{}stergaard, \O", "Østergaard, Ø"),
        (r"Nguy\~{\^e}n, V\u{a}n", "Nguyễn, Văn"),
        (r"\.{I}lker \"Oz", "Öz, İlker"),
        (r"Mart{\'\i}n, B", "Martín, B"),
    ],
)
def test_letters_that_latex_spells_stay_in_every_name_of_a_list(latex: str, expected: str) -> None:
    authors = bib(f"author = {{{latex} and {latex} and Doe, J}}").paper.authors
    assert [names.written(author) for author in authors] == [expected, expected, "Doe, J"]


@pytest.mark.parametrize("field", ["pages", "eid", "article-number"])
def test_bibtex_has_several_places_for_the_pages(field: str) -> None:
    assert bib(f"{field} = {{e0123456}}").paper.pages == "e0123456"


@pytest.mark.parametrize("field", ["eprinttype", "archivePrefix"])
def test_a_number_of_arxiv_is_a_doi(field: str) -> None:
    paper = bib(f"eprint = {{2101.12345}}, {field} = {{arXiv}}").paper
    assert (paper.doi, paper.status) == ("10.48550/arxiv.2101.12345", PaperStatus.PREPRINT)


@pytest.mark.parametrize("authors", ["Doe J, Roe A", "Doe, J.; Roe, A.", "Doe, J. and Roe, A."])
def test_bibtex_authors_without_and_are_told_apart_too(authors: str) -> None:
    assert [author.family for author in bib(f"author = {{{authors}}}").paper.authors] == ["Doe", "Roe"]


TAGS = (
    ("pressure <85 or >90", "pressure <85 or >90"),
    ("n<5 <b>and</b> <i class='x'>p</i> >5", "n<5 and p >5"),
    ("a <B and c> d, <a and> b", "a <B and c> d, <a and> b"),
    ("H<sub>2</sub>O<br/>here", "H₂O here"),
    ("&lt;i&gt;In vivo&lt;/i&gt;, p&lt;0.05 &amp; R&D", "In vivo, p<0.05 & R&D"),
    ("twice &amp;amp; once &nbsp;more", "twice &amp; once more"),
    ("si\u00adgni\ufb01cant\u200b \u00a0rise\x0bhere", "significant rise here"),
)


@pytest.mark.parametrize(("written", "text"), TAGS)
def test_only_tags_are_taken_out_of_a_text(written: str, text: str) -> None:
    said = json.dumps(WORK | {"title": [written], "abstract": written, "container-title": [written]})
    for paper in (content(said).paper, ris(f"T2  - {written}", f"AB  - {written}").paper):
        assert (" ".join(paper.abstract.split()), paper.journal) == (text, text)
    assert content(said).paper.title == text


SCRIPTS = (
    ("10<sup>6</sup>", "10⁶"),
    ("10<jats:sup>−6.5</jats:sup>", "10⁻⁶·⁵"),
    ("CO<sub class='x'>2</sub>", "CO₂"),
    ("Ca<sup>2<b>+</b></sup>", "Ca²⁺"),
    ("VO<sub>2max</sub>", "VO₂max"),
    ("the 5<sup>th</sup>", "the 5th"),
    ("GABA<sub>A</sub> and p<sub>R</sub>", "GABA-A and pR"),
    ("37<sup>o</sup>C, 2<sup>n</sup>", "37°C, 2ⁿ"),
    ("Mn<sub>1−x</sub>", "Mn1−x"),
    ("10&lt;sup&gt;6&lt;/sup&gt;", "10⁶"),
    ("<math><msup><mn>10</mn><mn>6</mn></msup></math>", "10⁶"),
    (
        "<alternatives><tex-math>$10^6$</tex-math><math><msub><mi>T</mi><mn>1</mn></msub></math></alternatives>",
        "T₁",
    ),
)


@pytest.mark.parametrize(("written", "text"), SCRIPTS)
def test_raised_and_lowered_signs_stay_so(written: str, text: str) -> None:
    written = re.sub("<(/?)(alternatives|tex-math)", r"<\1jats:\2", re.sub("<(/?)(m)", r"<\1mml:\2", written))
    said = json.dumps(WORK | {"title": [written]})
    assert content(said).paper.title == ris(f"T2  - {written}").paper.journal == text


@pytest.mark.parametrize(("written", "text"), SCRIPTS)
def test_raised_and_lowered_signs_stay_so_in_xml(written: str, text: str) -> None:
    written = written.replace("jats:", "")
    for source in (
        JATS.replace("A bed for", f"{written} for"),
        PUBMED.replace("Effects of", f"{written} for"),
    ):
        assert content(source.replace("@notices", "")).paper.title.startswith(f"{text} for")


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("10$^6$, $10^{-6}$, 10\\textsuperscript{6}", "10⁶, 10⁻⁶, 10⁶"),
        ("$\\mathrm{CO_2}$, VO\\textsubscript{2max}", "CO₂, VO₂max"),
        ("{\\textsuperscript{18}F}, 37$^\\circ$C, $r^2=0.5$", "¹⁸F, 37°C, r²=0.5"),
    ],
)
def test_raised_and_lowered_signs_stay_so_in_bibtex(latex: str, text: str) -> None:
    assert bib(f"journal = {{{latex}}}").paper.journal == text


@pytest.mark.parametrize("sign", ["&nbsp;", "\x0b", "&#11;", "&#x1F;", "&thinsp;"])
def test_what_only_html_allows_does_not_damage_xml(sign: str) -> None:
    source = PUBMED.replace("Effects of", f"Bone & skin{sign}in").replace("@notices", "")
    assert content(source).paper.title.startswith("Bone & skin in H₂O")


def test_a_number_in_a_note_is_the_papers_own() -> None:
    assert ris("N1  - PMID: 12345678").paper.pmid == "12345678"
    assert ris("N1  - Comment in: J Test 2020. PMID: 12345678").paper.pmid == ""
    assert ris("C3  - PUBMED 12345678").paper.pmid == "12345678"
    assert bib("note = {doi: 10.5555/bed}").paper.doi == "10.5555/bed"
    assert bib("howpublished = {\\url{https://doi.org/10.5555/bed}}").paper.doi == "10.5555/bed"
    assert bib("note = {Cites doi:10.5555/bed}").paper.doi == ""
    assert content(json.dumps([{"title": "A bed", "note": "x\nDOI: 10.5555/bed"}])).paper.doi == "10.5555/bed"
    assert (
        content(json.dumps([{"title": "A bed", "URL": "https://doi.org/10.5555/bed"}])).paper.doi
        == "10.5555/bed"
    )


def test_an_entry_without_a_key_gives_nothing_to_others() -> None:
    first, second = read("@article{, title={One}, journal={J Beds}}\n@article{b, title={Two}}")
    assert (first.content.paper.journal, second.content.paper.journal) == ("J Beds", "")


def test_a_missing_comma_is_refused() -> None:
    assert only("@article{k, title={W}\n author={Doe, J}}").reason


def test_short_names_in_bibtex_are_read_from_their_end() -> None:
    assert bib("author = {Doe J and Roe AB}").paper.authors == [
        Author(family="Doe", given="J"),
        Author(family="Roe", given="AB"),
    ]
    assert bib("author = {Wei LI and Jo WU}").paper.authors == [
        Author(family="LI", given="Wei"),
        Author(family="WU", given="Jo"),
    ]


def test_nobody_is_named_anonymous() -> None:
    assert [author.family for author in ris("AU  - [Anonymous]", "AU  - Doe, J").paper.authors] == ["Doe"]


def test_dates_may_begin_with_their_day_or_month() -> None:
    for text in ("3 May 2020", "May 3, 2020", "May 3rd, 2020"):
        assert ris(f"DA  - {text}").paper.published_on == "2020-05-03"
        assert (
            content(json.dumps([{"title": "A bed", "issued": {"literal": text}}])).paper.published_on
            == "2020-05-03"
        )


def test_a_record_without_a_title_is_refused() -> None:
    assert only(RIS.replace("TI  - A made-up bed\n", "")).reason == NO_TITLE


def test_what_no_field_can_hold_is_left_out() -> None:
    paper = ris(f"VL  - {'9' * 33}", "DO  - none", f"AB  - {'a' * 20_001}", "T2  - J\x00 B\x07eds").paper
    assert (paper.volume, paper.doi, paper.abstract, paper.journal) == ("", "", "", "J Beds")
    assert content('{"title": "A \\ud800 bed\\u0000"}').paper.title == "A bed"


def test_authors_are_limited_to_what_the_form_can_hold() -> None:
    found = ris(*(f"AU  - Researcher{number:05}, Jo" for number in range(2_000))).paper.authors
    assert 500 < len(found) < 2_000
    assert [author.family for author in found[:2]] == ["Researcher00000", "Researcher00001"]
    assert sum(len(f"{author.family}, {author.given}\r\n") for author in found) <= LONGEST_TEXT


@pytest.mark.parametrize("name", ["plos_correction", "wiley_1998", "with_abstract"])
def test_a_message_that_was_parsed_already_is_read_like_its_text(name: str) -> None:
    text = Path(__file__).with_name("samples").joinpath(f"{name}.json").read_text(encoding="utf-8")
    message = json.loads(text)
    message = message.get("message", message)
    message["publisher"] = "A house with a broken letter: \ufffd"
    message["title"] = [f"{message['title'][0]} \ufffd"]
    assert read_message(message, "Crossref") == read(json.dumps(message), "Crossref")[0]
