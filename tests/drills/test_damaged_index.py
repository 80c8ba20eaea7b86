"""The index is damaged while the site runs: every search is answered, what is new is found, and nobody need repair it."""

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills.conftest import new_site
from tests.drills.people import Browser
from tests.drills.site import Site, inside, running, say
from tests.waiting import seconds_until
from webapp.search import indexing
from webapp.search.index import SearchUnavailable, search_index

HELD_BACK = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
REDUCED = "fixing our search"


def truncate(index: Path) -> None:
    for file in files_of(index):
        os.truncate(file, file.stat().st_size // 2)


def delete(index: Path) -> None:
    for file in files_of(index):
        file.unlink()


def flip_bits(index: Path) -> None:
    chance = random.Random(1)
    for file in files_of(index):
        content = bytearray(file.read_bytes())
        for _ in range(max(1, len(content) // 50)):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        with file.open("r+b") as opened:  # in place, as a failing disk does
            opened.write(content)


def lose_the_folder(index: Path) -> None:
    shutil.rmtree(index)


def files_of(index: Path) -> list[Path]:
    live = index / (index / "CURRENT").read_text(encoding="ascii")
    return [
        file for file in live.iterdir() if file.suffix not in (".lock", ".seal") and "LOCK" not in file.name
    ]


def is_whole() -> bool:
    """Does a process that has never seen the index find everything in it?"""
    try:
        return indexing.differences(search_index()).is_empty and search_index().reads_whole()
    except SearchUnavailable:
        return False


@pytest.fixture(scope="module")
def site(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that runs as who is held back by permissions, even where root runs the tests."""
    site = new_site(prepared, tmp_path_factory.mktemp("damaged"))
    site.before = HELD_BACK if os.geteuid() == 0 else ()
    with running(site):
        yield site


@pytest.fixture(scope="module")
def editor(site: Site) -> Browser:
    """Somebody who signed in."""
    browser = Browser()
    browser.sign_in(site)
    return browser


def publish_and_find(editor: Browser, site: Site, number: int, word: str) -> str:
    address = editor.publish(site, number, word)
    seconds_until(lambda: editor.finds(site, address))
    return address


@pytest.mark.proves("Promise 1: a damaged or missing index is searched around and rebuilt")
def test_an_index_that_is_damaged_while_the_site_runs_is_searched_on_and_repaired(
    site: Site, editor: Browser
) -> None:
    index = site.folder / "search_index"
    for number, damage in enumerate((truncate, delete, flip_bits, lose_the_folder), start=1):
        address = publish_and_find(editor, site, number, "zebrafish")
        damage(index)
        status, _, text = editor.read(site, "/search?q=ease+zebrafish")
        assert status == 200 and address in text
        publish_and_find(editor, site, 10 + number, "axolotl")
        with inside(site):
            say(f"{damage.__name__}: whole again after {seconds_until(is_whole):.1f} s")
        assert REDUCED not in editor.read(site, "/search?q=ease+the+axolotl")[2]


@pytest.mark.proves("Promise 1: a read-only index leaves search reduced or behind until it can be written")
def test_an_index_that_cannot_be_written_leaves_search_reduced_or_behind_until_it_can(
    site: Site, editor: Browser
) -> None:
    index = site.folder / "search_index"
    shutil.rmtree(index, ignore_errors=True)
    index.mkdir(mode=0o500)
    old = editor.publish(site, 21, "zebrafish")
    assert editor.finds(site, old)
    assert REDUCED in editor.read(site, "/search?q=ease+zebrafish")[2]
    index.chmod(0o700)
    seconds_until(lambda: REDUCED not in editor.read(site, "/search?q=ease+zebrafish")[2])
    folders = [index, index / (index / "CURRENT").read_text(encoding="ascii")]
    for folder in folders:
        folder.chmod(0o500)
    new = editor.publish(site, 22, "axolotl")
    assert editor.read(site, new)[0] == 200
    seconds_until(lambda: "the job follow failed" in site.log)
    assert editor.finds(site, old) and not editor.finds(site, new)
    for folder in folders:
        folder.chmod(0o700)
    seconds_until(lambda: editor.finds(site, new))
