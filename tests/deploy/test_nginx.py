"""deploy/nginx.conf with a real nginx before a real gunicorn: public pages are kept until the second is over, nothing else is."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from deploy.rehearse import block
from tests.accounts.people import EMAIL, PASSWORD, add_editor
from tests.drills.site import ROOT, Site, free_port, inside, is_listening, running
from tests.factories import NOW, add_article, add_categories, publish
from tests.http_servers import SilentHandler, http_server
from tests.postgres.server import missing
from tests.waiting import wait_until
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.exports import site_copy
from webapp.publishing.publication import content_of, withdraw
from webapp.search import indexing

CONF = ROOT / "deploy" / "nginx.conf"
PATH = "/research/the-summary"
TRIES = 300
OF_THE_CONNECTION = ("Connection", "Date", "Kept", "Server")
Headers = dict[str, str]
Answer = tuple[HTTPResponse, bytes]


def ask(port: int, method: str, path: str, body: str = "", headers: Headers | None = None) -> Answer:
    with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.request(method, path, body or None, {"Accept": "text/html"} | (headers or {}))
        answer = connection.getresponse()
        return answer, answer.read()


@dataclass
class Front:
    """nginx before a site. Its own header ``Kept`` is HIT on what it answers without the application."""

    port: int
    site: Site
    folder: Path
    pid: int

    def get(self, path: str, headers: Headers | None = None) -> Answer:
        return ask(self.port, "GET", path, "", headers)

    def get_kept(self, path: str, headers: Headers | None = None) -> Answer:
        """The page as nginx keeps it. It comes soon: unless a second ends just then, with the third request."""
        for _ in range(TRIES):
            answer, text = self.get(path, headers)
            if answer.headers["Kept"] == "HIT":
                return answer, text
        raise AssertionError(f"nginx never keeps {path}")

    def is_kept(self, path: str, headers: Headers | None = None) -> bool:
        return any(self.get(path, headers)[0].headers["Kept"] == "HIT" for _ in range(20))

    def get_from_application(self, path: str, headers: Headers | None = None) -> Answer:
        return ask(int(self.site.environment["PORT"]), "GET", path, "", headers)

    def signed_in(self) -> Headers:
        """The cookie of an editor."""
        page, text = self.get("/editor/sign-in")
        found = re.search(rb'name="csrf_token" value="([^"]+)"', text)
        assert found
        form = {"email": EMAIL, "password": PASSWORD, "csrf_token": found[1].decode()}
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
            "Cookie": _cookie(page),
        }
        answer, _ = ask(self.port, "POST", "/editor/sign-in", urlencode(form), sent)
        assert answer.status == 303
        return {"Cookie": _cookie(answer)}


@contextmanager
def changing(site: Site) -> Iterator[None]:
    """An application on the site's files. In the end the index has followed, so that no later test sees a page change."""
    with inside(site):
        yield
        db.session.commit()
        indexing.catch_up()
        indexing.catch_up()  # the first time it is only built


def nginx_program() -> str:
    """Where nginx is. Skips where it is not installed, unless it is required."""
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(nginx).exists():
        missing("nginx", "nginx-light", "REQUIRE_NGINX")
    return nginx


@contextmanager
def nginx_running(file: str, port: int) -> Iterator[int]:
    """nginx on this configuration, when it listens on its port; yields its process id."""
    server = subprocess.Popen([nginx_program(), "-c", file, "-e", "stderr"], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: server.poll() is not None or is_listening(port))
        assert server.poll() is None, "nginx did not start"
        yield server.pid
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A site of two workers with a summary and an editor, behind nginx."""
    folder = tmp_path_factory.mktemp("front")
    port = free_port()
    # At the lowest level gunicorn logs most of what it cannot read.
    site = Site(
        folder, TRUSTED_PROXIES="1", HOST="::", LOG_LEVEL="DEBUG", SITE_URL=f"http://127.0.0.1:{port}"
    )
    site.flask("db", "upgrade")
    with changing(site):
        add_categories()
        add_editor()
        add_article(slug="the-summary")
    with running(site):
        conf = CONF.read_text("utf-8").replace("#cdn ", "").replace("192.0.2.0/24", "127.0.0.1")
        file = _written(folder, site.environment["PORT"], port, conf)
        with nginx_running(file, port) as pid:
            yield Front(port, site, folder, pid)


@contextmanager
def without_application(front: Front) -> Iterator[None]:
    """Nobody is behind nginx, and the second is over in which it may still have kept a page."""
    front.site.kill_everything()
    time.sleep(1)
    try:
        yield
    finally:
        front.site.start()


def test_a_kept_page_is_what_the_application_sends(front: Front) -> None:
    made, text = front.get_from_application(PATH)
    kept, kept_text = front.get_kept(PATH)
    assert kept_text == text
    assert _headers(kept) == _headers(made)


def test_a_browser_that_has_the_page_is_told_so(front: Front) -> None:
    etag = front.get_kept(PATH)[0].headers["ETag"]
    answer, text = front.get_kept(PATH, {"If-None-Match": etag})
    assert (answer.status, text) == (304, b"")


REQUESTS: dict[str, tuple[str, Headers]] = {
    "page": (PATH, {}),
    "gzip": (PATH, {"Accept-Encoding": "gzip"}),
    "Brotli": (PATH, {"Accept-Encoding": "gzip, deflate, br, zstd"}),
    "dark": (PATH, {"Cookie": "reading=largest.dark.usual.forget"}),
    "citation": (PATH, {"Accept": "application/x-bibtex"}),
    "search": ("/search?q=pain", {}),
    "another search": ("/search?q=pill", {}),
    "fragment": ("/search?q=pain", {"HX-Request": "true"}),
    "boosted": ("/search?q=pain", {"HX-Request": "true", "HX-Boosted": "true"}),
    "on Back": ("/search?q=pain", {"HX-Request": "true", "HX-History-Restore-Request": "true"}),
}


def test_what_a_page_depends_on_is_told_apart(front: Front) -> None:
    expected = {name: front.get_from_application(path, sent)[1] for name, (path, sent) in REQUESTS.items()}
    assert len(set(expected.values())) == len(REQUESTS) - 2  # boosted and on Back want the whole page
    kept: set[str] = set()
    for _ in range(TRIES):
        for name, (path, sent) in REQUESTS.items():
            answer, text = front.get(path, sent)
            assert text == expected[name], name
            if answer.headers["Kept"] == "HIT":
                kept.add(name)
        if kept == set(REQUESTS):
            return
    raise AssertionError(f"nginx never keeps {set(REQUESTS) - kept}")


def test_an_unknown_host_is_refused_while_the_page_is_kept(front: Front) -> None:
    for _ in range(5):
        front.get_kept(PATH)
        assert front.get(PATH, {"Host": "evil.example"})[0].status == 400


@pytest.mark.parametrize("path", ["/contact", "/subscribe", "/livez", "/nowhere", "/editor/sign-in"])
def test_what_is_not_public_is_not_kept(front: Front, path: str) -> None:
    assert not front.is_kept(path)


def test_pages_of_editors_are_neither_kept_nor_compressed(front: Front) -> None:
    sent = front.signed_in() | {"Accept-Encoding": "gzip, br"}
    answer, text = front.get("/editor/", sent)
    assert b"Sign out" in text
    assert answer.headers["Content-Encoding"] is None
    assert not front.is_kept("/editor/", sent)


def test_what_is_asked_for_once_fills_no_folder(front: Front) -> None:
    for number in range(5):
        assert front.get(f"/about?nonsense={number}")[0].headers["Cache-Control"].startswith("public")
    assert not any(b"nonsense" in file.read_bytes() for file in (front.folder / "kept").iterdir())


def test_what_is_sent_reaches_the_application_as_it_is(front: Front) -> None:
    assert b"50% of a&amp;b" in front.get("/search?q=50%25+of+a%26b")[1]
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    for method, path, status in (
        ("POST", "/subscribe", 422),
        ("PUT", "/research", 405),
        ("POST", "/about", 405),
    ):
        answer, text = ask(front.port, method, path, "email=not-an-address", sent)
        assert (answer.status, b"not-an-address" in text) == (status, status == 422), path
        assert b"Spinal Cord Research Help" in text


def test_a_change_is_seen_within_a_second(front: Front) -> None:
    with changing(front.site):
        with writing():
            article = add_article(slug="to-be-changed", main_message="The pill did nothing.")
        said = msgspec.structs.replace(content_of(article), main_message="The pill did very little.")
        _wait_for_a_new_second()
        assert b"The pill did nothing." in front.get_kept("/research/to-be-changed")[1]
        with writing():
            publish(said, NOW, article)
        time.sleep(1)
        assert b"The pill did very little." in front.get("/research/to-be-changed")[1]


def test_a_withdrawn_text_is_gone_within_a_second(front: Front) -> None:
    with changing(front.site):
        with writing():
            article = add_article(slug="to-be-withdrawn")
        _wait_for_a_new_second()
        front.get_kept("/research/to-be-withdrawn")
        with writing():
            withdraw(article, "We mixed up two papers.", NOW)
        time.sleep(1)
        assert front.get("/research/to-be-withdrawn")[0].status == 410


def test_without_the_application_nothing_old_is_shown(front: Front) -> None:
    front.get_kept(PATH)
    with without_application(front):
        answer, text = front.get(PATH)
    assert (answer.status, answer.headers["Retry-After"], answer.headers["Cache-Control"]) == (
        503,
        "30",
        "no-store",
    )
    assert b"back soon" in text
    assert '<div lang="es"><h2>Esta página volverá pronto'.encode() in text


class WithoutDatabase(SilentHandler):
    """An application whose database is down."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()
        self.wfile.write(b"The database does not answer, but here is what you typed.")

    do_POST = do_GET


@pytest.fixture
def copy(front: Front) -> Iterator[None]:
    """A copy of the site, as scrh-copy.service makes it."""
    folder = front.folder / "copies"
    folder.mkdir()
    (front.folder / "copy").symlink_to(folder / "copy")
    with changing(front.site):
        former = os.umask(0o022)
        site_copy.make(folder / "copy", NOW)
        os.umask(former)
    further = folder / "copy" / "research@page=2&sort=title.html"
    further.write_text("The second page, by title", encoding="utf-8")
    yield
    (front.folder / "copy").unlink()
    shutil.rmtree(folder)


@pytest.mark.usefixtures("copy")
def test_without_the_application_or_its_database_a_copy_of_the_site_is_shown(front: Front) -> None:
    with without_application(front):
        pages = {
            "/": b"Latest research",
            PATH: b"This is a copy of our site from November 24, 2026",
            "/research?page=2&sort=title": b"The second page, by title",
            "/search?q=pain": b"the-summary.html",
        }
        for path, text in pages.items():
            answer, found = front.get(path)
            assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store"), path
            assert text in found, path
        files = {
            _style_sheet(front): ("text/css", b"@layer"),
            f"{PATH}.ris": ("text/plain", b"TY  - JOUR"),
            f"{PATH}.ris?of=summary": ("text/plain", b"TY  - "),
            "/feed.atom": ("application/atom+xml", b"<feed"),
        }
        for path, (kind, text) in files.items():
            answer, found = front.get(path)
            assert (answer.status, answer.headers.get_content_type()) == (200, kind), path
            assert text in found, path
        assert b"back soon" in ask(front.port, "POST", "/contact", "message=hello")[1]
        for path in ("/editor/", "/nowhere", "/research?/../../../../etc/passwd", "/?page=1/../../x"):
            answer, found = front.get(path)
            assert answer.status == 503 and b"root:" not in found, path
        with http_server(WithoutDatabase, int(front.site.environment["PORT"])):
            assert b"This is a copy" in front.get(PATH)[1]
            assert front.get(_style_sheet(front))[0].status == 200
            assert b"what you typed" in ask(front.port, "POST", "/contact", "message=hello")[1]
            assert b"does not answer" in front.get("/readyz")[1]


@pytest.mark.usefixtures("copy")
def test_links_of_the_copy_lead_to_the_pages_of_the_site(front: Front) -> None:
    for link, path in {
        "/index.html": "/",
        "/research/the-summary.html": PATH,
        "/search.html?q=pain": "/search?q=pain",
        "/research@page=1.html": "/research?page=1",
        "/categories/pain-management@page=1&sort=title.html": "/categories/pain-management?page=1&sort=title",
        "/research/the-summary.ris@of=summary.ris": f"{PATH}.ris?of=summary",
    }.items():
        answer, _ = front.get(link)
        assert answer.status == 302, link
        assert answer.headers["Location"].removeprefix(f"http://127.0.0.1:{front.port}") == path
        assert front.get(path)[0].status == 200, path


def test_the_logs_hold_neither_who_asked_nor_for_what(front: Front) -> None:
    front.get("/search?q=private-words")
    front.get("/newsletter/confirm/private-token", {"Referer": "https://example.org/private-words"})
    with without_application(front):
        front.get("/search?q=private-words")
    os.kill(front.pid, signal.SIGUSR1)  # write what is to be written, and open the files anew
    for _ in range(TRIES):
        if " GET 503 " in (lines := (front.folder / "scrh-access.log").read_text(encoding="utf-8")):
            break
        time.sleep(0.02)
    assert " GET 200 " in lines
    assert " GET 503 " in lines
    lines += (front.folder / "scrh-error.log").read_text(encoding="utf-8")
    assert not re.search(r"private|127\.0\.0\.1|/", lines)


def test_the_log_of_nginx_leads_to_that_of_the_application(front: Front) -> None:
    name = front.get("/nowhere", {"X-Request-ID": "made-up-by-a-visitor"})[0].headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", name)
    os.kill(front.pid, signal.SIGUSR1)
    wait_until(lambda: name in (front.folder / "scrh-access.log").read_text(encoding="utf-8"))
    assert f'"request_id": "{name}"' in front.site.log


def test_behind_a_cdn_each_visitor_is_known_by_the_address_that_the_cdn_adds(front: Front) -> None:
    path = f"{PATH}/feedback"
    token = re.search(rb'name="token" value="([^"]+)"', front.get(path)[1])
    assert token
    form = urlencode({"answer": "yes", "token": token[1].decode()})
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}

    def visitor(made_up: str, address: str) -> Headers:
        return {"X-Forwarded-For": f"{made_up}, {address}"}

    voted = ask(front.port, "POST", path, form, sent | visitor("198.51.100.9", "203.0.113.7"))[0]
    assert voted.status == 303
    for headers, is_asked in (
        (visitor("198.51.100.9", "203.0.113.7"), False),
        (visitor("198.51.100.1", "203.0.113.7"), False),
        (visitor("203.0.113.7", "203.0.113.8"), True),
    ):
        assert (b'name="answer"' in front.get(path, headers)[1]) is is_asked


def test_a_site_that_listens_on_all_addresses_answers_by_ipv6_too(front: Front) -> None:
    port = int(front.site.environment["PORT"])
    for host in ("::1", "127.0.0.1"):
        with closing(HTTPConnection(host, port, timeout=120)) as connection:
            connection.request("GET", "/about")
            assert connection.getresponse().status == 200


def test_gunicorn_logs_neither_who_sent_a_broken_request_nor_what_it_was(front: Front) -> None:
    port, before = int(front.site.environment["PORT"]), len(front.site.log)
    for request in (
        b"GET /private-words\r\n\r\n",
        b"private-words\r\n\r\n",
        b"GET /private-words HTTP/1.1\r\nprivate-words",
        b"GET / HTTP/1.1\r\nprivate-words\r\n\r\n",
        b"GET /?private-words HTTP/1.1\r\nContent-Length: private-words\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nprivate-words\r\n",
        b"GET /" + b"private-words" * 1000 + b" HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=120) as wire:
            wire.sendall(request)
            wire.shutdown(socket.SHUT_WR)
            while wire.recv(65_536):
                pass
    said = front.site.log[before:]
    assert said.count("Invalid request: InvalidRequestLine") >= 2
    assert "private-words" not in said and "127.0.0.1" not in said


def test_with_a_certificate_everything_travels_encrypted(tmp_path: Path) -> None:
    """The commands of the runbook make the configuration; there is no application behind it."""
    tls, plain = free_port(), free_port()
    written = tmp_path / "scrh.conf"
    written.write_text(CONF.read_text("utf-8"), "utf-8")
    (command,) = re.findall(r"^sed .+$", block("In front: TLS, IPv6, a CDN", "apt-get").text, re.M)
    subprocess.run(
        ["sh", "-c", command.replace("/etc/nginx/sites-enabled/scrh.conf", str(written))], check=True
    )
    conf = written.read_text("utf-8").replace("listen 443", f"listen 127.0.0.1:{tls}")
    conf = re.sub(r"listen \[::\]:443", f"listen [::1]:{tls}", conf)
    conf = re.sub(r"/etc/letsencrypt/\S+\.pem", str(ROOT / "tests/mail/localhost.pem"), conf)
    challenge = tmp_path / "acme/.well-known/acme-challenge/proof"
    challenge.parent.mkdir(parents=True)
    challenge.write_text("proof", "utf-8")
    trusting = ssl.create_default_context(cafile=ROOT / "tests/mail/localhost.pem")
    with nginx_running(_written(tmp_path, str(free_port()), plain, conf), plain):
        moved = ask(plain, "GET", "/newsletter/confirm/private-token")[0]
        assert (moved.status, moved.headers["Location"]) == (
            301,
            "https://127.0.0.1/newsletter/confirm/private-token",
        )
        assert ask(plain, "GET", "/.well-known/acme-challenge/proof")[1] == b"proof"
        with closing(HTTPSConnection("localhost", tls, context=trusting, timeout=120)) as connection:
            connection.request("GET", "/")
            assert connection.getresponse().status == 503
    assert not any(b"private" in file.read_bytes() for file in tmp_path.glob("*.log"))


def _style_sheet(front: Front) -> str:
    """The address of the style sheet of a copied page."""
    found = re.search(rb'href="\.\.(/[^"]+/site\.css)"', front.get(PATH)[1])
    assert found is not None
    return found[1].decode()


def _cookie(answer: HTTPResponse) -> str:
    return answer.headers["Set-Cookie"].split(";")[0]


def _headers(answer: HTTPResponse) -> Headers:
    return {name: value for name, value in answer.headers.items() if name not in OF_THE_CONNECTION}


def _wait_for_a_new_second() -> None:
    """What is kept now would be kept longest, did nginx count by whole seconds."""
    time.sleep(1 - time.time() % 1)


def _written(folder: Path, upstream: str, port: int, conf: str) -> str:
    """The configuration with the test's own folders and ports, in a block like Debian's."""
    for delivered, own in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{upstream};"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("listen [::]:80;", f"listen [::1]:{port};"),
        ("/run/scrh-pages", str(folder / "kept")),
        ("/var/log/nginx/", f"{folder}/"),
        ("/var/www/acme", f"{folder}/acme"),
        ("/var/lib/scrh-copy/site", str(folder / "copy")),
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
        f"http {{ include /etc/nginx/mime.types; gzip on; add_header Kept $upstream_cache_status; {temporary}\n{conf}\n}}",
        encoding="utf-8",
    )
    return str(file)
