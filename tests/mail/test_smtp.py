"""SMTP against a real server: what was accepted, what may be tried again, what remains uncertain."""

import socket
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import strict

import pytest

from tests.mail.servers import CERTIFICATE, Answers, mail_server
from webapp.mail import smtp
from webapp.mail.smtp import Letter, MailRefused, NotSent, ServerAway, SmtpMailer, Uncertain
from webapp.models import BounceKind
from webapp.web.forms import normal_address

LETTER = Letter(
    sender="news@example.org",
    recipient="maria@example.org",
    subject="2 new research summaries for you",
    text=".A line that starts with a dot\nUmlauts: ä ö ü – and a very long line " + "x" * 1200 + "\n",
    html="<p>Ä summary</p>",
    message_id="<0123456789abcdef0123456789abcdef@example.org>",
    written_at=datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
    headers={
        "List-Id": "Spinal Cord Research Help <news.example.org>",
        "List-Unsubscribe": f"<https://example.org/newsletter/unsubscribe/{'a' * 120}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
)


def _send(answers: Answers) -> None:
    with mail_server(answers) as port:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{port}")
        try:
            mailer.send(LETTER)
        finally:
            mailer.close()


def test_a_mail_arrives_whole() -> None:
    answers = Answers()
    _send(answers)
    message = message_from_bytes(answers.taken[0], policy=strict)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    assert message["Message-ID"] == LETTER.message_id
    assert message["Date"].datetime == LETTER.written_at
    part = message.get_body(("plain",))
    assert part is not None
    assert part.get_content().splitlines() == LETTER.text.splitlines()


def test_every_header_is_one_line_and_every_line_is_short_enough() -> None:
    answers = Answers()
    _send(answers)
    head, _, _ = answers.taken[0].partition(b"\r\n\r\n")
    assert all(b":" in line and not line.startswith((b" ", b"\t")) for line in head.split(b"\r\n"))
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head.split(b"\r\n")
    assert max(len(line) for line in answers.taken[0].split(b"\r\n")) <= 998
    assert answers.taken[0].isascii()


def test_one_connection_carries_many_mails() -> None:
    answers = Answers()
    with mail_server(answers) as port:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{port}")
        mailer.send(LETTER)
        first = mailer.connection
        mailer.send(LETTER)
        assert mailer.connection is first
        mailer.close()
    assert len(answers.taken) == 2


@pytest.mark.parametrize("answers", [Answers(rcpt="451 greylisted"), Answers(data="452 too busy")])
def test_for_now_means_try_again(answers: Answers) -> None:
    with pytest.raises(NotSent, match="4"):
        _send(answers)
    assert answers.taken == []


@pytest.mark.parametrize(
    ("answer", "bounce"),
    [
        ("550 5.1.1 no such user", BounceKind.HARD),
        ("550 no such user", BounceKind.HARD),
        ("550-Sorry\r\n550-5.1.1 try\r\n550 another address", BounceKind.HARD),
        ("552 5.2.2 mailbox full", BounceKind.SOFT),
        ("550 5.7.1 policy", None),
        ("550-Your message was\r\n550 5.7.26 unauthenticated", None),
        ("550 <news@example.org> unknown user", None),
        ("554 no", None),
    ],
)
def test_never_means_refused(answer: str, bounce: BounceKind | None) -> None:
    for answers in (Answers(rcpt=answer), Answers(data=answer)):
        with pytest.raises(MailRefused) as refusal:
            _send(answers)
        assert refusal.value.bounce == bounce


def test_a_refused_sender_counts_against_nobody() -> None:
    with pytest.raises(MailRefused) as refusal:
        _send(Answers(mail="550 5.1.1 no such user"))
    assert refusal.value.bounce is None


def test_the_next_mail_goes_out_after_a_refused_one() -> None:
    answers = Answers(rcpt="550 no such user")
    with mail_server(answers) as port:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{port}")
        with pytest.raises(MailRefused):
            mailer.send(LETTER)
        answers.rcpt = "250 OK"
        mailer.send(LETTER)
        mailer.close()
    assert len(answers.taken) == 1


@pytest.mark.proves("Promise 1: a mailer killed before or after the server took a mail sends one copy")
def test_a_connection_lost_before_the_text_means_try_again() -> None:
    with pytest.raises(NotSent):
        _send(Answers(rcpt="drop"))


@pytest.mark.proves("Promise 1: a mailer killed before or after the server took a mail sends one copy")
def test_a_connection_lost_after_the_text_means_nobody_knows() -> None:
    with pytest.raises(Uncertain):
        _send(Answers(data="drop"))


def test_no_server_means_that_it_is_away() -> None:
    with pytest.raises(ServerAway):
        SmtpMailer("smtp://127.0.0.1:9").send(LETTER)


def test_a_server_that_never_says_hello_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ServerAway):
        SmtpMailer(f"smtp://127.0.0.1:{silent.getsockname()[1]}").send(LETTER)


@pytest.mark.parametrize(("command", "outcome"), [("MAIL", NotSent), ("DATA", Uncertain)])
@pytest.mark.parametrize(("tls", "scheme"), [("none", "smtp"), ("starttls", "smtp"), ("smtps", "smtps")])
def test_an_answer_that_never_ends_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, tls: str, scheme: str, command: str, outcome: type[Exception]
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    monkeypatch.setattr(smtp, "TIMEOUT", 0.3)
    with mail_server(Answers(slow=command), tls=tls) as port, pytest.raises(outcome):
        SmtpMailer(f"{scheme}://127.0.0.1:{port}").send(LETTER)


@pytest.mark.parametrize(("tls", "scheme"), [("starttls", "smtp"), ("smtps", "smtps")])
def test_mail_and_password_travel_encrypted(monkeypatch: pytest.MonkeyPatch, tls: str, scheme: str) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    answers = Answers()
    with mail_server(answers, tls=tls, password="se:cret") as port:
        mailer = SmtpMailer(f"{scheme}://us%40er:se%3Acret@127.0.0.1:{port}")
        mailer.send(LETTER)
        mailer.close()
    assert answers.signed_in_as == ["us@er"]
    assert answers.was_encrypted == [True]


def test_a_server_that_refuses_our_password_counts_as_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with mail_server(Answers(), tls="starttls", password="right") as port, pytest.raises(ServerAway):
        SmtpMailer(f"smtp://user:wrong@127.0.0.1:{port}").send(LETTER)


@pytest.mark.proves("ASVS 12.3.2")
def test_a_server_that_cannot_prove_its_name_gets_nothing() -> None:
    answers = Answers()
    with mail_server(answers, tls="starttls") as port, pytest.raises(NotSent):
        SmtpMailer(f"smtp://127.0.0.1:{port}").send(LETTER)
    assert answers.taken == []


@pytest.mark.proves("ASVS 12.3.1")
def test_the_password_is_never_sent_in_the_clear() -> None:
    answers = Answers()
    with mail_server(answers, password="secret") as port, pytest.raises(NotSent, match="no encryption"):
        SmtpMailer(f"smtp://user:secret@127.0.0.1:{port}").send(LETTER)
    assert answers.signed_in_as == []


@pytest.mark.proves("Promise 3: header injection is refused")
def test_a_line_break_in_a_header_is_refused() -> None:
    forged = Letter(**{**vars(LETTER), "headers": {"Reply-To": "a@example.org\r\nBcc: b@example.org"}})
    answers = Answers()
    with mail_server(answers) as port, pytest.raises(MailRefused):
        SmtpMailer(f"smtp://127.0.0.1:{port}").send(forged)
    assert answers.taken == []


def test_an_address_has_one_form() -> None:
    assert normal_address(" Maria@EXAMPLE.org ") == "maria@example.org"
