"""The site's commands, as somebody at a terminal runs them."""

from contextvars import Context
from pathlib import Path

from click.testing import Result
from flask import Flask


def run(app: Flask, *args: str | Path) -> Result:
    """Run a command outside the test's own application context."""
    return Context().run(app.test_cli_runner().invoke, args=[str(arg) for arg in args])
