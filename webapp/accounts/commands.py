"""``flask editors``: the people who may write."""

import sys
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from webapp.accounts import editors, notices, second_factor
from webapp.accounts.passwords import PasswordRefused
from webapp.db.session import db
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
    now = datetime.now(UTC)
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        editor = editors.add_editor(name, email, password, now, Role(role))
    except (editors.EditorRefused, PasswordRefused) as error:
        raise click.ClickException(str(error)) from error
    db.session.flush()
    audit.record(AuditKind.ACCOUNT_ADDED, now, None, editor.id, editor.role.label)
    db.session.commit()
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
    """Take the second factor off, for somebody who has lost the app and the recovery codes."""
    editor, now = editors.find_editor(email), datetime.now(UTC)
    if editor is None:
        raise click.ClickException(f"There is no editor with the address {email}.")
    second_factor.turn_off(editor)
    editors.end_sign_ins(editor)
    notices.record_and_tell(AuditKind.FACTOR_RESET, now, None, editor)
    db.session.commit()
    click.echo(f"{editor.name} signs in with the password alone.")
