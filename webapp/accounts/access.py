"""Who is asking: the only domain module that reads the session."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Keep sessions inside the editor."""
