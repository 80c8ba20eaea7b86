"""``flask newsletter``: make issues, deliver mail, read bounces, settle uncertain mails."""

import re
import sys
from contextlib import closing, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.db.writing import writing
from webapp.letters import corrections
from webapp.letters.compose import write_letter
from webapp.mail import bounces, delivery, outbox
from webapp.mail.smtp import ServerAway, mailer_for
from webapp.models import Frequency
from webapp.newsletter import digests, next_issue
from webapp.newsletter.next_issue import Hold, Lineup
from webapp.search import indexing
from webapp.search.index import SearchUnavailable
from webapp.web.forms import normal_address

newsletter_group = AppGroup("newsletter", help="Send the newsletter and deliver mail.")


@newsletter_group.command("deliver")
def deliver() -> None:
    """Deliver the mail that is due."""
    length, _ = outbox.waiting(datetime.now(UTC))
    try:
        with (
            closing(mailer_for(current_app.extensions["config"])) as mailer,
            click.progressbar(length=length, label="Delivering") as bar,
        ):
            count = delivery.deliver_due(mailer, write_letter, each=lambda: bar.update(1))
    except ServerAway as error:
        sys.exit(f"No more mail was sent: {error}. {outbox.state_line()}")
    click.echo(f"{count} mails tried. {outbox.state_line()}")
    for issue in digests.issues()[:1]:
        click.echo(f"Latest issue: {digests.accounting(issue)}")
    for stopped, reason in outbox.stopped_issues():
        click.echo(f"Issue {stopped.id} is stopped until an editor continues it. The last reason: {reason}")


@newsletter_group.command("settle")
@click.argument("log", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--complete", is_flag=True, help="The log names every mail it took: send the others again.")
def settle(log: Path, complete: bool) -> None:
    """Settle uncertain mails by the Message-IDs in the mail server's log."""
    with log.open(encoding="utf-8", errors="replace") as lines:  # of a log that may be larger than memory
        known = {name for line in lines for name in re.findall(r"<[^<>\s]+@[^<>\s]+>", line)}
    with writing() as now:
        sent, again = outbox.settle_uncertain(known, now, rest_was_not_sent=complete)
    click.echo(f"{sent} had been sent, {again} are queued again. {outbox.state_line()}")


@newsletter_group.command("send-digest")
@click.option(
    "--frequency",
    type=click.Choice([kind.value for kind in Frequency]),
    help="Only this kind, whether or not it is due.",
)
@click.option("--dry-run", is_flag=True, help="Say who would get what; change nothing.")
def send_digest(frequency: str | None, dry_run: bool) -> None:
    """Make the issues that are due and queue their mails."""
    with suppress(SearchUnavailable):
        indexing.catch_up()  # the searches that people follow need the newest articles
    said = []
    try:
        with nullcontext(datetime.now(UTC)) if dry_run else writing() as now:
            for kind in [Frequency(frequency)] if frequency else digests.frequencies_to_make(now):
                what = f"{kind.label}: {_issue_in_words(next_issue.lineup(kind, now), now, dry_run)}"
                said.append(f"{what} Nothing was changed." if dry_run else what)
    except SearchUnavailable as error:
        sys.exit(
            f"No issue was made, as the search index is not ready: {error}. Run this again in a few minutes."
        )
    click.echo("\n".join(said) or "No issue is due yet.")


def _issue_in_words(line: Lineup, now: datetime, dry_run: bool) -> str:
    """Make an issue, unless it is on hold or it is a dry run, and say what became of it."""
    if line.is_on_hold(now):
        if line.hold is Hold.TOO_MANY:
            return f"on hold. {len(line.new)} new texts came at once, and an editor has to choose."
        if line.content.send_at and line.hold is Hold.LATER:
            return f"on hold until {line.content.send_at:%Y-%m-%d %H:%M} UTC, as an editor set."
        return "on hold, as an editor decided."
    if dry_run:
        to = digests.recipients(line, now)
        count = len({article.slug for recipient in to for article in recipient.articles})
        return f"{len(to)} people would get {count} summaries in all."
    try:
        return str(digests.accounting(digests.make_issue(line.frequency, now)))
    except digests.NothingNew:
        return "nothing new, so no mail."


@newsletter_group.command("send-corrections")
def send_corrections() -> None:
    """Queue mails about corrected or withdrawn articles now; the site's jobs do it by themselves."""
    with writing() as now:
        count = corrections.enqueue(now)
    click.echo(f"{count} mails about changed summaries are queued.")


@newsletter_group.command("test-digest")
@click.argument("email")
def test_digest(email: str) -> None:
    """Mail the next weekly issue to one address, as a test."""
    address = normal_address(email)
    with writing() as now:
        line = next_issue.lineup(Frequency.WEEKLY, now)
        if line.summaries:
            digests.send_test(line, address, now)
    count = len(line.summaries)
    click.echo(f"A test with {count} summaries is queued." if count else "There is nothing new to show.")


@newsletter_group.command("bounces")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def read_bounces(path: Path) -> None:
    """Count the delivery reports in an mbox file or a Maildir folder."""
    reports = list(bounces.read_mailbox(path))
    with writing() as now:
        new = sum(bounces.record(bounce, now) for bounce in reports)
    click.echo(f"{new} of {len(reports)} reports were new and about our mail.")
