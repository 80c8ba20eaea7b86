"""``flask export-site``, and ``flask safety`` for the safety cards as a file."""

import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from webapp.accounts.editors import find_editor
from webapp.db.writing import writing
from webapp.exports import site_copy
from webapp.models import Role
from webapp.models.in_words import plural
from webapp.publishing import safety_cards
from webapp.safety.cards import SafetyFileError

safety_group = AppGroup("safety", help="Write out and load the safety cards.")


@click.command("export-site")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@with_appcontext
def export_site(folder: Path | None) -> None:
    """Copy the public site as static files to FOLDER (default: SITE_COPY), and switch to the new copy when it is whole."""
    link = folder or current_app.extensions["config"].site_copy
    if link is None:
        sys.exit("Name a folder, or set SITE_COPY.")
    requests = logging.getLogger("webapp.requests")
    requests.setLevel(logging.WARNING)  # one line for each page would say nothing
    os.umask(0o022)  # a web server reads the copy as another user
    try:
        count = site_copy.make(link.absolute(), datetime.now(UTC))
    except (site_copy.CannotCopy, OSError) as error:
        sys.exit(f"No copy was made. {error}")
    finally:
        requests.setLevel(logging.NOTSET)
    click.echo(f"{link} ({count:,} files)")


@safety_group.command("export")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def export_cards(path: Path) -> None:
    """Write the cards that readers see into a TOML file."""
    path.write_text(safety_cards.live_cards().to_toml(), encoding="utf-8")
    click.echo(f"{plural(len(safety_cards.live_cards().cards), 'card')} written to {path}.")


@safety_group.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", "email", required=True, help="The email address of the admin who changes them.")
def import_cards(path: Path, email: str) -> None:
    """Make the cards of a TOML file those that readers see, if all can be used."""
    try:
        text = path.read_text(encoding="utf-8")
        with writing() as now:
            admin = find_editor(email)
            if admin is None or admin.disabled_at or admin.role is not Role.ADMIN:
                sys.exit(f"No admin has the address {email}.")
            count = safety_cards.import_file(text, str(path), admin, now)
    except (OSError, UnicodeDecodeError, SafetyFileError) as error:
        sys.exit(f"Nothing was changed. {error}")
    click.echo(f"{plural(count, 'card')} changed.")
