"""Was this summary helpful: one press, a note if you like, and nobody knows who it was."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Connection, event, func, select

from tests.factories import NOW, add_answer, add_article, content, publish
from tests.newsletter.steps import filled, without_tokens
from tests.pages import PageClient
from webapp.db.session import db
from webapp.feedback import inbox, votes
from webapp.models import Article, DailySalt, Feedback
from webapp.publishing.publication import withdraw
from webapp.web.forms import press_token


def _votes() -> list[Feedback]:
    db.session.expire_all()
    return list(db.session.scalars(select(Feedback).order_by(Feedback.id)))


def _press(answer: str) -> dict[str, str]:
    """A button of a page of ours."""
    return {"answer": answer, "token": press_token()}


def _vote(client: PageClient, article: Article, answer: str, **kwargs: Any) -> Any:
    return client.post(f"/research/{article.slug}/feedback", _press(answer), **kwargs)


def test_one_press_is_enough(client: PageClient) -> None:
    article = add_article()
    answer = _vote(client, article, "yes")
    page = client.get(answer.location).text
    assert "Thank you" in page
    assert "We’ve saved your answer." in page
    assert [row.is_helpful for row in _votes()] == [True]


def test_htmx_swaps_the_question_for_thanks(client: PageClient) -> None:
    article = add_article()
    with time_machine.travel(datetime.now(UTC), tick=False):
        fragment = client.post_fragment(f"/research/{article.slug}/feedback", _press("no"))
        assert fragment.strip().startswith('<section id="feedback"')
        page = client.get(f"/research/{article.slug}/feedback").text
        assert without_tokens(fragment.strip()) in without_tokens(page)


def test_a_vote_takes_one_transaction(client: PageClient) -> None:
    article = add_article()
    slug, begun = article.slug, list[Connection]()
    count = begun.append
    db.session.remove()
    event.listen(db.engine, "begin", count)
    client.post_fragment(f"/research/{slug}/feedback", _press("yes"))
    event.remove(db.engine, "begin", count)
    assert len(begun) == 1


def test_the_question_is_on_the_article_page_with_the_same_token_for_everybody(client: PageClient) -> None:
    article = add_article()
    page = client.get(f"/research/{article.slug}").text
    assert "Was this summary helpful?" in page
    assert f'href="/research/{article.slug}/understanding"' in page
    assert page.count(f'name="token" value="{press_token()}"') == page.count('method="post"') == 1


@pytest.mark.proves("Web: a form of buttons alone carries the token that is the same for everybody")
@pytest.mark.parametrize("token", ["", "x", "\u00e9", "0" * 64])
def test_a_press_that_comes_from_no_page_of_ours_is_no_vote(client: PageClient, token: str) -> None:
    path = f"/research/{add_article().slug}"
    for address in (f"{path}/feedback", f"{path}/understanding"):
        page = client.post(address, {"answer": "yes", "token": token}, status=422).text
        assert "reload the page" in page
    assert db.session.scalar(select(func.count()).select_from(Feedback)) == 0


def test_no_offers_four_reasons_and_yes_none(client: PageClient) -> None:
    article = add_article()
    assert (
        client.post_fragment(f"/research/{article.slug}/feedback", _press("no")).count('type="checkbox"') == 4
    )
    assert 'type="checkbox"' not in client.post_fragment(f"/research/{article.slug}/feedback", _press("yes"))


def test_a_note_reaches_the_editors_and_no_page(client: PageClient) -> None:
    article = add_article()
    _vote(client, article, "no")
    form = filled(note="The second part was hard.", **{"reasons[]": ["hard-to-follow"]})
    answer = client.post(f"/research/{article.slug}/feedback/note", form)
    assert "Thank you for your note" in client.get(answer.location).text
    assert [(row.note, row.reasons) for row in inbox.unread_notes()] == [
        ("The second part was hard.", ["hard-to-follow"])
    ]
    assert "The second part was hard." not in client.get(f"/research/{article.slug}/feedback").text


def test_a_note_by_htmx(client: PageClient) -> None:
    article = add_article()
    _vote(client, article, "yes")
    fragment = client.post_fragment(f"/research/{article.slug}/feedback/note", filled(note="Clear."))
    assert fragment.strip() in client.get(f"/research/{article.slug}/feedback/sent").text


def test_below_an_answer_it_is_the_same(client: PageClient) -> None:
    answer = add_answer()
    path = f"/answers/{answer.slug}"
    page = client.get(path).text
    assert (
        "Was this answer helpful?" in page and f'href="{path}/report"' in page and "Was it clear?" not in page
    )
    voted = client.post(f"{path}/feedback", _press("no"))
    assert voted.location == f"{path}/feedback"
    assert "We’ve saved your answer." in client.get(voted.location).text
    form = filled(note="Too short.", **{"reasons[]": ["incomplete"]})
    sent = client.post(f"{path}/feedback/note", form)
    assert "Thank you for your note" in client.get(sent.location).text
    client.post_fragment(f"{path}/feedback", _press("no"))
    assert not _votes()
    assert [(row.text.slug, row.is_helpful, row.note) for row in inbox.unread_notes()] == [
        (answer.slug, False, "Too short.")
    ]


def test_votes_of_one_visitor_on_a_summary_and_an_answer_cannot_be_put_together(app: Flask) -> None:
    article = add_article()
    answer = add_answer(article.slug)
    assert answer.id == article.id
    rows = [votes.vote(text, "192.0.2.1", True, NOW) for text in (article, answer)]
    assert rows[0].voter_hash != rows[1].voter_hash


def test_changing_the_answer_keeps_one_vote(client: PageClient) -> None:
    article = add_article()
    _vote(client, article, "no")
    client.post(
        f"/research/{article.slug}/feedback/note", filled(note="Hm.", **{"reasons[]": ["incomplete"]})
    )
    assert "Was this summary helpful?" in client.get(f"/research/{article.slug}/feedback?change=yes").text
    _vote(client, article, "yes")
    assert [(row.is_helpful, row.reasons, row.note) for row in _votes()] == [(True, [], "Hm.")]


def test_change_my_answer_is_a_fragment_of_its_page(client: PageClient) -> None:
    address = f"/research/{add_article().slug}/feedback?change=yes"
    assert client.fragment(address).strip() in client.get(address).text


def test_two_addresses_are_two_votes(client: PageClient) -> None:
    article = add_article()
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
        _vote(client, article, "yes", environ_base={"REMOTE_ADDR": address})
    assert len(_votes()) == 2


def test_an_ipv6_visitor_has_one_vote_for_the_whole_network(client: PageClient) -> None:
    article = add_article()
    for address in ("2001:db8::1", "2001:db8::2"):
        _vote(client, article, "yes", environ_base={"REMOTE_ADDR": address})
    assert len(_votes()) == 1


def test_votes_for_two_articles_cannot_be_put_together(client: PageClient) -> None:
    for article in (add_article(), add_article()):
        _vote(client, article, "yes")
    assert len({row.voter_hash for row in _votes()}) == 2


def test_the_days_secret_is_thrown_away(client: PageClient) -> None:
    article = add_article()
    now = datetime.now(UTC)
    _vote(client, article, "yes")
    with time_machine.travel(now + timedelta(days=1), tick=False):
        _vote(client, article, "yes")
    assert db.session.scalar(select(func.count()).select_from(DailySalt)) == 1
    assert len(_votes()) == 2
    votes.forget_salts(now + timedelta(days=2))
    assert db.session.scalar(select(func.count()).select_from(DailySalt)) == 0


def test_no_address_is_stored(client: PageClient, app: Flask) -> None:
    _vote(client, add_article(), "yes", environ_base={"REMOTE_ADDR": "192.0.2.77"})
    stored = app.extensions["config"].instance_path
    files = list(stored.glob("site.sqlite3*"))
    assert any(b"voter_hash" in path.read_bytes() for path in files)
    assert all(b"192.0.2.77" not in path.read_bytes() for path in files)


def test_a_vote_at_a_former_address_is_sent_on_to_the_new_one(client: PageClient) -> None:
    article = add_article(slug="old-name")
    publish(content(slug="new-name", paper={"doi": article.paper.doi}), NOW, article)
    db.session.commit()
    moved = client.post("/research/old-name/feedback?change=yes", _press("yes"), status=308).location
    assert moved == "/research/new-name/feedback?change=yes"
    client.post(moved, _press("yes"))
    assert [row.article.slug for row in _votes()] == ["new-name"]


def test_an_answer_that_is_neither_is_refused(client: PageClient) -> None:
    client.post(f"/research/{add_article().slug}/feedback", _press("maybe"), status=422)
    assert _votes() == []


def test_a_note_that_is_too_long_is_kept_and_refused(client: PageClient) -> None:
    article = add_article()
    _vote(client, article, "yes")
    page = client.post(f"/research/{article.slug}/feedback/note", filled(note="x" * 1001), status=422).text
    assert "1,000 characters" in page
    assert "x" * 1001 in page
    assert _votes()[0].note is None


def test_a_note_without_a_vote_leads_to_the_question(client: PageClient) -> None:
    article = add_article()
    answer = client.post(f"/research/{article.slug}/feedback/note", filled(note="Hello"))
    assert "Was this summary helpful?" in client.get(answer.location).text


def test_another_site_cannot_vote(client: PageClient) -> None:
    _vote(client, add_article(), "yes", status=403, headers={"Sec-Fetch-Site": "cross-site"})
    assert _votes() == []


def test_withdrawn_and_unknown_articles_take_no_votes(client: PageClient) -> None:
    article = add_article()
    withdraw(article, "", datetime.now(UTC))
    db.session.commit()
    _vote(client, article, "yes", status=410)
    client.get(f"/research/{article.slug}/feedback", status=410)
    client.post("/research/no-such-article/feedback", _press("yes"), status=404)
    assert _votes() == []


@pytest.mark.proves("ASVS 2.4.1")
def test_too_many_presses_are_slowed_down(client: PageClient) -> None:
    article = add_article()
    for _ in range(60):
        _vote(client, article, "yes")
    _vote(client, article, "yes", status=429)
    _vote(client, article, "maybe", status=422)  # no press at all
