"""Feeds, structured data, the share card and the library as files."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import msgspec
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.factories import NOW, add_answer, add_article, content, publish
from tests.pages import H, PageClient, parsed
from webapp.catalog.answers import get_answer
from webapp.content.answer_content import AnswerContent, content_from_json
from webapp.content.article_content import CorrectionContent, PaperContent
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.exports.jsonld import jsonld_text
from webapp.exports.library_files import FILES, csv_rows
from webapp.models import Article, Live
from webapp.models.values import LaterEvent, PaperStatus, ReviewerKind, SignOff, Subject
from webapp.publishing import answers, publication
from webapp.publishing.external_changes import publish_notice
from webapp.publishing.publication import content_of, transient_article
from webapp.search import indexing

A = "{http://www.w3.org/2005/Atom}"


def feed(client: PageClient, path: str) -> ElementTree.Element:
    response = client.get(path)
    assert response.mimetype == "application/atom+xml"
    tree = ElementTree.fromstring(response.text)
    for element in (tree, *tree.iter(f"{A}entry")):
        for name in ("title", "id", "updated"):
            assert element.findtext(f"{A}{name}"), f"no {name}"
    return tree


def test_the_feed_has_the_newest_with_their_flags(client: PageClient) -> None:
    add_article(plain_title="In rats & <mice>", subject=Subject.ANIMALS, species="rats")
    entry = feed(client, "/feed.atom").find(f"{A}entry")
    assert entry is not None
    title = entry.findtext(f"{A}title") or ""
    assert title.startswith(
        "In rats & <mice> (Animals (rats) · Randomized trial · Result: no clear difference in rats"
    )


def test_a_retracted_paper_is_marked_in_the_feed(client: PageClient) -> None:
    add_article(paper={"status": PaperStatus.RETRACTED, "status_note": "Taken back."})
    assert "RETRACTED: " in client.get("/feed.atom").text


def test_each_category_has_a_feed(client: PageClient) -> None:
    add_article(plain_title="About pain")
    add_article(plain_title="About bones", categories=["orthopedics"])
    text = client.get("/categories/orthopedics/feed.atom").text
    assert "About bones" in text and "About pain" not in text
    client.get("/categories/astrology/feed.atom", status=404)


def test_the_data_page_shows_the_newest_changes_and_leads_to_all(client: PageClient) -> None:
    titles = [f"Change number {number}" for number in range(31)]
    for number, title in enumerate(titles):
        add_article(plain_title=title, now=NOW + timedelta(hours=number))

    def listed(path: str) -> list[str]:
        return re.findall(">(Change number [0-9]+)<", client.get(path).text)

    assert listed("/data") == titles[:-6:-1]
    assert 'href="/data/changes"' in client.get("/data").text
    assert listed("/data/changes") == titles[:0:-1]
    assert listed("/data/changes?page=2") == titles[:1]
    client.get("/data/changes?page=3", status=404)


def test_the_change_log_says_which_parts_changed_and_why(client: PageClient) -> None:
    article = add_article(plain_title="A plan")
    answer = add_answer(article.slug, question="Does it help?")
    later = LaterEvent(on="2025", text="It ended with 12 people.", source="A letter")
    mistake = CorrectionContent(published_on=NOW.date(), text="We had a number wrong.")
    publish(
        msgspec.structs.replace(content_of(article), since_then=[later]), NOW, article, "Results came out."
    )
    publish(
        msgspec.structs.replace(content_of(article), corrections=[mistake]), NOW, article, "A wrong number."
    )
    publish_notice(article, PaperContent(status=PaperStatus.CONCERN), NOW)
    db.session.commit()
    rows = parsed(client.get("/data/changes").text).iter(f"{H}li")
    lines = [" ".join("".join(row.itertext()).split()).replace(": the words of “A plan”", "") for row in rows]
    day = "November 24, 2026: "
    notice, corrected, happened, answered, added = [line for line in lines if line.startswith(day)]
    assert notice.startswith(f"{day}A plan (changed: What the journal says). The journal’s notice ")
    assert corrected.startswith(f"{day}A plan (changed: Corrections). A wrong number. ")
    assert happened.startswith(f"{day}A plan (changed: Since then). Results came out. ")
    assert answered == f"{day}Does it help? (added). Answer · How sure: unsure"
    assert added.startswith(f"{day}A plan (added). ")

    publication.withdraw(answer, "", NOW)
    db.session.commit()
    assert "Does it help?" not in client.get("/data/changes").text


def test_corrections_have_a_page_and_a_feed(client: PageClient) -> None:
    add_article(
        corrections=[CorrectionContent(published_on=date(2026, 10, 1), text="We had a number wrong.")]
    )
    assert "We had a number wrong." in client.get("/corrections").text
    entry = feed(client, "/corrections/feed.atom").find(f"{A}entry")
    assert entry is not None and entry.findtext(f"{A}summary") == "We had a number wrong."


def ids(client: PageClient, path: str) -> list[str | None]:
    return [entry.findtext(f"{A}id") for entry in feed(client, path).iter(f"{A}entry")]


def test_publishing_again_keeps_the_ids_and_times_of_corrections(client: PageClient) -> None:
    article, last = add_article(), list[str | None]()
    for number, day in enumerate((0, 1, 1, 2, 2, 2), start=1):
        now = NOW + timedelta(days=day, minutes=number)
        text = content_of(article)
        row = CorrectionContent(published_on=now.date(), text=f"Mistake {number}.")
        publish(msgspec.structs.replace(text, corrections=[row, *text.corrections]), now, article)
        db.session.commit()
        before = feed(client, "/corrections/feed.atom")
        publish(content_of(article), now, article)
        db.session.commit()
        entries = [
            [
                (entry.findtext(f"{A}summary"), entry.findtext(f"{A}id"), entry.findtext(f"{A}updated"))
                for entry in tree.iter(f"{A}entry")
            ]
            for tree in (before, feed(client, "/corrections/feed.atom"))
        ]
        assert entries[0] == entries[1]
        assert [summary for summary, _, _ in entries[0]] == [f"Mistake {n}." for n in range(number, 0, -1)]
        known = ids(client, "/corrections/feed.atom")
        assert len(set(known)) == number
        assert known[1:] == last
        last = known


@pytest.mark.parametrize("path", ["/feed.atom", "/categories/pain-management/feed.atom", "/search/feed.atom"])
def test_a_new_address_keeps_the_id_of_an_entry(client: PageClient, path: str) -> None:
    article = add_article()
    before = ids(client, path)
    publish(msgspec.structs.replace(content_of(article), slug="another-address"), NOW, article)
    db.session.commit()
    assert article.slug == "another-address"
    assert ids(client, path) == before


@pytest.mark.parametrize("path", ["/feed.atom", "/corrections/feed.atom", "/search/feed.atom"])
def test_no_time_in_a_feed_is_in_the_future(client: PageClient, path: str) -> None:
    later = (NOW + timedelta(days=400)).date()
    add_article(published_on=later, corrections=[CorrectionContent(published_on=later, text="A mistake.")])
    tree = feed(client, path)
    times = [element.text or "" for element in tree.iter() if element.tag in (f"{A}updated", f"{A}published")]
    assert times
    assert all(datetime.fromisoformat(text) <= NOW for text in times)


def test_a_correction_made_in_the_morning_is_not_dated_noon(client: PageClient) -> None:
    morning = datetime(2026, 11, 24, 6, tzinfo=UTC)
    add_article(morning, corrections=[CorrectionContent(published_on=morning.date(), text="A mistake.")])
    entry = feed(client, "/corrections/feed.atom").find(f"{A}entry")
    assert entry is not None and entry.findtext(f"{A}updated") == "2026-11-24T00:00:00Z"


def test_an_empty_site_has_valid_feeds(client: PageClient) -> None:
    assert feed(client, "/feed.atom").find(f"{A}entry") is None
    assert "We haven’t corrected anything yet." in client.get("/corrections").text
    feed(client, "/corrections/feed.atom")


def test_structured_data_names_the_page_and_the_paper(client: PageClient) -> None:
    article = add_article(paper={"published_on": "2021-03-04"})
    page = client.get(f"/research/{article.slug}").text
    match = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert match is not None
    graph = {node["@type"]: node for node in json.loads(match.group(1))["@graph"]}
    assert graph["MedicalWebPage"]["mainEntity"]["@id"] == graph["MedicalScholarlyArticle"]["@id"]
    assert graph["MedicalScholarlyArticle"]["datePublished"] == "2021-03-04"
    assert graph["MedicalScholarlyArticle"]["isPartOf"] == {
        "@type": "Periodical",
        "name": article.paper.journal,
    }
    assert [step["position"] for step in graph["BreadcrumbList"]["itemListElement"]] == [1, 2, 3, 4]


def test_structured_data_says_where_in_the_journal_the_paper_is(client: PageClient) -> None:
    article = add_article(paper={"volume": "12", "issue": "3", "pages": "S12-8"})
    page = client.get(f"/research/{article.slug}").text
    periodical = {"@type": "Periodical", "name": article.paper.journal}
    volume = {"@type": "PublicationVolume", "volumeNumber": "12", "isPartOf": periodical}
    issue = {"@type": "PublicationIssue", "issueNumber": "3", "isPartOf": volume}
    assert f'"isPartOf":{json.dumps(issue, separators=(",", ":"))},"pagination":"S12-8"' in page


@pytest.mark.proves("Web: structured data cannot end its script element")
def test_structured_data_cannot_end_its_script() -> None:
    text = jsonld_text([{"name": "</script><!-- & \u2028"}])
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["@graph"][0]["name"] == "</script><!-- & \u2028"


def test_the_head_tells_reference_managers_about_the_paper(client: PageClient) -> None:
    article = add_article()
    page = client.get(f"/research/{article.slug}").text
    assert f'<meta name="citation_doi" content="{article.paper.doi}">' in page
    assert '<meta name="citation_author" content="Doe, Jo">' in page
    assert f'type="application/x-bibtex" title="BibTeX" href="/research/{article.slug}.bib"' in page


@pytest.mark.parametrize(
    "title", ["Short", "A title of many words " * 12, "Donaudampfschifffahrtsgesellschaft" * 4]
)
def test_the_share_card_is_a_picture_of_the_usual_size(client: PageClient, title: str) -> None:
    article = add_article(plain_title=title.strip())
    response = client.get(f"/research/{article.slug}/card-1.png")
    assert Image.open(io.BytesIO(response.data)).size == (1200, 630)
    assert len(response.data) < 100_000


@pytest.mark.parametrize("add", [add_answer, add_article])
def test_a_shared_picture_says_who_checked_and_has_a_new_address_once_they_did(
    client: PageClient, add: Callable[[], Live]
) -> None:
    live = add()
    place = "research" if isinstance(live, Article) else "answers"

    def shared() -> tuple[str, bytes]:
        page = client.get(f"/{place}/{live.slug}").text
        path = re.findall(rf'"og:image" content="[^"]*(/{place}/[^"]*)"', page)[0]
        return path, client.get(path).data

    before = shared()
    assert Image.open(io.BytesIO(before[1])).size == (1200, 630)
    live.sign_offs = [SignOff("Lee Roe", "nurse", ReviewerKind.CLINICIAN, date(2026, 11, 24))]
    live.updated_at += timedelta(seconds=1)
    change_log.announce(ChangeKind.SIGNED_OFF, live.updated_at, of=live.key)
    db.session.commit()
    after = shared()
    assert after[0] != before[0] and after[1] != before[1]


def test_the_library_as_csv_has_a_row_an_article(client: PageClient) -> None:
    add_article(plain_title="=HYPERLINK(1)", paper={"abstract": "Not ours to give."})
    text = client.get("/data/articles.csv").text
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert row["title"] == "'=HYPERLINK(1)"
    assert (row["subject"], row["evidence_step"], row["result"]) == ("people", "4", "no-clear-difference")
    assert "Not ours to give." not in text


@pytest.mark.parametrize("status", [PaperStatus.PREPRINT, PaperStatus.CONCERN, PaperStatus.CORRECTED])
def test_what_the_journal_says_goes_wherever_a_title_goes(client: PageClient, status: PaperStatus) -> None:
    article = add_article(paper={"status": status, "status_note": "A note."})
    indexing.catch_up()
    flags = f"{status.label} · People · Randomized trial"
    for path in ("/feed.atom", "/search/feed.atom?q=pain", "/data", f"/research/{article.slug}"):
        assert flags in client.get(path).text, path


def test_a_retracted_paper_has_no_result_in_the_csv(client: PageClient) -> None:
    add_article(
        main_message="Pain was the same.", paper={"status": PaperStatus.RETRACTED, "status_note": "Made up."}
    )
    (row,) = csv.DictReader(io.StringIO(client.get("/data/articles.csv").text.removeprefix("\ufeff")))
    assert row["paper_status"] == "retracted"
    assert row["title"].startswith("RETRACTED: ") and row["main_message"].startswith("RETRACTED: ")
    assert row["result"] == ""


def test_the_library_as_csv_begins_with_a_byte_order_mark(client: PageClient) -> None:
    """Excel reads a file without it in the encoding of the computer: Garcíañ becomes GarcÃ­aÃ±."""
    add_article(plain_title="“None.” García")
    data = client.get("/data/articles.csv").data
    assert data.startswith(b"\xef\xbb\xbfslug,")
    assert data.count(b"\xef\xbb\xbf") == 1
    assert "“None.” García" in data.decode()
    assert client.get("/data/articles.jsonl").data.startswith(b"{")


@given(st.text(alphabet=[*" \t\r\n\x0b\xa0=+-@＝＋－＠a1|\"',;"], min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_cell_is_a_formula(app: Flask, text: str) -> None:
    article = transient_article(content(plain_title=f"{text}x"), NOW)
    (row,) = csv.DictReader(io.StringIO(FILES["csv"].head[1:] + csv_rows([article], "https://site.example")))
    assert row["title"].endswith("x")
    assert not row["title"].lstrip().startswith(tuple("=+-@＝＋－＠"))


def test_the_library_as_json_lines_has_all_an_article_says(client: PageClient) -> None:
    article = add_article(paper={"abstract": "Not ours to give."})
    (line,) = client.get("/data/articles.jsonl").text.splitlines()
    said = json.loads(line)
    assert said["slug"] == article.slug
    assert len(said["findings"]) == 2
    assert "abstract" not in said["paper"]


def test_the_library_as_ris_has_a_record_a_paper(client: PageClient) -> None:
    add_article()
    add_article()
    assert client.get("/data/articles.ris").text.count("TY  - JOUR") == 2


def test_the_data_page_says_what_changed_and_under_which_terms(client: PageClient) -> None:
    article = add_article()
    page = client.get("/data").text
    assert article.title in page
    assert "all rights reserved" in page


def test_answers_have_a_feed_and_a_file(client: PageClient) -> None:
    add_answer(slug="does-it-help", question="Does it help?")
    publication.withdraw(add_answer(question="Is it gone?"), "", NOW)
    db.session.commit()
    (entry,) = feed(client, "/answers/feed.atom").iter(f"{A}entry")
    assert entry.findtext(f"{A}title") == "Does it help?"
    said_of_it = entry.findtext(f"{A}summary") or ""
    assert "How sure: unsure. The trial was small. Not yet checked by a clinician." in said_of_it
    (line,) = client.get("/data/answers.jsonl").text.splitlines()
    said = json.loads(line)
    assert said["address"] == "http://localhost/answers/does-it-help"
    assert said["who_checked"] == "Not yet checked by a clinician."
    known = {name: said[name] for name in said if name in AnswerContent.__struct_fields__}
    assert content_from_json(known) == answers.content_of(get_answer("does-it-help"))
    assert 'href="/data/answers.jsonl"' in client.get("/data").text
    assert 'href="/answers/feed.atom"' in client.get("/feeds").text
