"""A copy of the site, opened from a disk."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_accessibility import violations
from tests.conftest import config_in, pushed
from tests.factories import NOW, add_article
from webapp.exports import site_copy


@pytest.fixture(scope="module")
def copy(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a copy with two summaries."""
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(seeded, folder / "instance")
    with pytest.MonkeyPatch.context() as patch, pushed(config_in(folder)):
        patch.setattr(site_copy, "COPIED_BLUEPRINTS", {"assets"})
        patch.setattr(site_copy, "COPIED", {"articles.home", "articles.article"})
        add_article(slug="the-pill", plain_title="A pill did little for nerve pain")
        add_article(slug="the-belt", plain_title="A belt did little for sitting")
        site_copy.make(folder / "site", NOW)
    yield (folder / "site").as_uri()


def test_the_search_of_a_copy_filters_its_page_list(browser: Browser, copy: str) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{copy}/index.html")
    page.get_by_role("searchbox").fill("nerve PAIN")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("#list > li:visible h2")).to_have_text(["A pill did little for nerve pain"])
    expect(page.get_by_role("status")).to_have_text("1 of 2 summaries shown. This copy looks only at titles.")
    page.get_by_role("searchbox").fill("")
    expect(page.locator("#list > li:visible")).to_have_count(2)
    page.get_by_role("link", name="A belt did little").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A belt did little for sitting")
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Atkinson')
    assert complaints == []
    assert violations(page) == []
    page.close()


def test_without_scripts_the_page_list_is_whole(browser: Browser, copy: str) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{copy}/search.html?q=pill")
    expect(page.locator("#list > li:visible")).to_have_count(2)
    expect(page.get_by_role("searchbox")).to_be_hidden()
    page.close()
