"""A real mail server for tests, with answers that a test chooses."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.drills.site import free_port

CERTIFICATE = Path(__file__).with_name("localhost.pem")


@dataclass
class Answers:
    """What the server says to each command, and what it took.

    ``drop``: end the connection instead of answering. ``slow``: the command to which the answer comes line by line.
    ``hang``: the text to which no answer comes until ``goes_on`` is set.
    """

    mail: str = "250 OK"
    rcpt: str = "250 OK"
    data: str = "250 OK"
    slow: str = ""
    hang: bytes = b""
    goes_on: Event = field(default_factory=Event)
    hanging_count: int = 0
    taken: list[bytes] = field(default_factory=list)
    signed_in_as: list[str] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)

    async def handle_MAIL(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        await self._take_time(server, "MAIL")
        envelope.mail_from = address if self.mail.startswith("250") else None
        return self.mail

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.rcpt == "drop":
            _drop(server)
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert server.transport is not None
        self.was_encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        if self.data == "drop":
            _drop(server)
            return "250 never heard"
        content = envelope.original_content or b""
        if self.hang and self.hang in content:
            self.hanging_count += 1
            await asyncio.to_thread(self.goes_on.wait)
        await self._take_time(server, "DATA")
        if self.data.startswith("250"):
            self.taken.append(content)
        return self.data

    async def _take_time(self, server: SMTP, command: str) -> None:
        """Answer the slow command with a line now and then, for longer than anybody should wait."""
        for _ in range(60 if self.slow == command else 0):
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.write(b"250-wait\r\n")
            await asyncio.sleep(0.05)


@contextmanager
def mail_server(answers: Answers, *, tls: str = "none", password: str | None = None) -> Iterator[int]:
    """Run a server on a free port; ``tls`` is none, starttls or smtps. Yields the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        is_right = isinstance(given, LoginPassword) and given.password == (password or "").encode()
        if is_right:
            answers.signed_in_as.append(given.login.decode())
        return AuthResult(success=is_right, handled=is_right)

    controller = Controller(
        answers,
        hostname="127.0.0.1",
        port=free_port(),
        ssl_context=context if tls == "smtps" else None,
        tls_context=context if tls == "starttls" else None,
        authenticator=authenticate if password else None,
        auth_require_tls=tls != "smtps",
        server_hostname="localhost",
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _drop(server: SMTP) -> None:
    assert server.transport is not None
    server.transport.close()
