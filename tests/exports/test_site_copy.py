"""The static copy of the site: ``flask export-site``."""

import os
import shutil
from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from posixpath import dirname, join, normpath
from threading import Event
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import pytest
from flask import Flask

from tests.conftest import config_in, pushed
from tests.engines import both_engines
from tests.factories import NOW, add_answer, add_article, change_settings
from tests.hostile.world import LOGO
from tests.pages import H, check_page
from tests.terminal import run
from webapp import jobs
from webapp.catalog import queries
from webapp.config import Config
from webapp.content.logos import read_logo
from webapp.db.session import db
from webapp.exports import site_copy
from webapp.exports.site_copy import COPIED, COPIED_BLUEPRINTS, CannotCopySite, SiteCopy
from webapp.models import Article, Draft, GlossaryTerm
from webapp.publishing.publication import withdraw
from webapp.web.http import language_of

# Public pages that a copy does not hold: each answers one reader, a form or a program.
LEFT_OUT = {
    "exports.answer_card": "messengers fetch it from the address that is shared",
    "exports.card": "messengers fetch it from the address that is shared",
    "exports.search_feed": "the site's own search",
    "exports.search_file": "the site's own search",
    "exports.sitemap": "lists the addresses of the site",
    "feedback.answer_page": "a form",
    "feedback.message_sent": "after a form",
    "feedback.note_sent": "after a form",
    "feedback.report": "a form",
    "feedback.report_sent": "after a form",
    "feedback.vote_page": "a form",
    "newsletter.confirm": "one reader",
    "newsletter.confirmed": "after a form",
    "newsletter.erase": "one reader",
    "newsletter.erased": "after a form",
    "newsletter.follow": "a form",
    "newsletter.my_data": "one reader",
    "newsletter.new_link": "a form",
    "newsletter.new_link_sent": "after a form",
    "newsletter.preferences": "one reader",
    "newsletter.sign_up_sent": "after a form",
    "newsletter.unsubscribe": "one reader",
    "operations.livez": "monitoring",
    "operations.prometheus_metrics": "monitoring",
    "operations.readyz": "monitoring",
    "pages.large_icon": "for home screens",
    "pages.manifest": "for home screens",
    "pages.offline": "belongs to the service worker",
    "pages.robots": "for search engines",
    "reviews.by_link": "one reviewer",
    "pages.service_worker": "the copy has none",
    "profile.ask": "one reader",
    "search.description": "the site's own search",
    "search.search": "the page list is in its place",
    "visit_pack.short_link": "leads to the site",
    "visit_pack.show": "one reader",
}


LIVE = "https://example.org"


@dataclass(frozen=True)
class Copy:
    """A copy, its files by path, and its pages as trees."""

    folder: Path
    texts: dict[str, str]
    pages: dict[str, Element]


@pytest.fixture(scope="module")
def copy(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """The copy of a site with 14 summaries, a withdrawn one, an answer, a draft, and a word explained."""
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(seeded, folder / "instance")
    with pushed(replace(config_in(folder), site_url=LIVE)):
        for number in range(14):
            add_article(slug=f"summary-{number}", plain_title=f"Pill {number} & pain")
        withdraw(add_article(slug="gone", plain_title="Withdrawn words"), "We mixed up two papers.", NOW)
        add_answer("summary-0", slug="does-it-help", elsewhere=[])
        db.session.add(Draft(content={"plain_title": "Secret words"}, saved_at=NOW))
        db.session.add(GlossaryTerm(slug="pain", term="pain", forms=[], meaning="What hurts."))
        change_settings(logo=read_logo(LOGO))
        site_copy.make(folder / "site", NOW)
    found = [path for path in (folder / "site").rglob("*") if path.is_file()]
    files = {path.relative_to(folder / "site").as_posix(): path for path in found}
    texts = {name: path.read_text("utf-8", "replace") for name, path in files.items()}
    pages = {name: check_page(text) for name, text in texts.items() if name.endswith(".html")}
    yield Copy(folder / "site", texts, pages)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let copies have few pages."""
    monkeypatch.setattr(site_copy, "COPIED", {"articles.home", "articles.article"})


def links(page: Element) -> list[str]:
    return [
        value
        for part in page.iter()
        for name, value in part.items()
        if name in ("href", "src", "action") and value
    ]


def test_every_link_within_the_copy_leads_to_one_of_its_files(copy: Copy) -> None:
    ids = {name: {part.get("id") for part in page.iter()} for name, page in copy.pages.items()}
    for name, page in copy.pages.items():
        for link in links(page):
            address = urlsplit(link)
            if address.scheme:
                continue
            target = normpath(join(dirname(name), address.path)) if address.path else name
            assert target in copy.texts, f"{name}: {link}"
            assert not address.fragment or address.fragment in ids[target], f"{name}: {link}"


def test_the_copy_has_every_kind_of_page(copy: Copy) -> None:
    assert copy.texts.keys() >= {
        "index.html",
        "research.html",
        "research@page=2.html",
        "research/summary-0.html",
        "research/summary-0.ris",
        "research/summary-0.ris@of=summary.ris",
        "answers.html",
        "answers/does-it-help.html",
        "categories.html",
        "categories/pain-management@sort=title.html",
        "categories/pain-management@page=2&sort=title.html",
        "categories/pain-management/feed.atom",
        "glossary/pain.html",
        "disclaimer.html",
        "privacy.html",
        "corrections/feed.atom",
        "data/articles.csv",
        "feed.atom",
        ".well-known/security.txt",
    }


def test_every_public_page_is_copied_or_left_out_on_purpose(app: Flask) -> None:
    public = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/editor")
    }
    copied = COPIED | {name for name in public if name.partition(".")[0] in COPIED_BLUEPRINTS}
    assert public == copied | LEFT_OUT.keys()


def test_links_leave_the_copy_only_for_pages_that_it_does_not_have(app: Flask, copy: Copy) -> None:
    match = app.url_map.bind("").match
    # The notes above a page and in place of a form lead to the same page on the live site.
    notes = (".//{*}aside[@class='copy-note']//{*}a", ".//{*}p[@class='hint']/{*}a")
    for name, page in copy.pages.items():
        of_notes = {id(link) for note in notes for link in page.iterfind(note)}
        for part in page.iter(f"{H}a"):
            link = part.get("href", "")
            if link.startswith(LIVE) and id(part) not in of_notes:
                endpoint, _ = match(language_of(urlsplit(link).path)[1])
                assert endpoint in LEFT_OUT, f"{name}: {link}"


def test_drafts_and_withdrawn_texts_are_in_no_file(copy: Copy) -> None:
    assert "Pill 3 &amp; pain" in copy.texts["search.html"]
    for name, text in copy.texts.items():
        assert "Secret words" not in text, name
        assert "Withdrawn words" not in text, name
        assert "/editor" not in text, name


def test_every_page_says_of_which_day_it_is_a_copy_and_leads_to_the_live_page(copy: Copy) -> None:
    for name, page in copy.pages.items():
        (note,) = (part for part in page.iter(f"{H}aside") if part.get("class") == "copy-note")
        day = "24 de noviembre de 2026" if name.startswith("es") else "November 24, 2026"
        assert day in "".join(note.itertext())
    assert (
        'href="https://example.org/research?page=2">Go to the live page' in copy.texts["research@page=2.html"]
    )


def test_a_sentence_stands_in_place_of_each_form(copy: Copy) -> None:
    for name, page in copy.pages.items():
        forms = list(page.iter(f"{H}form"))
        assert all(form.get("role") == "search" for form in forms), name
    assert 'can’t send forms. <a href="https://example.org/contact">' in copy.texts["contact.html"]


def test_pages_need_nothing_but_files(copy: Copy) -> None:
    """A page opened from a disk is refused what has to be checked or asked for across origins."""
    for name, page in copy.pages.items():
        for part in page.iter():
            assert not any(
                key.startswith(("data-hx-", "integrity", "crossorigin")) for key, _ in part.items()
            ), name
    (style,) = (text for name, text in copy.texts.items() if name.endswith("site.css"))
    assert 'url("../../' in style and 'url("/' not in style


def test_the_page_list_links_every_summary_and_is_a_search_with_a_script(copy: Copy) -> None:
    page = copy.pages["search.html"]
    assert sum(link.startswith("research/summary-") for link in links(page)) == 14
    (form,) = page.iter(f"{H}form")
    assert form.get("hidden") is not None  # the script shows it
    assert any(link.endswith("/js/copy.js") for link in links(page))
    assert "search.html?q=Will+I+get+my+hands+back?" in links(copy.pages["start.html"])


@both_engines
@pytest.mark.usefixtures("quick")
def test_a_new_copy_takes_the_place_of_the_former_one(app: Flask, tmp_path: Path) -> None:
    link = tmp_path / "site"
    link.mkdir()  # an empty folder may be named
    site_copy.make(link, NOW)
    assert not (link / "research" / "the-summary.html").exists()
    (tmp_path / "site-notes").mkdir()
    add_article(slug="the-summary")
    site_copy.make(link, NOW + timedelta(days=1))
    assert (link / "research" / "the-summary.html").exists()
    assert {path.name for path in tmp_path.iterdir()} >= {"site", "site-notes", link.readlink().name}
    assert len(list(tmp_path.glob("site-2*"))) == 1


def test_a_folder_with_other_files_is_left_alone(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    result = run(app, "export-site", tmp_path)
    assert result.exit_code == 1 and "other files" in result.output
    assert (tmp_path / "letter.txt").exists()


def test_a_file_in_place_of_the_copy_stays(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a letter", encoding="ascii")
    result = run(app, "export-site", tmp_path / "site")
    assert result.exit_code == 1 and "No copy was made" in result.output
    assert (tmp_path / "site").read_text(encoding="ascii") == "a letter"


def test_a_link_of_somebody_else_is_left_alone(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "site").symlink_to(tmp_path / "their-own-site")
    result = run(app, "export-site", tmp_path / "site")
    assert result.exit_code == 1 and "which is no copy of the site" in result.output
    withdraw(add_article(), "We mixed up two papers.", NOW)
    site_copy.remove_outdated(tmp_path / "site")
    assert (tmp_path / "site").readlink() == tmp_path / "their-own-site"


@pytest.mark.usefixtures("quick")
def test_the_command_makes_a_copy_that_other_users_may_read(app: Flask, tmp_path: Path) -> None:
    former = os.umask(0o077)
    try:
        result = run(app, "export-site", tmp_path / "site")
    finally:
        os.umask(former)
    assert result.exit_code == 0, result.output
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in (tmp_path / "site").rglob("*"))


@pytest.mark.usefixtures("quick")
def test_a_copy_is_removed_when_a_summary_is_withdrawn(config: Config, seeded: Path, tmp_path: Path) -> None:
    shutil.copytree(seeded, config.instance_path)
    with pushed(replace(config, site_copy=tmp_path / "site")):
        article = add_article()
        site_copy.make(tmp_path / "site", NOW)
        add_article(slug="published-later")
        jobs.remove_outdated_copy(Event())
        assert (tmp_path / "site").exists()
        withdraw(article, "We mixed up two papers.", NOW)
        db.session.commit()
        jobs.remove_outdated_copy(Event())
        assert not (tmp_path / "site").exists()


def test_a_copy_during_which_a_summary_is_withdrawn_is_not_shown(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    article_id = add_article().id
    db.session.commit()

    def withdraw_elsewhere() -> None:
        with app.app_context():
            withdraw(db.session.get_one(Article, article_id), "We mixed up two papers.", NOW)
            db.session.commit()

    def write_and_withdraw(copy: SiteCopy) -> int:
        assert queries.titles()  # as its pages do
        Context().run(withdraw_elsewhere)
        return 1

    monkeypatch.setattr(SiteCopy, "write", write_and_withdraw)
    with pytest.raises(CannotCopySite, match="withdrawn in the meantime"):
        site_copy.make(tmp_path / "site", NOW)
    assert not (tmp_path / "site").exists()
