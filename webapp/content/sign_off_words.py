"""What is said of who checked a summary, in the same words wherever it is said."""

import re

from webapp.models import Article
from webapp.models.values import ReviewerKind, SignOff

NOT_CHECKED = "Not yet checked by a clinician."
_SAYS_NOT_CHECKED = re.compile(r"\s*not (?:yet )?checked by an? [^.]*\.?\s*$", re.IGNORECASE)
# of somebody whose name is no longer shown
_SOMEBODY = {
    ReviewerKind.CLINICIAN: "a clinician",
    ReviewerKind.RESEARCHER: "a researcher",
    ReviewerKind.LIVES_WITH_INJURY: "someone who lives with an injury",
}


def who_checked(article: Article) -> str:
    """Who checked a summary, when, and of which version; also whether no clinician has."""
    sentences = [_sentence(sign_off) for sign_off in article.sign_offs]
    if not any(sign_off.kind is ReviewerKind.CLINICIAN for sign_off in article.sign_offs):
        sentences.append(NOT_CHECKED)
    return " ".join(sentences)


def written_by(article: Article) -> str:
    """Who wrote a summary. That it is not checked is left out: ``who_checked`` says so while it is true."""
    return _SAYS_NOT_CHECKED.sub("", article.written_by or "")


def _sentence(sign_off: SignOff) -> str:
    day = f"{sign_off.on:%B} {sign_off.on.day}, {sign_off.on.year}"
    when = f"on {day}, of an earlier version" if sign_off.is_earlier else day
    if not sign_off.name:
        return f"Checked by {_SOMEBODY[sign_off.kind]}, {when}."
    lives = sign_off.kind is ReviewerKind.LIVES_WITH_INJURY
    role = sign_off.role or ("" if lives else sign_off.kind.label.lower())
    who = [sign_off.name, role, "who lives with an injury" if lives else ""]
    return f"Checked by {', '.join(filter(None, who))}, {when}."
