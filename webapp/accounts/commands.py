"""``flask editors``: add and list editors, reset a second factor."""

import sys

import click
from flask.cli import AppGroup

from webapp.accounts import editors, passwords, second_factor
from webapp.accounts.passwords import PasswordRefused
from webapp.db.writing import writing
from webapp.models import AuditKind, Role
from webapp.publishing import audit

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
        password_hash = passwords.new_hash(password, name, email)
        with writing() as now:
            editor = editors.add_editor(name, email, password_hash, now, Role(role))
            audit.record(AuditKind.ACCOUNT_ADDED, now, None, editor.id, editor.role.label)
    except (editors.EditorRefused, PasswordRefused) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{editor.name} <{editor.email}> may sign in at /editor/ as {editor.role}.")


@editors_group.command("list")
def show_all() -> None:
    """List the editors."""
    for editor in editors.all_editors():
        closed = " (closed)" if editor.disabled_at else ""
        click.echo(f"{editor.name} <{editor.email}> {editor.role}{closed}")


@editors_group.command("reset-second-factor")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Turn off the second factor of an editor who has lost both their device and their recovery codes."""
    with writing() as now:
        editor = editors.find_editor(email)
        if editor is None:
            raise click.ClickException(f"There is no editor with the address {email}.")
        second_factor.reset(editor, now, None)
    click.echo(f"{editor.name} signs in with the password alone.")
