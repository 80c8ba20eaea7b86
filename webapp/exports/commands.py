"""``flask export-site``."""

import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.exports import site_copy


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
