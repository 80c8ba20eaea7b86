"""Feeds, structured data and files of the library, as other programs read them."""

import re

import msgspec

from tests.factories import NOW, add_article, content, publish
from tests.faults import fault
from tests.pages import PageClient
from webapp.content.article_content import CorrectionContent
from webapp.db.session import db


def test_feed_ids_never_change(client: PageClient) -> None:
    fault("26-feed-ids-change")
    said = content(corrections=[CorrectionContent(published_on=NOW.date(), text="A mistake.")])
    article = publish(said, NOW)
    db.session.commit()
    paths = ("/feed.atom", "/corrections/feed.atom", "/search/feed.atom")
    before = [re.findall("<id>.*</id>", client.get(path).text) for path in paths]
    for slug in (said.slug, said.slug, "another-address"):
        publish(msgspec.structs.replace(said, slug=slug), NOW, article)
        db.session.commit()
    assert [re.findall("<id>.*</id>", client.get(path).text) for path in paths] == before


def test_spreadsheets_can_tell_the_encoding(client: PageClient) -> None:
    wanted = (fault("29-csv-without-bom") / "look.txt").read_text().rpartition("not ")[2].strip()
    add_article()
    assert client.get("/data/articles.csv").data[:3].hex(" ") == wanted
