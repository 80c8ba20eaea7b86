"""Following a search or a topic by mail: double opt-in, one mail an issue, stopping, and no trace of the words elsewhere."""

import json
import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from tests.factories import add_article
from tests.newsletter.steps import (
    ADDRESS,
    delivered,
    filled,
    forget,
    get_subscriber,
    link_in,
    sign_up,
    subscribed,
    text_of,
    without_tokens,
)
from tests.pages import PageClient
from tests.terminal import run
from webapp.db.session import db
from webapp.letters import emails
from webapp.mail import suppressions
from webapp.models import (
    MOST_SEARCHES,
    Frequency,
    MailKind,
    OutboxMessage,
    Subscriber,
    SubscriberState,
    SuppressionReason,
)
from webapp.models.values import Subject
from webapp.newsletter import digests, next_issue, reports
from webapp.search import followed, indexing
from webapp.search.index import SearchUnavailable
from webapp.search.posting_arrays import Snapshot
from webapp.search.query import SearchQuery
from webapp.search.understanding import UnderstoodQuery, understand
from webapp.web.logs import JsonFormatter

NOW = datetime(2026, 1, 9, 9, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(days=2)


def ask(client: PageClient, email: str = ADDRESS, **fields: object) -> None:
    client.post("/follow", filled(email=email, **({"q": "zebrafish"} | fields)))


def confirm(client: PageClient) -> None:
    client.post(link_in(delivered()[-1], "/newsletter/confirm/"))


def follower(*searches: str, email: str = ADDRESS, **changes: object) -> Subscriber:
    """A confirmed subscriber who follows nothing but these searches."""
    follows = {"searches": list(searches), "follows_searches_only": True} | changes
    return subscribed(email, EARLIER, **follows)


def preferences(subscriber: Subscriber) -> str:
    return urlsplit(emails.preferences_page_link(subscriber)).path


def make_issue(now: datetime = NOW) -> None:
    indexing.catch_up()
    digests.make_issue(Frequency.WEEKLY, now)
    db.session.commit()


def kinds() -> list[MailKind]:
    return list(db.session.scalars(select(OutboxMessage.kind).order_by(OutboxMessage.id)))


# Asking and confirming


def test_a_search_is_followed_after_a_click_in_the_mail(client: PageClient) -> None:
    page = client.get("/follow?q=zebrafish&subject=animals&sort=newest").text
    assert 'value="zebrafish"' in page and "<b>Only:</b> Animals" in page
    ask(client, subject="animals", sort="newest")
    subscriber = get_subscriber()
    assert (subscriber.state, subscriber.searches) == (SubscriberState.PENDING, [])
    link = link_in(delivered()[-1], "/newsletter/confirm/")
    assert "“zebrafish”, Animals" in client.get(link).text
    client.post(link)
    subscriber = get_subscriber()
    assert (subscriber.state, subscriber.searches) == (
        SubscriberState.CONFIRMED,
        ["q=zebrafish&subject=animals"],
    )
    assert subscriber.follows_searches_only and subscriber.asked_search is None


def test_a_topic_is_followed_like_a_search(client: PageClient) -> None:
    assert 'href="/follow?category=pain-management"' in client.get("/categories/pain-management").text
    assert "<b>Only:</b> Pain" in client.get("/follow?category=pain-management").text
    ask(client, q="", category="pain-management")
    confirm(client)
    assert get_subscriber().searches == ["category=pain-management"]


def test_a_filter_that_is_no_longer_there_is_shown_as_it_is(client: PageClient) -> None:
    page = client.get("/follow?q=pain&category=astrology&subject=people,animals&year=2010-2019").text
    assert "<b>Only:</b> astrology, Animals or People, 2010 to 2019" in page


def test_the_results_of_a_search_lead_to_its_form(client: PageClient) -> None:
    add_article(plain_title="A zebrafish")
    indexing.catch_up()
    assert (
        'href="/follow?q=zebrafish&amp;subject=people"'
        in client.get("/search?q=zebrafish&subject=people").text
    )


def test_the_fragment_and_the_answer_are_those_of_the_sign_up(client: PageClient) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False):
        fragment, page = client.fragment("/follow?q=pain"), client.get("/follow?q=pain").text
    assert without_tokens(fragment.strip()) in without_tokens(page)
    sent = client.post_fragment("/follow", filled(email=ADDRESS, q="pain"))
    assert "Check your email" in sent and sent.strip() in client.get("/subscribe/sent").text


def test_the_mail_has_no_word_of_the_search(client: PageClient) -> None:
    ask(client)
    assert "zebrafish" not in delivered()[-1].as_string()
    confirm(client)
    ask(client, q="zebrafish pills")
    assert "zebrafish" not in delivered()[-1].as_string()


@pytest.mark.proves("Promise 4: a sign-up gets the same answer for a new, a known and a suppressed address")
def test_every_address_gets_the_same_answer(client: PageClient) -> None:
    subscribed("confirmed@example.org")
    full = [f"q=search{number}" for number in range(MOST_SEARCHES)]
    follower(*full, email="full@example.org")
    sign_up(client, "pending@example.org")
    suppressions.suppress("suppressed@example.org", SuppressionReason.COMPLAINED, datetime.now(UTC))
    db.session.commit()
    names = ("new", "pending", "confirmed", "full", "suppressed")
    answers = [client.post("/follow", filled(email=f"{name}@example.org", q="pain")) for name in names]
    assert len({(answer.status, answer.data, answer.location) for answer in answers}) == 1


def test_a_subscriber_to_everything_keeps_it_and_follows_a_search_too(client: PageClient) -> None:
    subscribed()
    ask(client)
    assert get_subscriber().state == SubscriberState.CONFIRMED
    assert get_subscriber().searches == []
    confirm(client)
    subscriber = get_subscriber()
    assert (subscriber.searches, subscriber.follows_searches_only) == (["q=zebrafish"], False)


def test_clicking_twice_is_fine_and_adds_nothing(client: PageClient) -> None:
    subscribed()
    ask(client)
    link = link_in(delivered()[-1], "/newsletter/confirm/")
    client.post(link)
    client.post(link)
    assert get_subscriber().searches == ["q=zebrafish"]


def test_an_old_link_does_not_confirm_what_somebody_else_asks_for(client: PageClient) -> None:
    sign_up(client)
    link = link_in(delivered()[-1], "/newsletter/confirm/")
    client.post(link)
    ask(client, q="words of a stranger")
    client.post(link, status=410)
    assert get_subscriber().searches == []


def test_a_second_search_need_not_wait_for_an_hour(client: PageClient) -> None:
    ask(client)
    ask(client, q="ignored until the first mail is answered")
    confirm(client)
    ask(client, q="pills")
    confirm(client)
    assert get_subscriber().searches == ["q=zebrafish", "q=pills"]


@pytest.mark.parametrize("searches", [["q=zebrafish"], [f"q=search{n}" for n in range(MOST_SEARCHES)]])
def test_a_search_that_is_followed_or_too_many_changes_nothing(
    client: PageClient, searches: list[str]
) -> None:
    follower(*searches)
    ask(client)
    text = text_of(delivered()[-1])
    assert "nothing has changed" in text
    assert ("as many searches as we can keep" in text) == (len(searches) == MOST_SEARCHES)
    assert (get_subscriber().searches, get_subscriber().asked_search) == (searches, None)


def test_who_unsubscribed_and_follows_a_search_gets_only_that(client: PageClient) -> None:
    subscribed(state=SubscriberState.UNSUBSCRIBED, topics=["orthopedics"])
    ask(client)
    confirm(client)
    assert (get_subscriber().topics, get_subscriber().follows_searches_only) == ([], True)


def test_signing_up_for_the_newsletter_and_a_search_at_once_gives_both(client: PageClient) -> None:
    sign_up(client)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1, minutes=1)):
        ask(client)
        confirm(client)
    subscriber = get_subscriber()
    assert (subscriber.searches, subscriber.follows_searches_only) == (["q=zebrafish"], False)


def test_a_search_that_is_never_confirmed_is_deleted(client: PageClient) -> None:
    subscribed()
    ask(client)
    now = datetime.now(UTC)
    forget(now + timedelta(hours=47))
    assert get_subscriber().asked_search
    forget(now + timedelta(hours=49))
    assert get_subscriber().asked_search is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"email": "maria@"}, "name@example.org"), ({"q": " ", "subject": ""}, "Enter words to look for")],
)
def test_a_refused_form_keeps_what_was_typed(client: PageClient, fields: dict[str, str], words: str) -> None:
    typed = {"email": "ana@example.org", "q": "zebrafish", "subject": "animals"} | fields
    page = client.post("/follow", filled(**typed), status=422).text
    assert words in page and "<title>Error: " in page
    for name, value in typed.items():
        assert not value.strip() or (f'name="{name}"' in page and f'value="{value}"' in page)
    assert kinds() == []


def test_a_robot_gets_thanks_and_nothing_happens(client: PageClient) -> None:
    ask(client, website="https://spam.example")
    assert db.session.scalar(select(Subscriber)) is None


# Mail


def test_a_follower_is_mailed_what_matches_and_nothing_else(app: Flask) -> None:
    follower("q=zebrafish", "category=orthopedics")
    fish = add_article(now=EARLIER, plain_title="A zebrafish study")
    bones = add_article(now=EARLIER, plain_title="Strong bones", categories=["orthopedics"])
    add_article(now=EARLIER, plain_title="Something else")
    make_issue()
    text = text_of(delivered(NOW)[-1])
    assert fish.title in text and bones.title in text and "Something else" not in text
    assert "You follow: “zebrafish”" in text and "You follow: Orthopedics" in text


def test_one_mail_an_issue_whatever_matched(app: Flask) -> None:
    follower("q=zebrafish", "q=pills", "category=pain-management", topics=["pain-management"])
    add_article(now=EARLIER, plain_title="Zebrafish pills")
    make_issue()
    assert kinds() == [MailKind.DIGEST]
    assert text_of(delivered(NOW)[-1]).count("Zebrafish pills") == 1


def test_nothing_that_matches_means_no_mail(app: Flask) -> None:
    follower("q=zebrafish", "q=the")
    add_article(now=EARLIER, plain_title="Something else")
    with pytest.raises(digests.NothingNew):
        make_issue()


def test_filters_count(app: Flask) -> None:
    follower("q=zebrafish&subject=people")
    add_article(now=EARLIER, plain_title="Zebrafish in rats", subject=Subject.ANIMALS, species="rats")
    with pytest.raises(digests.NothingNew):
        make_issue()


def test_an_index_that_is_behind_or_missing_holds_the_issue_up_and_loses_nothing(app: Flask) -> None:
    follower("q=zebrafish")
    indexing.catch_up()
    add_article(now=EARLIER, plain_title="A zebrafish study")
    with pytest.raises(SearchUnavailable):
        digests.make_issue(Frequency.WEEKLY, NOW)
    db.session.rollback()
    lines = [next_issue.lineup(kind, NOW) for kind in Frequency]
    assert [reports.upcoming(line, NOW).recipient_count for line in lines] == [None, 0]
    assert kinds() == [] and get_subscriber().covered_until is None
    make_issue()
    assert kinds() == [MailKind.DIGEST]


def test_a_weekly_and_a_monthly_issue_are_made_at_once(app: Flask) -> None:
    follower("q=zebrafish")
    follower("q=zebrafish", email="other@example.org", frequency=Frequency.MONTHLY)
    add_article(now=datetime.now(UTC) - timedelta(days=1), plain_title="A zebrafish study")
    assert run(app, "newsletter", "send-digest").output.count("1 recipients") == 2
    assert text_of(delivered()[-1]).count("You follow: “zebrafish”") == 1


def test_the_command_brings_the_index_up_to_date_first(app: Flask) -> None:
    follower("q=zebrafish")
    add_article(now=datetime.now(UTC) - timedelta(days=1), plain_title="A zebrafish study")
    assert "1 recipients" in run(app, "newsletter", "send-digest", "--frequency", "weekly").output


def test_a_search_is_asked_once_however_many_follow_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(query: SearchQuery, library: Snapshot) -> UnderstoodQuery:
        asked.append(query.text)
        return understand(query, library)

    monkeypatch.setitem(vars(followed), "understand", noted)
    follower("q=zebrafish")
    follower("q=zebrafish", "q=pills", email="other@example.org")
    add_article(now=EARLIER, plain_title="A zebrafish study")
    make_issue()
    assert sorted(asked) == ["pills", "zebrafish"]


# Preferences, my data, and leaving


def test_one_search_is_stopped_and_the_others_stay(client: PageClient) -> None:
    link = preferences(follower("q=zebrafish", "q=pills"))
    assert 'Stop<span class="sr"> following “zebrafish”' in client.get(link).text
    answer = client.post(f"{link}/searches/stop", {"search": "q=zebrafish"})
    page = client.get(answer.location).text
    assert "Saved" in page and "zebrafish" not in page and "“pills”" in page
    assert (get_subscriber().state, get_subscriber().searches) == (SubscriberState.CONFIRMED, ["q=pills"])


@pytest.mark.parametrize(
    ("only", "state"), [(True, SubscriberState.UNSUBSCRIBED), (False, SubscriberState.CONFIRMED)]
)
def test_stopping_the_last_search_ends_what_there_was_only_for_it(
    client: PageClient, only: bool, state: SubscriberState
) -> None:
    link = preferences(follower("q=zebrafish", follows_searches_only=only))
    client.post(f"{link}/searches/stop", {"search": "q=zebrafish"})
    assert get_subscriber().state == state


def test_unsubscribing_stops_all_searches_and_deletes_them(client: PageClient) -> None:
    client.post(
        urlsplit(emails.unsubscribe_link(follower("q=zebrafish", asked_search="q=pills"))).path, status=200
    )
    subscriber = get_subscriber()
    assert (subscriber.state, subscriber.searches, subscriber.asked_search) == (
        SubscriberState.UNSUBSCRIBED,
        [],
        None,
    )


def test_topics_or_only_searches(client: PageClient) -> None:
    link = preferences(follower("q=zebrafish"))
    client.post(link, filled(frequency="monthly", searches_only="y"))
    assert get_subscriber().follows_searches_only
    both = filled(frequency="monthly", searches_only="y", **{"topics[]": ["orthopedics"]})
    assert "Choose topics, or only your searches" in client.post(link, both, status=422).text
    client.post(link, filled(frequency="weekly", **{"topics[]": ["orthopedics"]}))
    subscriber = get_subscriber()
    assert (subscriber.topics, subscriber.follows_searches_only) == (["orthopedics"], False)
    assert subscriber.searches == ["q=zebrafish"]


def test_my_data_has_the_searches_and_erasing_leaves_none(client: PageClient) -> None:
    link = preferences(follower("q=zebrafish", asked_search="q=axolotl"))
    add_article(now=EARLIER, plain_title="A fish study", research_summary="It was a zebrafish.")
    make_issue()
    told = json.loads(client.flask.get(f"{link}/data").data)
    assert (told["searches"], told["asked_search"]) == (["q=zebrafish"], "q=axolotl")
    client.post(f"{link}/erase")
    for table in db.metadata.sorted_tables:
        rows = (
            str(db.session.execute(select(table)).all())
            if table.name.startswith(("sub", "out", "issue"))
            else ""
        )
        assert "zebrafish" not in rows and "axolotl" not in rows, table.name


@pytest.mark.proves("Web: log lines cannot be forged and hold no address and no search")
def test_no_log_line_has_the_words(client: PageClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "webapp")
    words = {"q": "zebrafish", "category": "orthopedics"}
    client.get("/follow", query_string=words)
    client.post("/follow", filled(email="maria@", **words), status=422)
    client.post("/follow", filled(email=ADDRESS, **words) | {"token": "x"}, status=422)
    client.post(
        "/follow", filled(email=ADDRESS, **words), status=403, headers={"Sec-Fetch-Site": "cross-site"}
    )
    ask(client, **words)
    link = link_in(delivered()[-1], "/newsletter/confirm/")
    client.get(link)
    client.post(link)
    client.post(link[:-2], status=410)
    add_article(plain_title="A zebrafish study", categories=["orthopedics"])
    make_issue(datetime.now(UTC))
    delivered()
    link = preferences(get_subscriber())
    client.get(link)
    client.flask.get(f"{link}/data")
    client.post(f"{link}/searches/stop", {"search": get_subscriber().searches[0]})
    lines = [JsonFormatter().format(record).lower() for record in caplog.records]
    assert sum("newsletter" in line or "/follow" in line for line in lines) >= 10
    assert not [line for line in lines if "zebrafish" in line or "orthopedics" in line]


@given(st.text(max_size=60), st.sampled_from(["", "people", "animals,lab"]), st.booleans())
@settings(max_examples=100)
def test_a_stored_search_is_the_same_search(text: str, subject: str, is_exact: bool) -> None:
    given_args = {"q": text, "subject": subject} | ({"exact": "1"} if is_exact else {})
    query = SearchQuery.from_args(MultiDict(given_args))
    assert followed.search_of(followed.stored(query)) == query
