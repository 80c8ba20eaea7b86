"""What no test client would send, over a real socket to gunicorn: a clear refusal, never a server error."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.drills.site import Site, running
from tests.web.test_headers import ANSWERS

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"
TOO_LONG = b"message=" + b"x" * 1_000_001
NOT_READ = "Sorry, we couldn’t read that"
TOO_MANY = "too many fields"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An empty library."""
    site = Site(tmp_path_factory.mktemp("wire"), WEB_CONCURRENCY="1")
    site.flask("db", "upgrade")
    with running(site):
        yield site


@pytest.fixture(autouse=True)
def no_failure(site: Site) -> Iterator[None]:
    """No request of a test may cause a server error, whatever the answer looks like."""
    yield
    assert '"level": "error"' not in site.log, site.log


def ask(site: Site, request: bytes) -> tuple[int, str, str]:
    """Status, headers and text of the answer to these bytes."""
    place = urlsplit(site.url)
    with socket.create_connection((place.hostname, place.port), timeout=120) as wire:
        wire.sendall(request)
        wire.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    headers, _, text = answer.decode(errors="replace").partition("\r\n\r\n")
    return int(headers.split()[1]), headers, text


def head(site: Site, first_line: str, *headers: str) -> bytes:
    """The beginning of a request from our own site."""
    own = (f"Host: {urlsplit(site.url).netloc}", "Connection: close", "Sec-Fetch-Site: same-origin")
    return "\r\n".join([f"{first_line} HTTP/1.1", *own, *headers, "", ""]).encode("latin-1")


def get(site: Site, path: str, *headers: str) -> tuple[int, str, str]:
    return ask(site, head(site, f"GET {path}", *headers))


def post(site: Site, body: bytes, kind: str = FORM, path: str = "/contact") -> tuple[int, str, str]:
    length = f"Content-Length: {len(body)}"
    return ask(site, head(site, f"POST {path}", f"Content-Type: {kind}", length) + body)


def post_chunks(site: Site, *chunks: bytes, kind: str = FORM) -> tuple[int, str, str]:
    """Send raw chunks, right or wrong."""
    start = head(site, "POST /contact", f"Content-Type: {kind}", "Transfer-Encoding: chunked")
    return ask(site, start + b"".join(chunks))


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def part(content: bytes) -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\n' + content + b"\r\n--x--\r\n"


@pytest.mark.proves(
    "Promise 3: malformed addresses, long forms and pages that do not exist are refused in words"
)
@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/" + "x" * 9_000, 414, "Request Line is too large"),
        ("/search?q=" + "x" * 9_000, 414, "Request Line is too large"),
        ("/research/%00", 400, NOT_READ),
        ("/research/%ff", 400, NOT_READ),
        ("/search?q=%ff", 400, NOT_READ),
        ("/research/%c0%af", 400, NOT_READ),
        ("/search?q=%f8%88%80%80%80", 400, NOT_READ),
        ("/research?page=" + "9" * 4_000, 404, "We couldn’t find that page"),
        ("/search?" + "&".join(f"f{number}=x" for number in range(201)), 400, TOO_MANY),
        ("/%0d%0aSet-Cookie:%20evil=1", 400, NOT_READ),
        ("/nowhere", 404, "We couldn’t find that page"),
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_in_words(site: Site, path: str, status: int, words: str) -> None:
    answer = get(site, path)
    assert (answer[0], words in answer[2]) == (status, True), answer


def test_bytes_that_are_no_request_are_refused(site: Site) -> None:
    for line in ("GET /\xff\xfe", "GET /a\x00b", "GET", "G T /", "GET /  x"):
        assert ask(site, head(site, line))[0] == 400, line
    assert get(site, "/", "Host: evil.example")[0] == 400  # the second of two
    assert get(site, "/", "X-Long: " + "x" * 9_000)[0] == 431
    assert get(site, "/", *(f"X-{number}: x" for number in range(200)))[0] == 431
    assert ask(site, head(site, "BREW /"))[0] == 405


@pytest.mark.proves(
    "Promise 3: malformed addresses, long forms and pages that do not exist are refused in words"
)
@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (b"message=%ff", FORM, 400, NOT_READ),
        (b"message=\xff", FORM, 400, NOT_READ),
        (b"message=%c0%af", FORM, 400, NOT_READ),
        (part(b"\xff\xfe"), PARTS, 400, NOT_READ),
        (b"&".join(b"f%d=x" % number for number in range(201)), FORM, 400, TOO_MANY),
        (TOO_LONG, FORM, 413, "Please shorten your text"),
        (part(TOO_LONG), PARTS, 413, "Please shorten your text"),
        (b"[" * 20_000, "application/json", 422, "Contact"),
        (b"no parts", PARTS, 422, "Contact"),
        (b"name=a%0d%0aBcc:evil@example.org&email=a@example.org%0aBcc:x@example.org", FORM, 422, "on one line"),
        (b"message=%00&topic=%1b", FORM, 422, "Write your message"),
    ],
)  # fmt: skip
def test_a_form_that_is_none_is_refused_in_words(
    site: Site, body: bytes, kind: str, status: int, words: str
) -> None:
    answer = post(site, body, kind)
    assert (answer[0], words in answer[2]) == (status, True), answer


@pytest.mark.proves("Promise 3: chunked bodies are counted, and broken ones are refused")
def test_what_comes_in_chunks_is_counted_too(site: Site) -> None:
    end = b"0\r\n\r\n"
    assert "Contact" in post_chunks(site, chunk(b"message="), chunk(b"A question"), end)[2]
    for body, kind in ((TOO_LONG, FORM), (part(TOO_LONG), PARTS)):
        assert post_chunks(site, chunk(body), end, kind=kind)[0] == 413


@pytest.mark.proves("Promise 3: chunked bodies are counted, and broken ones are refused", "ASVS 4.2.1")
def test_chunks_that_are_none_are_refused_in_words(site: Site) -> None:
    for bad in (b"zz\r\nabc\r\n0\r\n\r\n", b"-1\r\nabc\r\n", b"3\r\nabcdef\r\n0\r\n\r\n", b"ff\r\nabc", b""):
        status, _, text = post_chunks(site, bad)
        assert (status, NOT_READ in text) == (400, True), bad
    both = head(site, "POST /contact", "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n"
    assert ask(site, both)[0] == 400
    assert ask(site, head(site, "POST /contact", "Content-Length: -1"))[0] == 400


@pytest.mark.proves("Promise 3: header injection is refused")
def test_no_text_ends_a_header(site: Site) -> None:
    evil = "%0d%0aSet-Cookie:%20evil=1"
    for path in (
        f"/editor/?next={evil}",
        f"/editor/sign-in?next={evil}",
        f"/search?q={evil}",
        f"/s/1?x={evil}",
    ):
        assert "\nset-cookie: evil" not in get(site, path)[1].lower()
    sent = f"text={evil}&theme={evil}&next={evil}".encode()
    assert "\nset-cookie: evil" not in post(site, sent, path="/preferences")[1].lower()


def test_the_server_adds_no_header_that_tells_more_than_its_name(site: Site) -> None:
    lines = get(site, "/livez")[1].splitlines()[1:]
    headers = dict(line.split(": ", 1) for line in lines)
    assert (
        headers.pop("Server") == "gunicorn" and headers.pop("Connection") == "close" and headers.pop("Date")
    )
    monitor = ANSWERS["monitor"][1]
    assert headers.keys() == monitor.keys() and len(lines) == len(monitor) + 3
