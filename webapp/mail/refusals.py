"""The judge of refusals: which ones say something about the recipient, and which ones only about us.

Answers of a mail server and delivery reports are judged alike. A refusal counts against an address only if it is about
that mailbox. What it says about our address, our server, our mail, a policy or a trouble of the other server, or what
nobody can understand, does not: otherwise one entry in a block list would empty the list of subscribers.
"""

import re
import tomllib
from pathlib import Path

from webapp.models import BounceKind

_WORDS = {
    name: re.compile("|".join(patterns), re.IGNORECASE)
    for name, patterns in tomllib.loads(Path(__file__).with_name("refusals.toml").read_text("utf-8")).items()
}
# RFC 3463. The code may stand on any line of the answer; a digit or dot next to it means an IP address or a version.
_STATUS = re.compile(r"(?<![\d.])([45])\.([0-7])\.(\d{1,3})(?!\.?\d)")
_REPLY_CODE = re.compile(r"(?<![\d.])[45]\d\d(?![\d.])")
# RFC 5321: the server is closing down, fails by itself, cannot check who we are, or cannot do what we asked for. Only a
# status of the address (1) or mailbox (2) says otherwise.
_SERVER = {"421", "451", "454", "455"}
# Mailbox, domain or their syntax do not exist; moved; a domain that takes no mail (RFC 7505).
_NO_SUCH_MAILBOX = ("1.1", "1.2", "1.3", "1.6", "1.10")
# Our address; a mail too long for the mailbox. All of system (3), protocol (5), content (6) and policy (7) belong here,
# too, but for 5.0, which some servers give for anything.
_SENDER = re.compile(r"1\.[78]|2\.3|[367]\..+|5\.(?!0$).+")


def judge(answer: str, sender: str = "") -> BounceKind | None:
    """What a refusal says about the recipient's mailbox; None if it is about us or not understood.

    ``answer`` is all of the server's answer, or the status and diagnostic of a report. ``sender``: our address.
    """
    found = _STATUS.findall(answer)
    # Our domain alone counts as well, but no other address in it.
    ours = "|".join(map(re.escape, (sender, sender.rpartition("@")[2])))
    names_us = sender and re.search(rf"(?<![\w.+@-])({ours})(?![\w-])", answer, re.IGNORECASE)
    statuses = {f"{subject}.{int(detail)}" for _, subject, detail in found}
    if any(map(_SENDER.fullmatch, statuses)) or _WORDS["sender"].search(answer) or names_us:
        return None
    reply_codes = _REPLY_CODE.findall(answer)[:1]
    is_about_server = not _SERVER.isdisjoint(reply_codes)
    is_unknown = not statuses.isdisjoint(_NO_SUCH_MAILBOX)
    is_unable = any(status[0] in ("2" if is_about_server else "24") for status in statuses)
    if not (is_unknown or is_unable or is_about_server or _WORDS["policy"].search(answer)):
        is_unknown = _WORDS["no_such_mailbox"].search(answer) is not None
        is_unable = _WORDS["mailbox"].search(answer) is not None
    if is_unknown:
        classes = {status_class for status_class, _, _ in found} or {code[0] for code in reply_codes}
        return BounceKind.SOFT if classes == {"4"} else BounceKind.HARD
    return BounceKind.SOFT if is_unable else None
