"""``flask editors``: the people who may write."""

import sys
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from webapp.accounts import editors
from webapp.accounts.passwords import PasswordRefused
from webapp.extensions import db
from webapp.models import Role

editors_group = AppGroup("editors", help="The people who may write.")


@editors_group.command("add")
@click.argument("name")
@click.argument("email")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.EDITOR.value, show_default=True
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input and do not ask.")
def add(name: str, email: str, role: str, password_stdin: bool) -> None:
    """Add an editor; asks for the password twice."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        editor = editors.add_editor(name, email, password, datetime.now(UTC), Role(role))
    except (editors.EditorRefused, PasswordRefused) as error:
        raise click.ClickException(str(error)) from error
    db.session.commit()
    click.echo(f"{editor.name} <{editor.email}> may sign in at /editor/ as {editor.role}.")


@editors_group.command("list")
def show_all() -> None:
    """List the editors."""
    for editor in editors.all_editors():
        click.echo(f"{editor.name} <{editor.email}> {editor.role}")
