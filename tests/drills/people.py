"""People at browsers, whatever happens to the site meanwhile."""

import re
import time
from http.client import HTTPException
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.accounts.people import EMAIL, PASSWORD
from tests.drills.site import Site
from tests.editor.forms import Sent, changed, complete, fields_of

NO_ANSWER = (OSError, HTTPException)
PATIENCE = 30.0  # seconds until somebody gives up opening a page


class Browser:
    """Cookies, and what people do; they are good for several sites, as for nodes behind one address."""

    def __init__(self) -> None:
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def read(self, site: Site, path: str, sent: Sent | None = None, **headers: str) -> tuple[int, str, str]:
        """Status, address and text of an answer; raises one of NO_ANSWER if there is none."""
        body = None if sent is None else urlencode(list(sent.items(multi=True))).encode()
        request = Request(site.url + path, body, {"Sec-Fetch-Site": "same-origin"} | headers)
        try:
            with self._opener.open(request, timeout=120) as answer:
                return answer.status, answer.url.removeprefix(site.url), answer.read().decode()
        except HTTPError as error:
            return error.code, path, error.read().decode()

    def open(self, site: Site, path: str) -> str:
        """The text of a page; tries again while the site is away."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                status, _, text = self.read(site, path)
            except NO_ANSWER:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                assert status == 200, text
                return text

    def sign_in(self, site: Site) -> None:
        fields = {"email": EMAIL, "password": PASSWORD, "csrf_token": self.token(site, "/editor/sign-in")}
        assert "/editor/" in self.read(site, "/editor/sign-in", Sent(fields))[1]

    def token(self, site: Site, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.open(site, path))
        assert found
        return found.group(1)

    def publish(self, site: Site, number: int, word: str) -> str:
        """A new summary with this word in its title; returns its address."""
        path = "/editor/summaries/new"
        fields = complete(number) | {"plain_title": f"A {word} did not ease pain", "slug": f"{word}-{number}"}
        sent = changed(fields_of(self.open(site, path)), **fields)
        status, _, text = self.read(site, f"{path}/publish", sent)
        assert status == 200, text
        return f"/research/{word}-{number}"

    def finds(self, site: Site, address: str) -> bool:
        word = address.rpartition("/")[2].rpartition("-")[0]
        status, _, text = self.read(site, f"/search?q={word}")
        assert status == 200, text
        return f'href="{address}"' in text


class Writer:
    """An editor who saves one draft again and again. A save without an answer makes them open the form anew."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.browser = Browser()
        self.browser.sign_in(site)
        path = "/editor/summaries/new"
        sent = changed(fields_of(self.browser.open(site, path)), plain_title="A drill")
        self.address = self.browser.read(site, path, sent)[1].split("?")[0]
        self.reopen()

    def reopen(self) -> None:
        self.fields = fields_of(self.browser.open(self.site, self.address))

    def save(self, text: str) -> int | None:
        """The revision that the answer names; None if there was no answer."""
        sent = changed(self.fields, harms=text)
        try:
            answer = self.browser.read(self.site, f"{self.address}/save", sent, **{"HX-Request": "true"})[2]
        except NO_ANSWER:
            self.reopen()
            return None
        found = re.search(r'name="revision" value="(\d+)"', answer)
        assert found and "Draft saved" in answer, answer
        self.fields["revision"] = found.group(1)
        return int(found.group(1))
