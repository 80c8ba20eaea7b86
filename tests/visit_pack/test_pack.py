"""The visit pack: a sheet whose list lives in its address."""

import pytest
from flask import Flask

from tests.factories import NOW, add_article
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models.values import PaperStatus
from webapp.publishing.publication import withdraw
from webapp.visit_pack.pack import MOST, read_list
from webapp.web.forms import press_token


def test_the_sheet_has_what_a_visit_needs(client: PageClient) -> None:
    article = add_article(conflicts_of_interest="")
    page = client.get(f"/visit-pack?s={article.id}").text
    for text in (article.title, article.main_message, "40 people with a spinal cord injury", "The trial was small.",
                 "What else could ease my pain?", "Did the authors stand to gain?", f"doi:{article.paper.doi}",
                 f"http://localhost/s/{article.id}", "People"):  # fmt: skip
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
    assert f'name="s" value="{one.id},{two.id}"' in page
    assert "No summary has these words" in client.get("/visit-pack?q=xylophone").text


def press(client: PageClient, **fields: object) -> str:
    """Press a button of the pack; returns the list of the page that it leads to."""
    response = client.post("/visit-pack/mine", {"token": press_token()} | fields)
    return response.headers["Location"].removeprefix("/visit-pack").removeprefix("?s=").replace("%2C", ",")


def test_a_second_summary_is_added_to_the_first(client: PageClient) -> None:
    one, two = add_article(), add_article()
    assert press(client, add=one.id) == f"{one.id}"
    assert press(client, add=two.id) == f"{one.id},{two.id}"
    assert press(client, add=one.id) == f"{one.id},{two.id}"
    assert client.get("/visit-pack/mine", status=303).headers["Location"].endswith(f"={one.id},{two.id}")


def test_a_summary_that_was_removed_does_not_come_back(client: PageClient) -> None:
    one, two, three = add_article(), add_article(), add_article()
    press(client, s=f"{one.id},{two.id}")
    assert press(client, s=two.id) == f"{two.id}"
    assert press(client, add=three.id) == f"{two.id},{three.id}"


def test_an_empty_pack_leaves_no_cookie(client: PageClient) -> None:
    press(client, add=add_article().id)
    assert press(client, s="") == ""
    assert client.flask.get_cookie("pack", path="/visit-pack") is None
    assert client.get("/visit-pack/mine", status=303).headers["Location"] == "/visit-pack"


def test_only_the_pack_is_sent_its_cookie(client: PageClient) -> None:
    press(client, add=add_article().id)
    cookie = client.flask.get_cookie("pack", path="/visit-pack")
    assert cookie is not None
    assert (cookie.path, cookie.http_only, cookie.same_site) == ("/visit-pack", True, "Lax")


def test_a_pack_changes_only_by_a_press_on_our_own_page(client: PageClient) -> None:
    client.post("/visit-pack/mine", {"add": "1"}, status=422)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    client.post("/visit-pack/mine", {"add": "1", "token": press_token()}, headers=foreign, status=403)


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
    assert article.title in page and "Please do not rely on it." in page
    for text in (article.main_message, "Questions to ask", "The trial was small."):
        assert text not in page


@pytest.mark.parametrize(
    "text", ["", "x", "1,1,1", "-1", "²", "1e3", "9" * 50, ",,,", "1;2", "%00", "1,2,3" * 500]
)
def test_a_strange_list_is_no_failure(client: PageClient, text: str) -> None:
    client.get(f"/visit-pack?s={text}")
    client.flask.set_cookie("pack", text[:1000], path="/visit-pack")
    press(client, add=text)


def test_a_list_has_an_end() -> None:
    assert len(read_list(",".join(map(str, range(1, 100))))) == MOST
    assert read_list("3,1,3,x,2") == [3, 1, 2]


def test_a_full_pack_says_so(client: PageClient) -> None:
    numbers = [str(add_article().id) for _ in range(MOST)]
    assert "Your pack is full" in client.get(f"/visit-pack?s={','.join(numbers)}").text
