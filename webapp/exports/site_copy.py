"""A copy of the public site as static files with relative links, for outages and for reading offline.

The copy holds the pages that links lead to from the home page, so readers find nothing in it that the site does not show.
It is a symbolic link to a folder whose name ends in the newest public change that the copy has. When a summary is
withdrawn after that, the link is removed: a copy must not show what the site no longer does.
"""

import posixpath
import re
import shutil
from collections import deque
from datetime import datetime
from html import unescape
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from flask import Response, current_app, g, make_response, render_template, request
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from webapp.catalog import queries
from webapp.db import change_log
from webapp.db.writing import stop_reading
from webapp.languages.language import gettext, in_language
from webapp.web.http import language_of

COPIED_BLUEPRINTS = frozenset({"answers", "articles", "assets", "exports", "pages", "safety"})
COPIED = frozenset(
    {"feedback.contact", "newsletter.issue", "newsletter.issues", "newsletter.issues_feed"}
    | {"newsletter.privacy", "newsletter.subscribe"}
)
STARTS = ("/", "/.well-known/security.txt")
QUERY = re.compile(r"|page=\d+(&sort=[a-z]+)?|sort=[a-z]+|of=summary")  # deploy/nginx.conf lists them, too

FORM = re.compile(r"<form\b([^>]*)>.*?</form>", re.DOTALL)
NEEDS_SITE = re.compile(r'\s+(data-hx-[\w-]+="[^"]*"|integrity="[^"]*")')
ADDRESS = re.compile(r'(?<=\s)(href|src|action)="(/[^"]*)"')
ADDRESS_IN_CSS = re.compile(r'url\("(/[^"]*)"\)')


class CannotCopySite(Exception):
    """No copy was made; the message says why. The former copy is still there."""


def make(link: Path, now: datetime) -> int:
    """Copy the site, and switch the symbolic link to the new copy; returns the number of files. Raises CannotCopySite.

    An interrupted copy leaves its folder, which the next one removes.
    """
    if link.is_symlink() and _change_of(link.readlink(), link) is None:
        raise CannotCopySite(
            f"{link} leads to {link.readlink()}, which is no copy of the site. Name another."
        )
    if link.exists() and not link.is_symlink():
        if any(link.iterdir()):
            raise CannotCopySite(
                f"{link} has other files in it. Name a folder that is empty or doesn’t exist."
            )
        link.rmdir()
    change = change_log.newest()
    stop_reading()
    folder = link.with_name(f"{link.name}-{now:%Y%m%dT%H%M%SZ}-{change}")
    count = SiteCopy(folder, now).write()
    stop_reading()  # otherwise SQLite would still show the database as it was at the first page
    if change_log.is_withdrawn_since(change):
        raise CannotCopySite("A summary was withdrawn in the meantime. Run it again.")
    new_link = link.with_name(f"{link.name}.new")
    new_link.unlink(missing_ok=True)
    new_link.symlink_to(folder.name)
    new_link.replace(link)
    for former in link.parent.iterdir():
        if _change_of(former, link) is not None and former != folder:
            shutil.rmtree(former)
    return count


def remove_outdated(link: Path) -> None:
    """Remove the copy if a summary was withdrawn since it was made. A link that is not to a copy stays."""
    if link.is_symlink():
        change = _change_of(link.readlink(), link)
        if change is not None and change_log.is_withdrawn_since(change):
            link.unlink(missing_ok=True)


def _change_of(folder: Path, link: Path) -> int | None:
    """The newest public change that a copy has, as the name of its folder says; None for any other folder."""
    found = re.fullmatch(rf"{re.escape(link.name)}-\d{{8}}T\d{{6}}Z-(\d+)", folder.name)
    return int(found[1]) if found else None


class SiteCopy:
    """A copy while it is written: its files, and the addresses that are still to be copied."""

    def __init__(self, folder: Path, made_at: datetime) -> None:
        self.folder = folder
        self.made_at = made_at
        self.site_url: str = current_app.config["SITE_URL"]
        self.addresses = current_app.url_map.bind("")
        self.files: set[str] = set()
        self.waiting: deque[tuple[str, str]] = deque()

    def write(self) -> int:
        """Follow every link and write every file; returns the number of files."""
        for start in STARTS:
            self.link(start, "")
        while self.waiting:
            address, file = self.waiting.popleft()
            path = self.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            language, plain = language_of(address)
            asked = current_app.test_request_context(plain, base_url=self.site_url + language.prefix)
            with in_language(language), asked, path.open("wb") as opened:
                g.copied_at = self.made_at
                response = self.answer(address)
                if response.mimetype == "text/html":
                    response.set_data(self.page(response.get_data(as_text=True), file))
                elif response.mimetype == "text/css":
                    response.set_data(self.style_sheet(response.get_data(as_text=True), file))
                opened.writelines(response.iter_encoded())
        return len(self.files)

    def answer(self, address: str) -> Response:
        """What the site answers to the current request. The page cache is left out: its pages are not those of a copy."""
        if request.path == "/search":
            return make_response(render_template("exports/page_list.html", rows=queries.titles()))
        response = current_app.full_dispatch_request()
        if response.status_code != HTTPStatus.OK:
            raise CannotCopySite(f"{address} answered {response.status_code}. Run it again.")
        return response

    def page(self, text: str, file: str) -> str:
        """The HTML of a page for the copy: with relative links, and without what only the site can do."""

        def without_sending(form: re.Match[str]) -> str:
            if 'role="search"' in form[1]:
                return form[0]
            sentence = gettext("This copy can’t send forms.")
            link = f'<a href="{escape(request.url)}">{gettext("Use this page on our live site")}</a>'
            return f'<p class="hint">{sentence} {link}.</p>' if 'method="post"' in form[1] else ""

        def with_link(found: re.Match[str]) -> str:
            return f'{found[1]}="{escape(self.link(unescape(found[2]), file))}"'

        return ADDRESS.sub(with_link, NEEDS_SITE.sub("", FORM.sub(without_sending, text)))

    def style_sheet(self, text: str, file: str) -> str:
        """A style sheet that names its fonts by relative paths."""
        return ADDRESS_IN_CSS.sub(lambda found: f'url("{self.link(found[1], file)}")', text)

    def link(self, address: str, file: str) -> str:
        """The link from a file to an address of the site, which is copied, too; else the address on the live site."""
        parts = urlsplit(address)
        name, page, rest = self.file_of(parts.path, parts.query), parts.query, ""
        if language_of(parts.path)[1] == "/search" and re.fullmatch("(q=[^&]*)?", parts.query):
            name, page, rest = (
                f"{parts.path[1:]}.html",
                "",
                parts.query,
            )  # a script of this page reads the query
        if not name:
            return self.site_url + address
        if name not in self.files:
            self.files.add(name)
            self.waiting.append((parts._replace(query=page, fragment="").geturl(), name))
        return posixpath.relpath(name, posixpath.dirname(file)) + parts._replace(path="", query=rest).geturl()

    def file_of(self, path: str, query: str) -> str:
        """The file for an address, such as ``research@page=2.html``; empty if the address is not copied."""
        try:
            endpoint, _ = self.addresses.match(language_of(path)[1], method="GET")
        except HTTPException:
            return ""
        is_copied = endpoint in COPIED or endpoint.partition(".")[0] in COPIED_BLUEPRINTS
        if not is_copied or not QUERY.fullmatch(query):
            return ""
        name = (path.strip("/") or "index") + (f"@{query}" if query else "")
        ending = PurePosixPath(path).suffix or ".html"
        return name if name.endswith(ending) else name + ending
