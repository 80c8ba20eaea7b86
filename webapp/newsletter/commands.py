"""``flask newsletter``: make issues, deliver mail, read bounces, settle what a crash left open."""

import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.db.session import db
from webapp.letters import corrections
from webapp.letters.writing import write_letter
from webapp.mail import bounces, delivery, outbox
from webapp.mail.smtp import mailer_for
from webapp.models import Frequency
from webapp.newsletter import chores, digests
from webapp.web.forms import normal_address

newsletter_group = AppGroup("newsletter", help="Send the newsletter and deliver mail.")


@newsletter_group.command("deliver")
@click.option("--forever", is_flag=True, help="Keep running and deliver mail as it is queued.")
def deliver(forever: bool) -> None:
    """Deliver the mail that is due."""
    if forever:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        delivery.deliver_forever(app, threading.Event(), write_letter, chores.each_hour)
        return
    mailer = mailer_for(current_app.extensions["config"])
    with click.progressbar(length=outbox.waiting_count(datetime.now(UTC)), label="Delivering") as bar:
        count = delivery.deliver_due(mailer, write_letter, each=lambda: bar.update(1))
    mailer.close()
    click.echo(f"{count} mails tried. {outbox.state_line()}")
    for issue in digests.issues()[:1]:
        click.echo(f"Latest issue: {digests.accounting(issue)}")


@newsletter_group.command("settle")
@click.argument("log", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--complete", is_flag=True, help="The log names every mail it took: send the others again.")
def settle(log: Path, complete: bool) -> None:
    """Settle uncertain mails by the Message-IDs in the mail server's log."""
    known = re.findall(r"<[^<>\s]+@[^<>\s]+>", log.read_text(encoding="utf-8", errors="replace"))
    sent, again = outbox.settle_uncertain(known, datetime.now(UTC), rest_was_not_sent=complete)
    db.session.commit()
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
    now = datetime.now(UTC)
    kinds = [Frequency(frequency)] if frequency else digests.due_frequencies(now)
    if not kinds:
        click.echo("No issue is due yet.")
    for kind in kinds:
        click.echo(f"{kind.label}: {_dry_run(kind, now) if dry_run else _make_issue(kind, now)}")


@newsletter_group.command("send-corrections")
def send_corrections() -> None:
    """Tell those who were sent an article that it was corrected or taken back; the site does it each hour by itself."""
    count = corrections.enqueue(datetime.now(UTC))
    db.session.commit()
    click.echo(f"{count} mails about changed summaries are queued.")


@newsletter_group.command("test-digest")
@click.argument("email")
def test_digest(email: str) -> None:
    """Mail one address what the next weekly issue looks like."""
    now = datetime.now(UTC)
    articles = digests.upcoming(Frequency.WEEKLY, now)
    if not articles:
        click.echo("There is nothing new to show.")
        return
    digests.send_test(normal_address(email), articles, now)
    db.session.commit()
    click.echo(f"A test with {len(articles)} summaries is queued.")


@newsletter_group.command("bounces")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def read_bounces(path: Path) -> None:
    """Count the delivery reports in an mbox file or a Maildir folder."""
    now = datetime.now(UTC)
    counted = [bounces.record(bounce, now) for bounce in bounces.read_mailbox(path)]
    db.session.commit()
    click.echo(f"{sum(counted)} of {len(counted)} reports were new and about mail of ours.")


def _dry_run(kind: Frequency, now: datetime) -> str:
    found = digests.parcels(kind, now)
    articles = {article.slug for parcel in found for article in parcel.articles}
    return f"{len(found)} people would get {len(articles)} summaries in all. Nothing was changed."


def _make_issue(kind: Frequency, now: datetime) -> str:
    try:
        issue = digests.make_issue(kind, now)
    except digests.NothingNew:
        return "nothing new, so no mail."
    db.session.commit()
    return str(digests.accounting(issue))
