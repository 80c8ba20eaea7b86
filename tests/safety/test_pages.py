"""Where cards are shown, and that nobody keeps who needed one."""

import logging

import pytest
from flask import current_app

from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import GlossaryTerm
from webapp.search import indexing, misses

HEADLINE = "Pounding headache or sudden sweating?"
WORDS = "headache sweating"


def test_a_card_is_above_the_results(client: PageClient) -> None:
    page = client.get("/search", query_string={"q": WORDS}).text
    assert page.index(HEADLINE) < page.index("We have no summary on")
    assert '<a class="btn btn--sos" href="tel:911">' in page
    assert "Not yet checked by a clinician." in page
    assert "Sources last checked on November 28, 2026." in page


def test_a_card_is_in_the_fragment_for_typing(client: PageClient) -> None:
    assert HEADLINE in client.fragment("/search", query_string={"q": WORDS})


def test_the_panel_has_the_steps_and_the_number(client: PageClient) -> None:
    panel = client.fragment("/search", query_string={"q": WORDS, "panel": "1"})
    assert panel.index("Sit up now.") < panel.index("Call 911</a>") < panel.index("See the whole card")


def test_a_crisis_can_be_called_texted_and_typed(client: PageClient) -> None:
    page = client.get("/search?q=i+feel+hopeless").text
    for address in ("tel:988", "sms:988", "https://988lifeline.org/chat", "tel:116123", "tel:911"):
        assert f'href="{address}"' in page


def test_a_topic_is_one_line_that_leads_to_its_card(client: PageClient) -> None:
    page = client.get("/search?q=blood+clot").text
    assert 'href="/emergency#blood-clot"' in page
    assert "Do this now" not in page


def test_an_ordinary_search_has_no_card(client: PageClient) -> None:
    page = client.get("/search?q=stem+cells").text
    assert 'class="safety"' not in page


def test_the_page_of_a_word_has_its_card(client: PageClient) -> None:
    meaning = "A sudden, dangerous rise in blood pressure."
    db.session.add(GlossaryTerm(slug="ad", term="autonomic dysreflexia", forms=[], meaning=meaning))
    db.session.commit()
    page = client.get("/glossary/ad").text
    assert page.index(meaning) < page.index(HEADLINE)


@pytest.mark.parametrize(
    "path", ["/cant-breathe", "/help/i_cant_breathe", "/research/cant-breathe", "/Can%E2%80%99t%20breathe"]
)
def test_a_page_that_is_not_there_looks_at_the_words_of_its_address(client: PageClient, path: str) -> None:
    answer = client.get(path, status=404)
    assert "Trouble breathing or chest pain?" in answer.text


def test_other_pages_that_are_not_there_have_no_card(client: PageClient) -> None:
    assert 'class="safety"' not in client.get("/nowhere", status=404).text


def test_the_emergency_page_has_every_card(client: PageClient) -> None:
    page = client.get("/emergency").text
    assert page.count("Do this now") == page.count("Not yet checked by a clinician.") == 14
    assert "US: call 911. UK: call 999. Canada: call 911. Elsewhere: your local emergency number." in page


def test_a_copy_is_named_without_an_address(client: PageClient) -> None:
    page = client.get("/emergency").text
    assert "<i>Autonomic Dysreflexia: What You Should Know</i> (we read a copy on another site)" in page


def test_the_card_for_the_wallet_says_what_to_do(client: PageClient) -> None:
    page = client.get("/emergency/dysreflexia-card").text
    assert "Keep me sitting up." in page
    assert "Call 911." in page


@pytest.mark.parametrize("text", [WORDS, "i want to die", "зzz i cant breathe", "depressed zzz"])
def test_nothing_is_kept_of_a_call_for_help(
    client: PageClient, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get("/search", query_string={"q": text})
        client.get("/search", query_string={"q": text, "panel": "1"})
        client.get(f"/{text}", status=404)
    assert not misses.counts_of(current_app).is_any()
    assert text not in caplog.text


def test_a_topic_that_nothing_was_found_for_is_counted(client: PageClient) -> None:
    client.get("/search?q=blood+clot")
    assert misses.counts_of(current_app).is_any()


def test_pages_with_cards_are_kept_like_others(client: PageClient) -> None:
    indexing.catch_up()
    for path in ("/emergency", "/search?q=headache+sweating"):
        answer = client.get(path)
        assert answer.headers["Cache-Control"].startswith("public")
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("text", ["💔", "самоубийство", "x" * 10_000, "自殺 " * 300])
def test_any_text_is_answered(client: PageClient, text: str) -> None:
    assert 'class="safety"' not in client.get("/search", query_string={"q": text}).text
