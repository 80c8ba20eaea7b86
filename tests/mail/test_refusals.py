"""The judge of refusals: only what is about the recipient counts, whatever the server calls it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.mail.refusals import judge
from webapp.models import BounceKind

SENDER = "news@site.example"

ABOUT_US = [
    "550 JunkMail rejected - mx.sender.test is in an RBL",
    "550 JunkMail rejected - mx.sender.test [192.0.2.7]:25 is in an RBL: see https://www.spamhaus.org/query/ip/192.0.2.7",
    "553 5.1.8 Domain of sender address news@site.example does not exist",
    "550 5.1.7 Invalid sender address",
    "550 5.1.0 <news@site.example> sender rejected",
    "550 Domain site.example does not exist",
    "550 unknown domain site.example",
    "554 5.4.14 Hop count exceeded - possible mail loop",
    "5.4.6 mail for example.org loops back to myself",
    "550 relaying denied",
    "550 5.7.1 Unable to relay for maria@example.org",
    "550 maria@example.org... we do not relay",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "554 <maria@example.org>: Relay access denied",
    "550 relay not permitted",
    "550 Verification failed for <news@site.example>",
    "550-Verification failed for <news@site.example>\n550-No Such User Here\n550 Sender verify failed",
    "550-Callback setup failed while verifying <news@site.example>\n550 (result of an earlier callout reused).",
    "550 <news@site.example>: user unknown",
    "550-Your message was\n550 5.7.26 unauthenticated",
    "550-5.7.26 Unauthenticated email from site.example is not accepted due to domain's\n550-5.7.26 DMARC policy.",
    "550 5.7.515 Access denied, sending domain site.example does not meet the required authentication level",
    "530 5.7.0 Must issue a STARTTLS command first",
    "535 5.7.8 Username and Password not accepted",
    "550 SPF check failed",
    "550 Message rejected: DKIM signature did not verify",
    "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org",
    "550 5.7.606 Access denied, banned sending IP [192.0.2.7]",
    "550 Administrative prohibition",
    "550 High probability of spam",
    "550 Rejected for policy reasons",
    "550 This message was blocked because its content presents a potential security issue",
    "552 5.3.4 Message size exceeds fixed limit",
    "552 5.2.3 Message too long for this mailbox",
    "552 Message size exceeds maximum permitted",
    "554 5.6.0 Message contains NUL characters",
    "550 Your IP has no reverse DNS",
    "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)",
    "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname",
    "451 4.7.1 Greylisting in action, please come back later",
    "450 4.2.0 <maria@example.org>: Recipient address rejected: Greylisted",
    "421 4.7.0 Our system has detected an unusual rate of mail from your IP address",
    "421 4.7.28 rate limit",
    "451 4.1.8 Domain of sender address does not resolve",
    "550 5.1.1 <maria@example.org> sender not allowed",
    "553 5.3.0 Spam blocked",
    "571 Delivery not authorized, message refused",
    "550 Mail from this server is not accepted; your provider is listed in bl.example",
    "554 Email rejected due to security policies",
    "451 temporary local problem",
    "451 Temporary local problem - please try later",
    "451 Requested action aborted: local error in processing",
    "451 Temporary lookup failure",
    "450 temporary failure, please try again",
    "450 Unable to process, try again later",
    "450 Internal error",
    "421 Service not available, closing transmission channel",
    "421 mail.example.org is temporarily unavailable",
    "421 4.4.2 mail.example.org Error: timeout exceeded",
    "421 Timeout waiting for data from client",
    "421 Idle timeout",
    "421 Server too busy",
    "450 System load is too high",
    "452 Connection limit exceeded",
    "452 Requested action not taken: insufficient system storage",
    "452 Out of memory",
    "452 Disk is full",
    "454 Temporary authentication failure",
    "455 Server unable to accommodate parameters",
    "smtp; 451 temporary local problem",
    "4.3.0 smtp; 451 temporary local problem",
    "4.4.7 smtp; 451 temporary local problem",
]  # fmt: skip
NOT_UNDERSTOOD = [
    "554 no",
    "550 no",
    "550",
    "554 Transaction failed",
    "550 5.0.0",
    "550 5.1.0 Address rejected",
    "5.0.0 ",
]
NO_SUCH_MAILBOX = [
    "550 5.1.1 <maria@example.org>: Recipient address rejected: User unknown in relay recipient table",
    "550 5.1.1 User unknown; rejecting",
    "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's "
    "email address for typos or\n550-5.1.1 unnecessary spaces.\n550 5.1.1 https://support.google.com/mail/?p=NoSuchUser",
    "550-Sorry\n550-no mailbox\n550 5.1.1 here",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "556 5.1.10 Recipient address has null MX",
    "550 5.1.2 Bad destination system address",
    "553 5.1.3 malformed recipient",
    "550 5.1.6 mailbox has moved",
    "550 no such user",
    "550 <late.news@site.example> no such user",
    "550 No such user here",
    "550 Unknown user",
    "550 user unknown",
    "550 <maria@example.org> does not exist: unknown user",
    "550 maria@example.org: User unknown in virtual mailbox table",
    "550 Mailbox not found",
    "550 Invalid recipient <maria@example.org>",
    "550 unknown user in mail.site.example",
    "550 Account maria has been terminated",
    "550 The email address you entered couldn't be found",
    "550 The user you are trying to reach does not exist",
    "550 Nobody by that name here",
    "550 Unable to find recipient",
    "550 Unrouteable address",
    "551 no mailbox here by that name",
    "554 delivery error: dd This user doesn't have a yahoo.com account (maria@example.org) [0]",
    "550 5.0.0 <maria@example.org>... User unknown",
    "550 #5.1.0 Address rejected: no such recipient",
    "550 User maria (maria@example.org) not listed in Domino Directory",
    "5.0.0 smtp; 550 5.1.1 unknown or illegal alias: maria@example.org",
    "5.1.1 smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound; not found",
]
UNABLE = [
    "552 5.2.2 mailbox full",
    "5.2.2 ",
    "4.4.7 ",
    "550 5.2.1 The email account that you tried to reach is disabled",
    "452 4.2.2 Over quota",
    "552 Mailbox full",
    "552 maria@example.org: mailbox quota exceeded",
    "550 Requested action not taken: mailbox unavailable",
    "550 5.5.0 Requested action not taken: mailbox unavailable",
    "5.4.4 X-Postfix; Host or domain name not found. Name service error for name=example.org type=A: Host not found",
    "450 4.1.1 <maria@example.org>: Recipient address rejected: User unknown",
    "450 user unknown",
    "550 Account disabled",
    "450 Requested mail action not taken: mailbox unavailable",
    "450 Requested mail action not taken: mailbox busy",
    "450 <maria@example.org>: Recipient address rejected: temporarily unavailable",
    "451 4.2.2 The mailbox is over quota",
    "452 The mailbox has insufficient space",
    "552 Requested mail action aborted: exceeded storage allocation",
    "Host or domain name not found. Name service error for name=example.org type=A: Host not found",
    "4.4.1 X-Postfix; connect to mx.example.org[192.0.2.5]:25: Connection timed out",
]


@pytest.mark.parametrize("answer", ABOUT_US + NOT_UNDERSTOOD)
def test_what_is_about_us_or_not_understood_counts_against_nobody(answer: str) -> None:
    assert judge(answer, SENDER) is None


@pytest.mark.parametrize("answer", NO_SUCH_MAILBOX)
def test_no_such_mailbox_is_a_hard_bounce(answer: str) -> None:
    assert judge(answer, SENDER) == BounceKind.HARD


@pytest.mark.parametrize("answer", UNABLE)
def test_a_mailbox_that_cannot_take_mail_is_a_soft_bounce(answer: str) -> None:
    assert judge(answer, SENDER) == BounceKind.SOFT


WORDS = st.lists(
    st.sampled_from(
        ["user unknown", "no such user", "mailbox full", "sorry", "maria@example.org", "192.0.2.5"]
    )
)
OUR_CODES = st.sampled_from(["1.7", "1.8", "2.3", "3.0", "3.4", "5.2", "6.0", "7.0", "7.1", "7.26", "7.515"])


@given(OUR_CODES, st.sampled_from("45"), st.lists(WORDS, min_size=1, max_size=4), st.integers(0, 3))
def test_a_code_about_us_decides_on_every_line(code: str, kind: str, lines: list[list[str]], at: int) -> None:
    texts = [" ".join(words) for words in lines]
    texts.insert(at, f"{kind}.{code} {texts[-1]}")
    assert judge("\n".join(f"{kind}50-{text}" for text in texts), SENDER) is None


@given(
    st.sampled_from(["1.1", "1.2", "1.3", "1.6", "1.10"]),
    st.lists(WORDS, min_size=1, max_size=4),
    st.integers(0, 3),
)
def test_a_code_about_the_recipient_decides_on_every_line(code: str, lines: list[list[str]], at: int) -> None:
    texts = [" ".join(words) for words in lines]
    texts.insert(at, f"5.{code} {texts[-1]}")
    assert judge("\n".join(f"550-{text}" for text in texts), SENDER) == BounceKind.HARD


@given(st.from_regex(r"\A5[0-9]{2} \[?(5\.1\.1\.[0-9]{1,3}|[0-9]{1,3}\.5\.1\.1|25\.1\.1)\]?\Z"))
def test_an_address_of_a_computer_is_no_code(answer: str) -> None:
    assert judge(answer, SENDER) is None
