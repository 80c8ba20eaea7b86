"""deploy/nginx.conf with a real nginx before a real gunicorn: pages from files, and never an old one."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import msgspec
import pytest

from tests.drills.site import ROOT, Site, free_port, running
from tests.factories import NOW, add_article, add_categories
from webapp import create_app
from webapp.config import Config
from webapp.db.session import db
from webapp.models import Article
from webapp.publishing.publication import content_of, publish, withdraw
from webapp.search import indexing
from webapp.web.headers import SECURITY_HEADERS

CONF = ROOT / "deploy" / "nginx.conf"


@dataclass
class Front:
    """nginx before a site; ``change`` publishes from another process than those that serve."""

    port: int
    site: Site

    def get(self, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET", path, headers={"Accept": "text/html"} | named)
            answer = connection.getresponse()
            return answer, answer.read()

    def is_file(self, path: str, **headers: str) -> bool:
        """Did nginx answer from a file? Its own mark of a file looks like 65f0c1a2-3d4."""
        return bool(
            re.fullmatch(r'"[0-9a-f]+-[0-9a-f]+"', self.get(path, **headers)[0].headers["ETag"] or "")
        )


@contextmanager
def another_process(site: Site) -> Iterator[None]:
    """An application on the site's database, as a command has it."""
    with create_app(Config.from_environ(site.environment)).app_context():
        yield
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A site of two workers with one summary, behind nginx."""
    tmp_path = tmp_path_factory.mktemp("front")
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(nginx).exists():
        if os.environ.get("REQUIRE_NGINX"):
            pytest.fail("nginx is missing: apt-get install nginx-light")
        pytest.skip("needs nginx: apt-get install nginx-light")
    port = free_port()
    site = Site(
        tmp_path, PAGE_DIR=str(tmp_path / "pages"), TRUSTED_PROXIES="1", SITE_URL=f"http://127.0.0.1:{port}"
    )
    site.flask("db", "upgrade")
    with another_process(site):
        add_categories()
        add_article(slug="the-summary", main_message="The pill did nothing.")
        indexing.catch_up(NOW)
        indexing.catch_up(NOW)  # nothing is left to follow, so nothing changes but by the test
    with running(site):
        server = subprocess.Popen(
            [nginx, "-c", _written(tmp_path, site, port), "-e", "stderr"], stderr=subprocess.DEVNULL
        )
        try:
            front = Front(port, site)
            _wait_for(front)
            yield front
        finally:
            server.terminate()
            server.wait()


def test_the_second_reader_gets_the_page_from_a_file_with_the_same_headers(front: Front) -> None:
    made, text = front.get("/research/the-summary")
    assert b"The pill did nothing." in text
    kept, again = front.get("/research/the-summary")
    assert front.is_file("/research/the-summary")
    assert again == text
    for name in (*SECURITY_HEADERS, "Vary", "Cache-Control", "Content-Type", "Content-Length"):
        assert kept.headers[name] == made.headers[name], name
    packed, _ = front.get("/research/the-summary", Accept_Encoding="gzip, br")
    assert packed.headers["Content-Encoding"] == "br"


BROWSERS = {
    "Chrome": (
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
        "application/signed-exchange;v=b3;q=0.7",
        "gzip, deflate, br, zstd",
    ),
    "Firefox": ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "gzip, deflate, br"),
    "one unheard of": ("text/html, text/plain;q=0.5", "deflate, br;q=0.9"),
}


@pytest.mark.parametrize("browser", BROWSERS)
def test_browsers_get_files_in_their_best_encoding(front: Front, browser: str) -> None:
    accept, encoding = BROWSERS[browser]
    front.get("/research/the-summary")
    front.get("/research/the-summary", Accept=accept, Accept_Encoding=encoding)
    assert front.is_file("/research/the-summary", Accept=accept, Accept_Encoding=encoding)
    packed, _ = front.get("/research/the-summary", Accept=accept, Accept_Encoding=encoding)
    assert packed.headers["Content-Encoding"] == "br"


def test_who_wants_another_page_than_everybody_gets_it_from_the_application(front: Front) -> None:
    front.get("/research/the-summary")
    path = "/research/the-summary"
    assert front.is_file(path)
    assert not front.is_file(path, Cookie="reading=largest.dark.usual.forget")
    assert not front.is_file(path, HX_Request="true")
    assert not front.is_file(path, Accept="application/x-bibtex")
    assert not front.is_file(path + "?of=summary")
    assert front.get("/current/research/the-summary.html")[0].status == 404
    assert front.get("/../lock")[0].status in (400, 404)


def test_what_is_no_file_reaches_the_application_as_it_was_sent(front: Front) -> None:
    assert b"50% of a&amp;b" in front.get("/search?q=50%25+of+a%26b")[1]
    with closing(HTTPConnection("127.0.0.1", front.port, timeout=20)) as connection:
        for method, path, status in (
            ("POST", "/subscribe", 422),
            ("PUT", "/research", 405),
            ("POST", "/research/the-summary", 405),
        ):
            sent = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
            connection.request(method, path, body=b"email=not-an-address", headers=sent)
            answer = connection.getresponse()
            text = answer.read()
            assert (answer.status, b"not-an-address" in text) == (status, status == 422), path
            assert b"Spinal Cord Research Help" in text


def test_a_change_made_by_a_command_is_seen_at_the_next_request(front: Front) -> None:
    front.get("/research/the-summary")
    assert front.is_file("/research/the-summary")
    with another_process(front.site):
        article = db.session.query(Article).one()
        said = msgspec.structs.replace(content_of(article), main_message="The pill did very little.")
        publish(said, NOW, article)
        db.session.commit()
    assert b"The pill did very little." in front.get("/research/the-summary")[1]


def test_without_the_application_present_pages_go_on_and_withdrawn_ones_do_not(front: Front) -> None:
    with another_process(front.site):
        indexing.catch_up(NOW)  # what an earlier test changed is followed, so nothing changes any more
    front.get("/")
    front.get("/research/the-summary")
    front.site.kill_everything()
    assert front.get("/")[0].status == 200
    answer, text = front.get("/search?q=pain")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert b"back soon" in text
    with another_process(front.site):
        withdraw(db.session.query(Article).one(), "We mixed up two papers.", NOW)
        db.session.commit()
    assert front.get("/research/the-summary")[0].status == 503


def _written(folder: Path, site: Site, port: int) -> str:
    """The configuration as it is delivered, with the test's own folder and ports."""
    conf = CONF.read_text(encoding="utf-8")
    for delivered, own in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{site.url.rsplit(':', 1)[1]};"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("/var/lib/scrh/pages", str(folder / "pages")),
    ):
        assert delivered in conf
        conf = conf.replace(delivered, own)
    temporary = "\n".join(
        f"{name}_temp_path {folder}/nginx-{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    file = folder / "nginx.conf"
    file.write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; worker_processes 1; events {{ }}\n"
        f"http {{ access_log off; {temporary}\n{conf}\n}}",
        encoding="utf-8",
    )
    return str(file)


def _wait_for(front: Front) -> None:
    for _ in range(100):
        try:
            if front.get("/livez")[0].status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("nginx did not answer")
