"""Sending mail: by SMTP or, without ``SMTP_URL``, into a folder of ``.eml`` files."""

import logging
import re
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import uuid4

from webapp.config import Config
from webapp.mail.refusals import judge
from webapp.models import BounceKind

log = logging.getLogger(__name__)

TIMEOUT = 30.0  # seconds for each answer of the mail server
READY_FOR_TEXT = 354
ACCEPTED = 250
# Some mail programs ignore a List-Unsubscribe header that is folded (RFC 5322 allows 998 characters a line).
POLICY = SMTP.clone(max_line_length=990)


class NotSent(Exception):
    """The mail was not sent; another try may succeed. ``bounce``: what counts against the address if none does."""

    def __init__(self, reason: str, bounce: BounceKind | None = None) -> None:
        super().__init__(reason)
        self.bounce = bounce


class ServerAway(NotSent):
    """The mail server does not answer, or does not let us in. That says nothing about this mail."""


class MailRefused(NotSent):
    """The mail server refused this mail for good."""


class Uncertain(Exception):
    """The connection was lost after the text was sent: the mail may or may not be delivered."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One complete mail. ``headers`` are added unchanged; each value must be a single line."""

    sender: str
    sender_name: str = ""
    recipient: str
    subject: str
    text: str
    html: str | None
    message_id: str
    written_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The mail in the format of RFC 5322; raises ValueError if a header has a line break."""
        message = EmailMessage(policy=POLICY)
        message["From"] = str(Address(self.sender_name, addr_spec=self.sender))
        message["To"] = self.recipient
        message["Subject"] = self.subject
        message["Date"] = format_datetime(self.written_at)
        message["Message-ID"] = self.message_id
        for name, value in self.headers.items():
            message[name] = value
        message.set_content(self.text, cte="quoted-printable")
        if self.html is not None:
            message.add_alternative(self.html, subtype="html", cte="quoted-printable")
        return message.as_bytes()


class Mailer(Protocol):
    """Sends mail: ``SmtpMailer`` or ``FolderMailer``."""

    def open(self) -> object:
        """Connect, unless the last connection still works; raises ServerAway."""

    def send(self, letter: Letter) -> None:
        """Send one mail; raises NotSent, MailRefused (for good) or Uncertain."""

    def was_delivered(self, message_id: str) -> bool | None:
        """Whether this mail was delivered; None if the mailer cannot tell."""

    def close(self) -> None:
        """Close the connection that is open between mails."""


def new_message_id(config: Config) -> str:
    """A unique Message-ID in the domain of the sender's address."""
    return f"<{uuid4().hex}@{config.mail_from.rpartition('@')[2]}>"


def mailer_for(config: Config) -> Mailer:
    return SmtpMailer(config.smtp_url) if config.smtp_url else FolderMailer(config.instance_path / "mail")


class FolderMailer:
    """Writes each mail to a file that any mail program can open, and logs its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> None:
        pass

    def send(self, letter: Letter) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{letter.written_at:%Y%m%dT%H%M%S}-{_local_part(letter.message_id)}.eml"
        log.info("no SMTP_URL is set: writing this mail to %s", path)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(letter.to_bytes())
        unfinished.replace(path)

    def was_delivered(self, message_id: str) -> bool:
        return any(self.folder.glob(f"*-{_local_part(message_id)}.eml"))

    def close(self) -> None:
        pass


class SmtpMailer:
    """Sends mails to a mail server over one connection.

    ``smtps`` is encrypted from the start; ``smtp`` uses STARTTLS if the server offers it. A password is never sent
    unencrypted.
    """

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)
        self.connection: smtplib.SMTP | None = None

    def open(self) -> smtplib.SMTP:
        """The open connection, if the server still answers on it, or a new one; raises ServerAway."""
        with suppress(OSError, smtplib.SMTPException):
            if self.connection is not None and self.connection.noop()[0] == ACCEPTED:
                return self.connection
        self.close()
        try:
            self.connection = _connect(self.parts)
        except (OSError, smtplib.SMTPException) as error:
            raise ServerAway(f"the mail server is away: {error}") from error
        return self.connection

    def send(self, letter: Letter) -> None:
        try:
            body = letter.to_bytes()
        except (MessageError, ValueError) as error:
            raise MailRefused(f"the mail cannot be written: {error}") from error
        connection = self.connection or self.open()
        try:
            _expect(connection.mail(letter.sender), ACCEPTED)
            _expect(connection.rcpt(letter.recipient), ACCEPTED, 251, sender=letter.sender)
            _expect(connection.docmd("DATA"), READY_FOR_TEXT)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise NotSent(str(error)) from error
        except NotSent:
            try:
                connection.rset()  # otherwise the next mail would be refused, too
            except (OSError, smtplib.SMTPException):
                self.close()
            raise
        try:
            connection.send(re.sub(rb"(?m)^\.", b"..", body))
            connection.send(b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
            answer = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Uncertain(str(error)) from error
        _expect(answer, ACCEPTED, sender=letter.sender)

    def was_delivered(self, message_id: str) -> None:  # noqa: ARG002
        return None

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class _Connection(smtplib.SMTP):
    """Hangs up on a server that takes too long over an answer.

    The timeout of the socket is not enough: it starts anew with each byte.
    """

    def getreply(self) -> tuple[int, bytes]:
        def hang_up() -> None:
            if self.sock is not None:
                with suppress(OSError):
                    # Not the method of an SSLSocket: it must not be called while another thread reads.
                    socket.shutdown(self.sock, SHUT_RDWR)

        timer = Timer(TIMEOUT, hang_up)
        timer.daemon = True
        timer.start()
        try:
            return super().getreply()
        finally:
            timer.cancel()


class _EncryptedConnection(_Connection, smtplib.SMTP_SSL):
    pass


def _connect(parts: SplitResult) -> smtplib.SMTP:
    host = parts.hostname or ""
    if parts.scheme == "smtps":
        connection: _Connection = _EncryptedConnection(
            host, parts.port or 465, timeout=TIMEOUT, context=ssl.create_default_context()
        )
    else:
        connection = _Connection(host, parts.port or 25, timeout=TIMEOUT)
    with ExitStack() as on_failure:
        on_failure.callback(connection.close)
        connection.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp" and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        if parts.username:
            if not isinstance(connection.sock, ssl.SSLSocket):
                raise ServerAway("the mail server offers no encryption, so the password was not sent")
            connection.login(unquote(parts.username), unquote(parts.password or ""))
        on_failure.pop_all()
    return connection


def _expect(answer: tuple[int, bytes], *good: int, sender: str = "") -> None:
    """Raise NotSent for a 4xx answer and MailRefused for a 5xx answer; with ``sender`` it may be about the recipient."""
    code, words = answer
    if code in good:
        return
    reason = f"{code} {words.decode('utf-8', 'replace')}"
    refusal = NotSent if code < 500 else MailRefused  # noqa: PLR2004
    raise refusal(reason[:300], judge(reason, sender) if sender else None)


def _local_part(message_id: str) -> str:
    return message_id.strip("<>").partition("@")[0]
