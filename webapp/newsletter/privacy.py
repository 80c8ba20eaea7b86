"""The privacy page: every stored field about readers, in plain words. A test compares it with the database tables."""

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.search import misses


@dataclass(frozen=True)
class StoredTable:
    """A table in plain words: why it exists, until when a row stays, and what each column holds."""

    table: str
    title: str
    why: str
    until: str
    fields: Mapping[str, str]


STORED_TABLES = (
    StoredTable(
        "subscriber",
        "If you ask for the newsletter",
        "To send it, and to prove that you asked.",
        "Until you press “Erase me”. A sign-up that is never confirmed is deleted after 30 days.",
        {
            "id": "A row number",
            "key": "A random code in your own links",
            "email": "Your email address",
            "state": "Your state: asked, on the list, unsubscribed, or no more mail",
            "topics": "The topics you chose; none means all",
            "frequency": "Each week or each month",
            "consent_page": "On which page you signed up",
            "consent_wording": "The sentence you agreed to",
            "asked_at": "When you asked",
            "confirmed_at": "When you confirmed",
            "unsubscribed_at": "When you unsubscribed",
            "confirm_hash": "A fingerprint of the last link to confirm; the link itself is only in your mail",
            "confirm_until": "Until when that link works",
            "covered_until": "Until when our newsletters are complete for you",
        },
    ),
    StoredTable(
        "outbox_message",
        "If we send you a mail",
        "To send each mail once, to see what failed, and to send corrections to those who got a summary.",
        "Your address leaves the row after a year, or when you press “Erase me”. Mails about signing up, and our copies "
        "of messages to us, are deleted after 30 days.",
        {
            "id": "A row number",
            "kind": "What the mail is for",
            "recipient": "The address it goes to",
            "subscriber_id": "Whose row in the list it belongs to",
            "issue_id": "Which newsletter it is",
            "subject": "The subject of a message to our editors, until it is sent",
            "text_body": "The words of a message to our editors, until it is sent",
            "headers": "The address you gave for our answer, in a message to our editors",
            "message_id": "The number every mail has",
            "state": "Waiting, sent, failed, not sent on purpose, or not known",
            "queued_at": "When it was made",
            "next_try_at": "When we try next",
            "claimed_at": "When the last try began",
            "sent_at": "When it was sent",
            "bounced_at": "When it came back",
            "bounce": "Why it came back: no such mailbox, a full one, or reported as unwanted",
            "attempt_count": "How many tries it took",
            "last_error": "What the mail server answered to the last try that failed",
        },
    ),
    StoredTable(
        "message_article",
        "Which summaries a mail had",
        "To tell you if one of them is corrected or withdrawn.",
        "As long as the row of the mail.",
        {
            "message_id": "Which mail",
            "article_id": "Which summary",
            "position": "Its place in the mail",
            "article_state": "What the mail said about it: on the site, withdrawn, how many corrections",
        },
    ),
    StoredTable(
        "suppression",
        "If you ask us to erase you, or your mailbox refuses our mail",
        "So that nobody can put you back on the list without you.",
        "For good, or until you sign up again yourself.",
        {
            "address_hash": "A code made from your address with a secret key; it cannot be turned back",
            "reason": "Erased, came back, or reported as unwanted",
            "suppressed_at": "Since when",
        },
    ),
    StoredTable(
        "feedback",
        "If you say whether a summary helped",
        "To see which summaries need work.",
        "As long as the summary. Your note is deleted after a year.",
        {
            "id": "A row number",
            "article_id": "Which summary",
            "voter_hash": "A code made from your network address and the secret of the day, so that each place counts "
            "once. The secret is deleted each day; then the code leads to nobody",
            "is_helpful": "Yes or No",
            "reasons": "The reasons you chose after No",
            "note": "What you wrote; only editors see it",
            "given_at": "When",
            "done_at": "When an editor marked it as done",
        },
    ),
    StoredTable(
        "understanding",
        "If you answer “Did you get it?”",
        "To see where our words mislead.",
        "As long as the summary.",
        {
            "id": "A row number",
            "article_id": "Which summary",
            "voter_hash": "The same kind of code as above",
            "answer": "Your answer",
            "given_at": "When",
        },
    ),
    StoredTable(
        "daily_salt",
        "The secret of the day",
        "So that one place counts once a day, and nobody can tell later who it was.",
        "One day.",
        {"day": "Which day", "salt": "The secret"},
    ),
    StoredTable(
        "contact_message",
        "If you write to us or report a mistake",
        "To answer you and to correct the summary.",
        "A year after an editor has dealt with it, or until you press “Erase me”.",
        {
            "id": "A row number",
            "topic": "What it is about",
            "article_id": "Which summary, if it is about one",
            "name": "Your name, if you gave one",
            "email": "Your email address, if you gave one",
            "message": "What you wrote",
            "sent_at": "When",
            "done_at": "When an editor marked it as done",
        },
    ),
    StoredTable(
        "search_miss",
        "If a search finds nothing",
        "To learn which words and topics are missing.",
        f"{misses.FORGET_AFTER.days} days after the last such search. There is no reader in it.",
        {
            "id": "A row number",
            "text": "The words",
            "count": "How often",
            "first_on": "The first day",
            "last_on": "The last day",
        },
    ),
    StoredTable(
        "attempt",
        "If you send a form",
        "To slow down robots.",
        "A day.",
        {
            "bucket": "A code made from the form and your network address",
            "window_at": "The hour or minutes that are counted",
            "count": "How often",
        },
    ),
)
