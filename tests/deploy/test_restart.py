"""A restart under load, as ``systemctl restart scrh-web`` makes it: the socket goes on listening."""

import socket
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from tests.drills.conftest import new_site, prepared
from tests.drills.site import IS_FULL, Site, inside
from tests.mail.servers import Answers, mail_server
from tests.waiting import wait_until
from webapp.db.session import db
from webapp.mail import outbox
from webapp.models import MailKind, MailState, OutboxMessage

__all__ = ["prepared"]
READERS = 6
LEAST_REQUESTS = 6_000 if IS_FULL else 600
LEAST_MAILS = 3


@pytest.fixture
def notified() -> Iterator[socket.socket]:
    """What systemd listens to until a unit of Type=notify says that it is ready."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.bind(f"{folder}/notify")
        ours.settimeout(60)
        yield ours


def start(site: Site, listener: socket.socket) -> None:
    """Start gunicorn on a port that the test holds, and wait until it answers."""
    site.launch(listener)
    site.wait_for("/about")


def read(site: Site, is_over: Event) -> list[int]:
    """Read pages until it is over, and at least a reader's share; returns the status of each answer."""
    address = urlsplit(site.url)
    answers: list[int] = []
    while not is_over.is_set() or len(answers) < LEAST_REQUESTS / READERS:
        with closing(HTTPConnection(address.hostname or "", address.port, timeout=300)) as connection:
            connection.request("GET", ("/livez", "/about", "/search?q=pain")[len(answers) % 3])
            answers.append(connection.getresponse().status)
    return answers


def test_a_restart_under_load_fails_no_request_and_leaves_no_mail_uncertain(
    prepared: Path, tmp_path: Path, notified: socket.socket
) -> None:
    taken = Answers()
    is_over = Event()
    with mail_server(taken) as port:
        site = new_site(prepared, tmp_path)
        site.environment |= {"NOTIFY_SOCKET": notified.getsockname(), "SMTP_URL": f"smtp://127.0.0.1:{port}"}
        address = ("127.0.0.1", int(site.environment["PORT"]))
        with socket.create_server(address, backlog=1024) as listener, ThreadPoolExecutor(READERS) as readers:
            try:
                start(site, listener)
                assert b"READY=1" in notified.recv(1000)
                reading = [readers.submit(read, site, is_over) for _ in range(READERS)]
                with inside(site):
                    for number in range(LEAST_MAILS):
                        outbox.enqueue(
                            MailKind.CONTACT,
                            f"ana{number}@example.org",
                            datetime.now(UTC),
                            subject="Hello",
                            text="Hello",
                        )
                wait_until(lambda: bool(taken.taken))
                site.stop()
                start(site, listener)
                wait_until(lambda: len(taken.taken) == LEAST_MAILS)
                is_over.set()
                answers = [answer for reader in reading for answer in reader.result()]
            finally:
                is_over.set()
                site.stop()
    assert len(answers) >= LEAST_REQUESTS
    assert set(answers) == {200}
    with inside(site):
        assert set(db.session.scalars(select(OutboxMessage.state))) == {MailState.SENT}
