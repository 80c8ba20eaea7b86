"""Every word of a page in another language is in the language that its HTML says: the walk of a careful screen reader."""

import re
import shutil
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import pytest
from flask import Flask

from tests.conftest import config_in, pushed
from tests.factories import NOW, add_article, content, publish
from tests.pages import H, parsed
from webapp.content.article_content import PaperContent
from webapp.db.session import db
from webapp.languages import catalogs
from webapp.languages.language import known_languages
from webapp.models.values import PaperStatus
from webapp.publishing import external_changes
from webapp.publishing.translations import import_folder

SPANISH = known_languages()["es"]
MOST_OF_A_KIND = (
    8  # pages that are made by one template; the starter library has more than a hundred summaries
)
# What no link leads to.
STARTS = (
    "/es/",
    "/es/search?q=pain",
    "/es/search?q=dolor",
    "/es/search?q=zzxqy",
    "/es/search?q=quiero+morir",
    "/es/search?panel=1&q=dolor",
    "/es/follow?category=pain-management",
    "/es/visit-pack?s=1-2-3-a1-a2",
    "/es/research/nothing-here",
)
ENGLISH_WORDS = re.compile(
    r"(?<![\w’'-])(the|of|and|is|are|with|from|this|that|was|were|for|you|your|not|we|or|by|it|they|have|has|people|what|how|who)(?![\w’'-])",
    re.IGNORECASE,
)
SPANISH_WORDS = re.compile(
    r"(?<!\w)(el|la|los|las|de|del|que|con|para|por|una|un|es|se|y|en|su|sus|sin|más|lo|al|son|está|fue|este|esta)(?!\w)"
)
SPOKEN = ("aria-label", "alt", "placeholder", "title", "data-announce", "data-title")
# Names in a sentence, which have no element of their own.
NAMES = re.compile(
    r"Center for Independent Living|WHO ICTRP|EU CTIS"
    r"|International Campaign for Cures of Spinal Cord Injury Paralysis"
    r"|Revista Española de Cirugía Ortopédica y Traumatología"
    r"|American Academy of Physical Medicine|Paralyzed Veterans of America"
    r"|National Center for Medical Rehabilitation Research"
    r"|Spinal Cord Research Help|International Journal of Spinal Cord Medicine"
)
# The title of a page about a text that is not translated names it within a Spanish sentence, and a title has no elements.
NAME_ENGLISH_TEXTS = re.compile(r"/es/(research|answers)/[\w-]+/(report|understanding|feedback|history)")


@dataclass(frozen=True)
class Spoken:
    """Words of a page, the language that its HTML says they are in, and where they stand."""

    words: str
    language: str
    place: str


@pytest.fixture(scope="module")
def site(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The starter library with its translations, and a summary that has all that one can have."""
    folder = tmp_path_factory.mktemp("in-spanish")
    shutil.copytree(starter, folder, dirs_exist_ok=True)
    with pushed(config_in(folder)) as app:
        assert not import_folder(SPANISH, NOW)
        changed = add_article(slug="changed-later", plain_title="A pill for the pain")
        text = content(
            plain_title="A pill for the pain", simple_explanation="People took the pill twice a day."
        )
        publish(text, NOW, changed, note="The count of pills was wrong")
        retracted = add_article(slug="taken-back", plain_title="A cream for the pain")
        external_changes.publish_notice(retracted, PaperContent(status=PaperStatus.RETRACTED), NOW)
        db.session.commit()
        yield app


def spoken(element: Element, language: str = "", place: str = "") -> Iterator[Spoken]:
    """What an element says, text by text and attribute by attribute."""
    if element.tag in (f"{H}script", f"{H}style", f"{H}code") or not isinstance(element.tag, str):
        return
    language = element.get("lang") or language
    place = f"{place} {element.tag.removeprefix(H)}"
    texts = [element.get(name) for name in SPOKEN]
    if element.tag == f"{H}meta" and element.get("name") == "description":
        texts.append(element.get("content"))
    for text in (*texts, element.text):
        if text and text.strip():
            yield Spoken(" ".join(text.split()), language, place)
    for child in element:
        yield from spoken(child, language, place)
        if child.tail and child.tail.strip():
            yield Spoken(" ".join(child.tail.split()), language, place)


def messages() -> tuple[set[str], set[str]]:
    """The messages that differ in English and in Spanish."""
    english, spanish = set[str](), set[str]()
    for message in catalogs.read(SPANISH):
        english |= {message.id} if isinstance(message.id, str) else set(message.id)
        spanish |= {message.string} if isinstance(message.string, str) else set(message.string or ())
    same = (english & spanish) | {""}
    return english - same, spanish - same


ENGLISH_MESSAGES, SPANISH_MESSAGES = messages()


def is_misnamed(one: Spoken) -> bool:
    """Whether words are plainly not in the language that the page says."""
    words = NAMES.sub("", one.words)
    if one.language == "es":
        return words in ENGLISH_MESSAGES or bool(ENGLISH_WORDS.search(words))
    return words in SPANISH_MESSAGES or len(SPANISH_WORDS.findall(words)) > 1


def pages(app: Flask) -> Iterator[tuple[str, Element]]:
    """The pages in Spanish that links lead to, some of each kind, and those that need no more than an address."""
    plain = (
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and not rule.rule.startswith("/editor")
    )
    waiting, seen, kinds = deque((*STARTS, *(f"/es{path}" for path in plain))), set[str](), Counter[str]()
    client = app.test_client()
    while waiting:
        address = waiting.popleft()
        kind = re.sub(r"(?<=^/es/)(\w+)/(?!sent)[^/?.]+", r"\1/…", address.partition("?")[0])
        if address in seen or kinds[kind] >= MOST_OF_A_KIND:
            continue
        seen.add(address)
        kinds[kind] += 1
        response = client.get(address)
        if response.mimetype != "text/html" or 300 <= response.status_code < 400:
            continue
        page = parsed(response.text)
        yield address, page
        links = (urlsplit(link.get("href") or "") for link in page.iter(f"{H}a"))
        waiting += [
            link._replace(fragment="").geturl()
            for link in links
            if not link.scheme and link.path.startswith("/es/")
        ]


def test_each_word_of_a_spanish_page_is_in_the_language_that_the_page_says(site: Flask) -> None:
    misnamed = {}
    seen = 0
    for address, page in pages(site):
        seen += 1
        in_title = (" head title", " head meta", " section") if NAME_ENGLISH_TEXTS.match(address) else ()
        for one in spoken(page):
            if is_misnamed(one) and not one.place.endswith(in_title):
                misnamed[one.words, one.language] = f"{address}:{one.place}"
    assert seen > 80
    assert not misnamed, (
        "mark what is English with lang_of(), of_text or in_english (webapp/web/templating.py)"
    )


@pytest.mark.parametrize(
    "html",
    [
        '<p lang="es">Emergency</p>',
        '<p lang="es">Stronger with the drug</p>',
        '<p lang="es"><a aria-label="What is it?" href="/">x</a></p>',
        '<p lang="en">Hallazgos principales</p>',
        '<p lang="en">Un fármaco que calma la vejiga</p>',
        '<div lang="en"><p><span lang="es">the drug</span></p></div>',
    ],
)
def test_a_word_in_another_language_is_noticed(html: str) -> None:
    page = parsed(f"<!doctype html><html><head><title>x</title></head><body>{html}</body></html>")
    assert any(map(is_misnamed, spoken(page)))


def test_words_in_their_language_are_not_noticed() -> None:
    page = parsed(
        '<!doctype html><html lang="es"><head><title>Dolor</title></head>'
        '<body><p>Mejor en <span lang="en">people with the injury</span></p></body></html>'
    )
    assert not any(map(is_misnamed, spoken(page)))
