"""What is said of who checked a summary, in the same words wherever it is said."""

import re
from collections.abc import Sequence

from webapp.languages.language import gettext, gettext_noop
from webapp.models import Live
from webapp.models.in_words import day
from webapp.models.values import ReviewerKind, SignOff

NOT_CHECKED = gettext_noop("Not yet checked by a clinician.")
_SAYS_NOT_CHECKED = re.compile(r"\s*not (?:yet )?checked by an? [^.]*\.?\s*$", re.IGNORECASE)
_AI = re.compile(r"\bAI\b")
_LIVES = gettext_noop("who lives with an injury")
# of somebody whose name is no longer shown
_SOMEBODY = {
    ReviewerKind.CLINICIAN: gettext_noop("a clinician"),
    ReviewerKind.RESEARCHER: gettext_noop("a researcher"),
    ReviewerKind.LIVES_WITH_INJURY: gettext_noop("someone who lives with an injury"),
}


def who_checked(live: Live) -> str:
    """Who checked a text, when, and of which version; also whether no clinician has."""
    return checked_by(live.sign_offs)


def checked_by(sign_offs: Sequence[SignOff]) -> str:
    """What these sign-offs say, and whether none of them is a clinician's."""
    sentences = []
    for sign_off in sign_offs:
        kind, role = sign_off.kind, sign_off.role
        if kind is ReviewerKind.LIVES_WITH_INJURY:
            role = ", ".join(filter(None, (role, gettext(_LIVES))))
        who = f"{sign_off.name}, {role or kind.label.lower()}" if sign_off.name else gettext(_SOMEBODY[kind])
        sentence = gettext("Checked by %(who)s, %(day)s.")
        if sign_off.is_earlier:
            sentence = gettext("Checked by %(who)s, on %(day)s, of an earlier version.")
        sentences.append(sentence % {"who": who, "day": day(sign_off.on)})
    if not any(sign_off.kind is ReviewerKind.CLINICIAN for sign_off in sign_offs):
        sentences.append(gettext(NOT_CHECKED))
    return " ".join(sentences)


def written_by(live: Live) -> str:
    """Who wrote a text. That it is not checked is left out: ``who_checked`` says so while it is true."""
    return without_not_checked(live.written_by or "")


def without_not_checked(written_by: str) -> str:
    """Who wrote a text, without a last sentence that nobody has checked it."""
    return _SAYS_NOT_CHECKED.sub("", written_by)


def names_ai(written_by: str) -> bool:
    """Tell whether AI is among those who wrote a text."""
    return _AI.search(written_by) is not None
