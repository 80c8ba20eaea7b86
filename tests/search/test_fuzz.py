"""Whatever is typed gets an answer, and never a text that is not public."""

import random
from urllib.parse import quote

import pytest

from tests.factories import NOW, add_article
from tests.pages import PageClient
from tests.search.conftest import Adds
from webapp.db.session import db
from webapp.models import Draft
from webapp.publishing.publication import withdraw
from webapp.search import indexing
from webapp.search.synonyms import table

PIECES = (
    "*", "?", "*a*", "a*", "~", "^9", "status:draft", "id:1", "key:1", "facet:kind", "[a TO z]", "(", ")", "((((", '"', "“", "”",
    "AND", "OR", "NOT", "-", "+", "\\", "'", "%", "_", "\0", "\n", "\t", "\u202e", "\ufeff", "𝔘", "ß", "İ", "é", "日本語", "😀", "a\u0301",
    "<b>", "</script>", "{{ 7*7 }}", "{% raw %}", "' OR 1=1 --", "../../etc/passwd", "zebrafish", "secret", "pain", "bladder",
)  # fmt: skip
MORE = ("kind", "subject", "result", "year", "category", "sort", "page", "exact", "own", "panel")


def made_up(chance: random.Random) -> str:
    """An address with a search that nobody would think of."""
    words = chance.choices(PIECES, k=chance.randint(1, 12))
    if chance.random() < 0.3:
        words += [form for concept in chance.choices(table().concepts, k=2) for form in concept.lay]
    if chance.random() < 0.1:
        words.append("".join(chance.choices("abcdefghijklmnop(*\"' ", k=6_000)))
    query = chance.choice(("", " ", "+")).join(words)
    path = chance.choice(("/search", "/search", "/search/feed.atom"))
    rest = "".join(
        f"&{name}={quote(chance.choice(PIECES))}" for name in chance.sample(MORE, chance.randint(0, 3))
    )
    return f"{path}?q={quote(query)}{rest}"


@pytest.mark.proves(
    "Promise 2: no fuzzed search finds a draft",
    "Promise 3: five hundred fuzzed searches answer 200",
    "ASVS 15.2.2",
)
@pytest.mark.parametrize("part", range(5))
def test_five_hundred_odd_searches_are_answered(client: PageClient, add: Adds, part: int) -> None:
    chance = random.Random(part)
    gone = add_article(plain_title="A withdrawn zebrafish secret about pain")
    db.session.add(Draft(content={"plain_title": "A draft secret zebrafish"}, saved_at=NOW))
    add(plain_title="A zebrafish study of pain and bladder")
    withdraw(gone, "It was wrong.", NOW)
    db.session.commit()
    if part % 2:
        indexing.catch_up()
    for _ in range(100):
        path = made_up(chance)
        response = client.flask.get(path)
        assert response.status_code == 200, path
        assert gone.slug not in response.text
        assert "A draft secret" not in response.text


@pytest.mark.parametrize(
    "query", ["*a*", "bac*", "status:draft", "article:1", "[a TO z]", "NOT zebrafish", "revision:1"]
)
def test_the_language_of_search_engines_has_no_power(client: PageClient, add: Adds, query: str) -> None:
    article = add(plain_title="Baclofen in a made-up trial")
    text = client.get("/search", query_string={"q": query, "own": "1", "exact": "1"}).text
    assert article.slug not in text


def test_ten_thousand_characters_are_cut_and_answered(client: PageClient, add: Adds) -> None:
    add(plain_title="A zebrafish study")
    assert "1 summary" in client.get("/search", query_string={"q": "zebrafish " + "x" * 10_000}).text
    assert "We have no summary on" in client.get("/search", query_string={"q": "q" * 10_000}).text
