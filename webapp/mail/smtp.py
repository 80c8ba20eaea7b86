"""Mail as a message and its way out: a mail server by SMTP or, where none is set, a folder of ``.eml`` files."""

import logging
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import uuid4

from webapp.config import Config

log = logging.getLogger(__name__)

SENDER_NAME = "Spinal Cord Research Help"
TIMEOUT = 30.0  # seconds for each step of a conversation with the mail server
READY_FOR_TEXT = 354
ACCEPTED = 250
NO_SUCH_MAILBOX = (550, 551, 553)
# One header stays one line: some mail programs read List-Unsubscribe only when it is not folded (RFC 5322: at most 998).
POLICY = SMTP.clone(max_line_length=990)


class NotSent(Exception):
    """The mail did not go out; another try may succeed."""


class Refused(Exception):
    """The mail server will never take this mail. ``is_hard``: because the mailbox does not exist."""

    def __init__(self, reason: str, *, is_hard: bool) -> None:
        super().__init__(reason)
        self.is_hard = is_hard


class Uncertain(Exception):
    """The connection was lost after the text was handed over: the mail may or may not have gone out."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mail, complete. ``headers`` are added as they are; every value must be a single line."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str | None
    message_id: str
    written_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The mail by RFC 5322; raises ValueError where a header holds a line break."""
        message = EmailMessage(policy=POLICY)
        message["From"] = str(Address(SENDER_NAME, addr_spec=self.sender))
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
    """A way out for mail."""

    def send(self, letter: Letter) -> None:
        """Hand one mail over; raises NotSent, Refused or Uncertain."""

    def was_delivered(self, message_id: str) -> bool | None:
        """Did this mail go out? None where this way out cannot tell."""

    def close(self) -> None:
        """Let go of what is held open between mails."""


def new_message_id(config: Config) -> str:
    """A Message-ID of this site."""
    return f"<{uuid4().hex}@{config.mail_from.rpartition('@')[2]}>"


def mailer_for(config: Config) -> Mailer:
    """The way out that the settings ask for."""
    return SmtpMailer(config.smtp_url) if config.smtp_url else FolderMailer(config.instance_path / "mail")


class FolderMailer:
    """Writes each mail into a file that any mail program opens, and logs its name, so that links can be followed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, letter: Letter) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{letter.written_at:%Y%m%dT%H%M%S}-{_local_part(letter.message_id)}.eml"
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(letter.to_bytes())
        unfinished.replace(path)
        log.info("no SMTP_URL is set: this mail was written to %s", path)

    def was_delivered(self, message_id: str) -> bool:
        return any(self.folder.glob(f"*-{_local_part(message_id)}.eml"))

    def close(self) -> None:
        pass


class SmtpMailer:
    """Speaks to a mail server, over one connection for many mails.

    ``smtps`` is encrypted from the start; ``smtp`` turns encryption on where the server offers it. A password is
    never sent in the clear.
    """

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)
        self.connection: smtplib.SMTP | None = None

    def send(self, letter: Letter) -> None:
        try:
            body = letter.to_bytes()
        except (MessageError, ValueError) as error:
            raise Refused(f"the mail cannot be written: {error}", is_hard=False) from error
        connection = self._connected()
        try:
            _expect(connection.mail(letter.sender), ACCEPTED)
            _expect(connection.rcpt(letter.recipient), ACCEPTED, 251, is_about_recipient=True)
            _expect(connection.docmd("DATA"), READY_FOR_TEXT)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise NotSent(str(error)) from error
        except (NotSent, Refused):
            self._start_over()
            raise
        self._hand_over(connection, body)

    def was_delivered(self, message_id: str) -> None:  # noqa: ARG002
        return None

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _hand_over(self, connection: smtplib.SMTP, body: bytes) -> None:
        """Send the text. From here on a lost connection means: nobody knows."""
        try:
            connection.send(re.sub(rb"(?m)^\.", b"..", body))
            connection.send(b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
            answer = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Uncertain(str(error)) from error
        _expect(answer, ACCEPTED)

    def _connected(self) -> smtplib.SMTP:
        """The open connection, or a new one; raises NotSent."""
        if self.connection is not None and self._is_alive():
            return self.connection
        self.close()
        try:
            self.connection = _connect(self.parts)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(str(error)) from error
        return self.connection

    def _is_alive(self) -> bool:
        try:
            return self.connection is not None and self.connection.noop()[0] == ACCEPTED
        except (OSError, smtplib.SMTPException):
            return False

    def _start_over(self) -> None:
        """Make the server forget a mail that it refused half way."""
        try:
            if self.connection is not None:
                self.connection.rset()
        except (OSError, smtplib.SMTPException):
            self.close()


def _connect(parts: SplitResult) -> smtplib.SMTP:
    host = parts.hostname or ""
    if parts.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=TIMEOUT, context=ssl.create_default_context()
        )
    else:
        connection = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT)
    try:
        connection.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp" and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        if parts.username:
            _sign_in(connection, parts)
    except BaseException:
        connection.close()
        raise
    return connection


def _sign_in(connection: smtplib.SMTP, parts: SplitResult) -> None:
    if not isinstance(connection.sock, ssl.SSLSocket):
        raise NotSent("the mail server offers no encryption, so the password was not sent")
    connection.login(unquote(parts.username or ""), unquote(parts.password or ""))


def _expect(answer: tuple[int, bytes], *good: int, is_about_recipient: bool = False) -> None:
    """Raise NotSent for a 4xx answer and Refused for a 5xx answer."""
    code, words = answer
    if code in good:
        return
    reason = f"{code} {words.decode('utf-8', 'replace')}"[:300]
    if code < 500:  # noqa: PLR2004
        raise NotSent(reason)
    status = re.match(rb"5\.(\d+)\.", words)
    is_address = status.group(1) == b"1" if status else code in NO_SUCH_MAILBOX
    raise Refused(reason, is_hard=is_about_recipient and is_address)


def _local_part(message_id: str) -> str:
    return message_id.strip("<>").partition("@")[0]
