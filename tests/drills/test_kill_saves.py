"""Workers are killed -9 while an editor saves: every save that was answered is there, under the number it was told."""

import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from threading import Timer
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from tests.drills.site import IS_FULL, Site, running
from tests.editor.forms import Sent, changed, fields_of

SAVES = 200 if IS_FULL else 12
LONGEST_SAVE = 0.1  # seconds, about; a kill comes at a random moment of it
EMAIL, PASSWORD = "ed@example.org", "a long enough passphrase"


class Writer:
    """An editor at a browser. A save that gets no answer makes them open the form again, as people do."""

    def __init__(self, site: Site) -> None:
        self.url = site.url
        self.browser = build_opener(HTTPCookieProcessor(CookieJar()))
        self.address = "/editor/summaries/new"

    def read(self, path: str, sent: Sent | None = None, **headers: str) -> tuple[str, str]:
        """The address and the text of an answer."""
        body = None if sent is None else urlencode(list(sent.items(multi=True))).encode()
        headers["Sec-Fetch-Site"] = "same-origin"
        with self.browser.open(Request(self.url + path, body, headers), timeout=20) as answer:
            return answer.url, answer.read().decode()

    def sign_in(self) -> None:
        page = self.read("/editor/sign-in")[1]
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found
        self.read(
            "/editor/sign-in", Sent({"email": EMAIL, "password": PASSWORD, "csrf_token": found.group(1)})
        )

    def begin(self) -> None:
        """Save a new draft; from now on its address is known."""
        sent = changed(fields_of(self.read(self.address)[1]), action="save", plain_title="A drill")
        self.address = self.read(self.address, sent)[0].removeprefix(self.url).split("?")[0]
        self.reopen()

    def reopen(self) -> None:
        self.fields = fields_of(self.read(self.address)[1])

    def save(self, text: str) -> int | None:
        """The revision that the answer names; None if there was no answer."""
        sent = changed(self.fields, action="save", harms=text)
        try:
            answer = self.read(self.address, sent, **{"HX-Request": "true"})[1]
        except (OSError, HTTPException):
            self.reopen()
            return None
        found = re.search(r'name="revision" value="(\d+)"', answer)
        assert found and "Draft saved" in answer, answer
        self.fields["revision"] = found.group(1)
        return int(found.group(1))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An empty library with one editor."""
    site = Site(tmp_path)
    site.flask("db", "upgrade")
    site.flask("editors", "add", "Ed Itor", EMAIL, "--password-stdin", typed=PASSWORD + "\n")
    with running(site):
        yield site


def saved(site: Site) -> dict[int, str]:
    """What the database holds: text by revision number."""
    with closing(sqlite3.connect(Path(site.environment["INSTANCE_PATH"]) / "site.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = database.execute("SELECT number, json_extract(content, '$.harms') FROM revision")
        return dict(rows.fetchall())


def test_every_answered_save_is_there_whatever_was_killed(site: Site) -> None:
    chance = random.Random(5)
    writer = Writer(site)
    writer.sign_in()
    writer.begin()
    answered: dict[int, str] = {}
    kills = unanswered = 0
    while len(answered) < SAVES:
        workers, killers = site.workers(), []
        if workers and chance.random() < 0.5:
            victims = workers if chance.random() < 0.5 else [chance.choice(workers)]
            moment = chance.uniform(0, LONGEST_SAVE)
            killers = [Timer(moment, site.kill_worker, [victim]) for victim in victims]
            kills += len(victims)
        for killer in killers:
            killer.start()
        text = f"Save {len(answered) + unanswered + 1}."
        number = writer.save(text)
        if number is None:
            unanswered += 1
        else:
            assert number not in answered
            answered[number] = text
        for killer in killers:
            killer.join()

    there = saved(site)
    assert sorted(there) == list(range(1, len(there) + 1)), "a number is missing"
    assert {number: there.get(number) for number in answered} == answered
    assert len(there) <= 1 + len(answered) + unanswered, "a save is there twice"
    assert kills >= SAVES // 4
    print(f"{len(answered)} saves answered, {unanswered} not, {kills} kills: 0 lost")  # noqa: T201
