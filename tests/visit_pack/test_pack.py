"""The visit pack: a sheet whose list lives in its address."""

import re
from urllib.parse import quote

import pytest
from flask import Flask

from tests.factories import NOW, add_answer, add_article
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models.values import PaperStatus, ReadFrom
from webapp.publishing.publication import withdraw
from webapp.visit_pack.pack import MOST, read_list
from webapp.web.qr_codes import qr_picture


def test_the_sheet_has_what_a_visit_needs(client: PageClient) -> None:
    article = add_article(conflicts_of_interest="")
    page = client.get(f"/visit-pack?s={article.id}").text
    for text in (article.title, article.main_message, "40 people with a spinal cord injury", "The trial was small.",
                 "What else could ease my pain?", "Did the authors stand to gain?", f"doi:{article.paper.doi}",
                 f"http://localhost/s/{article.id}"):  # fmt: skip
        assert text in page


def test_summaries_keep_the_order_of_the_list_and_can_be_taken_out(client: PageClient) -> None:
    one, two = add_article(plain_title="First of all"), add_article(plain_title="Second of all")
    page = client.get(f"/visit-pack?s={two.id},{one.id}").text
    assert page.index("1. <a") < page.index("Second of all") < page.index("First of all")
    assert f'name="s" value="{one.id}"' in page
    assert f'name="s" value="{two.id}"' in page


def test_a_summary_can_be_found_and_added(client: PageClient) -> None:
    one, two = add_article(plain_title="About bladders"), add_article(plain_title="About 100% of spasms")
    page = client.get(f"/visit-pack?s={one.id}&q=100%25+spasms").text
    assert f'name="s" value="{one.id}-{two.id}"' in page
    assert "We found no summary with these words" in client.get("/visit-pack?q=xylophone").text


def test_a_summary_is_added_to_the_pack_in_the_address_of_its_page(client: PageClient) -> None:
    one, two = add_article(), add_article()
    add = f'name="s" value="{{}}" data-pack-add="{two.id}"'
    assert add.format(two.id) in client.get(f"/research/{two.slug}").text
    page = client.get(f"/research/{two.slug}?s={one.id}").text
    assert add.format(f"{one.id}-{two.id}") in page
    assert add.format(f"{two.id}-{one.id}") in client.get(f"/research/{two.slug}?s={two.id}-{one.id}").text
    assert "?s=" not in page.split('rel="canonical"')[1].split(">")[0]


def test_the_header_counts_the_pack_in_the_address(client: PageClient) -> None:
    one, two = add_article(), add_article()
    for path in (f"/visit-pack?s={one.id}-{two.id}", f"/research/{one.slug}?s={one.id}-{two.id}"):
        assert "<b>2</b><span> in my pack</span>" in client.get(path).text
    assert re.search(r'class="head-pack"[^>]* hidden>', client.get("/").text)


def test_an_answer_is_packed_beside_summaries(client: PageClient) -> None:
    answer, summary = add_answer(verdict="Nothing here shows that it helps."), add_article()
    page = client.get(f"/answers/{answer.slug}?s={summary.id}").text
    assert f'name="s" value="{summary.id}-a{answer.id}" data-pack-add="a{answer.id}"' in page
    page = client.get(f"/visit-pack?s={summary.id}-a{answer.id}").text
    for text in (f"2. <a href=\"/answers/{answer.slug}\"", answer.verdict, "Unsure. The trial was small.",
                 answer.missing[0], answer.questions[0], f"http://localhost/answers/{answer.slug}", "Remove answer 2"):  # fmt: skip
        assert text in page
    assert f'value="a{answer.id}-{summary.id}" formaction="/visit-pack#pack-a{answer.id}"' in page


def test_a_withdrawn_answer_is_not_in_a_pack(client: PageClient) -> None:
    answer = add_answer()
    withdraw(answer, "It was wrong.", NOW)
    db.session.commit()
    assert "Your pack is empty." in client.get(f"/visit-pack?s=a{answer.id}").text


def test_summaries_can_be_moved(client: PageClient) -> None:
    one, two, three = (add_article().id for _ in range(3))
    page = client.get(f"/visit-pack?s={one}-{two}-{three}").text
    moves = re.findall(
        r'value="([\d-]+)" formaction="/visit-pack#pack-(\d+)">(?!.*Add)', page.split("h-add")[0]
    )
    assert [(to, int(moved)) for to, moved in moves] == [
        (f"{two}-{one}-{three}", one),
        (f"{two}-{one}-{three}", two),
        (f"{one}-{three}-{two}", two),
        (f"{one}-{three}-{two}", three),
    ]


def test_a_pack_is_sent_by_its_address(client: PageClient) -> None:
    one, two = add_article().id, add_article().id
    address = f"http://localhost/visit-pack?s={one}-{two}"
    page = client.get(f"/visit-pack?s={one},{two}").text
    assert f'data-copy="{address}"' in page
    assert f'href="https://wa.me/?text=My%20visit%20pack%3A%20{quote(address)}"' in page
    assert qr_picture(address) in page
    assert "Copy link" not in client.get("/visit-pack").text


def test_no_page_of_a_pack_sets_a_cookie(client: PageClient) -> None:
    article = add_article()
    for path in ("/visit-pack", f"/visit-pack?s={article.id}", f"/research/{article.slug}?s={article.id}"):
        response = client.get(path)
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"].startswith("public")


@pytest.mark.parametrize(
    ("read_from", "words"),
    [
        (ReadFrom.ABSTRACT, "We haven’t read the full paper, only the abstract."),
        (ReadFrom.PART, "We haven’t read the full paper, only part of it."),
        (ReadFrom.FULL_TEXT, ""),
    ],
)
def test_it_says_when_we_have_not_read_the_full_paper(
    client: PageClient, read_from: ReadFrom, words: str
) -> None:
    page = client.get(f"/visit-pack?s={add_article(paper={'read_from': read_from}).id}").text
    assert re.findall("We haven’t read[^.<]*[.]", page) == ([words] if words else [])


def test_a_short_link_leads_to_the_summary(client: PageClient) -> None:
    article = add_article()
    assert client.get(f"/s/{article.id}", status=301).headers["Location"] == f"/research/{article.slug}"
    client.get("/s/999", status=404)


def test_a_withdrawn_summary_is_not_in_a_pack(app: Flask, client: PageClient) -> None:
    article = add_article(plain_title="Taken back")
    withdraw(article, "", NOW)
    db.session.commit()
    assert "Taken back" not in client.get(f"/visit-pack?s={article.id}").text


def test_a_retracted_paper_is_not_offered_and_a_pack_that_has_it_says_only_that(client: PageClient) -> None:
    article = add_article(paper={"status": PaperStatus.RETRACTED, "status_note": "Made up."})
    assert article.title not in client.get("/visit-pack").text
    assert "Add to my visit pack" not in client.get(f"/research/{article.slug}").text
    page = client.get(f"/visit-pack?s={article.id}").text
    assert article.title in page and "Please don’t rely on it." in page
    for text in (article.main_message, "Questions to ask", "The trial was small."):
        assert text not in page


@pytest.mark.parametrize(
    "text",
    ["", "x", "a", "aa1", "a²", "1,1,1", "-1", "²", "1e3", "9" * 50, ",,,", "1;2", "%00", "1,2,3" * 500],
)
def test_a_strange_list_is_no_failure(client: PageClient, text: str) -> None:
    client.get(f"/visit-pack?s={text}")
    client.get(f"/research/{add_article().slug}?s={text}")


def test_a_list_has_an_end() -> None:
    assert len(read_list("-".join(map(str, range(1, 100))))) == MOST
    assert read_list("3-a1-3-x-aa1-2") == read_list("3,a1,3,x,aa1,2") == ["3", "a1", "2"]


def test_a_full_pack_says_so(client: PageClient) -> None:
    numbers = [str(add_article().id) for _ in range(MOST)]
    assert "Your pack is full" in client.get(f"/visit-pack?s={'-'.join(numbers)}").text
