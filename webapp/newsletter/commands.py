"""``flask newsletter``: deliver mail, settle what a crash left open."""

import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from webapp import mail
from webapp.extensions import db
from webapp.newsletter import delivery, outbox

newsletter_group = AppGroup("newsletter", help="Send the newsletter and deliver mail.")


@newsletter_group.command("deliver")
@click.option("--forever", is_flag=True, help="Keep running and deliver mail as it is queued.")
def deliver(forever: bool) -> None:
    """Deliver the mail that is due."""
    if forever:
        delivery.deliver_forever(current_app._get_current_object(), threading.Event())  # type: ignore[attr-defined]
        return
    mailer = mail.mailer_for(current_app.extensions["config"])
    with click.progressbar(length=outbox.waiting_count(datetime.now(UTC)), label="Delivering") as bar:
        count = delivery.deliver_due(mailer, each=lambda: bar.update(1))
    mailer.close()
    click.echo(f"{count} mails tried. {outbox.state_line()}")


@newsletter_group.command("settle")
@click.argument("log", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--complete", is_flag=True, help="The log names every mail it took: send the others again.")
def settle(log: Path, complete: bool) -> None:
    """Settle uncertain mails by the Message-IDs in the mail server's log."""
    known = re.findall(r"<[^<>\s]+@[^<>\s]+>", log.read_text(encoding="utf-8", errors="replace"))
    sent, again = outbox.settle_uncertain(known, datetime.now(UTC), rest_was_not_sent=complete)
    db.session.commit()
    click.echo(f"{sent} had been sent, {again} are queued again. {outbox.state_line()}")
