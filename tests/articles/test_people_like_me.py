"""What a reader sees of "people like me", and that the answers leave no trace."""

import logging
import re

import msgspec
import pytest

from tests.factories import PEOPLE, add_article
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import SearchMiss
from webapp.models.people import Ages, People
from webapp.models.values import PaperStatus, Subject
from webapp.newsletter.views import FollowForm
from webapp.search import indexing
from webapp.web.logs import JsonFormatter

ME = "c6-incomplete-1y-34a-walks"
ANSWERS = {"level": "c6", "complete": "incomplete", "time": "1", "unit": "y", "age": "34", "walks": "walks"}
QUESTION = "Were people like you in this study?"


def listed(text: str) -> list[str]:
    """The articles that a list shows, in order."""
    return re.findall(r'<h3>.*?href="/research/([a-z-]+)', text)


@pytest.fixture
def pain(client: PageClient) -> PageClient:
    """A browser on a site with four summaries on pain; the newest is the one least like the reader."""
    for slug, people in (
        ("fits", People(levels=["C5", "C8"], ages=Ages(from_=18, to=65))),
        ("fits-in-one", People(levels=["C5", "C8"])),
        ("says-nothing", People()),
        ("older", People(levels=["C5", "C8"], ages=Ages(from_=50))),
    ):
        add_article(slug=slug, people=people)
    indexing.catch_up()
    return client


def test_without_a_profile_one_line_leads_to_the_questions(client: PageClient) -> None:
    page = client.get(f"/research/{add_article(slug='one', people=PEOPLE).slug}").text
    assert f'<a href="/people-like-me?back=/research/one" rel="nofollow">{QUESTION}</a>' in page
    assert "like-me__sentence" not in page


@pytest.mark.parametrize("way", ["address", "form"])
def test_each_answer_is_compared_with_the_study(client: PageClient, way: str) -> None:
    people = msgspec.structs.replace(PEOPLE, ages=Ages(from_=18, to=65))
    add_article(slug="one", people=people, time_since_injury="Half a year to 2 years")
    if way == "address":
        text = client.get(f"/research/one?me={ME}").text
    else:
        text = client.post_fragment("/research/one", {"me": ME})
        assert text.strip().startswith("<section")
    assert "People in this study couldn’t walk." in text
    rows = re.findall(r"<dt>([^<]*)</dt><dd><b.*?</svg>([^<]*)</b>(?: <span>(.*?)</span>)?</dd>", text)
    assert rows == [
        ("Injury level", "Included", "This study: C5 to C8"),
        ("Complete or incomplete", "Included", "This study: Complete and incomplete, AIS A, B"),
        ("Time since injury", "Included", "This study: Half a year to 2 years"),
        ("Age", "Included", "This study: 18 to 65"),
        ("Able to walk", "Not included", "This study: nobody could walk"),
    ]
    assert "Your answers: C6, incomplete, injured 1 year ago, age 34, can walk." in text


def test_an_address_that_cannot_be_read_is_said_and_ignored(client: PageClient) -> None:
    page = client.get(f"/research/{add_article(slug='one').slug}?me=c99").text
    assert "We can’t read the answers in this address." in page and QUESTION in page


def test_a_retracted_study_is_compared_with_nobody(client: PageClient) -> None:
    article = add_article(paper={"status": PaperStatus.RETRACTED, "status_note": "Withdrawn."}, people=PEOPLE)
    assert "people-like-me" not in client.get(f"/research/{article.slug}?me={ME}").text


@pytest.mark.parametrize("path", ["/research/one", "/search?q=pill", "/categories/pain-management", "/about"])
@pytest.mark.parametrize("code", [ME, "c99"])
def test_an_address_with_a_profile_is_stored_nowhere(client: PageClient, path: str, code: str) -> None:
    add_article(slug="one")
    indexing.catch_up()
    headers = client.get(f"{path}{'&' if '?' in path else '?'}me={code}").headers
    assert (headers["Cache-Control"], headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert "ETag" not in headers
    if path != "/about":
        assert (
            client.flask.post(path, data={"me": code}, headers={"Sec-Fetch-Site": "same-origin"}).headers[
                "Cache-Control"
            ]
            == "no-store"
        )
    public = client.get(path).headers
    assert public["Cache-Control"].startswith("public") and "X-Robots-Tag" not in public


def test_public_pages_are_the_same_bytes_after_somebody_asked_with_a_profile(pain: PageClient) -> None:
    for path in ("/research/fits", "/search?q=pill", "/categories/pain-management"):
        before = pain.get(path).data
        pain.get(f"{path}{'&' if '?' in path else '?'}me={ME}")
        pain.post_fragment(path, {"me": ME})
        assert pain.get(path).data == before


@pytest.mark.proves("Web: log lines cannot be forged and hold no address and no search", "ASVS 16.2.5")
def test_no_profile_is_logged_or_counted(pain: PageClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for path in ("/research/fits", "/search", "/categories/pain-management", "/nowhere"):
        for code in (ME, "c6-oops"):
            pain.flask.get(path, query_string={"q": "zebras", "me": code})
            pain.flask.post(path, data={"me": code}, headers={"Sec-Fetch-Site": "same-origin"})
    pain.post("/people-like-me", ANSWERS)
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert any("/people-like-me" in line for line in lines)
    assert not any("c6-" in line or "incomplete" in line for line in lines)
    assert not any("c6-" in row.text for row in db.session.query(SearchMiss))


def test_the_answers_of_the_form_are_in_the_address_without_scripts(client: PageClient) -> None:
    sent = client.post("/people-like-me?back=/search?q%3Dpain%26me%3Dt4", ANSWERS)
    assert sent.location == f"/search?q=pain&me={ME}#people-like-me"
    assert client.post("/people-like-me", {"age": "34"}).location == "/search?me=34a#people-like-me"


def test_the_answers_of_the_form_are_told_to_the_script_and_not_put_into_an_address(
    client: PageClient,
) -> None:
    headers = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
    sent = client.flask.post("/people-like-me?back=/research/one", data=ANSWERS, headers=headers)
    assert (sent.status_code, sent.text) == (204, "")
    assert f'"code": "{ME}", "back": "/research/one#people-like-me"' in sent.headers["HX-Trigger"]


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/search",
        "//evil.example/search",
        "/editor/",
        "/search/../editor",
        "/\\evil.example",
    ],
)
def test_the_form_leads_back_to_pages_that_compare_and_nowhere_else(client: PageClient, back: str) -> None:
    sent = client.post("/people-like-me", ANSWERS, query_string={"back": back})
    assert sent.location == f"/search?me={ME}#people-like-me"


def test_the_form_says_what_to_fix(client: PageClient) -> None:
    wrong = client.post("/people-like-me", {"time": "soon", "age": "old"}, status=422).text
    assert "Please fix 2 things" in wrong and 'value="soon"' in wrong
    assert "Please answer at least one question." in client.post("/people-like-me", {}, status=422).text


def test_the_form_shows_earlier_answers_again(client: PageClient) -> None:
    for text in (
        client.get("/people-like-me?me=t4-complete-18m").text,
        client.post_fragment("/people-like-me", {"me": "t4-complete-18m"}),
    ):
        assert '<option selected value="t4">T4</option>' in text
        assert '<option selected value="m">months</option>' in text
        assert re.search(r'<input checked [^>]*value="complete"', text) and 'value="18"' in text


@pytest.mark.parametrize("path", ["/categories/pain-management", "/search?q=pill"])
def test_lists_say_it_of_each_study_and_hide_none(pain: PageClient, path: str) -> None:
    mark = "&" if "?" in path else "?"
    text = pain.get(f"{path}{mark}me=c6-34a").text
    assert text.count("People like you:</span>") == 4
    assert "Of 4 studies here, 2 included people like you, 1 didn’t, and 1 didn’t say" in text
    assert "People in this study were older than you." in text
    assert 'href="/research/fits?me=c6-34a"' in text


@pytest.mark.parametrize("path", ["/categories/pain-management", "/search?q=pill"])
def test_lists_are_sorted_and_filtered_by_it(pain: PageClient, path: str) -> None:
    mark = "&" if "?" in path else "?"
    for more, expected in (
        ("sort=people", ["fits", "fits-in-one", "says-nothing", "older"]),
        ("sort=people&people=included", ["fits", "fits-in-one"]),
    ):
        by_address = pain.get(f"{path}{mark}{more}&me=c6-34a").text
        by_form = pain.post_fragment(f"{path}{mark}{more}", {"me": "c6-34a"})
        assert listed(by_address) == listed(by_form) == expected
    assert len(listed(pain.get(f"{path}{mark}sort=people&people=included").text)) == 4  # without a profile


def test_filters_count_only_what_the_filter_for_people_leaves(pain: PageClient) -> None:
    text = pain.get("/search?q=pill&people=included&me=c6-34a").text
    assert 'Randomized trial</span> <span class="n">2</span>' in text or "2 summaries" in text


def test_a_filter_that_leaves_nothing_says_so_and_is_no_miss(pain: PageClient) -> None:
    text = pain.get("/search?q=pill&people=included&me=t4").text
    assert "No summary fits all of your filters." in text and "Show all 4" in text
    assert not pain.flask.application.extensions["search_misses"].is_any()
    text = pain.get("/categories/pain-management?people=included&me=t4").text
    assert "0 of 4 summaries" in text and "None of these studies included people like you" in text


def test_animals_stay_apart_when_people_like_the_reader_come_first(pain: PageClient) -> None:
    add_article(slug="rats", subject=Subject.ANIMALS, species="rats")
    indexing.catch_up()
    text = pain.get("/search?q=pill&sort=people&me=c6-34a").text
    assert listed(text) == ["fits", "fits-in-one", "says-nothing", "older", "rats"]
    assert "Of 4 studies here" in text and "In animals and the lab (1)" in text
    assert "This study was done in rats, not in people." in text


def test_links_carry_a_profile_on_only_where_it_is_in_the_address(pain: PageClient) -> None:
    for path in ("/categories/pain-management", "/search?q=pill"):
        assert "me=c6" not in re.sub(r'value="[^"]*"', "", pain.post_fragment(path, {"me": "c6-34a"}))
    page = pain.get("/search?q=pill&me=c6-34a").text
    assert "/search?q=pill&amp;sort=newest&amp;me=c6-34a" in page
    followed = re.findall(r'href="(/(?:newsletter/follow|search/feed|search\.)[^"]*)"', page)
    assert followed and not any("me=" in address for address in followed)


def test_a_followed_search_never_holds_a_profile(client: PageClient) -> None:
    with client.flask.application.test_request_context(f"/?q=pain&people=included&me={ME}"):
        assert FollowForm().search == FollowForm().search.for_everybody
