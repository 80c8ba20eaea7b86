"""``flask export-site``, and ``flask texts`` for what the site says of itself as files."""

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
from webapp.publishing import site_files
from webapp.publishing.saved_texts import TextRefused

texts_group = AppGroup("texts", help="Write out and load what the site says of itself.")


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
    except (site_copy.CannotCopySite, OSError) as error:
        sys.exit(f"No copy was made. {error}")
    finally:
        requests.setLevel(logging.NOTSET)
    click.echo(f"{link} ({count:,} files)")


@texts_group.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export_texts(folder: Path) -> None:
    """Write settings, pages, words, categories and safety cards as TOML into a folder."""
    click.echo(f"{plural(len(site_files.write(folder)), 'file')} written to {folder}.")


@texts_group.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--by", "email", required=True, help="The email address of the admin who changes them.")
def import_texts(path: Path, email: str) -> None:
    """Make a TOML file, or those of a folder, what readers see. If one cannot be used, nothing is changed."""
    try:
        with writing() as now:
            admin = find_editor(email)
            if admin is None or admin.disabled_at or admin.role is not Role.ADMIN:
                sys.exit(f"No admin has the address {email}.")
            changed = site_files.load(path, admin, now)
    except TextRefused as error:
        sys.exit(f"Nothing was changed. {error}")
    for file in changed:
        click.echo(f"Changed: {file}")
    click.echo(f"{plural(len(changed), 'file')} changed what readers see.")
