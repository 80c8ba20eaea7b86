"""What readers see of articles and categories."""

import sqlite3
from collections import Counter
from datetime import date, timedelta

import pytest
from flask import Flask

from tests.factories import NOW, add_article, content, publish
from tests.pages import PageClient
from webapp.catalog import queries
from webapp.content.article_content import CorrectionContent
from webapp.db.session import db
from webapp.models.values import Finding, PaperStatus, ReadFrom, Result, StudyKind, Subject
from webapp.publishing.publication import NotPublishable, withdraw

# The original site's labels, letter for letter and in its order.
LABELS = [
    "Simple Explanation",
    "Study Duration",
    "Participants",
    "Evidence Level",
    "Key Findings",
    "Research Summary",
    "Practical Implications",
    "Study Limitations",
    "Your Feedback",
    "Was this summary helpful?",
    "Back to Pain Management",
    "Quick Links",
    "Contact Us",
]


def test_an_article_shows_every_label_in_order(client: PageClient) -> None:
    page = client.get(f"/research/{add_article().slug}").text
    page = page[page.index('id="h-simple"') :]
    places = [page.index(label) for label in LABELS]
    assert places == sorted(places)


def test_an_article_says_what_it_is_about_before_its_text(client: PageClient) -> None:
    article = add_article(subject=Subject.ANIMALS, species="rats", study_kind=StudyKind.LAB_OR_ANIMALS)
    page = client.get(f"/research/{article.slug}").text
    for text in (
        "Animals (rats)",
        "Laboratory or animals",
        "Step 1 of 5",
        "Result: no clear difference in rats",
    ):
        assert text in page
    assert page.index("Animals (rats)") < page.index("Simple Explanation")


def test_the_papers_own_title_stands_under_the_plain_one(client: PageClient) -> None:
    article = add_article()
    page = client.get(f"/research/{article.slug}").text
    assert f"<h1>{article.plain_title}</h1>" in page
    assert article.paper.title in page


def test_without_a_plain_title_the_papers_own_is_the_heading(client: PageClient) -> None:
    article = add_article(plain_title="")
    page = client.get(f"/research/{article.slug}").text
    assert f"<h1>{article.paper.title}</h1>" in page
    assert "own title:" not in page


@pytest.mark.parametrize(
    ("value", "words"), [("2021", "2021"), ("2021-03", "March 2021"), ("2021-03-04", "March 4, 2021")]
)
def test_the_date_is_given_to_the_precision_that_is_known(client: PageClient, value: str, words: str) -> None:
    article = add_article(paper={"published_on": value})
    assert f'<time datetime="{value}">{words}</time>' in client.get(f"/research/{article.slug}").text


@pytest.mark.parametrize(
    ("read_from", "not_specified", "unknown"),
    [
        (ReadFrom.FULL_TEXT, "Not specified (we read the full text)", "Not mentioned in the paper."),
        (
            ReadFrom.PART,
            "Not specified (we read part of the full text)",
            "Not mentioned in the part of the paper we read.",
        ),
        (
            ReadFrom.ABSTRACT,
            "Not specified (we read only the abstract)",
            "Not known: we read only the abstract.",
        ),
    ],
)
def test_what_is_missing_is_told_by_what_was_read(
    client: PageClient, read_from: ReadFrom, not_specified: str, unknown: str
) -> None:
    article = add_article(
        study_duration="", participants="not stated", conflicts_of_interest="", paper={"read_from": read_from}
    )
    page = client.get(f"/research/{article.slug}").text
    assert page.count(f"<dd>{not_specified}</dd>") >= 2
    assert page.count(unknown) >= 6
    assert f"We read {read_from.label}<" in page


def test_an_evidence_level_that_nobody_wrote_is_not_specified(client: PageClient) -> None:
    article = add_article(evidence_level="")
    assert "<dd>Not specified</dd>" in client.get(f"/research/{article.slug}").text


def test_a_finding_names_its_place_and_quote(client: PageClient) -> None:
    findings = [
        Finding(text="Pain was the same.", place="Abstract, results", quote="no difference"),
        Finding(text="Dry mouth was common.", place="Table 2"),
    ]
    article = add_article(findings=findings, paper={"abstract": "There was no difference in pain."})
    page = client.get(f"/research/{article.slug}").text
    assert "In the paper: </span>Abstract, results. “no difference”" in page


def test_counts_of_both_groups_are_drawn_and_said(client: PageClient) -> None:
    findings = [
        Finding(
            text="Fewer had sores with the new bed.",
            place="Table 2",
            counts="New bed: 3 of 40; usual bed: 9 of 41",
        ),
        Finding(text="Both beds were liked.", place="Table 3"),
    ]
    page = client.get(f"/research/{add_article(findings=findings).slug}").text
    assert "3 of 40, which is about 8 out of 100" in page
    assert "9 of 41, which is about 22 out of 100" in page
    assert page.count('d="M5 5H75.1"') == 1  # eight dots
    assert page.count('d="M5 5H95.1M5 15H95.1M5 25H15.1"') == 1  # two rows and two dots


@pytest.mark.parametrize(
    "counts", ["3 of 40", "New: 3 of 40", "New: 50 of 40; old: 1 of 2", "New: 0 of 0; old: 1 of 2", "many"]
)
def test_counts_that_cannot_be_compared_are_refused(app: Flask, counts: str) -> None:
    findings = [Finding(text="One.", place="Table 1", counts=counts), Finding(text="Two.", place="Table 2")]
    with pytest.raises(NotPublishable, match="Write the counts of finding 1 like this"):
        publish(content(findings=findings), NOW)


@pytest.mark.parametrize(
    "status", [PaperStatus.RETRACTED, PaperStatus.CONCERN, PaperStatus.CORRECTED, PaperStatus.PREPRINT]
)
def test_what_the_journal_says_of_a_paper_is_shown_dated_with_a_link(
    client: PageClient, status: PaperStatus
) -> None:
    paper = {
        "status": status,
        "status_on": date(2022, 5, 4),
        "status_url": "https://example.org/notice",
        "status_note": "What the journal says.",
    }
    article = add_article(paper=paper)
    page = client.get(f"/research/{article.slug}").text
    assert "What the journal says. (May 4, 2022)" in page
    assert 'href="https://example.org/notice"' in page


def test_a_retracted_paper_folds_is_marked_in_lists_and_is_no_news(client: PageClient) -> None:
    article = add_article(
        plain_title="Not to be trusted", paper={"status": PaperStatus.RETRACTED, "status_note": "Made up."}
    )
    page = client.get(f"/research/{article.slug}").text
    assert "<h1>RETRACTED: Not to be trusted</h1>" in page
    assert page.index("Show the summary of this retracted paper") < page.index("Simple Explanation</h2>")
    assert ">RETRACTED: Not to be trusted</a>" in client.get("/categories/pain-management").text
    for path in ("/", "/research"):
        assert "Not to be trusted" not in client.get(path).text


@pytest.mark.parametrize(
    ("own_title", "heading"),
    [
        ("A pill and pain", "RETRACTED: A pill and pain"),
        ("RETRACTED: A pill", "RETRACTED: A pill"),
        ("[Retracted] A pill", "[Retracted] A pill"),
        ("Retracted article: A pill", "Retracted article: A pill"),
        ("Retracted shoulders and a pill", "RETRACTED: Retracted shoulders and a pill"),
    ],
)
def test_a_title_says_once_that_its_paper_is_retracted(
    client: PageClient, own_title: str, heading: str
) -> None:
    paper = {"title": own_title, "status": PaperStatus.RETRACTED, "status_note": "Made up."}
    article = add_article(plain_title="", paper=paper)
    assert f"<h1>{heading}</h1>" in client.get(f"/research/{article.slug}").text


def test_a_retracted_paper_counts_nowhere_but_is_listed_apart(client: PageClient) -> None:
    retracted = {"status": PaperStatus.RETRACTED, "status_note": "Made up.", "status_on": date(2026, 2, 3)}
    add_article(plain_title="Still good", result=Result.NO_CLEAR_DIFFERENCE)
    add_article(
        plain_title="Not to be trusted", result=Result.HELPED, main_message="It helped.", paper=retracted
    )
    page = client.get("/categories/pain-management").text
    listed, apart = page.split("Retracted papers</h2>")
    assert "1 summary</h2>" in listed and "Of the 1 study summarized here" in listed
    assert "Not to be trusted" not in listed and "RETRACTED: Not to be trusted" in apart
    assert "read in full: 1 of the 1 summarized here" in client.get("/what-papers-leave-out").text
    corrections = client.get("/corrections").text
    assert "RETRACTED: Not to be trusted" in corrections and "February 3, 2026" in corrections


def test_a_correction_of_ours_is_shown_with_its_date(client: PageClient) -> None:
    article = add_article(
        corrections=[CorrectionContent(published_on=date(2026, 10, 1), text="We had a number wrong.")]
    )
    page = client.get(f"/research/{article.slug}").text
    assert "We corrected this summary on October 1, 2026." in page
    assert "We had a number wrong." in page


def test_urgent_help_is_shown_where_it_applies(client: PageClient) -> None:
    help_text = "can be autonomic dysreflexia"
    assert help_text in client.get(f"/research/{add_article(shows_dysreflexia_help=True).slug}").text
    assert help_text not in client.get(f"/research/{add_article().slug}").text


def test_markup_in_a_text_is_shown_as_text(client: PageClient) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    article = add_article(
        plain_title=bad,
        main_message=bad,
        simple_explanation=bad,
        harms=bad,
        research_summary=bad,
        funding=bad,
    )
    for path in (f"/research/{article.slug}", "/", "/research", "/categories/pain-management"):
        assert "<script>alert" not in client.get(path).text
        assert "&lt;script&gt;alert" in client.get(path).text


def test_similar_summaries_share_a_category_and_put_people_first(client: PageClient) -> None:
    article = add_article()
    add_article(plain_title="In rats something happened", subject=Subject.ANIMALS, species="Wistar rats")
    add_article(plain_title="In people something happened")
    add_article(plain_title="Elsewhere something happened", categories=["orthopedics"])
    page = client.get(f"/research/{article.slug}").text
    similar = page[page.index("Similar summaries") :]
    assert similar.index("In people something happened") < similar.index("In rats something happened")
    assert "in Wistar rats</span>" in similar


def test_an_unknown_address_is_not_found_and_offers_a_search(client: PageClient) -> None:
    assert 'role="search"' in client.get("/research/nothing-here", status=404).text


def test_a_withdrawn_article_leaves_a_note_and_every_list(client: PageClient, app: Flask) -> None:
    article = add_article(plain_title="A text that was taken back")
    withdraw(article, "We mixed up two papers.", NOW)
    db.session.commit()
    page = client.get(f"/research/{article.slug}", status=410).text
    assert "We mixed up two papers." in page
    for path in ("/", "/research", "/categories/pain-management", "/sitemap.xml"):
        assert "A text that was taken back" not in client.get(path).text
        assert article.slug not in client.get(path).text


def test_lists_count_what_they_show(app: Flask) -> None:
    """Of four articles one is withdrawn, one retracted, and one both."""
    retracted = {"status": PaperStatus.RETRACTED, "status_note": "Made up."}
    add_article()
    gone, _, both = add_article(), add_article(paper=retracted), add_article(paper=retracted)
    for article in (gone, both):
        withdraw(article, "We mixed up two papers.", NOW)
    db.session.commit()
    category = queries.get_category("pain-management")
    total = sum(count for *_, count in queries.kinds_and_results(category))
    filed = queries.in_category(category, queries.Order.NEWEST, 1, total)
    counts = {row.category.slug: row.count for row in queries.category_counts()}
    assert (filed.total, len(filed.rows), counts["pain-management"]) == (1, 1, 1)
    latest = queries.latest(1)
    assert (latest.total, len(latest.rows)) == (1, 1)
    assert counts["orthopedics"] == 0


def test_an_old_address_leads_to_the_new_one(client: PageClient) -> None:
    article = add_article(slug="old-name")
    publish(content(slug="new-name", paper={"doi": article.paper.doi}), NOW, article)
    db.session.commit()
    response = client.get("/research/old-name", status=301)
    assert response.headers["Location"] == "/research/new-name"


def test_latest_research_is_grouped_by_month_newest_first(client: PageClient) -> None:
    add_article(now=NOW.replace(month=9), plain_title="The September one")
    add_article(now=NOW, plain_title="The November one")
    page = client.get("/research").text
    places = [
        page.index(text)
        for text in ("November 2026", "The November one", "September 2026", "The September one")
    ]
    assert places == sorted(places)


def test_long_lists_come_in_pages(client: PageClient) -> None:
    for number in range(14):
        add_article(plain_title=f"Article number {number}")
    assert client.get("/research").text.count('<article class="card">') == 12
    second = client.get("/research?page=2").text
    assert second.count('<article class="card">') == 2
    assert 'rel="prev"' in second
    assert client.get("/categories/pain-management?page=2").text.count('<article class="card">') == 2


def test_a_late_page_goes_on_where_the_one_before_it_ended(app: Flask) -> None:
    """Also among articles of the same time, where the newer paper comes first, and without those that were retracted."""
    years = ["2001", "2019", "2007", "2015", "2003", "2011"]
    for at, year in enumerate(years):
        add_article(NOW.replace(hour=at // 3), paper={"published_on": year})
        add_article(
            NOW.replace(hour=at // 3), paper={"status": PaperStatus.RETRACTED, "status_note": "Gone."}
        )
    pages = [queries.latest(number, 2) for number in (1, 2, 3, 4)]
    listed = [article.paper.published_on for page in pages for article in page.rows]
    assert listed == ["2015", "2011", "2003", "2019", "2007", "2001"]
    assert {page.total for page in pages} == {6}


def test_a_late_page_reads_no_papers_of_the_pages_before_it(app: Flask) -> None:
    """In SQLite's own steps: some 30 for each article that is skipped, if its paper is read, and 13 if it is not."""
    for number in range(100):
        add_article(NOW + timedelta(minutes=number))
    connection = db.session.connection().connection.dbapi_connection
    assert isinstance(connection, sqlite3.Connection)
    steps = Counter[int]()
    for page in (1, 1, 50):  # at first the statements are prepared
        steps[page] = 0
        connection.set_progress_handler(lambda page=page: steps.update([page]), 1)
        queries.latest(page, 2)
        db.session.expire_all()
    connection.set_progress_handler(None, 0)
    assert steps[50] - steps[1] < 20 * 98


@pytest.mark.parametrize("page", ["0", "-1", "3", "x", "1e9", "99999999999", "²", ""])
def test_a_page_that_does_not_exist_is_not_found(client: PageClient, page: str) -> None:
    client.get(f"/research?page={page}", status=404)


def test_a_category_can_be_sorted(client: PageClient) -> None:
    add_article(plain_title="Zebra", now=NOW)
    add_article(plain_title="aardvark", now=NOW.replace(month=1))
    orders = {
        sort: client.get(f"/categories/pain-management?sort={sort}").text
        for sort in ("newest", "oldest", "title")
    }
    assert orders["newest"].index("Zebra") < orders["newest"].index("aardvark")
    assert orders["oldest"].index("aardvark") < orders["oldest"].index("Zebra")
    assert orders["title"].index("aardvark") < orders["title"].index("Zebra")
    client.get("/categories/pain-management?sort=best", status=404)


def test_a_category_without_articles_says_so(client: PageClient) -> None:
    assert "no summary on this topic yet" in client.get("/categories/orthopedics").text
    client.get("/categories/astrology", status=404)


def test_the_sorted_list_is_a_part_of_the_page(client: PageClient) -> None:
    add_article()
    path = "/categories/pain-management?sort=oldest"
    assert client.fragment(path).strip() in client.get(path).text


def test_categories_are_counted(client: PageClient) -> None:
    add_article()
    add_article(categories=["orthopedics", "pain-management"])
    page = client.get("/categories").text
    assert '2<span class="sr"> summaries</span>' in page
    assert '1<span class="sr"> summary</span>' in page
    assert page.count('class="topic"') == 12


def test_an_empty_site_has_a_home_page(client: PageClient) -> None:
    assert "No summary has been published yet." in client.get("/").text
    assert "No summary has been published yet." in client.get("/research").text
