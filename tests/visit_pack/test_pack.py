"""The visit pack: a sheet whose list lives in its address."""

import pytest
from flask import Flask

from tests.factories import NOW, add_article
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models.values import PaperStatus
from webapp.publishing.publication import withdraw
from webapp.visit_pack.pack import MOST, read_list


def test_the_sheet_has_what_a_visit_needs(client: PageClient) -> None:
    article = add_article(trial_number="", conflicts_of_interest="")
    page = client.get(f"/visit-pack?s={article.id}").text
    for text in (article.title, article.main_message, "40 people with a spinal cord injury", "The trial was small.",
                 "What else could ease my pain?", "Who had an interest in the result?", f"doi:{article.paper.doi}",
                 f"http://localhost/s/{article.id}", "People"):  # fmt: skip
        assert text in page


def test_summaries_keep_the_order_of_the_list_and_can_be_taken_out(client: PageClient) -> None:
    one, two = add_article(plain_title="First of all"), add_article(plain_title="Second of all")
    page = client.get(f"/visit-pack?s={two.id},{one.id}").text
    assert page.index("1. <a") < page.index("Second of all") < page.index("First of all")
    assert f'href="/visit-pack?s={one.id}"' in page
    assert f'href="/visit-pack?s={two.id}"' in page


def test_a_summary_can_be_found_and_added(client: PageClient) -> None:
    one, two = add_article(plain_title="About bladders"), add_article(plain_title="About 100% of spasms")
    page = client.get(f"/visit-pack?s={one.id}&q=100%25+spasms").text
    assert f'href="/visit-pack?s={one.id},{two.id}"' in page
    assert "No summary has these words" in client.get("/visit-pack?q=xylophone").text


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
    assert "visit pack" not in client.get(f"/research/{article.slug}").text
    page = client.get(f"/visit-pack?s={article.id}").text
    assert article.title in page and "Please do not rely on it." in page
    for text in (article.main_message, "Questions to ask", "The trial was small."):
        assert text not in page


@pytest.mark.parametrize(
    "text", ["", "x", "1,1,1", "-1", "²", "1e3", "9" * 50, ",,,", "1;2", "%00", "1,2,3" * 500]
)
def test_a_strange_list_is_no_failure(client: PageClient, text: str) -> None:
    client.get(f"/visit-pack?s={text}")


def test_a_list_has_an_end() -> None:
    assert len(read_list(",".join(map(str, range(1, 100))))) == MOST
    assert read_list("3,1,3,x,2") == [3, 1, 2]


def test_a_full_pack_says_so(client: PageClient) -> None:
    numbers = [str(add_article().id) for _ in range(MOST)]
    assert "Your pack is full" in client.get(f"/visit-pack?s={','.join(numbers)}").text
