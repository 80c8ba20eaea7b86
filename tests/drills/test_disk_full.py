"""The disk is full while an editor saves: the text stays on the page, the database stays whole, and later it is saved."""

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import html5lib
import pytest

from tests.drills.people import Writer
from tests.drills.site import IS_FULL, Site, running
from tests.editor.forms import Sent, changed, fields_of
from tests.pages import H
from tests.waiting import seconds_until
from webapp.operations import sqlite_files

SMALL = "8m"
TYPED = "Two  spaces,\r\n\r\n“quotes” & <b>angles</b>. " + " ".join(["It went on for a long time."] * 100)


class Disk(Protocol):
    """Something that gets full."""

    def fill(self, site: Site, /) -> None: ...

    def make_room(self, site: Site, /) -> None: ...


class Limit:
    """No file may grow any more: the system says so to every write, and nobody needs rights for it."""

    def fill(self, site: Site) -> None:
        self._set(site, 1)

    def make_room(self, site: Site) -> None:
        self._set(site, resource.RLIM_INFINITY)

    def _set(self, site: Site, size: int) -> None:
        for pid in site.workers():
            _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))


class SmallDisk:
    """A file system in memory with another file on it that takes all the room."""

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self, _site: Site) -> None:
        with self._ballast.open("wb", buffering=0) as file:
            while True:
                try:
                    file.write(b"\1" * 4096)
                except OSError:
                    return

    def make_room(self, _site: Site) -> None:
        self._ballast.unlink()


@pytest.fixture(params=["a limit", "a small disk"] if IS_FULL else ["a limit"])
def disk(request: pytest.FixtureRequest, site: Site) -> Iterator[Disk]:
    """What the database of the site is on."""
    if request.param == "a limit":
        yield Limit()
        return
    if os.geteuid() != 0:
        pytest.skip("only root may mount; a limit does the same to the site")
    folder = site.folder / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", folder], check=True)
    try:
        subprocess.run(["cp", "-r", site.environment["INSTANCE_PATH"], folder], check=True)
        site.environment["INSTANCE_PATH"] = str(folder / "instance")
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def kept_form(page: str) -> Sent:
    """What the button on the page sends."""
    form = next(form for form in html5lib.parse(page).iter(f"{H}form") if form.get("method") == "post")
    sent = Sent()
    for field in form.iter(f"{H}input"):
        sent.add(field.get("name"), field.get("value", "").replace("\n", "\r\n"))
    return sent


@pytest.mark.proves("Promise 1: a save on a full disk answers 503 and keeps the text")
def test_a_save_on_a_full_disk_is_kept_on_the_page_and_taken_once_there_is_room(
    site: Site, disk: Disk
) -> None:
    site.environment["WEB_CONCURRENCY"] = "1"
    with running(site):
        writer, database = Writer(site), Path(site.environment["INSTANCE_PATH"]) / "site.sqlite3"
        last = writer.save("Before.")
        disk.fill(site)
        sent = changed(writer.fields, harms=TYPED)
        status, _, page = writer.browser.read(site, writer.address, sent)
        assert status == 503
        assert kept_form(page)["harms"] == TYPED
        assert sqlite_files.problems_of(database) == []
        for path in ("/", "/contact", "/search?q=nothing+like+it", writer.address):
            assert writer.browser.read(site, path)[0] == 200, path
        assert fields_of(writer.browser.open(site, writer.address))["harms"] == "Before."
        disk.make_room(site)
        assert writer.browser.read(site, writer.address, kept_form(page))[0] == 200
        writer.reopen()
        assert (writer.fields["harms"], writer.fields["revision"]) == (TYPED, str((last or 0) + 1))
        assert sqlite_files.problems_of(database) == []
        address = writer.browser.publish(site, 1, "axolotl")
        seconds_until(lambda: writer.browser.finds(site, address))
