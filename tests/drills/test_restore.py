"""A backup on a new machine: an empty folder, two commands, and readers have the newest summaries again."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.drills.people import Browser
from tests.drills.site import Site, inside, running
from tests.factories import NOW, add_article
from webapp import create_app
from webapp.config import Config
from webapp.operations import backups

NEWEST = ("zebrafish-1", "axolotl-2", "salamander-3")


@pytest.mark.proves("Promise 1: a backup restored into an empty folder serves the newest articles")
def test_a_backup_restored_on_an_empty_folder_serves_the_newest_summaries(site: Site, tmp_path: Path) -> None:
    with inside(site):
        for days, slug in enumerate(NEWEST):
            add_article(NOW - timedelta(days=days), slug=slug, plain_title=f"Of {slug}")
        file = backups.back_up(tmp_path / "backups", NOW)
    shutil.rmtree(site.folder / "instance")
    empty = tmp_path / "elsewhere"
    empty.mkdir()
    other = Site(empty, WEB_CONCURRENCY="1")
    told = (
        create_app(Config.from_environ(other.environment))
        .test_cli_runner()
        .invoke(args=["restore", str(file)])
    )
    assert told.exit_code == 0, told.output
    with running(other):
        reader = Browser()
        listed = reader.open(other, "/research")
        places = [listed.index(f'href="/research/{slug}"') for slug in NEWEST]
        assert places == sorted(places)
        for slug in NEWEST:
            assert f"Of {slug}" in reader.open(other, f"/research/{slug}")
            assert reader.finds(other, f"/research/{slug}")
